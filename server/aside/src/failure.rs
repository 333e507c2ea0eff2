//! How a command fails in a terminal: one sentence, the next step, and an exit code that scripts can rely on.

use std::process::ExitCode;

use aside_assist::chat::{AttachError, ChatError, NoOverview};
use aside_model::{ErrorKind, ModelError};
use aside_sessions::{ExportError, KeyFault, KeyFaultKind, NotImported, SessionError};
use aside_vault::{KeyError, VaultError, audit::AuditError};

use crate::{secrets::SecretError, terminal, trust::TrustError};

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

    /// Whether unlocking is what is missing.
    pub(crate) fn is_locked(&self) -> bool {
        self.exit == Exit::Locked
    }

    /// The sentence alone.
    pub(crate) fn sentence(&self) -> String {
        self.message.clone()
    }

    /// The same, with what to know first before the next step.
    pub(crate) fn after(mut self, note: &str) -> Self {
        self.hint = format!("{note}; {}", self.hint);
        self
    }

    /// Prints the failure and gives the exit code.
    pub(crate) fn show(&self) -> ExitCode {
        terminal::complain(&self.told());
        ExitCode::from(self.exit as u8)
    }

    /// What is said: providers and files have a hand in it, so it is made fit for a terminal.
    fn told(&self) -> String {
        let next = if self.hint.is_empty() { String::new() } else { format!("\n  next: {}", self.hint) };
        terminal::visible(&format!("error: {}{next}", self.message))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let exit = match error {
            SessionError::Key(fault) => return fault.into(),
            SessionError::Unknown { .. } | SessionError::UnknownMessage { .. } | SessionError::Nothing => {
                Exit::NotFound
            }
            SessionError::Protected { .. } | SessionError::WrongPassphrase { .. } => Exit::Locked,
            SessionError::Empty { .. } | SessionError::TooLong { .. } | SessionError::OutOfBounds { .. } => Exit::Usage,
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
            ChatError::Overview(NoOverview::Nothing) | ChatError::NothingCutOff => {
                Self::new(Exit::NotFound, error.to_string(), error.hint())
            }
            ChatError::Attach(_) | ChatError::Overview(_) | ChatError::NeedsModel => {
                Self::new(Exit::Failed, error.to_string(), error.hint())
            }
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Session(error) => error.into(),
            ExportError::Write(_) => Self::new(Exit::Failed, error.to_string(), "make room, or write it elsewhere"),
        }
    }
}

impl From<NotImported> for Failure {
    fn from(error: NotImported) -> Self {
        match error {
            NotImported::Session(error) => error.into(),
            NotImported::File(_) => Self::new(Exit::Usage, error.to_string(), error.hint()),
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        Self::new(Exit::Failed, error.to_string(), error.hint())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let exit = match &error {
            SecretError::UnknownProvider { .. } | SecretError::NothingReplaced(_) => Exit::NotFound,
            SecretError::Key(KeyError::Missing { .. }) => Exit::NotFound,
            SecretError::Key(error) if error.is_locked() => Exit::Locked,
            SecretError::NotStored { .. } => Exit::Usage,
            SecretError::Key(_)
            | SecretError::Refused(_)
            | SecretError::Untested(_)
            | SecretError::BoundAlready { .. }
            | SecretError::Unrecorded(_) => Exit::Failed,
        };
        Self::new(exit, error.message(), error.hint())
    }
}

impl From<KeyFault> for Failure {
    fn from(fault: KeyFault) -> Self {
        let exit = match fault.kind {
            KeyFaultKind::Missing => Exit::NotFound,
            KeyFaultKind::Locked => Exit::Locked,
            KeyFaultKind::Damaged | KeyFaultKind::Denied | KeyFaultKind::Unavailable | KeyFaultKind::ReadOnly => {
                Exit::Failed
            }
        };
        Self::new(exit, fault.message, fault.hint)
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let exit = match &error {
            VaultError::NotThere { .. } => Exit::NotFound,
            VaultError::WrongPassphrase | VaultError::KeyChanged => Exit::Locked,
            VaultError::BadPassphrase(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        Self::new(Exit::Failed, error.to_string(), error.hint())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, error.to_string(), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_cannot_drive_the_terminal() {
        let failure = Failure::new(Exit::Failed, "`work` said \x1b]0;mine\x07", "look at `a\x1b[2Jb`");
        let told = failure.told();
        assert!(!told.contains(['\x1b', '\x07']), "{told:?}");
        assert!(told.starts_with("error: `work` said ") && told.contains("\n  next: look at `a"));
    }
}
