//! SQLite databases that several processes share.
//!
//! Owns how a database is opened, protected, migrated and reached: one thread writes and one reads, neither of them the caller's,
//! both started at first use. Every write is one `BEGIN IMMEDIATE` transaction that is on disk when it is acknowledged. What the
//! tables mean belongs to the callers, who bring their own migrations and statements.

mod connection;
mod error;
mod lane;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Transaction;
use tokio::sync::oneshot;

use connection::{Access, Source};
pub use error::{DatabaseError, OpenError};
use lane::Lane;

/// A database file. Cheap to clone; nothing is opened, created or started before the first use.
#[derive(Debug, Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    writer: Lane,
    reader: Lane,
}

impl Database {
    /// The database at `path`, with the statements that bring each version of its schema to the next one, oldest first.
    /// Migrations are only ever added at the end.
    pub fn new(path: PathBuf, migrations: &'static [&'static str]) -> Self {
        let lane = |name, access| Lane::new(name, Source { path: path.clone(), migrations, access });
        let (writer, reader) = (lane("aside-db-write", Access::Write), lane("aside-db-read", Access::Read));
        Self { shared: Arc::new(Shared { path, writer, reader }) }
    }

    /// Where the database is, or will be.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Runs `work` in one transaction that holds the write lock from its start, and gives its value once it is on disk. An error
    /// or a panic of `work` rolls everything back. Creates the database and its directory if they are missing.
    ///
    /// Waits up to five seconds for another process's write. Dropping the future does not cancel the work.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.shared.writer.submit(Box::new(move |seat| {
            // Whoever asked may have gone; the work is done all the same.
            let _ = answer.send(seat.write(work));
        }))?;
        answered.await.unwrap_or_else(|_| Err(DatabaseError::Panicked.into()))
    }

    /// Runs `work` on one snapshot of the database. `None` where there is no database yet: reading creates nothing.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Option<T>, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.shared.reader.submit(Box::new(move |seat| {
            let _ = answer.send(seat.read(work));
        }))?;
        answered.await.unwrap_or_else(|_| Err(DatabaseError::Panicked.into()))
    }

    /// Closes what is open, after the work before it is done; the last connection folds the write-ahead log into the database.
    /// The next use opens it again.
    pub async fn close(&self) {
        for lane in [&self.shared.reader, &self.shared.writer] {
            lane.close().await;
        }
    }
}

#[cfg(test)]
mod tests;
