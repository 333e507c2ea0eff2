//! A conversation with a model: messages in, a stream of events out.

use serde::{Deserialize, Serialize};

use crate::EventStream;

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions of the program.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation, as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said: Markdown in UTF-8.
    pub text: String,
}

impl Message {
    /// A message of `role` saying `text`.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// What is asked of a [`ChatModel`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The model's name as its provider knows it, without the provider's own name.
    pub model: String,
    /// Oldest first. System messages stand at the front; adapters whose wire has no system role move them.
    pub messages: Vec<Message>,
    /// The most tokens to answer with; `None` leaves it to the provider (or its documented default where the wire needs one).
    pub max_tokens: Option<u32>,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// The person's own words of this turn, without attachments: what a search over the workspace looks for.
    pub question: String,
    /// Root folder of the workspace the question is about, if any: used by models that read it themselves (the built-in one).
    pub workspace: Option<std::path::PathBuf>,
    /// Whether nobody asked for this at this moment (a check): it opens no lock and counts as nobody's activity.
    pub background: bool,
}

/// A model that answers a conversation.
pub trait ChatModel: Send + Sync {
    /// Starts an answer. Nothing is sent before the stream is first polled; dropping it closes the connection.
    ///
    /// The stream ends after exactly one [`StreamEvent::End`](crate::StreamEvent::End) or one error; a stream that stops without either
    /// is a defect of the adapter, and callers treat it as truncated.
    fn chat(&self, request: ChatRequest) -> EventStream;
}
