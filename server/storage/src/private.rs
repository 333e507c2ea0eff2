//! Files and directories that only their owner may read.
//!
//! Owns how they come to be: with mode 0700 or 0600 from creation, never through a symbolic link, never in another user's file,
//! never in a file that has a second name. It does not know what is in them. Outside Unix the platform's own protection of the
//! user's profile applies and only the kind of a file is checked.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

mod facts;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

pub(crate) use facts::{Identity, identity, settle};

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
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".aside-")
        .tempfile_in(folder)
        .map_err(StorageError::because("create a file in", folder))?;
    file.write_all(bytes).map_err(StorageError::because("write", path))?;
    file.as_file().sync_all().map_err(StorageError::because("write", path))?;
    file.persist(path).map_err(|error| StorageError::because("replace", path)(error.error))?;
    sync_dir(folder)
}

/// Opens `path` for adding to its end, creating it if it is missing. The directory must exist.
pub fn open_append(path: &Path) -> Result<File, StorageError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    facts::harden(&mut options);
    let file = options.open(path).map_err(|error| facts::refused("open", path, error))?;
    facts::settle_file(path, &file)?;
    Ok(file)
}

/// Creates `path` empty unless something is there.
pub(crate) fn ensure_file(path: &Path) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    facts::harden(&mut options);
    match options.open(path) {
        Ok(_) => sync_dir(folder_of(path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(facts::refused("create", path, error)),
    }
}

/// Makes the names in a directory durable.
fn sync_dir(path: &Path) -> Result<(), StorageError> {
    // Windows cannot open a directory as a file, and keeps names durable by its journal.
    if cfg!(unix) {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path).and_then(|dir| dir.sync_all()).map_err(StorageError::because("write", path))?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(all(test, unix))]
mod tests;
