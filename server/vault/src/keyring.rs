//! The keyring with a deadline. Owns the one thread that talks to it, how long callers wait, and what happens when it hangs;
//! `system` knows how to talk.
//!
//! A keyring may block for ever: its password prompt waits for a person, its daemon may hang. So every call runs on the
//! keyring's own thread while the caller waits for its answer only so long. While a call hangs, callers do not queue up
//! behind it; when it comes back, the next one goes through at once.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aside_secret::Secret;
use futures_util::future::BoxFuture;
use tokio::{sync::oneshot, time::Instant};
use zeroize::Zeroizing;

use crate::{
    KeyError, KeyInfo, KeyName, KeyStore, NewKey, Patience, Place, Slot,
    store::{explain_missing, of_providers},
    system::{self, Fault, Store},
    value,
};

mod worker;

use worker::{Attempt, Connect, Worker, job};

/// While the keyring hangs, calls fail at once for this long before one waits again.
const HOLD: Duration = Duration::from_secs(30);

/// What a person needs at most to find and enter a password.
const PERSON: Duration = Duration::from_secs(120);

/// A call that hangs longer than a person needs for a password is given up, and the next gets a new thread.
const GIVE_UP: Duration = PERSON;

/// The most given-up threads that may still hang; beyond that no new one is started.
const MOST_HANGING: usize = 3;

/// The operating system's keyring. Cheap to clone; touches nothing before the first call.
#[derive(Clone)]
pub struct KeyRing(Arc<Shared>);

struct Shared {
    timeout: Duration,
    connect: Connect,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    worker: Option<Worker>,
    /// Threads that were given up and may still hang.
    given_up: Vec<Worker>,
    hanging: Option<Hanging>,
}

/// A call that did not come back in time.
struct Hanging {
    since: Instant,
    held_until: Instant,
}

/// What [`KeyRing::probe`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringState {
    /// It answers.
    Open {
        /// How many keys of ours are in use there.
        keys: usize,
    },
    /// It does not give anything away, and why.
    Closed(KeyError),
}

impl KeyringState {
    /// Whether keys can be read.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The next step; empty when there is nothing to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Open { .. } => String::new(),
            Self::Closed(error) => error.hint(),
        }
    }
}

impl fmt::Display for KeyringState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { keys: 0 } => formatter.write_str("the keyring answers; no key is stored yet"),
            Self::Open { keys: 1 } => formatter.write_str("the keyring answers; one key is stored"),
            Self::Open { keys } => write!(formatter, "the keyring answers; {keys} keys are stored"),
            Self::Closed(error) => error.fmt(formatter),
        }
    }
}

impl KeyRing {
    /// The keyring of this machine, which has to answer within `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self::over(timeout, Arc::new(system::connect))
    }

    fn over(timeout: Duration, connect: Connect) -> Self {
        Self(Arc::new(Shared { timeout, connect, desk: Mutex::default() }))
    }

    /// Whether the keyring answers, within the timeout even while an earlier call hangs. Asks for no password: a locked
    /// keyring is told as locked.
    pub async fn probe(&self) -> KeyringState {
        match self.call(Wait::Asked(self.0.timeout), |store, _| store.count()).await {
            Ok(keys) => KeyringState::Open { keys },
            Err(failure) => KeyringState::Closed(failure.at(Place::Address)),
        }
    }

    /// The short limit for a request, which does not queue up behind a call that hangs; a person's time for a person.
    fn wait(&self, patience: Patience) -> Wait {
        match patience {
            Patience::Request => Wait::Held(self.0.timeout),
            Patience::Person => Wait::Asked(PERSON),
        }
    }

    /// Puts a question to the keyring on its own thread and waits for the answer.
    async fn call<T: Send + 'static>(
        &self,
        wait: Wait,
        question: impl Fn(&dyn Store, Attempt) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(job(reply, question), wait)?;
        match tokio::time::timeout(wait.duration(), answer).await {
            Ok(Ok(result)) => result.map_err(Failure::Fault),
            Ok(Err(_)) => Err(KeyError::Unavailable { reason: "its thread ended without an answer".to_owned() }.into()),
            Err(_) => {
                self.desk().hangs(wait.duration());
                Err(KeyError::Timeout { after: wait.duration() }.into())
            }
        }
    }

    fn hand_over(&self, job: worker::Job, wait: Wait) -> Result<(), KeyError> {
        let mut desk = self.desk();
        desk.look_after(Instant::now());
        match wait {
            Wait::Held(timeout) if desk.hanging.as_ref().is_some_and(|one| Instant::now() < one.held_until) => {
                return Err(KeyError::Timeout { after: timeout });
            }
            Wait::Held(_) => {}
            Wait::Asked(_) => desk.step_around(),
        }
        // A thread that ended takes nothing: then a new one gets the job.
        let job = match &desk.worker {
            Some(worker) => match worker.give(job) {
                Ok(()) => return Ok(()),
                Err(job) => job,
            },
            None => job,
        };
        let unavailable = |reason: String| KeyError::Unavailable { reason };
        let worker = Worker::start(Arc::clone(&self.0.connect))
            .map_err(|error| unavailable(format!("its thread cannot be started: {error}")))?;
        let given = worker.give(job).map_err(|_| unavailable("its thread ended at once".to_owned()));
        desk.worker = Some(worker);
        given
    }

    async fn read(&self, name: &KeyName, slot: Slot, patience: Patience) -> Result<Secret, KeyError> {
        let wanted = name.clone();
        let found = self.call(self.wait(patience), move |store, _| {
            value::stored(&wanted, store.get(&wanted, slot)?).map_err(|problem| Fault::Unusable(problem.to_string()))
        });
        found.await.map_err(|failure| failure.at(place(name)))
    }

    async fn write(&self, key: NewKey, patience: Patience) -> Result<(), KeyError> {
        let place = place(&key.name);
        value::check_stored(&key.name, key.value.expose())
            .map_err(|problem| KeyError::Unusable { place: place.clone(), reason: problem.to_string() })?;
        let now = now();
        let written =
            self.call(self.wait(patience), move |store, _| store.set(&key.name, key.slot, key.value.expose(), now));
        written.await.map_err(|failure| failure.at(place))
    }

    async fn insert(&self, key: NewKey, patience: Patience) -> Result<(), KeyError> {
        let place = place(&key.name);
        value::check_stored(&key.name, key.value.expose())
            .map_err(|problem| KeyError::Unusable { place: place.clone(), reason: problem.to_string() })?;
        let now = now();
        let added = self.call(self.wait(patience), move |store, attempt| {
            match store.add(&key.name, key.slot, key.value.expose(), now) {
                // The first attempt may have stored it before the connection broke.
                Err(Fault::Occupied) if attempt == Attempt::Second => {
                    let there = Zeroizing::new(store.get(&key.name, key.slot)?);
                    if *there == key.value.expose() { Ok(()) } else { Err(Fault::Occupied) }
                }
                other => other,
            }
        });
        added.await.map_err(|failure| failure.at(place))
    }

    async fn remove(&self, name: &KeyName, slot: Slot, patience: Patience) -> Result<(), KeyError> {
        let wanted = name.clone();
        let removed = self.call(self.wait(patience), move |store, attempt| match store.delete(&wanted, slot) {
            // The first attempt removed it before the connection broke.
            Err(Fault::Missing) if attempt == Attempt::Second => Ok(()),
            other => other,
        });
        removed.await.map_err(|failure| failure.at(place(name)))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// A call was not answered within `waited`.
    fn hangs(&mut self, waited: Duration) {
        let now = Instant::now();
        let since =
            self.hanging.as_ref().map_or_else(|| now.checked_sub(waited).unwrap_or(now), |hanging| hanging.since);
        self.hanging = Some(Hanging { since, held_until: now + HOLD });
    }

    /// A person does not wait behind a call that hangs: it keeps its thread, and they get a new one. Should it wait for a
    /// password, the one answer serves both.
    fn step_around(&mut self) {
        if self.hanging.is_some() && self.given_up.len() < MOST_HANGING {
            self.given_up.extend(self.worker.take());
            self.hanging = None;
        }
    }

    /// Forgets a hang that is over, and gives up a thread that hangs too long.
    fn look_after(&mut self, now: Instant) {
        self.given_up.retain(Worker::is_busy);
        if !self.worker.as_ref().is_some_and(Worker::is_busy) {
            self.hanging = None;
        }
        let too_long = self.hanging.as_ref().is_some_and(|hanging| now.duration_since(hanging.since) >= GIVE_UP);
        if too_long && self.given_up.len() < MOST_HANGING {
            self.given_up.extend(self.worker.take());
            self.hanging = None;
        }
    }
}

/// How long a caller waits.
#[derive(Clone, Copy)]
enum Wait {
    /// So long, and not at all while an earlier call hangs.
    Held(Duration),
    /// So long, on another thread where an earlier call hangs: a person asked.
    Asked(Duration),
}

impl Wait {
    fn duration(self) -> Duration {
        match self {
            Self::Held(duration) | Self::Asked(duration) => duration,
        }
    }
}

/// Why a call gave nothing: told already, or still without the place.
enum Failure {
    Told(KeyError),
    Fault(Fault),
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::Told(error)
    }
}

impl Failure {
    fn at(self, place: Place) -> KeyError {
        match self {
            Self::Told(error) => error,
            Self::Fault(Fault::Occupied) => KeyError::Occupied { place },
            Self::Fault(Fault::Missing) => KeyError::Missing { place },
            Self::Fault(Fault::Locked(reason)) => KeyError::Locked { reason },
            Self::Fault(Fault::Absent(reason)) => KeyError::Absent { reason },
            Self::Fault(Fault::Broken(reason)) => KeyError::Unavailable { reason },
            Self::Fault(Fault::Unusable(reason)) => KeyError::Unusable { place, reason },
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX)
}

fn place(name: &KeyName) -> Place {
    Place::Keyring { provider: name.provider.clone(), origin: name.origin.clone() }
}

/// One item for each value. Locked keyrings are opened by asking the person, except by [`KeyStore::list`] for a request: it
/// brings up no question and reads no value, and says that the keyring is locked where that hides what is stored. Several
/// keys are stored one after the other, each with its own limit; the first that fails ends it.
impl KeyStore for KeyRing {
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, patience: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        Box::pin(async move {
            match self.read(name, slot, patience).await {
                Err(error) => Err(explain_missing(self, name, slot, error).await),
                found => found,
            }
        })
    }

    fn set(&self, keys: Vec<NewKey>, patience: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            for key in keys {
                self.write(key, patience).await?;
            }
            Ok(())
        })
    }

    fn add(&self, key: NewKey, patience: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(self.insert(key, patience))
    }

    fn delete<'a>(&'a self, name: &'a KeyName, slot: Slot, patience: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        Box::pin(self.remove(name, slot, patience))
    }

    fn list(&self, patience: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        Box::pin(async move {
            let listed = self.call(self.wait(patience), move |store, _| store.list(patience == Patience::Person));
            listed.await.map(of_providers).map_err(|failure| failure.at(Place::Address))
        })
    }
}

#[cfg(test)]
mod tests;
