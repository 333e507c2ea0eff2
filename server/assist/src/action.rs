//! What can be asked about code: which actions there are, where they are offered, and how they are worded for a model.
//!
//! The catalogue and the words are pure: scopes and diagnostics come as plain values. [`Actions`] gets them from documents. Who
//! reads a model's answer to an edit, and who shows what is offered, is elsewhere. What stands in files, diagnostics and diffs is data: it is quoted, never followed.

mod aim;
mod asked;
mod catalog;
mod comment;
pub mod commit;
pub mod custom;
pub mod findings;
mod outlines;
mod place;
pub mod prompt;
mod spot;
pub mod words;

pub use asked::{Actions, Options, Said};
pub use catalog::{Answers, Builtin, KINDS, Offer, offers};
pub use comment::{Instruction, instruction_comment};
pub use custom::{Custom, Customs};
pub use outlines::Outlines;
pub use place::{Diagnostic, Lines, Place, ScopeKind, ScopeName, Severity};
pub use spot::{Fault, Spot};
