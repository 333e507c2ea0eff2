//! An answer without a model: the places a question is about, quoted.
//!
//! Owns the search's text as a person reads it. It always says that it is a search and no model speaks, and ends with the one
//! step that brings a model.

use std::{collections::HashMap, ops::ControlFlow, path::Path};

use super::{
    Corpus, OpenFile, lex,
    search::{self, Hit, Search, Terms},
};

/// The most lines quoted of one place, and the most characters of one line.
const QUOTE: (usize, usize) = (16, 200);

const LABEL: &str = "These are search results from your workspace, not a model's words.";

const NEXT_STEP: &str = "For an answer in words, start Ollama or llama.cpp on this machine, or take any provider you have a key for, and name \
its model as `chat` under `[roles]` in `config.toml`; `aside doctor` shows what was found.";

/// Whether the answer is still wanted.
pub(super) type Wanted<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// The answer to `question` in pieces, from the workspace at `root`.
pub(super) fn answer(corpus: &dyn Corpus, root: Option<&Path>, question: &str, wanted: Wanted<'_>) -> Vec<String> {
    let nothing = |reason: &str| vec![format!("No model is in use, and {reason}.\n\n"), NEXT_STEP.to_owned()];
    let Some(root) = root else { return nothing("there is no workspace folder to search") };
    let terms = Terms::of(question);
    if terms.is_empty() {
        return nothing("the question has no word to search the workspace for");
    }
    let source = Source { corpus, root, open: corpus.open_files(root), wanted };
    let mut search = Search::new(&terms);
    let mut files = 0;
    source.each(&mut |relative, text| {
        files += 1;
        search.file(relative, text);
        ControlFlow::Continue(())
    });
    if files == 0 {
        return nothing("the workspace has no file that may be searched");
    }
    let quotes = quotes(&source, &terms, &search.best());
    if quotes.is_empty() {
        return nothing(
            "nothing in the workspace matches the words of the question; name a function, a type or a setting",
        );
    }
    [format!("{LABEL}\n\n")].into_iter().chain(quotes).chain([NEXT_STEP.to_owned()]).collect()
}

/// A workspace's files as they are now.
struct Source<'a> {
    corpus: &'a dyn Corpus,
    root: &'a Path,
    open: Vec<OpenFile>,
    wanted: Wanted<'a>,
}

impl Source<'_> {
    /// Shows every file: those that are open as they stand in the editor, then the others.
    fn each(&self, each: &mut dyn FnMut(&str, &str) -> ControlFlow<()>) {
        for file in &self.open {
            if each(&file.relative, &file.text).is_break() {
                return;
            }
        }
        self.corpus.walk(self.root, &mut |file| {
            if !(self.wanted)() {
                return ControlFlow::Break(());
            }
            if self.open.iter().any(|open| open.relative == file.relative) {
                return ControlFlow::Continue(());
            }
            each(&file.relative, &file.text)
        });
    }
}

/// The places as Markdown, in their order. The files are walked once more, so that a search holds no text but its answer's.
fn quotes(source: &Source<'_>, terms: &Terms, hits: &[Hit]) -> Vec<String> {
    let mut quotes: HashMap<usize, String> = HashMap::new();
    let mut file = 0;
    source.each(&mut |relative, text| {
        let mut lines = None;
        for (at, hit) in hits.iter().enumerate().filter(|(_, hit)| hit.file == file) {
            let lines = lines.get_or_insert_with(|| lex::lines(text).map(|(_, line)| line).collect::<Vec<_>>());
            // A file that changed since may be shorter, or another one may stand in its place: then it is not quoted.
            if let Some(place) = lines.get(hit.lines.clone()) {
                let part = search::excerpt(terms, place, QUOTE.0);
                let first = hit.lines.start + part.start;
                quotes.insert(at, quote(relative, first, &place[part]));
            }
        }
        file += 1;
        if quotes.len() == hits.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (0..hits.len()).filter_map(|at| quotes.remove(&at)).collect()
}

fn quote(relative: &str, first: usize, lines: &[&str]) -> String {
    let body: Vec<String> = lines.iter().map(|line| clip(line)).collect();
    let body = body.join("\n");
    let longest = body.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let path: String = relative.chars().filter(|&character| !character.is_control() && character != '`').collect();
    let language = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let language = if language.chars().all(|character| character.is_ascii_alphanumeric()) { language } else { "" };
    format!("`{path}:{}`\n\n{fence}{language}\n{body}\n{fence}\n\n", first + 1)
}

fn clip(line: &str) -> String {
    match line.char_indices().nth(QUOTE.1) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::CorpusFile;

    struct Files(Vec<(&'static str, &'static str)>, Vec<OpenFile>);

    impl Corpus for Files {
        fn walk(&self, _: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>) {
            for (relative, text) in &self.0 {
                if each(CorpusFile { relative: (*relative).to_owned(), text: (*text).to_owned() }).is_break() {
                    return;
                }
            }
        }

        fn open_files(&self, _: &Path) -> Vec<OpenFile> {
            self.1.clone()
        }
    }

    fn asked(files: Vec<(&'static str, &'static str)>, question: &str) -> String {
        answer(&Files(files, Vec::new()), Some(Path::new("/w")), question, &|| true).concat()
    }

    #[test]
    fn an_answer_quotes_the_place_with_path_and_line() {
        let text =
            asked(vec![("src/a.rs", "\n\nfn open_vault() {}\n"), ("src/b.rs", "fn other() {}")], "where is openVault?");
        assert_eq!(text, format!("{LABEL}\n\n`src/a.rs:3`\n\n```rs\nfn open_vault() {{}}\n```\n\n{NEXT_STEP}"));
    }

    #[test]
    fn what_cannot_be_answered_says_why_and_what_to_do() {
        for (files, question, reason) in [
            (vec![], "vault", "no file that may be searched"),
            (vec![("a", "b")], "vault", "nothing in the workspace matches"),
            (vec![("a", "b")], " ?", "no word to search"),
        ] {
            let text = asked(files, question);
            assert!(text.contains(reason) && text.ends_with(NEXT_STEP), "{text}");
        }
        let text = answer(&Files(Vec::new(), Vec::new()), None, "vault", &|| true).concat();
        assert!(text.contains("no workspace folder") && text.ends_with(NEXT_STEP));
    }

    #[test]
    fn an_open_file_is_quoted_as_it_stands_in_the_editor() {
        let open = OpenFile { relative: "a".to_owned(), version: 2, text: "vault, edited".to_owned() };
        let text =
            answer(&Files(vec![("a", "vault, saved")], vec![open]), Some(Path::new("/w")), "vault", &|| true).concat();
        assert!(text.contains("vault, edited") && !text.contains("vault, saved"));
    }

    #[test]
    fn a_quote_cannot_end_its_fence() {
        let text = quote("a`\n.m d", 0, &["```", "text"]);
        assert_eq!(text, "`a.m d:1`\n\n````\n```\ntext\n````\n\n");
    }

    #[test]
    fn a_search_that_nobody_waits_for_stops() {
        let text = answer(&Files(vec![("a", "vault")], Vec::new()), Some(Path::new("/w")), "vault", &|| false).concat();
        assert!(!text.contains("```"));
    }
}
