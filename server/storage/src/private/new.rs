//! A file that is written piece by piece and gets its name only once it is whole.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{folder_of, settle, sync_dir};
use crate::StorageError;

/// A new file for its owner only, mode 0600 from the start. Dropping it unfinished leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    out: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl NewFile {
    /// Begins the file that will be at `path`, whose folder must exist. Nothing is there before [`keep`](Self::keep).
    pub fn begin(path: &Path) -> Result<Self, StorageError> {
        let folder = folder_of(path);
        let file = tempfile::Builder::new()
            .prefix(".aside-")
            .tempfile_in(folder)
            .map_err(StorageError::because("create a file in", folder))?;
        Ok(Self { out: BufWriter::new(file), path: path.to_owned() })
    }

    /// Gives the file its name, durably. What is at that name is replaced if `replaces`; otherwise, [`StorageError::Exists`] when
    /// anything is there, a link included.
    pub fn keep(self, replaces: bool) -> Result<(), StorageError> {
        let Self { out, path } = self;
        let file = out.into_inner().map_err(|error| StorageError::because("write", &path)(error.into_error()))?;
        file.as_file().sync_all().map_err(StorageError::because("write", &path))?;
        if replaces {
            settle(&path)?;
            file.persist(&path).map_err(|error| StorageError::because("replace", &path)(error.error))?;
        } else {
            file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => StorageError::Exists { path: path.clone() },
                _ => StorageError::because("create", &path)(error.error),
            })?;
        }
        sync_dir(folder_of(&path))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.md");
        let mut file = NewFile::begin(&path).expect("begun");
        file.write_all(b"half").expect("room");
        assert!(!path.exists());
        file.keep(false).expect("kept");
        assert_eq!(fs::read(&path).expect("there"), b"half");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_there_is_replaced_only_on_request_and_a_dropped_file_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.md");
        fs::write(&path, "old").expect("written");
        let begin = || {
            let mut file = NewFile::begin(&path).expect("begun");
            file.write_all(b"new").expect("room");
            file
        };
        assert!(matches!(begin().keep(false), Err(StorageError::Exists { .. })));
        drop(begin());
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
        begin().keep(true).expect("replaced");
        assert_eq!(fs::read(&path).expect("there"), b"new");
    }
}
