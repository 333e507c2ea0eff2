//! Titles of sessions. Owns their bounds and how the first message gives one.

use crate::SessionError;

/// The longest title a person may give, in characters.
const MAX: usize = 200;
/// The longest title taken from a message, in characters.
const TAKEN: usize = 60;

/// Checks a title that a person gave; blanks and line ends in it become single spaces.
pub(crate) fn given(text: &str) -> Result<String, SessionError> {
    let title = on_one_line(text);
    let length = title.chars().count();
    match length {
        0 => Err(SessionError::Empty { field: "title", max: MAX }),
        1..=MAX => Ok(title),
        _ => Err(SessionError::TooLong { field: "title", length, max: MAX, unit: "characters" }),
    }
}

/// Takes a title from the first message: the start of its first line that says something.
pub(crate) fn taken(message: &str) -> String {
    let line = message.lines().map(on_one_line).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= TAKEN {
        return line;
    }
    let start: String = line.chars().take(TAKEN - 1).collect();
    // Between two words, unless the last word is very long.
    let cut = start.rfind(' ').filter(|at| *at > start.len() / 2).unwrap_or(start.len());
    format!("{}…", start[..cut].trim_end())
}

fn on_one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_start_of_the_first_line_with_words() {
        assert_eq!(taken("\n  \r\n  Why does\tthis fail?\nfn main() {}"), "Why does this fail?");
        assert_eq!(taken("\u{1b}[31mred\u{7}"), "[31mred");
        assert_eq!(taken(" \n"), "");
    }

    #[test]
    fn a_long_line_is_cut_between_words() {
        let title = taken(&"wörter ".repeat(50));
        assert!(title.chars().count() <= TAKEN && title.ends_with("wörter…"), "{title}");
        assert_eq!(taken(&"ü".repeat(500)).chars().count(), TAKEN);
    }

    #[test]
    fn a_given_title_has_bounds() {
        assert_eq!(given("  two\nlines ").expect("fits"), "two lines");
        assert_eq!(given(&"ü".repeat(MAX)).expect("fits").chars().count(), MAX);
        assert_eq!(given(" \n ").expect_err("blank").code(), "empty");
        assert_eq!(given(&"u".repeat(MAX + 1)).expect_err("long").code(), "too-long");
    }
}
