//! The text round a cursor, within a budget: what a prompt is made of.
//!
//! Costs the window's size and the logarithm of the document's, never the document's size.

use crate::Document;

/// What stands before and behind a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The text that ends at the cursor.
    pub prefix: String,
    /// The text that starts at the cursor.
    pub suffix: String,
    /// Whether there is more before the prefix.
    pub prefix_cut: bool,
    /// Whether there is more behind the suffix.
    pub suffix_cut: bool,
}

impl Document {
    /// At most `before` bytes before the byte offset `at` and at most `after` bytes behind it.
    ///
    /// What does not fit is cut at a line: the prefix starts with the first line that begins within the budget (and before
    /// the cursor), the suffix ends with the last line that ends within it. Where one line is longer than the budget it is
    /// cut between two characters; a `\r\n` is never cut apart. `at` is clamped and moved as [`Document::position`] does.
    pub fn window(&self, at: usize, before: usize, after: usize) -> Window {
        let at = self.floor_outside_crlf(at);
        let start = self.prefix_start(at, before);
        let end = self.suffix_end(at, after);
        Window {
            prefix: self.slice(start..at),
            suffix: self.slice(at..end),
            prefix_cut: start > 0,
            suffix_cut: end < self.len_bytes(),
        }
    }

    fn prefix_start(&self, at: usize, before: usize) -> usize {
        let earliest = at.saturating_sub(before);
        if earliest == 0 {
            return 0;
        }
        let line = self.line_of(earliest);
        if self.rope.line_to_byte(line) == earliest {
            return earliest;
        }
        let next = self.rope.line_to_byte(line + 1);
        if next < at { next } else { self.ceil_outside_crlf(earliest).min(at) }
    }

    fn suffix_end(&self, at: usize, after: usize) -> usize {
        let latest = at.saturating_add(after);
        if latest >= self.len_bytes() {
            return self.len_bytes();
        }
        let line = self.line_of(latest);
        let start = self.rope.line_to_byte(line);
        let content_end = self.line_range(line).map_or(start, |range| range.end);
        if content_end <= latest && content_end > at {
            content_end
        } else if start > at {
            start
        } else {
            self.floor_outside_crlf(latest)
        }
    }

    /// `byte` moved on to the next place that splits neither a character nor a `\r\n`.
    fn ceil_outside_crlf(&self, byte: usize) -> usize {
        let floor = self.floor(byte);
        let byte = match self.char_at(floor) {
            Some(split) if floor < byte => floor + split.len_utf8(),
            _ => floor,
        };
        if self.splits_crlf(byte) { byte + 1 } else { byte }
    }
}

#[cfg(test)]
mod tests;
