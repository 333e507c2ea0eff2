//! The same documents on a plain `String`, as slowly and plainly as the specification reads: what properties compare with.

use std::ops;

use crate::{Change, Encoding, Position, Range};

/// A text, and nothing kept besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plain(pub(crate) String);

/// Why a change was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Reversed,
    Splits(Position),
}

impl Plain {
    /// The bytes of every line without its end, and where the next one starts.
    pub(crate) fn lines(&self) -> Vec<ops::Range<usize>> {
        let bytes = self.0.as_bytes();
        let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
        while at < bytes.len() {
            let end = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\r' | b'\n' => 1,
                _ => 0,
            };
            if end > 0 {
                lines.push(start..at);
                start = at + end;
            }
            at += end.max(1);
        }
        lines.push(start..bytes.len());
        lines
    }

    pub(crate) fn line_of(&self, byte: usize) -> usize {
        self.lines().iter().rposition(|line| line.start <= byte).expect("the first line starts at 0")
    }

    /// The byte of a position, and whether it had to be moved to the start of a character; `None` past the last line.
    pub(crate) fn place(&self, position: Position, encoding: Encoding) -> Option<(usize, bool)> {
        let line = self.lines().get(position.line as usize)?.clone();
        let (mut byte, mut steps) = (line.start, position.character as usize);
        for char in self.0[line].chars() {
            let width = width(char, encoding);
            if steps < width {
                return Some((byte, steps > 0));
            }
            steps -= width;
            byte += char.len_utf8();
        }
        Some((byte, false))
    }

    pub(crate) fn position(&self, byte: usize, encoding: Encoding) -> Position {
        let byte = self.floor(byte);
        let line = self.line_of(byte);
        let character: usize = self.0[self.lines()[line].start..byte].chars().map(|char| width(char, encoding)).sum();
        Position { line: line as u32, character: character as u32 }
    }

    /// The place at or before `byte` that an editor can name.
    pub(crate) fn floor(&self, byte: usize) -> usize {
        (0..=byte.min(self.0.len())).rev().find(|&at| self.is_place(at)).expect("0 is a place")
    }

    pub(crate) fn is_place(&self, at: usize) -> bool {
        self.0.is_char_boundary(at) && !(self.0[..at].ends_with('\r') && self.0[at..].starts_with('\n'))
    }

    pub(crate) fn apply(&self, change: &Change, encoding: Encoding) -> Result<Self, Refused> {
        let Some(Range { start, end }) = change.range else {
            return Ok(Self(change.text.clone()));
        };
        if (end.line, end.character) < (start.line, start.character) {
            return Err(Refused::Reversed);
        }
        let edge = |position| match self.place(position, encoding) {
            Some((_, true)) => Err(Refused::Splits(position)),
            Some((byte, false)) => Ok(byte),
            None => Ok(self.0.len()),
        };
        let (from, to) = (edge(start)?, edge(end)?);
        Ok(Self(format!("{}{}{}", &self.0[..from], change.text, &self.0[to..])))
    }

    /// Where a window may start: its first byte.
    pub(crate) fn prefix_start(&self, at: usize, before: usize) -> usize {
        let earliest = at.saturating_sub(before);
        let line_start = self.lines().iter().map(|line| line.start).find(|&start| start >= earliest && start < at);
        let place = || (earliest..=at).find(|&place| self.is_place(place));
        if earliest == 0 { 0 } else { line_start.or_else(place).expect("the cursor is a place") }
    }

    /// Where a window may end: the byte behind its last.
    pub(crate) fn suffix_end(&self, at: usize, after: usize) -> usize {
        let latest = at.saturating_add(after);
        if latest >= self.0.len() {
            return self.0.len();
        }
        let edges = self.lines().into_iter().flat_map(|line| [line.start, line.end]);
        edges.filter(|&edge| edge > at && edge <= latest).max().unwrap_or_else(|| self.floor(latest))
    }
}

fn width(char: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => char.len_utf8(),
        Encoding::Utf16 => char.len_utf16(),
        Encoding::Utf32 => 1,
    }
}
