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

use aside_secret::stack;
use tokio::sync::oneshot;

use crate::system::{Fault, Store};

/// Makes a connection to the keyring; may block.
pub(super) type Connect = Arc<dyn Fn() -> Result<Box<dyn Store>, Fault> + Send + Sync>;

/// What the thread is asked for, and where the answer goes.
pub(super) type Job = Box<dyn FnOnce(&mut Thread) + Send>;

/// Which time a question is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    First,
    /// The first broke; it may have been done all the same.
    Second,
}

/// A question to the keyring whose answer goes to `reply`.
pub(super) fn job<T: Send + 'static>(
    reply: oneshot::Sender<Result<T, Fault>>,
    question: impl Fn(&dyn Store, Attempt) -> Result<T, Fault> + Send + 'static,
) -> Job {
    Box::new(move |thread| {
        // Nobody waits for the answer any more: it must not bring up a password prompt. A send that fails drops the
        // answer, and with it the key.
        if !reply.is_closed() {
            drop(reply.send(thread.ask(question)));
        }
    })
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
                stack::clean(|| job(&mut thread));
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

/// What the thread has: its connection, once there is one.
pub(super) struct Thread {
    connect: Connect,
    store: Option<Box<dyn Store>>,
}

impl Thread {
    /// Asks the keyring; where the connection breaks, once more on a new one: its daemon ended or was restarted.
    fn ask<T>(&mut self, question: impl Fn(&dyn Store, Attempt) -> Result<T, Fault>) -> Result<T, Fault> {
        let store = self.store.take().map_or_else(|| (self.connect)(), Ok)?;
        let answer = question(store.as_ref(), Attempt::First);
        if !matches!(answer, Err(Fault::Broken(_))) {
            return self.keep(store, answer);
        }
        let store = (self.connect)()?;
        let answer = question(store.as_ref(), Attempt::Second);
        self.keep(store, answer)
    }

    /// Keeps a connection that works.
    fn keep<T>(&mut self, store: Box<dyn Store>, answer: Result<T, Fault>) -> Result<T, Fault> {
        if matches!(answer, Ok(_) | Err(Fault::Missing | Fault::Unusable(_))) {
            self.store = Some(store);
        }
        answer
    }
}
