//! Which workspaces a person trusts, and with which content.
//!
//! Owns the file `STATE/trust.json`. Trust is for one folder, by its canonical path and not for what lies above or below it, and for
//! what its `.aside.toml` brought when the person said so: other content needs their word again. A file that cannot be read
//! trusts nobody.

mod format;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aside_config::Brought;
use aside_storage::{StorageError, private, sealed};
use jiff::Timestamp;

/// The largest file that is read.
const LARGEST: u64 = 1024 * 1024;
/// How long another command may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// The workspaces of this user that are trusted.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    folder: PathBuf,
}

/// One workspace that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trusted {
    /// Canonical path of its root.
    pub(crate) folder: PathBuf,
    /// What it brought then.
    pub(crate) content: Fingerprint,
    /// When that was.
    pub(crate) at: Timestamp,
}

/// What a workspace brings, as 64 hexadecimal digits (SHA-256): tells other content, and nothing of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

/// Whether what a workspace brings may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may.
    Trusted,
    /// The folder is trusted with other content.
    Changed,
    /// Nobody said so.
    Unknown,
}

/// Why trust could not be looked up or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It is not as this program writes it.
    #[error("`{}` is damaged: {reason}; no workspace is trusted", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer version wrote it.
    #[error("`{}` is of a newer version of Aside; no workspace is trusted", .0.display())]
    Newer(PathBuf),
    /// The folder cannot be written down.
    #[error("the path of `{}` is not UTF-8 text", .0.display())]
    NotText(PathBuf),
}

impl TrustError {
    /// The next step for a person, one sentence.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Storage(error) => error.hint(),
            Self::Damaged { path, .. } => format!("remove `{}` and trust your workspaces again", path.display()),
            Self::Newer(_) => "update this one".to_owned(),
            Self::NotText(_) => "give the folder another name".to_owned(),
        }
    }
}

impl Fingerprint {
    /// That of what a workspace brings.
    pub(crate) fn of(brought: &Brought) -> Self {
        // Each line is one setting with its value quoted: other content cannot have the same lines.
        let digest = sealed::digest(brought.written().join("\n").as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Trust {
    /// The trust of the user whose state is in this folder. Reads nothing yet.
    pub(crate) fn new(state: &Path) -> Self {
        Self { folder: state.to_owned() }
    }

    /// All trusted workspaces, by path.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub(crate) fn list(&self) -> Result<Vec<Trusted>, TrustError> {
        let path = self.file();
        match private::read(&path, LARGEST)? {
            Some(bytes) => format::read(&bytes, &path),
            None => Ok(Vec::new()),
        }
    }

    /// Whether what the workspace at `root` brings may be used.
    ///
    /// # Errors
    /// The file cannot be read or is damaged; then nothing may be.
    pub(crate) fn verdict(&self, root: &Path, brought: &Brought) -> Result<Verdict, TrustError> {
        let root = canonical(root);
        let found = self.list()?.into_iter().find(|trusted| trusted.folder == root);
        Ok(match found {
            None => Verdict::Unknown,
            Some(trusted) if trusted.content == Fingerprint::of(brought) => Verdict::Trusted,
            Some(_) => Verdict::Changed,
        })
    }

    /// Trusts the workspace at `root` with what it brings now, instead of what it brought before.
    ///
    /// # Errors
    /// The file cannot be read or written, or the path is not text.
    pub(crate) fn add(&self, root: &Path, content: Fingerprint, at: Timestamp) -> Result<(), TrustError> {
        let folder = canonical(root);
        if folder.to_str().is_none() {
            return Err(TrustError::NotText(folder));
        }
        self.change(|all| {
            all.retain(|trusted| trusted.folder != folder);
            all.push(Trusted { folder, content, at });
        })
    }

    /// Trusts the workspace at `root` no longer; gives whether it was. The folder may be gone.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn remove(&self, root: &Path) -> Result<bool, TrustError> {
        let folder = canonical(root);
        if !self.list()?.iter().any(|trusted| trusted.folder == folder) {
            return Ok(false);
        }
        self.change(|all| all.retain(|trusted| trusted.folder != folder))?;
        Ok(true)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Trusted>)) -> Result<(), TrustError> {
        private::ensure_dir(&self.folder)?;
        let _one_at_a_time = private::FileLock::exclusive(&self.folder.join("trust.lock"), PATIENCE)?;
        let mut all = self.list()?;
        change(&mut all);
        all.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(private::write_atomic(&self.file(), &format::written(&all))?)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("trust.json")
    }
}

/// The path of a folder as the disk knows it; as it is where there is none.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests;
