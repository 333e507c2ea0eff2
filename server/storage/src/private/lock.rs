//! Locks between processes. Owns the advisory lock on a file of its own, which the end of the process releases in any case.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that makes private files")]

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{Identity, facts, identity};
use crate::StorageError;

/// How long between two tries for a lock that another process holds: short beside a write, long beside a system call.
const STEP: Duration = Duration::from_millis(2);

/// An exclusive lock between processes, and between the threads of one. Held until it is dropped.
///
/// The file stays when the lock is released: removing it would let two processes hold "the" lock on two files.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// Locks the file at `path`, which is made if it is missing; its directory must exist. Blocks this thread for at most
    /// `wait`, after which it is [`StorageError::LockBusy`].
    ///
    /// [`StorageError::LockUnsupported`] where the file system has no locks: whoever gets it must not write.
    pub fn exclusive(path: &Path, wait: Duration) -> Result<Self, StorageError> {
        let start = Instant::now();
        loop {
            if let Some(lock) = Self::attempt(path)? {
                return Ok(lock);
            }
            let waited = start.elapsed();
            if waited >= wait {
                return Err(StorageError::LockBusy { path: path.to_owned(), waited });
            }
            thread::sleep(STEP.min(wait - waited));
        }
    }

    fn attempt(path: &Path) -> Result<Option<Self>, StorageError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        facts::harden(&mut options);
        let file = options.open(path).map_err(|error| facts::refused("open", path, error))?;
        facts::settle_file(path, &file)?;
        match file.try_lock() {
            // Somebody may have removed the file between opening and locking it: then the lock is nobody's.
            Ok(()) => Ok((identity(path) == Identity::of(&file).ok()).then_some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) if is_unsupported(&source) => {
                Err(StorageError::LockUnsupported { path: path.to_owned(), source })
            }
            Err(TryLockError::Error(source)) => Err(StorageError::because("lock", path)(source)),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would do the same, but for a child that got the handle.
        drop(self.file.unlock());
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let known = [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP];
        if known.iter().any(|one| error.raw_os_error() == Some(one.raw_os_error())) {
            return true;
        }
    }
    error.kind() == io::ErrorKind::Unsupported
}
