//! Search and replace blocks: reading them, and putting them into files one after the other.
//!
//! A block stands inside or outside of a fence, and has the path of its file on the line before it, in the fence's marks, or
//! from the block before. Inside a block nothing but its own marks means anything.

use super::{
    BLOCKS, Refusal,
    answer::{Answer, opens, path_in},
    desk::{Desk, LastEnd, Put, first, kept},
    path,
};

/// How many marks a model may write instead of seven.
const MARKS: std::ops::RangeInclusive<usize> = 5..=12;

/// A block.
#[derive(Debug)]
struct Block<'a> {
    path: Option<&'a str>,
    search: Vec<&'a str>,
    replace: Vec<&'a str>,
}

/// The blocks of an answer.
#[derive(Debug, Default)]
struct Blocks<'a> {
    blocks: Vec<Block<'a>>,
    remarks: Vec<&'a str>,
    /// What is missing at the end or wrong in the middle; what stands before it was read.
    problem: Option<Refusal>,
}

/// Puts all blocks into their files; gives the prose around them.
pub(super) fn apply<'a>(answer: &Answer<'a>, desk: &mut Desk<'_>) -> Result<Vec<&'a str>, Refusal> {
    let read = read(answer);
    match read.problem {
        Some(problem) => Err(problem),
        None => read.blocks.iter().try_for_each(|block| put(block, desk)).map(|()| read.remarks),
    }
}

/// Puts those blocks into their files that are whole, until one does not fit.
pub(super) fn preview(answer: &Answer<'_>, desk: &mut Desk<'_>) {
    let blocks = read(answer).blocks;
    let _ = blocks.iter().try_for_each(|block| put(block, desk));
}

fn put(block: &Block<'_>, desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let at = desk.open(block.path)?;
    let file = desk.file(at);
    if block.search.iter().all(|line| line.trim().is_empty()) {
        if !file.is_empty() {
            return Err(Refusal::Exists { path: file.path.clone() });
        }
        let lines = block.replace.iter().map(|line| Put::New((*line).to_owned())).collect();
        file.replace(0, 0, lines, LastEnd::Same);
        return Ok(());
    }
    if file.is_new() && file.is_empty() {
        return Err(Refusal::NoFile { path: file.path.clone() });
    }
    let found = file.find(&block.search, true, None)?;
    // A replacement that would have to stand left of the margin was not written for this place.
    let missing = || Refusal::NoMatch { path: file.path.clone(), search: first(&block.search) };
    let lines = kept(&block.search, &block.replace, &found.fit).ok_or_else(missing)?;
    file.replace(found.at, block.search.len(), lines, LastEnd::Same);
    Ok(())
}

/// Whether a line begins a block.
pub(super) fn is_opener(line: &str) -> bool {
    opener(line).is_some()
}

/// How many marks begin a block.
fn opener(line: &str) -> Option<usize> {
    let (length, word) = marks(line, b'<')?;
    matches!(word.trim_end_matches(':'), "SEARCH" | "ORIGINAL").then_some(length)
}

fn is_divider(line: &str, length: usize) -> bool {
    marks(line, b'=').is_some_and(|(own, word)| word.is_empty() && (own == length || own == 7))
}

fn is_closer(line: &str, length: usize) -> bool {
    marks(line, b'>').is_some_and(|(own, word)| {
        matches!(word, "REPLACE" | "UPDATED") || word.is_empty() && (own == length || own == 7)
    })
}

/// The number of marks at the start of a line, and the rest of it.
fn marks(line: &str, mark: u8) -> Option<(usize, &str)> {
    let text = line.trim();
    let length = text.bytes().take_while(|byte| *byte == mark).count();
    MARKS.contains(&length).then(|| (length, text[length..].trim()))
}

/// Where reading is outside of blocks.
#[derive(Default)]
struct Outside<'a> {
    /// Marks that close the fence that is open.
    fence: Option<&'a str>,
    /// The last line that could name a file.
    label: Option<&'a str>,
    /// Whether that line is the last of the remarks.
    in_remarks: bool,
    path: Option<&'a str>,
}

impl<'a> Outside<'a> {
    fn line(&mut self, line: &'a str, remarks: &mut Vec<&'a str>) {
        let text = line.trim();
        match (opens(line), self.fence) {
            (Some(""), Some(fence)) if text.starts_with(fence) => {
                self.fence = None;
                self.label = None;
            }
            (Some(info), None) => {
                self.fence = Some(text[..text.len() - info.len()].trim());
                if let Some(path) = path_in(info) {
                    self.label = Some(path);
                    self.in_remarks = false;
                }
            }
            _ => {
                remarks.push(line);
                if !text.is_empty() {
                    self.label = Some(line);
                    self.in_remarks = true;
                }
            }
        }
    }

    /// The file of the block that begins here.
    fn path(&mut self, remarks: &mut Vec<&'a str>) -> Option<&'a str> {
        if let Some(path) = self.label.take().and_then(path::named_by) {
            self.path = Some(path);
            if self.in_remarks {
                while remarks.pop().is_some_and(|line| line.trim().is_empty()) {}
            }
        }
        self.path
    }
}

fn read<'a>(answer: &Answer<'a>) -> Blocks<'a> {
    let mut read = Blocks::default();
    let mut outside = Outside::default();
    let mut at = 0;
    while at < answer.lines.len() {
        let line = answer.lines[at];
        at += 1;
        let Some(length) = opener(line) else {
            if is_closer(line, 7) && line.trim().len() > 7 {
                read.problem = Some(Refusal::Malformed { line: at, problem: "a block ends that did not begin" });
                return read;
            }
            outside.line(line, &mut read.remarks);
            continue;
        };
        let path = outside.path(&mut read.remarks);
        match block(&answer.lines, at, length) {
            Ok((search, replace, next)) => {
                read.blocks.push(Block { path, search, replace });
                at = next;
            }
            Err(problem) => {
                read.problem = Some(problem);
                return read;
            }
        }
        if read.blocks.len() > BLOCKS {
            read.blocks.pop();
            read.problem = Some(Refusal::TooMany { what: "blocks", limit: BLOCKS });
            return read;
        }
    }
    if outside.fence.is_some() {
        read.problem = Some(Refusal::Cut { missing: "the end of its fence" });
    }
    read
}

type Sides<'a> = (Vec<&'a str>, Vec<&'a str>, usize);

/// The two sides of the block whose content begins at line `from`, and the line after it.
fn block<'a>(lines: &[&'a str], from: usize, length: usize) -> Result<Sides<'a>, Refusal> {
    let mut divider = None;
    for (at, line) in lines.iter().enumerate().skip(from) {
        let malformed = |problem| Err(Refusal::Malformed { line: at + 1, problem });
        if opener(line).is_some() {
            return malformed("a block begins inside of another");
        } else if is_divider(line, length) {
            if divider.replace(at).is_some() {
                return malformed("a block has two dividing lines");
            }
        } else if is_closer(line, length) {
            let Some(divider) = divider else { return malformed("a block has no dividing line") };
            return Ok((lines[from..divider].to_vec(), lines[divider + 1..at].to_vec(), at + 1));
        }
    }
    Err(Refusal::Cut { missing: "the end of a block" })
}
