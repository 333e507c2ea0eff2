//! The messages of Ollama's own API.

use aside_model::{ChatRequest, EndReason, Role, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    exchange::{Events, Fault, Wire},
    status,
};

/// The smallest context that is asked for. Ollama's own default is smaller than a file's neighbourhood, and it cuts silently.
const LEAST_CONTEXT: u64 = 8192;
const MOST_CONTEXT: u64 = 131_072;
/// Room for an answer without a limit.
const USUAL_ANSWER: u32 = 4096;

#[derive(Serialize)]
pub(crate) struct ChatBody<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    stream: bool,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: Role,
    content: &'a str,
}

#[derive(Serialize)]
pub(crate) struct GenerateBody<'a> {
    pub(crate) model: &'a str,
    pub(crate) prompt: &'a str,
    /// The text behind the hole, where the server builds the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<&'a str>,
    /// The prompt is complete; no template is put round it.
    pub(crate) raw: bool,
    pub(crate) stream: bool,
    pub(crate) options: Options<'a>,
}

#[derive(Serialize)]
pub(crate) struct Options<'a> {
    num_ctx: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
}

impl<'a> Options<'a> {
    /// Options of a fill whose prompt has `bytes`.
    pub(crate) fn fill(bytes: usize, max_tokens: u32, stop: &'a [String]) -> Self {
        Self { num_ctx: context(bytes, max_tokens), num_predict: Some(max_tokens), temperature: Some(0.0), stop }
    }
}

impl<'a> ChatBody<'a> {
    pub(crate) fn new(request: &'a ChatRequest) -> Self {
        let bytes = request.messages.iter().map(|message| message.text.len() + 16).sum();
        Self {
            model: &request.model,
            messages: request
                .messages
                .iter()
                .map(|message| Said { role: message.role, content: &message.text })
                .collect(),
            stream: true,
            options: Options {
                num_ctx: context(bytes, request.max_tokens.unwrap_or(USUAL_ANSWER)),
                num_predict: request.max_tokens,
                temperature: request.temperature,
                stop: &[],
            },
        }
    }
}

/// Tokens to make room for: three bytes each, in powers of two, because every change makes Ollama load the model again.
fn context(bytes: usize, max_tokens: u32) -> u64 {
    let tokens = bytes as u64 / 3 + u64::from(max_tokens);
    tokens.clamp(LEAST_CONTEXT, MOST_CONTEXT).next_power_of_two()
}

#[derive(Deserialize)]
struct Line {
    message: Option<Answered>,
    response: Option<String>,
    thinking: Option<String>,
    done: Option<bool>,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Answered {
    content: Option<String>,
    thinking: Option<String>,
}

/// Reads one answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    ended: Option<EndReason>,
}

impl Wire for Reader {
    fn message(&mut self, _name: &str, data: &str, events: &mut Events) -> Result<bool, Fault> {
        let line: Line = serde_json::from_str(data).map_err(|_| Fault::Unreadable)?;
        if !line.error.is_null() {
            return Err(Fault::Reported(status::report(data)));
        }
        let known = line.done.is_some();
        if let Some(said) = line.message {
            events.reasoning(said.thinking.unwrap_or_default());
            events.text(said.content.unwrap_or_default());
        }
        events.reasoning(line.thinking.unwrap_or_default());
        events.text(line.response.unwrap_or_default());
        if line.done == Some(true) {
            if line.eval_count.is_some() || line.prompt_eval_count.is_some() {
                events.usage(Usage {
                    // Left out by the server when the whole prompt was in its cache.
                    input_tokens: line.prompt_eval_count.unwrap_or(0),
                    output_tokens: line.eval_count.unwrap_or(0),
                    cached_tokens: 0,
                });
            }
            let length = line.done_reason.as_deref() == Some("length");
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
    use aside_model::{Message, StreamEvent};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn chat_and_generate_lines_are_read_alike() {
        let mut reader = Reader::default();
        let mut events = Events::default();
        for (line, known) in [
            (json!({"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}), true),
            (json!({"message":{"role":"assistant","content":"a"},"done":false}), true),
            (json!({"response":"b","done":false}), true),
            (json!({"status":"pulling"}), false),
            (json!({"done":true,"done_reason":"length","prompt_eval_count":3,"eval_count":2}), true),
        ] {
            assert_eq!(reader.message("", &line.to_string(), &mut events), Ok(known), "{line}");
        }
        assert_eq!(
            events.take(),
            [
                StreamEvent::Reasoning("hm".into()),
                StreamEvent::Text("ab".into()),
                StreamEvent::Usage(Usage { input_tokens: 3, output_tokens: 2, cached_tokens: 0 })
            ]
        );
        assert_eq!(reader.ended(), Some(EndReason::Length));
    }

    #[test]
    fn an_error_line_is_a_report() {
        let fault = Reader::default().message("", r#"{"error":"runner stopped"}"#, &mut Events::default());
        assert!(matches!(fault, Err(Fault::Reported(report)) if report.message == "runner stopped"));
    }

    #[test]
    fn the_context_has_room_for_the_request_and_rarely_changes() {
        assert_eq!(context(100, 128), 8192);
        assert_eq!(context(8192 * 3 - 384, 128), 8192);
        assert_eq!(context(8192 * 3, 128), 16_384);
        assert_eq!(context(usize::MAX / 2, u32::MAX), 131_072);
        let request = ChatRequest {
            model: "m".into(),
            messages: vec![Message::new(Role::User, "hi")],
            max_tokens: Some(7),
            ..ChatRequest::default()
        };
        assert_eq!(
            serde_json::to_value(ChatBody::new(&request)).unwrap(),
            json!({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"options":{"num_ctx":8192,"num_predict":7}})
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r#"(\{|\}|"message"|"error"|"done"|"content"|true|:|,|null|1|"a"){0,30}"#, any in any::<String>()) {
            let _ = Reader::default().message("", &text, &mut Events::default());
            let _ = Reader::default().message("", &any, &mut Events::default());
        }
    }
}
