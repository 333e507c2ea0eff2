//! The real binary, from outside: one file per feature, each test a sentence about what a user or an editor sees.
//!
//! Model servers are scripted ones on loopback, except in `llama` and `neovim`, which use the real programs.
#![expect(clippy::disallowed_methods, reason = "tests start processes, and read and write their own files")]

mod agent;
mod audit;
mod builtin;
mod canary;
mod chat;
mod cli;
mod command_keys;
mod config;
mod documents;
mod editors;
mod edits;
mod exit;
mod flood;
mod frames;
mod guide_editing;
mod guide_keys;
mod guide_sessions;
mod hardening;
mod inline;
mod keyring;
mod keys;
mod llama;
mod lock;
mod memory;
mod neovim;
mod nvim_plugin;
#[cfg(unix)]
mod page;
mod session_key;
mod sessions;
mod status;
mod trust;
mod vault;
