//! The heading of a finding: `### path:line-line severity: title`, and what models make of it.

use crate::action::place::{Lines, Severity};

/// Words that models use for how bad something is.
const WORDS: [(&str, Severity); 22] = [
    ("error", Severity::Error),
    ("errors", Severity::Error),
    ("bug", Severity::Error),
    ("critical", Severity::Error),
    ("blocker", Severity::Error),
    ("high", Severity::Error),
    ("warning", Severity::Warning),
    ("warn", Severity::Warning),
    ("major", Severity::Warning),
    ("medium", Severity::Warning),
    ("moderate", Severity::Warning),
    ("information", Severity::Information),
    ("info", Severity::Information),
    ("note", Severity::Information),
    ("minor", Severity::Information),
    ("low", Severity::Information),
    ("hint", Severity::Hint),
    ("nit", Severity::Hint),
    ("nitpick", Severity::Hint),
    ("style", Severity::Hint),
    ("suggestion", Severity::Hint),
    ("trivial", Severity::Hint),
];

/// The longest heading that is looked at; a longer line is no heading.
const LONGEST: usize = 2000;
/// The level of a line that is bold from its beginning instead of being a heading: below all others.
const BOLD: usize = 7;

/// A heading that says what, where and how bad.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    pub(super) level: usize,
    pub(super) spot: Spot,
    pub(super) severity: Severity,
    /// As it is written; may be empty.
    pub(super) title: &'a str,
}

/// Where a heading says that something is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) path: Option<String>,
    /// As it is written, but in order.
    pub(super) lines: Option<Lines>,
}

/// How deep a line is as a heading of Markdown; `None` when it is none.
pub(super) fn level(line: &str) -> Option<usize> {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    let is_heading = (1..=6).contains(&hashes) && line[hashes..].starts_with([' ', '\t']);
    is_heading.then_some(hashes)
}

/// Reads the heading of a finding; `None` for every other line.
pub(super) fn read(line: &str) -> Option<Heading<'_>> {
    let line = line.trim_end();
    if line.len() > LONGEST {
        return None;
    }
    let (level, text) = match level(line) {
        Some(level) => (level, line[level..].trim_start()),
        None => (BOLD, line.strip_prefix("**")?),
    };
    let mut spare = None;
    for (before, severity, title) in severities(text) {
        let Some(spot) = spot(before) else { continue };
        let is_sure = spot.lines.is_some();
        let heading = Heading { level, spot, severity, title };
        if is_sure {
            return Some(heading);
        }
        spare.get_or_insert(heading);
    }
    // Bold text is a finding only where it says where.
    spare.filter(|heading| heading.level != BOLD)
}

/// Every place where a word of [`WORDS`] stands as one before a colon or a dash: what is before, what it means, what follows.
fn severities(text: &str) -> impl Iterator<Item = (&str, Severity, &str)> {
    text.char_indices().filter_map(move |(at, _)| {
        let is_start =
            text[..at].chars().next_back().is_none_or(|c| matches!(c, ' ' | '\t' | '[' | '(' | '*' | '|' | '`'));
        if !is_start {
            return None;
        }
        let length = text[at..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len() - at);
        let word = &text[at..at + length];
        let (_, severity) = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
        let rest = text[at + length..].trim_start_matches([']', ')', '*', '`', ' ']);
        let title = rest.strip_prefix([':', '-', '–', '—', '|'])?;
        Some((&text[..at], *severity, title.trim_matches([' ', '*', '\t'])))
    })
}

/// Where it is, from what stands before the severity; `None` where that is no place.
fn spot(text: &str) -> Option<Spot> {
    let text = text.trim_matches([' ', '\t', '*', '`', '[', ']', '(', ')', ',', '-', '–', '—', '|', ':']);
    if text.is_empty() {
        return Some(Spot::default());
    }
    let (path, lines) = match numbers_at(text) {
        Some((at, numbers)) => (&text[..at], Some(lines(numbers)?)),
        None => (text, None),
    };
    let path = path.trim_matches([' ', '\t', '*', '`', '[', ']', '(', ')', ',', ':', '#']);
    // A sentence is no path.
    if path.split_whitespace().count() > 1 && lines.is_none() {
        return None;
    }
    Some(Spot { path: (!path.is_empty()).then(|| path.to_owned()), lines })
}

/// Where the lines begin in a place, and what is written there: behind `:`, `#L`, `line`, or as all of it.
fn numbers_at(text: &str) -> Option<(usize, &str)> {
    let begins =
        |rest: &str| rest.trim_start_matches([' ', 'L', 'l', '`', '*']).starts_with(|c: char| c.is_ascii_digit());
    if begins(text) && !text.contains(['/', '\\', '.']) {
        return Some((0, text));
    }
    let marks = text.char_indices().filter(|(_, c)| matches!(c, ':' | '#'));
    let marked = marks.map(|(at, _)| (at, &text[at + 1..])).find(|(_, rest)| begins(rest));
    marked.or_else(|| {
        // Lower case has the same length where it is ASCII; other letters stay as they are.
        let lower = text.to_ascii_lowercase();
        let words = ["lines ", "line "].into_iter();
        words
            .filter_map(|word| lower.rfind(word).map(|at| (at, &text[at + word.len()..])))
            .find(|(_, rest)| begins(rest))
    })
}

/// `12`, `12-14`, `L12–L14`, `12:5-14:2`, `12 to 14`.
fn lines(text: &str) -> Option<Lines> {
    let (first, rest) = number(text.trim_start_matches([' ', 'L', 'l', '`', '*']))?;
    let rest = column(rest).trim_start();
    let to = rest.strip_prefix(['-', '–', '—']).or_else(|| rest.strip_prefix("to "));
    let second = to.and_then(|rest| number(rest.trim_start_matches([' ', 'L', 'l', ':'])));
    let last = second.map_or(first, |(last, _)| last);
    Some(Lines { first: first.min(last), last: first.max(last) })
}

fn column(text: &str) -> &str {
    text.strip_prefix(':').and_then(number).map_or(text, |(_, rest)| rest)
}

/// A number and what follows it; one that is too large is the largest.
fn number(text: &str) -> Option<(u32, &str)> {
    let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let digits = &text[..length];
    (!digits.is_empty()).then(|| (digits.parse().unwrap_or(u32::MAX), &text[length..]))
}
