//! Every place that keeps keys, held to the same suite, and the real keyrings when they are well and when they are not.
//!
//! The keyrings run in private D-Bus sessions that know nothing of the desktop's; the store under test runs in a child of
//! this test program, because a process has one session bus. Skipped where the programs are missing, unless
//! `ASIDE_REQUIRE_REAL=1`.

#![expect(clippy::print_stdout, reason = "says how many cases hold and how long things take")]
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "starts real programs and tells them where they are"),
    expect(clippy::print_stderr, reason = "says why a test is skipped")
)]

mod stores {
    pub(crate) mod agent;
    pub(crate) mod conformance;
    pub(crate) mod every;

    #[cfg(target_os = "linux")]
    pub(crate) mod child;
    #[cfg(target_os = "linux")]
    pub(crate) mod fake;
    #[cfg(target_os = "linux")]
    pub(crate) mod items;
    #[cfg(target_os = "linux")]
    pub(crate) mod keyring;
    #[cfg(target_os = "linux")]
    pub(crate) mod prompts;
    #[cfg(target_os = "linux")]
    pub(crate) mod session;
}
