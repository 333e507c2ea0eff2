//! The corpus: each file is one answer with what it is about and what comes of it.
//!
//! Sections begin with `== `: `document PATH`, `range all | A-B | at A` (lines, from 1), `also PATH` (another file of the
//! workspace), `shape NAME`, `answer`, then `text [PATH]` for each file that changes or `refusal CODE`; `remarks` when they
//! matter; `loose` when a cut cannot be seen in this answer, with the reason. `⟨cr⟩` and the like stand for what an editor
//! would not keep; `⟨end⟩` for no line end.

use std::{fs, path::Path};

use super::*;

#[derive(Debug, Default)]
struct Case {
    name: String,
    target: Option<Target>,
    sources: Files,
    shape: Option<Shape>,
    answer: String,
    texts: Vec<(String, String)>,
    refusal: Option<String>,
    remarks: Option<String>,
    is_loose: bool,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/edit/read/corpus");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the corpus is here").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| parsed(file)).collect()
}

fn parsed(file: &Path) -> Case {
    let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = fs::read_to_string(file).expect("a case is text");
    let mut case = Case { name: name.clone(), ..Case::default() };
    let mut sections: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("== "), sections.last_mut()) {
            (Some(head), _) => sections.push((head.trim_end(), String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => panic!("{name} does not begin with a section"),
        }
    }
    for (head, body) in sections {
        let body = raw(&body);
        let (word, rest) = head.split_once(' ').unwrap_or((head, ""));
        match word {
            "document" => case.target = Some(whole_file(rest, &body)),
            "range" => {
                let target = case.target.as_mut().expect("the document stands before its range");
                target.range = range(&target.text, rest);
            }
            "also" => drop(case.sources.0.insert(rest.to_owned(), body.into())),
            "shape" => case.shape = Some(rest.parse().expect("a shape")),
            "answer" => case.answer = body,
            "text" => {
                let target = case.target.as_ref().expect("the document stands before the text");
                let path = if rest.is_empty() { &target.path } else { rest };
                case.texts.push((path.to_owned(), body));
            }
            "refusal" => case.refusal = Some(rest.to_owned()),
            "remarks" => case.remarks = Some(body.trim().to_owned()),
            "loose" => case.is_loose = true,
            _ => panic!("{name}: what is `{head}`?"),
        }
    }
    case
}

fn raw(body: &str) -> String {
    [
        ("⟨cr⟩", "\r"),
        ("⟨bom⟩", "\u{feff}"),
        ("⟨esc⟩", "\u{1b}"),
        ("⟨nul⟩", "\0"),
        ("⟨sp⟩", " "),
        ("⟨tab⟩", "\t"),
        ("⟨end⟩\n", ""),
    ]
    .iter()
    .fold(body.to_owned(), |text, (sign, meant)| text.replace(sign, meant))
}

fn range(text: &str, words: &str) -> Range<usize> {
    let start = |line: usize| text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
    let number = |word: &str| word.parse::<usize>().expect("a line");
    match words.split_once(['-', ' ']) {
        None => 0..text.len(),
        Some(("at", line)) => start(number(line))..start(number(line)),
        Some(("find", piece)) => text.find(piece).map(|at| at..at + piece.len()).expect("the piece is there"),
        Some((first, last)) => start(number(first))..start(number(last) + 1),
    }
}

impl Case {
    fn reader(&self) -> Reader {
        Reader::new(self.shape.expect("a shape"), self.target.clone().expect("a document"))
    }

    fn read(&self, answer: &str) -> Result<Outcome, Refusal> {
        let mut reader = self.reader();
        reader.push(answer)?;
        reader.finish(&self.sources)
    }

    /// What is wrong with what comes of the whole answer.
    fn fault(&self) -> Option<String> {
        let read = self.read(&self.answer);
        match (&read, &self.refusal) {
            (Err(refusal), Some(code)) if refusal.code() == format!("answer-{code}") => None,
            (Ok(outcome), None) if self.is_as_expected(outcome) => {
                let wanted = self.remarks.as_ref().filter(|wanted| outcome.remarks.as_ref() != Some(wanted));
                wanted.map(|wanted| format!("remarks are {:?}, not {wanted:?}", outcome.remarks))
            }
            _ => Some(format!("{read:#?}\n    wanted {:?} {:#?}", self.refusal, self.texts)),
        }
    }

    fn is_as_expected(&self, outcome: &Outcome) -> bool {
        let files: Vec<(&str, &str)> =
            outcome.files.iter().map(|file| (file.path.as_str(), file.new.as_str())).collect();
        files == self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>()
    }
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} cases:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_answer_is_read_as_its_case_says() {
    let cases = cases();
    assert!(cases.len() >= 60, "the corpus has only {} cases", cases.len());
    let faults: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("  {}: {}", case.name, case.fault()?))).collect();
    none(&faults);
}

#[test]
fn an_answer_that_was_cut_gives_its_whole_text_or_a_refusal() {
    let mut faults = Vec::new();
    for case in cases().iter().filter(|case| !case.is_loose) {
        let ends = (0..case.answer.len()).filter(|at| case.answer.is_char_boundary(*at));
        let wrong = ends
            .filter_map(|end| Some((end, case.read(&case.answer[..end]).ok()?)))
            .find(|(_, outcome)| !case.is_as_expected(outcome));
        if let Some((end, outcome)) = wrong {
            faults.push(format!("  {}: cut at {end} of {}: {:?}", case.name, case.answer.len(), outcome.files));
        }
    }
    none(&faults);
}

#[test]
fn how_an_answer_is_split_makes_no_difference() {
    // A fixed generator: the same splits in every run.
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut faults = Vec::new();
    for case in cases() {
        let whole = case.read(&case.answer);
        for _ in 0..8 {
            let mut reader = case.reader();
            let mut rest = case.answer.as_str();
            while !rest.is_empty() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let length = 1 + usize::try_from(state >> 33).expect("31 bits") % 12;
                let (piece, later) = rest.split_at(rest.ceil_char_boundary(length.min(rest.len())));
                reader.push(piece).expect("it is short enough");
                reader.preview(&case.sources);
                rest = later;
            }
            if reader.finish(&case.sources) != whole {
                faults.push(format!("  {}", case.name));
                break;
            }
        }
    }
    none(&faults);
}
