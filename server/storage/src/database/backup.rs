//! Copies of a database as it was before a migration. Owns their names, that each is whole or not there, and their end; when one
//! is made belongs to `migration`.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    Database, DatabaseError, OpenError,
    connection::{self, beside},
};
use crate::{
    StorageError,
    private::{self, UNFINISHED},
};

/// How the name of a backup ends.
const ENDING: &str = ".bak";
/// What is overwritten at once.
const BLOCK: usize = 64 * 1024;

/// A copy of a database, made before it was migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    path: PathBuf,
    version: usize,
    bytes: u64,
    made: Option<SystemTime>,
}

impl Backup {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of its schema.
    pub fn version(&self) -> usize {
        self.version
    }

    /// How large it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When it was made, where the file system tells.
    pub fn made(&self) -> Option<SystemTime> {
        self.made
    }
}

impl Database {
    /// The copies that were made before migrations, oldest version first. Blocks shortly; creates nothing.
    pub fn backups(&self) -> Result<Vec<Backup>, DatabaseError> {
        let mut found = Vec::new();
        for path in private::list(private::folder_of(self.path())).map_err(OpenError::from)? {
            let Some(version) = version_of(self.path(), &path) else { continue };
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                // Removed since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(OpenError::from(StorageError::because("look at", &path)(error)).into()),
            };
            if metadata.is_file() {
                found.push(Backup { path, version, bytes: metadata.len(), made: metadata.modified().ok() });
            }
        }
        found.sort_by_key(|backup| backup.version);
        Ok(found)
    }

    /// Overwrites a backup and removes it, durably; blocks as long as that takes. Gives whether it was there.
    ///
    /// Overwriting is a best effort: a file system that copies on write, a disk that spreads its wear, and a snapshot keep what
    /// was there before.
    pub fn remove_backup(&self, backup: &Backup) -> Result<bool, DatabaseError> {
        Ok(shred(&backup.path).map_err(OpenError::from)?)
    }
}

/// Copies the last committed state of the database at `path`, whose schema has `version`, to a private file beside it. Readers
/// and the writer may go on; free pages, and with them what was deleted, are not copied.
pub(super) fn make(path: &Path, version: usize) -> Result<(), OpenError> {
    let target = target(path, version);
    let mut unfinished = OsString::from(".");
    unfinished.push(target.file_name().unwrap_or_default());
    unfinished.push(UNFINISHED);
    let unfinished = target.with_file_name(unfinished);
    // What a process left that was killed.
    clear(&unfinished)?;
    let result = copy(path, &unfinished).and_then(|()| {
        let because = StorageError::because("replace", &target);
        fs::rename(&unfinished, &target).map_err(|error| because(error).into())
    });
    if result.is_err() {
        drop(clear(&unfinished));
    }
    result?;
    Ok(private::sync_dir(private::folder_of(&target))?)
}

/// Removes an unfinished copy, and the journal SQLite keeps while it fills it: that would be rolled back into the next one.
fn clear(unfinished: &Path) -> Result<(), StorageError> {
    private::remove(&beside(unfinished, "-journal"))?;
    private::remove(unfinished).map(drop)
}

fn copy(path: &Path, unfinished: &Path) -> Result<(), OpenError> {
    // Private before the first byte is in it: SQLite fills a file that is empty.
    private::create(unfinished, b"")?;
    let refused = OpenError::refused(path);
    let source = connection::bare(path).map_err(&refused)?;
    // As bytes: a folder may have a name that is no text.
    let name = unfinished.as_os_str().as_encoded_bytes();
    source.execute("VACUUM INTO CAST(?1 AS TEXT)", [name]).map_err(&refused)?;
    // SQLite leaves it to the system when the copy reaches the disk.
    let synced = OpenOptions::new().write(true).open(unfinished).and_then(|file| file.sync_all());
    Ok(synced.map_err(StorageError::because("write", unfinished))?)
}

fn target(path: &Path, version: usize) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".v{version}{ENDING}"));
    path.with_file_name(name)
}

/// The version of the backup at `candidate`, if it is one of the database at `path`.
fn version_of(path: &Path, candidate: &Path) -> Option<usize> {
    let name = candidate.file_name()?.to_str()?;
    let version = name.strip_prefix(path.file_name()?.to_str()?)?.strip_prefix(".v")?.strip_suffix(ENDING)?;
    let version = version.parse().ok()?;
    (target(path, version).file_name() == candidate.file_name()).then_some(version)
}

fn shred(path: &Path) -> Result<bool, StorageError> {
    if !private::settle(path)? {
        return Ok(false);
    }
    let mut options = OpenOptions::new();
    options.write(true);
    private::harden(&mut options);
    let file = options.open(path).map_err(|error| private::refused("open", path, error))?;
    private::check_open(path, &file)?;
    overwrite(&file).map_err(StorageError::because("overwrite", path))?;
    drop(file);
    private::remove(path)
}

fn overwrite(mut file: &File) -> io::Result<()> {
    let mut left = file.metadata()?.len();
    let zeros = vec![0; BLOCK];
    while left > 0 {
        let part = left.min(BLOCK as u64);
        file.write_all(&zeros[..part as usize])?;
        left -= part;
    }
    file.sync_all()
}
