//! What a file's bytes are: text that is worth reading, or something else.

use std::{
    fs::File,
    io::{self, Read},
    time::SystemTime,
};

/// How far into a file a NUL byte makes it binary.
const BINARY_PROBE_BYTES: u64 = 8 << 10;

/// A line longer than this, in characters, is not written by a person.
const LONGEST_LINE_CHARS: usize = 10_000;

/// The text of a file.
pub(crate) struct Content {
    pub(crate) text: String,
    /// When it was last written, if the file system knows.
    pub(crate) modified: Option<SystemTime>,
}

/// Why a file is not read as text.
#[derive(Debug)]
pub(crate) enum NotText {
    /// A NUL byte near the start.
    Binary,
    /// Not UTF-8.
    Encoding,
    /// At least this many bytes long, which is too much.
    TooLarge(u64),
    /// What the system says.
    Io(io::Error),
}

impl From<io::Error> for NotText {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a file of at most `limit` bytes; of a binary one only the start.
pub(crate) fn read_text(mut file: File, limit: u64) -> Result<Content, NotText> {
    let seen = file.metadata()?;
    if seen.len() > limit {
        return Err(NotText::TooLarge(seen.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(seen.len()).unwrap_or(0));
    file.by_ref().take(BINARY_PROBE_BYTES.min(limit.saturating_add(1))).read_to_end(&mut bytes)?;
    if bytes.contains(&0) {
        return Err(NotText::Binary);
    }
    // It may have grown since, and some file systems say 0 of every file.
    let left = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(left).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(NotText::TooLarge(bytes.len() as u64));
    }
    let text = String::from_utf8(bytes).map_err(|_| NotText::Encoding)?;
    Ok(Content { text, modified: seen.modified().ok() })
}

/// Whether a program wrote `text`: minified code and data have lines that nobody reads.
pub(crate) fn is_generated(text: &str) -> bool {
    let too_long = |line: &str| line.len() > LONGEST_LINE_CHARS && line.chars().count() > LONGEST_LINE_CHARS;
    text.split(['\n', '\r']).any(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_more_than_ten_thousand_characters_is_generated() {
        for (line, generated) in [
            ("x".repeat(10_000), false),
            ("x".repeat(10_001), true),
            ("é".repeat(10_000), false),
            ("x\n".repeat(10_001), false),
        ] {
            assert_eq!(is_generated(&format!("short\n{line}\nshort")), generated, "{} bytes", line.len());
        }
    }
}
