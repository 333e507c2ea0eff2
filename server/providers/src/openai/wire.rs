//! The messages of OpenAI chat completions and legacy completions, as OpenAI and the compatible servers send them.

use aside_model::{ChatRequest, EndReason, Role, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    exchange::{Events, Fault, Wire},
    families::ChatTraits,
    status,
};

/// How many messages are read for token counts after the answer's end.
const MOST_AFTER_END: u8 = 16;

#[derive(Serialize)]
pub(crate) struct ChatBody<'a> {
    pub(crate) model: &'a str,
    pub(crate) messages: Vec<Said<'a>>,
    pub(crate) stream: bool,
    pub(crate) stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f32>,
}

#[derive(Serialize)]
pub(crate) struct StreamOptions {
    pub(crate) include_usage: bool,
}

#[derive(Serialize)]
pub(crate) struct Said<'a> {
    role: Role,
    content: &'a str,
}

impl<'a> ChatBody<'a> {
    /// The body of `request` for a model with these traits.
    pub(crate) fn new(request: &'a ChatRequest, traits: &ChatTraits) -> Self {
        let messages =
            request.messages.iter().map(|message| Said { role: message.role, content: &message.text }).collect();
        let (max_tokens, max_completion_tokens) = match (request.max_tokens, traits.completion_tokens) {
            (limit, true) => (None, limit),
            (limit, false) => (limit, None),
        };
        Self {
            model: &request.model,
            messages,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            max_tokens,
            max_completion_tokens,
            temperature: request.temperature.filter(|_| traits.temperature),
        }
    }
}

/// Legacy completions, and Mistral's fill-in-the-middle which differs by `suffix` only.
#[derive(Serialize)]
pub(crate) struct CompletionBody<'a> {
    pub(crate) model: &'a str,
    pub(crate) prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<&'a str>,
    pub(crate) max_tokens: u32,
    pub(crate) stream: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) stop: &'a [String],
    pub(crate) temperature: f32,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Option<Delta>,
    /// The whole answer of a server that does not stream.
    message: Option<Delta>,
    /// Legacy completions.
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Content>,
    refusal: Option<String>,
    /// Reasoning as DeepSeek and llama.cpp name it.
    reasoning_content: Option<String>,
    /// Reasoning as OpenRouter and Ollama name it.
    reasoning: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    /// Mistral's reasoning models.
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thinking: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

/// Reads one answer.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    ended: Option<EndReason>,
    closed: bool,
    after_end: u8,
}

impl Wire for Reader {
    fn message(&mut self, name: &str, data: &str, events: &mut Events) -> Result<bool, Fault> {
        if data.trim() == "[DONE]" {
            self.closed = true;
            self.ended.get_or_insert(EndReason::Complete);
            return Ok(true);
        }
        let chunk: Chunk = match serde_json::from_str(data) {
            Ok(chunk) => chunk,
            // Something failed before the part that writes JSON: some servers then send bare text.
            Err(_) if name == "error" => return Err(Fault::Reported(status::report(data))),
            Err(_) => return Err(Fault::Unreadable),
        };
        if !chunk.error.is_null() || name == "error" {
            return Err(Fault::Reported(status::report(data)));
        }
        if self.ended.is_some() {
            self.after_end += 1;
        }
        let known = chunk.choices.is_some();
        // One answer is asked for; further ones would be mixed into it.
        let choices = chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0);
        choices.for_each(|choice| self.choice(choice, events));
        if let Some(counts) = chunk.usage {
            events.usage(Usage {
                input_tokens: counts.prompt_tokens,
                output_tokens: counts.completion_tokens,
                cached_tokens: counts.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0),
            });
        }
        Ok(known)
    }

    fn ended(&self) -> Option<EndReason> {
        self.ended
    }

    fn more_may_follow(&self) -> bool {
        !self.closed && self.after_end < MOST_AFTER_END
    }
}

impl Reader {
    fn choice(&mut self, choice: Choice, events: &mut Events) {
        if self.ended.is_some() {
            return;
        }
        if let Some(delta) = choice.delta.or(choice.message) {
            events.reasoning(delta.reasoning_content.or(delta.reasoning).unwrap_or_default());
            match delta.content {
                Some(Content::Text(text)) => events.text(text),
                Some(Content::Parts(parts)) => parts.into_iter().for_each(|part| part.give(events)),
                None => {}
            }
            events.text(delta.refusal.unwrap_or_default());
        }
        events.text(choice.text.unwrap_or_default());
        self.ended = match choice.finish_reason.as_deref() {
            // An empty reason is sent by some servers with every chunk.
            None | Some("") => None,
            Some("length" | "max_tokens") => Some(EndReason::Length),
            Some("content_filter") => Some(EndReason::Filtered),
            Some(_) => Some(EndReason::Complete),
        };
    }
}

impl Part {
    fn give(self, events: &mut Events) {
        for thought in self.thinking.into_iter().flatten() {
            events.reasoning(thought.text.unwrap_or_default());
        }
        events.text(self.text.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use aside_model::{Message, StreamEvent};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(messages: &[&str]) -> (Result<bool, Fault>, Vec<StreamEvent>, Option<EndReason>) {
        let mut reader = Reader::default();
        let mut events = Events::default();
        let mut last = Ok(false);
        for message in messages {
            last = reader.message("", message, &mut events);
        }
        (last, events.take(), reader.ended())
    }

    #[test]
    fn text_reasoning_usage_and_the_end_are_read_wherever_servers_put_them() {
        let text = |text: &str| StreamEvent::Text(text.into());
        let reasoning = |text: &str| StreamEvent::Reasoning(text.into());
        for (message, expected, ended) in [
            (
                json!({"choices":[{"delta":{"role":"assistant","content":"a"},"finish_reason":null}]}),
                vec![text("a")],
                None,
            ),
            (json!({"choices":[{"delta":{"content":null,"reasoning_content":"r"}}]}), vec![reasoning("r")], None),
            (json!({"choices":[{"delta":{"content":"","reasoning":"r"}}]}), vec![reasoning("r")], None),
            (
                json!({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"text":"r"}]},{"type":"text","text":"a"}]}}]}),
                vec![reasoning("r"), text("a")],
                None,
            ),
            (json!({"choices":[{"text":"a","index":0,"finish_reason":""}]}), vec![text("a")], None),
            (json!({"choices":[{"index":1,"delta":{"content":"other"}}]}), vec![], None),
            (json!({"choices":[{"delta":{},"finish_reason":"length"}]}), vec![], Some(EndReason::Length)),
            (json!({"choices":[{"delta":{},"finish_reason":"content_filter"}]}), vec![], Some(EndReason::Filtered)),
            (
                json!({"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]}),
                vec![text("whole")],
                Some(EndReason::Complete),
            ),
            (
                json!({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}),
                vec![StreamEvent::Usage(Usage { input_tokens: 5, output_tokens: 2, cached_tokens: 3 })],
                None,
            ),
        ] {
            assert_eq!(read(&[&message.to_string()]), (Ok(true), expected, ended), "{message}");
        }
    }

    #[test]
    fn done_ends_an_answer_without_a_reason_and_keeps_a_reason_given_before() {
        assert_eq!(read(&["[DONE]"]).2, Some(EndReason::Complete));
        let length = r#"{"choices":[{"finish_reason":"length"}]}"#;
        assert_eq!(read(&[length, "[DONE]"]).2, Some(EndReason::Length));
    }

    #[test]
    fn an_error_object_in_place_of_a_chunk_is_a_report() {
        for message in [r#"{"error":{"message":"m"}}"#, r#"{"error":"m","choices":[]}"#] {
            let Err(Fault::Reported(report)) = read(&[message]).0 else { panic!("{message}") };
            assert_eq!(report.message, "m");
        }
        let mut events = Events::default();
        let named = Reader::default().message("error", r#"{"message":"m"}"#, &mut events);
        assert!(matches!(named, Err(Fault::Reported(report)) if report.message == "m"));
    }

    #[test]
    fn what_follows_the_end_is_counted_and_not_added() {
        let mut messages = vec![r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#];
        messages.extend([r#"{"choices":[{"delta":{"content":"x"}}]}"#; 40]);
        let mut reader = Reader::default();
        let mut events = Events::default();
        let read = messages.iter().take_while(|message| {
            reader.message("", message, &mut events).unwrap();
            reader.more_may_follow()
        });
        assert_eq!(read.count(), usize::from(MOST_AFTER_END));
        assert_eq!(events.take(), [StreamEvent::Text("a".into())]);
    }

    #[test]
    fn hostile_json_is_unreadable() {
        let deep = "[".repeat(100_000);
        for message in [
            deep.as_str(),
            "{",
            "NaN",
            r#"{"choices":1e999}"#,
            r#"{"choices":[],"choices":[]}"#,
            r#"{"choices":[{"text":"\ud800"}]}"#,
        ] {
            assert_eq!(read(&[message]).0, Err(Fault::Unreadable));
        }
    }

    #[test]
    fn the_limit_and_the_temperature_are_named_as_the_model_wants_them() {
        let request = ChatRequest {
            model: "m".into(),
            messages: vec![Message::new(Role::System, "s"), Message::new(Role::User, "u")],
            max_tokens: Some(9),
            temperature: Some(0.5),
            ..ChatRequest::default()
        };
        let body = |completion_tokens, temperature| {
            serde_json::to_value(ChatBody::new(&request, &ChatTraits { completion_tokens, temperature })).unwrap()
        };
        assert_eq!(
            body(false, true),
            json!({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"stream":true,
                "stream_options":{"include_usage":true},"max_tokens":9,"temperature":0.5})
        );
        let reasoning = body(true, false);
        assert_eq!((&reasoning["max_completion_tokens"], &reasoning["max_tokens"]), (&json!(9), &Value::Null));
        assert_eq!(reasoning["temperature"], Value::Null);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in r#"(\{|\}|\[|\]|"choices"|"delta"|"content"|"error"|:|,|null|1|"a"){0,30}"#, any in any::<String>()) {
            let _ = read(&[&text, &any]);
        }
    }
}
