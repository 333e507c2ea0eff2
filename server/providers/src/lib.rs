//! The wire of each vendor, and what they share.
//!
//! Owns every request to a language model: the HTTP client, bounded stream decoding, retries, the one error vocabulary
//! filled from each vendor's answers, fill-in-the-middle prompts by model family, the dialects, and the built-in engine.
//! It does not know editors, conversations or settings files, and it never stores a key: each use asks [`Keys`] for it.

pub mod builtin;
mod registry;
mod spec;

pub use registry::{Found, Providers};
pub use spec::{Dialect, HttpOptions, KeySource, Keys, ProviderSpec};
