//! Who is live: the map of workspaces and their live sessions.
//!
//! Owns the way from a session's identity to its task's mailbox. A session has at most one task: a message is handed over, a task
//! is started and a task leaves under the same short lock, so that no message goes to a task that has left.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use dashmap::DashMap;
use tokio::sync::mpsc;

use crate::{SessionError, SessionId, WorkspaceId, live::Command};

/// How many requests may wait for one session.
const MAILBOX: usize = 64;

/// All workspaces with live sessions.
#[derive(Default)]
pub(crate) struct Registry {
    // Guards are never held over an await: every method clones the `Arc` out.
    workspaces: DashMap<WorkspaceId, Arc<WorkspaceSessions>>,
    closed: Arc<AtomicBool>,
}

/// The live sessions of one workspace.
pub(crate) struct WorkspaceSessions {
    // A plain lock, held while one message is handed over or one task comes or goes.
    live: Mutex<HashMap<SessionId, mpsc::Sender<Command>>>,
    closed: Arc<AtomicBool>,
}

impl Registry {
    /// The workspace `id`, which is entered if it is new.
    pub(crate) fn workspace(&self, id: &WorkspaceId) -> Arc<WorkspaceSessions> {
        if let Some(known) = self.workspaces.get(id) {
            return Arc::clone(&known);
        }
        let fresh = || WorkspaceSessions { live: Mutex::default(), closed: Arc::clone(&self.closed) };
        Arc::clone(&self.workspaces.entry(id.clone()).or_insert_with(|| Arc::new(fresh())))
    }

    /// The workspace in which session `id` is live, if it is.
    pub(crate) fn home_of(&self, id: SessionId) -> Option<Arc<WorkspaceSessions>> {
        self.all().into_iter().find(|workspace| workspace.lock().contains_key(&id))
    }

    /// How many sessions are live.
    pub(crate) fn live(&self) -> usize {
        self.all().iter().map(|workspace| workspace.lock().len()).sum()
    }

    /// Which sessions are live.
    pub(crate) fn live_ids(&self) -> Vec<SessionId> {
        self.all().iter().flat_map(|workspace| workspace.lock().keys().copied().collect::<Vec<_>>()).collect()
    }

    /// Lets nothing new begin, and gives the mailboxes of all live sessions.
    pub(crate) fn close(&self) -> Vec<mpsc::Sender<Command>> {
        self.closed.store(true, Ordering::SeqCst);
        self.all().iter().flat_map(|workspace| workspace.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Whether nothing new may begin.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn all(&self) -> Vec<Arc<WorkspaceSessions>> {
        self.workspaces.iter().map(|entry| Arc::clone(entry.value())).collect()
    }
}

impl WorkspaceSessions {
    /// Hands `command` to session `id`, which `start` brings to life if it is not.
    pub(crate) fn post(
        &self,
        id: SessionId,
        command: Command,
        start: impl FnOnce(mpsc::Receiver<Command>),
    ) -> Result<(), SessionError> {
        let mut live = self.lock();
        if self.closed.load(Ordering::SeqCst) {
            return Err(SessionError::ShuttingDown);
        }
        match live.entry(id) {
            // A task that ended without leaving failed; the session goes on with a new one.
            Entry::Occupied(known) if !known.get().is_closed() => hand(id, known.get(), command),
            entry => {
                let (sender, mailbox) = mpsc::channel(MAILBOX);
                let handed = hand(id, &sender, command);
                entry.insert_entry(sender);
                start(mailbox);
                handed
            }
        }
    }

    /// Hands `command` to session `id` if it is live, and gives it back if it is not.
    pub(crate) fn post_if_live(&self, id: SessionId, command: Command) -> Result<Option<Command>, SessionError> {
        match self.lock().get(&id) {
            Some(sender) if !sender.is_closed() => hand(id, sender, command).map(|()| None),
            _ => Ok(Some(command)),
        }
    }

    /// Takes session `id` out, unless something is in its mailbox. Called by its task only.
    pub(crate) fn retire(&self, id: SessionId, mailbox: &mpsc::Receiver<Command>) -> bool {
        let mut live = self.lock();
        if mailbox.is_empty() {
            live.remove(&id);
        }
        !live.contains_key(&id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, mpsc::Sender<Command>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hand(id: SessionId, sender: &mpsc::Sender<Command>, command: Command) -> Result<(), SessionError> {
    sender.try_send(command).map_err(|_| SessionError::Busy { id, elsewhere: false })
}
