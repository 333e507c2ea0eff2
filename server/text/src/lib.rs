//! Documents: what an editor has open, as immutable snapshots.
//!
//! Owns the text of a document, its versions, the edits that lead from one to the next, places in UTF-8, UTF-16 and
//! UTF-32, lines, windows round a cursor, and what a text is made of (functions, types, blocks). It knows no protocol, no
//! files and no clock: texts come in as strings, places inside are bytes, and nothing here can fail for another reason than
//! the values it was given.
//!
//! A line ends with `\n`, `\r\n` or a lone `\r`, and with nothing else.

mod document;
mod edit;
mod lines;
mod position;
mod syntax;
mod window;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;

pub use document::{Declined, Document, MAX_BYTES};
pub use edit::{Change, EditError};
pub use position::{Encoding, Position, PositionError, Range};
pub use syntax::{DocPlace, DocStyle, Grammar, Outline, Scope, ScopeKind, TestPlace, Tree, test_place};
pub use window::Window;
