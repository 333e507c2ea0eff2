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

    /// Queues `work` and waits for what it gives. Dropping the future does not cancel it.
    pub(super) async fn answer<T, E>(
        &self,
        work: impl FnOnce(&mut Seat) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.submit(Box::new(move |seat| {
            // Whoever asked may have gone; the work is done all the same.
            let _ = answer.send(work(seat));
        }))?;
        answered.await.unwrap_or_else(|_| Err(DatabaseError::Panicked.into()))
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

    /// What the connection sees, after the work before it. Starts nothing and opens nothing.
    pub(super) async fn look(&self) -> Look {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |seat| {
            let _ = answer.send(seat.look());
        });
        match &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(jobs) => drop(jobs.send(job)),
            None => return Look::Closed,
        }
        answered.await.unwrap_or(Look::Closed)
    }

    fn start(&self) -> Result<mpsc::Sender<Job>, DatabaseError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let mut seat = Seat { source: self.source.clone(), open: None, opened: 0 };
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

/// What a connection sees of a database. Two looks that differ may stand for a change, and a change makes two looks differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing: it is not open.
    Closed,
    /// It cannot tell.
    Failed,
    /// What others have committed.
    At {
        /// Which of this thread's connections.
        connection: u64,
        /// SQLite's number for it, which means something to that connection only.
        version: i64,
    },
}

/// A connection's place in its thread: opened when needed, left after trouble.
#[derive(Debug)]
pub(super) struct Seat {
    source: Source,
    open: Option<(Connection, Option<Identity>)>,
    /// How often a connection was opened.
    opened: u64,
}

impl Seat {
    /// The same only where the database exists.
    pub(super) fn update<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if private::identity(&self.source.path).is_none() {
            self.leave();
            return Err(DatabaseError::Missing { path: self.source.path.clone() }.into());
        }
        self.write(work)
    }

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

    /// Runs `work` outside a transaction. `None` where there is no database.
    pub(super) fn apart<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, DatabaseError> {
        let Some(connection) = self.connection()? else { return Ok(None) };
        let result = work(connection);
        result.map(Some).map_err(|error| self.failed(error))
    }

    fn look(&mut self) -> Look {
        let Some((connection, _)) = self.open.as_ref().filter(|_| !self.is_elsewhere()) else { return Look::Closed };
        match connection.pragma_query_value(None, "data_version", |row| row.get(0)) {
            Ok(version) => Look::At { connection: self.opened, version },
            Err(_) => Look::Failed,
        }
    }

    /// The next use opens anew, so that a disk that came back is found.
    fn failed(&mut self, error: rusqlite::Error) -> DatabaseError {
        self.leave();
        DatabaseError::transaction(&self.source.path, error)
    }

    fn transact<T, E: From<DatabaseError>>(
        &mut self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let Some(connection) = self.connection().map_err(DatabaseError::from)? else { return Ok(None) };
        let writes = matches!(behavior, TransactionBehavior::Immediate);
        match run(connection, behavior, work) {
            Ok(value) if writes && self.is_elsewhere() => {
                // What was committed went into a file that nobody will open again.
                drop(value);
                self.leave();
                Err(DatabaseError::Missing { path: self.source.path.clone() }.into())
            }
            Ok(value) => Ok(Some(value)),
            Err(Failed::Database(error)) => Err(self.failed(error).into()),
            Err(Failed::Work(error)) => Err(error),
        }
    }

    /// Whether the open database is no longer what stands at its path.
    fn is_elsewhere(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, identity)| *identity != private::identity(&self.source.path))
    }

    fn connection(&mut self) -> Result<Option<&mut Connection>, OpenError> {
        // A database that was removed or replaced behind our back would swallow what we write.
        if self.is_elsewhere() {
            self.leave();
        }
        if self.open.is_none() {
            let Some(connection) = self.source.connect()? else { return Ok(None) };
            self.open = Some((connection, private::identity(&self.source.path)));
            self.opened += 1;
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
