//! How asking something of a session fails. Owns the codes, sentences and next steps; not how a wire carries them.

use aside_storage::database::DatabaseError;

use crate::SessionId;

/// A request to a session that could not be met.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No such session.
    #[error("there is no session `{id}`")]
    Unknown {
        /// What was asked for.
        id: SessionId,
    },
    /// An answer is being given.
    #[error("session `{id}` is answering{}", if *elsewhere { " in another program" } else { "" })]
    Busy {
        /// The session.
        id: SessionId,
        /// Whether another program on this machine answers.
        elsewhere: bool,
    },
    /// Nothing but blanks.
    #[error("`{field}` is empty: it takes 1 to {max} characters")]
    Empty {
        /// The field's name.
        field: &'static str,
        /// The most characters it takes.
        max: usize,
    },
    /// More than a field takes.
    #[error("`{field}` has {length} {unit}: it takes at most {max}")]
    TooLong {
        /// The field's name.
        field: &'static str,
        /// What was given.
        length: usize,
        /// The most it takes.
        max: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A number outside its bounds.
    #[error("`{field}` is {value}: it takes {min} to {max}")]
    OutOfBounds {
        /// The field's name.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least it takes.
        min: u64,
        /// The most it takes.
        max: u64,
    },
    /// A cursor that no list gave.
    #[error("`cursor` is not one that a list of sessions gave")]
    BadCursor,
    /// The program is ending.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] DatabaseError),
}

impl From<rusqlite::Error> for SessionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl SessionError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-session",
            Self::Busy { .. } => "session-busy",
            Self::Empty { .. } => "empty",
            Self::TooLong { .. } => "too-long",
            Self::OutOfBounds { .. } => "out-of-bounds",
            Self::BadCursor => "bad-cursor",
            Self::ShuttingDown => "shutting-down",
            Self::Store(error) => error.code(),
        }
    }

    /// The name of the field that is wrong, when one is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { .. } => Some("session"),
            Self::Empty { field, .. } | Self::TooLong { field, .. } | Self::OutOfBounds { field, .. } => Some(field),
            Self::BadCursor => Some("cursor"),
            Self::Busy { .. } | Self::ShuttingDown | Self::Store(_) => None,
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { .. } => "list the sessions and choose one, or start a new one".to_owned(),
            Self::Busy { elsewhere: false, .. } => "wait for the answer, or stop it first".to_owned(),
            Self::Busy { elsewhere: true, .. } => {
                "wait for the answer, or stop it in the editor or terminal that asked".to_owned()
            }
            Self::Empty { .. } => "write something".to_owned(),
            Self::TooLong { .. } => "send less at a time, or attach a file instead of pasting it".to_owned(),
            Self::OutOfBounds { min, max, .. } => format!("give a number from {min} to {max}"),
            Self::BadCursor => "list again from the start, without a cursor".to_owned(),
            Self::ShuttingDown => "start the server again; the conversation is kept".to_owned(),
            Self::Store(error) => error.hint(),
        }
    }
}
