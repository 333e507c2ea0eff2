//! The vault file as processes use it, on a real disk.
//!
//! What needs a process of its own (to be killed, to be one of many, to meet a full disk) runs in a child of this test program.
//! `strace` and `unshare` are real parts: skipped where they are missing, unless `ASIDE_REQUIRE_REAL=1`.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests that set the scene on disk and start processes")]
#![expect(clippy::print_stdout, reason = "figures, and what a child tells its parent")]

mod child;
mod crash;
mod disk;
mod golden;
mod hostile;
mod kit;
mod life;
mod many;
mod restore;
mod rollback;
mod speed;
