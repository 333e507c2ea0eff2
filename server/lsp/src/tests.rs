//! The server as an editor meets it: messages over a pipe, scripted models behind.

mod actions;
mod chat;
mod completion;
mod document;
mod edits;
mod harness;
mod kept;
mod keys;
mod pages;
mod protocol;
mod reviews;
mod settings;
