//! Where there are no private sockets yet: no agent runs, no process hears of another. Each process locks at its own limits, and
//! the keyring of the system works as everywhere. Untested.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aside_secret::Secret;
use aside_storage::StorageError;
use tokio::sync::watch;

use super::{
    message::{ProcessStatus, Refusal, Reply, Request},
    store::unreached,
    terms::{AgentEnd, AgentOptions, Deaf, Unreached, Word},
};
use crate::{Gate, LockReason};

/// The agent, which does not run here.
#[derive(Debug)]
pub struct Agent;

impl Agent {
    /// Refuses.
    ///
    /// # Errors
    /// Always [`Deaf::Unsupported`].
    pub async fn run(_: AgentOptions) -> Result<AgentEnd, Deaf> {
        Err(Deaf::Unsupported)
    }
}

/// An agent that is never there.
#[derive(Debug, Clone)]
pub struct AgentClient;

impl AgentClient {
    /// The agent of the runtime folder.
    pub fn new(_: &[PathBuf]) -> Self {
        Self
    }

    /// Fails: none runs.
    pub async fn status(&self) -> Result<ProcessStatus, Unreached> {
        Err(Unreached::NotRunning)
    }

    /// Never.
    pub async fn is_running(&self) -> bool {
        false
    }

    /// Nothing happens.
    pub async fn touch(&self) {}

    /// Fails: none runs.
    pub async fn attach(&self, _: &str, _: bool) -> Result<watch::Receiver<Option<LockReason>>, Unreached> {
        Err(Unreached::NotRunning)
    }

    /// Refuses: none runs.
    pub async fn unlock(&self, _: Secret) -> Result<(), Refusal> {
        Err(unreached(&Unreached::NotRunning))
    }

    pub(super) async fn ask(&self, _: &Request) -> Result<Reply, Unreached> {
        Err(Unreached::NotRunning)
    }
}

/// A process that cannot be heard.
#[derive(Debug)]
pub struct Listener;

/// Nothing that could be kept.
#[derive(Debug)]
pub struct Listening;

impl Listener {
    /// Refuses.
    ///
    /// # Errors
    /// Always [`Deaf::Unsupported`].
    pub fn start(_: &Path, _: &str, _: Arc<Gate>) -> Result<Listening, Deaf> {
        Err(Deaf::Unsupported)
    }
}

/// No process is known.
pub async fn processes(_: &[PathBuf]) -> Result<Vec<ProcessStatus>, StorageError> {
    Ok(Vec::new())
}

/// Nobody is told.
pub async fn tell_all(_: &[PathBuf], _: Word) -> Result<(usize, Vec<String>), StorageError> {
    Ok((0, Vec::new()))
}
