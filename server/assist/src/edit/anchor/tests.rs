//! Places in a changing document, against every explanation of a change that a brute search finds.

use std::ops::Range;

use aside_text::{Change, Document, Encoding};
use proptest::prelude::*;

use super::{Followed, follow, narrow, trace};

/// The bytes between the two `|`, and the text without them.
fn marked(text: &str) -> (String, Range<usize>) {
    let start = text.find('|').expect("a mark where the range starts");
    let end = text.rfind('|').expect("a mark where the range ends") - 1;
    (text.replace('|', ""), start..end)
}

#[track_caller]
fn assert_moves(before: &str, after: &str) {
    let ((old, range), (new, expected)) = (marked(before), marked(after));
    assert_eq!(followed(&old, &new, &range), Some(expected), "{before:?} to {after:?}");
}

#[track_caller]
fn assert_touched(before: &str, after: &str) {
    let (old, range) = marked(before);
    assert_eq!(followed(&old, after, &range), None, "{before:?} to {after:?}");
}

fn followed(old: &str, new: &str, range: &Range<usize>) -> Option<Range<usize>> {
    narrow(old, new).iter().try_fold(range.clone(), |range, change| match follow(&range, change) {
        Followed::Moved(range) => Some(range),
        Followed::Touched => None,
    })
}

#[test]
fn equal_texts_are_no_change() {
    assert_eq!(narrow("a\nb\n", "a\nb\n"), []);
}

#[test]
fn a_change_further_up_or_down_moves_lines_exactly() {
    assert_moves("a\nb\n|c\n|", "a\nbbb\n|c\n|");
    assert_moves("|a\n|b\nc\n", "|a\n|b\nccc\n");
    assert_moves("a\nb\n|c\n|", "|c\n|");
}

#[test]
fn typing_in_the_lines_touches_them() {
    assert_touched("a\n|b\n|c\n", "a\nbx\nc\n");
    assert_touched("a\n|b\n|c\n", "a\nxb\nc\n");
    assert_touched("a\n|b\n|c\n", "a\nc\n");
}

#[test]
fn lines_added_just_above_or_below_leave_the_lines_alone() {
    assert_moves("a\n|b\n|c\n", "a\nx\n|b\n|c\n");
    assert_moves("a\n|b\n|c\n", "a\n|b\n|x\nc\n");
    assert_moves("a\n|b\n|c\n", "a\n|b\n|\nc\n");
    assert_moves("a\n|b\n|c\n", "a\n|b\n|xc\n");
}

#[test]
fn an_equal_line_just_above_or_below_may_be_either() {
    assert_touched("a\n|b\n|c\n", "a\nb\nb\nc\n");
    assert_touched("a\n|b\n|b\nc\n", "a\nb\nc\n");
}

#[test]
fn a_line_that_is_joined_with_its_neighbour_is_touched() {
    assert_touched("a\n|b\n|c\n", "ab\nc\n");
    assert_touched("a\n|b\n|c\n", "a\nbc\n");
    assert_touched("a\n|b|", "a\nb\n");
}

#[test]
fn a_place_between_lines_is_touched_by_what_happens_there() {
    assert_touched("a\n||b\n", "a\nx\nb\n");
    assert_touched("a\n||b\n", "a\nxb\n");
    assert_touched("a\n||b\n", "b\n");
    assert_touched("||", "x");
    assert_moves("a\n||b\n", "ax\n||b\n");
    assert_moves("a\n||bb\n", "a\n||bxb\n");
}

#[test]
fn a_run_longer_than_anybody_looks_may_have_changed_anywhere() {
    let run = "\n".repeat(200_000);
    assert_eq!(followed(&format!("a\n{run}b\n"), &format!("a\n{run}\nb\n"), &(0..2)), None);
}

#[test]
fn a_change_that_an_editor_reports_with_too_much_around_it_is_trimmed() {
    let document = Document::open("file:///a", "", 1, "a\nb\nc\n").expect("a small text");
    let (next, traced) = trace(&document, 2, &[replace(0, 3, "a\nbb\nc\n")], Encoding::Utf8).expect("a valid change");
    assert_eq!((next.text().as_str(), next.version()), ("a\nbb\nc\n", 2));
    let moved: Vec<_> = traced.iter().map(|change| follow(&(4..6), change)).collect();
    assert_eq!(moved, [Followed::Moved(5..7)]);
}

#[test]
fn a_change_that_cannot_be_applied_is_refused_with_all_others() {
    let document = Document::open("file:///a", "", 1, "é\n").expect("a small text");
    let place = |character| aside_text::Position { line: 0, character };
    let inside = Change { range: Some(aside_text::Range { start: place(1), end: place(2) }), text: String::new() };
    assert!(
        trace(&document, 2, &[replace(0, 0, "x\n"), inside], Encoding::Utf8).is_ok(),
        "after x the place is a line end"
    );
    let inside = Change { range: Some(aside_text::Range { start: place(1), end: place(2) }), text: String::new() };
    assert!(trace(&document, 2, &[inside], Encoding::Utf8).is_err());
}

/// Whole lines `start..end` replaced by `text`.
fn replace(start: u32, end: u32, text: &str) -> Change {
    let place = |line| aside_text::Position { line, character: 0 };
    Change { range: Some(aside_text::Range { start: place(start), end: place(end) }), text: text.to_owned() }
}

/// A change as it really was.
#[derive(Debug, Clone)]
struct Edit {
    at: Range<usize>,
    text: String,
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        format!("{}{}{}", &text[..self.at.start], self.text, &text[self.at.end..])
    }

    /// Where it leaves `range`: beside it, or `None`.
    fn leaves(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let gap = usize::from(range.is_empty());
        if self.at.end + gap <= range.start {
            let moved = |at: usize| at - self.at.len() + self.text.len();
            Some(moved(range.start)..moved(range.end))
        } else {
            (self.at.start >= range.end + gap).then(|| range.clone())
        }
    }

    fn to_change(&self, document: &Document) -> Change {
        let place = |at| document.position(at, Encoding::Utf8);
        let range = aside_text::Range { start: place(self.at.start), end: place(self.at.end) };
        Change { range: Some(range), text: self.text.clone() }
    }
}

fn is_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

fn is_whole_lines(text: &str, range: &Range<usize>) -> bool {
    is_line_start(text, range.start) && (range.end == text.len() || is_line_start(text, range.end))
}

/// All places where the smallest change from `old` to `new` may have been; those of whole lines if there are any.
fn explanations(old: &str, new: &str) -> Vec<Edit> {
    let (old_bytes, new_bytes) = (old.as_bytes(), new.as_bytes());
    let smallest = |start: usize| {
        let fits = |removed: &usize| {
            let added = (new.len() + removed).checked_sub(old.len());
            added.is_some_and(|added| {
                start + added <= new.len() && old_bytes[start + removed..] == new_bytes[start + added..]
            })
        };
        (0..=old.len() - start).find(fits)
    };
    let starts = (0..=old.len().min(new.len())).take_while(|&at| old_bytes[..at] == new_bytes[..at]);
    let all: Vec<Range<usize>> = starts.filter_map(|at| smallest(at).map(|removed| at..at + removed)).collect();
    let least = all.iter().map(Range::len).min().unwrap_or(0);
    let added = new.len() + least - old.len();
    // A byte that is common to both sides of a replacement would be trimmed: such a change has one place only.
    let all: Vec<Edit> =
        all.into_iter().filter(|at| at.len() == least).map(|at| Edit { text: "x".repeat(added), at }).collect();
    let longer = if least == 0 { new } else { old };
    let length = least.max(added);
    let lines = |edit: &&Edit| {
        let at = edit.at.start;
        (least == 0 || added == 0) && is_line_start(longer, at) && is_whole_lines(longer, &(at..at + length))
    };
    let aligned: Vec<Edit> = all.iter().filter(lines).cloned().collect();
    if aligned.is_empty() { all } else { aligned }
}

/// Where all explanations agree that the range is, as whole lines.
fn expected(old: &str, new: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let mut places = explanations(old, new).into_iter().map(|edit| edit.leaves(range));
    let first = places.next()??;
    (places.all(|place| place.as_ref() == Some(&first)) && is_whole_lines(new, &first)).then_some(first)
}

const PIECES: &[&str] = &["a\n", "a\n", "a\n", "b\n", "b\n", "\n", "a", "}", "é\n", "a\r\n"];

fn text(pieces: Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), pieces).prop_map(|pieces| pieces.concat())
}

/// Whole lines of `text`, or a place between two, picked by two fractions.
fn lines_of(text: &str, from: f64, to: f64) -> Range<usize> {
    let mut starts: Vec<usize> = (0..text.len()).filter(|&at| is_line_start(text, at)).collect();
    starts.push(text.len());
    let pick = |part: f64| starts[((part * starts.len() as f64) as usize).min(starts.len() - 1)];
    let (start, end) = (pick(from.min(to)), pick(from.max(to)));
    // Behind a last line without an end there is no place for another one.
    if is_line_start(text, start) { start..end } else { text[..start].rfind('\n').map_or(0, |end| end + 1)..end }
}

/// An edit of whole lines, or of any characters.
fn edit_of(text: &str, (whole, from, to, new): &(bool, f64, f64, String)) -> Edit {
    let at = if *whole {
        lines_of(text, *from, *to)
    } else {
        let pick = |part: f64| {
            let at = text.floor_char_boundary((part * text.len() as f64) as usize);
            // Between `\r` and `\n` is no place in an editor.
            at - usize::from(at > 0 && text[..at].ends_with('\r') && text[at..].starts_with('\n'))
        };
        pick(from.min(*to))..pick(from.max(*to))
    };
    Edit { at, text: new.clone() }
}

fn intent() -> impl Strategy<Value = (bool, f64, f64, String)> {
    let span = (0.0..1.0, prop_oneof![Just(0.0), Just(0.1), 0.0..0.4]).prop_map(|(from, length)| (from, from + length));
    (any::<bool>(), span, text(0..4)).prop_map(|(whole, (from, to), new)| (whole, from, f64::min(to, 1.0), new))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_range_moves_when_every_explanation_agrees_and_only_then(
        old in text(0..9), from in 0.0..1.0, to in 0.0..1.0, intent in intent(),
    ) {
        let range = lines_of(&old, from, to);
        let new = edit_of(&old, &intent).apply(&old);
        if new == old {
            prop_assert_eq!(followed(&old, &new, &range), Some(range));
        } else {
            prop_assert_eq!(followed(&old, &new, &range), expected(&old, &new, &range), "{:?} to {:?}", old, new);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hunk_applied_after_edits_gives_what_it_gives_before_them_or_is_refused(
        old in text(0..12), from in 0.0..1.0, to in 0.0..1.0, new_lines in text(0..3),
        intents in prop::collection::vec(intent(), 1..4),
    ) {
        let hunk = Edit { at: lines_of(&old, from, to), text: new_lines };
        let mut document = Document::open("file:///a", "", 0, &old).expect("a small text");
        let (mut changed, mut place) = (hunk.apply(&old), Some(hunk.at.clone()));
        let mut real = Some(hunk.at.clone());
        for intent in &intents {
            let edit = edit_of(&document.text(), intent);
            let (next, traced) = trace(&document, 1, &[edit.to_change(&document)], Encoding::Utf8).expect("a valid edit");
            place = place.and_then(|range| traced.iter().try_fold(range, |range, change| match follow(&range, change) {
                Followed::Moved(range) => Some(range),
                Followed::Touched => None,
            }));
            // The same edit in the text that already has the hunk; text that joins one of its lines has no place there.
            let beside = real.and_then(|range| Some((edit.leaves(&range)?, range)));
            real = beside.filter(|(moved, _)| is_whole_lines(&next.text(), moved)).map(|(moved, range)| {
                let below = edit.at.start >= range.end;
                let shift = |at: usize| if below { at - range.len() + hunk.text.len() } else { at };
                changed = Edit { at: shift(edit.at.start)..shift(edit.at.end), text: edit.text.clone() }.apply(&changed);
                moved
            });
            document = next;
        }
        if let Some(place) = place {
            let text = document.text();
            prop_assert_eq!(&text[place.clone()], &old[hunk.at.clone()], "the lines are still there");
            prop_assert!(is_whole_lines(&text, &place));
            if let Some(real) = real {
                prop_assert_eq!(&place, &real);
                prop_assert_eq!(Edit { at: place, text: hunk.text }.apply(&text), changed);
            }
        }
    }

    #[test]
    fn a_hunk_away_from_all_edits_is_never_refused(
        above in text(0..9), below in text(0..9), from in 0.0..1.0, to in 0.0..1.0, intent in intent(), edit_above in any::<bool>(),
    ) {
        let above = if above.is_empty() || above.ends_with('\n') { above } else { format!("{above}\n") };
        let fence = "----\n";
        let old = format!("{above}{fence}{below}");
        let base = above.len() + fence.len();
        let (range, edit) = if edit_above {
            let range = lines_of(&below, from, to);
            (base + range.start..base + range.end, edit_of(&above, &intent))
        } else {
            let edit = edit_of(&below, &intent);
            (lines_of(&above, from, to), Edit { at: base + edit.at.start..base + edit.at.end, text: edit.text })
        };
        // An empty range at the fence itself is a neighbour of what happens there.
        if !range.is_empty() || (range.start != above.len() && range.start != base) {
            prop_assert!(followed(&old, &edit.apply(&old), &range).is_some());
        }
    }
}
