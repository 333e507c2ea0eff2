//! Diffs as people and tools read them.

use proptest::prelude::*;

use super::unified;
use crate::edit::hunks::{Hunk, apply, hunks};

#[track_caller]
fn assert_diff(old: &str, new: &str, expected: &str) {
    assert_eq!(
        unified(&[("src/a.rs", Some(old), &hunks(old, new))]),
        format!("--- a/src/a.rs\n+++ b/src/a.rs\n{expected}")
    );
}

#[test]
fn no_change_is_an_empty_diff() {
    assert_eq!(unified(&[("a", Some("x"), &[])]), "");
}

#[test]
fn a_change_has_three_lines_of_context() {
    assert_diff(
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
    );
}

#[test]
fn changes_far_apart_are_shown_apart_and_numbered_on() {
    let old: String = (1..=20).map(|n| format!("{n}\n")).collect();
    let new = old.replace("2\n3\n", "2\nnew\n3\n").replacen("17\n", "", 1);
    assert_diff(
        &old,
        &new,
        "@@ -1,5 +1,6 @@\n 1\n 2\n+new\n 3\n 4\n 5\n@@ -14,7 +15,6 @@\n 14\n 15\n 16\n-17\n 18\n 19\n 20\n",
    );
}

#[test]
fn a_new_file_comes_from_nowhere() {
    let diff = unified(&[("docs/a b.md", None, &hunks("", "x\ny"))]);
    assert_eq!(diff, "--- /dev/null\n+++ b/docs/a b.md\t\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\n");
}

#[test]
fn a_text_that_becomes_empty_keeps_nothing() {
    assert_diff("x\n", "", "@@ -1,1 +0,0 @@\n-x\n");
}

#[test]
fn a_missing_final_newline_is_told() {
    assert_diff("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

#[test]
fn changed_line_ends_are_shown_and_kept_ones_are_not() {
    assert_diff("a\r\n", "a\n", "@@ -1,1 +1,1 @@\n-a\\r\n+a\n");
    assert_diff("a\r\nb\r\n", "a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n");
}

#[test]
fn nothing_hides_in_a_line_or_a_name() {
    let diff = unified(&[("a\n+++ b/x\u{202e}", Some("x\n"), &hunks("x\n", "x\u{200b}\ry\u{1b}[2K\n"))]);
    assert_eq!(
        diff,
        "--- a/a\\n+++ b/x\\u{202e}\t\n+++ b/a\\n+++ b/x\\u{202e}\t\n@@ -1,1 +1,1 @@\n-x\n+x\\u{200b}\\ry\\u{1b}[2K\n"
    );
}

/// Applies a diff of one file as `patch` would, strictly: every context and removed line and every count must be right.
fn patched(old: &str, diff: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let (mut text, mut at) = (String::new(), 0);
    let mut lines = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(header) = lines.next() {
        let numbers: Vec<usize> = header
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().expect("a number"))
            .collect();
        let [from, old_count, to, new_count] = numbers[..] else { panic!("{header:?} is no header") };
        let start = if old_count == 0 { from } else { from - 1 };
        text.extend(old[at..start].iter().copied());
        at = start;
        let written = text.split_inclusive('\n').count();
        assert_eq!(written, if new_count == 0 { to } else { to - 1 }, "{header:?}");
        let (mut removed, mut added) = (0, 0);
        while removed < old_count || added < new_count {
            let line = lines.next().expect("as many lines as the header says");
            let cut = lines.next_if(|next| next.starts_with('\\')).is_some();
            let said = if cut { line[1..].trim_end_matches('\n') } else { &line[1..] };
            if !line.starts_with('+') {
                assert_eq!(said, old[at], "{line:?}");
                (at, removed) = (at + 1, removed + 1);
            }
            if !line.starts_with('-') {
                text.push_str(said);
                added += 1;
            }
        }
        assert_eq!((removed, added), (old_count, new_count));
    }
    text.extend(old[at..].iter().copied());
    text
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(&["a\n", "b\n", "c\n", "-- x\n", "++ x\n", "\n", "é \t\n", "d", "\\ x\n"][..]);
    prop::collection::vec(line, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_applied_gives_the_chosen_parts(old in lines(), new in lines(), chosen in prop::collection::vec(any::<bool>(), 40)) {
        let parts: Vec<Hunk> = hunks(&old, &new).into_iter().zip(chosen).filter_map(|(part, take)| take.then_some(part)).collect();
        let diff = unified(&[("a", Some(&old), &parts)]);
        prop_assert_eq!(patched(&old, &diff), apply(&old, &parts), "{}", diff);
    }
}
