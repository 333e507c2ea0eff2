//! This process among the others that hold keys: it listens to be locked with them, locks in time, and stays connected to the
//! agent as long as it uses the vault. Begins with the first key that is wanted, so that a process without keys costs nothing.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use aside_vault::{AgentClient, By, Gate, Listener, Listening, LockReason};

use super::place::{Kept, KeyPlace};

/// An agent is told at most this often that a person uses keys that this process kept.
const TOUCH: Duration = Duration::from_secs(1);

/// What this process does to be found.
#[derive(Default)]
pub(super) struct Presence {
    label: Mutex<String>,
    /// Whether this process serves an editor, rather than a command in a terminal.
    editor: AtomicBool,
    begun: OnceLock<Option<Listening>>,
    attached: OnceLock<()>,
    /// Milliseconds on the clock of the lock.
    touched: AtomicU64,
}

impl Presence {
    pub(super) fn set_label(&self, label: &str) {
        *self.label.lock().unwrap_or_else(PoisonError::into_inner) = label.to_owned();
    }

    pub(super) fn serve_an_editor(&self) {
        self.editor.store(true, Ordering::Relaxed);
    }

    /// Whether others can reach this process.
    pub(super) fn listens(&self) -> bool {
        matches!(self.begun.get(), Some(Some(_)))
    }

    /// Begins once; every call is cheap. Gives whether it began now. To be called inside a runtime.
    pub(super) fn begin(&self, gate: &Arc<Gate>, place: &KeyPlace) -> bool {
        let mut now = false;
        self.begun.get_or_init(|| {
            now = true;
            tokio::spawn(Arc::clone(gate).drive());
            match Listener::start(place.runtime(), &self.label(), Arc::clone(gate)) {
                Ok(listening) => Some(listening),
                Err(error) => {
                    tracing::warn!(%error, "`aside vault lock` will not reach this process; its own limits hold");
                    None
                }
            }
        });
        if place.kept() == Kept::File {
            self.attached.get_or_init(|| {
                let editor = self.editor.load(Ordering::Relaxed);
                tokio::spawn(stay_attached(place.agent().clone(), self.label(), editor, Arc::clone(gate)));
            });
        }
        now
    }

    /// A kept key was used: the agent must not think that nobody is there.
    pub(super) fn touched(&self, by: By, place: &KeyPlace) {
        if by != By::Person || place.kept() != Kept::File {
            return;
        }
        let now = u64::try_from(aside_vault::now().boot.as_millis()).unwrap_or(u64::MAX);
        let last = self.touched.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= u64::try_from(TOUCH.as_millis()).unwrap_or(u64::MAX);
        if due && self.touched.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let agent = place.agent().clone();
            tokio::spawn(async move { agent.touch().await });
        }
    }

    fn label(&self) -> String {
        let label = self.label.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if label.is_empty() { "aside".to_owned() } else { label }
    }
}

/// Locks with the agent and opens with it, for as long as this process lives.
async fn stay_attached(agent: AgentClient, label: String, editor: bool, gate: Arc<Gate>) {
    let mut changes = gate.changes();
    loop {
        // Before the look at the agent: an opening that comes after it is seen below.
        changes.borrow_and_update();
        if let Ok(mut heard) = agent.attach(&label, editor).await {
            loop {
                let locked = *heard.borrow_and_update();
                match (locked, gate.state().locked) {
                    (Some(_), None) => drop(gate.lock(LockReason::Vault)),
                    (None, Some(_)) => drop(gate.unlock()),
                    _ => {}
                }
                // It ends with the agent, which has said that it is locked before.
                if heard.changed().await.is_err() {
                    break;
                }
            }
        }
        // No agent: whoever unlocks the vault says so to every process.
        loop {
            if changes.changed().await.is_err() {
                return;
            }
            if changes.borrow_and_update().locked.is_none() {
                break;
            }
        }
    }
}
