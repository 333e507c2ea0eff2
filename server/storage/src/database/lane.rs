//! A thread with one connection, and the queue of work for it. Owns the thread, its start at first use and its survival; what
//! the work is belongs to `database`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{DatabaseError, OpenError, Source};
use crate::private::{self, Identity};

pub(super) type Job = Box<dyn FnOnce(&mut Seat) + Send>;

#[derive(Debug)]
pub(super) struct Lane {
    name: &'static str,
    source: Source,
    // A plain lock, held while a job is handed over. The thread ends when the sender is dropped with the lane.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Lane {
    pub(super) fn new(name: &'static str, source: Source) -> Self {
        Self { name, source, jobs: Mutex::new(None) }
    }

    /// Queues `job`, starting the thread if there is none.
    pub(super) fn submit(&self, job: Job) -> Result<(), DatabaseError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match jobs.take() {
            Some(sender) => sender,
            None => self.start()?,
        };
        let sent = sender.send(job);
        *jobs = Some(sender);
        sent.map_err(|_| DatabaseError::Panicked)
    }

    /// Closes the connection after the work before it. Starts nothing.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        let job: Job = Box::new(move |seat| {
            seat.leave();
            let _ = done.send(());
        });
        match &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(jobs) => drop(jobs.send(job)),
            None => return,
        }
        // An error says that the thread is gone, and its connection with it.
        let _ = closed.await;
    }

    fn start(&self) -> Result<mpsc::Sender<Job>, DatabaseError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let mut seat = Seat { source: self.source.clone(), open: None };
        thread::Builder::new()
            .name(self.name.to_owned())
            .spawn(move || {
                for job in jobs {
                    // A defect in one piece of work must not take the store from everybody else.
                    if catch_unwind(AssertUnwindSafe(|| job(&mut seat))).is_err() {
                        seat.leave();
                    }
                }
            })
            .map_err(DatabaseError::Thread)?;
        Ok(sender)
    }
}

/// A connection's place in its thread: opened when needed, left after trouble.
#[derive(Debug)]
pub(super) struct Seat {
    source: Source,
    open: Option<(Connection, Option<Identity>)>,
}

impl Seat {
    pub(super) fn write<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.transact(TransactionBehavior::Immediate, work)? {
            Some(value) => Ok(value),
            // A writer creates what is missing; here it was removed at the same time.
            None => Err(DatabaseError::Missing { path: self.source.path.clone() }.into()),
        }
    }

    pub(super) fn read<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.transact(TransactionBehavior::Deferred, work)
    }

    pub(super) fn leave(&mut self) {
        self.open = None;
    }

    fn transact<T, E: From<DatabaseError>>(
        &mut self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let Some(connection) = self.connection().map_err(DatabaseError::from)? else { return Ok(None) };
        let result = run(connection, behavior, work);
        if let Err(Failed::Database(_)) = &result {
            // The next use opens anew, so that a disk that came back is found.
            self.leave();
        }
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Failed::Database(error)) => Err(DatabaseError::from(error).into()),
            Err(Failed::Work(error)) => Err(error),
        }
    }

    fn connection(&mut self) -> Result<Option<&mut Connection>, OpenError> {
        // A database that was removed or replaced behind our back would swallow what we write.
        if self.open.as_ref().is_some_and(|(_, identity)| *identity != private::identity(&self.source.path)) {
            self.leave();
        }
        if self.open.is_none() {
            let Some(connection) = self.source.connect()? else { return Ok(None) };
            self.open = Some((connection, private::identity(&self.source.path)));
        }
        Ok(self.open.as_mut().map(|(connection, _)| connection))
    }
}

enum Failed<E> {
    Database(rusqlite::Error),
    Work(E),
}

fn run<T, E>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, Failed<E>> {
    let transaction = connection.transaction_with_behavior(behavior).map_err(Failed::Database)?;
    // Dropping the transaction rolls it back.
    let value = work(&transaction).map_err(Failed::Work)?;
    transaction.commit().map_err(Failed::Database)?;
    Ok(value)
}
