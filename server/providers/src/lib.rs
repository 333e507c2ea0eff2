//! The wire of each vendor, and what they share.
//!
//! Owns every request to a language model: the HTTP clients, bounded stream decoding, retries, the one error vocabulary
//! filled from each vendor's answers, fill-in-the-middle prompts by model family, the dialects, and the built-in engine.
//! It does not know editors, conversations or settings files, and it never stores a key: each use asks [`Keys`] for it.

mod address;
mod anthropic;
pub mod builtin;
mod discover;
mod endpoint;
mod exchange;
mod fail;
mod families;
mod fill;
mod framing;
mod http;
mod leash;
mod lines;
mod llama_cpp;
mod ndjson;
mod ollama;
mod openai;
mod registry;
mod retry;
mod spec;
mod sse;
mod status;

pub use discover::Found;
pub use families::{edit_shape, edit_shapes};
pub use registry::Providers;
pub use spec::{By, Dialect, HttpOptions, KeySource, Keys, ProviderSpec, Wanted};
