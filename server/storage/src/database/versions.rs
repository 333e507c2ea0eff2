//! Which version a database has, told without changing anything: not the file, not the folder, not the log that a program that
//! was killed has left.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    Database, DatabaseError, OpenError,
    connection::{Source, beside, protect},
};
use crate::{StorageError, private};

/// The version of a schema, and the newest one that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// What the file has.
    pub found: usize,
    /// What a migration would bring it to.
    pub known: usize,
}

impl Database {
    /// The version of the file and the newest one known here; `None` where there is no database. Migrates, creates and writes
    /// nothing. A newer file and another program's are the same errors as at a use. Blocks shortly.
    pub fn versions(&self) -> Result<Option<Versions>, DatabaseError> {
        Ok(versions(&self.shared.source).map_err(OpenError::at_last)?)
    }
}

fn versions(source: &Source) -> Result<Option<Versions>, OpenError> {
    let Some(path) = existing(&source.path)? else { return Ok(None) };
    let look = |connection: &Connection| source.version(&path, connection);
    let found = match how(&path) {
        How::Alone => look(&alone(&path).map_err(OpenError::refused(&path))?)?,
        How::Copy => copied(&path, look)?,
        How::Shared => match shared(&path).map_err(OpenError::refused(&path)).and_then(|one| look(&one)) {
            // A journal that is to be rolled back, which a reader may not. Nobody has the database open then.
            Err(error) if error.wants_rollback() => copied(&path, look)?,
            other => other?,
        },
    };
    Ok(Some(Versions { found, known: source.migrations.len() }))
}

/// The path without links on the way, where there is a file.
fn existing(path: &Path) -> Result<Option<PathBuf>, OpenError> {
    let folder = match private::folder_of(path).canonicalize() {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StorageError::because("open", path)(error).into()),
    };
    let path = folder.join(path.file_name().unwrap_or_default());
    Ok(private::examine(&path)?.then_some(path))
}

/// How a database can be looked at without leaving a trace.
enum How {
    /// Nothing lies beside it: the file is all there is.
    Alone,
    /// Programs may be using it.
    Shared,
    /// Nobody uses it, and it was not closed.
    Copy,
}

fn how(path: &Path) -> How {
    let holds = |ending| fs::symlink_metadata(beside(path, ending)).is_ok_and(|metadata| metadata.len() > 0);
    let (log, journal) = (holds("-wal"), holds("-journal"));
    match (log, journal) {
        (false, false) => How::Alone,
        // Whoever uses a log shares its index.
        (true, _) if !holds("-shm") => How::Copy,
        _ => How::Shared,
    }
}

/// A connection that takes the file for unchangeable: it makes no log and no index beside it.
fn alone(path: &Path) -> rusqlite::Result<Connection> {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    reader(Path::new(&format!("{address}?immutable=1")), OpenFlags::SQLITE_OPEN_URI)
}

/// A connection beside others. It leaves the log as it is when it closes.
fn shared(path: &Path) -> rusqlite::Result<Connection> {
    let connection = reader(path, OpenFlags::empty())?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn reader(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags =
        flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    protect(&connection)?;
    Ok(connection)
}

/// Looks at a copy, for whose log the same is done as for the original's at its next use.
fn copied<T>(path: &Path, look: impl FnOnce(&Connection) -> Result<T, OpenError>) -> Result<T, OpenError> {
    let because = |error| StorageError::because("copy", path)(error);
    let folder = tempfile::tempdir().map_err(because)?;
    let copy = folder.path().canonicalize().map_err(because)?.join("copy");
    for ending in ["", "-wal", "-journal"] {
        match fs::copy(beside(path, ending), beside(&copy, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(because(error).into()),
            _ => {}
        }
    }
    let connection = super::connection::bare(&copy).map_err(OpenError::refused(path))?;
    look(&connection)
}
