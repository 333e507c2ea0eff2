//! Where lines that are only added or removed are shown, when they could as well be a little higher or lower.
//!
//! A function added before one that starts with the same lines can be found as "its end, and the start of the next". All
//! positions of such a part give the same text; the one that begins where people would cut is taken.

use std::ops::Range;

use super::{Edit, Lines};

/// How far a part is moved at most, in lines.
const FARTHEST: usize = 200;

/// The same edits at better places, still in order and with an unchanged line between them.
pub(super) fn settle(mut edits: Vec<Edit>, old: &Lines<'_>, new: &Lines<'_>) -> Vec<Edit> {
    for at in 0..edits.len() {
        let edit = &edits[at];
        let (lines, part) = match (edit.old.is_empty(), edit.new.is_empty()) {
            (true, false) => (new, edit.new.clone()),
            (false, true) => (old, edit.old.clone()),
            _ => continue,
        };
        // One unchanged line stays between neighbours.
        let above = at.checked_sub(1).map_or(edit.old.start, |before| edit.old.start - edits[before].old.end - 1);
        let below = edits.get(at + 1).map_or(old.len() - edit.old.end, |after| after.old.start - edit.old.end - 1);
        let best = best(lines, &part, above.min(FARTHEST), below.min(FARTHEST));
        let edit = &mut edits[at];
        for range in [&mut edit.old, &mut edit.new] {
            *range = range.start + best - part.start..range.end + best - part.start;
        }
    }
    edits
}

/// The line at which `part` begins best: the lowest of the best, at most `above` lines higher or `below` lines lower.
fn best(lines: &Lines<'_>, part: &Range<usize>, above: usize, below: usize) -> usize {
    let Range { start, end } = *part;
    let up = (0..above).take_while(|step| lines.ids[start - step - 1] == lines.ids[end - step - 1]).count();
    let down = (0..below).take_while(|step| lines.ids[start + step] == lines.ids[end + step]).count();
    (start - up..=start + down).rev().min_by_key(|&at| cost(lines, at, part.len())).unwrap_or(start)
}

/// How badly a part of `length` lines begins at line `at`: least at the outermost indentation, after a blank line.
fn cost(lines: &Lines<'_>, at: usize, length: usize) -> (usize, u8) {
    let first = (at..at + length).map(|number| lines.line(number)).find(|line| !line.trim().is_empty());
    let indent = first.map_or(0, |line| line.len() - line.trim_start().len());
    let begins = match lines.line(at).trim_start().chars().next() {
        None => 1,
        Some('}' | ')' | ']') => 3,
        Some(_) if at == 0 || lines.line(at - 1).trim().is_empty() => 0,
        Some(_) => 2,
    };
    (indent, begins)
}
