//! Where a private socket lies. Owns making room for it, closing it to other users, and finding the ones that lie there; it
//! opens none and speaks to nobody.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that changes files")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{StorageError, private};

/// The most bytes of a socket's path that every Unix takes (`sun_path`, without the byte that ends it).
pub const LONGEST_PATH: usize = 103;

/// Makes the folder of `path` private and takes away a socket that was left there; anything else that stands there is an error.
pub fn make_room(path: &Path) -> Result<(), StorageError> {
    if let Some(folder) = path.parent() {
        private::ensure_dir(folder)?;
    }
    if !is_there(path)? {
        return Ok(());
    }
    remove(path)
}

/// Closes a socket that was just bound to other users. Its folder kept them out until then.
#[cfg(unix)]
pub fn close_to_others(path: &Path) -> Result<(), StorageError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(StorageError::because("close to others", path))
}

/// Removes a socket; that it is gone already is fine.
pub fn remove(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::because("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The sockets in a folder, by name; none when there is no folder.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StorageError::because("list", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StorageError::because("list", folder))?;
        if entry.file_type().is_ok_and(|kind| is_socket(&kind)) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_there(path: &Path) -> Result<bool, StorageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::because("look at", path)(error)),
        Ok(found) if is_socket(&found.file_type()) => Ok(true),
        Ok(_) => Err(StorageError::WrongKind { path: path.to_owned(), wanted: "socket" }),
    }
}

#[cfg(unix)]
fn is_socket(kind: &fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(kind)
}

/// Elsewhere there are none in folders.
#[cfg(not(unix))]
fn is_socket(_: &fs::FileType) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests;
