//! Parts of changes, while and after the new text arrives.

use proptest::prelude::*;

use super::{Hunk, apply, hunks};

/// `old range -> new text` of each part, with `\n` shown as `/`.
fn shown(parts: &[Hunk]) -> Vec<String> {
    parts.iter().map(|part| format!("{:?} {}", part.old, part.new.replace('\n', "/"))).collect()
}

#[track_caller]
fn assert_parts(old: &str, new: &str, expected: &[&str]) {
    let parts = hunks(old, new);
    assert_eq!(shown(&parts), expected);
    assert_eq!(apply(old, &parts), new);
}

#[test]
fn equal_texts_have_no_parts() {
    assert_parts("", "", &[]);
    assert_parts("a\nb", "a\nb", &[]);
}

#[test]
fn an_empty_text_gains_or_loses_everything_in_one_part() {
    assert_parts("", "a\nb\n", &["0..0 a/b/"]);
    assert_parts("a\nb", "", &["0..3 "]);
}

#[test]
fn parts_with_an_unchanged_line_between_stay_apart() {
    assert_parts("a\nb\nc\n", "A\nb\nC\n", &["0..2 A/", "4..6 C/"]);
}

#[test]
fn changes_that_touch_are_one_part() {
    assert_parts("a\nb\nc\n", "A\nB\nc\n", &["0..4 A/B/"]);
}

#[test]
fn a_final_newline_is_part_of_its_line() {
    assert_parts("a\nb", "a\nb\n", &["2..3 b/"]);
    assert_parts("a\nb\n", "a\nb", &["2..4 b"]);
    assert_parts("a", "a\nb", &["0..1 a/b"]);
}

#[test]
fn line_ends_are_compared_too() {
    assert_parts("a\r\nb\r\n", "a\r\nb\n", &["3..6 b/"]);
    assert_parts("a\rb\n", "a\rc\n", &["0..4 a\rc/"]);
}

#[test]
fn an_added_function_is_shown_from_its_first_line() {
    let old = "#[test]\nfn a() {\n    x();\n}\n\n#[test]\nfn c() {\n    x();\n}\n";
    let new = "#[test]\nfn a() {\n    x();\n}\n\n#[test]\nfn b() {\n    x();\n}\n\n#[test]\nfn c() {\n    x();\n}\n";
    assert_parts(old, new, &["29..29 #[test]/fn b() {/    x();/}//"]);
    let back: Vec<String> = shown(&hunks(new, old));
    assert_eq!(back, ["29..58 "]);
}

#[test]
fn two_texts_without_a_common_line_are_one_part_however_long() {
    let text = |letter: char| (0..30_000).map(|n| format!("{letter}{n}\n")).collect::<String>();
    assert_eq!(hunks(&text('a'), &text('b')).len(), 1);
}

#[test]
fn few_distinct_lines_in_two_long_texts_end_in_time() {
    let text = |step: u64| {
        let mut seed = step;
        let mut line = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ["}\n", "\n", "x\n", "{\n"][(seed >> 62) as usize]
        };
        (0..20_000).map(|_| line()).collect::<String>()
    };
    let (old, new) = (text(1), text(2));
    assert_eq!(apply(&old, &hunks(&old, &new)), new);
}

#[test]
fn a_text_too_long_to_be_compared_is_one_part_between_what_is_common() {
    let text = |mark: &str| {
        (0..60_000).map(|n| format!("{}{n}\n", if n % 1_000 == 7 { mark } else { "" })).collect::<String>()
    };
    let (old, new) = (text("a"), text("b"));
    let parts = hunks(&old, &new);
    assert_eq!((parts.len(), apply(&old, &parts) == new), (1, true));
    assert!(parts[0].old.start > 0 && parts[0].old.end < old.len());
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(&["a", "b", "c", "\n", "\n", "\n", "\r\n", "é", "}\n", "x y\n", "\r"][..]);
    prop::collection::vec(line, 0..40).prop_map(|pieces| pieces.concat())
}

fn is_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

#[track_caller]
fn assert_sound(old: &str, parts: &[Hunk]) {
    for part in parts {
        assert!(is_line_start(old, part.old.start), "{part:?}");
        assert!(is_line_start(old, part.old.end) || part.old.end == old.len(), "{part:?}");
        assert!(part.old.end == old.len() || part.new.is_empty() || part.new.ends_with('\n'), "{part:?}");
        assert_ne!(&old[part.old.clone()], part.new, "a part changes something");
    }
    assert!(parts.windows(2).all(|pair| pair[0].old.end < pair[1].old.start), "{parts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_lead_from_old_to_new(old in lines(), new in lines()) {
        let parts = hunks(&old, &new);
        assert_sound(&old, &parts);
        prop_assert_eq!(apply(&old, &parts), new);
    }

    #[test]
    fn some_of_the_parts_leave_whole_lines(old in lines(), new in lines(), chosen in prop::collection::vec(any::<bool>(), 40)) {
        let parts: Vec<Hunk> = hunks(&old, &new).into_iter().zip(chosen).filter_map(|(part, take)| take.then_some(part)).collect();
        let text = apply(&old, &parts);
        let from_either = |line: &str| old.split_inclusive('\n').chain(new.split_inclusive('\n')).any(|known| known == line);
        prop_assert!(text.split_inclusive('\n').all(from_either), "{:?}", text);
    }
}
