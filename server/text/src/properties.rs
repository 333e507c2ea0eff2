//! Random texts and edits, checked against the plain reference.
//!
//! Texts are made of what goes wrong: characters of every width, combining marks, joined emoji, all line ends, and what looks
//! like a line end and is none. Small documents are checked all over; large ones, whose rope has many leaves, where the
//! leaves meet by chance, and by the rope's own check of its tree.

use proptest::prelude::*;

use crate::{
    Change, Document, EditError, Encoding, Position, PositionError, Range,
    reference::{Plain, Refused},
};

const PIECES: &[&str] = &[
    "a",
    "fn ",
    "\t",
    "é",
    "ß",
    "字",
    "\u{1F600}",
    "\u{10FFFF}",
    "e\u{301}",
    "\u{301}",
    "\u{1F469}\u{200D}\u{1F467}",
    "\u{1F1E9}\u{1F1EA}",
    "\n",
    "\n",
    "\r\n",
    "\r\n",
    "\r",
    "\r",
    "\n\r",
    "\r\r\n",
    "\u{2028}",
    "\u{85}",
    "\u{B}",
    "\u{C}",
    "\u{FEFF}",
    "\0",
];

fn text(pieces: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), pieces).prop_map(|pieces| pieces.concat())
}

/// A text of many leaves: runs of one piece, so that whole leaves are line ends or emoji.
fn long_text() -> impl Strategy<Value = String> {
    let run = (prop::sample::select(PIECES), 1_usize..700).prop_map(|(piece, times)| piece.repeat(times));
    prop::collection::vec(run, 4..16).prop_map(|runs| runs.concat())
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(&[Encoding::Utf8, Encoding::Utf16, Encoding::Utf32][..])
}

/// A document may not open with a NUL byte near its start, but an edit may bring one.
fn opened(text: &str) -> (Document, Plain) {
    let text = text.replace('\0', "0");
    let document = Document::open("file:///p.rs", "rust", 0, &text).expect("a small text without NUL");
    (document, Plain(text))
}

/// An edit as fractions of the document it will meet, so that most places are real and some are not.
#[derive(Debug, Clone)]
struct Intent {
    at: (f64, u32),
    to: (f64, u32),
    how: How,
    text: String,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Ordered,
    AsDrawn,
    Insert,
    Whole,
}

fn intent(text: impl Strategy<Value = String>) -> impl Strategy<Value = Intent> {
    let character = || prop_oneof![8 => 0_u32..12, 1 => 0_u32..2_000, 1 => prop::sample::select(&[u32::MAX, u32::MAX - 1, 1 << 31][..])];
    let how =
        prop_oneof![8 => Just(How::Ordered), 2 => Just(How::AsDrawn), 4 => Just(How::Insert), 1 => Just(How::Whole)];
    ((0.0..1.1, character()), (0.0..1.1, character()), how, text).prop_map(|(at, to, how, text)| Intent {
        at,
        to,
        how,
        text,
    })
}

impl Intent {
    fn change(&self, lines: usize) -> Change {
        let place = |(line, character): (f64, u32)| {
            let line = if line > 1.09 { u32::MAX } else { (line * lines as f64) as u32 };
            Position { line, character }
        };
        let (start, end) = (place(self.at), place(self.to));
        let range = match self.how {
            How::Ordered => Some(Range { start: start.min(end), end: start.max(end) }),
            How::AsDrawn => Some(Range { start, end }),
            How::Insert => Some(Range { start, end: start }),
            How::Whole => None,
        };
        Change { range, text: self.text.clone() }
    }
}

/// Applies one edit to both; they must agree on the outcome.
fn edited(document: Document, plain: Plain, version: i32, change: &Change, encoding: Encoding) -> (Document, Plain) {
    let change = std::slice::from_ref(change);
    match (document.apply(version, change, encoding), plain.apply(&change[0], encoding)) {
        (Ok(document), Ok(plain)) => {
            assert_eq!(document.version(), version);
            (document, plain)
        }
        (Err(EditError::Reversed { .. }), Err(Refused::Reversed)) => (document, plain),
        (Err(EditError::SplitsCharacter { position, .. }), Err(Refused::Splits(expected))) => {
            assert_eq!(position, expected);
            (document, plain)
        }
        (document, plain) => panic!("{change:?} gives {document:?}, expected {plain:?}"),
    }
}

fn assert_same_lines(document: &Document, plain: &Plain) {
    document.rope.assert_integrity();
    document.rope.assert_invariants();
    assert_eq!(document.text(), plain.0);
    assert_eq!(document.len_bytes(), plain.0.len());
    let lines = plain.lines();
    assert_eq!(document.len_lines(), lines.len());
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(document.line_range(number).as_ref(), Some(line), "line {number}");
    }
    assert_eq!(document.line_range(lines.len()), None);
}

fn assert_same_place(document: &Document, plain: &Plain, byte: usize, encoding: Encoding) {
    let position = plain.position(byte, encoding);
    assert_eq!(document.position(byte, encoding), position, "byte {byte}");
    assert_eq!(document.offset(position, encoding), Ok(plain.floor(byte)), "{position:?}");
    assert_eq!(document.line_of(byte), plain.line_of(byte.min(plain.0.len())), "byte {byte}");
    let boundary = plain.0.floor_char_boundary(byte);
    assert_eq!(document.byte_at(byte), plain.0.as_bytes().get(byte).copied());
    assert_eq!(document.char_at(byte), plain.0[boundary..].chars().next());
    assert_eq!(document.char_before(byte), plain.0[..boundary].chars().next_back());
    assert_eq!(document.slice(0..byte), plain.0[..boundary]);
}

fn assert_same_window(document: &Document, plain: &Plain, at: usize, before: usize, after: usize) {
    let window = document.window(at, before, after);
    let at = plain.floor(at);
    let (start, end) = (plain.prefix_start(at, before), plain.suffix_end(at, after));
    assert_eq!((&*window.prefix, &*window.suffix), (&plain.0[start..at], &plain.0[at..end]), "{at} -{before} +{after}");
    assert_eq!((window.prefix_cut, window.suffix_cut), (start > 0, end < plain.0.len()));
    assert!(window.prefix.len() <= before && window.suffix.len() <= after);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_documents_are_what_a_plain_text_would_be(
        start in text(0..24),
        intents in prop::collection::vec(intent(text(0..6)), 1..10),
        places in prop::collection::vec(0.0..1.1, 8),
        encoding in encoding(),
    ) {
        let (mut document, mut plain) = opened(&start);
        let before = (document.clone(), plain.clone());
        for (version, intent) in intents.iter().enumerate() {
            let change = intent.change(plain.lines().len());
            (document, plain) = edited(document, plain, version as i32, &change, encoding);
            assert_same_lines(&document, &plain);
        }
        for place in places {
            assert_same_place(&document, &plain, (place * plain.0.len() as f64) as usize, encoding);
        }
        prop_assert_eq!(before.0.text(), before.1.0, "the first snapshot is as it was");
    }

    #[test]
    fn every_byte_has_the_place_it_has_in_a_plain_text(start in text(0..9), encoding in encoding()) {
        let (document, plain) = opened(&start);
        for byte in 0..=plain.0.len() + 1 {
            assert_same_place(&document, &plain, byte, encoding);
        }
    }

    #[test]
    fn windows_are_what_a_plain_text_would_give(start in text(0..40), at in 0_usize..80, before in 0_usize..60, after in 0_usize..60) {
        let (document, plain) = opened(&start);
        assert_same_window(&document, &plain, at, before, after);
    }

    #[test]
    fn a_place_that_is_no_place_is_the_nearest_one(start in text(0..20), line in 0_u32..10, character in 0_u32..30, encoding in encoding()) {
        let (document, plain) = opened(&start);
        let lines = document.len_lines();
        let expected = plain.place(Position { line, character }, encoding).map(|(byte, _)| byte);
        let expected = expected.ok_or(PositionError::LineOutside { line, lines });
        prop_assert_eq!(document.offset(Position { line, character }, encoding), expected);
    }

    #[test]
    fn a_list_of_changes_is_applied_whole_or_not_at_all(start in text(0..20), intents in prop::collection::vec(intent(text(0..4)), 1..5), encoding in encoding()) {
        let (document, plain) = opened(&start);
        let changes: Vec<Change> = intents.iter().map(|intent| intent.change(plain.lines().len())).collect();
        let expected = changes.iter().try_fold(plain.clone(), |plain, change| plain.apply(change, encoding));
        let after = document.apply(7, &changes, encoding);
        prop_assert_eq!(after.is_ok(), expected.is_ok());
        if let (Ok(after), Ok(expected)) = (after, expected) {
            prop_assert_eq!(after.text(), expected.0);
        }
        prop_assert_eq!(document.text(), plain.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn large_documents_are_what_a_plain_text_would_be(
        start in long_text(),
        intents in prop::collection::vec(intent(prop_oneof![3 => text(0..6), 1 => text(100..900)]), 1..8),
        places in prop::collection::vec((0.0..1.0, 0_usize..3_000, 0_usize..3_000), 6),
        encoding in encoding(),
    ) {
        let (mut document, mut plain) = opened(&start);
        for (version, intent) in intents.iter().enumerate() {
            let change = intent.change(plain.lines().len());
            (document, plain) = edited(document, plain, version as i32, &change, encoding);
            assert_same_lines(&document, &plain);
        }
        for (at, before, after) in places {
            let byte = (at * plain.0.len() as f64) as usize;
            assert_same_place(&document, &plain, byte, encoding);
            assert_same_window(&document, &plain, byte, before, after);
        }
    }
}
