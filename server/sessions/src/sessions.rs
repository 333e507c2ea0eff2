//! The door to all conversations.

use std::{path::PathBuf, sync::Arc};

use crate::{Opened, Options, Outbox, Page, Say, SessionError, SessionId, SessionInfo, TurnId, WorkspaceId};

/// All conversations of one database. Cheap to clone; nothing is opened, created or started before the first use.
#[derive(Clone)]
pub struct Sessions(Arc<PathBuf>);

/// How the store of sessions is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database's path.
    pub database: PathBuf,
    /// Whether it exists yet.
    pub exists: bool,
    /// Sessions in it.
    pub sessions: u64,
    /// Bytes of their content.
    pub bytes: u64,
    /// Sessions with a task in this process.
    pub live: usize,
    /// Turns that run in this process.
    pub running: usize,
    /// Answers that are only in memory because saving failed.
    pub unsaved: usize,
    /// Why the store cannot be read, if so.
    pub error: Option<String>,
}

#[expect(missing_docs, reason = "the shape, filled in next")]
impl Sessions {
    pub fn new(database: PathBuf, _options: Options) -> Self {
        Self(Arc::new(database))
    }
    pub async fn create(
        &self,
        _workspace: &WorkspaceId,
        _title: Option<&str>,
        _model: Option<&str>,
    ) -> Result<SessionInfo, SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn list(
        &self,
        _workspace: Option<&WorkspaceId>,
        _limit: u32,
        _cursor: Option<&str>,
    ) -> Result<Page, SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn open(&self, _id: SessionId, _limit: u32, _before: Option<u64>) -> Result<Opened, SessionError> {
        Err(SessionError::ShuttingDown)
    }
    /// Holds the outbox weakly: dropping it ends the subscription.
    pub async fn subscribe(&self, _id: SessionId, _outbox: &Arc<dyn Outbox>) -> Result<(), SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn send(&self, _id: SessionId, _say: Say) -> Result<TurnId, SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn stop(&self, _id: SessionId) -> Result<(), SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn rename(&self, _id: SessionId, _title: &str) -> Result<SessionInfo, SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn delete(&self, _id: SessionId) -> Result<(), SessionError> {
        Err(SessionError::ShuttingDown)
    }
    pub async fn shutdown(&self) {}
    pub fn live(&self) -> usize {
        0
    }
    pub async fn health(&self) -> Health {
        Health {
            database: self.0.to_path_buf(),
            exists: false,
            sessions: 0,
            bytes: 0,
            live: 0,
            running: 0,
            unsaved: 0,
            error: None,
        }
    }
}
