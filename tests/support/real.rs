//! Real parts that may be missing on a machine: named when they are, and required where `tests/run` says so.

use std::{io::Write, path::PathBuf};

/// The file that the variable `name` points to, or `None` after saying that the test is skipped and why.
///
/// With `ASIDE_REQUIRE_REAL=1` a missing part fails the test.
pub fn part(name: &str, what: &str) -> Option<PathBuf> {
    let reason = match std::env::var_os(name).map(PathBuf::from) {
        Some(path) if path.is_file() => return Some(path),
        Some(path) => format!("`{name}` names `{}`, which is not a file", path.display()),
        None => format!("`{name}` is not set"),
    };
    assert!(std::env::var_os("ASIDE_REQUIRE_REAL").is_none_or(|value| value != "1"), "{what} is required: {reason}");
    skipped(what, &reason);
    None
}

fn skipped(what: &str, reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not `eprintln!`: the test runner would keep that to itself.
    let line = format!("skipped: {test}: no {what}: {reason}; `tests/run` provides it\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
}
