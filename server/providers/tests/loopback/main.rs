//! The providers against scripted servers on loopback: real sockets, exact bytes.

mod cancelling;
mod encrypted;
mod failing;
mod filling;
mod finding;
mod keys;
mod locking;
mod server;
mod setting;
mod streaming;
