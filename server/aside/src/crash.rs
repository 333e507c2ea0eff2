//! What a panic leaves: one redacted line on standard error and in the log, and no backtrace, whose values nobody redacts.

use std::panic::{self, PanicHookInfo};

use crate::terminal;

/// Longer messages are cut.
const LONGEST: usize = 400;

/// From now on a panic is told in one line.
pub(crate) fn tell_in_one_line() {
    panic::set_hook(Box::new(|panic| {
        let line = told(panic);
        terminal::complain(&line);
        tracing::error!("{line}");
    }));
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    line(&place, panic.payload_as_str().unwrap_or("no reason given"))
}

fn line(place: &str, message: &str) -> String {
    // Redacted first: a cut could leave half a key behind.
    let clean = aside_secret::redact(message);
    let words: Vec<&str> = clean.split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(LONGEST).collect();
    format!("error: aside failed{place}: {shown}; please report this line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_line_without_keys() {
        let key = ["sk-proj-", &"a1B2c3D4".repeat(8)].concat();
        let told = line(" at server/x.rs:7", &format!("called `expect` on an Err value: \"{key}\"\n  left: 1\n"));
        let expected = "error: aside failed at server/x.rs:7: called `expect` on an Err value: \"[redacted]\" left: 1; please report this line";
        assert_eq!(told, expected);
        assert!(line("", &"word ".repeat(1000)).len() < 500);
    }
}
