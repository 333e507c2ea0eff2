//! Replacing a file by whoever holds its lock. Owns the name of the unfinished file: it is the same each time, so that a
//! process that was killed leaves at most one behind, and the next write takes it away.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{FileLock, create, facts, folder_of, remove, settle, sync_dir};
use crate::StorageError;

/// How the name of an unfinished file ends.
pub const UNFINISHED: &str = ".new";

/// Replaces the content of `path` as a whole, or makes it: readers see the old bytes or the new ones, also after a power cut.
/// Afterwards the bytes and the name are on the disk.
///
/// Only for files that are written under one lock, which the caller shows. The directory must exist and belong to the user
/// alone. An error leaves the old file, but for one after the replacing itself: then either is there.
pub fn replace_locked(path: &Path, bytes: &[u8], _: &FileLock) -> Result<(), StorageError> {
    facts::closed_dir(folder_of(path))?;
    settle(path)?;
    let unfinished = unfinished(path);
    match create(&unfinished, bytes) {
        Err(StorageError::Exists { .. }) => {
            remove(&unfinished)?;
            create(&unfinished, bytes)?;
        }
        other => other?,
    }
    fs::rename(&unfinished, path).map_err(StorageError::because("replace", path))?;
    sync_dir(folder_of(path))
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(UNFINISHED);
    path.with_file_name(name)
}
