//! The thread that talks to the keyring: one connection, made at the first job and anew after a failure.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use aside_secret::Secret;
use tokio::sync::oneshot;

use crate::{
    Origin,
    system::{Fault, Store},
    value,
};

/// Makes a connection to the keyring; may block.
pub(super) type Connect = Arc<dyn Fn() -> Result<Box<dyn Store>, Fault> + Send + Sync>;

/// What the thread is asked for.
pub(super) enum Job {
    /// One key.
    Read { provider: String, origin: Origin, reply: oneshot::Sender<Result<Secret, Fault>> },
    /// How many keys there are.
    Count { reply: oneshot::Sender<Result<Option<usize>, Fault>> },
}

/// The thread. It ends when this is dropped, as soon as it is not in a call.
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    /// Jobs given and not done.
    open: Arc<AtomicUsize>,
}

impl Worker {
    /// Starts the thread; connects to nothing yet.
    pub(super) fn start(connect: Connect) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let open = Arc::new(AtomicUsize::new(0));
        let to_do = Open(Arc::clone(&open));
        thread::Builder::new().name("aside-keyring".to_owned()).spawn(move || {
            let mut thread = Thread { connect, store: None };
            for job in waiting {
                thread.run(job);
                to_do.0.fetch_sub(1, Ordering::AcqRel);
            }
        })?;
        Ok(Self { jobs, open })
    }

    /// Puts a job in line; gives it back when the thread has ended.
    pub(super) fn give(&self, job: Job) -> Result<(), Job> {
        self.open.fetch_add(1, Ordering::AcqRel);
        self.jobs.send(job).map_err(|mpsc::SendError(job)| job)
    }

    /// Whether it is in a call, or about to be.
    pub(super) fn is_busy(&self) -> bool {
        self.open.load(Ordering::Acquire) > 0
    }
}

/// Has nothing open any more when the thread ends, also by a panic.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

struct Thread {
    connect: Connect,
    store: Option<Box<dyn Store>>,
}

impl Thread {
    fn run(&mut self, job: Job) {
        // Nobody waits for the answer any more: it must not bring up a password prompt. A send that fails drops the
        // answer, and with it the key.
        match job {
            Job::Read { provider, origin, reply } if !reply.is_closed() => {
                drop(reply.send(self.ask(|store| {
                    value::into_secret(store.read(&provider, &origin)?)
                        .map_err(|problem| Fault::Unreadable(problem.to_string()))
                })));
            }
            Job::Count { reply } if !reply.is_closed() => drop(reply.send(self.ask(|store| store.count()))),
            Job::Read { .. } | Job::Count { .. } => {}
        }
    }

    /// Asks the keyring; where a connection that worked before is broken, once more on a new one: its daemon was restarted.
    fn ask<T>(&mut self, question: impl Fn(&dyn Store) -> Result<T, Fault>) -> Result<T, Fault> {
        let reused = self.store.is_some();
        let answer = self.ask_once(&question);
        if reused && matches!(answer, Err(Fault::Broken(_))) { self.ask_once(&question) } else { answer }
    }

    fn ask_once<T>(&mut self, question: impl Fn(&dyn Store) -> Result<T, Fault>) -> Result<T, Fault> {
        let store = match self.store.take() {
            Some(store) => store,
            None => (self.connect)()?,
        };
        let answer = question(store.as_ref());
        if matches!(answer, Ok(_) | Err(Fault::Missing | Fault::Unreadable(_))) {
            self.store = Some(store);
        }
        answer
    }
}
