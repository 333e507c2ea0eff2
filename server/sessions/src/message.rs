//! Sessions and messages as the rest of the program sees them. Owns the shapes; not how they are stored or shown.

use aside_model::{Role, Usage};
use jiff::Timestamp;

use crate::{End, SessionId, TurnError};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing runs.
    Idle,
    /// An answer is being given, here or by another program on this machine.
    Running,
    /// The last answer was cut off when its program went away; what had come is kept.
    Interrupted,
    /// The session is sealed and its key is not at hand.
    Locked,
    /// Some of its rows cannot be read; the rest is shown.
    Damaged,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its identity.
    pub id: SessionId,
    /// Given by a person or taken from the first message; empty before that.
    pub title: String,
    /// Canonical path of the workspace's folder; empty without one.
    pub workspace: String,
    /// When it was made.
    pub created: Timestamp,
    /// When something was last added.
    pub updated: Timestamp,
    /// Messages of both sides.
    pub messages: u64,
    /// Bytes of its rows' content on disk.
    pub bytes: u64,
    /// The last used model as `provider/model`.
    pub model: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Whether another program on this machine has it open or answers in it.
    pub elsewhere: bool,
    /// Whether a part of it is only in memory because saving failed.
    pub unsaved: bool,
    /// Whether it came from a file: its words may be anybody's.
    pub imported: bool,
    /// Whether it is sealed with a passphrase of its own.
    pub protected: bool,
}

/// What is wrong with the rows of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// The row does not open: it was altered, moved, or belongs to another session.
    Altered {
        /// Its number.
        n: u64,
    },
    /// Rows are gone.
    Missing {
        /// The first one.
        from: u64,
        /// The one behind the last one.
        to: u64,
    },
    /// There is a row behind the last one that the session knows of.
    Surplus {
        /// Its number.
        n: u64,
    },
    /// What sums the session up does not open.
    Head,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Whole.
    Complete,
    /// More is coming.
    Streaming,
    /// The person stopped it.
    Stopped,
    /// It reached a limit of length.
    Length,
    /// Its stream ended without a terminal event.
    Truncated,
    /// It failed.
    Error,
    /// Its program went away.
    Interrupted,
}

impl MessageState {
    /// How the turn of a message in this state ended.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Complete => End::Complete,
            Self::Stopped => End::Stopped,
            Self::Length => End::Length,
            Self::Truncated => End::Truncated,
            Self::Error => End::Error,
            Self::Streaming | Self::Interrupted => End::Interrupted,
        }
    }
}

/// One message of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Grows with each message of the session, with gaps; never changes.
    pub n: u64,
    /// Who said it.
    pub role: Role,
    /// Markdown in UTF-8; an unfinished answer holds what had come.
    pub text: String,
    /// When it began.
    pub at: Timestamp,
    /// Which model said it, as `provider/model`.
    pub model: Option<String>,
    /// What became of it.
    pub state: MessageState,
    /// Why it is not complete, where known.
    pub error: Option<TurnError>,
    /// Token counts of the turn, as far as the provider reported them.
    pub usage: Option<Usage>,
    /// What was attached, as it was resolved and sent.
    pub attachments: Vec<Attachment>,
}

/// A text that went along with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// How it is called in the conversation.
    pub label: String,
    /// Where it came from, if from a document.
    pub uri: Option<String>,
    /// The text as it was sent.
    pub text: String,
}

/// One page of a list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub sessions: Vec<SessionInfo>,
    /// Asks for the next page, when there is one.
    pub cursor: Option<String>,
}

/// A session and one page of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The session.
    pub session: SessionInfo,
    /// Oldest first.
    pub messages: Vec<StoredMessage>,
    /// Asks for the page before this one, when there is one.
    pub before: Option<u64>,
    /// What is wrong with the rows that were read.
    pub damage: Vec<Damage>,
}
