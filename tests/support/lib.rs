//! The test harness: what stands round the real binary in a test.
//!
//! Owns a private home with a workspace ([`Home`]), a typed language client over the binary's stdio ([`Client`]), a
//! model server that says exactly what a test scripts ([`ModelServer`]), and the doors to the real parts: llama.cpp
//! ([`llama`]), Neovim ([`nvim`]) and other editors on a screen ([`editors`]). It knows nothing of the program's own crates: what it says and expects is written
//! from the documented surface, so that a test fails when the two drift apart.
//!
//! Nothing here sleeps: everything waits for an event, with [`PATIENCE`] as the deadline.
#![expect(clippy::disallowed_methods, reason = "tests start processes, write their own files and read the environment")]

pub mod binary;
pub mod client;
pub mod corpus;
pub mod editors;
pub mod fixture;
mod holders;
mod home;
pub mod keyring;
pub mod llama;
pub mod memory;
pub mod model_server;
pub mod nvim;
#[cfg(target_os = "linux")]
pub mod power;
mod process;
pub mod protocol;
pub mod real;
pub mod terminal;
pub mod vault;

use std::time::Duration;

pub use client::Client;
pub use fixture::{Place, place};
pub use home::{Finished, Home, settings, settings_with_key, settings_with_model};
pub use keyring::Keyring;
pub use model_server::ModelServer;
pub use process::Process;
pub use terminal::Terminal;

/// How long anything is waited for before the test fails: generous, because a busy machine is not a defect.
pub const PATIENCE: Duration = Duration::from_secs(20);
