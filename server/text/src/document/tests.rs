//! What opens, what is declined, and how a snapshot is read.

use super::*;

fn open(text: &str) -> Document {
    Document::open("file:///w/a.rs", "rust", 3, text).expect("a text")
}

#[test]
fn a_document_is_what_was_opened() {
    let document = open("fn main() {}\r\n");
    assert_eq!((document.uri(), document.language(), document.version()), ("file:///w/a.rs", "rust", 3));
    assert_eq!((document.text().as_str(), document.len_bytes()), ("fn main() {}\r\n", 14));
}

#[test]
fn a_text_at_the_limit_opens_and_one_byte_more_is_declined() {
    let longest = "x".repeat(MAX_BYTES);
    assert_eq!(open(&longest).len_bytes(), MAX_BYTES);
    let declined = Document::open("file:///w/a.rs", "rust", 1, &(longest + "x")).expect_err("too large");
    assert_eq!(declined, Declined::TooLarge { bytes: MAX_BYTES + 1, limit: MAX_BYTES });
}

#[test]
fn a_nul_byte_near_the_start_is_binary_and_one_further_on_is_text() {
    let with_nul_at = |at: usize| Document::open("file:///w/a", "", 1, &("x".repeat(at) + "\0x"));
    for at in [0, 1, 8_191] {
        assert_eq!(with_nul_at(at).expect_err("binary"), Declined::Binary, "NUL at {at}");
    }
    assert_eq!(with_nul_at(8_192).expect("a text").len_bytes(), 8_194);
}

#[test]
fn a_slice_is_clamped_and_never_splits_a_character() {
    let document = open("aé\u{1F600}z");
    #[expect(clippy::reversed_empty_ranges, reason = "what a caller may compute")]
    let reversed = 4..1;
    for (range, expected) in [
        (0..8, "aé\u{1F600}z"),
        (0..usize::MAX, "aé\u{1F600}z"),
        (1..3, "é"),
        (2..3, "é"),
        (1..5, "é"),
        (4..7, "\u{1F600}"),
        (4..6, ""),
        (reversed, ""),
        (usize::MAX..usize::MAX, ""),
    ] {
        assert_eq!(document.slice(range.clone()), expected, "{range:?}");
    }
}

#[test]
fn characters_beside_a_place_are_found() {
    let document = open("é\u{1F600}");
    for (byte, before, at) in [
        (0, None, Some('é')),
        (1, None, Some('é')),
        (2, Some('é'), Some('\u{1F600}')),
        (5, Some('é'), Some('\u{1F600}')),
        (6, Some('\u{1F600}'), None),
        (usize::MAX, Some('\u{1F600}'), None),
    ] {
        assert_eq!((document.char_before(byte), document.char_at(byte)), (before, at), "byte {byte}");
    }
    assert_eq!((document.byte_at(1), document.byte_at(6)), (Some(0xa9), None));
}

#[test]
fn two_documents_say_the_same_whatever_their_names() {
    let document = open("same");
    let other = Document::open("untitled:2", "python", 9, "same").expect("a text");
    assert!(document.same_text(&other) && document.same_text(&document.clone()));
    assert!(!document.same_text(&open("other")));
}

#[test]
fn an_empty_document_has_one_empty_line() {
    let document = open("");
    assert_eq!((document.len_lines(), document.line(0)), (1, Some(String::new())));
    assert_eq!((document.line_of(5), document.line(1)), (0, None));
}

#[test]
fn lines_end_with_what_the_protocol_says_and_nothing_else() {
    for (text, lines) in [
        ("a\nb", vec!["a", "b"]),
        ("a\r\nb\r\n", vec!["a", "b", ""]),
        ("a\rb", vec!["a", "b"]),
        ("\r\r\n\n\r", vec!["", "", "", "", ""]),
        ("a\u{2028}b\u{85}c\u{B}d\u{C}e", vec!["a\u{2028}b\u{85}c\u{B}d\u{C}e"]),
    ] {
        let document = open(text);
        let found: Vec<String> = (0..document.len_lines()).filter_map(|line| document.line(line)).collect();
        assert_eq!(found, lines, "{text:?}");
    }
}

#[test]
fn its_debug_form_does_not_show_the_text() {
    let shown = format!("{:?}", open("password"));
    assert!(shown.contains("file:///w/a.rs") && !shown.contains("password"), "{shown}");
}
