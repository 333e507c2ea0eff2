//! How keeping files private fails. Owns one vocabulary for all of them; each error names its path.

use std::{io, path::PathBuf, time::Duration};

/// A file or directory that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The system refused.
    #[error("cannot {action} `{path}`: {source}", path = path.display())]
    Io {
        /// What was tried: `open`, `create`, `write`, ...
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link stands where our own file belongs.
    #[error("`{path}` is a symbolic link", path = path.display())]
    Symlink {
        /// Where.
        path: PathBuf,
    },
    /// Something else stands there.
    #[error("`{path}` is not a {wanted}", path = path.display())]
    WrongKind {
        /// Where.
        path: PathBuf,
        /// What belongs there: `file` or `directory`.
        wanted: &'static str,
    },
    /// It belongs to another user.
    #[error("`{path}` belongs to user {owner}, not to you", path = path.display())]
    ForeignOwner {
        /// Where.
        path: PathBuf,
        /// The other user's number.
        owner: u32,
    },
    /// The file has further names, so that others may read or change it elsewhere.
    #[error("`{path}` has {links} names (hard links)", path = path.display())]
    HardLinked {
        /// Where.
        path: PathBuf,
        /// How many names.
        links: u64,
    },
    /// The file is open to other users, and what is in it must not have been seen by them.
    #[error("`{path}` is open to other users of this machine (mode {mode:o})", path = path.display())]
    OpenToOthers {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The folder can be changed by other users, who could put anything there.
    #[error("the folder `{path}` can be written by other users (mode {mode:o})", path = path.display())]
    OpenFolder {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is larger than anything we write there.
    #[error("`{path}` has {bytes} bytes, more than the {max} it may have", path = path.display())]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        max: u64,
    },
    /// Something stands where a new file belongs.
    #[error("`{path}` exists already", path = path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Another process held the lock all the time.
    #[error("another process holds `{path}`; waited {} ms", waited.as_millis(), path = path.display())]
    LockBusy {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// The file system has no locks, so that nobody can write safely.
    #[error("the file system of `{path}` cannot lock files: {source}", path = path.display())]
    LockUnsupported {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StorageError {
    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Io { source, path, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("make `{}` accessible to yourself, or set ASIDE_HOME to another folder", path.display())
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the disk".to_owned(),
                io::ErrorKind::ReadOnlyFilesystem => {
                    "the file system is read-only: set ASIDE_HOME to a folder that can be written".to_owned()
                }
                _ => format!("check `{}` and its disk; `aside doctor` tests it", path.display()),
            },
            Self::Symlink { path } | Self::WrongKind { path, .. } => {
                format!("move `{}` out of the way, or set ASIDE_HOME to another folder", path.display())
            }
            Self::ForeignOwner { .. } => {
                "run as the user it belongs to, or set ASIDE_HOME to a folder of your own".to_owned()
            }
            Self::HardLinked { path, .. } => {
                format!("copy `{}`, remove it, and put the copy in its place", path.display())
            }
            Self::OpenFolder { path, .. } => {
                format!("look at what is in it, then close it to others: chmod go-w '{}'", path.display())
            }
            Self::OpenToOthers { path, .. } => {
                format!(
                    "think of who may have read or changed it, then close it to others: chmod 600 '{}'",
                    path.display()
                )
            }
            Self::TooLarge { path, .. } | Self::Exists { path } => format!("move `{}` out of the way", path.display()),
            Self::LockBusy { .. } => "try again when the other `aside` is done".to_owned(),
            Self::LockUnsupported { .. } => {
                "set ASIDE_HOME to a folder on a local disk; what is there can still be read".to_owned()
            }
        }
    }

    /// What the system said, where it was the system.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io { source, .. } | Self::LockUnsupported { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Attaches what was tried and where to what the system said.
    pub(crate) fn because(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
