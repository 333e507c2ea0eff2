//! Places as editors count them, and the bytes they stand for.
//!
//! Every conversion costs the logarithm of the document's size, however long the line is.

use crate::Document;

/// What one step of [`Position::character`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// Code units of UTF-16: two for a character beyond U+FFFF.
    Utf16,
    /// Characters (Unicode scalar values).
    Utf32,
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Number of the line, from zero.
    pub line: u32,
    /// Distance from the start of the line, in steps of an [`Encoding`].
    pub character: u32,
}

/// The text from `start` up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range {
    /// The first place.
    pub start: Position,
    /// The place behind the last character.
    pub end: Position,
}

/// Why a place is not in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// The line is past the last one.
    #[error("line {line} is outside the document, which has {lines} lines; give a line below {lines}, counted from 0")]
    LineOutside {
        /// The line that was asked for, from zero.
        line: u32,
        /// How many lines there are.
        lines: usize,
    },
}

/// Where a position is, and whether it had to be moved to the start of a character it would split.
pub(crate) struct Place {
    pub(crate) byte: usize,
    pub(crate) splits: bool,
}

impl Document {
    /// The byte offset of `position`. A character past the end of its line is that end (before the line end's bytes); one
    /// inside a surrogate pair or a UTF-8 sequence is the start of that character.
    ///
    /// # Errors
    /// [`PositionError::LineOutside`] when there is no such line.
    pub fn offset(&self, position: Position, encoding: Encoding) -> Result<usize, PositionError> {
        let outside = PositionError::LineOutside { line: position.line, lines: self.len_lines() };
        self.place(position, encoding).map(|place| place.byte).ok_or(outside)
    }

    /// The position of a byte offset. The offset is clamped to the document, and moved back to the start of a character or
    /// of a `\r\n` that it would split.
    pub fn position(&self, byte: usize, encoding: Encoding) -> Position {
        let byte = self.floor_outside_crlf(byte);
        let line = self.rope.byte_to_line(byte);
        let start = self.rope.line_to_byte(line);
        let character = match encoding {
            Encoding::Utf8 => byte - start,
            Encoding::Utf16 => self.utf16_index(byte) - self.utf16_index(start),
            Encoding::Utf32 => self.rope.byte_to_char(byte) - self.rope.byte_to_char(start),
        };
        // No count can exceed the 32 MiB a document may have.
        Position { line: as_u32(line), character: as_u32(character) }
    }

    /// The place of `position`; `None` when its line is past the last one.
    pub(crate) fn place(&self, position: Position, encoding: Encoding) -> Option<Place> {
        let line = self.line_range(as_usize(position.line))?;
        let steps = as_usize(position.character);
        let (byte, splits) = match encoding {
            Encoding::Utf8 => {
                let wanted = line.start.saturating_add(steps).min(line.end);
                let byte = self.floor(wanted);
                (byte, byte != wanted)
            }
            Encoding::Utf16 => {
                let wanted = self.utf16_index(line.start).saturating_add(steps).min(self.utf16_index(line.end));
                let char = self.rope.utf16_cu_to_char(wanted);
                (self.rope.char_to_byte(char), self.rope.char_to_utf16_cu(char) != wanted)
            }
            Encoding::Utf32 => {
                let (start, end) = (self.rope.byte_to_char(line.start), self.rope.byte_to_char(line.end));
                (self.rope.char_to_byte(start.saturating_add(steps).min(end)), false)
            }
        };
        Some(Place { byte, splits })
    }

    /// UTF-16 code units before `byte`.
    fn utf16_index(&self, byte: usize) -> usize {
        self.rope.char_to_utf16_cu(self.rope.byte_to_char(byte))
    }
}

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn as_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
