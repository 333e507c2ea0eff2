//! What an editor is asked to do: pure values, in bytes of the text that each file has.

use std::ops::Range;

use aside_text::Document;

/// A change of documents, to be applied as one step.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it does, for a person and for the editor's undo list.
    pub title: String,
    /// The numbers of the hunks that it makes.
    pub hunks: Vec<usize>,
    /// The documents.
    pub files: Vec<FileChange>,
}

/// The change of one document.
#[derive(Debug, Clone)]
pub struct FileChange {
    /// The text that the edits are counted in.
    pub document: Document,
    /// Whether the editor has it open, so that its version counts.
    pub open: bool,
    /// Whether it has to be made first.
    pub is_new: bool,
    /// How it is called.
    pub label: String,
    /// What is replaced by what, from the top down, without overlaps.
    pub edits: Vec<(Range<usize>, String)>,
}
