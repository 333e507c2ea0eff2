//! The messages of Anthropic's messages API.

use aside_model::{ChatRequest, EndReason, Role, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    exchange::{Events, Fault, Wire},
    status,
};

/// The wire needs a limit; this one stands where a request has none.
const DEFAULT_MAX_TOKENS: u32 = 4096;

#[derive(Serialize)]
pub(crate) struct MessagesBody<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    messages: Vec<Said<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: Role,
    content: &'a str,
}

impl<'a> MessagesBody<'a> {
    /// The body of `request`: system messages move to the front, empty ones, which the wire refuses, are left out.
    pub(crate) fn new(request: &'a ChatRequest) -> Self {
        let (system, said): (Vec<_>, Vec<_>) = request
            .messages
            .iter()
            .filter(|message| !message.text.trim().is_empty())
            .partition(|message| message.role == Role::System);
        Self {
            model: &request.model,
            max_tokens: request.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS),
            system: system.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n\n"),
            messages: said.iter().map(|message| Said { role: message.role, content: &message.text }).collect(),
            stream: true,
            temperature: request.temperature,
        }
    }
}

#[derive(Deserialize)]
struct Incoming {
    r#type: String,
    message: Option<Start>,
    content_block: Option<Block>,
    delta: Option<Delta>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Block {
    text: Option<String>,
    thinking: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    thinking: Option<String>,
    stop_reason: Option<String>,
}

/// Counts are repeated as they grow; a missing one is unchanged.
#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

/// Reads one answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    stop: Option<EndReason>,
    ended: bool,
    /// Tokens that were sent and not found in the cache, written to it, read from it, and answered.
    counts: [u64; 4],
}

impl Wire for Reader {
    fn message(&mut self, _name: &str, data: &str, events: &mut Events) -> Result<bool, Fault> {
        let incoming: Incoming = match serde_json::from_str(data) {
            Ok(incoming) => incoming,
            Err(_) => return Err(untyped(data)),
        };
        match incoming.r#type.as_str() {
            "message_start" => self.count(incoming.message.and_then(|start| start.usage), events),
            "content_block_start" => {
                if let Some(block) = incoming.content_block {
                    events.reasoning(block.thinking.unwrap_or_default());
                    events.text(block.text.unwrap_or_default());
                }
            }
            "content_block_delta" => {
                if let Some(delta) = incoming.delta {
                    events.reasoning(delta.thinking.unwrap_or_default());
                    events.text(delta.text.unwrap_or_default());
                }
            }
            "message_delta" => {
                let reason = incoming.delta.and_then(|delta| delta.stop_reason);
                self.stop = reason.as_deref().map(stop).or(self.stop);
                self.count(incoming.usage, events);
            }
            "message_stop" => self.ended = true,
            "error" => return Err(Fault::Reported(status::report(data))),
            "ping" | "content_block_stop" => {}
            // The vendor announces that new types will come.
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ended(&self) -> Option<EndReason> {
        self.ended.then(|| self.stop.unwrap_or(EndReason::Complete))
    }
}

/// A message without a type: an error of something in between, or nothing we know.
fn untyped(data: &str) -> Fault {
    match serde_json::from_str::<Value>(data) {
        Ok(value) if value.get("error").is_some() => Fault::Reported(status::of_value(&value)),
        _ => Fault::Unreadable,
    }
}

fn stop(reason: &str) -> EndReason {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => EndReason::Length,
        "refusal" => EndReason::Filtered,
        _ => EndReason::Complete,
    }
}

impl Reader {
    fn count(&mut self, counts: Option<Counts>, events: &mut Events) {
        let Some(counts) = counts else { return };
        let seen = [
            counts.input_tokens,
            counts.cache_creation_input_tokens,
            counts.cache_read_input_tokens,
            counts.output_tokens,
        ];
        for (kept, seen) in self.counts.iter_mut().zip(seen) {
            *kept = seen.unwrap_or(*kept);
        }
        let [fresh, written, cached, output] = self.counts;
        let input = fresh.saturating_add(written).saturating_add(cached);
        events.usage(Usage { input_tokens: input, output_tokens: output, cached_tokens: cached });
    }
}

#[cfg(test)]
mod tests {
    use aside_model::{Message, StreamEvent};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(messages: &[Value]) -> (Vec<StreamEvent>, Option<EndReason>) {
        let mut reader = Reader::default();
        let mut events = Events::default();
        for message in messages {
            reader.message("", &message.to_string(), &mut events).unwrap();
        }
        (events.take(), reader.ended())
    }

    #[test]
    fn an_answer_is_whole_at_message_stop_only() {
        let mut messages = vec![
            json!({"type":"message_start","message":{"usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}}),
            json!({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}),
            json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}),
            json!({"type":"ping"}),
            json!({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"日本"}}),
            json!({"type":"something_new","delta":{"text":"no"}}),
            json!({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":9}}),
        ];
        assert_eq!(read(&messages).1, None);
        messages.push(json!({"type":"message_stop"}));
        let usage = |output_tokens| StreamEvent::Usage(Usage { input_tokens: 12, output_tokens, cached_tokens: 7 });
        assert_eq!(
            read(&messages),
            (
                vec![usage(1), StreamEvent::Reasoning("hm".into()), StreamEvent::Text("日本".into()), usage(9)],
                Some(EndReason::Length)
            )
        );
    }

    #[test]
    fn an_error_event_is_a_report() {
        for message in [
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ] {
            let fault = Reader::default().message("", message, &mut Events::default());
            assert!(matches!(fault, Err(Fault::Reported(report)) if report.words == "overloaded_error"), "{message}");
        }
    }

    #[test]
    fn system_messages_move_to_the_front_and_empty_ones_are_left_out() {
        let request = ChatRequest {
            model: "m".into(),
            messages: vec![
                Message::new(Role::System, "one"),
                Message::new(Role::System, "two"),
                Message::new(Role::User, "hi"),
                Message::new(Role::Assistant, " "),
                Message::new(Role::User, "again"),
            ],
            ..ChatRequest::default()
        };
        assert_eq!(
            serde_json::to_value(MessagesBody::new(&request)).unwrap(),
            json!({"model":"m","max_tokens":4096,"system":"one\n\ntwo","stream":true,
                "messages":[{"role":"user","content":"hi"},{"role":"user","content":"again"}]})
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r#"(\{|\}|"type"|"error"|"message_delta"|"usage"|"delta"|:|,|null|1|"a"){0,30}"#, any in any::<String>()) {
            let _ = Reader::default().message("", &text, &mut Events::default());
            let _ = Reader::default().message("", &any, &mut Events::default());
        }
    }
}
