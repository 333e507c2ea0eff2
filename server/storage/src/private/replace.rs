//! Replacing a file by whoever holds its lock. Owns the name of the unfinished file: it is the same each time, so that a
//! process that was killed leaves at most one behind, and the next write takes it away.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempPath;

use super::{FileLock, create, facts, folder_of, is_anything, remove, settle, sync_dir};
use crate::StorageError;

/// How the name of an unfinished file ends.
pub const UNFINISHED: &str = ".new";

/// How many damaged files may lie beside one that is whole.
const MOST_ASIDE: u32 = 100;

/// Replaces the content of `path` as a whole, or makes it: readers see the old bytes or the new ones, also after a power cut.
/// Afterwards the bytes and the name are on the disk.
///
/// Only for files that are written under one lock, which the caller shows. The directory must exist and belong to the user
/// alone. An error leaves the old file, but for one after the replacing itself: then either is there.
pub fn replace_locked(path: &Path, bytes: &[u8], _: &FileLock) -> Result<(), StorageError> {
    facts::closed_dir(folder_of(path))?;
    settle(path)?;
    let unfinished = written(path, bytes)?;
    fs::rename(&unfinished, path).map_err(StorageError::because("replace", path))?;
    sync_dir(folder_of(path))
}

/// Makes `path` with these bytes, whole or not at all, also when the process is killed meanwhile. [`StorageError::Exists`] when
/// anything is there, a link included; then nothing changes. The rest is as for [`replace_locked`].
pub fn create_locked(path: &Path, bytes: &[u8], _: &FileLock) -> Result<(), StorageError> {
    facts::closed_dir(folder_of(path))?;
    let exists = || StorageError::Exists { path: path.to_owned() };
    if is_anything(path)? {
        return Err(exists());
    }
    let unfinished = TempPath::try_from_path(written(path, bytes)?).map_err(StorageError::because("create", path))?;
    unfinished.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => exists(),
        _ => StorageError::because("create", path)(failed.error),
    })?;
    sync_dir(folder_of(path))
}

/// Moves whatever stands at `path` out of the way, beside it, and gives where it is now. Nothing is overwritten.
pub fn put_aside(path: &Path, _: &FileLock) -> Result<PathBuf, StorageError> {
    for number in 1..=MOST_ASIDE {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".damaged-{number}"));
        let aside = path.with_file_name(name);
        if !is_anything(&aside)? {
            fs::rename(path, &aside).map_err(StorageError::because("move away", path))?;
            sync_dir(folder_of(path))?;
            return Ok(aside);
        }
    }
    Err(StorageError::Exists { path: path.with_file_name(format!("*.damaged-{MOST_ASIDE}")) })
}

/// The unfinished file of `path` with these bytes. One that was left behind is taken away first.
fn written(path: &Path, bytes: &[u8]) -> Result<PathBuf, StorageError> {
    let unfinished = unfinished(path);
    match create(&unfinished, bytes) {
        Err(StorageError::Exists { .. }) => {
            remove(&unfinished)?;
            create(&unfinished, bytes)?;
        }
        other => other?,
    }
    Ok(unfinished)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(UNFINISHED);
    path.with_file_name(name)
}
