//! Where windows are cut, and what they cost.

use std::time::{Duration, Instant};

use super::*;

fn open(text: &str) -> Document {
    Document::open("file:///w/a.rs", "rust", 1, text).expect("a text")
}

fn window(text: &str, at: usize, before: usize, after: usize) -> Window {
    open(text).window(at, before, after)
}

#[track_caller]
fn assert_window(window: &Window, prefix: &str, suffix: &str, cut: (bool, bool)) {
    assert_eq!((window.prefix.as_str(), window.suffix.as_str()), (prefix, suffix));
    assert_eq!((window.prefix_cut, window.suffix_cut), cut);
}

#[test]
fn what_fits_is_not_cut() {
    for budget in [4, 5, usize::MAX] {
        assert_window(&window("ab\ncd\nef", 4, budget, budget), "ab\nc", "d\nef", (false, false));
    }
}

#[test]
fn what_does_not_fit_is_cut_at_a_line() {
    let text = "one\ntwo\nthree\nfour\nfive";
    assert_window(&window(text, 10, 6, 8), "two\nth", "ree\nfour", (true, true));
    assert_window(&window(text, 10, 5, 9), "th", "ree\nfour\n", (true, true));
    assert_window(&window(text, 10, 2, 3), "th", "ree", (true, true));
}

#[test]
fn a_line_longer_than_the_budget_is_cut_between_characters() {
    let text = "\u{1F600}\u{1F600}\u{1F600}\u{1F600}";
    assert_window(&window(text, 8, 7, 7), "\u{1F600}", "\u{1F600}", (true, true));
    assert_window(&window(text, 8, 3, 3), "", "", (true, true));
}

#[test]
fn a_cursor_at_the_start_of_a_line_still_has_something_before_it() {
    assert_window(&window("a long first line\nx", 18, 6, 6), " line\n", "x", (true, false));
}

#[test]
fn a_line_end_of_two_bytes_is_never_cut_apart() {
    assert_window(&window("abcd\r\nx", 6, 1, 0), "", "", (true, true));
    assert_window(&window("abcd\r\nx", 6, 2, 0), "\r\n", "", (true, true));
    assert_window(&window("abcd\r\nx", 4, 0, 1), "", "", (true, true));
    assert_window(&window("abcd\r\nx", 5, 9, 9), "abcd", "\r\nx", (false, false));
}

#[test]
fn no_budget_gives_nothing() {
    assert_window(&window("ab", 1, 0, 0), "", "", (true, true));
    assert_window(&window("", 9, 0, 0), "", "", (false, false));
}

#[test]
fn a_window_costs_its_own_size_and_not_the_documents() {
    let of = |lines: usize| open(&"    let value = compute(left, right);\n".repeat(lines));
    let (small, large) = (of(400), of(400_000));
    // The fastest of many: what else runs on the machine only makes some slower.
    let cost = |document: &Document| -> Duration {
        let at = document.len_bytes() / 2 + 7;
        let one = || {
            let started = Instant::now();
            assert!(document.window(at, 6_144, 2_048).prefix.len() > 6_000);
            started.elapsed()
        };
        (0..200).map(|_| one()).min().expect("200 of them")
    };
    let (small, large) = (cost(&small), cost(&large));
    assert!(large < small * 20, "a document a thousand times longer: {large:?} instead of {small:?}");
}
