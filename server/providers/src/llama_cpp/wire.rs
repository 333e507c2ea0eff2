//! The messages of llama.cpp's own `/completion` and `/infill`. Its chat speaks the OpenAI wire.

use aside_model::{EndReason, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    exchange::{Events, Fault, Wire},
    status,
};

/// The body of `/infill`: the server builds the prompt of whatever model it has loaded.
#[derive(Serialize)]
pub(crate) struct InfillBody<'a> {
    pub(crate) input_prefix: &'a str,
    pub(crate) input_suffix: &'a str,
    pub(crate) input_extra: Vec<Extra<'a>>,
    /// Where the server has several models, the one to take.
    pub(crate) model: &'a str,
    pub(crate) prompt: &'a str,
    #[serde(flatten)]
    pub(crate) sampling: Sampling<'a>,
}

#[derive(Serialize)]
pub(crate) struct Extra<'a> {
    pub(crate) filename: &'a str,
    pub(crate) text: &'a str,
}

/// The body of `/completion`.
#[derive(Serialize)]
pub(crate) struct CompletionBody<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) model: &'a str,
    #[serde(flatten)]
    pub(crate) sampling: Sampling<'a>,
}

#[derive(Serialize)]
pub(crate) struct Sampling<'a> {
    n_predict: u32,
    stream: bool,
    /// The next request shares most of this one's prompt.
    cache_prompt: bool,
    temperature: f32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
}

impl<'a> Sampling<'a> {
    pub(crate) fn new(max_tokens: u32, stop: &'a [String]) -> Self {
        Self { n_predict: max_tokens, stream: true, cache_prompt: true, temperature: 0.0, stop }
    }
}

#[derive(Deserialize)]
struct Chunk {
    content: Option<String>,
    stop: Option<bool>,
    stop_type: Option<String>,
    /// Servers before 2025 say it so.
    #[serde(default)]
    stopped_limit: bool,
    tokens_evaluated: Option<u64>,
    tokens_predicted: Option<u64>,
    timings: Option<Timings>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Timings {
    /// Tokens of the prompt that were in the cache.
    cache_n: Option<u64>,
}

/// Reads one answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    ended: Option<EndReason>,
}

impl Wire for Reader {
    fn message(&mut self, name: &str, data: &str, events: &mut Events) -> Result<bool, Fault> {
        if name == "error" {
            return Err(Fault::Reported(status::report(data)));
        }
        if data.trim() == "[DONE]" {
            return Ok(true);
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| Fault::Unreadable)?;
        if !chunk.error.is_null() {
            return Err(Fault::Reported(status::report(data)));
        }
        let known = chunk.content.is_some() && chunk.stop.is_some();
        events.text(chunk.content.unwrap_or_default());
        if chunk.stop == Some(true) {
            if let Some(input) = chunk.tokens_evaluated {
                events.usage(Usage {
                    input_tokens: input,
                    output_tokens: chunk.tokens_predicted.unwrap_or(0),
                    cached_tokens: chunk.timings.and_then(|timings| timings.cache_n).unwrap_or(0),
                });
            }
            let length = chunk.stopped_limit || chunk.stop_type.as_deref() == Some("limit");
            self.ended = Some(if length { EndReason::Length } else { EndReason::Complete });
        }
        Ok(known)
    }

    fn ended(&self) -> Option<EndReason> {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use aside_model::StreamEvent;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_ends_at_its_stop_with_the_reason() {
        for (last, reason) in [
            (json!({"content":"","stop":true,"stop_type":"eos"}), EndReason::Complete),
            (json!({"content":"","stop":true,"stop_type":"word","stopping_word":"\n"}), EndReason::Complete),
            (json!({"content":"","stop":true,"stop_type":"limit"}), EndReason::Length),
            (json!({"content":"","stop":true,"stopped_limit":true}), EndReason::Length),
        ] {
            let mut reader = Reader::default();
            let mut events = Events::default();
            let first = json!({"content":"a","stop":false,"tokens":[1]}).to_string();
            assert_eq!(reader.message("", &first, &mut events), Ok(true));
            assert_eq!(reader.ended(), None);
            assert_eq!(reader.message("", &last.to_string(), &mut events), Ok(true));
            assert_eq!((events.take(), reader.ended()), (vec![StreamEvent::Text("a".into())], Some(reason)));
        }
    }

    #[test]
    fn an_error_in_its_own_field_or_in_the_data_is_a_report() {
        for (name, data) in
            [("error", r#"{"code":500,"message":"m"}"#), ("", r#"{"error":{"code":500,"message":"m"}}"#)]
        {
            let fault = Reader::default().message(name, data, &mut Events::default());
            assert!(matches!(fault, Err(Fault::Reported(report)) if report.message == "m"), "{data}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r#"(\{|\}|"content"|"stop"|"error"|true|:|,|null|1|"a"){0,30}"#, any in any::<String>()) {
            let _ = Reader::default().message("", &text, &mut Events::default());
            let _ = Reader::default().message("", &any, &mut Events::default());
        }
    }
}
