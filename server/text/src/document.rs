//! One version of one open document: who it is, what it says, and which texts are declined.
//!
//! Places, lines, windows and edits are in files of their own; all of them read the rope kept here.

use std::{fmt, ops, sync::Arc};

use ropey::Rope;

/// The longest text a document may have, in bytes: 32 MiB.
pub const MAX_BYTES: usize = 32 << 20;

/// How far into a text a NUL byte makes it binary.
const BINARY_PROBE_BYTES: usize = 8 << 10;

/// An immutable snapshot of one version of a document.
///
/// A clone costs a few reference counts whatever the size; an edit gives a new snapshot and leaves this one as it is.
#[derive(Clone)]
pub struct Document {
    uri: Arc<str>,
    language: Arc<str>,
    version: i32,
    pub(crate) rope: Rope,
}

/// Why a text is not opened as a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// Longer than [`MAX_BYTES`].
    #[error("the document has {bytes} bytes, the limit is {limit}; open a smaller file, or attach a part of this one")]
    TooLarge {
        /// Length of the text.
        bytes: usize,
        /// The longest text that is opened.
        limit: usize,
    },
    /// A NUL byte within the first 8 KiB.
    #[error("the document is binary (a NUL byte near its start); open it in an editor for binary files")]
    Binary,
}

impl Document {
    /// Opens `text` as `version` of the document `uri`, written in `language` (the editor's identifier for it).
    ///
    /// # Errors
    /// [`Declined`] when the text is longer than [`MAX_BYTES`] or binary.
    pub fn open(uri: &str, language: &str, version: i32, text: &str) -> Result<Self, Declined> {
        if text.len() > MAX_BYTES {
            return Err(Declined::TooLarge { bytes: text.len(), limit: MAX_BYTES });
        }
        if text.as_bytes().iter().take(BINARY_PROBE_BYTES).any(|&byte| byte == 0) {
            return Err(Declined::Binary);
        }
        Ok(Self { uri: uri.into(), language: language.into(), version, rope: Rope::from_str(text) })
    }

    /// The same document with another text.
    pub(crate) fn next(&self, version: i32, rope: Rope) -> Self {
        Self { uri: Arc::clone(&self.uri), language: Arc::clone(&self.language), version, rope }
    }

    /// The document's address, as the editor wrote it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The editor's identifier of the language, such as `rust`.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The editor's number of this version.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Length in bytes of UTF-8.
    pub fn len_bytes(&self) -> usize {
        self.rope.len_bytes()
    }

    /// The whole text. Copies it: prefer [`Document::window`] and [`Document::slice`].
    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// The text of a byte range. Its ends are clamped to the document and moved back to the start of a character they
    /// would split; a reversed range is empty.
    pub fn slice(&self, bytes: ops::Range<usize>) -> String {
        let (start, end) = (self.floor(bytes.start), self.floor(bytes.end));
        if start >= end {
            return String::new();
        }
        // Chunk by chunk: a `RopeSlice` would first count the characters and lines in it.
        let (chunks, mut at, ..) = self.rope.chunks_at_byte(start);
        let mut text = String::with_capacity(end - start);
        for chunk in chunks {
            text.push_str(&chunk[start.saturating_sub(at)..chunk.len().min(end - at)]);
            at += chunk.len();
            if at >= end {
                break;
            }
        }
        text
    }

    /// The byte at an offset; `None` past the end.
    pub fn byte_at(&self, byte: usize) -> Option<u8> {
        self.rope.get_byte(byte)
    }

    /// The character that ends at `byte`; `None` at the start. An offset inside a character counts as its start.
    pub fn char_before(&self, byte: usize) -> Option<char> {
        let after = self.char_index(byte);
        after.checked_sub(1).map(|index| self.rope.char(index))
    }

    /// The character that starts at `byte`; `None` at the end. An offset inside a character counts as its start.
    pub fn char_at(&self, byte: usize) -> Option<char> {
        self.rope.get_char(self.char_index(byte))
    }

    /// Whether both say the same, whatever their names and versions.
    pub fn same_text(&self, other: &Self) -> bool {
        self.rope.is_instance(&other.rope) || self.rope == other.rope
    }

    /// `byte` clamped to the text and moved back to the start of a character it would split.
    pub(crate) fn floor(&self, byte: usize) -> usize {
        let byte = byte.min(self.rope.len_bytes());
        let (chunk, start, ..) = self.rope.chunk_at_byte(byte);
        start + chunk.floor_char_boundary(byte - start)
    }

    /// As [`Self::floor`], and also moved back out of the middle of a `\r\n`, which no place in an editor can name.
    pub(crate) fn floor_outside_crlf(&self, byte: usize) -> usize {
        let byte = self.floor(byte);
        if self.splits_crlf(byte) { byte - 1 } else { byte }
    }

    /// Whether `byte` lies between a `\r` and its `\n`.
    pub(crate) fn splits_crlf(&self, byte: usize) -> bool {
        byte > 0 && self.byte_at(byte) == Some(b'\n') && self.byte_at(byte - 1) == Some(b'\r')
    }

    fn char_index(&self, byte: usize) -> usize {
        self.rope.byte_to_char(byte.min(self.rope.len_bytes()))
    }
}

/// Names the document and its size, never its text: this ends up in logs.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("uri", &self.uri)
            .field("language", &self.language)
            .field("version", &self.version)
            .field("bytes", &self.len_bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
