//! Properties: nothing panics, and what a correct answer says is what comes of it.

use proptest::{prelude::*, sample::select};
use similar::{ChangeTag, TextDiff};

use super::*;

/// Pieces that mean something to the readers, and some that do not.
const PIECES: [&str; 34] = [
    "```",
    "```rust",
    "````",
    "~~~",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "    ",
    "\t",
    "<<<<<<< SEARCH",
    "=======",
    ">>>>>>> REPLACE",
    "--- a/a.rs",
    "+++ b/a.rs",
    "--- /dev/null",
    "+++ /dev/null",
    "@@ -1,2 +1,2 @@",
    "@@",
    "-one",
    "+two",
    " one",
    "one",
    "two",
    "a.rs",
    "../x",
    "\\ No newline at end of file",
    "// ...",
    "ü日🦀",
    "\u{feff}",
    "\0",
    "diff --git a/a.rs b/a.rs",
    "<think>",
    "I cannot",
];

fn shapes() -> impl Strategy<Value = Shape> {
    select(vec![Shape::Whole, Shape::SearchReplace, Shape::Diff])
}

fn answers() -> impl Strategy<Value = String> {
    let piece = prop_oneof![8 => select(&PIECES[..]).prop_map(str::to_owned), 1 => "\\PC{0,8}"];
    prop::collection::vec((piece, any::<bool>()), 0..24)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, ends)| if ends { piece + "\n" } else { piece }).collect())
}

/// Texts of few different lines, so that most stand in several places.
fn texts() -> impl Strategy<Value = String> {
    let line = select(vec!["one", "two", "  one", "\ttwo", "", "}", "-- a", "++ b", "@x", "ü日", "three", "four five"]);
    (prop::collection::vec(line, 0..14), any::<bool>(), any::<bool>()).prop_map(|(lines, crlf, ends)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let text = lines.join(end);
        if ends && !lines.is_empty() { text + end } else { text }
    })
}

/// Search and replace blocks that turn `old` into `new`: each with as many lines around as make it unique.
fn blocks(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(one, other)| one == other).count();
    let mut around = 0;
    loop {
        let (before, after) = (head.saturating_sub(around), tail.saturating_sub(around));
        let search = &old[before..old.len() - after];
        let places = old
            .windows(search.len().max(1))
            .filter(|lines| lines.iter().zip(search).all(|(one, other)| one.trim_end() == other.trim_end()));
        let is_enough = places.count() == 1 && search.iter().any(|line| !line.trim().is_empty());
        if is_enough || before == 0 && after == 0 {
            let lines = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let replace = &new[before..new.len() - after];
            return format!("<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n", lines(search), lines(replace));
        }
        around += 1;
    }
}

/// A unified diff with `\n` line ends, as a model writes it.
fn unified(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::from("```diff\n--- a/a.rs\n+++ b/a.rs\n");
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            text.push_str(&format!("{sign}{}\n", change.value().trim_end_matches(['\r', '\n'])));
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text + "```\n"
}

fn with_end(text: &str, end: &str) -> String {
    text.lines().map(|line| format!("{line}{end}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_read_or_refused(
        shape in shapes(), answer in prop_oneof![3 => answers(), 1 => "(?s).{0,200}"], text in texts(), from in 0usize..40, to in 0usize..40,
    ) {
        let target = Target { path: "src/a.rs".to_owned(), text: text.into(), range: from..to };
        let read = |answer: &str| read(shape, target.clone(), answer, &Files::default());
        if let Ok(outcome) = read(&answer) {
            prop_assert!(outcome.files.iter().all(|file| file.old.as_deref() != Some(&file.new)));
            prop_assert!(!outcome.files.is_empty());
        }
        let mut reader = Reader::new(shape, target.clone());
        for piece in answer.split_inclusive([' ', '\n']) {
            reader.push(piece).expect("it is short enough");
            reader.preview(&Files::default());
        }
        prop_assert_eq!(reader.finish(&Files::default()), read(&answer));
        for (end, _) in answer.char_indices() {
            let _ = read(&answer[..end]);
        }
    }

    #[test]
    fn a_unified_diff_turns_the_old_text_into_the_new(old in texts(), new in texts(), crlf: bool) {
        let end = if crlf { "\r\n" } else { "\n" };
        let keep = |text: &str| if text.ends_with('\n') || text.is_empty() { with_end(text, end) } else {
            with_end(text, end).trim_end_matches(['\r', '\n']).to_owned()
        };
        let (old, new) = (keep(&old), keep(&new));
        prop_assume!(old.contains(end) || old.is_empty() && !crlf || !new.contains(end));
        let read = read(Shape::Diff, whole_file("a.rs", &old), &unified(&old, &new), &Files::default());
        if old == new {
            prop_assert!(read.is_err());
        } else {
            prop_assert_eq!(read.map(|outcome| outcome.files[0].new.clone()), Ok(new));
        }
    }

    #[test]
    fn blocks_turn_the_old_text_into_the_new(old in texts(), new in texts(), crlf: bool, fenced: bool) {
        let end = if crlf { "\r\n" } else { "\n" };
        let (old, new) = (with_end(&old, end), with_end(&new, end));
        prop_assume!(old.lines().any(|line| !line.trim().is_empty()) && old != new);
        let mut answer = blocks(&old, &new);
        if fenced {
            answer = format!("Here it is:\n\n```\nsrc/a.rs\n{answer}```\nDone.\n");
        }
        let read = read(Shape::SearchReplace, whole_file("src/a.rs", &old), &answer, &Files::default());
        prop_assert_eq!(read.map(|outcome| outcome.files[0].new.clone()), Ok(new));
    }

    #[test]
    fn a_fenced_answer_that_was_cut_gives_its_whole_text_or_a_refusal(shape in shapes(), old in texts(), new in texts()) {
        let (old, new) = (with_end(&old, "\n"), with_end(&new, "\n"));
        prop_assume!(old != new && old.lines().any(|line| !line.trim().is_empty()));
        let answer = match shape {
            Shape::Whole => format!("Here is the text:\n\n```\n{new}```\n"),
            Shape::SearchReplace => format!("Here it is:\n\n```\n{}```\n", blocks(&old, &new)),
            Shape::Diff => unified(&old, &new),
        };
        let read = |answer: &str| read(shape, whole_file("a.rs", &old), answer, &Files::default());
        let whole = read(&answer);
        for (end, _) in answer.char_indices() {
            let cut = read(&answer[..end]);
            prop_assert!(cut.is_err() || cut.as_ref().map(|cut| &cut.files) == whole.as_ref().map(|whole| &whole.files), "{} {:?}", end, cut);
        }
    }

    #[test]
    fn a_fenced_text_is_the_new_text(old in texts(), new in texts()) {
        prop_assume!(!new.trim().is_empty());
        let answer = format!("````\n{}````\n", with_end(&new, "\n"));
        if let Ok(outcome) = read(Shape::Whole, whole_file("a.txt", &old), &answer, &Files::default()) {
            prop_assert_eq!(outcome.files[0].new.split_whitespace().collect::<Vec<_>>(), new.split_whitespace().collect::<Vec<_>>());
        }
    }
}
