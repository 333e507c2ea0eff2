//! Reading private files. Owns the checks before the first byte, and knowing whether what was read is still what is there.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that opens private files")]

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

use aside_secret::{Secret, SecretBuffer};

use super::{Identity, facts, folder_of};
use crate::StorageError;

/// A file that was read whole. Its handle stays open, so that no other file can get its number while this one is compared
/// with what is there.
#[derive(Debug)]
pub struct Held {
    bytes: Vec<u8>,
    file: File,
    modified: Option<SystemTime>,
    closed: bool,
}

/// Reads the private file at `path`; `None` when nothing is there. Creates nothing and follows no link.
///
/// What is there must be a plain file of the user with one name, in a folder that nobody else can write, of at most `max_bytes`:
/// else nothing is read. All of it is checked on the opened file, so that no other can be put in its place meanwhile. A file that
/// others may read is closed to them, with a line in the log.
pub fn hold(path: &Path, max_bytes: u64) -> Result<Option<Held>, StorageError> {
    let Some(mut file) = open(path)? else { return Ok(None) };
    facts::closed_dir(folder_of(path))?;
    let closed = facts::settle_file(path, &file)?;
    let metadata = file.metadata().map_err(StorageError::because("look at", path))?;
    let too_large = |bytes| StorageError::TooLarge { path: path.to_owned(), bytes, max: max_bytes };
    if metadata.len() > max_bytes {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // One more than it may have: it may be growing.
    (&mut file).take(max_bytes + 1).read_to_end(&mut bytes).map_err(StorageError::because("read", path))?;
    if bytes.len() as u64 > max_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(Some(Held { bytes, modified: metadata.modified().ok(), file, closed }))
}

/// Reads the private file at `path` as a secret; `None` when nothing is there.
///
/// The checks are those of [`hold`], and nothing is mended: a file that others may read is [`StorageError::OpenToOthers`], since
/// what is in it may not be a secret any more.
pub fn read_secret(path: &Path, max_bytes: u64) -> Result<Option<Secret>, StorageError> {
    let Some(mut file) = open(path)? else { return Ok(None) };
    facts::closed_dir(folder_of(path))?;
    let length = facts::closed_file(path, &file)?.len();
    let too_large = |bytes| StorageError::TooLarge { path: path.to_owned(), bytes, max: max_bytes };
    if length > max_bytes {
        return Err(too_large(length));
    }
    let mut buffer = SecretBuffer::with_capacity(usize::try_from(max_bytes).unwrap_or(usize::MAX));
    buffer.read_to_end(&mut file).map_err(|error| match error.kind() {
        // It grew meanwhile.
        io::ErrorKind::FileTooLarge => too_large(max_bytes + 1),
        _ => StorageError::because("read", path)(error),
    })?;
    Ok(Some(buffer.finish()))
}

/// Opens a file to be read: not through a link, and without waiting for the other end of a pipe.
fn open(path: &Path) -> Result<Option<File>, StorageError> {
    let mut options = OpenOptions::new();
    options.read(true);
    facts::harden(&mut options);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).map_err(|error| facts::refused("open", path, error)),
    }
}

/// The bytes of the private file at `path`, with the checks of [`hold`].
pub fn read(path: &Path, max_bytes: u64) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(hold(path, max_bytes)?.map(|held| held.bytes))
}

impl Held {
    /// What was read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the file was open to other users and had to be closed to them.
    pub fn was_open_to_others(&self) -> bool {
        self.closed
    }

    /// Whether the same file, unchanged since it was read, stands at `path`. Reads no content.
    pub fn is_still_at(&self, path: &Path) -> bool {
        let same = |there: &Metadata, identity| {
            Identity::of(&self.file).is_ok_and(|own| identity == Some(own))
                && there.len() == self.bytes.len() as u64
                && there.modified().ok() == self.modified
        };
        fs::symlink_metadata(path).is_ok_and(|there| same(&there, super::identity(path)))
    }
}
