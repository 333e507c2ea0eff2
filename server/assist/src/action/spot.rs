//! Where an action is asked for, and what of the document is about it: from an editor's range to plain values.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use aside_text::{Document, Scope};

use super::{
    Diagnostic, Lines, Place, ScopeName, instruction_comment,
    prompt::{Problem, Related},
};
use crate::{edit::OpenDocuments, egress};

/// The longest text of a place that a diagnostic names, in bytes.
const RELATED_BYTES: usize = 400;

/// Where something is asked for.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The document as it is now.
    pub document: Document,
    /// The selected bytes; empty at a bare cursor.
    pub range: Range<usize>,
    /// Root folder of the workspace.
    pub workspace: Option<PathBuf>,
    /// What tools say is wrong there.
    pub faults: Vec<Fault>,
    /// Whether these are all of the file.
    pub whole_file: bool,
}

/// What a tool says is wrong, with its places.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What is wrong.
    pub diagnostic: Diagnostic,
    /// The bytes it is about.
    pub range: Range<usize>,
    /// Places that it names: an address, a line from 1, and what is said of it.
    pub related: Vec<(String, u32, String)>,
}

impl Spot {
    /// What the document is called.
    pub fn label(&self) -> String {
        egress::name_of(&self.document, self.workspace.as_deref())
    }

    /// The whole lines of the selection or of the cursor.
    pub(super) fn lines(&self) -> Range<usize> {
        self.document.whole_lines(self.range.clone())
    }

    /// The bytes of what is wrong, or the selection where nothing is.
    pub(super) fn faulty(&self) -> Range<usize> {
        let start = self.faults.iter().map(|fault| fault.range.start).min();
        let end = self.faults.iter().map(|fault| fault.range.end).max();
        start.zip(end).map_or_else(|| self.range.clone(), |(start, end)| start..end.max(start))
    }

    /// The place as plain values, with the scopes round it, the innermost first.
    pub(super) fn place(&self, scopes: &[Scope]) -> Place {
        let line_of = |byte: usize| u32::try_from(self.document.line_of(byte) + 1).unwrap_or(u32::MAX);
        let lines = self.lines();
        let selection = (!self.range.is_empty()).then(|| Lines {
            first: line_of(self.range.start),
            last: line_of(self.range.end.saturating_sub(1).max(self.range.start)),
        });
        let text = self.document.slice(lines);
        Place {
            language: self.document.language().to_owned(),
            path: self.label(),
            line: line_of(self.range.start),
            selection,
            scopes: scopes.iter().map(name).collect(),
            diagnostics: self.faults.iter().map(|fault| fault.diagnostic.clone()).collect(),
            whole_file: self.whole_file,
            blank: self.range.is_empty() && (text.trim().is_empty() || self.range.start == self.document.len_bytes()),
            instruction: instruction_comment(&text).map(|found| found.words),
        }
    }

    /// What is wrong, with the texts of the places that it names, as far as they may leave this machine.
    pub(super) fn problems(&self, documents: &dyn OpenDocuments) -> Vec<Problem> {
        let related = |(uri, line, message): &(String, u32, String)| {
            let (path, text) = self.named(documents, uri, *line);
            Related { path, line: *line, message: message.clone(), text }
        };
        let problem = |fault: &Fault| Problem {
            diagnostic: fault.diagnostic.clone(),
            related: fault.related.iter().map(related).collect(),
        };
        self.faults.iter().map(problem).collect()
    }

    fn named(&self, documents: &dyn OpenDocuments, uri: &str, line: u32) -> (String, String) {
        let other = if uri == self.document.uri() { Some(self.document.clone()) } else { documents.open(uri) };
        let Some(other) = other else { return (name_of_uri(uri), String::new()) };
        let label = egress::name_of(&other, self.workspace.as_deref());
        if egress::allows_document(&other, self.workspace.as_deref()).is_err() {
            return (label, String::new());
        }
        let text = usize::try_from(line).ok().and_then(|line| other.line(line.checked_sub(1)?)).unwrap_or_default();
        let end = text.floor_char_boundary(RELATED_BYTES);
        (label, text[..end].trim_end().to_owned())
    }
}

/// A scope by its name.
fn name(scope: &Scope) -> ScopeName {
    ScopeName { kind: scope.kind, name: scope.name.clone() }
}

/// The last part of an address.
fn name_of_uri(uri: &str) -> String {
    uri.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The address of `path` inside the folder `root`.
pub(super) fn uri_in(root: &Path, path: &str) -> Option<String> {
    let full = path.split('/').fold(root.to_path_buf(), |at, part| at.join(part));
    url::Url::from_file_path(full).ok().map(String::from)
}
