//! The gate in front of every key in this process: the lock with a clock, and the keys that were read while it is open.
//!
//! Owns what happens when it locks: every kept key is wiped before anybody hears of it. Where keys come from is the
//! caller's business; what the rules are is `state`'s. Kept keys are shielded, so that memory holds no readable copy of a key
//! that is not being used at this moment.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aside_secret::{Secret, Shielded};
use tokio::sync::watch;

use crate::{
    By, KeyName, Lock, LockReason, Moment, Policy, Verdict,
    clock::{self, Alarm},
};

/// How the gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateState {
    /// Why it is locked; `None` while it is open.
    pub locked: Option<LockReason>,
    /// Grows with every lock: what was begun under an older one must not go on.
    pub epoch: u64,
    /// How long until it locks by itself, if nobody uses a key.
    pub left: Option<Duration>,
}

/// The right to use keys until the next lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    epoch: u64,
    /// What is kept for it must have been read since the last time that keys were forgotten.
    forgets: u64,
}

/// What the gate tells whoever drops connections and keeps the audit log. Called after the keys are wiped, outside every lock.
pub type OnChange = Box<dyn Fn(GateState) + Send + Sync>;

/// The gate. Share it in an `Arc`.
pub struct Gate {
    inner: Mutex<Inner>,
    changed: watch::Sender<GateState>,
    now: fn() -> Moment,
    on_change: OnChange,
    /// Held while a change is told, so that what is told last is how it stands.
    telling: Mutex<()>,
}

struct Inner {
    lock: Lock,
    keys: HashMap<KeyName, Shielded>,
    epoch: u64,
    forgets: u64,
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gate").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate with these rules on the clocks of this machine. Open, or waiting to be unlocked.
    pub fn new(policy: Policy, open: bool, on_change: OnChange) -> Self {
        Self::on(clock::now, policy, open, on_change)
    }

    fn on(now: fn() -> Moment, policy: Policy, open: bool, on_change: OnChange) -> Self {
        let lock = if open { Lock::open(policy, now()) } else { Lock::locked(policy, now()) };
        let inner = Inner { lock, keys: HashMap::new(), epoch: 0, forgets: 0 };
        let (changed, _) = watch::channel(inner.state(now()));
        Self { inner: Mutex::new(inner), changed, now, on_change, telling: Mutex::default() }
    }

    /// Whether keys may be used now by `by`, who is counted as active. It may lock or open at this.
    ///
    /// # Errors
    /// Why it is locked.
    pub fn admit(&self, by: By) -> Result<Pass, LockReason> {
        let (verdict, pass) = self.with(|inner, now| {
            let verdict = inner.lock.wants(by, now);
            if matches!(verdict, Verdict::Refused { now: true, .. }) {
                inner.wipe();
            }
            (verdict, Pass { epoch: inner.epoch, forgets: inner.forgets })
        });
        match verdict {
            Verdict::Granted => Ok(pass),
            Verdict::Reopened => {
                self.tell();
                Ok(pass)
            }
            Verdict::Refused { reason, now } => {
                if now {
                    self.tell();
                }
                Err(reason)
            }
        }
    }

    /// The key that was kept under `name` since the gate was opened for `pass`.
    pub fn kept(&self, pass: Pass, name: &KeyName) -> Option<Secret> {
        self.with(|inner, _| (inner.epoch == pass.epoch).then(|| inner.keys.get(name).map(Shielded::reveal)).flatten())
    }

    /// Keeps a key that was read for `pass` until the next lock; one that was read before keys were forgotten may still be used,
    /// and is not kept. `false` when it locked meanwhile: then the key must not be used either.
    pub fn keep(&self, pass: Pass, name: KeyName, key: &Secret) -> bool {
        self.with(|inner, now| {
            let valid = inner.epoch == pass.epoch && inner.lock.look(now).is_none() && inner.lock.reason().is_none();
            if valid
                && inner.forgets == pass.forgets
                && let Ok(shielded) = Shielded::new(key.copy())
            {
                inner.keys.insert(name, shielded);
            }
            valid
        })
    }

    /// Whether nothing was locked since `pass` was given.
    pub fn holds(&self, pass: Pass) -> bool {
        self.look();
        self.with(|inner, _| inner.epoch == pass.epoch)
    }

    /// Forgets kept keys, because they changed where they come from; nothing locks.
    pub fn forget(&self) {
        self.with(|inner, _| {
            inner.keys = HashMap::new();
            inner.forgets += 1;
        });
    }

    /// Locks: wipes every kept key, then tells. Gives whether it was open.
    pub fn lock(&self, reason: LockReason) -> bool {
        let was_open = self.with(|inner, now| {
            let was_open = inner.lock.lock(reason, now);
            inner.wipe();
            was_open
        });
        self.tell();
        was_open
    }

    /// Opens the gate by a person's own command. Gives whether it was locked.
    pub fn unlock(&self) -> bool {
        self.unlock_with(|| {})
    }

    /// The same, and does `what` together with it: no lock comes between the two, and one that comes after undoes both. `what`
    /// must not use the gate.
    pub fn unlock_with(&self, what: impl FnOnce()) -> bool {
        let _one_at_a_time = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let was_locked = self.with(|inner, now| inner.lock.unlock(now));
        what();
        self.tell_now();
        was_locked
    }

    /// The rules in force.
    pub fn policy(&self) -> Policy {
        self.with(|inner, _| inner.lock.policy())
    }

    /// Other rules from now on.
    pub fn set_policy(&self, policy: Policy) {
        self.with(|inner, _| inner.lock.set_policy(policy));
        self.look();
        self.tell();
    }

    /// How it stands; a deadline that has passed is seen.
    pub fn state(&self) -> GateState {
        self.look();
        self.with(|inner, now| inner.state(now))
    }

    /// Hears of every lock and every opening.
    pub fn changes(&self) -> watch::Receiver<GateState> {
        self.changed.subscribe()
    }

    /// Locks in time, as long as it is polled: at the limits, and when the machine woke up.
    pub async fn drive(self: Arc<Self>) {
        let Ok(alarm) = Alarm::new() else {
            // Limits still hold at each use; only the wiping waits for it.
            tracing::error!("no timer can be made: keys lock at their next use instead of in time");
            return;
        };
        let mut changes = self.changes();
        loop {
            self.look();
            changes.borrow_and_update();
            let deadline = self.with(|inner, _| inner.lock.deadline());
            tokio::select! {
                rung = alarm.wait(deadline) => if let Err(error) = rung {
                    tracing::error!(%error, "the timer fails: keys lock at their next use instead of in time");
                    return;
                },
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }

    fn look(&self) {
        let locked = self.with(|inner, now| {
            let locked = inner.lock.look(now).is_some();
            if locked {
                inner.wipe();
            }
            locked
        });
        if locked {
            self.tell();
        }
    }

    fn tell(&self) {
        let _one_at_a_time = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell_now();
    }

    /// Tells how it stands; `telling` is held.
    fn tell_now(&self) {
        let state = self.with(|inner, now| inner.state(now));
        self.changed.send_replace(state);
        (self.on_change)(state);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner, Moment) -> T) -> T {
        let mut inner = self.lock_inner();
        // Read under the lock: two threads must not bring moments in the wrong order.
        let now = (self.now)();
        work(&mut inner, now)
    }

    fn lock_inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Wiping is what dropping does.
    fn wipe(&mut self) {
        self.keys = HashMap::new();
        self.epoch += 1;
    }

    fn state(&self, now: Moment) -> GateState {
        GateState {
            locked: self.lock.reason(),
            epoch: self.epoch,
            left: self.lock.deadline().map(|deadline| deadline.saturating_sub(now.boot)),
        }
    }
}

#[cfg(test)]
mod tests;
