//! Reading one file of a workspace that somebody named.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use crate::{
    Ignore, LeftOut,
    beneath::{Beneath, OpenError},
    content::{self, NotText},
    egress,
};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A rule keeps it on this machine.
    #[error(transparent)]
    Withheld(#[from] LeftOut),
    /// The path, or what it links to, is not inside the workspace.
    #[error("`{path}` is not inside the workspace; give a path below the workspace folder")]
    Outside {
        /// The path, as it was asked for.
        path: String,
    },
    /// There is no such file.
    #[error("`{path}` does not exist; check the path, it is relative to the workspace folder")]
    NotFound {
        /// The path, as it was asked for.
        path: String,
    },
    /// A folder, named pipe, socket or device.
    #[error("`{path}` is not a regular file; name a file")]
    NotAFile {
        /// The path, as it was asked for.
        path: String,
    },
    /// Longer than the caller takes.
    #[error("`{path}` has {bytes} bytes, at most {limit} are read; take a part of it")]
    TooLarge {
        /// The path, as it was asked for.
        path: String,
        /// Its length in bytes, at least.
        bytes: u64,
        /// The longest that is read.
        limit: u64,
    },
    /// Not a text: a NUL byte near the start.
    #[error("`{path}` is binary; name a text file")]
    Binary {
        /// The path, as it was asked for.
        path: String,
    },
    /// A text that is not UTF-8.
    #[error("`{path}` is not UTF-8; save it as UTF-8, or open it in the editor")]
    NotUtf8 {
        /// The path, as it was asked for.
        path: String,
    },
    /// What the system says.
    #[error("`{path}` cannot be read: {source}; check its permissions")]
    Unreadable {
        /// The path, as it was asked for.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
}

/// Reads the text file `relative` of the workspace at `root`, at most `max_bytes` long. Blocks.
///
/// A symbolic link is followed when it leads to a file of the same workspace, and then both names must be free to leave
/// ([`Ignore::allows`]). What is not a regular file is never opened.
///
/// # Errors
/// [`ReadError`], which names the path and says what to do.
pub fn read(root: &Path, relative: &str, max_bytes: u64) -> Result<String, ReadError> {
    let path = || relative.to_owned();
    let below = below(relative).ok_or_else(|| ReadError::Outside { path: path() })?;
    // Before anything is opened, so that the answer does not tell whether a secret file exists.
    egress(relative)?;
    let system = |source: io::Error| failed(source, relative);
    let real = root.canonicalize().map_err(system)?;
    let asked = real.join(&below);
    let target = asked.canonicalize().map_err(system)?;
    let inside = target.strip_prefix(&real).map_err(|_| ReadError::Outside { path: path() })?;
    Ignore::of(&real).allows(&asked).map_err(|kept| LeftOut { path: path(), rule: kept.rule })?;
    let opened = Beneath::new(&real).map_err(OpenError::Io).and_then(|folder| folder.open(inside));
    let file = opened.map_err(|error| match error {
        OpenError::NotAFile => ReadError::NotAFile { path: path() },
        OpenError::Outside => ReadError::Outside { path: path() },
        OpenError::Io(source) => failed(source, relative),
    })?;
    let content = content::read_text(file, max_bytes).map_err(|reason| match reason {
        NotText::Binary => ReadError::Binary { path: path() },
        NotText::Encoding => ReadError::NotUtf8 { path: path() },
        NotText::TooLarge(bytes) => ReadError::TooLarge { path: path(), bytes, limit: max_bytes },
        NotText::Io(source) => failed(source, relative),
    })?;
    Ok(content.text)
}

/// The path with nothing but names; `None` when it is empty or leads elsewhere.
fn below(relative: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for component in Path::new(relative).components() {
        match component {
            Component::Normal(name) => below.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!below.as_os_str().is_empty() && !relative.contains('\0')).then_some(below)
}

fn failed(source: io::Error, relative: &str) -> ReadError {
    let path = relative.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound { path },
        _ => ReadError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests;
