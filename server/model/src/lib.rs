//! The vocabulary between Aside and any language model.
//!
//! Owns what is said to a model (messages, chat and fill requests), what comes back (stream events), how it fails (one
//! error vocabulary with advice), and the traits a model is reached through. It knows no vendor, no wire and no protocol:
//! `providers` implements the traits, `sessions` and `assist` use them.

mod chat;
mod error;
mod fill;
mod reference;
mod stream;

pub use chat::{ChatModel, ChatRequest, Message, Role};
pub use error::{Advice, ErrorKind, ModelError};
pub use fill::{FillModel, FillRequest, Snippet};
pub use reference::{BadModelRef, ModelRef};
pub use stream::{EndReason, EventStream, StreamEvent, Usage, failed};
