//! Bytes to lines, bounded. The same bytes give the same lines however they are split into chunks.

/// The longest line, in bytes without its end.
pub(crate) const MAX_LINE: usize = 1024 * 1024;
/// The largest message of a stream, in bytes.
pub(crate) const MAX_EVENT: usize = 8 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A piece of a stream that is larger than any honest server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooLong {
    /// A line.
    #[error("a line of more than 1 MiB")]
    Line,
    /// A message made of many lines, or an answer in one piece.
    #[error("a message of more than 8 MiB")]
    Event,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// LF, CR or CRLF.
    Any,
    /// LF, with a CR before it dropped.
    Feed,
}

/// Cuts a stream of bytes into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    ends: Ends,
    /// The unfinished line.
    pending: Vec<u8>,
    /// The last byte was a CR that ended a line: a LF right behind it belongs to it.
    after_return: bool,
    /// A line has been given: a byte order mark counts only in front of the first.
    started: bool,
}

impl Lines {
    pub(crate) fn new(ends: Ends) -> Self {
        Self { ends, pending: Vec::new(), after_return: false, started: false }
    }

    /// Takes the next `bytes` and gives each finished line, without its end, to `each`.
    pub(crate) fn feed<E: From<TooLong>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|&b| b == b'\n' || (b == b'\r' && self.ends == Ends::Any)) else {
                return self.hold(bytes).map_err(E::from);
            };
            self.after_return = bytes[end] == b'\r';
            if self.pending.is_empty() {
                // The usual case: the whole line lies in this chunk and is not copied.
                let line = trim(self.ends, &bytes[..end]);
                let line = first(&mut self.started, line);
                check(line.len())?;
                each(line)?;
            } else {
                self.hold(&bytes[..end])?;
                let pending = std::mem::take(&mut self.pending);
                let line = first(&mut self.started, trim(self.ends, &pending));
                check(line.len())?;
                each(line)?;
                self.pending = pending;
                self.pending.clear();
            }
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The last line, when the stream ended without a line end.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let pending = std::mem::take(&mut self.pending);
        let line = first(&mut self.started, trim(self.ends, &pending));
        (!line.is_empty() && line.len() <= MAX_LINE).then(|| line.to_vec())
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.pending.extend_from_slice(bytes);
        // What `trim` and `first` may still take off does not count.
        if self.pending.len() > MAX_LINE + BYTE_ORDER_MARK.len() + 1 { Err(TooLong::Line) } else { Ok(()) }
    }
}

fn check(length: usize) -> Result<(), TooLong> {
    if length > MAX_LINE { Err(TooLong::Line) } else { Ok(()) }
}

fn trim(ends: Ends, line: &[u8]) -> &[u8] {
    match line {
        [head @ .., b'\r'] if ends == Ends::Feed => head,
        _ => line,
    }
}

fn first<'a>(started: &mut bool, line: &'a [u8]) -> &'a [u8] {
    if std::mem::replace(started, true) { line } else { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Cut = (Vec<Vec<u8>>, Result<(), TooLong>, Option<Vec<u8>>);

    fn lines(ends: Ends, chunks: &[&[u8]]) -> Cut {
        let mut splitter = Lines::new(ends);
        let mut out = Vec::new();
        for chunk in chunks {
            let fed = splitter.feed(chunk, |line| {
                out.push(line.to_vec());
                Ok::<(), TooLong>(())
            });
            if fed.is_err() {
                return (out, fed, None);
            }
        }
        let rest = splitter.rest();
        (out, Ok(()), rest)
    }

    #[test]
    fn all_three_line_ends_end_a_line() {
        let (out, _, rest) = lines(Ends::Any, &[b"\xEF\xBB\xBFa\nb\r", b"\nc\rd\r\n\r\ne"]);
        assert_eq!(out, [&b"a"[..], b"b", b"c", b"d", b""]);
        assert_eq!(rest.as_deref(), Some(&b"e"[..]));
        let (out, _, rest) = lines(Ends::Feed, &[b"a\rb\r\n", b"c\r"]);
        assert_eq!(out, [b"a\rb"]);
        assert_eq!(rest.as_deref(), Some(&b"c"[..]));
    }

    #[test]
    fn a_line_of_the_limit_passes_and_one_byte_more_does_not() {
        let mut text = vec![b'x'; MAX_LINE];
        text.push(b'\n');
        assert_eq!(lines(Ends::Any, &[&text]).1, Ok(()));
        text.insert(0, b'x');
        assert_eq!(lines(Ends::Any, &[&text]).1, Err(TooLong::Line));
        assert_eq!(lines(Ends::Any, &[&text[..1000], &text[1000..]]).1, Err(TooLong::Line));
        let endless = vec![b'x'; 64 * 1024];
        assert_eq!(lines(Ends::Any, &vec![&endless[..]; 40]).1, Err(TooLong::Line));
    }

    proptest! {
        #[test]
        fn the_same_lines_come_of_every_split(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), Just(0xEF), Just(0xBB), Just(0xBF)], 0..60),
            cuts in proptest::collection::vec(0usize..60, 0..8),
            any_end in any::<bool>(),
        ) {
            let ends = if any_end { Ends::Any } else { Ends::Feed };
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            prop_assert_eq!(lines(ends, &chunks), lines(ends, &[&bytes]));
        }
    }
}
