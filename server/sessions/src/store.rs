//! Sessions on disk.
//!
//! Owns the database of sessions: what is one transaction, which limits are checked inside it, and whose turn a running turn is.
//! Rows are only ever added; the head of a session sums them up so that a list needs no rows. What rows mean is `transcript`'s,
//! how their content is spelled is `format`'s, and no transaction waits for anything but the disk.

mod head;
mod ledger;
mod page;
mod schema;
mod turns;

use std::{path::PathBuf, sync::Arc};

use aside_storage::database::{Database, DatabaseError};
use jiff::Timestamp;

use crate::{
    Attachment, Opened, Page, SessionError, SessionId, SessionInfo, State, StoredMessage, TurnId, WorkspaceId,
    format::Record, owner::Owner, turn::Closing,
};
use head::Head;
pub(crate) use ledger::{Ledger, Running};
pub(crate) use page::Cursor;
pub(crate) use turns::Kept;

/// A message to put on disk before it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnId,
    pub(crate) text: String,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) model: String,
    /// The end of an earlier turn that the disk refused then.
    pub(crate) backlog: Option<(TurnId, Closing)>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) sessions: u64,
    pub(crate) bytes: u64,
}

/// The store of one process. Cheap to clone; opens nothing before the first use.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    here: Owner,
    ledger: Arc<Ledger>,
}

impl Store {
    pub(crate) fn new(path: PathBuf) -> Self {
        let database = Database::new(path, schema::MIGRATIONS);
        Self { database, here: Owner::current(), ledger: Arc::default() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// What runs and what is unsaved in this process.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub(crate) async fn create(
        &self,
        workspace: WorkspaceId,
        title: Option<String>,
        model: Option<String>,
    ) -> Result<SessionInfo, SessionError> {
        let at = Timestamp::now();
        let id = SessionId::fresh();
        let head = self
            .database
            .write::<_, SessionError>(move |tx| {
                head::insert(tx, &Head::new(id, workspace, model, at))?;
                if let Some(title) = title {
                    turns::rename(tx, id, title, at)?;
                }
                head::of(tx, id)
            })
            .await?;
        Ok(head.info(State::Idle))
    }

    /// The workspace a session belongs to.
    pub(crate) async fn workspace_of(&self, id: SessionId) -> Result<WorkspaceId, SessionError> {
        let head = self.database.read::<_, SessionError>(move |tx| head::of(tx, id)).await?;
        head.map(|head| head.workspace).ok_or(SessionError::Unknown { id })
    }

    /// The session without its messages.
    pub(crate) async fn session(&self, id: SessionId) -> Result<SessionInfo, SessionError> {
        let before = self.ledger.running();
        let head = self.database.read::<_, SessionError>(move |tx| head::of(tx, id)).await?;
        head.map(|head| self.info(head, &before)).ok_or(SessionError::Unknown { id })
    }

    /// Up to `limit` sessions behind `after`, newest first.
    pub(crate) async fn list(
        &self,
        workspace: Option<WorkspaceId>,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Page, SessionError> {
        let before = self.ledger.running();
        let read = self
            .database
            .read::<_, SessionError>(move |tx| Ok(page::heads(tx, workspace.as_ref(), limit, after)?))
            .await?;
        let (heads, cursor) = read.unwrap_or_default();
        let sessions = heads.into_iter().map(|head| self.info(head, &before)).collect();
        Ok(Page { sessions, cursor: cursor.map(|cursor| cursor.to_string()) })
    }

    /// Up to `limit` messages before number `before`, or the last ones.
    pub(crate) async fn open(&self, id: SessionId, limit: usize, before: Option<u64>) -> Result<Opened, SessionError> {
        let running = self.ledger.running();
        let read = self.database.read(move |tx| {
            let head = head::of(tx, id)?;
            let page = page::rows(tx, id, limit, before)?;
            Ok::<_, SessionError>((head, page))
        });
        let (head, page) = read.await?.ok_or(SessionError::Unknown { id })?;
        let open_turn = head.turn.as_ref().map(|open| open.turn);
        let mut session = self.info(head, &running);
        let answering = open_turn.filter(|_| session.state == State::Running);
        let read = crate::transcript::transcript(page.rows, answering);
        if read.damaged {
            session.state = State::Damaged;
        }
        Ok(Opened { session, messages: read.messages, before: page.before })
    }

    /// Puts a question on disk and opens its answer. Gives the conversation up to and with the question.
    pub(crate) async fn begin(&self, question: Question) -> Result<Vec<StoredMessage>, SessionError> {
        let (here, at) = (self.here.clone(), Timestamp::now());
        self.database.write(move |tx| turns::begin(tx, &here, question, at)).await
    }

    /// Adds a row to a running turn; an end closes it.
    pub(crate) async fn append(&self, id: SessionId, turn: TurnId, record: Record) -> Result<Kept, DatabaseError> {
        let at = Timestamp::now();
        self.database.write(move |tx| Ok(turns::append(tx, id, turn, &record, at)?)).await
    }

    /// Gives a sign of life for a running turn.
    pub(crate) async fn beat(&self, id: SessionId, turn: TurnId) -> Result<(), DatabaseError> {
        let at = Timestamp::now();
        self.database.write(move |tx| Ok(turns::beat(tx, id, turn, at)?)).await
    }

    pub(crate) async fn rename(&self, id: SessionId, title: String) -> Result<SessionInfo, SessionError> {
        let at = Timestamp::now();
        let before = self.ledger.running();
        // A writer creates what is missing, and renaming must not.
        self.workspace_of(id).await?;
        let head = self.database.write::<_, SessionError>(move |tx| {
            turns::rename(tx, id, title, at)?;
            head::of(tx, id)
        });
        Ok(self.info(head.await?, &before))
    }

    pub(crate) async fn delete(&self, id: SessionId) -> Result<(), SessionError> {
        let (here, at) = (self.here.clone(), Timestamp::now());
        self.workspace_of(id).await?;
        self.database.write(move |tx| turns::delete(tx, &here, id, at)).await
    }

    /// `None` where there is no database yet.
    pub(crate) async fn count(&self) -> Result<Option<Count>, DatabaseError> {
        self.database.read(|tx| Ok(page::count(tx)?)).await
    }

    /// Sees whether a session runs: by the ledger for our own turns, by its process for others.
    fn info(&self, head: Head, running_before: &[TurnId]) -> SessionInfo {
        let state = match &head.turn {
            None if head.cut => State::Interrupted,
            None => State::Idle,
            // A turn of ours may have begun or ended while the head was read.
            Some(open) if open.owner.as_ref() == Some(&self.here) => {
                let runs = running_before.contains(&open.turn) || self.ledger.runs(open.turn);
                if runs { State::Running } else { State::Interrupted }
            }
            Some(open) if open.lives(&self.here, Timestamp::now()) => State::Running,
            Some(_) => State::Interrupted,
        };
        head.info(state)
    }
}

#[cfg(test)]
mod tests;
