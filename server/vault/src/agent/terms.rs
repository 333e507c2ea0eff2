//! The words of the agent that are the same on every platform: what it is made of, what it tells, and how reaching it fails.

use std::{io, path::PathBuf, time::Duration};

use aside_secret::Secret;
use aside_storage::{StorageError, socket};

use super::message::{Refusal, RefusalKind};
use crate::{KeyInfo, KeyName, LockReason, NewKey, Policy, Slot, Unlocked, VaultError};

/// An open vault, as the agent needs it. Every call may block, several may come at once.
pub trait OpenVault: Send + Sync {
    /// The value under `name`.
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Secret, Refusal>;
    /// Stores all or none.
    fn set(&self, keys: Vec<NewKey>) -> Result<(), Refusal>;
    /// Stores a value where there is none.
    fn add(&self, key: NewKey) -> Result<(), Refusal>;
    /// Removes a value.
    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Refusal>;
    /// What is stored.
    fn list(&self) -> Result<Vec<KeyInfo>, Refusal>;
    /// What a person should know, one sentence each.
    fn notes(&self) -> Vec<String>;
}

/// The vault file, opened; `now` gives seconds since 1970.
pub struct OpenFile {
    unlocked: Unlocked,
    now: fn() -> i64,
}

impl OpenFile {
    /// An opened vault file for an agent.
    pub fn new(unlocked: Unlocked, now: fn() -> i64) -> Self {
        Self { unlocked, now }
    }
}

impl OpenVault for OpenFile {
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Secret, Refusal> {
        Ok(self.unlocked.get(name, slot)?)
    }

    fn set(&self, keys: Vec<NewKey>) -> Result<(), Refusal> {
        Ok(self.unlocked.set(keys, (self.now)())?)
    }

    fn add(&self, key: NewKey) -> Result<(), Refusal> {
        Ok(self.unlocked.add(key, (self.now)())?)
    }

    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Refusal> {
        Ok(self.unlocked.delete(name, slot)?)
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Refusal> {
        Ok(self.unlocked.list()?)
    }

    fn notes(&self) -> Vec<String> {
        self.unlocked.notes().iter().map(ToString::to_string).collect()
    }
}

impl From<VaultError> for Refusal {
    fn from(error: VaultError) -> Self {
        let kind = match error {
            VaultError::NoKey { .. } => RefusalKind::Missing,
            VaultError::Occupied { .. } => RefusalKind::Occupied,
            VaultError::WrongPassphrase => RefusalKind::WrongPassphrase,
            _ => RefusalKind::Failed,
        };
        Self { kind, code: error.code().to_owned(), message: error.to_string(), hint: error.hint() }
    }
}

/// Opens the vault with a passphrase. May block for the time that a key derivation takes.
pub type Opens = Box<dyn Fn(Secret) -> Result<Box<dyn OpenVault>, Refusal> + Send + Sync>;

/// What happened, for the audit record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentEvent {
    /// It listens.
    Started,
    /// The vault was opened.
    Unlocked,
    /// A passphrase was not the one.
    WrongPassphrase,
    /// The vault was closed.
    Locked(LockReason),
    /// It does not listen any more.
    Ended,
}

/// What an agent is made of.
pub struct AgentOptions {
    /// The runtime folder.
    pub folder: PathBuf,
    /// When it locks, asked at each unlocking. What opens it is always the passphrase.
    pub policy: Box<dyn Fn() -> Policy + Send + Sync>,
    /// Opens the vault.
    pub opens: Opens,
    /// Hears what happens; must not block for long.
    pub on_event: Box<dyn Fn(AgentEvent) + Send + Sync>,
    /// Called once it listens.
    pub on_ready: Box<dyn FnOnce() + Send>,
}

/// How an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentEnd {
    /// It was locked and nobody needed it.
    Idle,
    /// Another one runs.
    AnotherRuns,
}

/// The code of a refusal that says that the data key is another one now.
pub const KEY_CHANGED: &str = "vault-key-changed";

/// Why a process was not reached.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// Nobody listens.
    #[error("no agent runs")]
    NotRunning,
    /// It did not answer in time.
    #[error("the agent did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// It answers, and not as it should.
    #[error("the agent cannot be asked: {0}")]
    Broken(String),
    /// The runtime folder is of no use.
    #[error(transparent)]
    Place(#[from] StorageError),
}

/// What every process is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Wipe every key now.
    Lock,
    /// A person unlocked the keys.
    Wake,
    /// A key changed where it is kept.
    Forget,
}

/// Why a process does not listen.
#[derive(Debug, thiserror::Error)]
pub enum Deaf {
    /// The folder or the file is of no use.
    #[error(transparent)]
    Place(#[from] StorageError),
    /// The path does not fit into a socket's address.
    #[error("`{}` is too long for a socket ({} bytes at most)", .0.display(), socket::LONGEST_PATH)]
    TooLong(PathBuf),
    /// This platform has no such sockets.
    #[error("processes cannot tell each other of keys on this platform yet")]
    Unsupported,
    /// The system refused.
    #[error("cannot listen at `{}`: {}", .0.display(), .1)]
    Bind(PathBuf, #[source] io::Error),
}
