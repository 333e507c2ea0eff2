//! What a person in a terminal sees: the only place that writes to standard output and standard error.
//!
//! Text from models and files is shown without control characters, so that it cannot move the cursor, change the title
//! or hide itself. A closed pipe ends the output quietly.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stderr, stdout};

use serde::Serialize;

/// How a piece of text looks; plain where the output is no terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Dim,
    Good,
    Warn,
    Bad,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
        }
    }
}

/// `text` in `style` when standard output is a terminal that may show colors.
pub(crate) fn styled(style: Style, text: &str) -> String {
    if is_colorful() { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_owned() }
}

fn is_colorful() -> bool {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is the terminal's convention, not a setting")]
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && stdout().is_terminal()
}

/// Whether what is printed is shown in a terminal, rather than kept in a file or sent on.
pub(crate) fn is_one() -> bool {
    stdout().is_terminal()
}

/// Prints a line.
pub(crate) fn line(text: &str) {
    write_out(&format!("{text}\n"));
}

/// Prints text as it comes, without a line end of its own.
pub(crate) fn piece(text: &str) {
    write_out(text);
}

fn write_out(text: &str) {
    let mut out = stdout().lock();
    // Nobody reads any more: there is nothing left to tell and nobody to tell it to.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Standard output for text of any length, which comes in whole characters. In a terminal it is shown without control characters;
/// a pipe and a file take it as it is.
pub(crate) struct Out {
    out: BufWriter<Stdout>,
    is_shown: bool,
}

/// Standard output, to be written to piece by piece.
pub(crate) fn out() -> Out {
    Out { out: BufWriter::new(stdout()), is_shown: is_one() }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_shown {
            self.out.write_all(visible(&String::from_utf8_lossy(bytes)).as_bytes())?;
            return Ok(bytes.len());
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Prints a line to standard error, without keys and control characters: what failed may be quoted in it.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(stderr().lock(), "{}", visible(&aside_secret::redact(text)));
}

/// Prints a value as indented JSON.
pub(crate) fn json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(&text),
        Err(error) => complain(&format!("error: the result is not printable as JSON: {error}")),
    }
}

/// Prints a value as JSON on one line.
pub(crate) fn json_line<T: Serialize>(value: &T) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(error) => complain(&format!("error: the result is not printable as JSON: {error}")),
    }
}

/// `text` without control characters other than line ends and tabs.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_drive_the_terminal() {
        assert_eq!(visible("a\x1b]0;title\x07b\tc\n"), "a\u{fffd}]0;title\u{fffd}b\tc\n");
        assert_eq!(visible("if \u{202e}x"), "if \u{fffd}x");
    }
}
