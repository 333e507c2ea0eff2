//! The keyring with a deadline. Owns the one thread that talks to it, how long callers wait, and what happens when it hangs;
//! `system` knows how to talk.
//!
//! A keyring may block for ever: its password prompt waits for a person, its daemon may hang. So every call runs on the
//! keyring's own thread while the caller waits for its answer only so long. While a call hangs, callers do not queue up
//! behind it; when it comes back, the next one goes through at once.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aside_secret::Secret;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    KeyError, Origin, Place,
    system::{self, Fault},
};

mod worker;

use worker::{Connect, Job, Worker};

/// While the keyring hangs, calls fail at once for this long before one waits again.
const HOLD: Duration = Duration::from_secs(30);

/// A call that hangs longer than a person needs for a password is given up, and the next gets a new thread.
const GIVE_UP: Duration = Duration::from_secs(120);

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
        /// How many keys of ours are in it, where the system can tell.
        keys: Option<usize>,
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
            Self::Open { keys: None } => formatter.write_str("the keyring answers"),
            Self::Open { keys: Some(0) } => formatter.write_str("the keyring answers; no key is stored yet"),
            Self::Open { keys: Some(1) } => formatter.write_str("the keyring answers; one key is stored"),
            Self::Open { keys: Some(keys) } => write!(formatter, "the keyring answers; {keys} keys are stored"),
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

    /// The key of `provider` for `origin`. Waits the timeout at most; fails at once while an earlier call hangs.
    pub async fn get(&self, provider: &str, origin: &Origin) -> Result<Secret, KeyError> {
        self.read(provider, origin, Wait::Held(self.0.timeout)).await
    }

    /// The same when a person asked for it just now: waits `patience`, time to enter a password, even behind a call that
    /// hangs.
    pub async fn get_asked(&self, provider: &str, origin: &Origin, patience: Duration) -> Result<Secret, KeyError> {
        self.read(provider, origin, Wait::Asked(patience)).await
    }

    /// Whether the keyring answers. A person asked: it may show its password prompt.
    pub async fn probe(&self) -> KeyringState {
        let counted = self.call(Wait::Asked(self.0.timeout), |reply| Job::Count { reply }).await;
        match counted.and_then(|counted| counted.map_err(|fault| told(fault, Place::Address))) {
            Ok(keys) => KeyringState::Open { keys },
            Err(error) => KeyringState::Closed(error),
        }
    }

    async fn read(&self, provider: &str, origin: &Origin, wait: Wait) -> Result<Secret, KeyError> {
        let (name, to) = (provider.to_owned(), origin.clone());
        let found = self.call(wait, |reply| Job::Read { provider: name, origin: to, reply }).await?;
        found.map_err(|fault| told(fault, Place::Keyring { provider: provider.to_owned(), origin: origin.clone() }))
    }

    /// Gives a job to the keyring's thread and waits for its answer.
    async fn call<T>(
        &self,
        wait: Wait,
        job: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Job,
    ) -> Result<Result<T, Fault>, KeyError> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(job(reply), wait)?;
        match tokio::time::timeout(wait.duration(), answer).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => Err(KeyError::Unavailable { reason: "its thread ended without an answer".to_owned() }),
            Err(_) => {
                self.desk().hangs(wait.duration());
                Err(KeyError::Timeout { after: wait.duration() })
            }
        }
    }

    fn hand_over(&self, job: Job, wait: Wait) -> Result<(), KeyError> {
        let mut desk = self.desk();
        desk.look_after(Instant::now());
        if let (Wait::Held(timeout), Some(hanging)) = (wait, &desk.hanging)
            && Instant::now() < hanging.held_until
        {
            return Err(KeyError::Timeout { after: timeout });
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
    /// So long, whatever hangs: a person asked.
    Asked(Duration),
}

impl Wait {
    fn duration(self) -> Duration {
        match self {
            Self::Held(duration) | Self::Asked(duration) => duration,
        }
    }
}

fn told(fault: Fault, place: Place) -> KeyError {
    match fault {
        Fault::Missing => KeyError::Missing { place },
        Fault::Locked(reason) => KeyError::Locked { reason },
        Fault::Broken(reason) => KeyError::Unavailable { reason },
        Fault::Unreadable(reason) => KeyError::Unusable { place, reason },
    }
}

#[cfg(test)]
mod tests;
