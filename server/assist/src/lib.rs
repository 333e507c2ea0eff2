//! What the product does, in editor words: inline completion and chat.
//!
//! Each feature is a small pipeline over the crates below. This crate knows no protocol, no vendor, no disk and no
//! network: documents come in as snapshots, models come through [`Models`], conversations live in `sessions`.

pub mod action;
pub mod chat;
pub mod edit;
mod egress;
mod fence;
pub mod inline;
mod models;

pub use models::{Chosen, Editor, Models};
