//! Where the vault lies on the disk. Owns the paths, the lock, the order of writes (backup of the old state, the new state, the
//! anchor, old backups away) and what is kept of older states; knows no keys and opens nothing.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aside_storage::{
    StorageError,
    private::{self, FileLock, Held, UNFINISHED, replace_locked},
};

use super::{
    Note, VaultError,
    anchor::{Anchor, SIZE},
    content::header,
    format::LARGEST,
};

/// How long a write waits for another process's write.
const WAIT: Duration = Duration::from_secs(10);

/// Where a vault and what belongs to it lie, and how many older states are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The vault itself.
    pub vault: PathBuf,
    /// The folder of its older states. Nothing else may lie there.
    pub backups: PathBuf,
    /// What remembers its newest generation; best on another disk or in another folder than the vault.
    pub anchor: PathBuf,
    /// What processes lock before they write.
    pub lock: PathBuf,
    /// How many older states are kept automatically. 0: none.
    pub keep: usize,
    /// How long a write waits for another process's write.
    pub wait: Duration,
}

/// An older state of the vault, in a file of the same format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file. It can be given to [`super::FileVault::restore`].
    pub path: PathBuf,
    /// Which write it was the state before.
    pub generation: u64,
    /// Kept because the vault was cleared or replaced, not by an ordinary write.
    pub replaced: bool,
}

/// Why a state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is one of the last few.
    Automatic,
    /// Everything in it was replaced: kept even when nothing else is.
    Replaced,
}

/// What the anchor file holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    Nothing,
    Damaged,
    This(Anchor),
}

impl Files {
    /// The usual names: `vault.aside`, `vault.lock` and `backups/` in `data`, `vault.anchor` in `state`. Five older states are
    /// kept, and a write waits ten seconds for another.
    pub fn in_folders(data: &Path, state: &Path) -> Self {
        Self {
            vault: data.join("vault.aside"),
            backups: data.join("backups"),
            anchor: state.join("vault.anchor"),
            lock: data.join("vault.lock"),
            keep: 5,
            wait: WAIT,
        }
    }

    /// The older states that are kept, the newest first.
    pub fn backups(&self) -> Result<Vec<Backup>, VaultError> {
        let mut found: Vec<_> = private::list(&self.backups)?.into_iter().filter_map(Backup::at).collect();
        found.sort_by_key(|backup| std::cmp::Reverse((backup.generation, backup.replaced)));
        Ok(found)
    }

    /// The vault's file, read whole. [`VaultError::NotThere`] when there is none.
    pub(super) fn hold(&self) -> Result<Held, VaultError> {
        self.hold_if_there()?.ok_or_else(|| VaultError::NotThere { path: self.vault.clone() })
    }

    pub(super) fn hold_if_there(&self) -> Result<Option<Held>, VaultError> {
        Ok(private::hold(&self.vault, LARGEST)?)
    }

    /// Read before the vault, always: the vault is written before its anchor, so that an older vault than this is an old one.
    pub(super) fn remembered(&self) -> Result<Remembered, VaultError> {
        let bytes = match private::read(&self.anchor, SIZE as u64) {
            Err(StorageError::TooLarge { .. }) => return Ok(Remembered::Damaged),
            other => other?,
        };
        Ok(match bytes {
            None => Remembered::Nothing,
            Some(bytes) => Anchor::parse(&bytes).map_or(Remembered::Damaged, Remembered::This),
        })
    }

    /// Makes the vault's folder if it is missing and locks the vault for writing.
    pub(super) fn lock_new(&self) -> Result<FileLock, VaultError> {
        private::ensure_dir(folder(&self.vault))?;
        private::ensure_dir(folder(&self.lock))?;
        Ok(FileLock::exclusive(&self.lock, self.wait)?)
    }

    /// Locks the vault for writing. [`VaultError::NotThere`] when there is none.
    pub(super) fn lock(&self) -> Result<FileLock, VaultError> {
        if !private::is_anything(&self.vault)? {
            return Err(VaultError::NotThere { path: self.vault.clone() });
        }
        Ok(FileLock::exclusive(&self.lock, self.wait)?)
    }

    /// Replaces the vault by its next state. `before` is the state it had, or whatever bytes were there. An error leaves the old
    /// state; what went wrong behind the replacing itself is noted.
    pub(super) fn commit(
        &self,
        lock: &FileLock,
        before: Option<(&[u8], u64, Keep)>,
        after: (&[u8], &Anchor),
    ) -> Result<Vec<Note>, VaultError> {
        if let Some((bytes, generation, keep)) = before
            && (self.keep > 0 || keep == Keep::Replaced)
        {
            self.save(lock, bytes, generation, keep)?;
        }
        let (bytes, anchor) = after;
        replace_locked(&self.vault, bytes, lock)?;
        let mut notes = Vec::new();
        if let Err(error) = self.remember(lock, anchor) {
            notes.push(Note::AnchorNotWritten { reason: error.to_string() });
        }
        if let Err(error) = self.prune() {
            notes.push(Note::BackupsNotPruned { reason: error.to_string() });
        }
        Ok(notes)
    }

    /// Writes the anchor.
    pub(super) fn remember(&self, lock: &FileLock, anchor: &Anchor) -> Result<(), VaultError> {
        private::ensure_dir(folder(&self.anchor))?;
        Ok(replace_locked(&self.anchor, &anchor.to_bytes(), lock)?)
    }

    /// Keeps a state among the backups.
    pub(super) fn save(
        &self,
        lock: &FileLock,
        bytes: &[u8],
        generation: u64,
        keep: Keep,
    ) -> Result<PathBuf, VaultError> {
        private::ensure_dir(&self.backups)?;
        let kind = if keep == Keep::Automatic { "auto" } else { "replaced" };
        let path = self.backups.join(format!("{kind}-{generation:020}.aside"));
        replace_locked(&path, bytes, lock)?;
        Ok(path)
    }

    /// Removes what is more than is kept, and what a killed process left unfinished.
    fn prune(&self) -> Result<(), VaultError> {
        let unfinished = |path: &PathBuf| path.to_string_lossy().ends_with(UNFINISHED);
        for path in private::list(&self.backups)?.into_iter().filter(unfinished) {
            private::remove(&path)?;
        }
        let backups = self.backups()?;
        let of = |replaced| backups.iter().filter(move |backup| backup.replaced == replaced);
        // With none kept, what is there was kept under another setting and goes, too.
        for old in of(false).skip(self.keep).chain(of(true).skip(self.keep.max(1))) {
            private::remove(&old.path)?;
        }
        Ok(())
    }

    /// The highest generation that anything here speaks of.
    pub(super) fn highest(&self, present: Option<&[u8]>) -> Result<u64, VaultError> {
        let anchor = match self.remembered()? {
            Remembered::This(anchor) => anchor.generation,
            _ => 0,
        };
        let present = present.and_then(|bytes| header(bytes).ok()).map_or(0, |header| header.generation);
        let kept = self.backups()?.into_iter().map(|backup| backup.generation).max().unwrap_or(0);
        Ok(anchor.max(present).max(kept))
    }
}

impl Backup {
    fn at(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (kind, rest) = name.split_once('-')?;
        let generation = rest.strip_suffix(".aside")?.parse().ok()?;
        let replaced = match kind {
            "auto" => false,
            "replaced" => true,
            _ => return None,
        };
        Some(Self { path, generation, replaced })
    }

    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>, VaultError> {
        let bytes = private::read(&self.path, LARGEST)?;
        bytes.ok_or_else(|| VaultError::NotThere { path: self.path.clone() })
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
