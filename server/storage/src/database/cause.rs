//! What the disk does to a database. Owns the causes, what is learned from SQLite's codes, and the look at the folder where
//! SQLite keeps the system's own answer to itself.

use std::{fs, io, path::Path};

use rusqlite::{ErrorCode, ffi};

use crate::StorageError;
#[cfg(unix)]
use crate::private;

/// Locks that failed in another way than by being held.
const LOCKING: [i32; 5] = [
    ffi::SQLITE_IOERR_LOCK,
    ffi::SQLITE_IOERR_RDLOCK,
    ffi::SQLITE_IOERR_UNLOCK,
    ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
    ffi::SQLITE_IOERR_SHMLOCK,
];

/// What keeps a database from being used while the rest of the program can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no space left, or the user's share of it is used up.
    Full,
    /// The file system or the file cannot be written.
    ReadOnly,
    /// The disk does not read or write what it is told.
    Failing,
    /// The file or its folder is gone.
    Missing,
    /// The user may not use it.
    Denied,
    /// The process or the system has too many files open.
    Handles,
    /// The file system cannot lock files, so that nobody can write safely.
    Locks,
}

impl Cause {
    /// What SQLite's code alone tells.
    pub(super) fn of_code(error: &rusqlite::Error) -> Option<Self> {
        let error = error.sqlite_error()?;
        match (error.code, error.extended_code) {
            (_, ffi::SQLITE_READONLY_DBMOVED | ffi::SQLITE_IOERR_DELETE_NOENT | ffi::SQLITE_IOERR_VNODE) => {
                Some(Self::Missing)
            }
            (_, code) if LOCKING.contains(&code) => Some(Self::Locks),
            (ErrorCode::ReadOnly, _) => Some(Self::ReadOnly),
            (ErrorCode::DiskFull, _) => Some(Self::Full),
            (ErrorCode::SystemIoFailure, _) => Some(Self::Failing),
            (ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::AuthorizationForStatementDenied, _) => {
                Some(Self::Denied)
            }
            _ => None,
        }
    }

    /// What SQLite's code tells about the database at `path`, made exact by a look at its folder.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Option<Self> {
        let told = Self::of_code(error)?;
        // A full disk is told plainly; all else has one code for many reasons.
        if told == Self::Full { Some(told) } else { Some(look(path).unwrap_or(told)) }
    }

    /// What the system's own answer tells.
    pub(super) fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::Full),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            io::ErrorKind::PermissionDenied => Some(Self::Denied),
            // A file where a folder was is a folder that is gone.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Some(Self::Missing),
            io::ErrorKind::StaleNetworkFileHandle => Some(Self::Failing),
            _ => of_number(error),
        }
    }

    /// What keeps a private file from being used. What is not plainly ours is denied to us.
    pub(super) fn of_private(error: &StorageError) -> Option<Self> {
        match error {
            StorageError::LockUnsupported { .. } => Some(Self::Locks),
            other => other.io().map_or(Some(Self::Denied), Self::of_io),
        }
    }

    /// The stable code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Full => "storage-full",
            Self::ReadOnly => "storage-read-only",
            Self::Failing => "storage-disk",
            Self::Missing => "storage-missing",
            Self::Denied => "storage-denied",
            Self::Handles => "storage-handles",
            Self::Locks => "storage-locks",
        }
    }

    /// The next step for a person.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Full => "free some space on the disk",
            Self::ReadOnly => "the data directory cannot be written: check its permissions and its disk",
            Self::Failing => "the disk is full or fails: free some space on it, look at its health, and try again",
            Self::Missing => "put the data directory back, or let the next use make a new one; `aside doctor` names it",
            Self::Denied => "make the data directory accessible to yourself; `aside doctor` names it",
            Self::Handles => "close some programs, or raise the limit of open files: ulimit -n",
            Self::Locks => "set ASIDE_HOME to a folder on a local disk",
        }
    }

    /// The sentence, for the database at `path`.
    pub(super) fn sentence(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::Full => format!("the disk of the database `{path}` is full"),
            Self::ReadOnly => format!("the database `{path}` cannot be written"),
            Self::Failing => format!("the disk of the database `{path}` fails"),
            Self::Missing => format!("the database `{path}` or its folder was removed"),
            Self::Denied => format!("you may not use the database `{path}`"),
            Self::Handles => format!("too many files are open to use the database `{path}`"),
            Self::Locks => format!("the file system of the database `{path}` cannot lock files"),
        }
    }
}

#[cfg(unix)]
fn of_number(error: &io::Error) -> Option<Cause> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        Errno::MFILE | Errno::NFILE => Some(Cause::Handles),
        Errno::IO | Errno::NXIO | Errno::NODEV => Some(Cause::Failing),
        Errno::NOLCK => Some(Cause::Locks),
        _ => None,
    }
}

#[cfg(not(unix))]
fn of_number(_: &io::Error) -> Option<Cause> {
    None
}

/// What the folder of `path` says when it is used. Opens the folder, never the database: closing a second handle to that would
/// release SQLite's own locks on it.
fn look(path: &Path) -> Option<Cause> {
    if let Err(error) = fs::symlink_metadata(path) {
        return Cause::of_io(&error);
    }
    look_at_folder(path)
}

#[cfg(unix)]
fn look_at_folder(path: &Path) -> Option<Cause> {
    use rustix::fs::Access;
    let folder = private::folder_of(path);
    if let Err(error) = fs::File::open(folder) {
        return Cause::of_io(&error);
    }
    let folder_use = rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK);
    let file_use = rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK);
    if let Err(error) = folder_use.and(file_use) {
        return Cause::of_io(&error.into());
    }
    let space = rustix::fs::statvfs(folder).ok()?;
    (space.f_bavail == 0 && space.f_blocks > 0).then_some(Cause::Full)
}

#[cfg(not(unix))]
fn look_at_folder(_: &Path) -> Option<Cause> {
    None
}

/// Whether the folder of `path` is on a file system without locks, which SQLite takes for another program that holds one.
/// Makes a file without a name, and leaves nothing.
pub(super) fn lacks_locks(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::{fs::FlockOperation, io::Errno};
        let Ok(file) = tempfile::tempfile_in(private::folder_of(path)) else { return false };
        let locked = rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
        matches!(locked, Err(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
