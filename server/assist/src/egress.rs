//! Whether a document may be shown to a model, judged with the workspace's ignore files where a workspace is known.
//!
//! The ignore files are read anew each time. Inline completion, which asks with every letter, keeps the answer for two
//! seconds (`inline::verdicts`); everything else asks here.

use std::path::{Path, PathBuf};

use aside_index::{Ignore, LeftOut, egress};
use aside_text::Document;

/// The path of a document on disk; `None` for one that is not a file.
pub(crate) fn path_of(document: &Document) -> Option<PathBuf> {
    url::Url::parse(document.uri()).ok()?.to_file_path().ok()
}

/// How a document is called before a model: its path inside the workspace with `/`, else its bare name.
pub(crate) fn name_of(document: &Document, workspace: Option<&Path>) -> String {
    let path = path_of(document);
    let inside = workspace.zip(path.as_deref()).and_then(|(root, path)| inside(root, path));
    inside.unwrap_or_else(|| document.uri().rsplit('/').next().unwrap_or_default().to_owned())
}

/// The path of `path` inside the workspace at `root`, with `/`; `None` when it is not in there.
///
/// An editor names files as the person opened the folder, a session knows its folder as the disk does: where a symbolic
/// link makes the two differ, the disk tells.
pub(crate) fn inside(root: &Path, path: &Path) -> Option<String> {
    aside_index::relative(root, path).or_else(|| {
        // The file itself may be a link, or not be saved yet: its name counts, its folder is looked up.
        let folder = path.parent()?.canonicalize().ok()?;
        aside_index::relative(&root.canonicalize().ok()?, &folder.join(path.file_name()?))
    })
}

/// Whether `path` may be shown: by the rules of the workspace when it is in there, else by its whole path and the ignore
/// files above it.
///
/// # Errors
/// The rule that keeps it here.
pub(crate) fn allows(path: &Path, workspace: Option<&Path>) -> Result<(), LeftOut> {
    match workspace.and_then(|root| Some((root, inside(root, path)?))) {
        Some((root, inside)) => Ignore::of(root).allows(&root.join(inside)),
        None => egress(&path.to_string_lossy()).and_then(|()| Ignore::above(path).allows(path)),
    }
}

/// Whether a document may be shown; one that is not a file is judged by the path or name in its address.
///
/// # Errors
/// The rule that keeps it here.
pub(crate) fn allows_document(document: &Document, workspace: Option<&Path>) -> Result<(), LeftOut> {
    match judged(document) {
        Some(path) => allows(&path, workspace),
        None => egress(document.uri()),
    }
}

/// The path a document is judged by: its own, or the one of the file that it is a revision or a remote copy of.
fn judged(document: &Document) -> Option<PathBuf> {
    path_of(document).or_else(|| {
        let mut file = url::Url::parse("file:///").ok()?;
        file.set_path(url::Url::parse(document.uri()).ok()?.path());
        file.to_file_path().ok()
    })
}
