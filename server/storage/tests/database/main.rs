//! Databases on a disk that loses power, fails or is full, and in processes that are killed.
//!
//! What happens to the database happens in a child of this test program; what is left of it is opened here.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests that set the scene on disk and start processes")]
#![expect(clippy::print_stdout, reason = "figures, and what a child tells its parent")]

mod child;
mod crash;
mod disk;
mod kit;
mod power;
