//! Opening files below a folder, and nowhere else.
//!
//! Every part of a path is opened relative to the one before it and no symbolic link is followed, so that exchanging a
//! folder for a link while we look leads nowhere. Only regular files are opened: a named pipe would block for ever, a device
//! may do anything.

use std::{
    fs::File,
    io,
    path::{Component, Path},
};

/// A folder whose files can be opened.
pub(crate) struct Beneath {
    #[cfg(unix)]
    folder: std::os::fd::OwnedFd,
    #[cfg(not(unix))]
    folder: std::path::PathBuf,
}

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// A folder, symbolic link, named pipe, socket or device.
    NotAFile,
    /// The path has other parts than names.
    Outside,
    /// What the system says.
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(unix)]
impl Beneath {
    /// The folder at `path`, which must be resolved already.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { folder: open(path, flags, Mode::empty())? })
    }

    /// Opens the regular file at `relative` for reading.
    pub(crate) fn open(&self, relative: &Path) -> Result<File, OpenError> {
        use std::os::fd::AsFd;

        use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

        let mut names = names(relative)?;
        let name = names.pop().ok_or(OpenError::Outside)?;
        let mut inner = None;
        for folder in names {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let next = openat(inner.as_ref().unwrap_or(&self.folder).as_fd(), folder, flags, Mode::empty());
            inner = Some(next.map_err(io::Error::from)?);
        }
        let folder = inner.as_ref().unwrap_or(&self.folder).as_fd();
        // Looked at before it is opened: opening a device has effects. Opened without blocking and looked at again: it may
        // have been exchanged in between.
        let seen = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from)?;
        if FileType::from_raw_mode(seen.st_mode) != FileType::RegularFile {
            return Err(OpenError::NotAFile);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        regular(File::from(openat(folder, name, flags, Mode::empty()).map_err(io::Error::from)?))
    }
}

#[cfg(not(unix))]
impl Beneath {
    /// The folder at `path`, which must be resolved already.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: path.to_owned() })
    }

    /// Opens the regular file at `relative` for reading. Without folder handles a link may be put in between the look and
    /// the opening; creating one needs a privilege on Windows.
    pub(crate) fn open(&self, relative: &Path) -> Result<File, OpenError> {
        let mut path = self.folder.clone();
        for name in names(relative)? {
            path.push(name);
            if std::fs::symlink_metadata(&path)?.file_type().is_symlink() {
                return Err(OpenError::NotAFile);
            }
        }
        if !std::fs::symlink_metadata(&path)?.is_file() {
            return Err(OpenError::NotAFile);
        }
        regular(File::open(&path)?)
    }
}

fn names(relative: &Path) -> Result<Vec<&std::ffi::OsStr>, OpenError> {
    let name = |component| match component {
        Component::Normal(name) => Ok(name),
        _ => Err(OpenError::Outside),
    };
    relative.components().map(name).collect()
}

fn regular(file: File) -> Result<File, OpenError> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(OpenError::NotAFile) }
}
