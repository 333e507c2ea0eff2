//! What all fills share: turning a model's raw answer into nothing but the text of the hole, and a second way where a
//! server turns out unable to go the first.

pub(crate) mod filter;
pub(crate) mod hole;
pub(crate) mod prompt;

use aside_model::{EndReason, EventStream, FillRequest, ModelError, StreamEvent};
use futures_util::{StreamExt, stream};

use crate::{
    families::{self, Family},
    fill::filter::Filter,
};

/// The most bytes of one fill.
const MOST: usize = 64 * 1024;

/// Takes the pieces of a raw answer, gives what belongs in the hole. The same answer gives the same text however it is split.
pub(crate) trait Shape: Send + 'static {
    /// Takes the next piece and adds to `out` what is certain. `true` when the rest of the answer is of no use.
    fn push(&mut self, piece: &str, out: &mut String) -> bool;

    /// The answer ended for `reason`: adds what was held back.
    fn finish(&mut self, reason: EndReason, out: &mut String);
}

/// How a provider and a model fill.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// We write the prompt.
    Family(&'static Family),
    /// The server writes it.
    Server,
    /// A chat model is asked for the hole's text.
    Chat,
}

/// The way for `model`: the setting `fim` where there is one, else its family, else `otherwise`. The error is a sentence.
pub(crate) fn way(fim: Option<&str>, model: &str, otherwise: Way) -> Result<Way, String> {
    match fim {
        None => Ok(families::by_model(model).map_or(otherwise, Way::Family)),
        Some("chat") => Ok(Way::Chat),
        Some("server") => Ok(Way::Server),
        Some(name) => families::by_name(name).map(Way::Family).ok_or_else(|| {
            let known: Vec<&str> = families::names().collect();
            format!("has `fim = \"{name}\"`, which is not known: write `chat`, `server` or one of {}", known.join(", "))
        }),
    }
}

/// The texts at which a fill is cut and that are asked for as stops: at most four in all, because some servers refuse more.
pub(crate) fn stops(request: &FillRequest, family: Option<&Family>) -> Vec<String> {
    let line_end = request.single_line.then_some("\n");
    let family = family.into_iter().flat_map(|family| &family.stops).map(String::as_str);
    line_end.into_iter().chain(family).take(4).map(str::to_owned).collect()
}

/// The filter for a raw answer to `request`.
pub(crate) fn filter(request: &FillRequest, family: Option<&'static Family>) -> Box<dyn Shape> {
    Box::new(Filter::new(family, request.single_line))
}

/// `answer` with its text shaped. When the shape has enough, the connection is closed and the fill is complete.
pub(crate) fn shaped(answer: EventStream, shape: Box<dyn Shape>) -> EventStream {
    let state = Shaping { answer, shape, given: 0, last: None };
    stream::unfold(Some(state), |state| async move { state?.next().await }).boxed()
}

struct Shaping {
    answer: EventStream,
    shape: Box<dyn Shape>,
    given: usize,
    /// What follows the text just given.
    last: Option<EndReason>,
}

impl Shaping {
    async fn next(mut self) -> Option<(Result<StreamEvent, ModelError>, Option<Self>)> {
        if let Some(reason) = self.last {
            return Some((Ok(StreamEvent::End(reason)), None));
        }
        loop {
            let mut out = String::new();
            let end = match self.answer.next().await? {
                Ok(StreamEvent::Text(piece)) => self.shape.push(&piece, &mut out).then_some(EndReason::Complete),
                Ok(StreamEvent::End(reason)) => {
                    self.shape.finish(reason, &mut out);
                    Some(reason)
                }
                other => return Some((other, Some(self))),
            };
            self.given += out.len();
            let end = end.or((self.given > MOST).then_some(EndReason::Length));
            match (out.is_empty(), end) {
                (true, None) => {}
                (true, Some(reason)) => return Some((Ok(StreamEvent::End(reason)), None)),
                (false, end) => {
                    if end.is_some() {
                        // Closes the connection now, not when the caller comes back.
                        self.answer = stream::empty().boxed();
                    }
                    self.last = end;
                    return Some((Ok(StreamEvent::Text(out)), Some(self)));
                }
            }
        }
    }
}

/// `first`, or `second` when `first` brings nothing but an error for which `second` is the remedy.
pub(crate) fn or_else(
    first: EventStream,
    second: impl FnOnce(&ModelError) -> Option<EventStream> + Send + 'static,
) -> EventStream {
    let first = first.into_future();
    stream::once(async move {
        let (head, rest) = first.await;
        match head {
            Some(Err(error)) => second(&error).unwrap_or_else(|| aside_model::failed(error)),
            head => stream::iter(head).chain(rest).boxed(),
        }
    })
    .flatten()
    .boxed()
}

#[cfg(test)]
mod tests {
    use aside_model::{ErrorKind, failed};

    use super::*;

    fn answer(events: Vec<StreamEvent>) -> EventStream {
        stream::iter(events.into_iter().map(Ok)).boxed()
    }

    fn text(text: &str) -> StreamEvent {
        StreamEvent::Text(text.into())
    }

    fn request(single_line: bool) -> FillRequest {
        FillRequest { single_line, ..FillRequest::default() }
    }

    #[tokio::test]
    async fn a_fill_ends_where_the_shape_has_enough() {
        let raw = answer(vec![text("a("), text(")\nb"), text("c")]).chain(stream::pending()).boxed();
        let events: Vec<_> = shaped(raw, filter(&request(true), None)).collect().await;
        assert_eq!(events, [Ok(text("a(")), Ok(text(")")), Ok(StreamEvent::End(EndReason::Complete))]);
    }

    #[tokio::test]
    async fn what_was_held_back_comes_before_the_end() {
        let family = families::by_name("qwen-coder");
        let raw = answer(vec![text("a <|fim"), StreamEvent::End(EndReason::Length)]);
        let events: Vec<_> = shaped(raw, filter(&request(false), family)).collect().await;
        assert_eq!(events, [Ok(text("a ")), Ok(text("<|fim")), Ok(StreamEvent::End(EndReason::Length))]);
    }

    #[tokio::test]
    async fn an_endless_fill_is_cut() {
        let raw = stream::repeat_with(|| Ok(text(&"x".repeat(10_000)))).boxed();
        let events: Vec<_> = shaped(raw, filter(&request(false), None)).collect().await;
        assert_eq!(events.last(), Some(&Ok(StreamEvent::End(EndReason::Length))));
    }

    #[tokio::test]
    async fn the_second_way_is_gone_only_for_its_error_and_before_any_text() {
        let error = |kind| ModelError::new(kind, "p", "m");
        let remedy = |error: &ModelError| (error.kind == ErrorKind::Provider).then(|| answer(vec![text("second")]));
        let second: Vec<_> = or_else(failed(error(ErrorKind::Provider)), remedy).collect().await;
        assert_eq!(second, [Ok(text("second"))]);
        let other: Vec<_> = or_else(failed(error(ErrorKind::Auth)), remedy).collect().await;
        assert_eq!(other, [Err(error(ErrorKind::Auth))]);
        let late = answer(vec![text("a")]).chain(failed(error(ErrorKind::Provider))).boxed();
        let late: Vec<_> = or_else(late, remedy).collect().await;
        assert_eq!(late, [Ok(text("a")), Err(error(ErrorKind::Provider))]);
    }

    #[test]
    fn the_setting_stands_above_the_name_and_an_unknown_one_is_refused() {
        let name = |way| match way {
            Ok(Way::Family(family)) => family.name.clone(),
            Ok(Way::Server) => "server".into(),
            Ok(Way::Chat) => "chat".into(),
            Err(error) => error,
        };
        assert_eq!(name(way(None, "qwen2.5-coder", Way::Chat)), "qwen-coder");
        assert_eq!(name(way(None, "llama3", Way::Chat)), "chat");
        assert_eq!(name(way(Some("codellama"), "qwen2.5-coder", Way::Chat)), "codellama");
        assert_eq!(name(way(Some("server"), "qwen2.5-coder", Way::Chat)), "server");
        assert!(name(way(Some("qwen"), "m", Way::Chat)).contains("one of starcoder, qwen-coder"));
    }

    #[test]
    fn at_most_four_stops_are_sent_the_line_end_first() {
        let family = families::by_name("qwen-coder");
        assert_eq!(stops(&request(true), family), ["\n", "<|endoftext|>", "<|file_sep|>", "<|fim_prefix|>"]);
        assert_eq!(stops(&request(false), family).len(), 4);
        assert!(stops(&request(false), None).is_empty());
    }
}
