//! Sessions through their door, on a real database: conversations, faults, several processes, and a process that is killed.
#![expect(clippy::print_stdout, reason = "figures, and what a child tells its parent")]

mod crash;
mod damage;
mod deeds;
mod denied;
mod disk;
mod faults;
mod file_keys;
mod interleavings;
mod key_faults;
mod keys;
mod killed;
mod kit;
mod lost_update;
mod many;
mod power;
mod talk;
mod tampering;
mod together;

use aside_sessions::{DataKey, DataKeys, Kept as KeptKeys, KeyFault, KeyFaultKind, KeyPlace};
