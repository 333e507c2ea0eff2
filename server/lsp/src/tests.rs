//! The server as an editor meets it: messages over a pipe, scripted models behind.

mod chat;
mod completion;
mod document;
mod harness;
mod kept;
mod keys;
mod protocol;
mod settings;
