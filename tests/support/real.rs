//! Real parts that may be missing on a machine: named when they are, and required where `tests/run` says so.

use std::{io::Write, path::PathBuf};

/// What a variable holds for a part that `tests/run --fast` leaves out.
const LEFT_OUT: &str = "left-out";

/// The file or folder that the variable `name` points to, or `None` after saying that the test is skipped and why.
///
/// With `ASIDE_REQUIRE_REAL=1` a missing part fails the test, unless it was left out on purpose.
pub fn part(name: &str, what: &str) -> Option<PathBuf> {
    let reason = match std::env::var_os(name).map(PathBuf::from) {
        Some(path) if path.exists() => return Some(path),
        Some(path) if path.as_os_str() == LEFT_OUT => {
            skip(what, "it is left out");
            return None;
        }
        Some(path) => format!("`{name}` names `{}`, which does not exist", path.display()),
        None => format!("`{name}` is not set"),
    };
    lacks(what, &reason);
    None
}

/// The program `name` on `PATH`, or `None` after saying that the test is skipped.
///
/// With `ASIDE_REQUIRE_REAL=1` a missing program fails the test.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        lacks(name, "it is not on PATH");
    }
    found
}

/// Whether the tests run as root, which `what` takes; says that the test is skipped where they do not.
///
/// Not a failure even with `ASIDE_REQUIRE_REAL=1`: `tests/run` tells of it itself.
pub fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(what, "it takes root");
    }
    root
}

/// Says that the test is skipped for want of `what`, and why; fails the test with `ASIDE_REQUIRE_REAL=1`. Gives `false`.
pub fn lacks(what: &str, reason: &str) -> bool {
    assert!(std::env::var_os("ASIDE_REQUIRE_REAL").is_none_or(|value| value != "1"), "{what} is required: {reason}");
    skip(what, &format!("{reason}; `tests/run` provides it"));
    false
}

/// Says that the test is skipped for want of `what` that a machine has or has not, and why.
pub fn skip(what: &str, reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not `eprintln!`: the test runner would keep that to itself.
    let line = format!("skipped: {test}: no {what}: {reason}\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
}
