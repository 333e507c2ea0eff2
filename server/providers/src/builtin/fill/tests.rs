//! What is shown at a place, on small texts; and that no text breaks it.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::builtin::{sequence::Sequence, workspace::Builder};

/// What is shown between `prefix` and `suffix` in a workspace of `files`.
fn shown(files: &[&str], prefix: &str, suffix: &str, threshold: f64) -> String {
    let mut builder = Builder::new(100_000);
    for file in files {
        builder.file("file", file);
    }
    let workspace = builder.finish();
    let mut words = Vocabulary::over(Arc::clone(&workspace.words));
    let read = Sequence::read(format!("{prefix}{suffix}"), &mut words);
    let (before, line, after) = read.around(prefix.len());
    let left = &prefix[line.min(prefix.len())..];
    let place = Place { before, after, columns: read.columns_before(prefix.len()), left, suffix };
    let known = Known { workspace: &workspace, skip: &[], open: &[] };
    complete(&place, &known, &mut words, Ask { threshold, tokens: MAX_TOKENS })
}

const CALLS: &str =
    "    let user = load(\"name\", 3)?;\n    let user = load(\"name\", 3)?;\n    let user = load(\"name\", 3)?;\n";

#[test]
fn the_rest_of_a_known_line_is_shown_exactly() {
    for (prefix, expected) in [
        ("    let user = load(", "\"name\", 3)?;"),
        ("    let user =", " load(\"name\", 3)?;"),
        ("    let user = ", "load(\"name\", 3)?;"),
        ("    let us", "er = load(\"name\", 3)?;"),
        ("    let user = load(\"name\", 3)?;", ""),
    ] {
        assert_eq!(shown(&[CALLS], prefix, "", 0.3), expected, "{prefix:?}");
    }
}

#[test]
fn every_kind_of_line_end_ends_a_suggestion() {
    for end in ["\n", "\r\n", "\r"] {
        let file = format!("begin work{end}").repeat(5);
        assert_eq!(shown(&[&file], &format!("{file}begin"), end, 0.2), " work", "{end:?}");
    }
}

#[test]
fn tabs_and_runs_of_spaces_are_kept() {
    let file = "alpha\t=  beta // c\n".repeat(6);
    assert_eq!(shown(&[&file], "alpha", "", 0.2), "\t=  beta // c");
    assert_eq!(shown(&[&file], "alpha\t", "", 0.2), "=  beta // c");
    assert_eq!(shown(&[&file], "alpha\t= ", "", 0.2), "");
}

#[test]
fn words_of_any_script_are_completed() {
    let file = "größe = übung(名前, \"😀\")\n".repeat(6);
    assert_eq!(shown(&[&file], "grö", "", 0.2), "ße = übung(名前, \"😀\")");
    assert_eq!(shown(&[&file], "größe = übung(名", "", 0.2), "前, \"😀\")");
}

#[test]
fn an_empty_text_and_an_unknown_one_show_nothing() {
    for prefix in ["", "\n", "unknown ", "let x = unknown("] {
        assert_eq!(shown(&[], prefix, "", 0.01), "");
    }
    assert_eq!(shown(&[CALLS], "unknown ", "", 0.01), "");
}

#[test]
fn what_stands_right_of_the_cursor_is_not_shown_again() {
    for (prefix, suffix, expected) in [
        ("    let user = load(", ")?;\n", "\"name\", 3"),
        ("    let user = load(\"", "\")?;\n", "name"),
        ("    let user = load(", "\"name\", 3)?;\n", ""),
        ("    let user = load", "(\"name\", 3)?;\n", ""),
        ("    let user ", " load(\"name\", 3)?;\n", "="),
        ("    let us", "er = 1;\n", ""),
        ("    let user = load(", "other, 3)?;\n", ""),
    ] {
        assert_eq!(shown(&[CALLS], prefix, suffix, 0.2), expected, "{prefix:?} | {suffix:?}");
    }
}

#[test]
fn the_next_line_is_not_shown_as_this_one() {
    let file = "open();\nclose();\n".repeat(5);
    assert_eq!(shown(&[&file], "open();\n", "\nopen();\n", 0.2), "close();");
    assert_eq!(shown(&[&file], "open();\n", "\nclose();\n", 0.2), "");
    assert_eq!(shown(&[&file], "open();\nclo", "\nclose();\n", 0.2), "");
}

#[test]
fn a_nested_call_is_closed_before_the_brackets_on_the_right() {
    let file = "run(wrap(x), y);\n".repeat(6);
    assert_eq!(shown(&[&file], "run(", ");\n", 0.2), "wrap(x), y");
}

#[test]
fn a_higher_threshold_shows_a_beginning_of_what_a_lower_one_shows() {
    let file = "a(b, c) + d;\na(b, e) + d;\na(b, c) - d;\n".repeat(3);
    let all: Vec<String> = (0..=20).map(|step| shown(&[&file], "a", "", f64::from(step) / 20.0)).collect();
    assert!(all[0].len() > all[20].len());
    for pair in all.windows(2) {
        assert!(pair[0].starts_with(&pair[1]), "{pair:?}");
    }
}

#[test]
fn the_same_text_shows_the_same() {
    let tie = ["x one\n", "x two\n", "x three\n"];
    let first = shown(&tie, "x ", "", 0.01);
    for _ in 0..5 {
        assert_eq!(shown(&tie, "x ", "", 0.01), first);
    }
}

#[test]
fn a_giant_line_is_left_alone() {
    let giant = "word ".repeat(200_000);
    assert_eq!(shown(&[&giant], &giant, "", 0.01), "");
    assert_eq!(shown(&[&giant], "x", &giant, 0.01), "");
    assert_eq!(shown(&[CALLS], &format!("{giant}\n    let user = load("), "", 0.3), "\"name\", 3)?;");
}

#[test]
fn a_limit_of_tokens_is_kept() {
    let file = "a b c d e f\n".repeat(8);
    let builder = || {
        let mut builder = Builder::new(1_000);
        builder.file("file", &file);
        builder.finish()
    };
    let workspace = builder();
    let mut words = Vocabulary::over(Arc::clone(&workspace.words));
    let place = Place { before: &[], after: &[], columns: 0, left: "a", suffix: "" };
    let known = Known { workspace: &workspace, skip: &[], open: &[] };
    assert_eq!(complete(&place, &known, &mut words, Ask { threshold: 0.1, tokens: 3 }), " b c");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_breaks_a_fill(prefix in any::<String>(), suffix in any::<String>(), file in any::<String>()) {
        let text = shown(&[&file, &prefix], &prefix, &suffix, 0.01);
        prop_assert!(!text.contains(['\n', '\r']));
    }

    #[test]
    fn a_suggestion_never_repeats_its_surroundings(
        file in "((a|b|foo|\\(|\\)| = |;| |\n|\t|ß){0,12}\n){0,6}",
        prefix in "(a|b|foo|\\(|\\)| = |;| |\n|\r\n|\t|ß){0,12}",
        suffix in "(a|b|foo|\\(|\\)| = |;| |\n|\r\n|\t|ß){0,12}",
    ) {
        let text = shown(&[&file, &file], &prefix, &suffix, 0.05);
        prop_assert!(!text.contains(['\n', '\r']) && text.trim_end() == text);
        let right = suffix.split(['\n', '\r']).next().unwrap_or_default().trim();
        if !text.is_empty() && !right.is_empty() {
            prop_assert!(!right.starts_with(text.trim()), "{text:?} before {right:?}");
        }
    }
}
