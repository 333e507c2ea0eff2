//! What a file is, and whether we may put private bytes into it. Owns the checks; opens and creates nothing.
#![expect(clippy::disallowed_methods, reason = "`storage` is the one crate that writes files")]

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io,
    path::Path,
};

use crate::StorageError;

/// Tells one file from another behind the same name: device and number. Always equal where the platform does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

/// Which file stands at `path` now, if one does.
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    fs::symlink_metadata(path).ok().map(|metadata| identity_of(&metadata))
}

#[cfg(unix)]
fn identity_of(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity(metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity_of(_: &Metadata) -> Identity {
    Identity(0, 0)
}

impl Identity {
    /// Which file an open handle belongs to.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| identity_of(&metadata))
    }
}

/// Checks what stands at `path`, if anything does, and closes it to other users. Gives whether a file is there.
///
/// Looks without opening: closing a second handle to a database would release SQLite's own locks on it.
pub(crate) fn settle(path: &Path) -> Result<bool, StorageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::because("look at", path)(error)),
        Ok(metadata) => {
            check(path, &metadata, "file")?;
            tighten(path, &metadata, 0o600, |mode| fs::set_permissions(path, mode))?;
            Ok(true)
        }
    }
}

/// Checks what stands at `path`, if anything does, and changes nothing. Gives whether a file is there.
pub(crate) fn examine(path: &Path) -> Result<bool, StorageError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StorageError::because("look at", path)(error)),
        Ok(metadata) => check(path, &metadata, "file").map(|()| true),
    }
}

/// Checks an open file and closes it to other users. Gives whether that was needed.
pub(super) fn settle_file(path: &Path, file: &File) -> Result<bool, StorageError> {
    let metadata = file.metadata().map_err(StorageError::because("look at", path))?;
    check(path, &metadata, "file")?;
    tighten(path, &metadata, 0o600, |mode| file.set_permissions(mode))
}

/// Checks that no other user can change what the directory `path` holds; one that is missing passes. Changes nothing.
pub(super) fn closed_dir(path: &Path) -> Result<(), StorageError> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(StorageError::because("look at", path))?,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = metadata.mode() & 0o7777;
        ours(path, metadata.uid(), rustix::process::geteuid().as_raw())?;
        if mode & 0o022 != 0 {
            return Err(StorageError::OpenFolder { path: path.to_owned(), mode });
        }
    }
    #[cfg(not(unix))]
    let _ = metadata;
    Ok(())
}

/// Checks an open file and changes nothing: for readers.
pub(crate) fn check_open(path: &Path, file: &File) -> Result<(), StorageError> {
    let metadata = file.metadata().map_err(StorageError::because("look at", path))?;
    check(path, &metadata, "file")
}

/// Checks an open file that must be closed to other users already; changes nothing.
pub(super) fn closed_file(path: &Path, file: &File) -> Result<Metadata, StorageError> {
    let metadata = file.metadata().map_err(StorageError::because("look at", path))?;
    check(path, &metadata, "file")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(StorageError::OpenToOthers { path: path.to_owned(), mode });
        }
    }
    Ok(metadata)
}

/// Checks a directory and closes it to other users.
pub(super) fn settle_dir(path: &Path) -> Result<(), StorageError> {
    let metadata = fs::symlink_metadata(path).map_err(StorageError::because("look at", path))?;
    check(path, &metadata, "directory")?;
    tighten(path, &metadata, 0o700, |mode| fs::set_permissions(path, mode)).map(drop)
}

fn check(path: &Path, metadata: &Metadata, wanted: &'static str) -> Result<(), StorageError> {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return Err(StorageError::Symlink { path: path.to_owned() });
    }
    let fits = if wanted == "file" { kind.is_file() } else { kind.is_dir() };
    if !fits {
        return Err(StorageError::WrongKind { path: path.to_owned(), wanted });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        ours(path, metadata.uid(), rustix::process::geteuid().as_raw())?;
        if kind.is_file() && metadata.nlink() > 1 {
            return Err(StorageError::HardLinked { path: path.to_owned(), links: metadata.nlink() });
        }
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn ours(path: &Path, owner: u32, user: u32) -> Result<(), StorageError> {
    if owner == user { Ok(()) } else { Err(StorageError::ForeignOwner { path: path.to_owned(), owner }) }
}

#[cfg(unix)]
fn tighten(
    path: &Path,
    metadata: &Metadata,
    mode: u32,
    set: impl FnOnce(Permissions) -> io::Result<()>,
) -> Result<bool, StorageError> {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(false);
    }
    set(Permissions::from_mode(mode)).map_err(StorageError::because("close to others", path))?;
    tracing::warn!(path = %path.display(), "was open to other users of this machine and is closed to them now");
    Ok(true)
}

#[cfg(not(unix))]
fn tighten(
    _: &Path,
    _: &Metadata,
    _: u32,
    _: impl FnOnce(Permissions) -> io::Result<()>,
) -> Result<bool, StorageError> {
    Ok(false)
}

/// Opens with mode 0600, not through a link, and without waiting for the other end of a pipe.
pub(crate) fn harden(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        // The flags of the platform fit its own `int`.
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Names a refused link for what it is.
pub(crate) fn refused(action: &'static str, path: &Path, error: io::Error) -> StorageError {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_symlink() => StorageError::Symlink { path: path.to_owned() },
        Ok(metadata) if !metadata.file_type().is_file() => {
            StorageError::WrongKind { path: path.to_owned(), wanted: "file" }
        }
        _ => StorageError::because(action, path)(error),
    }
}
