//! The workspace as the built-in engine reads it: files through the egress rules of `index`, open files from the editor.

use std::{ops::ControlFlow, path::Path};

use aside_index::{Ignore, WalkLimits, relative, walk};
use aside_lsp::Documents;
use aside_providers::builtin::{Corpus, CorpusFile, OpenFile};

/// Reads workspaces within the limits of the settings.
pub(crate) struct WorkspaceCorpus {
    documents: Documents,
    limits: WalkLimits,
}

impl WorkspaceCorpus {
    /// A corpus of what lies on disk and what is open in `documents`.
    pub(crate) fn new(documents: Documents, settings: &aside_config::Builtin) -> Self {
        let limits = WalkLimits {
            max_files: settings.max_files as usize,
            max_total_bytes: settings.max_total_bytes,
            ..WalkLimits::default()
        };
        Self { documents, limits }
    }
}

impl Corpus for WorkspaceCorpus {
    fn walk(&self, root: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>) {
        let report = walk(root, self.limits, &mut |file| each(CorpusFile { relative: file.relative, text: file.text }));
        tracing::debug!(files = report.files, bytes = report.bytes, truncated = report.truncated, "workspace read");
    }

    fn open_files(&self, root: &Path) -> Vec<OpenFile> {
        let ignore = Ignore::of(root);
        let open = |document: aside_text::Document| {
            let path = url::Url::parse(document.uri()).ok()?.to_file_path().ok()?;
            ignore.allows(&path).ok()?;
            let relative = relative(root, &path)?;
            Some(OpenFile { relative, version: document.version(), text: document.text() })
        };
        self.documents.all().into_iter().filter_map(open).collect()
    }
}
