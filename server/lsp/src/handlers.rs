//! What each method does: one file per group, each a thin step from parameters to a feature and back.

pub(crate) mod action;
pub(crate) mod chat;
pub(crate) mod code_action;
pub(crate) mod code_lens;
pub(crate) mod commands;
pub(crate) mod commit;
pub(crate) mod completion;
pub(crate) mod configuration;
pub(crate) mod content;
pub(crate) mod documents;
pub(crate) mod edit;
mod edit_places;
pub(crate) mod explain;
pub(crate) mod focus;
pub(crate) mod inline;
pub(crate) mod keys;
pub(crate) mod models;
pub(crate) mod progress;
pub(crate) mod review;
pub(crate) mod status;
mod target;

use serde::Serialize;
use serde_json::Value;

use crate::errors::Failure;

/// An answer as JSON.
fn answer(result: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(result).map_err(|error| {
        Failure::new("internal", format!("the answer cannot be written as JSON: {error}"), "report this with the log")
    })
}
