//! How a database fails. Owns the sentences, codes and next steps.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use crate::StorageError;

/// A use of a database that failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement or a commit failed; nothing of its transaction was kept.
    #[error("the database failed: {0}")]
    Statement(#[from] rusqlite::Error),
    /// It was removed while it was opened.
    #[error("`{path}` was removed while it was opened", path = path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Its thread could not be started.
    #[error("cannot start a thread for the database: {0}")]
    Thread(#[source] io::Error),
    /// The work panicked; nothing of its transaction was kept.
    #[error("working on the database failed inside the program")]
    Panicked,
}

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its file or directory cannot be used.
    #[error(transparent)]
    Private(#[from] StorageError),
    /// A newer program has changed it.
    #[error("`{path}` has version {found}, and this program knows versions up to {known}", path = path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// The version of the file.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// It belongs to another program.
    #[error("`{path}` is a database of another program", path = path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// SQLite cannot use it.
    #[error("cannot open the database `{path}`: {source}", path = path.display())]
    Refused {
        /// Where.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Denied,
    ReadOnly,
    Full,
    Busy,
    Damaged,
    Newer,
    Foreign,
    Disk,
    Other,
}

impl DatabaseError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self.class() {
            Class::Denied => "storage-denied",
            Class::ReadOnly => "storage-read-only",
            Class::Full => "storage-full",
            Class::Busy => "storage-busy",
            Class::Damaged => "storage-damaged",
            Class::Newer => "storage-newer",
            Class::Foreign => "storage-foreign",
            Class::Disk | Class::Other => "storage-failed",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        if let Self::Open(OpenError::Private(error)) = self {
            return error.hint();
        }
        match self.class() {
            Class::Denied => "make the data directory accessible to yourself; `aside doctor` names it",
            Class::ReadOnly => "the data directory cannot be written: check its permissions and its disk",
            Class::Full => "free some space on the disk",
            Class::Busy => "another program holds the database: try again",
            Class::Damaged => {
                "keep a copy of the database and its -wal file, then move them away; `aside doctor` names them"
            }
            Class::Newer => "update this program: a newer one has used the same data",
            Class::Foreign => "set ASIDE_HOME to another folder",
            Class::Disk => "the disk is full or fails: free some space on it, and try again",
            Class::Other => "try again; `aside doctor` tests the store",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::Open(error) => error.class(),
            Self::Statement(error) => class_of(error),
            Self::Missing { .. } | Self::Thread(_) | Self::Panicked => Class::Other,
        }
    }
}

impl OpenError {
    pub(super) fn refused(path: &Path) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Refused { path: path.to_owned(), source }
    }

    /// Whether another process was in the way, so that trying again may help.
    pub(super) fn is_busy(&self) -> bool {
        self.class() == Class::Busy
    }

    fn class(&self) -> Class {
        match self {
            Self::Private(error) => match error.io().map(io::Error::kind) {
                None | Some(io::ErrorKind::PermissionDenied) => Class::Denied,
                Some(io::ErrorKind::ReadOnlyFilesystem) => Class::ReadOnly,
                Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => Class::Full,
                Some(_) => Class::Other,
            },
            Self::Newer { .. } => Class::Newer,
            Self::Foreign { .. } => Class::Foreign,
            Self::Refused { source, .. } => class_of(source),
        }
    }
}

fn class_of(error: &rusqlite::Error) -> Class {
    match error.sqlite_error_code() {
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::AuthorizationForStatementDenied) => {
            Class::Denied
        }
        Some(ErrorCode::ReadOnly) => Class::ReadOnly,
        Some(ErrorCode::DiskFull) => Class::Full,
        Some(ErrorCode::SystemIoFailure) => Class::Disk,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => Class::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Class::Damaged,
        _ => Class::Other,
    }
}
