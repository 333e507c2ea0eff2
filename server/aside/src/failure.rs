//! How a command fails in a terminal: one sentence, the next step, and an exit code that scripts can rely on.

use std::process::ExitCode;

use aside_assist::chat::{AttachError, ChatError};
use aside_model::{ErrorKind, ModelError};
use aside_sessions::SessionError;

use crate::terminal;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: String,
}

/// Exit codes besides 0 (done); 2 is also what the command line parser ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    Locked = 3,
    NotFound = 4,
}

impl Failure {
    /// A failure that ends with `exit`, says `message` and advises `hint`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: hint.into() }
    }

    /// Prints the failure and gives the exit code.
    pub(crate) fn show(&self) -> ExitCode {
        terminal::complain(&format!("error: {}", self.message));
        if !self.hint.is_empty() {
            terminal::complain(&format!("  next: {}", self.hint));
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let exit = match error.code() {
            "unknown-session" => Exit::NotFound,
            "empty" | "too-long" | "out-of-bounds" => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let exit = match error.kind {
            ErrorKind::Locked => Exit::Locked,
            ErrorKind::ModelNotFound => Exit::NotFound,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<ChatError> for Failure {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Session(error) => error.into(),
            ChatError::Model(error) => error.into(),
            ChatError::Attach(AttachError::Read(_)) => Self::new(Exit::NotFound, error.to_string(), error.hint()),
            ChatError::Attach(_) => Self::new(Exit::Failed, error.to_string(), error.hint()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, error.to_string(), "")
    }
}
