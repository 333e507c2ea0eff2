//! A change as a unified diff that people read and `patch -p1` understands.
//!
//! What a reader could not see is escaped, so that nothing hides in the diff; a diff with escapes is for reading only.

use std::{fmt::Write as _, ops::Range};

use super::{
    guard::{escape, escape_line},
    hunks::Hunk,
};

/// Unchanged lines shown on each side of a change.
const CONTEXT: usize = 3;

/// The unified diff of several files: for each its label (a relative path with `/`), its old text (`None` for a new
/// file) and the parts of the change, which belong to that text. Files without parts are left out.
///
/// Hidden characters and carriage returns inside lines show as `\u{202e}` and `\r`; the one at the end of a line shows
/// only where a change changes line ends.
pub fn unified(files: &[(&str, Option<&str>, &[Hunk])]) -> String {
    let mut diff = String::new();
    for (label, old, hunks) in files.iter().filter(|(_, _, hunks)| !hunks.is_empty()) {
        let label = escape_line(label);
        // What follows the name is told from it by a tab.
        let end = if label.contains(' ') { "\t" } else { "" };
        let source = if old.is_some() { format!("a/{label}{end}") } else { "/dev/null".to_owned() };
        write(&mut diff, format_args!("--- {source}\n+++ b/{label}{end}\n"));
        write_file(&mut diff, old.unwrap_or_default(), hunks);
    }
    diff
}

/// One part of a change, in lines.
struct Part<'a> {
    old: Range<usize>,
    new: Vec<&'a str>,
}

fn write_file(diff: &mut String, old: &str, hunks: &[Hunk]) {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let starts: Vec<usize> = lines.iter().scan(0, |at, line| Some(std::mem::replace(at, *at + line.len()))).collect();
    let line_at = |byte: usize| starts.partition_point(|&start| start < byte);
    let parts = hunks.iter().map(|hunk| Part {
        old: line_at(hunk.old.start)..line_at(hunk.old.end),
        new: hunk.new.split_inclusive('\n').collect(),
    });
    let parts: Vec<Part<'_>> = parts.collect();
    let (mut removed, mut added) = (0, 0);
    for group in parts.chunk_by(|one, next| next.old.start <= one.old.end + 2 * CONTEXT) {
        let less: usize = group.iter().map(|part| part.old.len()).sum();
        let more: usize = group.iter().map(|part| part.new.len()).sum();
        let shown = shown(group, lines.len());
        let (old_count, new_count) = (shown.len(), shown.len() + more - less);
        let (from, to) = (number(shown.start, old_count), number(shown.start + added - removed, new_count));
        write(diff, format_args!("@@ -{from},{old_count} +{to},{new_count} @@\n"));
        write_group(diff, &lines, shown, group);
        (removed, added) = (removed + less, added + more);
    }
}

/// The old lines that are shown for parts close to each other.
fn shown(group: &[Part<'_>], lines: usize) -> Range<usize> {
    let start = group.first().map_or(0, |part| part.old.start.saturating_sub(CONTEXT));
    let end = group.last().map_or(0, |part| (part.old.end + CONTEXT).min(lines));
    start..end
}

/// How a range of lines is numbered: from one, and by the line before it when it is empty.
fn number(start: usize, count: usize) -> usize {
    if count == 0 { start } else { start + 1 }
}

fn write_group(diff: &mut String, lines: &[&str], shown: Range<usize>, group: &[Part<'_>]) {
    let mut at = shown.start;
    for part in group {
        write_lines(diff, ' ', &lines[at..part.old.start], false);
        // Without removed lines, the neighbours tell how lines end here.
        let beside = lines[..part.old.start].last().or(lines[part.old.end..].first());
        let removed = &lines[part.old.clone()];
        let ends = removed.iter().chain(&part.new).chain(beside).filter(|line| line.ends_with('\n'));
        let mut ends = ends.map(|line| line.ends_with("\r\n"));
        let first = ends.next();
        let changes = ends.any(|end| Some(end) != first);
        write_lines(diff, '-', removed, changes);
        write_lines(diff, '+', &part.new, changes);
        at = part.old.end;
    }
    write_lines(diff, ' ', &lines[at..shown.end], false);
}

fn write_lines(diff: &mut String, mark: char, lines: &[&str], show_ends: bool) {
    for line in lines {
        let (text, end) = match (line.strip_suffix("\r\n"), line.strip_suffix('\n')) {
            (Some(text), _) if show_ends => (text, "\\r\n"),
            (Some(text), _) => (text, "\r\n"),
            (None, Some(text)) => (text, "\n"),
            (None, None) => (*line, "\n\\ No newline at end of file\n"),
        };
        write(diff, format_args!("{mark}{}{end}", escape(text)));
    }
}

fn write(diff: &mut String, text: std::fmt::Arguments<'_>) {
    diff.write_fmt(text).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests;
