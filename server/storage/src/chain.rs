//! A record of lines that several processes add to and none may lose.
//!
//! Owns how the lines reach the disk: one writer at a time behind a lock file, whole lines at the end, durable before the call
//! returns, and rotation to `.1`, `.2` and so on, oldest last. What is in a line, and how one line vouches for the one
//! before, is the caller's. A log that may lose a line, and is never waited for, is [`crate::log`].
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

mod small;
mod tail;

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

pub use small::{create_small, overwrite_small, read_small};
pub use tail::Tail;

use crate::{
    StorageError,
    private::{self, Identity, check_open, folder_of, harden, refused, sync_dir},
};

/// The first and the longest pause between two attempts to get the lock.
const PAUSES: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(5));

/// The files of one record, by name. Holds nothing open.
#[derive(Debug, Clone)]
pub struct LineFiles {
    path: PathBuf,
    lock: PathBuf,
}

/// One file as it was when it was looked at.
#[derive(Debug)]
pub struct Part {
    /// Where it was; it may have been moved since.
    pub path: PathBuf,
    /// How many bytes it had.
    pub bytes: u64,
    file: File,
}

/// The record, held against other writers until this is dropped (also when the process dies).
#[derive(Debug)]
pub struct Held<'a> {
    files: &'a LineFiles,
    _lock: File,
}

impl LineFiles {
    /// The record whose current file is `path`, written only while `lock` is held. Touches nothing.
    pub fn new(path: PathBuf, lock: PathBuf) -> Self {
        Self { path, lock }
    }

    /// Waits for the other writers, `patience` at most, and holds the record. Makes its folder and its lock file.
    ///
    /// # Errors
    /// Also where the file system has no locks: several writers without one would ruin the record.
    pub fn hold(&self, patience: Duration) -> Result<Held<'_>, StorageError> {
        private::ensure_dir(folder_of(&self.path))?;
        loop {
            let lock = private::open_append(&self.lock)?;
            self.wait(patience, || lock.try_lock())?;
            // Somebody may have removed it meanwhile: a lock on a file without a name keeps nobody out.
            let held = Identity::of(&lock).map_err(StorageError::because("look at", &self.lock))?;
            if private::identity(&self.lock) == Some(held) {
                return Ok(Held { files: self, _lock: lock });
            }
        }
    }

    /// Opens what there is, oldest first, while no one writes, and runs `also` in the same moment. Makes nothing.
    pub fn look<T>(
        &self,
        patience: Duration,
        also: impl FnOnce() -> Result<T, StorageError>,
    ) -> Result<(Vec<Part>, T), StorageError> {
        // Without a lock file nobody has written yet.
        let lock = open_to_read(&self.lock)?;
        if let Some(lock) = &lock {
            self.wait(patience, || lock.try_lock_shared())?;
        }
        Ok((self.parts()?, also()?))
    }

    /// Whether a writer would get as far as writing; writes nothing.
    pub fn writable(&self) -> Result<(), StorageError> {
        for path in [&self.lock, &self.path] {
            let mut options = OpenOptions::new();
            options.append(true);
            harden(&mut options);
            match options.open(path) {
                Ok(file) => check_open(path, &file)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => may_create_in(folder_of(path))?,
                Err(error) => return Err(refused("open", path, error)),
            }
        }
        Ok(())
    }

    fn wait(
        &self,
        patience: Duration,
        mut attempt: impl FnMut() -> Result<(), TryLockError>,
    ) -> Result<(), StorageError> {
        let deadline = Instant::now() + patience;
        let mut pause = PAUSES.0;
        loop {
            let error = match attempt() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => error,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(pause);
                    pause = (pause * 2).min(PAUSES.1);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    let what = format!("another process has held it for {} s", patience.as_secs());
                    io::Error::new(io::ErrorKind::TimedOut, what)
                }
            };
            return Err(StorageError::because("lock", &self.lock)(error));
        }
    }

    /// The numbers of the older files that exist, newest first.
    fn numbers(&self) -> Result<Vec<u32>, StorageError> {
        let folder = folder_of(&self.path);
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(StorageError::because("list", folder))?,
        };
        let mut prefix = self.path.file_name().unwrap_or_default().to_owned();
        prefix.push(".");
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(StorageError::because("list", folder))?.file_name();
            let number = name.to_str().zip(prefix.to_str()).and_then(|(name, prefix)| name.strip_prefix(prefix));
            // Only as it is written here: no `+1` and no `01`.
            let number = number.and_then(|text| text.parse::<u32>().ok().filter(|n| *n > 0 && n.to_string() == text));
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }

    fn parts(&self) -> Result<Vec<Part>, StorageError> {
        let older = self.numbers()?.into_iter().rev().map(|number| self.numbered(number));
        let mut parts = Vec::new();
        for path in older.chain([self.path.clone()]) {
            parts.extend(Part::open(path)?);
        }
        Ok(parts)
    }
}

impl Part {
    fn open(path: PathBuf) -> Result<Option<Self>, StorageError> {
        let Some(file) = open_to_read(&path)? else { return Ok(None) };
        let bytes = file.metadata().map_err(StorageError::because("look at", &path))?.len();
        Ok(Some(Self { path, bytes, file }))
    }

    /// Its bytes, as many as it had: what was added since is left out.
    pub fn reader(&self) -> impl Read + '_ {
        (&self.file).take(self.bytes)
    }
}

impl Held<'_> {
    /// How many bytes the current file has.
    pub fn bytes(&self) -> Result<u64, StorageError> {
        let path = &self.files.path;
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StorageError::because("look at", path)(error)),
        }
    }

    /// The files there are, oldest first.
    pub fn parts(&self) -> Result<Vec<Part>, StorageError> {
        self.files.parts()
    }

    /// The last whole line of the record, and what a writer that died left behind it.
    ///
    /// # Errors
    /// Also when no line ends within `most` bytes: that is no record of lines.
    pub fn tail(&self, most: u64) -> Result<Tail, StorageError> {
        tail::of(self.parts()?, most)
    }

    /// Adds `lines` to the current file, all or none, and makes them durable. Each ends with a line end.
    pub fn append(&self, lines: &[u8]) -> Result<(), StorageError> {
        let path = &self.files.path;
        let mut file = private::open_append(path)?;
        let before = file.metadata().map_err(StorageError::because("look at", path))?.len();
        if let Err(error) = file.write_all(lines).and_then(|()| file.sync_data()) {
            // What reached the disk of it is taken back; where that fails too, the next writer finds a torn line.
            let _torn = file.set_len(before);
            return Err(StorageError::because("write", path)(error));
        }
        if before == 0 { sync_dir(folder_of(path)) } else { Ok(()) }
    }

    /// Cuts the last `bytes` off the current file: what a writer that died left of a line.
    pub fn cut(&self, bytes: u64) -> Result<(), StorageError> {
        let path = &self.files.path;
        let file = private::open_append(path)?;
        let length = file.metadata().map_err(StorageError::because("look at", path))?.len();
        file.set_len(length.saturating_sub(bytes)).map_err(StorageError::because("write", path))
    }

    /// Which file will be the oldest after [`Held::rotate`], where that drops one; `None` where it drops none.
    pub fn oldest_after_rotation(&self, keep: u32) -> Result<Option<PathBuf>, StorageError> {
        let numbers = self.files.numbers()?;
        let Some(dropped) = dropped_from(&numbers, keep) else { return Ok(None) };
        let left = numbers.iter().rev().find(|number| **number < dropped);
        Ok(Some(left.map_or_else(|| self.files.path.clone(), |number| self.files.numbered(*number))))
    }

    /// Moves the current file to `.1` and the older ones on; of those, `keep` (at least 1) stay. Killed in the middle, it
    /// leaves a gap in the numbers and every line.
    pub fn rotate(&self, keep: u32) -> Result<(), StorageError> {
        let numbers = self.files.numbers()?;
        let keep = keep.max(1);
        let dropped = dropped_from(&numbers, keep).unwrap_or(u32::MAX);
        for number in numbers.iter().filter(|number| **number >= dropped) {
            let path = self.files.numbered(*number);
            fs::remove_file(&path).map_err(StorageError::because("remove", &path))?;
        }
        let free = (1..=keep).find(|number| !numbers.contains(number) || *number >= dropped).unwrap_or(keep);
        for number in (1..free).rev() {
            self.rename(&self.files.numbered(number), &self.files.numbered(number + 1))?;
        }
        self.rename(&self.files.path, &self.files.numbered(1))?;
        sync_dir(folder_of(&self.files.path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StorageError> {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(StorageError::because("move", from)),
        }
    }
}

/// The number from which a rotation drops files; `None` where all stay. `numbers` ascend.
fn dropped_from(numbers: &[u32], keep: u32) -> Option<u32> {
    let keep = keep.max(1);
    // A gap takes the file that moves up; only a full row pushes one out.
    let full = (1..=keep).all(|number| numbers.contains(&number));
    let from = if full { keep } else { keep + 1 };
    numbers.last().is_some_and(|last| *last >= from).then_some(from)
}

/// Opens a file of ours for reading; `None` where there is none.
fn open_to_read(path: &Path) -> Result<Option<File>, StorageError> {
    let mut options = OpenOptions::new();
    options.read(true);
    harden(&mut options);
    match options.open(path) {
        Ok(file) => {
            check_open(path, &file)?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused("open", path, error)),
    }
}

/// Whether a file could be made in `folder`, or the folder itself above.
fn may_create_in(folder: &Path) -> Result<(), StorageError> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        access(there, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| StorageError::because("write in", there)(error.into()))
    }
    #[cfg(not(unix))]
    fs::metadata(there).map(drop).map_err(StorageError::because("look at", there))
}

#[cfg(test)]
mod tests;
