//! Opening one connection: the file, its protection, its pragmas. Owns what is checked and in which order; a file that is not
//! ours or is newer than this program is left as it was. What brings its schema up to date stands in `migration`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{FileSystem, Journal, Migration, OpenError};
use crate::{StorageError, private};

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(5);
/// `Asid`, in the header of every database of ours.
pub(super) const APPLICATION: i64 = 0x4173_6964;
/// SQLite's own page cache, for each connection.
const CACHE_KIB: i64 = 512;
/// The write-ahead log is cut back to this size after it was folded in.
const LOG_BYTES: i64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Which database, and what a connection to it may do.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) migrations: Arc<[Migration]>,
    pub(super) access: Access,
    /// Whether a copy is kept of what a migration changes.
    pub(super) backs_up: bool,
    /// What the folder is taken for; otherwise the system is asked.
    pub(super) file_system: Option<FileSystem>,
}

impl Source {
    /// Opens the database and brings it up to date. `None` when it does not exist and may not be created.
    pub(super) fn connect(&self) -> Result<Option<Connection>, OpenError> {
        let Some((path, mut connection, version)) = self.opened().map_err(OpenError::at_last)? else { return Ok(None) };
        if version < self.migrations.len() {
            self.migrate(&path, &mut connection).map_err(OpenError::at_last)?;
        }
        if self.access == Access::Read {
            connection.pragma_update(None, "query_only", true).map_err(OpenError::refused(&path))?;
        }
        Ok(Some(connection))
    }

    /// The journal that is kept here.
    pub(super) fn journal(&self) -> Journal {
        self.file_system.unwrap_or_else(|| FileSystem::of(private::folder_of(&self.path))).journal()
    }

    fn opened(&self) -> Result<Option<(PathBuf, Connection, usize)>, OpenError> {
        // One at a time in this process: a handle to the file that is closed while another thread opens it would release the
        // locks SQLite has just taken. Held while one connection is opened, not while it migrates.
        static OPENING: Mutex<()> = Mutex::new(());
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);

        let Some(path) = self.settle_files()? else { return Ok(None) };
        let deadline = Instant::now() + BUSY;
        loop {
            // Two processes that start together meet at the switch of the journal, where SQLite does not wait by itself.
            match self.open(&path) {
                Err(error) if error.is_busy() && Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                other => return other.map(|(connection, version)| Some((path, connection, version))),
            }
        }
    }

    /// Makes sure that the files are ours and private. Gives the path without links on the way, which SQLite refuses.
    fn settle_files(&self) -> Result<Option<PathBuf>, OpenError> {
        let because = |error| StorageError::because("open", &self.path)(error);
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(because(io::ErrorKind::InvalidInput.into()).into());
        };
        if self.access == Access::Write {
            private::ensure_dir(folder)?;
        }
        let path = match folder.canonicalize() {
            Ok(folder) => folder.join(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(because(error).into()),
        };
        if !private::settle(&path)? {
            if self.access == Access::Read {
                return Ok(None);
            }
            private::ensure_file(&path)?;
            private::settle(&path)?;
        }
        for beside in ["-wal", "-shm", "-journal"] {
            private::settle(&self::beside(&path, beside))?;
        }
        Ok(Some(path))
    }

    fn open(&self, path: &Path) -> Result<(Connection, usize), OpenError> {
        let refused = OpenError::refused(path);
        let connection = bare(path).map_err(&refused)?;
        let version = self.version(path, &connection)?;
        tune(&connection, path, self.journal()).map_err(&refused)?;
        Ok((connection, version))
    }

    /// The same as [`recognize`](Self::recognize) in one snapshot: another process may be migrating, and half of what it did would look
    /// like somebody else's database.
    pub(super) fn version(&self, path: &Path, connection: &Connection) -> Result<usize, OpenError> {
        let refused = OpenError::refused(path);
        let snapshot = connection.unchecked_transaction().map_err(&refused)?;
        let version = self.recognize(path, &snapshot)?;
        snapshot.finish().map_err(&refused)?;
        Ok(version)
    }

    /// Gives the version of the schema, if the database is ours and not newer than we are.
    pub(super) fn recognize(&self, path: &Path, connection: &Connection) -> Result<usize, OpenError> {
        let refused = OpenError::refused(path);
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(&refused);
        let (application, found) = (number("application_id")?, number("user_version")?);
        let tables = "SELECT count(*) FROM sqlite_schema";
        let empty = connection.query_row(tables, (), |row| row.get::<_, i64>(0)).map_err(&refused)? == 0;
        let fresh = application == 0 && found == 0 && empty;
        if application != APPLICATION && !fresh {
            return Err(OpenError::Foreign { path: path.to_owned() });
        }
        match usize::try_from(found) {
            Ok(version) if version <= self.migrations.len() => Ok(version),
            _ => Err(OpenError::Newer { path: path.to_owned(), found, known: self.migrations.len() as i64 }),
        }
    }
}

/// A connection to the file at `path`, protected, that has not looked into it yet.
pub(super) fn bare(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    protect(&connection)?;
    Ok(connection)
}

/// The file that SQLite keeps beside the database at `path` under this ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// What must hold before the first statement touches the file.
pub(super) fn protect(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Sorting must not spill what is stored into a shared temporary directory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(no_row)
}

fn tune(connection: &Connection, path: &Path, journal: Journal) -> rusqlite::Result<()> {
    let wanted = match journal {
        Journal::WriteAhead => "wal",
        Journal::Rollback { .. } => "delete",
    };
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", wanted, |row| row.get(0))?;
    if mode != wanted {
        tracing::warn!(path = %path.display(), mode, wanted, "the database keeps another journal: some of its users may wait");
    }
    // A commit is on disk when it returns. With a rollback journal that takes the folder too, from which the journal is removed.
    connection.pragma_update(None, "synchronous", if mode == "wal" { "FULL" } else { "EXTRA" })?;
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// A build of SQLite without memory mapping answers its pragma with nothing.
fn no_row(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}
