//! The parts of a change: found by comparing two texts line by line, applied one by one or together.
//!
//! Pure: no clock, so what the comparison may cost is bounded by sizes. How parts move while the document changes is in
//! [`super::anchor`], how they are shown in [`super::patch`].
//!
//! A line here ends with `\n` and with nothing else: `\r\n` stays whole, a lone `\r` is a character of its line. All
//! places are therefore line starts for every editor, whatever else it counts as a line end.

mod slide;

use std::{collections::HashMap, ops::Range};

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// More changed lines than this on both sides together are not compared: they are one part.
const MAX_COMPARED_LINES: usize = 100_000;

/// One part of a change: whole lines of the old text, and what stands there afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Bytes of the old text: from the start of a line to the start of a line or the end of the text. Empty where lines
    /// are only added.
    pub old: Range<usize>,
    /// The lines that replace them, with their line ends. Empty where lines are only removed.
    pub new: String,
}

/// The parts that lead from `old` to `new`, in order, with at least one unchanged line between two of them; none when
/// the texts are equal.
pub fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let (old, new) = Lines::pair(old, new);
    let edits = slide::settle(compare(&old.ids, &new.ids, Algorithm::Patience), &old, &new);
    edits.iter().map(|edit| hunk(edit, &old, &new)).collect()
}

/// `old` with `hunks` applied: all that were found for it, or some of them, in order.
///
/// # Panics
/// When a hunk does not lie in `old` or overlaps the one before it: hunks belong to the text they were found for.
pub fn apply(old: &str, hunks: &[Hunk]) -> String {
    let mut text = String::with_capacity(old.len() + hunks.iter().map(|hunk| hunk.new.len()).sum::<usize>());
    let mut at = 0;
    for hunk in hunks {
        text.push_str(&old[at..hunk.old.start]);
        text.push_str(&hunk.new);
        at = hunk.old.end;
    }
    text.push_str(&old[at..]);
    text
}

/// Line numbers of one changed place: `old` gives way to `new`; at most one of them is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

/// A text cut into lines.
struct Lines<'a> {
    text: &'a str,
    /// Where each line starts, and the length of the text at the end.
    starts: Vec<usize>,
    /// A number for each line; equal lines of a pair have the same.
    ids: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Both texts, numbered together.
    fn pair(old: &'a str, new: &'a str) -> (Self, Self) {
        let mut known = HashMap::new();
        (Self::of(old, &mut known), Self::of(new, &mut known))
    }

    fn of(text: &'a str, known: &mut HashMap<&'a str, u32>) -> Self {
        let (mut starts, mut ids, mut at) = (Vec::new(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let next = u32::try_from(known.len()).expect("texts of less than 2 GiB have fewer lines");
            ids.push(*known.entry(line).or_insert(next));
            starts.push(at);
            at += line.len();
        }
        starts.push(at);
        Self { text, starts, ids }
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn bytes(&self, lines: &Range<usize>) -> Range<usize> {
        self.starts[lines.start]..self.starts[lines.end]
    }

    fn line(&self, number: usize) -> &'a str {
        &self.text[self.bytes(&(number..number + 1))]
    }
}

fn hunk(edit: &Edit, old: &Lines<'_>, new: &Lines<'_>) -> Hunk {
    Hunk { old: old.bytes(&edit.old), new: new.text[new.bytes(&edit.new)].to_owned() }
}

/// The places where two lists of lines differ, in order, never touching.
fn compare(old: &[u32], new: &[u32], by: Algorithm) -> Vec<Edit> {
    let before = common(old.iter(), new.iter());
    let (old_rest, new_rest) = (&old[before..], &new[before..]);
    let after = common(old_rest.iter().rev(), new_rest.iter().rev());
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - after], &new_rest[..new_rest.len() - after]);
    if old_rest.is_empty() && new_rest.is_empty() {
        return Vec::new();
    }
    if old_rest.is_empty() || new_rest.is_empty() || old_rest.len() + new_rest.len() > MAX_COMPARED_LINES {
        return vec![Edit { old: before..old.len() - after, new: before..new.len() - after }];
    }
    // Between the lines it pairs, Patience is a Myers search, and that gives up looking for the shortest script after a
    // bounded effort.
    join(capture_diff_slices(by, old_rest, new_rest).iter().filter_map(|op| changed(op, before)))
}

/// How many items two lists have in common at their start.
fn common<'a>(one: impl Iterator<Item = &'a u32>, other: impl Iterator<Item = &'a u32>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

fn changed(op: &DiffOp, offset: usize) -> Option<Edit> {
    let shifted = |lines: Range<usize>| lines.start + offset..lines.end + offset;
    let edit = Edit { old: shifted(op.old_range()), new: shifted(op.new_range()) };
    (!matches!(op, DiffOp::Equal { .. })).then_some(edit)
}

/// Makes one of those that touch.
fn join(edits: impl IntoIterator<Item = Edit>) -> Vec<Edit> {
    let mut joined: Vec<Edit> = Vec::new();
    for edit in edits {
        match joined.last_mut() {
            Some(last) if last.old.end == edit.old.start && last.new.end == edit.new.start => {
                (last.old.end, last.new.end) = (edit.old.end, edit.new.end);
            }
            _ => joined.push(edit),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
