//! What this process holds that the disk does not tell: which turns run here, and which answers the disk refused.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{SessionId, TurnId};

/// Turns that run and sessions with unsaved answers. Plain locks, each held for one operation.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    running: Mutex<HashSet<TurnId>>,
    unsaved: Mutex<HashSet<SessionId>>,
}

/// A turn in the ledger; leaves it when dropped, however its task ends.
#[derive(Debug)]
pub(crate) struct Running {
    ledger: Arc<Ledger>,
    turn: TurnId,
}

impl Ledger {
    /// Enters a turn that begins.
    pub(crate) fn enter(self: &Arc<Self>, turn: TurnId) -> Running {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(turn);
        Running { ledger: Arc::clone(self), turn }
    }

    /// All turns that run.
    pub(crate) fn running(&self) -> Vec<TurnId> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Whether `turn` runs.
    pub(crate) fn runs(&self, turn: TurnId) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).contains(&turn)
    }

    /// Notes whether a session has an answer that is only in memory.
    pub(crate) fn set_unsaved(&self, session: SessionId, unsaved: bool) {
        let mut sessions = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        if unsaved {
            sessions.insert(session);
        } else {
            sessions.remove(&session);
        }
    }

    /// How many sessions have an answer that is only in memory.
    pub(crate) fn unsaved(&self) -> usize {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).len()
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
