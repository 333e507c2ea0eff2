//! What this process holds that the disk does not tell: which turns run here, and what the disk refused so far.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::NewSession;
use crate::{SessionId, TurnId, format::Record};

/// The most that is held back in memory, in bytes: more is refused.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Turns that run, and rows that wait for the disk. Plain locks, each held for one operation.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    running: Mutex<HashSet<TurnId>>,
    /// Every turn that began here: 16 bytes each.
    began: Mutex<HashSet<TurnId>>,
    pending: Mutex<HashMap<SessionId, Pending>>,
}

/// A turn in the ledger; leaves it when dropped, however its task ends.
#[derive(Debug)]
pub(crate) struct Running {
    ledger: Arc<Ledger>,
    turn: TurnId,
}

/// What of a session is not on disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending {
    /// The session itself, and when it was made.
    pub(super) new: Option<(NewSession, Timestamp)>,
    pub(super) rows: Vec<PendingRow>,
}

/// A row that waits for the disk.
#[derive(Debug, Clone)]
pub(super) struct PendingRow {
    pub(super) turn: TurnId,
    pub(super) record: Record,
    pub(super) at: Timestamp,
    /// Where in the answer its text begins, in bytes.
    pub(super) from: usize,
}

impl Ledger {
    /// Enters a turn that begins.
    pub(crate) fn enter(self: &Arc<Self>, turn: TurnId) -> Running {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(turn);
        self.began.lock().unwrap_or_else(PoisonError::into_inner).insert(turn);
        Running { ledger: Arc::clone(self), turn }
    }

    /// Whether `turn` began here.
    pub(crate) fn began(&self, turn: TurnId) -> bool {
        self.began.lock().unwrap_or_else(PoisonError::into_inner).contains(&turn)
    }

    /// All turns that run.
    pub(crate) fn running(&self) -> Vec<TurnId> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Whether `turn` runs.
    pub(crate) fn runs(&self, turn: TurnId) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).contains(&turn)
    }

    /// Whether something of a session is only in memory.
    pub(crate) fn is_unsaved(&self, session: SessionId) -> bool {
        self.pending().contains_key(&session)
    }

    /// How many sessions have something that is only in memory.
    pub(crate) fn unsaved(&self) -> usize {
        self.pending().len()
    }

    /// Those sessions.
    pub(super) fn unsaved_ids(&self) -> Vec<SessionId> {
        self.pending().keys().copied().collect()
    }

    /// What of a session waits for the disk.
    pub(super) fn waiting(&self, session: SessionId) -> Option<Pending> {
        self.pending().get(&session).cloned()
    }

    /// Holds a session and rows back. Gives whether there was room for them.
    pub(super) fn hold_back(&self, session: SessionId, more: Pending) -> bool {
        let mut pending = self.pending();
        let used: usize = pending.values().map(Pending::bytes).sum();
        if used + more.bytes() > MAX_BYTES {
            return false;
        }
        let held = pending.entry(session).or_default();
        held.new = more.new.or(held.new.take());
        held.rows.extend(more.rows);
        true
    }

    /// The first `rows` of a session are on disk, and so is the session.
    pub(super) fn saved(&self, session: SessionId, rows: usize) {
        let mut pending = self.pending();
        let Some(held) = pending.get_mut(&session) else { return };
        held.new = None;
        held.rows.drain(..rows.min(held.rows.len()));
        if held.rows.is_empty() {
            pending.remove(&session);
        }
    }

    /// A session is gone: so is what waited.
    pub(super) fn forget(&self, session: SessionId) {
        self.pending().remove(&session);
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<SessionId, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn bytes(&self) -> usize {
        // A session without rows takes some memory as well.
        256 + self.rows.iter().map(|row| 128 + row.record.text_len()).sum::<usize>()
    }
}

impl Running {
    /// Which turn.
    pub(crate) fn turn(&self) -> TurnId {
        self.turn
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ledger.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.turn);
    }
}
