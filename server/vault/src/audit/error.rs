//! Why something cannot be recorded, or the record not be read. No message holds a key or a value.

use std::{io, path::PathBuf};

use aside_storage::StorageError;

/// What is wrong with the audit log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file of it cannot be used.
    #[error("the audit log: {0}")]
    Storage(#[from] StorageError),
    /// There are records and no key that they were made with.
    #[error("the audit log has records and its key `{}` is gone", key.display())]
    KeyMissing {
        /// Where the key belongs.
        key: PathBuf,
    },
    /// What is there is no key.
    #[error("the audit log's key `{}` is damaged", key.display())]
    KeyDamaged {
        /// Where it is.
        key: PathBuf,
    },
    /// Neither the end of the log nor the file that says where it ends can be believed.
    #[error("the audit log `{}` is damaged: neither its last line nor `{}` can be believed", log.display(), head.display())]
    Damaged {
        /// The file being written.
        log: PathBuf,
        /// The file that says how far it goes.
        head: PathBuf,
    },
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] aside_secret::NoRandomness),
}

impl AuditError {
    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Storage(error) if is_timeout(error) => "audit-busy",
            Self::Storage(_) => "audit-unavailable",
            Self::KeyMissing { .. } => "audit-key-missing",
            Self::KeyDamaged { .. } => "audit-key-damaged",
            Self::Damaged { .. } => "audit-damaged",
            Self::Random(_) => "no-random",
        }
    }

    /// The next step, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Storage(error) if is_timeout(error) => {
                "another `aside` process hangs or is stopped: end it, and try again".to_owned()
            }
            Self::Storage(error) => error.hint(),
            Self::KeyMissing { key } | Self::KeyDamaged { key } => format!(
                "put `{}` back from a backup, or move it and the folder `audit` away to begin a new log",
                key.display()
            ),
            Self::Damaged { log, head } => format!(
                "`aside audit verify` shows where; move `{}` and `{}` away to begin a new log",
                log.parent().unwrap_or(log).display(),
                head.display()
            ),
            Self::Random(_) => "restart the machine; a system without random numbers cannot keep keys".to_owned(),
        }
    }
}

fn is_timeout(error: &StorageError) -> bool {
    error.io().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}
