//! The files that an answer changes, while it does: lines as they are now, where each stands, and what was touched.
//!
//! Owns line ends, byte-order marks and final newlines: a changed file keeps its own.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{
    FILES, FileText, Refusal, Sources, Target,
    find::places,
    indent::{Shift, Style},
    path,
    refusal::shown,
};

const BOM: char = '\u{feff}';
/// More places than this that differ in white space only are not looked at one by one.
const LOOSE_PLACES: usize = 100;

/// All files of one answer.
pub(super) struct Desk<'a> {
    target: &'a Target,
    sources: &'a dyn Sources,
    files: Vec<File>,
}

/// A file that is being changed.
pub(super) struct File {
    pub(super) path: String,
    old: Option<Arc<str>>,
    has_bom: bool,
    lines: Vec<Line>,
    end: End,
    has_last_end: bool,
    /// Hunks are placed by number only below this line.
    pub(super) placed_to: usize,
    /// By how many lines earlier hunks moved what follows them.
    pub(super) moved_by: isize,
}

#[derive(Debug, Clone)]
struct Line {
    text: Piece,
    end: End,
    touched: bool,
}

#[derive(Debug, Clone)]
enum Piece {
    Old(Range<usize>),
    New(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    None,
    Lf,
    CrLf,
}

/// A line of what takes the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Put {
    /// One of those that stood there, by its number among them.
    Keep(usize),
    /// Another, without line end.
    New(String),
}

/// What is known about the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastEnd {
    /// As it was.
    Same,
    With,
    Without,
}

/// Where lines were found, and how they have to be moved to stand there.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) fit: Fit,
}

/// How lines that were looked for differ from those found.
pub(super) struct Fit {
    /// From a model's style of indentation to the file's.
    style: Option<(Style, Style)>,
    shift: Shift,
}

impl Fit {
    const EXACT: Self = Self { style: None, shift: Shift::None };

    /// A model's line as it stands in the file; `None` when it cannot.
    pub(super) fn moved(&self, line: &str) -> Option<String> {
        match self.style {
            Some((from, to)) => self.shift.moved(&to.restyle(line, from)),
            None => self.shift.moved(line),
        }
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(target: &'a Target, sources: &'a dyn Sources) -> Self {
        Self { target, sources, files: Vec::new() }
    }

    /// The number of the file that a model calls `name`, the target when it names none. A file that is not there is new.
    pub(super) fn open(&mut self, name: Option<&str>) -> Result<usize, Refusal> {
        let (path, old) = self.named(name)?;
        if let Some(at) = self.files.iter().position(|file| file.path == path) {
            return Ok(at);
        }
        if self.files.len() == FILES {
            return Err(Refusal::TooMany { what: "files", limit: FILES });
        }
        let crlf = End::of(&self.target.text) == End::CrLf;
        self.files.push(File::new(path, old, crlf));
        Ok(self.files.len() - 1)
    }

    fn named(&self, name: Option<&str>) -> Result<(String, Option<Arc<str>>), Refusal> {
        let target = || Ok((self.target.path.clone(), Some(self.target.text.clone())));
        let Some(name) = name.filter(|name| *name != self.target.path) else { return target() };
        let path = path::normal(name)?;
        if path == self.target.path {
            return target();
        }
        if let Some(text) = self.sources.read(&path) {
            return Ok((path, Some(text)));
        }
        // A model that leaves out the folders means the file that it was shown.
        if self.target.path.strip_suffix(path.as_str()).is_some_and(|folders| folders.ends_with('/')) {
            return target();
        }
        Ok((path, None))
    }

    pub(super) fn file(&mut self, at: usize) -> &mut File {
        &mut self.files[at]
    }

    /// All files that were opened and changed, as they are now.
    pub(super) fn changed(self) -> Vec<FileText> {
        let texts = self.files.into_iter().map(File::into_text);
        texts.filter(|file| file.old.as_deref().unwrap_or_default() != file.new).collect()
    }
}

impl File {
    fn new(path: String, old: Option<Arc<str>>, crlf: bool) -> Self {
        let text = old.clone().unwrap_or_default();
        let has_bom = text.starts_with(BOM);
        let start = if has_bom { BOM.len_utf8() } else { 0 };
        let lines = split(&text, start);
        let end = if lines.is_empty() && crlf { End::CrLf } else { End::of(&text) };
        let has_last_end = lines.last().is_none_or(|line| line.end != End::None);
        Self { path, old, has_bom, lines, end, has_last_end, placed_to: 0, moved_by: 0 }
    }

    /// Whether it was not there.
    pub(super) fn is_new(&self) -> bool {
        self.old.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn line(&self, at: usize) -> &str {
        self.lines[at].text(self.old.as_deref().unwrap_or_default())
    }

    /// The one place of `wanted`: as it stands, or but for white space at the ends of lines, or, if `loose`, but for
    /// indentation that differs in the same way everywhere. `hint` is the line where it is said to be.
    pub(super) fn find(&self, wanted: &[&str], loose: bool, hint: Option<usize>) -> Result<Found, Refusal> {
        let count = self.lines.len();
        let exact = places(wanted, count, |at| self.line(at));
        if !exact.is_empty() {
            return self.only(wanted, &exact, hint).map(|at| Found { at, fit: Fit::EXACT });
        }
        let trimmed: Vec<&str> = wanted.iter().map(|line| line.trim_end()).collect();
        let near = places(&trimmed, count, |at| self.line(at).trim_end());
        if !near.is_empty() {
            return self.only(wanted, &near, hint).map(|at| Found { at, fit: Fit::EXACT });
        }
        if loose && let Some(found) = self.find_indented(wanted)? {
            return Ok(found);
        }
        Err(self.missing(wanted))
    }

    fn only(&self, wanted: &[&str], places: &[usize], hint: Option<usize>) -> Result<usize, Refusal> {
        let at = match *places {
            [at] => at,
            _ => hint.filter(|hint| places.binary_search(hint).is_ok()).ok_or_else(|| Refusal::Ambiguous {
                path: self.path.clone(),
                search: first(wanted),
                places: places.len(),
            })?,
        };
        if self.lines[at..at + wanted.len()].iter().any(|line| line.touched) {
            return Err(Refusal::Overlap { path: self.path.clone(), search: first(wanted) });
        }
        Ok(at)
    }

    fn find_indented(&self, wanted: &[&str]) -> Result<Option<Found>, Refusal> {
        let bare: Vec<&str> = wanted.iter().map(|line| line.trim()).collect();
        // Blank lines have no indentation by which they could be recognised.
        if bare.iter().all(|line| line.is_empty()) {
            return Ok(None);
        }
        let near = places(&bare, self.lines.len(), |at| self.line(at).trim());
        let styles = self.styles(wanted);
        let mut found: Vec<Found> = Vec::new();
        if near.len() <= LOOSE_PLACES {
            found.extend(near.iter().filter_map(|at| Some(Found { at: *at, fit: self.fit(wanted, *at, styles)? })));
        }
        if found.len() > 1 || near.len() > LOOSE_PLACES {
            let places = found.len().max(near.len());
            return Err(Refusal::Ambiguous { path: self.path.clone(), search: first(wanted), places });
        }
        let Some(found) = found.pop() else { return Ok(None) };
        self.only(wanted, &[found.at], None)?;
        Ok(Some(found))
    }

    /// The model's style of indentation and the file's, when one has tabs and the other spaces.
    fn styles(&self, wanted: &[&str]) -> Option<(Style, Style)> {
        let from = Style::of(wanted.iter().copied())?;
        let to = Style::of((0..self.lines.len()).map(|at| self.line(at)))?;
        Some((from, to.instead_of(from)?))
    }

    fn fit(&self, wanted: &[&str], at: usize, styles: Option<(Style, Style)>) -> Option<Fit> {
        let there = || (at..at + wanted.len()).map(|at| self.line(at));
        if let Some(shift) = Shift::uniform(wanted.iter().copied(), there()) {
            return Some(Fit { style: None, shift });
        }
        let (from, to) = styles?;
        let restyled: Vec<String> = wanted.iter().map(|line| to.restyle(line, from)).collect();
        let shift = Shift::uniform(restyled.iter().map(String::as_str), there())?;
        Some(Fit { style: Some((from, to)), shift })
    }

    /// Why lines are not there: an earlier part of the answer may have changed them.
    fn missing(&self, wanted: &[&str]) -> Refusal {
        let (path, search) = (self.path.clone(), first(wanted));
        let old = self.old.as_deref().unwrap_or_default();
        let start = if self.has_bom { BOM.len_utf8() } else { 0 };
        let before = split(old, start);
        if places(wanted, before.len(), |at| before[at].text(old)).is_empty() {
            Refusal::NoMatch { path, search }
        } else {
            Refusal::Overlap { path, search }
        }
    }

    /// Puts lines in the place of `count` lines from `at`.
    pub(super) fn replace(&mut self, at: usize, count: usize, put: Vec<Put>, last: LastEnd) {
        let is_last = at + count == self.lines.len();
        let there = &self.lines[at..at + count];
        let lines: Vec<Line> = put
            .into_iter()
            .map(|put| match put {
                Put::Keep(number) => there[number].clone(),
                Put::New(text) => Line { text: Piece::New(text), end: self.end, touched: true },
            })
            .collect();
        let end = at + lines.len();
        self.lines.splice(at..at + count, lines);
        if is_last {
            self.end_lines(at.saturating_sub(1)..end, last);
        }
    }

    /// Gives every line but the last an end, and the last the one that it is to have.
    fn end_lines(&mut self, range: Range<usize>, last: LastEnd) {
        let own = self.end;
        for line in &mut self.lines[range] {
            if line.end == End::None {
                line.end = own;
            }
        }
        let with = match last {
            LastEnd::Same => self.has_last_end,
            LastEnd::With => true,
            LastEnd::Without => false,
        };
        if !with && let Some(line) = self.lines.last_mut() {
            line.end = End::None;
        }
    }

    fn into_text(self) -> FileText {
        let old = self.old.as_deref().unwrap_or_default();
        let mut new = String::with_capacity(old.len());
        if self.has_bom {
            new.push(BOM);
        }
        for line in &self.lines {
            new.push_str(line.text(old));
            new.push_str(line.end.text());
        }
        FileText { path: self.path, old: self.old, new }
    }
}

impl Line {
    fn text<'t>(&'t self, old: &'t str) -> &'t str {
        match &self.text {
            Piece::Old(range) => &old[range.clone()],
            Piece::New(text) => text,
        }
    }
}

impl End {
    /// The line end that most lines of a text have.
    fn of(text: &str) -> Self {
        if line_end(text) == "\r\n" { Self::CrLf } else { Self::Lf }
    }

    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// The line end that most lines of a text have: `\n` or `\r\n`.
pub(super) fn line_end(text: &str) -> &'static str {
    let all = text.bytes().filter(|byte| *byte == b'\n').count();
    if text.matches("\r\n").count() * 2 > all { "\r\n" } else { "\n" }
}

fn split(text: &str, start: usize) -> Vec<Line> {
    let mut at = start;
    let pieces = text[start..].split_inclusive('\n').map(|piece| {
        let (length, end) = match piece.strip_suffix('\n') {
            None => (piece.len(), End::None),
            Some(line) => line.strip_suffix('\r').map_or((line.len(), End::Lf), |line| (line.len(), End::CrLf)),
        };
        let line = Line { text: Piece::Old(at..at + length), end, touched: false };
        at += piece.len();
        line
    });
    pieces.collect()
}

/// The first line that says something, as a refusal shows it.
pub(super) fn first(lines: &[&str]) -> String {
    shown(lines.iter().find(|line| !line.trim().is_empty()).copied().unwrap_or_default())
}

/// The lines of `new`, of which those that also stand in `old`, in the same order, are kept as they are there.
pub(super) fn kept(old: &[&str], new: &[&str], fit: &Fit) -> Option<Vec<Put>> {
    let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, line) in old.iter().enumerate() {
        numbers.entry(line).or_default().push(number);
    }
    let mut from = 0;
    let mut put = Vec::with_capacity(new.len());
    for line in new {
        let same = numbers.get(line).and_then(|numbers| numbers.get(numbers.partition_point(|number| *number < from)));
        if let Some(number) = same {
            from = number + 1;
            put.push(Put::Keep(*number));
        } else {
            put.push(Put::New(fit.moved(line)?));
        }
    }
    Some(put)
}
