//! Which folder a terminal command is about.

use std::path::{Path, PathBuf};

/// Names whose presence marks the root of a workspace, nearest first.
const MARKS: [&str; 4] = [".aside.toml", ".git", ".hg", ".jj"];

/// The nearest folder at or above `from` that is marked as a workspace's root; `from` itself when there is none.
pub(crate) fn root_of(from: &Path) -> PathBuf {
    marked(from).unwrap_or_else(|| from.to_path_buf())
}

/// The workspace of a file: the nearest marked folder above it, else the current folder when the file is inside it, else
/// the file's own folder. Paths are absolute.
pub(crate) fn root_for(file: &Path, current: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(file);
    marked(folder).unwrap_or_else(|| if folder.starts_with(current) { current } else { folder }.to_path_buf())
}

fn marked(from: &Path) -> Option<PathBuf> {
    let is_marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).exists());
    from.ancestors().find(is_marked).map(Path::to_path_buf)
}
