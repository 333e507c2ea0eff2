//! Which folder a terminal command is about.

use std::path::{Path, PathBuf};

/// Names whose presence marks the root of a workspace, nearest first.
const MARKS: [&str; 4] = [".aside.toml", ".git", ".hg", ".jj"];

/// The nearest folder at or above `from` that is marked as a workspace's root; `from` itself when there is none.
pub(crate) fn root_of(from: &Path) -> PathBuf {
    let marked = from.ancestors().find(|folder| MARKS.iter().any(|mark| folder.join(mark).exists()));
    marked.unwrap_or(from).to_path_buf()
}
