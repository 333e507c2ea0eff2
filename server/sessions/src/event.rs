//! What a session tells its readers while a turn runs, and through which door. Owns the words; not their timing (`relay`).

use aside_model::{ModelError, Usage};

use crate::{SessionId, TurnId};

/// One numbered thing that happened in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnEvent {
    /// The conversation.
    pub session: SessionId,
    /// The turn of the conversation.
    pub turn: TurnId,
    /// Counts from 0 in each turn, without gaps, for each reader.
    pub n: u64,
    /// What happened.
    pub event: Event,
}

/// What happened in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Another program on this machine asks in the same session; what follows is its answer.
    Asked {
        /// The question.
        text: String,
        /// The model that answers, as `provider/model`.
        model: String,
    },
    /// More of the answer.
    Delta(String),
    /// More of the model's reasoning; it is shown and not kept.
    Reasoning(String),
    /// Token counts so far; a later event replaces an earlier one.
    Usage(Usage),
    /// Something the person should know at once, one sentence.
    Notice(String),
    /// The end of the turn; nothing follows.
    End {
        /// How it ended.
        reason: End,
        /// Why, where there is a reason to give.
        error: Option<TurnError>,
    },
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The answer is whole and on disk.
    Complete,
    /// The person stopped it.
    Stopped,
    /// A limit of length was reached.
    Length,
    /// The stream ended without its terminal event.
    Truncated,
    /// It failed.
    Error,
    /// The program that ran it went away.
    Interrupted,
}

/// Why a turn did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnError {
    /// A stable code for protocols and scripts.
    pub code: String,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// The next step for a person.
    pub hint: String,
}

impl TurnError {
    pub(crate) fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }
}

impl From<&ModelError> for TurnError {
    fn from(error: &ModelError) -> Self {
        Self::new(error.code(), error.to_string(), error.hint())
    }
}

/// A reader of a session's events: an editor's connection, a terminal.
pub trait Outbox: Send + Sync {
    /// Whether more text may be sent now. While it is false text is held back and merges.
    fn ready(&self) -> bool;

    /// Takes an event. Called from the session's own task: must not block.
    fn send(&self, event: TurnEvent);
}
