//! Server-sent events, bounded: bytes in, `(name, data)` out, as the HTML standard reads them.
//!
//! Identifiers and reconnection times are ignored, because an answer is never resumed. One deviation: `error:`, in which
//! older llama.cpp servers report a failure, is read like `data:` of an event named `error`.

use crate::lines::{Ends, Lines, MAX_EVENT, TooLong};

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// The `event` field, empty when there was none.
    pub(crate) name: &'a str,
    /// The `data` lines, joined by line feeds.
    pub(crate) data: &'a str,
    /// Whether bytes that are not UTF-8 were replaced.
    pub(crate) replaced: bool,
}

/// Decodes one stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    lines: Lines,
    building: Building,
}

/// The event whose lines are coming in.
#[derive(Debug, Default)]
struct Building {
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self { lines: Lines::new(Ends::Any), building: Building::default() }
    }

    /// Takes the next `bytes` and gives each finished event to `each`.
    pub(crate) fn feed<E: From<TooLong>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let building = &mut self.building;
        self.lines.feed(bytes, |line| {
            if line.is_empty() { building.dispatch(&mut each) } else { building.field(line).map_err(E::from) }
        })
    }

    /// What stood at the end without the empty line that finishes an event: some servers leave it out after their last one.
    pub(crate) fn finish<E: From<TooLong>>(
        &mut self,
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(line) = self.lines.rest() {
            self.building.field(&line)?;
        }
        self.building.dispatch(&mut each)
    }
}

impl Building {
    fn field(&mut self, line: &[u8]) -> Result<(), TooLong> {
        let colon = line.iter().position(|&b| b == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => self.data(value),
            b"error" => {
                b"error"[..].clone_into(&mut self.name);
                self.data(value)
            }
            b"event" => {
                value.clone_into(&mut self.name);
                Ok(())
            }
            // A comment (no name), `id`, `retry`, or something newer.
            _ => Ok(()),
        }
    }

    fn data(&mut self, value: &[u8]) -> Result<(), TooLong> {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        if self.data.len() > MAX_EVENT { Err(TooLong::Event) } else { Ok(()) }
    }

    fn dispatch<E>(&mut self, each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let given = if self.data.is_empty() {
            Ok(())
        } else {
            let data = String::from_utf8_lossy(&self.data);
            let replaced = matches!(data, std::borrow::Cow::Owned(_));
            each(Event { name: &String::from_utf8_lossy(&self.name), data: &data, replaced })
        };
        self.name.clear();
        self.data.clear();
        self.has_data = false;
        given
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = Vec<(String, String, bool)>;

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Seen, TooLong> {
        let mut decoder = Decoder::new();
        let mut seen = Seen::new();
        let mut each = |event: Event<'_>| {
            seen.push((event.name.to_owned(), event.data.to_owned(), event.replaced));
            Ok::<(), TooLong>(())
        };
        for chunk in chunks {
            decoder.feed(chunk, &mut each)?;
        }
        decoder.finish(&mut each)?;
        Ok(seen)
    }

    fn data(text: &str) -> Vec<String> {
        decode([text.as_bytes()]).unwrap().into_iter().map(|(_, data, _)| data).collect()
    }

    #[test]
    fn fields_are_read_as_the_standard_says() {
        assert_eq!(data("data: a\n\ndata:b\n\ndata:  c\n\n"), ["a", "b", " c"]);
        assert_eq!(data(": ping\n\nid: 1\nretry: 5\ndata: a\nother: x\n\n"), ["a"]);
        assert_eq!(data("data: a\ndata\ndata: b\n\n"), ["a\n\nb"]);
        assert_eq!(data("data:\n\nevent: x\n\n"), Vec::<String>::new());
        assert_eq!(data("\u{feff}data: a\r\rdata: b\r\n\r\ndata: [DONE]"), ["a", "b", "[DONE]"]);
    }

    #[test]
    fn an_event_keeps_its_name_and_the_next_has_none() {
        let seen = decode([&b"event: error\ndata: x\n\ndata: y\n\nerror: z\n\n"[..]]).unwrap();
        let names: Vec<_> = seen.iter().map(|(name, data, _)| (name.as_str(), data.as_str())).collect();
        assert_eq!(names, [("error", "x"), ("", "y"), ("error", "z")]);
    }

    #[test]
    fn bytes_that_are_not_text_are_replaced_and_flagged() {
        let seen = decode([&b"data: a\xFFb\n\ndata: \xE6\x97\xA5\n\n"[..]]).unwrap();
        assert_eq!(seen, [(String::new(), "a\u{FFFD}b".into(), true), (String::new(), "日".into(), false)]);
    }

    #[test]
    fn an_event_of_many_lines_is_bounded() {
        let line = [&b"data: "[..], &vec![b'x'; 512 * 1024], b"\n"].concat();
        assert_eq!(decode(std::iter::repeat_n(&line[..], 20)), Err(TooLong::Event));
    }

    proptest! {
        #[test]
        fn the_same_events_come_of_every_split(
            text in "(data: ?|event: ?|: ?|error:|[a-zé日🦀]|\r|\n|\r\n){0,40}",
            size in 1usize..9,
        ) {
            let whole = decode([text.as_bytes()]);
            prop_assert_eq!(&whole, &decode(text.as_bytes().chunks(size)));
            prop_assert!(whole.unwrap().iter().all(|(_, _, replaced)| !replaced));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), size in 1usize..9) {
            prop_assert_eq!(decode([&bytes[..]]), decode(bytes.chunks(size)));
        }
    }
}
