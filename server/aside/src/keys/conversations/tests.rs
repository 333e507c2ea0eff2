//! The rules of the key, tried with stores that are in memory, in a folder, and a real keyring.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk and start themselves again")]

mod child;
mod crash;
mod files;
mod kit;
mod many;
mod moves;
mod rules;
mod secret_service;
