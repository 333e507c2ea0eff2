//! What a file's bytes are: text that is worth reading, or something else.

/// How far into a file a NUL byte makes it binary.
const BINARY_PROBE_BYTES: usize = 8 << 10;

/// A line longer than this, in characters, is not written by a person.
const LONGEST_LINE_CHARS: usize = 10_000;

/// Why bytes are not a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotText {
    /// A NUL byte near the start.
    Binary,
    /// Not UTF-8.
    Encoding,
}

/// The text that `bytes` are.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    if bytes.iter().take(BINARY_PROBE_BYTES).any(|&byte| byte == 0) {
        return Err(NotText::Binary);
    }
    String::from_utf8(bytes).map_err(|_| NotText::Encoding)
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
    fn bytes_are_text_unless_binary_or_not_utf_8() {
        for (bytes, expected) in [
            (b"fn main() {}".to_vec(), Ok("fn main() {}".to_owned())),
            (b"".to_vec(), Ok(String::new())),
            (b"\x7fELF\x00\x01".to_vec(), Err(NotText::Binary)),
            (b"caf\xe9".to_vec(), Err(NotText::Encoding)),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }

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
