//! SQLite databases that several processes share.
//!
//! Owns how a database is opened, protected, migrated, copied, watched and reached: one thread writes and one reads, neither of
//! them the caller's, both started at first use. Every write is one `BEGIN IMMEDIATE` transaction that is on disk when it is
//! acknowledged. What the tables mean belongs to the callers, who bring their own migrations and statements.

mod backup;
mod cause;
mod changes;
mod check;
mod connection;
mod error;
mod lane;
mod migration;
mod place;
mod versions;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Transaction;

pub use backup::Backup;
pub use cause::Cause;
pub use changes::Changes;
pub use check::Checked;
use check::Checks;
use connection::{Access, Source};
pub use error::{DatabaseError, OpenError};
use lane::Lane;
pub use migration::{Migration, Step, StepError};
pub use place::{FileSystem, Journal};
pub use versions::Versions;

/// A database file. Cheap to clone; nothing is opened, created or started before the first use.
#[derive(Debug, Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    source: Source,
    writer: Lane,
    reader: Lane,
    checker: Lane,
    checks: Arc<Checks>,
}

impl Database {
    /// The database at `path`, with the statements that bring each version of its schema to the next one, oldest first.
    /// Migrations are only ever added at the end.
    pub fn new(path: PathBuf, migrations: &'static [&'static str]) -> Self {
        Self::with_migrations(path, migrations.iter().copied().map(Migration::Sql).collect())
    }

    /// The same with migrations of any kind.
    ///
    /// All that are missing are done in one transaction. Before it ends, the state before it is copied to a [`Backup`], unless
    /// the database was just made.
    pub fn with_migrations(path: PathBuf, migrations: Vec<Migration>) -> Self {
        let migrations = migrations.into();
        Self::of(Source { path, migrations, access: Access::Read, backs_up: true, file_system: None })
    }

    /// Makes no backup before a migration: the caller has one, or can make the content again.
    #[must_use]
    pub fn without_backups(self) -> Self {
        Self::of(Source { backs_up: false, ..self.shared.source.clone() })
    }

    /// Takes the folder to be on `file_system`, without asking the system.
    #[must_use]
    pub fn on(self, file_system: FileSystem) -> Self {
        Self::of(Source { file_system: Some(file_system), ..self.shared.source.clone() })
    }

    fn of(source: Source) -> Self {
        let lane = |name, access| Lane::new(name, Source { access, ..source.clone() });
        let (writer, reader) = (lane("aside-db-write", Access::Write), lane("aside-db-read", Access::Read));
        let checker = lane("aside-db-check", Access::Read);
        Self { shared: Arc::new(Shared { source, writer, reader, checker, checks: Arc::default() }) }
    }

    /// Where the database is, or will be.
    pub fn path(&self) -> &Path {
        &self.shared.source.path
    }

    /// What keeps its transactions whole, by where it lies. Opens nothing.
    pub fn journal(&self) -> Journal {
        self.shared.source.journal()
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
        self.shared.writer.answer(move |seat| seat.write(work)).await
    }

    /// The same where the database exists; [`DatabaseError::Missing`] where it does not: one that was there and is gone is not made
    /// anew behind somebody's back.
    pub async fn update<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.shared.writer.answer(move |seat| seat.update(work)).await
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
        self.shared.reader.answer(move |seat| seat.read(work)).await
    }

    /// Closes what is open, after the work before it is done, but for checks, which end at once; the last connection folds the
    /// write-ahead log into the database. The next use opens it again.
    pub async fn close(&self) {
        self.shared.checks.end();
        for lane in [&self.shared.checker, &self.shared.reader, &self.shared.writer] {
            lane.close().await;
        }
    }
}

#[cfg(test)]
mod tests;
