//! Small files beside the record: made once, read whole, replaced in place.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    fs::OpenOptions,
    io::{self, Read, Seek, Write},
    path::Path,
};

use crate::{
    StorageError,
    private::{check_open, folder_of, harden, refused, settle, sync_dir, written_beside},
};

/// Makes `path` with these bytes unless something is there; gives whether it was made. Seen by others whole or not at all.
///
/// The folder must exist. The file has mode 0600 before its first byte is written.
pub fn create_small(path: &Path, bytes: &[u8]) -> Result<bool, StorageError> {
    match written_beside(path, bytes)?.persist_noclobber(path) {
        Ok(_) => sync_dir(folder_of(path)).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StorageError::because("create", path)(error.error)),
    }
}

/// The bytes of `path`, `most + 1` at most, so that a longer file shows; `None` where there is none. Changes nothing.
pub fn read_small(path: &Path, most: usize) -> Result<Option<Vec<u8>>, StorageError> {
    let Some(file) = super::open_to_read(path)? else { return Ok(None) };
    // Of its full size at once: growing would leave copies.
    let mut bytes = Vec::with_capacity(most + 1);
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(StorageError::because("read", path))?;
    Ok(Some(bytes))
}

/// Writes `bytes` over the beginning of `path`, which must exist and be as long. Not durable by itself: after a power cut the
/// old bytes may be back. Within one disk sector (512 bytes) it is the old bytes or the new ones.
pub fn overwrite_small(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    settle(path)?;
    let mut options = OpenOptions::new();
    options.write(true);
    harden(&mut options);
    let mut file = options.open(path).map_err(|error| refused("open", path, error))?;
    check_open(path, &file)?;
    file.rewind().and_then(|()| file.write_all(bytes)).map_err(StorageError::because("write", path))
}
