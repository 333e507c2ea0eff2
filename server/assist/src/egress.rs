//! Whether a document may be shown to a model, judged with the workspace's ignore files where a workspace is known.
//!
//! The ignore files are read anew each time (tens of microseconds): a rule that was just written holds for the very next
//! request, and there is no cache that could be out of date.

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
    let inside = workspace.zip(path.as_deref()).and_then(|(root, path)| aside_index::relative(root, path));
    inside.unwrap_or_else(|| document.uri().rsplit('/').next().unwrap_or_default().to_owned())
}

/// Whether `path` may be shown.
///
/// # Errors
/// The rule that keeps it here.
pub(crate) fn allows(path: &Path, workspace: Option<&Path>) -> Result<(), LeftOut> {
    match workspace {
        Some(root) if aside_index::relative(root, path).is_some() => Ignore::of(root).allows(path),
        _ => egress(&path.to_string_lossy()),
    }
}

/// Whether a document may be shown; one that is not a file is judged by its name.
///
/// # Errors
/// The rule that keeps it here.
pub(crate) fn allows_document(document: &Document, workspace: Option<&Path>) -> Result<(), LeftOut> {
    match path_of(document) {
        Some(path) => allows(&path, workspace),
        None => egress(&name_of(document, None)),
    }
}
