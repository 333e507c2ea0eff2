//! What new text must not bring, however it came: control characters, lines that say that something is left
//! out, and marks that belong to the form of an answer.

use std::{cell::LazyCell, collections::HashSet};

use super::{FileText, Refusal, elision, refusal::shown};

/// Whether a file's new text may be proposed.
pub(super) fn check(file: &FileText) -> Result<(), Refusal> {
    let old = file.old.as_deref().unwrap_or_default();
    lines(old, &file.new, &file.path)?;
    control_characters(old, &file.new, &file.path)
}

fn lines(old: &str, new: &str, path: &str) -> Result<(), Refusal> {
    let known: LazyCell<HashSet<&str>, _> = LazyCell::new(|| old.lines().map(str::trim).collect());
    let mut before = "";
    for line in new.lines() {
        if elision::is_elision(line, before, path) && !known.contains(line.trim()) {
            return Err(Refusal::Elided { line: shown(line) });
        }
        if is_mark(line) && !known.contains(line.trim()) {
            return Err(Refusal::Marks { path: path.to_owned(), line: shown(line) });
        }
        before = line;
    }
    Ok(())
}

/// Whether a line is a mark of a block, or of a conflict, that was not read as one.
fn is_mark(line: &str) -> bool {
    ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark))
        || line.starts_with("<<<<<<<<") && line.contains("SEARCH")
}

fn control_characters(old: &str, new: &str, path: &str) -> Result<(), Refusal> {
    let strange = |text: &str| -> HashSet<char> {
        text.chars().filter(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')).collect()
    };
    let brought = strange(new);
    if brought.is_empty() {
        return Ok(());
    }
    let known = strange(old);
    match brought.difference(&known).min() {
        Some(c) => Err(Refusal::ControlCharacters { path: path.to_owned(), character: u32::from(*c) }),
        None => Ok(()),
    }
}
