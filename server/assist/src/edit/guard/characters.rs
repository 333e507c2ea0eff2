//! Characters that cannot be seen, or that make text look like another one.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Warning;

/// How many kinds of characters a message names.
const NAMED: usize = 5;

/// The text with every hidden character as `\u{202e}` and a lone carriage return as `\r`. Lines stay lines.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (c, hides) in each(text) {
        match c {
            '\r' if hides => escaped.push_str("\\r"),
            c if hides => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// As [`escape`], for one line: line ends and tabs are shown too.
pub fn escape_line(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\u{c}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Hidden characters of which `new` has more than `old`.
pub(super) fn judge(old: &str, new: &str) -> Option<Warning> {
    let (known, mut brought) = (count(old), count(new));
    brought.retain(|c, times| {
        *times = times.saturating_sub(known.get(c).copied().unwrap_or(0));
        *times > 0
    });
    if brought.is_empty() {
        return None;
    }
    let mut message = "it brings in characters that cannot be seen or that disguise text:".to_owned();
    for (at, (&c, times)) in brought.iter().take(NAMED).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(message, "{comma} U+{:04X} ({times})", u32::from(c));
    }
    if brought.len() > NAMED {
        let _ = write!(message, " and {} more kinds", brought.len() - NAMED);
    }
    Some(Warning::new("invisible-characters", message))
}

fn count(text: &str) -> BTreeMap<char, usize> {
    let mut counted = BTreeMap::new();
    for (c, _) in each(text).filter(|&(_, hides)| hides) {
        *counted.entry(c).or_insert(0) += 1;
    }
    counted
}

/// Each character, and whether it hides something.
fn each(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut rest = text.chars();
    // The character before, if it is seen.
    let mut before = None;
    std::iter::from_fn(move || {
        let this = rest.next()?;
        let hides = is_hidden(before, this, rest.clone().next());
        before = (!hides).then_some(this);
        Some((this, hides))
    })
}

/// Whether `this` hides something between its neighbours.
fn is_hidden(before: Option<char>, this: char, after: Option<char>) -> bool {
    match this {
        '\n' | '\t' | '\u{c}' => false,
        '\r' => after != Some('\n'),
        // Joined emoji, which may have a selector each.
        '\u{200d}' => {
            let joins = |c| is_pictograph(c) || c == '\u{fe0f}';
            !(before.is_some_and(joins) && after.is_some_and(is_pictograph))
        }
        c if is_selector(c) => match before {
            // A digit in a key cap.
            Some('0'..='9' | '#' | '*') => after != Some('\u{20e3}'),
            Some(before) => before.is_ascii() || is_ignorable(before),
            None => true,
        },
        c => c.is_control() || is_ignorable(c),
    }
}

/// Characters without a shape of their own, wherever they stand; selectors of variants and joiners included.
pub(super) fn is_ignorable(c: char) -> bool {
    is_selector(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
}

/// Chooses a variant of the character before it, and can carry anything where there are several of them.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}
