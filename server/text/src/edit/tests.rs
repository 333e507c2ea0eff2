//! Edits as editors send them, good and bad.

use super::*;

fn open(text: &str) -> Document {
    Document::open("file:///w/a.rs", "rust", 1, text).expect("a text")
}

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

fn change(start: (u32, u32), end: (u32, u32), text: &str) -> Change {
    let range = Range { start: at(start.0, start.1), end: at(end.0, end.1) };
    Change { range: Some(range), text: text.to_owned() }
}

fn edited(text: &str, changes: &[Change]) -> Result<String, EditError> {
    open(text).apply(2, changes, Encoding::Utf16).map(|document| document.text())
}

#[test]
fn changes_are_applied_in_order_and_the_old_snapshot_stays() {
    let before = open("one\ntwo\n");
    let changes = [change((0, 0), (0, 3), "1"), change((0, 1), (1, 0), " ")];
    let after = before.apply(9, &changes, Encoding::Utf16).expect("valid changes");
    assert_eq!((after.text().as_str(), after.version(), after.uri()), ("1 two\n", 9, before.uri()));
    assert_eq!((before.text().as_str(), before.version()), ("one\ntwo\n", 1));
}

#[test]
fn a_change_without_a_range_is_the_whole_text() {
    let whole = Change { range: None, text: "new\r".to_owned() };
    assert_eq!(edited("old", &[whole, change((1, 0), (1, 0), "!")]), Ok("new\r!".to_owned()));
}

#[test]
fn no_changes_give_the_same_text_as_a_new_version() {
    let after = open("x").apply(-5, &[], Encoding::Utf8).expect("nothing to refuse");
    assert_eq!((after.text().as_str(), after.version()), ("x", -5));
}

#[test]
fn a_reversed_range_is_refused() {
    for (start, end) in [((1, 0), (0, 0)), ((0, 2), (0, 1)), ((9, 9), (9, 8))] {
        let refused = edited("one\ntwo", &[change(start, end, "")]);
        let (start, end) = (at(start.0, start.1), at(end.0, end.1));
        assert_eq!(refused, Err(EditError::Reversed { start, end }));
    }
}

#[test]
fn a_position_inside_a_surrogate_pair_is_refused_and_nothing_is_applied() {
    let document = open("a\u{1F600}b");
    let changes = [change((0, 0), (0, 0), "x"), change((0, 3), (0, 4), "")];
    let refused = document.apply(2, &changes, Encoding::Utf16).expect_err("splits the emoji");
    assert_eq!(refused, EditError::SplitsCharacter { position: at(0, 3), encoding: Encoding::Utf16 });
    assert_eq!(document.text(), "a\u{1F600}b");
}

#[test]
fn a_position_inside_a_utf_8_sequence_is_refused() {
    let refused = open("é").apply(2, &[change((0, 0), (0, 1), "")], Encoding::Utf8).expect_err("splits the é");
    assert_eq!(refused, EditError::SplitsCharacter { position: at(0, 1), encoding: Encoding::Utf8 });
}

#[test]
fn places_outside_the_text_are_its_nearest_end() {
    for (start, end, expected) in [
        ((0, u32::MAX), (0, u32::MAX), "one!\r\ntwo"),
        ((0, 3), (0, 50), "one!\r\ntwo"),
        ((7, 0), (u32::MAX, u32::MAX), "one\r\ntwo!"),
        ((1, u32::MAX), (2, 0), "one\r\ntwo!"),
        ((0, 0), (u32::MAX, 0), "!"),
    ] {
        assert_eq!(edited("one\r\ntwo", &[change(start, end, "!")]).as_deref(), Ok(expected), "{start:?} {end:?}");
    }
}

#[test]
fn a_line_feed_put_behind_a_carriage_return_makes_one_line_end() {
    let after = open("a\rb").apply(2, &[change((1, 0), (1, 0), "\n")], Encoding::Utf16).expect("valid");
    assert_eq!((after.text().as_str(), after.len_lines()), ("a\r\nb", 2));
    let after = after.apply(3, &[change((0, 1), (0, 1), "x\r")], Encoding::Utf16).expect("valid");
    assert_eq!((after.text().as_str(), after.len_lines()), ("ax\r\r\nb", 3));
}

#[test]
fn what_stood_between_a_carriage_return_and_a_line_feed_takes_a_line_end_along() {
    let after = open("a\rxx\nb").apply(2, &[change((1, 0), (1, 2), "")], Encoding::Utf16).expect("valid");
    assert_eq!((after.text().as_str(), after.len_lines()), ("a\r\nb", 2));
}

#[test]
fn an_edit_past_the_limit_is_refused_and_one_to_the_limit_is_not() {
    let document = open(&"x".repeat(MAX_BYTES - 1));
    let end = (u32::MAX, 0);
    let full = document.apply(2, &[change(end, end, "y")], Encoding::Utf8).expect("just fits");
    assert_eq!(full.len_bytes(), MAX_BYTES);
    let refused = full.apply(3, &[change(end, end, "y")], Encoding::Utf8).expect_err("too large");
    assert_eq!(refused, EditError::TooLarge { bytes: MAX_BYTES + 1, limit: MAX_BYTES });
    full.apply(3, &[change((0, 0), (0, 1), "z")], Encoding::Utf8).expect("replaces one byte by one");
    let whole = Change { range: None, text: "x".repeat(MAX_BYTES + 1) };
    assert!(matches!(full.apply(3, &[whole], Encoding::Utf8), Err(EditError::TooLarge { .. })));
}

#[test]
fn refusals_say_what_to_do() {
    let texts = [
        EditError::Reversed { start: at(1, 2), end: at(0, 1) }.to_string(),
        EditError::SplitsCharacter { position: at(0, 3), encoding: Encoding::Utf16 }.to_string(),
        EditError::TooLarge { bytes: 9, limit: 8 }.to_string(),
    ];
    assert_eq!(
        texts,
        [
            "the edit's range ends at 0:1 before it starts at 1:2; send the whole document",
            "the edit's position 0:3 lies inside a character (counted in Utf16); send the whole document",
            "the edit makes the document 9 bytes long, the limit is 8; close it or shorten it",
        ]
    );
}
