//! How good and how fast the built-in engine is, on real source files.
//!
//! `cargo run --release -p aside-providers --example ngram_eval -- [--places N] [--boundaries] [--typing] DIR...`
//!
//! Each DIR is one package. A fifth of its source files is set aside (the same ones each time); the engine is given the others as
//! the workspace. In the files set aside, which it has not seen, N places (200) are drawn evenly over all bytes of lines,
//! behind the indentation and before the last character (with `--boundaries`: not inside words). The rest of the line is
//! removed, the file is open in the editor, and the engine is asked through the same interface and windows as the server asks.
//! With `--typing` all DIRs are one workspace, and one file of about 2,000 lines is edited at the places, one after the other.
//! "Exact" is the whole rest of the line; "right" is a beginning of it that does not end inside a word.

#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aside_model::{FillRequest, StreamEvent};
use aside_providers::builtin::{Corpus, CorpusFile, Engine, OpenFile, Options};
use futures_util::StreamExt;

const THRESHOLDS: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const EXTENSIONS: [&str; 12] = ["rs", "py", "ts", "js", "go", "c", "h", "cc", "cpp", "java", "rb", "lua"];
/// The server's defaults: bytes before and after the cursor.
const WINDOW: (usize, usize) = (6_144, 2_048);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut places = 200;
    let (mut boundaries, mut typing) = (false, false);
    let mut folders = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--places" => places = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(places),
            "--boundaries" => boundaries = true,
            "--typing" => typing = true,
            _ => folders.push(PathBuf::from(argument)),
        }
    }
    let mut table = Table::default();
    let packages: Vec<Vec<PathBuf>> =
        if typing { vec![folders] } else { folders.into_iter().map(|folder| vec![folder]).collect() };
    for folders in packages {
        let Some(mut package) = Package::read(&folders) else {
            println!("{folders:?}: fewer than five source files, left out");
            continue;
        };
        if typing {
            package.keep_one(2_000);
        }
        let package = Arc::new(package);
        measure(&package, places, boundaries, &mut table).await;
    }
    table.print();
}

/// A package's files: those the engine may read, and those it is asked about.
struct Package {
    seen: Vec<CorpusFile>,
    unseen: Vec<CorpusFile>,
    open: Mutex<Vec<OpenFile>>,
}

impl Corpus for Package {
    fn walk(&self, _: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>) {
        let _ = self.seen.iter().try_for_each(|file| each(file.clone()));
    }

    fn open_files(&self, _: &Path) -> Vec<OpenFile> {
        self.open.lock().map(|open| open.clone()).unwrap_or_default()
    }
}

impl Package {
    fn read(folders: &[PathBuf]) -> Option<Self> {
        let mut files = BTreeMap::new();
        for folder in folders {
            collect(folder, folder, &mut files);
        }
        let mut random = Random(files.len() as u64 + 1);
        let mut all: Vec<CorpusFile> =
            files.into_iter().map(|(relative, text)| CorpusFile { relative, text }).collect();
        for at in (1..all.len()).rev() {
            all.swap(at, random.below(at + 1));
        }
        let seen = all.split_off(all.len() / 5);
        (!all.is_empty()).then(|| Self { seen, unseen: all, open: Mutex::default() })
    }

    /// Keeps of the files set aside the one whose number of lines is nearest to `lines`.
    fn keep_one(&mut self, lines: usize) {
        self.unseen.sort_by_key(|file| file.text.lines().count().abs_diff(lines));
        self.unseen.truncate(1);
        println!("typing into {} lines", self.unseen[0].text.lines().count());
    }

    /// A place in a file set aside: which file, and the bytes from the place to the end of its line.
    fn place(&self, random: &mut Random, boundaries: bool) -> Option<(&CorpusFile, std::ops::Range<usize>)> {
        let total: usize = self.unseen.iter().map(|file| file.text.len()).sum();
        for _ in 0..10_000 {
            let mut at = random.below(total.max(1));
            let file = self.unseen.iter().find(|file| {
                let inside = at < file.text.len();
                at -= if inside { 0 } else { file.text.len() };
                inside
            })?;
            if !file.text.is_char_boundary(at) {
                continue;
            }
            let (before, rest) = file.text.split_at(at);
            let left = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
            let end = at + rest.find('\n').unwrap_or(rest.len());
            let indented = left.trim().is_empty() && rest.starts_with(char::is_whitespace);
            let inside = before.ends_with(is_word) && rest.starts_with(is_word);
            let long = left.len() + end - at > 500;
            let nothing = file.text[at..end].trim().is_empty();
            if !(indented || long || nothing || boundaries && inside) {
                return Some((file, at..end));
            }
        }
        None
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
            && let Ok(text) = std::fs::read_to_string(&path)
            && text.len() < 512 << 10
        {
            let relative = path.strip_prefix(root.parent().unwrap_or(root)).unwrap_or(&path);
            files.insert(relative.display().to_string(), text);
        }
    }
}

async fn measure(package: &Arc<Package>, places: usize, boundaries: bool, table: &mut Table) {
    let corpus = || Arc::clone(package) as Arc<dyn Corpus>;
    let engine = |threshold| Arc::new(Engine::new(Options { threshold, ..Options::default() }, corpus()));
    let whole = engine(0.0);
    let engines = THRESHOLDS.map(engine);
    let root = Path::new("/");
    for engine in engines.iter().chain([&whole]) {
        let prepared = engine.prepare(root).await;
        table.prepared(prepared.tokens, prepared.elapsed);
    }
    table.bytes += whole.status().workspaces.iter().map(|workspace| workspace.bytes).sum::<usize>();
    let mut random = Random(7);
    for version in 0..places {
        let Some((file, rest)) = package.place(&mut random, boundaries) else { return };
        let text = [&file.text[..rest.start], &file.text[rest.end..]].concat();
        let request = FillRequest {
            prefix: tail(&text[..rest.start], WINDOW.0).to_owned(),
            suffix: head(&text[rest.start..], WINDOW.1).to_owned(),
            path: Some(file.relative.clone()),
            workspace: Some(root.to_owned()),
            single_line: true,
            ..FillRequest::default()
        };
        if let Ok(mut open) = package.open.lock() {
            let version = i32::try_from(version).unwrap_or_default();
            *open = vec![OpenFile { relative: file.relative.clone(), version, text }];
        }
        let truth = file.text[rest].trim_end();
        let mut shown = Vec::new();
        for engine in &engines {
            let begin = Instant::now();
            shown.push(fill(engine, &request).await);
            table.times.push(begin.elapsed());
        }
        table.add(truth, &fill(&whole, &request).await, &shown);
    }
}

async fn fill(engine: &Arc<Engine>, request: &FillRequest) -> String {
    let mut text = String::new();
    let mut stream = engine.fill_model().fill(request.clone());
    while let Some(Ok(event)) = stream.next().await {
        if let StreamEvent::Text(more) = event {
            text.push_str(&more);
        }
    }
    text
}

/// What came out.
#[derive(Default)]
struct Table {
    places: usize,
    exact: usize,
    rows: [Row; THRESHOLDS.len()],
    times: Vec<Duration>,
    workspaces: usize,
    tokens: usize,
    bytes: usize,
    reading: Duration,
}

#[derive(Default)]
struct Row {
    shown: usize,
    right: usize,
    characters: usize,
}

impl Table {
    fn prepared(&mut self, tokens: usize, elapsed: Duration) {
        self.workspaces += 1;
        self.tokens += tokens;
        self.reading += elapsed;
    }

    fn add(&mut self, truth: &str, whole: &str, shown: &[String]) {
        self.places += 1;
        self.exact += usize::from(whole == truth);
        for (row, text) in self.rows.iter_mut().zip(shown).filter(|(_, text)| !text.is_empty()) {
            row.shown += 1;
            row.characters += text.chars().count();
            let right = truth.strip_prefix(text.as_str());
            row.right += usize::from(right.is_some_and(|rest| !(text.ends_with(is_word) && rest.starts_with(is_word))));
        }
    }

    fn print(mut self) {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        println!("places {}, rest of line exact {:.1} %", self.places, percent(self.exact, self.places));
        println!("threshold   shown   right of shown   characters");
        for (threshold, row) in THRESHOLDS.iter().zip(&self.rows) {
            let mean = row.characters as f64 / row.shown.max(1) as f64;
            let (shown, right) = (percent(row.shown, self.places), percent(row.right, row.shown));
            println!("{threshold:>9.2} {shown:>6.1}% {right:>15.1}% {mean:>12.1}");
        }
        self.times.sort();
        let at = |share: usize| self.times.get(self.times.len() * share / 100).copied().unwrap_or_default();
        println!("fill: half within {:?}, 99 % within {:?}, longest {:?}", at(50), at(99), self.times.last());
        let rate = self.tokens as f64 / self.reading.as_secs_f64() / 1e6;
        let bytes = self.bytes as f64 * (THRESHOLDS.len() + 1) as f64 / self.tokens.max(1) as f64;
        println!(
            "workspaces: {} tokens, {rate:.2} million a second, {bytes:.1} bytes each",
            self.tokens / (THRESHOLDS.len() + 1)
        );
    }
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn tail(text: &str, most: usize) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(most));
    // Windows begin at a line where there is one, as the server's do.
    let cut = if start == 0 { 0 } else { text[start..].find('\n').map_or(start, |end| start + end + 1) };
    &text[cut..]
}

fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Numbers that are the same on every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or_default() % end
    }
}
