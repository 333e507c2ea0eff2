//! Places that editors send, good and bad.

use super::*;

const TEXT: &str = "a\u{1F600}é\r\ncafe\u{301}\rlast";

fn document() -> Document {
    Document::open("file:///w/a.rs", "rust", 1, TEXT).expect("a text")
}

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

#[test]
fn a_position_counts_in_its_encoding() {
    use Encoding::{Utf8, Utf16, Utf32};
    let document = document();
    for (encoding, character, byte) in [
        (Utf8, 1, 1),
        (Utf8, 5, 5),
        (Utf8, 7, 7),
        (Utf16, 1, 1),
        (Utf16, 3, 5),
        (Utf16, 4, 7),
        (Utf32, 1, 1),
        (Utf32, 2, 5),
        (Utf32, 3, 7),
    ] {
        assert_eq!(document.offset(at(0, character), encoding), Ok(byte), "{encoding:?} {character}");
        assert_eq!(document.position(byte, encoding), at(0, character), "{encoding:?} byte {byte}");
    }
}

#[test]
fn a_position_inside_a_character_is_its_start() {
    let document = document();
    for (encoding, character, byte) in
        [(Encoding::Utf16, 2, 1), (Encoding::Utf8, 2, 1), (Encoding::Utf8, 4, 1), (Encoding::Utf8, 6, 5)]
    {
        assert_eq!(document.offset(at(0, character), encoding), Ok(byte), "{encoding:?} {character}");
    }
}

#[test]
fn a_character_past_the_end_of_its_line_is_that_end() {
    let document = document();
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
        for character in [100, i32::MAX as u32, u32::MAX] {
            assert_eq!(document.offset(at(0, character), encoding), Ok(7), "{encoding:?} {character}");
            assert_eq!(document.offset(at(2, character), encoding), Ok(TEXT.len()), "{encoding:?} {character}");
        }
    }
}

#[test]
fn a_line_past_the_last_is_an_error_that_names_the_bounds() {
    for line in [3, u32::MAX] {
        let error = document().offset(at(line, 0), Encoding::Utf16).expect_err("no such line");
        assert_eq!(error, PositionError::LineOutside { line, lines: 3 });
        assert!(error.to_string().contains("which has 3 lines"), "{error}");
    }
}

#[test]
fn a_byte_between_carriage_return_and_line_feed_is_the_end_of_the_line() {
    let document = document();
    assert_eq!(document.position(8, Encoding::Utf16), at(0, 4));
    assert_eq!(document.position(9, Encoding::Utf16), at(1, 0));
}

#[test]
fn a_byte_past_the_end_is_the_end() {
    assert_eq!(document().position(usize::MAX, Encoding::Utf8), at(2, 4));
}

#[test]
fn a_place_in_a_line_of_a_megabyte_is_found_in_every_encoding() {
    let document = Document::open("file:///w/a", "", 1, &"é\u{1F600}".repeat(200_000)).expect("a text");
    for (encoding, character) in [(Encoding::Utf8, 600_000), (Encoding::Utf16, 300_000), (Encoding::Utf32, 200_000)] {
        assert_eq!(document.offset(at(0, character), encoding), Ok(600_000), "{encoding:?}");
        assert_eq!(document.position(600_000, encoding), at(0, character), "{encoding:?}");
    }
}
