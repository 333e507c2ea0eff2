//! Where documents lie that the server makes for the editor to open: conversations and diffs. Owns the trait only: this crate
//! writes no files.

use std::path::{Path, PathBuf};

use crate::Refused;

/// Private files for documents that the server makes. Methods may block.
pub trait Papers: Send + Sync + 'static {
    /// Writes `text` (UTF-8) into a new file that only its owner can read, whose name begins with `stem` and ends with `.` and
    /// `extension`. Gives its absolute path.
    ///
    /// # Errors
    /// There is no place to write to.
    fn create(&self, stem: &str, extension: &str, text: &str) -> Result<PathBuf, Refused>;

    /// Writes `text` in place of what [`create`](Self::create) wrote at `path`. Does nothing where that was removed.
    ///
    /// # Errors
    /// It cannot be written.
    fn replace(&self, path: &Path, text: &str) -> Result<(), Refused>;

    /// Writes `text` at `path` again, where it was removed, for a document that the editor opened again.
    ///
    /// # Errors
    /// It cannot be written.
    fn restore(&self, path: &Path, text: &str) -> Result<(), Refused>;

    /// Removes what was written at `path`.
    fn remove(&self, path: &Path);
}
