//! The documented shapes of Aside's own messages, written anew here from the documentation: the tests are a client that
//! shares no code with the server.

use serde::Deserialize;
use serde_json::Value;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// UUIDv7.
    pub id: String,
    /// Shown name.
    pub title: String,
    /// The workspace it belongs to.
    pub workspace: String,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub updated: String,
    /// How many messages it has.
    pub messages: u64,
    /// How large it is.
    pub bytes: u64,
    /// The model of the last answer.
    pub model: Option<String>,
    /// idle, running, interrupted, locked, damaged.
    pub state: String,
    /// Another program has it open.
    #[serde(default)]
    pub elsewhere: bool,
    /// It came from a file.
    #[serde(default)]
    pub imported: bool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its number in the conversation.
    pub n: u64,
    /// user or assistant.
    pub role: String,
    /// Markdown.
    pub text: String,
    /// RFC 3339.
    pub at: String,
    /// The model that said it.
    pub model: Option<String>,
    /// complete, stopped, length, truncated, error, interrupted, streaming.
    pub state: String,
    /// Token counts.
    pub usage: Option<Value>,
    /// What was sent along.
    #[serde(default)]
    pub attachments: Vec<Value>,
}

/// Result of `aside/chat/open`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Opened {
    /// The conversation.
    pub session: SessionInfo,
    /// Its last messages, oldest first.
    pub messages: Vec<Message>,
    /// Where the messages before these end.
    pub before: Option<u64>,
}

/// Result of `aside/chat/list`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Newest first.
    pub sessions: Vec<SessionInfo>,
    /// Where the next page starts.
    pub cursor: Option<String>,
}

/// `aside/chat/event`.
#[derive(Debug, Clone, Deserialize)]
pub struct TurnEvent {
    /// The conversation.
    pub session: String,
    /// The turn.
    pub turn: String,
    /// Number in the turn, from 0.
    pub n: u64,
    /// What happened.
    pub event: ChatEvent,
}

/// What happens in a turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ChatEvent {
    /// Another program asks in the same session.
    Asked {
        /// Its question.
        text: String,
        /// Who answers.
        model: String,
    },
    /// More of the answer.
    Delta {
        /// The text.
        text: String,
    },
    /// More of the reasoning.
    Reasoning {
        /// The text.
        text: String,
    },
    /// Token counts.
    Usage(Value),
    /// Something worth knowing.
    Notice {
        /// The sentence.
        text: String,
    },
    /// The end.
    End(End),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct End {
    /// complete, stopped, length, truncated, error, interrupted.
    pub reason: String,
    /// What went wrong.
    pub error: Option<TurnError>,
}

/// What went wrong in a turn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TurnError {
    /// Stable code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

/// One inline completion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InlineItem {
    /// The text.
    #[serde(deserialize_with = "insert_text")]
    pub insert_text: String,
    /// What it replaces.
    pub range: Option<Range>,
}

/// A span of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Range {
    /// First place.
    pub start: Position,
    /// Place after the last.
    pub end: Position,
}

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Position {
    /// From 0.
    pub line: u32,
    /// In the negotiated encoding.
    pub character: u32,
}

/// The items of an inline completion answer: a list, an object with a list, or null.
pub fn inline_items(answer: &Value) -> Vec<InlineItem> {
    let items = answer.get("items").unwrap_or(answer);
    if items.is_null() {
        return Vec::new();
    }
    Vec::deserialize(items).unwrap_or_else(|error| panic!("not inline completions ({error}): {answer:#}"))
}

/// A plain string, or a string value object.
fn insert_text<'de, D: serde::Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let value = Value::deserialize(input)?;
    let text = value.get("value").unwrap_or(&value).as_str().map(str::to_owned);
    text.ok_or_else(|| serde::de::Error::custom("no text to insert"))
}
