//! The door to all conversations.
//!
//! Owns the checks of what is asked, and the choice between the store (what is written down) and a live session's task (what
//! moves). It holds no conversation itself.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::{
    Opened, Options, Outbox, Page, Say, SessionError, SessionId, SessionInfo, State, TurnId, WorkspaceId,
    live::{self, Command, Joining},
    registry::{Registry, WorkspaceSessions},
    store::{Cursor, Store},
    title,
};

/// The most sessions or messages on one page.
const MAX_PAGE: u32 = 1000;
/// The longest label of a model, in bytes: a provider and a model of 256 bytes each.
const MAX_MODEL: usize = 513;
/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_millis(800);

/// All conversations of one database. Cheap to clone; nothing is opened, created or started before the first use.
///
/// Dropping the last clone interrupts running answers as [`shutdown`](Self::shutdown) does, without waiting for it.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    options: Arc<Options>,
    // The one bound that a person may move while the program runs.
    max_message_chars: AtomicUsize,
    registry: Registry,
}

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
    /// Sessions with an answer that is only in memory because saving failed.
    pub unsaved: usize,
    /// Why the store cannot be read, if so.
    pub error: Option<String>,
    /// The next step when there is an error.
    pub hint: Option<String>,
}

impl Sessions {
    /// The conversations in the database at `database`, which need not exist.
    pub fn new(database: PathBuf, options: Options) -> Self {
        let (store, options) = (Store::new(database), Arc::new(options));
        let max_message_chars = AtomicUsize::new(options.max_message_chars);
        Self { inner: Arc::new(Inner { store, options, max_message_chars, registry: Registry::default() }) }
    }

    /// Sets the longest message, in characters, from the next one on.
    pub fn set_max_message_chars(&self, most: usize) {
        self.inner.max_message_chars.store(most, Ordering::Relaxed);
    }

    /// Makes a session. Without a `title` its first message gives it one. `model` is a label, shown until a turn names another.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        title: Option<&str>,
        model: Option<&str>,
    ) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        let title = title.map(title::given).transpose()?;
        model.map_or(Ok(()), check_model)?;
        self.inner.store.create(workspace.clone(), title, model.map(str::to_owned)).await
    }

    /// Lists up to `limit` (1 to 1000) sessions of one workspace or of all, most recently changed first, from the start or from
    /// an earlier page's `cursor`. Where there is no database the list is empty, and none is made.
    pub async fn list(
        &self,
        workspace: Option<&WorkspaceId>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page, SessionError> {
        let limit = check_limit(limit)?;
        let cursor = cursor.map(str::parse::<Cursor>).transpose()?;
        self.inner.store.list(workspace.cloned(), limit, cursor).await
    }

    /// Reads a session and up to `limit` (1 to 1000) of its messages: the last ones, or those before number `before`.
    ///
    /// The text of a message that is still streaming is what was saved of it; [`subscribe`](Self::subscribe) gives all of it.
    pub async fn open(&self, id: SessionId, limit: u32, before: Option<u64>) -> Result<Opened, SessionError> {
        self.inner.store.open(id, check_limit(limit)?, before).await
    }

    /// Reads as [`open`](Self::open) does and subscribes `outbox` in one step, so that nothing is missing between the two and
    /// nothing is told that was read as finished. The text of a streaming message is told again from its event number 0.
    pub async fn join(
        &self,
        id: SessionId,
        limit: u32,
        before: Option<u64>,
        outbox: &Arc<dyn Outbox>,
    ) -> Result<Opened, SessionError> {
        let limit = check_limit(limit)?;
        let home = self.home(id).await?;
        let (reply, opened) = oneshot::channel();
        self.post(&home, id, Command::Join(Joining { outbox: Arc::downgrade(outbox), limit, before }, reply))?;
        opened.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    /// Tells `outbox` from now on what happens in the session; a running turn is told from its start. Once is enough: asking
    /// again with the same outbox changes nothing. It is held weakly: dropping it ends the subscription.
    pub async fn subscribe(&self, id: SessionId, outbox: &Arc<dyn Outbox>) -> Result<(), SessionError> {
        let home = self.home(id).await?;
        self.post(&home, id, Command::Listen(Arc::downgrade(outbox)))
    }

    /// Says something. Returns when the message is on disk and its answer is about to begin; the answer is told to the
    /// subscribers, and goes on whatever becomes of this future's caller.
    ///
    /// `Busy` while the session answers, here or in another program.
    pub async fn send(&self, id: SessionId, say: Say) -> Result<TurnId, SessionError> {
        say.check(self.inner.max_message_chars.load(Ordering::Relaxed))?;
        check_model(&say.model)?;
        let home = self.home(id).await?;
        let (reply, said) = oneshot::channel();
        self.post(&home, id, Command::Say(say, reply))?;
        said.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    /// Stops the running answer and waits until what had come is on disk. Nothing happens when none runs; `Busy` when it is
    /// given by another program, which this one cannot stop.
    pub async fn stop(&self, id: SessionId) -> Result<(), SessionError> {
        if let Some(home) = self.inner.registry.home_of(id) {
            let (reply, stopped) = oneshot::channel();
            if home.post_if_live(id, Command::Stop(reply))?.is_none() {
                // A task that ended meanwhile has nothing to stop.
                let _ = stopped.await;
            }
        }
        match self.inner.store.session(id).await?.state {
            State::Running => Err(SessionError::Busy { id, elsewhere: true }),
            _ => Ok(()),
        }
    }

    /// Gives a session a title of 1 to 200 characters.
    pub async fn rename(&self, id: SessionId, title: &str) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        self.inner.store.rename(id, title::given(title)?).await
    }

    /// Deletes a session and all its messages; a running answer is stopped first. `Busy` while another program answers in it.
    pub async fn delete(&self, id: SessionId) -> Result<(), SessionError> {
        self.check_open()?;
        if let Some(home) = self.inner.registry.home_of(id) {
            let (reply, deleted) = oneshot::channel();
            if home.post_if_live(id, Command::Delete(reply))?.is_none() {
                return deleted.await.unwrap_or(Err(SessionError::ShuttingDown));
            }
        }
        self.inner.store.delete(id).await
    }

    /// Lets nothing new begin, saves and interrupts what runs, tells everyone, and closes the database; within 800 ms.
    pub async fn shutdown(&self) {
        let ends = self.inner.registry.close().into_iter().map(|mailbox| async move {
            let (reply, ended) = oneshot::channel();
            if mailbox.send(Command::Shutdown(reply)).await.is_ok() {
                let _ = ended.await;
            }
        });
        let all = async {
            join_all(ends).await;
            self.inner.store.database().close().await;
        };
        if tokio::time::timeout(SHUTDOWN, all).await.is_err() {
            tracing::warn!("sessions were not all saved in time; what was saved of running answers is kept");
        }
    }

    /// How many sessions have a task in this process: those that answer, and those somebody listens to.
    pub fn live(&self) -> usize {
        self.inner.registry.live()
    }

    /// Looks how the store is doing. Creates nothing.
    pub async fn health(&self) -> Health {
        let store = &self.inner.store;
        let count = store.count().await;
        let (error, hint) = count.as_ref().err().map(|error| (error.to_string(), error.hint())).unzip();
        let count = count.as_ref().copied().unwrap_or_default();
        let (sessions, bytes) = count.map_or((0, 0), |count| (count.sessions, count.bytes));
        Health {
            database: store.database().path().to_owned(),
            exists: count.is_some() || error.is_some(),
            sessions,
            bytes,
            live: self.live(),
            running: store.ledger().running().len(),
            unsaved: store.ledger().unsaved(),
            error,
            hint,
        }
    }

    /// The workspace a session belongs to, by its live task or by the store.
    async fn home(&self, id: SessionId) -> Result<Arc<WorkspaceSessions>, SessionError> {
        self.check_open()?;
        if let Some(home) = self.inner.registry.home_of(id) {
            return Ok(home);
        }
        let workspace = self.inner.store.workspace_of(id).await?;
        Ok(self.inner.registry.workspace(&workspace))
    }

    fn post(&self, home: &Arc<WorkspaceSessions>, id: SessionId, command: Command) -> Result<(), SessionError> {
        home.post(id, command, |mailbox| {
            let (store, options) = (self.inner.store.clone(), Arc::clone(&self.inner.options));
            live::start(live::Start { id, store, options, home: Arc::downgrade(home) }, mailbox);
        })
    }

    fn check_open(&self) -> Result<(), SessionError> {
        if self.inner.registry.is_closed() { Err(SessionError::ShuttingDown) } else { Ok(()) }
    }
}

fn check_limit(limit: u32) -> Result<usize, SessionError> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(SessionError::OutOfBounds { field: "limit", value: limit.into(), min: 1, max: MAX_PAGE.into() })
}

fn check_model(model: &str) -> Result<(), SessionError> {
    if model.len() <= MAX_MODEL {
        return Ok(());
    }
    Err(SessionError::TooLong { field: "model", length: model.len(), max: MAX_MODEL, unit: "bytes" })
}
