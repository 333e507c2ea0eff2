//! The outer form of an answer: prose and fenced code, and which shape it has.

use super::{LINES, Refusal, Shape, Target, blocks, diff, language, path, prose};

/// An answer, line by line.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// Without line ends.
    pub(super) lines: Vec<&'a str>,
    /// Whether it stops inside a model's loud thinking.
    thinking: bool,
}

/// A piece of an answer.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// A line outside fences.
    Prose(&'a str),
    /// Fenced code.
    Fence(Box<Fence<'a>>),
}

/// Fenced code.
#[derive(Debug)]
pub(super) struct Fence<'a> {
    /// What stands behind the opening marks: most often a language.
    pub(super) info: &'a str,
    /// Without the marks, and without the indentation of the opening one.
    pub(super) lines: Vec<&'a str>,
    /// Whether its end is there.
    pub(super) closed: bool,
    /// Where its first line of content is, from 1.
    pub(super) first_line: usize,
}

/// The marks of a fence.
#[derive(Debug, Clone, Copy)]
struct Marks<'a> {
    mark: u8,
    length: usize,
    indent: usize,
    info: &'a str,
}

impl<'a> Answer<'a> {
    /// What a model wrote. Reasoning that it put in front between `think` tags is no part of it.
    pub(super) fn of(text: &'a str) -> Self {
        let mut text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut thinking = false;
        if let Some(thought) = text.trim_start().strip_prefix("<think>") {
            let end = thought.find("</think>").map(|at| at + "</think>".len());
            thinking = end.is_none();
            text = &thought[end.unwrap_or(thought.len())..];
        }
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        Self { lines, thinking }
    }

    /// Drops the last line, which may still grow.
    pub(super) fn forget_last_line(&mut self) {
        self.lines.pop();
    }

    /// The shape that it has, whatever was asked for.
    pub(super) fn shape(&self, asked: Shape, target: &Target) -> Result<Shape, Refusal> {
        if self.lines.len() > LINES {
            return Err(Refusal::TooMany { what: "lines", limit: LINES });
        }
        if self.thinking {
            return Err(Refusal::Cut { missing: "the model's thinking ended" });
        }
        if self.lines.iter().any(|line| line.starts_with("*** Begin Patch")) {
            return Err(Refusal::WrongShape { asked });
        }
        // A text that itself has such marks may be answered with such marks.
        let whole_has = |is: fn(&str) -> bool| asked == Shape::Whole && target.text.lines().any(is);
        if !whole_has(blocks::is_opener) && self.lines.iter().any(|line| blocks::is_opener(line)) {
            let is_other = |part: &Part<'_>| {
                let Part::Fence(fence) = part else { return false };
                diff::is_fence(fence)
                    && diff::has_heads(&fence.lines)
                    && !fence.lines.iter().any(|line| blocks::is_opener(line))
            };
            // Blocks and a diff: taking one would lose the other.
            let fences = self.parts();
            if fences.iter().any(is_other) {
                return Err(Refusal::Several {
                    count: fences.iter().filter(|part| matches!(part, Part::Fence(_))).count(),
                });
            }
            return Ok(Shape::SearchReplace);
        }
        if whole_has(diff::is_numbered) || !diff::is_in(self) {
            return Ok(Shape::Whole);
        }
        let has_code = |part: &Part<'_>| matches!(part, Part::Fence(fence) if !diff::is_fence(fence));
        let count = self.parts().iter().filter(|part| matches!(part, Part::Fence(_))).count();
        if asked == Shape::Whole && self.parts().iter().any(has_code) {
            return Err(Refusal::Several { count });
        }
        Ok(Shape::Diff)
    }

    /// Prose and fences, in order.
    pub(super) fn parts(&self) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < self.lines.len() {
            let line = self.lines[at];
            at += 1;
            if let Some(marks) = opening(line) {
                let (fence, next) = self.fence(marks, at);
                parts.push(Part::Fence(Box::new(fence)));
                at = next;
            } else {
                parts.push(Part::Prose(line));
            }
        }
        parts
    }

    /// The fence whose content begins at line `from`, and the line after it.
    fn fence(&self, marks: Marks<'a>, from: usize) -> (Fence<'a>, usize) {
        let mut lines = Vec::new();
        let mut inner = 0usize;
        for (at, line) in self.lines.iter().enumerate().skip(from) {
            let own = opening(line).filter(|other| {
                other.mark == marks.mark && other.length >= marks.length && other.indent <= marks.indent
            });
            match own {
                Some(other) if !other.info.is_empty() => inner += 1,
                Some(_) if inner > 0 => inner -= 1,
                Some(_) => {
                    return (Fence { info: marks.info, lines, closed: true, first_line: from + 1 }, at + 1);
                }
                None => {}
            }
            lines.push(dedented(line, marks.indent));
        }
        (Fence { info: marks.info, lines, closed: false, first_line: from + 1 }, self.lines.len())
    }

    /// Why an answer without any code is not taken.
    pub(super) fn without_code(&self) -> Refusal {
        prose::refusal(&self.lines)
    }
}

impl<'a> Fence<'a> {
    /// The language that it names, in lower case; empty when none.
    pub(super) fn language(&self) -> String {
        let word = self.info.split(|c: char| c.is_whitespace() || ":{,".contains(c)).next().unwrap_or_default();
        let word = if path::is_path(word) { language::ending(word) } else { word };
        word.trim_start_matches('.').to_ascii_lowercase()
    }

    /// The path that it names beside or instead of a language.
    pub(super) fn path(&self) -> Option<&'a str> {
        path_in(self.info)
    }
}

/// The path in what stands behind the marks of a fence: `rust src/a.rs`, `rust:src/a.rs`, `src/a.rs`, `title="src/a.rs"`.
pub(super) fn path_in(info: &str) -> Option<&str> {
    info.split(|c: char| c.is_whitespace() || ":={},".contains(c))
        .map(|word| word.trim_matches(['"', '\'', '`']))
        .find(|word| path::is_path(word))
}

/// What stands behind the marks that open a fence, if a line opens one.
pub(super) fn opens(line: &str) -> Option<&str> {
    opening(line).map(|marks| marks.info)
}

fn opening(line: &str) -> Option<Marks<'_>> {
    let text = line.trim_start_matches([' ', '\t']);
    let mark = *text.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let length = text.bytes().take_while(|byte| *byte == mark).count();
    let info = text[length..].trim();
    let is_fence = length >= 3 && !(mark == b'`' && info.contains('`'));
    is_fence.then_some(Marks { mark, length, indent: line.len() - text.len(), info })
}

/// A line without at most `most` bytes of white space at its start.
fn dedented(line: &str, most: usize) -> &str {
    let indent = line.bytes().take(most).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[indent..]
}
