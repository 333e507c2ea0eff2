//! Edits: from a model's answer to a change of documents that a person sees, takes or leaves.
//!
//! `read` turns an answer into new text, `hunks` compares it with the old one, `anchor` moves hunks along while the person
//! types, `guard` says what needs a confirmation of its own, `proposal` holds one edit and `desk` all of them. Nothing here
//! writes into a document: a [`Change`] is what an editor is asked to do, and only after somebody accepted it.

pub mod anchor;
mod change;
mod desk;
mod error;
pub mod guard;
pub mod hunks;
pub mod patch;
mod proposal;
pub mod read;
mod workspace;

pub use change::{Change, FileChange};
pub use desk::{Ask, Desk, Failed, Options, Target, Watcher, Words};
pub use error::EditError;
pub use proposal::{EditId, File, Hunk, HunkState, Proposal, State};
pub use workspace::OpenDocuments;
