//! The key file: `sessions.key` in the data folder, for its owner only. Owns how it is read, made, replaced and put aside, and the
//! lock under which the key of the conversations is made or moved, wherever it is kept.
//!
//! It stands beside the conversations, so it protects a copy of these that was made without it, and nothing else.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aside_sessions::{DataKey, KeyFault};
use aside_storage::private::{self, FileLock};

use super::{
    fault,
    format::{self, End, LONGEST},
};

/// The file, and its lock beside it.
const NAME: &str = "sessions.key";
const LOCK: &str = "sessions.key.lock";

/// The key file of a data folder.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    folder: PathBuf,
}

impl KeyFile {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is, or would be.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    /// Whether anything stands there.
    pub(super) fn is_there(&self) -> Result<bool, KeyFault> {
        private::is_anything(&self.path()).map_err(|error| fault::of_file(&error))
    }

    /// The keys in it; `None` when nothing is there. Changes nothing, whatever is there.
    pub(super) fn read(&self) -> Result<Option<Vec<DataKey>>, KeyFault> {
        let text = private::read_secret(&self.path(), LONGEST as u64).map_err(|error| fault::of_file(&error))?;
        text.map(|text| format::parse(&text, End::Line))
            .transpose()
            .map_err(|not_keys| fault::damaged_file(&self.path(), not_keys))
    }

    /// Locks the making and moving of the key, among processes and threads; makes the folder where it is missing.
    pub(super) fn lock(&self, wait: Duration) -> Result<FileLock, KeyFault> {
        private::ensure_dir(&self.folder)
            .and_then(|()| FileLock::exclusive(&self.folder.join(LOCK), wait))
            .map_err(|error| fault::of_lock(&error))
    }

    /// Makes it with these keys; a fault when anything is there.
    pub(super) fn create(&self, keys: &[DataKey], lock: &FileLock) -> Result<(), KeyFault> {
        let text = format::text(keys, End::Line);
        private::create_locked(&self.path(), text.expose(), lock).map_err(|error| fault::of_file(&error))
    }

    /// Replaces its content by these keys.
    pub(super) fn replace(&self, keys: &[DataKey], lock: &FileLock) -> Result<(), KeyFault> {
        let text = format::text(keys, End::Line);
        private::replace_locked(&self.path(), text.expose(), lock).map_err(|error| fault::of_file(&error))
    }

    /// Removes it.
    pub(super) fn remove(&self) -> Result<(), KeyFault> {
        private::remove(&self.path()).map(drop).map_err(|error| fault::of_file(&error))
    }

    /// Moves whatever stands there out of the way. Gives where it is now.
    pub(super) fn put_aside(&self, lock: &FileLock) -> Result<PathBuf, KeyFault> {
        private::put_aside(&self.path(), lock).map_err(|error| fault::of_file(&error))
    }
}
