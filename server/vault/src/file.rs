//! The vault file: keys sealed under a passphrase, for machines without a keyring and for people who want one.
//!
//! Owns making, opening, changing, backing up and restoring the file, by any number of processes at once. Its layout stands in
//! `format`, and what its parts are bound to in `index`, `keys` and `anchor`; ciphers and writing are `storage`'s. Everything
//! here blocks: reading for microseconds, opening with a passphrase for a third of a second on purpose, writing for as long as
//! the disk takes and other processes write.
//!
//! What is promised: a process that is killed at any moment leaves the old state or the new one. Two processes that write at
//! once both succeed, one after the other. What the disk or a person did to the file is found when it is opened or, for one
//! value, when that is read: a wrong passphrase, damage, alteration and an older state are told apart. What cannot be: a
//! changed key wrap with a fitting checksum looks like a wrong passphrase.

mod anchor;
mod bytes;
mod content;
mod disk;
mod error;
mod format;
mod index;
mod keys;
mod note;
mod restore;
mod unlocked;

use aside_storage::{
    private,
    sealed::{self, Kdf},
};

use self::{
    anchor::Anchor,
    content::Draft,
    format::Header,
    keys::{key_id, random_key, wrap, wrap_words},
    unlocked::Rollback,
};
pub use self::{
    disk::{Backup, Files},
    error::VaultError,
    keys::Opener,
    note::Note,
    restore::{Changes, Plan},
    unlocked::{PassphraseChanged, Unlocked},
};
use crate::{Passphrase, RecoveryWords};

/// Whether a vault can also be opened with recovery words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// With words that are shown once.
    Words,
    /// With the passphrase only: when it is forgotten, everything is lost.
    None,
}

/// What a vault file says without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultInfo {
    /// The format's version.
    pub version: u16,
    /// The vault's random id, 32 hexadecimal digits.
    pub id: String,
    /// One more with every write.
    pub generation: u64,
    /// Seconds since 1970 (UTC).
    pub created: i64,
    /// How its passphrase becomes a key.
    pub kdf: Kdf,
    /// Whether it has recovery words.
    pub recovery: bool,
    /// The file's size.
    pub bytes: u64,
}

/// The vault file, from outside.
#[derive(Debug, Clone, Copy)]
pub struct FileVault;

impl FileVault {
    /// Whether anything stands where the vault belongs, whatever it is.
    pub fn exists(files: &Files) -> Result<bool, VaultError> {
        Ok(private::is_anything(&files.vault)?)
    }

    /// What the vault says of itself. Its checksum is verified, and nothing else.
    pub fn peek(files: &Files) -> Result<VaultInfo, VaultError> {
        let held = files.hold()?;
        let header = content::header(held.bytes())?;
        Ok(VaultInfo {
            version: format::VERSION,
            id: header.id.iter().map(|byte| format!("{byte:02x}")).collect(),
            generation: header.generation,
            created: header.created,
            kdf: header.passphrase.kdf,
            recovery: header.recovery.is_some(),
            bytes: held.bytes().len() as u64,
        })
    }

    /// Makes an empty vault, with recovery words if they are wanted. `now` is in seconds since 1970. Refuses a weak passphrase, and
    /// [`VaultError::AlreadyThere`] when anything is there.
    pub fn create(
        files: &Files,
        passphrase: &Passphrase,
        recovery: Recovery,
        now: i64,
    ) -> Result<(Unlocked, Option<RecoveryWords>), VaultError> {
        passphrase.check_new()?;
        let absent = || match Self::exists(files)? {
            true => Err(VaultError::AlreadyThere { path: files.vault.clone() }),
            false => Ok(()),
        };
        absent()?;
        let new = New::make(passphrase, recovery)?;
        let lock = files.lock_new()?;
        absent()?;
        let generation = next(files.highest(None)?)?;
        let header = Header { generation, created: now, ..new.header };
        let bytes = Draft::empty(header.clone()).to_bytes(&new.data)?;
        let notes = files.commit(&lock, None, (&bytes, &Anchor::of(&header, &new.data)))?;
        Ok((Unlocked::written(files, new.data, notes)?, new.words))
    }

    /// Opens the vault with its passphrase. What was made with weaker parameters is wrapped anew with the current ones.
    pub fn unlock(files: &Files, passphrase: &Passphrase) -> Result<Unlocked, VaultError> {
        Unlocked::open(files, passphrase.into(), Rollback::Refused)
    }

    /// Opens the vault with its recovery words. [`Unlocked::change_passphrase`] takes them, too.
    pub fn unlock_with_words(files: &Files, words: &RecoveryWords) -> Result<Unlocked, VaultError> {
        Unlocked::open(files, words.into(), Rollback::Refused)
    }

    /// Opens the vault though it is older than it was, or though what remembers that is damaged: a person said that they put it
    /// there. From then on it is the newest state.
    pub fn accept_rollback<'a>(files: &Files, opener: impl Into<Opener<'a>>) -> Result<Unlocked, VaultError> {
        Unlocked::open(files, opener.into(), Rollback::Accepted)
    }

    /// What [`FileVault::restore`] would do, without doing it: the backup is opened with its own passphrase or words and every value
    /// in it is verified. It is compared with the present vault when that opens with the same.
    pub fn restore_plan<'a>(files: &Files, bytes: &[u8], opener: impl Into<Opener<'a>>) -> Result<Plan, VaultError> {
        restore::plan(files, bytes, opener.into())
    }

    /// Puts a backup in the place of the vault, which from then on opens with the backup's passphrase and words. Every value is
    /// verified first. What was there is kept among the backups, damaged or not.
    pub fn restore<'a>(files: &Files, bytes: &[u8], opener: impl Into<Opener<'a>>) -> Result<Unlocked, VaultError> {
        restore::restore(files, bytes, opener.into())
    }
}

/// A new vault's keys.
struct New {
    data: aside_secret::SecretKey,
    /// Complete but for the generation and the time.
    header: Header,
    words: Option<RecoveryWords>,
}

impl New {
    /// New id, salt, data key and, if wanted, words.
    fn make(passphrase: &Passphrase, recovery: Recovery) -> Result<Self, VaultError> {
        Self::with_id(sealed::random()?, passphrase, recovery)
    }

    /// The same for a vault that keeps its id.
    fn with_id(id: [u8; 16], passphrase: &Passphrase, recovery: Recovery) -> Result<Self, VaultError> {
        let data = random_key()?;
        let words = match recovery {
            Recovery::Words => Some(RecoveryWords::generate()?),
            Recovery::None => None,
        };
        let header = Header {
            id,
            key_id: key_id(&data),
            generation: 0,
            created: 0,
            passphrase: wrap(&data, &id, passphrase)?,
            recovery: words.as_ref().map(|words| wrap_words(&data, &id, words)).transpose()?,
        };
        Ok(Self { data, header, words })
    }
}

/// The generation after this one.
fn next(generation: u64) -> Result<u64, VaultError> {
    generation.checked_add(1).ok_or(VaultError::Altered { what: "it has no next generation" })
}

#[cfg(test)]
mod tests;
