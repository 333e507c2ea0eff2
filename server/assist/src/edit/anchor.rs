//! How places move when a document changes: exactly, or not at all.
//!
//! A [`Replaced`] says where two versions of a text may differ; outside of it they are the same bytes. Where an edit could
//! have happened at several places with the same outcome (a line added among equal ones), it covers all of them, so that
//! nothing here depends on which place an editor happened to report. What can be read as whole lines added or removed is
//! read so: a line added above one that begins alike is not "the end of one line and the beginning of the next", though
//! some editors report it that way.

mod reach;

use std::ops::Range;

use aside_text::{Change, Document, EditError, Encoding};

use reach::Bytes;

/// A change of a text: `start..old_end` gave way to as many as `new_len` bytes at `start`.
///
/// Both ends are bytes, which may lie inside a character: they are for comparing with places, not for cutting text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Where the change starts, in the text before and after.
    pub start: usize,
    /// Where it ended before.
    pub old_end: usize,
    /// How many bytes stand there afterwards.
    pub new_len: usize,
    /// Whether a line starts at `start`, before and after.
    pub starts_line: bool,
    /// Whether a line starts where the change ends, before and after.
    pub ends_line: bool,
}

/// Where a range is after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The same bytes, here.
    Moved(Range<usize>),
    /// The change concerns what is in the range, or it cannot be told.
    Touched,
}

/// Follows `range` (whole lines, bytes of the text before `change`) through a change.
///
/// A change that leaves a byte between itself and the range moves it. One that touches an edge moves it too if there
/// are lines in the range and the edge is the start of a line before and after: lines added or removed just above or just
/// below do not concern those between. Text that joins the first or the last line does. An empty range, a place between
/// two lines, is touched by whatever happens at it: nobody can tell which of two insertions comes first.
pub fn follow(range: &Range<usize>, change: &Replaced) -> Followed {
    let Replaced { start, old_end, new_len, starts_line, ends_line } = *change;
    let lines = !range.is_empty();
    if old_end < range.start || (old_end == range.start && lines && ends_line) {
        let shifted = |at: usize| at - old_end + start + new_len;
        Followed::Moved(shifted(range.start)..shifted(range.end))
    } else if start > range.end || (start == range.end && lines && starts_line) {
        Followed::Moved(range.clone())
    } else {
        Followed::Touched
    }
}

/// What changed from `old` to `new`, as one change; none when they are equal.
pub fn narrow(old: &str, new: &str) -> Vec<Replaced> {
    reach::settle(old, new, 0, 0).into_iter().collect()
}

/// [`Document::apply`], and what each of `changes` replaced, in the text that the one before it left.
///
/// # Errors
/// Those of [`Document::apply`].
pub fn trace(
    document: &Document,
    version: i32,
    changes: &[Change],
    encoding: Encoding,
) -> Result<(Document, Vec<Replaced>), EditError> {
    let mut traced = Vec::with_capacity(changes.len());
    let mut before = document.apply(version, &[], encoding)?;
    for change in changes {
        let after = before.apply(version, std::slice::from_ref(change), encoding)?;
        traced.extend(replaced(&before, &after, change, encoding));
        before = after;
    }
    Ok((before, traced))
}

/// What one change, already applied, replaced.
fn replaced(before: &Document, after: &Document, change: &Change, encoding: Encoding) -> Option<Replaced> {
    let Some(range) = change.range else { return narrow(&before.text(), &after.text()).pop() };
    // A line past the last one is the end of the text.
    let offset = |position| before.offset(position, encoding).unwrap_or(before.len_bytes());
    let (start, end) = (offset(range.start), offset(range.end));
    reach::settle(before, after, start, before.len_bytes() - end)
}

impl Bytes for Document {
    fn length(&self) -> usize {
        self.len_bytes()
    }

    fn at(&self, byte: usize) -> Option<u8> {
        self.byte_at(byte)
    }
}

#[cfg(test)]
mod tests;
