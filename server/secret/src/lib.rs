//! Bytes that must not leak.
//!
//! Owns the values: [`Secret`] (wiped when dropped; cannot be printed, cloned or serialized), [`SecretBuffer`] (where one is
//! read in), [`SecretKey`] (32 bytes in a locked page of their own), [`Shielded`] (a secret at rest in
//! memory). Owns what makes a process keep them: [`WipingAllocator`], [`stack`], [`harden`], [`environment`]. Owns [`redact`]: what may
//! be shown of a text that may hold key material.
//!
//! It does not know where secrets come from or go to; it never depends on serde, and the only input and output it does is
//! to ask the system for these protections.

mod allocator;
mod buffer;
pub mod environment;
pub mod harden;
mod key;
mod page;
mod redact;
mod shield;
pub mod stack;
mod value;

pub use allocator::WipingAllocator;
pub use buffer::{Full, SecretBuffer};
pub use key::{NoRandomness, SecretKey};
pub use redact::{is_key_shaped, know, names_secret, redact};
pub use shield::Shielded;
pub use value::Secret;
