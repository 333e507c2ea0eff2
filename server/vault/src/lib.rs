//! Where provider keys come from.
//!
//! Owns reading of keys: from the operating system's keyring on a thread of its own with a deadline, and from a named
//! environment variable; each key is bound to one origin and checked before it can become a header. It writes nothing,
//! knows no settings and no provider's wire, and never puts a value into a message or a log.

mod environment;
mod error;
mod keyring;
mod origin;
mod system;
mod value;

pub use environment::from_env;
pub use error::{KeyError, Place};
pub use keyring::{KeyRing, KeyringState};
pub use origin::{BadOrigin, Origin};
pub use system::store_command;
pub use value::{BadValue, check_value};
