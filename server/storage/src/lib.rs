//! How bytes reach the disk.
//!
//! Owns private files ([`private`]), where sockets lie ([`socket`]), sealed envelopes ([`sealed`]), SQLite databases ([`database`]),
//! rotating logs ([`log`]) and records of lines that must not lose one ([`chain`]): the only writer of files and the only user of
//! ciphers in Aside. It knows nothing of what is stored. Everything it makes is readable by its owner only, from the moment it
//! exists, and reading never creates anything.

mod error;

pub mod chain;
pub mod database;
pub mod log;
pub mod private;
pub mod sealed;
pub mod socket;

pub use error::StorageError;
