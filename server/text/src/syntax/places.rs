//! Byte ranges made of whole lines.

use std::ops::Range;

use crate::Document;

impl Document {
    /// The whole lines that a byte range touches: from the start of a line to the start of another or the end of the text.
    /// An empty range touches the line it stands in.
    pub fn whole_lines(&self, range: Range<usize>) -> Range<usize> {
        let last = if range.end > range.start { range.end - 1 } else { range.start };
        self.rope.line_to_byte(self.line_of(range.start))..self.rope.line_to_byte(self.line_of(last) + 1)
    }

    /// The white space that a line begins with; empty past the last line.
    pub fn indent_of(&self, line: usize) -> String {
        let text = self.line(line).unwrap_or_default();
        text[..text.len() - text.trim_start().len()].to_owned()
    }
}
