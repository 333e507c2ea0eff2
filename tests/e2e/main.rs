//! The real binary, from outside: one file per feature, each test a sentence about what a user or an editor sees.
//!
//! Model servers are scripted ones on loopback, except in `llama` and `neovim`, which use the real programs.
#![expect(clippy::disallowed_methods, reason = "tests start processes, and read and write their own files")]

mod builtin;
mod chat;
mod cli;
mod config;
mod documents;
mod exit;
mod flood;
mod frames;
mod inline;
mod keys;
mod llama;
mod neovim;
mod status;
