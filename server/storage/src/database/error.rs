//! How a database fails. Owns the errors, their codes and next steps; what the disk does stands in `cause`.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{ErrorCode, ffi};

use super::{Cause, StepError, cause};
use crate::StorageError;

/// A use of a database that failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement failed; nothing of its transaction was kept.
    #[error("the database failed: {0}")]
    Statement(#[from] rusqlite::Error),
    /// The disk refused to begin or to keep a transaction; nothing of it was acknowledged.
    #[error("{sentence}: {source}", sentence = cause.sentence(path))]
    Outage {
        /// Where.
        path: PathBuf,
        /// What the disk does.
        cause: Cause,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It was removed or replaced while it was used.
    #[error("`{path}` was removed or replaced while it was used", path = path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// It was closed while it was checked.
    #[error("the database was closed before it was checked")]
    Closed,
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
    /// The step to a version failed, and the file is what it was. The next use tries again.
    #[error("cannot bring `{path}` to version {version}: {source}", path = path.display())]
    Step {
        /// Where.
        path: PathBuf,
        /// The version that was to be reached.
        version: usize,
        /// What the step says.
        source: StepError,
    },
    /// The disk refuses it.
    #[error("{sentence}: {source}", sentence = cause.sentence(path))]
    Outage {
        /// Where.
        path: PathBuf,
        /// What the disk does.
        cause: Cause,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// SQLite cannot use it for another reason.
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
    Outage(Cause),
    Busy,
    Damaged,
    Newer,
    Foreign,
    Closed,
    Other,
}

impl Class {
    fn code(self) -> &'static str {
        match self {
            Self::Outage(cause) => cause.code(),
            Self::Busy => "storage-busy",
            Self::Damaged => "storage-damaged",
            Self::Newer => "storage-newer",
            Self::Foreign => "storage-foreign",
            Self::Closed => "storage-closed",
            Self::Other => "storage-failed",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Outage(cause) => cause.hint(),
            Self::Busy => "another program holds the database: try again",
            Self::Damaged => {
                "keep a copy of the database and its -wal file, then move them away; `aside doctor` names them"
            }
            Self::Newer => "update this program: a newer one has used the same data",
            Self::Foreign => "set ASIDE_HOME to another folder",
            Self::Closed => "start the check again",
            Self::Other => "try again; `aside doctor` tests the store",
        }
    }
}

impl DatabaseError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        if let Self::Open(OpenError::Step { source, .. }) = self {
            return source.code;
        }
        self.class().code()
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Open(OpenError::Private(error)) => error.hint(),
            Self::Open(OpenError::Step { source, .. }) => source.hint.clone(),
            other => other.class().hint().to_owned(),
        }
    }

    /// Whether the disk is full, read-only, failing, missing or denied: what is to be saved is then worth keeping in memory, and
    /// saving it worth another try. Not so where the file itself is at fault, or another program merely holds it.
    pub fn is_outage(&self) -> bool {
        matches!(self.class(), Class::Outage(_))
    }

    /// A transaction of the database at `path` that could not begin or end.
    pub(super) fn transaction(path: &Path, source: rusqlite::Error) -> Self {
        match Cause::of(path, &source).or_else(|| locks(path, class_of(&source))) {
            Some(cause) => Self::Outage { path: path.to_owned(), cause, source },
            None => Self::Statement(source),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.class() == Class::Closed
    }

    pub(super) fn is_damage(&self) -> bool {
        self.class() == Class::Damaged
    }

    fn class(&self) -> Class {
        match self {
            Self::Open(error) => error.class(),
            Self::Statement(error) => class_of(error),
            Self::Outage { cause, .. } => Class::Outage(*cause),
            Self::Missing { .. } => Class::Outage(Cause::Missing),
            Self::Closed => Class::Closed,
            Self::Thread(_) | Self::Panicked => Class::Other,
        }
    }
}

impl OpenError {
    pub(super) fn refused(path: &Path) -> impl Fn(rusqlite::Error) -> Self {
        move |source| match Cause::of(path, &source) {
            Some(cause) => Self::Outage { path: path.to_owned(), cause, source },
            None => Self::Refused { path: path.to_owned(), source },
        }
    }

    /// Whether another process was in the way, so that trying again may help.
    pub(super) fn is_busy(&self) -> bool {
        self.class() == Class::Busy
    }

    /// Whether a journal is to be rolled back by somebody who may write.
    pub(super) fn wants_rollback(&self) -> bool {
        let Self::Outage { source, .. } = self else { return false };
        source.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_READONLY_ROLLBACK)
    }

    /// The same error, once nothing more is tried: a lock that nobody gave up may be one that nobody can have.
    pub(super) fn at_last(self) -> Self {
        match self {
            Self::Refused { path, source } => match locks(&path, class_of(&source)) {
                Some(cause) => Self::Outage { path, cause, source },
                None => Self::Refused { path, source },
            },
            other => other,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Private(error) => Cause::of_private(error).map_or(Class::Other, Class::Outage),
            Self::Newer { .. } => Class::Newer,
            Self::Foreign { .. } => Class::Foreign,
            Self::Step { source, .. } => source.statement().map_or(Class::Other, class_of),
            Self::Outage { cause, .. } => Class::Outage(*cause),
            Self::Refused { source, .. } => class_of(source),
        }
    }
}

/// The code and the hint for a statement that failed.
pub(super) fn told(error: &rusqlite::Error) -> (&'static str, &'static str) {
    let class = class_of(error);
    (class.code(), class.hint())
}

fn locks(path: &Path, class: Class) -> Option<Cause> {
    (class == Class::Busy && cause::lacks_locks(path)).then_some(Cause::Locks)
}

fn class_of(error: &rusqlite::Error) -> Class {
    if let Some(cause) = Cause::of_code(error) {
        return Class::Outage(cause);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => Class::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Class::Damaged,
        Some(ErrorCode::OperationInterrupted) => Class::Closed,
        _ => Class::Other,
    }
}
