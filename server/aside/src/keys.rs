//! Keys for this process: hands each to the provider it belongs to, as long as the gate is open.
//!
//! Owns which source is asked, that a key is read once however many requests wait for it, and what happens at a lock:
//! kept keys are wiped by the gate, connections are closed, answers that a key was used for end, and whoever watches is
//! told. Where keys are kept is the vault crate's.

mod conversations;
mod desk;
mod place;
mod presence;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use aside_model::{ErrorKind, ModelError};
use aside_providers::{KeySource, Keys, Wanted};
use aside_secret::Secret;
use aside_vault::{
    By, Gate, GateState, KeyError, KeyName, LockReason, Origin, Pass, Patience, Reopen, Slot,
    audit::{AuditError, AuditLog, Record, What},
};
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::sync::{broadcast, watch};

pub(crate) use conversations::{ConversationKeys, Moved, Restored, Standing};
pub(crate) use desk::{Desk, forget_everywhere, listed_json, lock_everywhere, own_status, status};
pub(crate) use place::{Kept, KeyPlace, KeySettings};
use presence::Presence;

use crate::{processes::Programs, variables};

/// What is told of the keys while nobody listens is of no use to anybody.
const EVENTS: usize = 16;

/// What happens to the keys of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyEvent {
    /// They are open.
    Opened,
    /// They are locked.
    Locked(LockReason),
    /// Something a person did was refused because they are locked. Told once for each lock.
    Needed(LockReason),
}

/// Closes connections that may remember a key.
type Disconnect = Box<dyn Fn() + Send + Sync>;

/// The keys of this process.
pub(crate) struct KeyService {
    gate: Arc<Gate>,
    place: Arc<KeyPlace>,
    hooks: Arc<Hooks>,
    presence: Presence,
    reading: Arc<Reading>,
    /// Somebody sits at a terminal and waits: whatever this process does is done for them.
    attended: AtomicBool,
}

/// What a lock sets off.
struct Hooks {
    audit: Arc<AuditLog>,
    locks: watch::Sender<u64>,
    events: broadcast::Sender<KeyEvent>,
    disconnect: OnceLock<Disconnect>,
    /// The last thing that was told, so that only changes are.
    last: Mutex<Option<LockReason>>,
    /// Whether it was told that the lock stands in the way, since it locked.
    needed: AtomicBool,
}

impl Hooks {
    fn changed(&self, state: GateState) {
        let before = std::mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), state.locked);
        if state.locked.is_some() {
            self.locks.send_modify(|locks| *locks += 1);
            if let Some(disconnect) = self.disconnect.get() {
                disconnect();
            }
        }
        // A lock that comes in two ways, as by the agent and by its own socket, is one lock.
        if before.is_some() == state.locked.is_some() {
            return;
        }
        if state.locked.is_none() {
            self.needed.store(false, Ordering::SeqCst);
        }
        if let Some(reason) = state.locked {
            self.audit.note(Record::locked(reason.code()));
        }
        let event = state.locked.map_or(KeyEvent::Opened, KeyEvent::Locked);
        tracing::info!(?event, "the keys");
        // Nobody may listen.
        let _ = self.events.send(event);
    }
}

impl KeyService {
    /// The keys by these settings. Touches no keyring, no vault and no socket yet.
    pub(crate) fn new(place: KeyPlace, audit: Arc<AuditLog>) -> Arc<Self> {
        let open = place.starts_open();
        let hooks = Arc::new(Hooks {
            audit,
            locks: watch::Sender::new(0),
            events: broadcast::Sender::new(EVENTS),
            disconnect: OnceLock::new(),
            last: Mutex::new((!open).then_some(LockReason::NotOpened)),
            needed: AtomicBool::new(false),
        });
        let on_change = Arc::clone(&hooks);
        let gate = Gate::new(place.policy(), open, Box::new(move |state| on_change.changed(state)));
        Arc::new(Self {
            gate: Arc::new(gate),
            place: Arc::new(place),
            hooks,
            presence: Presence::default(),
            reading: Arc::default(),
            attended: AtomicBool::new(false),
        })
    }

    /// What closes connections at a lock. Only the first call counts.
    pub(crate) fn on_lock(&self, disconnect: Disconnect) {
        let _only_the_first_counts = self.hooks.disconnect.set(disconnect);
    }

    /// Other settings from now on. Keys that are kept are read again.
    pub(crate) fn set(&self, settings: KeySettings) {
        if self.place.set(settings) {
            self.gate.forget();
        }
        self.keep_to_policy();
    }

    /// A vault file may have been made or removed since: that changes what opens the lock.
    fn keep_to_policy(&self) {
        let policy = self.place.policy();
        if self.gate.policy() != policy {
            self.gate.set_policy(policy);
        }
    }

    /// The name under which other processes see this one.
    pub(crate) fn set_label(&self, label: &str) {
        self.presence.set_label(label);
    }

    /// This process serves an editor: a vault locks when the last one is closed.
    pub(crate) fn serve_an_editor(&self) {
        self.presence.serve_an_editor();
    }

    /// Whether other processes can reach this one, since it has keys.
    pub(crate) fn listens(&self) -> bool {
        self.presence.listens()
    }

    /// The places where keys are.
    pub(crate) fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// The gate.
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<KeyEvent> {
        self.hooks.events.subscribe()
    }

    /// A person is here, in a terminal, and waits: what they ask for may use keys, also where it looks like a check.
    ///
    /// # Errors
    /// The keys are locked, and not by what this person does unlocked.
    pub(crate) async fn person_is_here(&self) -> Result<(), KeyError> {
        self.attended.store(true, Ordering::Relaxed);
        self.admit(By::Person).await.map(drop)
    }

    /// Whether a person is known to sit in front of this process.
    pub(crate) fn is_attended(&self) -> bool {
        self.attended.load(Ordering::Relaxed)
    }

    /// The right of `by` to use keys now. What a person does is reached by a lock from then on.
    pub(crate) async fn enter(&self, by: By) -> Result<Pass, KeyError> {
        if by == By::Person {
            self.begin_to_listen();
        }
        self.admit(by).await
    }

    /// The stored value of `name`, for a person who asked for something to be done with it just now.
    pub(crate) async fn value(&self, name: &KeyName, slot: Slot, patience: Patience) -> Result<Secret, KeyError> {
        let pass = self.enter(By::Person).await?;
        let value = self.place.stored(name, slot, By::Person, patience).await?;
        if self.gate.holds(pass) {
            return Ok(value);
        }
        Err(self.locked(self.gate.state().locked.unwrap_or(LockReason::Asked)))
    }

    /// The wanted key, whose use is recorded.
    async fn used(&self, wanted: Wanted<'_>) -> Result<Secret, ModelError> {
        let told = |error: KeyError| model_error(wanted.provider, &error);
        let origin = Origin::of(wanted.origin).map_err(KeyError::from).map_err(told)?;
        let name = KeyName::new(wanted.provider, origin);
        let found = self.find(&name, wanted).await;
        let record = match &found {
            Ok(_) => Record::done(What::Use),
            Err(error) if error.is_locked() => Record::refused(What::Use, error.code()),
            Err(error) => Record::failed(What::Use, error.code()),
        };
        let recorded = self.record(record.key(&name)).await;
        let key = found.map_err(told)?;
        recorded.map_err(|error| unrecorded(wanted.provider, &error))?;
        Ok(key)
    }

    /// Before something is done that has to be recorded: `begun` is written, or the thing must not be done.
    pub(crate) async fn begin(&self, begun: Record) -> Result<(), AuditError> {
        if self.hooks.audit.required(begun.what) { self.record(begun).await } else { Ok(()) }
    }

    /// The same for several, in one write.
    pub(crate) async fn begin_all(&self, begun: Vec<Record>) -> Result<(), AuditError> {
        let audit = Arc::clone(&self.hooks.audit);
        if begun.first().is_some_and(|record| audit.required(record.what)) {
            return on_a_thread(move || audit.record_all(begun)).await;
        }
        Ok(())
    }

    /// How they ended, in one write.
    pub(crate) async fn end_all(&self, records: Vec<Record>) {
        let audit = Arc::clone(&self.hooks.audit);
        if let Err(error) = on_a_thread(move || audit.record_all(records)).await {
            tracing::warn!(%error, "how something ended that was begun is not recorded");
        }
    }

    /// How it ended. That it was begun is written already: it is not undone because this cannot be.
    pub(crate) fn end(&self, record: Record) {
        self.hooks.audit.note(record);
    }

    /// Where a use must be recorded, it waits for the disk on a thread that may.
    async fn record(&self, record: Record) -> Result<(), AuditError> {
        let audit = Arc::clone(&self.hooks.audit);
        if !audit.required(record.what) {
            audit.note(record);
            return Ok(());
        }
        on_a_thread(move || audit.record(record)).await
    }

    async fn find(&self, name: &KeyName, wanted: Wanted<'_>) -> Result<Secret, KeyError> {
        let by = match wanted.by {
            _ if self.attended.load(Ordering::Relaxed) => By::Person,
            aside_providers::By::Person => By::Person,
            aside_providers::By::Background => By::Background,
        };
        self.begin_to_listen();
        let mut lately = LockReason::Asked;
        // A key that was being read when a lock came is not used; when it is open again, it is read again.
        for _ in 0..2 {
            let pass = self.admit(by).await?;
            if let Some(key) = self.gate.kept(pass, name) {
                self.presence.touched(by, &self.place);
                return Ok(key);
            }
            if by == By::Background {
                // Reading may ask a person for a password, or start a program that does.
                return Err(KeyError::Unattended { name: name.clone() });
            }
            match self.read(name, wanted.source, pass).await? {
                Read::Key(key) => return Ok(key),
                Read::Locked => lately = self.gate.state().locked.unwrap_or(lately),
            }
        }
        Err(self.locked(lately))
    }

    /// Reads a key and keeps it. It is read once for everybody who wants it, and to its end: a completion that is overtaken
    /// must not end a program that is asking a person for a fingerprint.
    async fn read(&self, name: &KeyName, source: &KeySource, pass: Pass) -> Result<Read, KeyError> {
        if let KeySource::Env(variable) = source {
            let key = aside_vault::from_env(variable, variables::read)?;
            return Ok(if self.gate.keep(pass, name.clone(), &key) { Read::Key(key) } else { Read::Locked });
        }
        let (place, gate, source) = (Arc::clone(&self.place), Arc::clone(&self.gate), source.clone());
        let wanted = name.clone();
        let read = async move {
            let key = match &source {
                KeySource::Command(argv) => aside_vault::from_command(argv, &Programs::default()).await?,
                _ => place.stored(&wanted, Slot::Current, By::Person, Patience::Request).await?,
            };
            Ok(gate.keep(pass, wanted, &key))
        };
        let kept = self.reading.once(name, read).await;
        if kept.inspect_err(|error| self.refused_by_vault(error))?
            && let Some(key) = self.gate.kept(pass, name)
        {
            return Ok(Read::Key(key));
        }
        Ok(Read::Locked)
    }

    /// Other processes can reach this one from now on.
    fn begin_to_listen(&self) {
        if !self.presence.begin(&self.gate, &self.place) {
            return;
        }
        // Until now nobody could tell this process that a person locked or unlocked the keys of the keyring.
        match (self.place.starts_open(), self.gate.state().locked) {
            (true, Some(LockReason::NotOpened)) => drop(self.gate.unlock()),
            (false, None) => drop(self.gate.lock(LockReason::NotOpened)),
            _ => {}
        }
    }

    /// Lets `by` through the gate, where need be after a look at the vault behind it.
    async fn admit(&self, by: By) -> Result<Pass, KeyError> {
        self.keep_to_policy();
        let reason = match self.gate.admit(by) {
            Ok(pass) => return Ok(pass),
            Err(reason) => reason,
        };
        // The vault may have been opened by another editor, or for one, meanwhile.
        if by == By::Person && self.place.kept() == Kept::File && self.place.agent_is_open().await {
            self.gate.unlock();
            if let Ok(pass) = self.gate.admit(by) {
                return Ok(pass);
            }
        }
        if by == By::Person {
            self.needed(reason);
        }
        Err(self.locked(reason))
    }

    /// The vault behind the gate is locked: so is the gate.
    fn refused_by_vault(&self, error: &KeyError) {
        if matches!(error, KeyError::VaultLocked { .. }) {
            if self.gate.state().locked.is_none() {
                self.gate.lock(LockReason::Vault);
            }
            self.needed(LockReason::Vault);
        }
    }

    /// Tells once for each lock that it stands in the way of a person.
    fn needed(&self, reason: LockReason) {
        if !self.hooks.needed.swap(true, Ordering::SeqCst) {
            let _ = self.hooks.events.send(KeyEvent::Needed(reason));
        }
    }

    /// The sentence and the next step for a lock.
    pub(crate) fn locked(&self, reason: LockReason) -> KeyError {
        match (self.place.kept(), reason) {
            (Kept::File, LockReason::Vault) => KeyError::VaultLocked { reason: "nothing holds it open".to_owned() },
            _ => KeyError::GateLocked { reason, reopen: self.place.policy().reopen },
        }
    }
}

/// What came of reading a key.
enum Read {
    /// It may be used.
    Key(Secret),
    /// A lock came meanwhile.
    Locked,
}

/// A read that several wait for: whether there was a key.
type SharedRead = Shared<BoxFuture<'static, Result<bool, KeyError>>>;

/// Keys that are being read.
#[derive(Default)]
struct Reading(Mutex<HashMap<KeyName, SharedRead>>);

impl Reading {
    /// What `read` gives, or what a read of the same key gives that is under way. `read` goes on when nobody waits any more.
    async fn once(
        self: &Arc<Self>,
        name: &KeyName,
        read: impl Future<Output = Result<bool, KeyError>> + Send + 'static,
    ) -> Result<bool, KeyError> {
        let shared = {
            let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(shared) = reading.get(name) {
                shared.clone()
            } else {
                let (all, wanted) = (Arc::clone(self), name.clone());
                let task = tokio::spawn(async move {
                    let read = read.await;
                    all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&wanted);
                    read
                });
                let ended = || KeyError::Unavailable { reason: "reading it ended without an answer".to_owned() };
                let shared = task.map(move |read| read.unwrap_or_else(|_| Err(ended()))).boxed().shared();
                reading.insert(name.clone(), shared.clone());
                shared
            }
        };
        shared.await
    }
}

/// Waits for the disk off the runtime's workers.
async fn on_a_thread(work: impl FnOnce() -> Result<(), AuditError> + Send + 'static) -> Result<(), AuditError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

impl Keys for KeyService {
    fn get<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Secret, ModelError>> {
        Box::pin(self.used(wanted))
    }

    fn locks(&self) -> watch::Receiver<u64> {
        self.hooks.locks.subscribe()
    }
}

/// A key that could not be had, in the vocabulary of models.
pub(crate) fn model_error(provider: &str, error: &KeyError) -> ModelError {
    let kind = if error.is_locked() { ErrorKind::Locked } else { ErrorKind::NoKey };
    let mut failure = ModelError::new(kind, provider, error.to_string());
    failure.next = Some(error.hint());
    failure
}

/// A key that may not be used because its use cannot be recorded.
fn unrecorded(provider: &str, error: &AuditError) -> ModelError {
    let sentence = format!("the key of `{provider}` is not used, because its use cannot be recorded: {error}");
    let mut failure = ModelError::new(ErrorKind::NoKey, provider, sentence);
    failure.next = Some(error.hint());
    failure
}

/// What opens a lock, in the vault's own words.
pub(crate) fn reopen(unlock: aside_config::Unlock) -> Reopen {
    match unlock {
        aside_config::Unlock::OnUse => Reopen::OnUse,
        aside_config::Unlock::Explicit => Reopen::Explicit,
    }
}
