//! Newline-delimited JSON, bounded: bytes in, one text per line out. It does not parse the JSON.

use std::borrow::Cow;

use crate::lines::{Ends, Lines, TooLong};

/// Decodes one stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    lines: Lines,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self { lines: Lines::new(Ends::Feed) }
    }

    /// Takes the next `bytes` and gives each finished line that is not blank to `each`, with whether bytes that are not
    /// UTF-8 were replaced in it.
    pub(crate) fn feed<E: From<TooLong>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&str, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        self.lines.feed(bytes, |line| give(line, &mut each))
    }

    /// The last line, when the stream ended without a line end.
    pub(crate) fn finish<E>(&mut self, mut each: impl FnMut(&str, bool) -> Result<(), E>) -> Result<(), E> {
        self.lines.rest().map_or(Ok(()), |line| give(&line, &mut each))
    }
}

fn give<E>(line: &[u8], each: &mut impl FnMut(&str, bool) -> Result<(), E>) -> Result<(), E> {
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(line);
    each(&text, matches!(text, Cow::Owned(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, bool)> {
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        let mut each = |text: &str, replaced| {
            seen.push((text.to_owned(), replaced));
            Ok::<(), TooLong>(())
        };
        for chunk in chunks {
            decoder.feed(chunk, &mut each).unwrap();
        }
        decoder.finish(&mut each).unwrap();
        seen
    }

    #[test]
    fn blank_lines_are_skipped_and_the_last_line_needs_no_end() {
        let seen = decode([&b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"b\":2}"[..]]);
        assert_eq!(seen, [("{\"a\":1}".to_owned(), false), ("{\"b\":2}".to_owned(), false)]);
    }

    proptest! {
        #[test]
        fn the_same_lines_come_of_every_split(bytes in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..7) {
            prop_assert_eq!(decode([&bytes[..]]), decode(bytes.chunks(size)));
        }
    }
}
