//! Lines of a document: where they start and end, and what they say.
//!
//! A line ends with `\n`, `\r\n` or a lone `\r`. A text that ends with a line end has an empty last line; an empty text
//! has one line.

use std::ops::Range;

use crate::Document;

impl Document {
    /// How many lines there are, at least one.
    pub fn len_lines(&self) -> usize {
        self.rope.len_lines()
    }

    /// The number (from zero) of the line that holds `byte`; the last one past the end. A line end belongs to the line
    /// it ends.
    pub fn line_of(&self, byte: usize) -> usize {
        self.rope.byte_to_line(byte.min(self.rope.len_bytes()))
    }

    /// What a line says, without its line end; `None` past the last line.
    pub fn line(&self, line: usize) -> Option<String> {
        self.line_range(line).map(|range| self.slice(range))
    }

    /// The bytes of a line, without its line end; `None` past the last line.
    pub fn line_range(&self, line: usize) -> Option<Range<usize>> {
        if line >= self.len_lines() {
            return None;
        }
        let start = self.rope.line_to_byte(line);
        // One past the last line is the end of the text.
        let next = self.rope.line_to_byte(line + 1);
        let mut end = next;
        if end > start && self.byte_at(end - 1) == Some(b'\n') {
            end -= 1;
        }
        // Of the `\n` the `\r` before it, or a lone `\r`.
        if end > start && self.byte_at(end - 1) == Some(b'\r') {
            end -= 1;
        }
        Some(start..end)
    }
}
