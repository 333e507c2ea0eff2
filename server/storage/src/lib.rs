//! How bytes reach the disk.
//!
//! Owns private files ([`private`]), SQLite databases ([`database`]) and rotating logs ([`log`]): the only writer of files in
//! Aside. It knows nothing of what is stored. Everything it makes is readable by its owner only, from the moment it exists, and
//! reading never creates anything.

mod error;

pub mod database;
pub mod log;
pub mod private;

pub use error::StorageError;
