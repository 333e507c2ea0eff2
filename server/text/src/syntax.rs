//! What a document is made of: functions, classes, blocks, imports, by its grammar or by its indentation.
//!
//! A [`Tree`] is a version of a document as its grammar reads it; an [`Outline`] is what follows from it. An outline needs no
//! tree: without one (a language without grammar, a text too long to parse in time) it goes by indentation, and where code
//! is half-written it does so for that part only. Pure: no clock, no disk; whoever calls decides how long parsing may take.

mod doc;
mod grammar;
mod indent;
mod lead;
mod naming;
mod outline;
mod places;
#[cfg(test)]
mod properties;
mod rules;
mod rules_tables;
mod scope;
mod signatures;
mod statement;
#[cfg(test)]
mod support;
mod test_place;
mod tree;
mod walk;

pub use doc::{DocPlace, DocStyle};
pub use grammar::Grammar;
pub use outline::Outline;
pub use scope::{Scope, ScopeKind};
pub use test_place::{TestPlace, test_place};
pub use tree::Tree;
