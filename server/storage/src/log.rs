//! A log file that does not grow without end.
//!
//! Owns rotation: `aside.log`, then `aside.log.1` and so on, oldest last. Several processes may write the same log: each write
//! goes to the end of the current file as a whole, and whoever finds it full moves it away once. What is written is the
//! caller's; nothing here logs.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    StorageError,
    private::{self, Identity},
};

/// A private log file of bounded size. Write whole lines: a write is never split over two files.
#[derive(Debug)]
pub struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    file: File,
}

impl RotatingFile {
    /// Opens or creates the log at `path`, and its directory for its owner only. A file is moved away before a write would make
    /// it larger than `max_bytes`; `keep` older files stay (with 0, a full file is emptied).
    pub fn open(path: &Path, max_bytes: u64, keep: u32) -> Result<Self, StorageError> {
        if let Some(parent) = path.parent() {
            private::ensure_dir(parent)?;
        }
        Ok(Self { path: path.to_owned(), max_bytes, keep, file: private::open_append(path)? })
    }

    /// Follows the name: another process may have moved the file away.
    fn follow(&mut self) -> io::Result<()> {
        if private::identity(&self.path) != Some(Identity::of(&self.file)?) {
            self.file = private::open_append(&self.path).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn is_full(&self, more: usize) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        Ok(length > 0 && length.saturating_add(more as u64) > self.max_bytes)
    }

    /// Moves a full file away, unless another process has done so meanwhile.
    fn rotate(&mut self, more: usize) -> io::Result<()> {
        while self.is_full(more)? {
            // Held for the few renames below; the handle's end releases it, also when the process dies.
            let held = self.file.try_clone()?;
            held.lock()?;
            let current = private::identity(&self.path) == Some(Identity::of(&held)?);
            let shifted = if current { self.shift() } else { Ok(()) };
            held.unlock()?;
            shifted?;
            self.follow()?;
        }
        Ok(())
    }

    fn shift(&self) -> io::Result<()> {
        if self.keep == 0 {
            return self.file.set_len(0);
        }
        for older in (1..self.keep).rev() {
            rename_if_there(&self.numbered(older), &self.numbered(older + 1))?;
        }
        rename_if_there(&self.path, &self.numbered(1))
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.follow()?;
        if self.is_full(line.len())? {
            self.rotate(line.len())?;
        }
        self.file.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn a_full_log_is_moved_away_and_the_oldest_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/aside.log");
        let mut log = RotatingFile::open(&path, 12, 2).expect("opened");
        for line in ["one 1\n", "two 2\n", "three 3\n", "four 4\n", "five 5\n"] {
            log.write_all(line.as_bytes()).expect("written");
        }
        let numbered = |number: u32| read(&log.numbered(number));
        assert_eq!((read(&path), numbered(1), numbered(2)), ("five 5\n".into(), "four 4\n".into(), "three 3\n".into()));
        assert!(!log.numbered(3).exists());
    }

    #[test]
    fn a_log_without_older_files_is_emptied() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aside.log");
        let mut log = RotatingFile::open(&path, 8, 0).expect("opened");
        for line in ["one 1\n", "two 2\n"] {
            log.write_all(line.as_bytes()).expect("written");
        }
        assert_eq!(read(&path), "two 2\n");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_line_longer_than_the_bound_is_kept_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aside.log");
        let mut log = RotatingFile::open(&path, 4, 1).expect("opened");
        log.write_all(b"a long line\n").expect("written");
        log.write_all(b"b\n").expect("written");
        assert_eq!((read(&path), read(&log.numbered(1))), ("b\n".into(), "a long line\n".into()));
    }

    #[cfg(unix)]
    #[test]
    fn two_writers_share_a_log_and_lose_no_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aside.log");
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let path = path.clone();
                std::thread::spawn(move || {
                    let mut log = RotatingFile::open(&path, 2_000, 1_000).expect("opened");
                    for line in 0..500 {
                        log.write_all(format!("{writer} {line}\n").as_bytes()).expect("written");
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("wrote");
        }
        let mut lines: Vec<String> = Vec::new();
        for one in fs::read_dir(folder.path()).expect("listed") {
            lines.extend(read(&one.expect("named").path()).lines().map(str::to_owned));
        }
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), 2_000);
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_was_removed_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aside.log");
        let mut log = RotatingFile::open(&path, 100, 1).expect("opened");
        log.write_all(b"one\n").expect("written");
        fs::remove_file(&path).expect("removed");
        log.write_all(b"two\n").expect("written");
        assert_eq!(read(&path), "two\n");
    }
}
