//! The three ways in which messages stand in a body: events, lines, or the body as one message.

use crate::{
    exchange::Fault,
    lines::{MAX_EVENT, TooLong},
    ndjson, sse,
};

/// How a dialect streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Server-sent events.
    Events,
    /// One JSON text per line.
    Lines,
}

impl Style {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }
}

/// Cuts one body into messages: `(event name, text, whether bytes were replaced)`.
pub(crate) enum Framing {
    Events(sse::Decoder),
    Lines(ndjson::Decoder),
    Whole(Vec<u8>),
}

impl Framing {
    pub(crate) fn new(style: Style) -> Self {
        match style {
            Style::Events => Self::Events(sse::Decoder::new()),
            Style::Lines => Self::Lines(ndjson::Decoder::new()),
        }
    }

    pub(crate) fn whole() -> Self {
        Self::Whole(Vec::new())
    }

    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&str, &str, bool) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self {
            Self::Events(decoder) => decoder.feed(bytes, |event| each(event.name, event.data, event.replaced)),
            Self::Lines(decoder) => decoder.feed(bytes, |text, replaced| each("", text, replaced)),
            Self::Whole(body) if body.len() + bytes.len() > MAX_EVENT => Err(TooLong::Event.into()),
            Self::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    pub(crate) fn finish(&mut self, mut each: impl FnMut(&str, &str, bool) -> Result<(), Fault>) -> Result<(), Fault> {
        match self {
            Self::Events(decoder) => decoder.finish(|event| each(event.name, event.data, event.replaced)),
            Self::Lines(decoder) => decoder.finish(|text, replaced| each("", text, replaced)),
            Self::Whole(body) => {
                let text = String::from_utf8_lossy(body);
                each("", &text, matches!(text, std::borrow::Cow::Owned(_)))
            }
        }
    }
}
