//! Edits: from one version of a document to the next, all of them or none.

use ropey::Rope;

use crate::{Document, Encoding, MAX_BYTES, Position, Range, position::Place};

/// One edit. A list of them is applied in order, each to the text the one before it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is replaced; `None` is the whole text.
    pub range: Option<Range>,
    /// What stands there afterwards.
    pub text: String,
}

/// Why an edit was refused. The document is as it was; the editor and the server no longer agree on the text, so the next
/// step is always to send it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The range ends before it starts.
    #[error(
        "the edit's range ends at {}:{} before it starts at {}:{}; send the whole document",
        end.line, end.character, start.line, start.character
    )]
    Reversed {
        /// Where the range starts.
        start: Position,
        /// Where it ends.
        end: Position,
    },
    /// An end of the range lies inside a surrogate pair or a UTF-8 sequence.
    #[error(
        "the edit's position {}:{} lies inside a character (counted in {encoding:?}); send the whole document",
        position.line, position.character
    )]
    SplitsCharacter {
        /// The end that lies inside a character.
        position: Position,
        /// How its `character` was counted.
        encoding: Encoding,
    },
    /// The text would grow past the limit.
    #[error("the edit makes the document {bytes} bytes long, the limit is {limit}; close it or shorten it")]
    TooLarge {
        /// Length the text would have.
        bytes: usize,
        /// The longest text a document may have.
        limit: usize,
    },
}

impl Document {
    /// The document after `changes`, as `version`. A character past the end of its line is that end; a line past the last
    /// one is the end of the text.
    ///
    /// # Errors
    /// [`EditError`] for the first change that cannot be applied; then nothing is.
    pub fn apply(&self, version: i32, changes: &[Change], encoding: Encoding) -> Result<Self, EditError> {
        let mut next = self.next(version, self.rope.clone());
        for change in changes {
            match change.range {
                Some(range) => next.replace(range, &change.text, encoding)?,
                None => {
                    check_length(change.text.len())?;
                    next.rope = Rope::from_str(&change.text);
                }
            }
        }
        Ok(next)
    }

    fn replace(&mut self, range: Range, text: &str, encoding: Encoding) -> Result<(), EditError> {
        let Range { start, end } = range;
        if end < start {
            return Err(EditError::Reversed { start, end });
        }
        let (from, to) = (self.edge(start, encoding)?, self.edge(end, encoding)?);
        check_length(self.len_bytes() - (to - from) + text.len())?;
        let (from, to) = (self.rope.byte_to_char(from), self.rope.byte_to_char(to));
        self.rope.remove(from..to);
        self.rope.insert(from, text);
        Ok(())
    }

    fn edge(&self, position: Position, encoding: Encoding) -> Result<usize, EditError> {
        match self.place(position, encoding) {
            None => Ok(self.len_bytes()),
            Some(Place { splits: true, .. }) => Err(EditError::SplitsCharacter { position, encoding }),
            Some(Place { byte, .. }) => Ok(byte),
        }
    }
}

fn check_length(bytes: usize) -> Result<(), EditError> {
    if bytes > MAX_BYTES { Err(EditError::TooLarge { bytes, limit: MAX_BYTES }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
