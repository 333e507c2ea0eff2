//! Files and directories that only their owner may read.
//!
//! Owns how they come to be: with mode 0700 or 0600 from creation, never through a symbolic link, never in another user's file,
//! never in a file that has a second name. It does not know what is in them. Outside Unix the platform's own protection of the
//! user's profile applies and only the kind of a file is checked.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

mod facts;
mod held;
mod lock;
mod new;
mod replace;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

pub(crate) use facts::{Identity, check_open, examine, harden, identity, refused, settle};
pub use held::{Held, hold, read, read_secret};
pub use lock::FileLock;
pub use new::NewFile;
pub use replace::{UNFINISHED, create_locked, put_aside, replace_locked};

use tempfile::NamedTempFile;

use crate::StorageError;

/// Makes sure that `path` is a directory for its owner only, with all directories above it that are missing.
///
/// An existing directory that others may enter is closed to them.
pub fn ensure_dir(path: &Path) -> Result<(), StorageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path).map_err(StorageError::because("create", path))?;
            if let Some(parent) = path.parent() {
                sync_dir(parent)?;
            }
        }
        Err(error) => return Err(StorageError::because("look at", path)(error)),
        Ok(_) => {}
    }
    facts::settle_dir(path)
}

/// Replaces the content of `path` as a whole: readers see the old bytes or the new ones, also after a power cut.
///
/// The directory must exist. A new file has mode 0600 before its first byte is written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    settle(path)?;
    let file = written_beside(path, bytes)?;
    file.persist(path).map_err(|error| StorageError::because("replace", path)(error.error))?;
    sync_dir(folder_of(path))
}

/// A file in the folder of `path` that holds these bytes, also after a power cut, and has no lasting name yet.
pub(crate) fn written_beside(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, StorageError> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".aside-")
        .tempfile_in(folder)
        .map_err(StorageError::because("create a file in", folder))?;
    file.write_all(bytes).map_err(StorageError::because("write", path))?;
    file.as_file().sync_all().map_err(StorageError::because("write", path))?;
    Ok(file)
}

/// Opens `path` for adding to its end, creating it if it is missing. The directory must exist.
pub fn open_append(path: &Path) -> Result<File, StorageError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    harden(&mut options);
    let file = options.open(path).map_err(|error| refused("open", path, error))?;
    facts::settle_file(path, &file)?;
    Ok(file)
}

/// Creates `path` empty unless something is there.
pub(crate) fn ensure_file(path: &Path) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    harden(&mut options);
    match options.open(path) {
        Ok(_) => sync_dir(folder_of(path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused("create", path, error)),
    }
}

/// Creates `path` with these bytes, mode 0600 from the start, durably. [`StorageError::Exists`] when anything is there, a link
/// included. The directory must exist. A file that could not be written whole is removed again.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    harden(&mut options);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => StorageError::Exists { path: path.to_owned() },
        _ => StorageError::because("create", path)(error),
    })?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        drop(fs::remove_file(path));
        return Err(StorageError::because("write", path)(error));
    }
    sync_dir(folder_of(path))
}

/// Removes the file or link at `path`, durably. Gives whether one was there.
pub fn remove(path: &Path) -> Result<bool, StorageError> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir(folder_of(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::because("remove", path)(error)),
    }
}

/// The paths of what lies in the directory `path`, sorted; empty when there is no such directory.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StorageError::because("list", path))?,
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(StorageError::because("list", path))?;
    paths.sort();
    Ok(paths)
}

/// Whether anything stands at `path`: a file, a link to nowhere, a folder.
pub fn is_anything(path: &Path) -> Result<bool, StorageError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::because("look at", path)(error)),
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StorageError> {
    // Windows cannot open a directory as a file, and keeps names durable by its journal.
    if cfg!(unix) {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path).and_then(|dir| dir.sync_all()).map_err(StorageError::because("write", path))?;
    }
    Ok(())
}

/// The folder that `path` is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(all(test, unix))]
mod tests;
