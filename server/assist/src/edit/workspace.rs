//! The texts an edit is about: what the editor has open counts before what is on disk.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aside_text::Document;

use super::{Options, read};
use crate::egress;

/// The longest file on disk that is edited, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// What the editor has open.
pub trait OpenDocuments: Send + Sync {
    /// The newest version of a document; `None` when it is not open or not readable.
    fn open(&self, uri: &str) -> Option<Document>;

    /// Whether the editor has a document open whose text is not known here, so that the one on disk must not be taken for it.
    fn is_lost(&self, uri: &str) -> bool;
}

/// The files of one workspace as an edit sees them. Blocks where it reads the disk.
pub(super) struct Files {
    pub(super) documents: Arc<dyn OpenDocuments>,
    pub(super) root: Option<PathBuf>,
    /// The document that the edit is asked for: it may lie outside of the workspace or nowhere.
    pub(super) target: Document,
    /// What the target is called.
    pub(super) label: String,
    /// Whether the target is to be made.
    pub(super) makes_target: bool,
    /// Where the person's own settings and the program's own files are.
    pub(super) guarded: Options,
}

/// A file that was found.
pub(super) struct Found {
    pub(super) document: Document,
    pub(super) open: bool,
}

impl Files {
    /// The address of the file that an answer calls `path`; `None` when there is no workspace it could lie in.
    pub(super) fn uri(&self, path: &str) -> Option<String> {
        if path == self.label {
            return Some(self.target.uri().to_owned());
        }
        let root = self.root.as_deref()?;
        url::Url::from_file_path(join(root, path)).ok().map(String::from)
    }

    /// The text of `path` as it is now; `None` when there is no such file, or it may not be read.
    pub(super) fn find(&self, path: &str) -> Option<Found> {
        let uri = self.uri(path)?;
        if let Some(document) = self.documents.open(&uri) {
            return Some(Found { document, open: true });
        }
        if self.documents.is_lost(&uri) {
            return None;
        }
        let root = self.root.as_deref()?;
        let text = aside_index::read(root, path, MAX_FILE_BYTES).ok()?;
        Some(Found { document: Document::open(&uri, "", 0, &text).ok()?, open: false })
    }

    /// Whether something is there that cannot be read: it must not be taken for a new file.
    pub(super) fn exists(&self, path: &str) -> bool {
        let inside = self.root.as_deref().map(|root| join(root, path));
        inside.is_some_and(|path| path.symlink_metadata().is_ok())
    }

    /// The path on disk that writing to `path` would really touch, and where that lies in the workspace.
    pub(super) fn resolved(&self, path: &str) -> Resolved {
        let named = self.uri(path).and_then(|uri| url::Url::parse(&uri).ok()?.to_file_path().ok());
        let Some(named) = named else { return Resolved { absolute: None, inside: None } };
        let real = real(&named);
        let inside = self.root.as_deref().and_then(|root| egress::inside(root, &real));
        Resolved { absolute: Some(real), inside }
    }
}

/// Where a path really leads.
pub(super) struct Resolved {
    /// The path without symbolic links; `None` for what is no file.
    pub(super) absolute: Option<PathBuf>,
    /// The path inside the workspace, with `/`; `None` outside.
    pub(super) inside: Option<String>,
}

impl read::Sources for Files {
    fn read(&self, path: &str) -> Option<Arc<str>> {
        self.find(path).map(|found| found.document.text().into())
    }
}

/// `path` below `root`, part by part; an answer's paths were checked when they were read.
fn join(root: &Path, path: &str) -> PathBuf {
    path.split('/').fold(root.to_path_buf(), |at, part| at.join(part))
}

/// The path without symbolic links, of the part of it that exists.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_path_buf(),
    }
}
