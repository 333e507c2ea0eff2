//! From the text that an editor has to the one that it should have: one edit, as small as it can be, that leaves alone what the person
//! wrote. Pure.

use std::{borrow::Cow, ops::Range};

use super::mark::Mark;

/// How much of the end of the server's part tells whether the editor has it.
const TAIL: usize = 256;

/// An edit of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Bytes of the page.
    pub(super) bytes: Range<usize>,
    /// What comes in their place.
    pub(super) text: String,
}

/// What the server wrote, and what it will have written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'p> {
    /// The server's part as the editor is thought to have it.
    pub(super) last: &'p str,
    /// The server's part as it should be.
    pub(super) wanted: &'p str,
    /// What the person wrote below and sent, which is to go from there.
    pub(super) taken: Option<&'p str>,
    /// Whether it is not known what the editor has, so that all of it is compared.
    pub(super) anew: bool,
}

/// The edit that brings `page` to where it should be; `None` when it is there.
///
/// Where the end of the server's part is as it was left, only that end is replaced: what the person changed above it stays. Else the
/// whole part is replaced. What stands below it is never touched but for what was sent.
pub(super) fn plan(page: &str, mark: &Mark, parts: Parts<'_>) -> Option<Change> {
    let windows = page.contains("\r\n");
    let (last, wanted) = (line_ends(parts.last, windows), line_ends(parts.wanted, windows));
    let head = head(page, mark, &last);
    let (bytes, text) = top(&page[..head], (!parts.anew).then_some(&*last), &wanted);
    let Some(taken) = parts.taken.and_then(|taken| find(&page[head..], taken)) else {
        let same = page[bytes.clone()] == text;
        return (!same).then_some(Change { bytes, text });
    };
    // One edit, so that no editor shows the question twice.
    let between = &page[bytes.end..head + taken.start];
    let end = head + taken.end;
    let rest = &page[end..];
    let line = if rest.starts_with(['\n', '\r']) {
        ""
    } else if windows {
        "\r\n"
    } else {
        "\n"
    };
    Some(Change { bytes: bytes.start..end, text: format!("{text}{between}{line}") })
}

/// Whether `page` has the server's part `wanted`, judged by its end.
pub(super) fn has(page: &str, mark: &Mark, wanted: &str) -> bool {
    let wanted = line_ends(wanted, page.contains("\r\n"));
    let tail = wanted.ceil_char_boundary(wanted.len().saturating_sub(TAIL));
    mark.end(page).is_some_and(|end| page[..end].ends_with(&wanted[tail..]))
}

/// What the person wrote in `page`, without what was sent already; `None` when the mark above it is gone.
pub(super) fn written<'p>(page: &'p str, mark: &Mark, taken: Option<&str>) -> Option<Cow<'p, str>> {
    let below = &page[mark.end(page)?..];
    match taken.and_then(|taken| find(below, taken)) {
        None => Some(Cow::Borrowed(below)),
        Some(taken) => Some(Cow::Owned(format!("{}{}", &below[..taken.start], &below[taken.end..]))),
    }
}

/// The bytes of `head` that are to be replaced, and by what.
fn top(head: &str, last: Option<&str>, wanted: &str) -> (Range<usize>, String) {
    if let Some(last) = last
        && let from = common_start(last, wanted)
        && head.ends_with(&last[from..])
    {
        let to = common_end(last, wanted);
        let to = to.min(last.len() - from).min(wanted.len() - from);
        let bytes = head.len() - (last.len() - from)..head.len() - to;
        return (bytes, wanted[from..wanted.len() - to].to_owned());
    }
    let from = common_start(head, wanted);
    let to = common_end(&head[from..], &wanted[from..]);
    (from..head.len() - to, wanted[from..wanted.len() - to].to_owned())
}

/// Where the server's part ends. Without its mark it is what still is as it was left, in whole lines.
fn head(page: &str, mark: &Mark, last: &str) -> usize {
    mark.end(page).unwrap_or_else(|| {
        let same = common_start(page, last);
        page[..same].rfind('\n').map_or(0, |end| end + 1)
    })
}

/// Where `taken` stands in `below`: as it was, or after the person went on writing round it.
fn find(below: &str, taken: &str) -> Option<Range<usize>> {
    if below.starts_with(taken) {
        return Some(0..taken.len());
    }
    let core = taken.trim();
    // Whole lines only: a short question may be a part of other words.
    let is_whole = |at: &usize| {
        let (before, after) = (&below[..*at], &below[at + core.len()..]);
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with(['\n', '\r']))
    };
    let at = below.match_indices(core).map(|(at, _)| at).filter(|_| !core.is_empty()).find(is_whole)?;
    Some(at..at + core.len())
}

fn line_ends(text: &str, windows: bool) -> Cow<'_, str> {
    // A message may have both.
    if windows { Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n")) } else { Cow::Borrowed(text) }
}

fn common_start(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let at = one.floor_char_boundary(same);
    // Not between the two bytes of a line end: no editor has a place there.
    if at > 0 && one.as_bytes()[at - 1] == b'\r' { at - 1 } else { at }
}

fn common_end(one: &str, other: &str) -> usize {
    let same = one.bytes().rev().zip(other.bytes().rev()).take_while(|(one, other)| one == other).count();
    let at = one.ceil_char_boundary(one.len() - same);
    let inside = at > 0 && one.as_bytes().get(at) == Some(&b'\n') && one.as_bytes()[at - 1] == b'\r';
    let other_at = other.len() - (one.len() - at);
    let inside = inside
        || (other_at > 0 && other.as_bytes().get(other_at) == Some(&b'\n') && other.as_bytes()[other_at - 1] == b'\r');
    one.len() - at - usize::from(inside)
}

#[cfg(test)]
mod tests;
