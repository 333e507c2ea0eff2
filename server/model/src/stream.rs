//! What comes back from a model while it answers.

use futures_util::stream::{self, BoxStream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// One thing a model says while it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// More of the answer.
    Text(String),
    /// More of the model's reasoning, where a provider shows it; not part of the answer.
    Reasoning(String),
    /// Token counts; a later event replaces an earlier one.
    Usage(Usage),
    /// The end; nothing follows.
    End(EndReason),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndReason {
    /// The provider's own terminal event said that the answer is whole.
    Complete,
    /// The token limit was reached; more could follow.
    Length,
    /// The connection ended without the provider's terminal event.
    Truncated,
    /// The provider withheld the rest.
    Filtered,
}

/// Token counts of one answer, as the provider reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Tokens of the request.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Tokens of the request that came from the provider's cache (part of `input_tokens`).
    pub cached_tokens: u64,
}

/// An answer as it comes: ends after one `End` or one error.
pub type EventStream = BoxStream<'static, Result<StreamEvent, ModelError>>;

/// A stream that fails at once with `error`.
pub fn failed(error: ModelError) -> EventStream {
    stream::once(async move { Err(error) }).boxed()
}
