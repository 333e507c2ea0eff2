//! How asking something of a session fails. Owns the codes, sentences and next steps; not how a wire carries them.

use std::time::Duration;

use aside_storage::{
    database::DatabaseError,
    sealed::{KdfError, SealError},
};

use crate::{KeyFault, KeyFaultKind, SessionId};

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
    /// The session has no such message.
    #[error("session `{id}` has no message {n}{}", if *question { " that a person said" } else { "" })]
    UnknownMessage {
        /// The session.
        id: SessionId,
        /// What was asked for.
        n: u64,
        /// Whether it has to be a person's.
        question: bool,
    },
    /// The workspace has as many sessions as it may.
    #[error("this workspace has {max} conversations, the most it may have")]
    TooMany {
        /// The limit.
        max: u64,
        /// Those that were not used for the longest time, the oldest first.
        oldest: Vec<SessionId>,
    },
    /// A workspace cannot take over another's conversations: it has its own.
    #[error("`{path}` has {sessions} conversations of its own; those of two folders are not mixed")]
    WorkspaceTaken {
        /// The folder.
        path: String,
        /// How many it has.
        sessions: u64,
    },
    /// The session has as many bytes as it may.
    #[error("session `{id}` has {bytes} bytes: it takes no more than {max}")]
    Full {
        /// The session.
        id: SessionId,
        /// Its bytes with what was to be added.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// Opened too often.
    #[error("{limit} conversations were opened within a minute")]
    RateLimited {
        /// How many may be.
        limit: u32,
        /// When the next one may be.
        retry_after: Duration,
    },
    /// There are no conversations.
    #[error("there are no conversations")]
    Nothing,
    /// What sums the session up cannot be read.
    #[error("session `{id}` is damaged")]
    Damaged {
        /// The session.
        id: SessionId,
    },
    /// A record of the store itself does not open.
    #[error("{what} was altered, or belongs to another database")]
    Altered {
        /// Which.
        what: &'static str,
    },
    /// The database is older than it was: a copy was put in its place, or a conversation was.
    #[error("the conversations are not as this program left them: {what}")]
    Older {
        /// What does not fit.
        what: &'static str,
    },
    /// The session has a passphrase of its own, which was not entered.
    #[error("session `{id}` is locked with a passphrase of its own")]
    Protected {
        /// The session.
        id: SessionId,
    },
    /// That is not the passphrase.
    #[error("that is not the passphrase of session `{id}`")]
    WrongPassphrase {
        /// The session.
        id: SessionId,
    },
    /// No key can be made of a passphrase.
    #[error("{0}")]
    Passphrase(#[source] KdfError),
    /// The key of the conversations cannot be had.
    #[error("{0}")]
    Key(#[from] KeyFault),
    /// Nothing can be sealed.
    #[error("{0}")]
    Seal(#[from] SealError),
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
    /// Whether the disk takes nothing now, and may later: a conversation goes on in memory meanwhile.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_outage(),
            Self::Key(fault) => fault.kind == KeyFaultKind::ReadOnly,
            _ => false,
        }
    }

    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-session",
            Self::Busy { .. } => "session-busy",
            Self::Empty { .. } => "empty",
            Self::TooLong { .. } => "too-long",
            Self::OutOfBounds { .. } => "out-of-bounds",
            Self::BadCursor => "bad-cursor",
            Self::UnknownMessage { .. } => "unknown-message",
            Self::TooMany { .. } => "session-limit",
            Self::WorkspaceTaken { .. } => "workspace-taken",
            Self::Full { .. } => "session-full",
            Self::RateLimited { .. } => "rate-limited",
            Self::Nothing => "no-sessions",
            Self::Damaged { .. } => "session-damaged",
            Self::Altered { .. } => "sessions-altered",
            Self::Older { .. } => "sessions-older",
            Self::Protected { .. } => "session-locked",
            Self::WrongPassphrase { .. } => "wrong-passphrase",
            Self::Passphrase(_) => "internal",
            Self::Key(fault) => fault.code(),
            Self::Seal(_) => "internal",
            Self::ShuttingDown => "shutting-down",
            Self::Store(error) => error.code(),
        }
    }

    /// The name of the field that is wrong, when one is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { .. } => Some("session"),
            Self::UnknownMessage { .. } => Some("n"),
            Self::Empty { field, .. } | Self::TooLong { field, .. } | Self::OutOfBounds { field, .. } => Some(field),
            Self::BadCursor => Some("cursor"),
            _ => None,
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
            Self::UnknownMessage { .. } => "open the session again: its messages have changed".to_owned(),
            Self::TooMany { oldest, .. } => match oldest.first() {
                Some(id) => format!(
                    "delete one that is not needed any more, such as {id}: `aside session delete`; or raise `sessions.max_per_workspace`"
                ),
                None => "delete one that is not needed any more, or raise `sessions.max_per_workspace`".to_owned(),
            },
            Self::WorkspaceTaken { .. } => {
                "export the conversations and import them here one by one: `aside session export`, `import`".to_owned()
            }
            Self::Full { id, .. } => format!(
                "go on in a new one that begins with a summary: `aside session compact {id}`; this one stays as it is"
            ),
            Self::RateLimited { retry_after, .. } => format!("try again in {} s", retry_after.as_secs() + 1),
            Self::Nothing => "begin one: `aside chat`".to_owned(),
            Self::Damaged { id } => {
                format!(
                    "`aside session verify {id}` says what is wrong, `aside session recover {id}` saves what is left"
                )
            }
            Self::Altered { .. } => "put a copy of sessions.db back, or move it away to begin anew".to_owned(),
            Self::Older { .. } => {
                "if you put a copy back yourself: `aside session verify --accept`; else put the newer one back"
                    .to_owned()
            }
            Self::Protected { id } => format!("enter it in a terminal: `aside session unlock {id}`"),
            Self::WrongPassphrase { .. } => "enter it again; nobody can open the session without it".to_owned(),
            Self::Passphrase(_) => "close other programs and try again".to_owned(),
            Self::Key(fault) => fault.hint.clone(),
            Self::Seal(_) => "try again; if it fails again, report it with the log".to_owned(),
            Self::ShuttingDown => "start the server again; the conversation is kept".to_owned(),
            Self::Store(error) => error.hint(),
        }
    }
}
