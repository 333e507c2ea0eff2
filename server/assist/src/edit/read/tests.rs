//! Answers as models give them: a corpus of cases as text files, and properties over made-up ones.

mod corpus;
mod properties;

use std::{collections::BTreeMap, sync::Arc};

use super::*;

/// Files of a workspace that there is only in a test.
#[derive(Debug, Default, Clone)]
pub(super) struct Files(pub(super) BTreeMap<String, Arc<str>>);

impl Sources for Files {
    fn read(&self, path: &str) -> Option<Arc<str>> {
        self.0.get(path).cloned()
    }
}

pub(super) fn whole_file(path: &str, text: &str) -> Target {
    Target { path: path.to_owned(), text: text.into(), range: 0..text.len() }
}

/// Reads an answer that comes in one piece.
pub(super) fn read(shape: Shape, target: Target, answer: &str, sources: &Files) -> Result<Outcome, Refusal> {
    let mut reader = Reader::new(shape, target);
    reader.push(answer)?;
    reader.finish(sources)
}

#[test]
fn shapes_have_names_and_words_with_an_example_that_is_read_as_it_says() {
    for shape in [Shape::Whole, Shape::SearchReplace, Shape::Diff] {
        assert_eq!(shape.to_string().parse(), Ok(shape));
        let (_, example) = shape.instructions().split_once("Example:\n").expect("an example");
        let target = whole_file("src/shape.py", "def area(width, height):\n    return width + height\n");
        let outcome = read(shape, target, example, &Files::default()).expect("the example can be read");
        assert_eq!(outcome.files[0].new, "def area(width, height):\n    return width * height\n", "{shape}");
    }
    assert!("patch".parse::<Shape>().is_err());
}

#[test]
fn nothing_is_kept_beyond_the_longest_answer() {
    let mut reader = Reader::new(Shape::Whole, whole_file("a.txt", "a\n"));
    let piece = "x".repeat(1024 * 1024);
    for _ in 0..4 {
        reader.push(&piece).expect("it is short enough");
    }
    for _ in 0..50 {
        assert_eq!(reader.push(&piece), Err(Refusal::TooLong { limit: ANSWER_BYTES }));
    }
    assert_eq!(reader.received(), ANSWER_BYTES);
    assert_eq!(reader.finish(&Files::default()), Err(Refusal::TooLong { limit: ANSWER_BYTES }));
}

#[test]
fn too_many_blocks_hunks_and_files_are_refused() {
    let block = "a.rs\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n";
    let refusal = read(Shape::SearchReplace, whole_file("a.rs", "a\n"), &block.repeat(BLOCKS + 1), &Files::default());
    assert_eq!(refusal, Err(Refusal::TooMany { what: "blocks", limit: BLOCKS }));
    let hunks = format!("```diff\n--- a.rs\n+++ a.rs\n{}```\n", "@@ -1 +1 @@\n-a\n+b\n".repeat(BLOCKS + 1));
    let refusal = read(Shape::Diff, whole_file("a.rs", "a\n"), &hunks, &Files::default());
    assert_eq!(refusal, Err(Refusal::TooMany { what: "hunks", limit: BLOCKS }));
    let files: String =
        (0..=FILES).map(|n| format!("new{n}.rs\n<<<<<<< SEARCH\n=======\nb\n>>>>>>> REPLACE\n")).collect();
    let refusal = read(Shape::SearchReplace, whole_file("a.rs", "a\n"), &files, &Files::default());
    assert_eq!(refusal, Err(Refusal::TooMany { what: "files", limit: FILES }));
}

#[test]
fn too_many_lines_are_refused() {
    let refusal = read(Shape::Whole, whole_file("a.rs", "a\n"), &"\n".repeat(LINES + 1), &Files::default());
    assert_eq!(refusal, Err(Refusal::TooMany { what: "lines", limit: LINES }));
}

#[test]
fn long_and_repetitive_answers_are_read_in_linear_time() {
    // Each of these would take minutes if anything were looked through again for every line.
    let lines = "a\n".repeat(100_000);
    let target = || whole_file("a.rs", &lines);
    let search = format!("<<<<<<< SEARCH\n{}b\n=======\nc\n>>>>>>> REPLACE\n", "a\n".repeat(50_000));
    assert_eq!(
        read(Shape::SearchReplace, target(), &search, &Files::default()).map_err(|r| r.code()),
        Err("answer-no-match")
    );
    let several = format!("<<<<<<< SEARCH\n{}=======\nc\n>>>>>>> REPLACE\n", " a\n".repeat(50_000));
    assert_eq!(
        read(Shape::SearchReplace, target(), &several, &Files::default()).map_err(|r| r.code()),
        Err("answer-ambiguous")
    );
    let line = format!("```\n{}\n```\n", "/*".repeat(2_000_000));
    let outcome = read(Shape::Whole, whole_file("a.rs", "a\n"), &line, &Files::default());
    assert_eq!(outcome.map(|outcome| outcome.files[0].new.len()), Ok(4_000_001));
    let mut reader = Reader::new(Shape::Whole, target());
    for _ in 0..20_000 {
        reader.push("`\n``\n```\n").expect("it is short enough");
    }
    reader.preview(&Files::default());
    assert!(reader.finish(&Files::default()).is_err());
}

#[test]
fn a_range_outside_of_the_text_is_brought_inside() {
    #[expect(clippy::reversed_empty_ranges, reason = "what a caller must not be able to break")]
    for range in [3..900, 900..901, 2..1, usize::MAX..0] {
        let target = Target { path: "a.rs".to_owned(), text: "ü日\n".into(), range };
        read(Shape::Whole, target, "```\nx();\n```", &Files::default()).expect("there is a change");
    }
}

#[test]
fn refusals_name_the_thing_and_the_next_step() {
    let target = || whole_file("src/a.rs", "x\ny\nx\n");
    let answer = "<<<<<<< SEARCH\nx\n=======\nz\n>>>>>>> REPLACE\n";
    let refusal = read(Shape::SearchReplace, target(), answer, &Files::default()).expect_err("it is there twice");
    assert_eq!(refusal.to_string(), "`src/a.rs` has 2 places like the lines that begin with \"x\"");
    assert!(!refusal.hint().is_empty());
    assert!(refusal.for_model().contains("occur only once"), "{}", refusal.for_model());
    let refusal =
        read(Shape::Whole, target(), "I can't do that.\u{202e}\nReally.", &Files::default()).expect_err("no code");
    assert_eq!(refusal.to_string(), "the model declined: \"I can't do that.\\u{202e}\"");
}

/// What a preview shows of an answer so far.
fn previewed(shape: Shape, text: &str, answer: &str) -> Option<String> {
    let mut reader = Reader::new(shape, whole_file("a.rs", text));
    reader.push(answer).expect("it is short enough");
    reader.preview(&Files::default()).pop().map(|file| file.new)
}

#[test]
fn a_preview_shows_what_has_come_and_leaves_what_was_not_reached() {
    let text = "fn a() {\n    one();\n    two();\n    three();\n}\n";
    let shown = |answer| previewed(Shape::Whole, text, answer);
    assert_eq!(shown("Here"), None);
    assert_eq!(shown("```rust\n"), None);
    assert_eq!(shown("```rust\nfn a() {\n    ne"), None);
    assert_eq!(
        shown("```rust\nfn a() {\n    new();\n    tw").as_deref(),
        Some("fn a() {\n    new();\n    one();\n    two();\n    three();\n}\n")
    );
    assert_eq!(
        shown("```rust\nfn a() {\n    new();\n    two();\n").as_deref(),
        Some("fn a() {\n    new();\n    two();\n    three();\n}\n")
    );
}

#[test]
fn a_preview_shows_whole_blocks_and_hunks_only() {
    let text = "one\ntwo\nthree\n";
    let block = "```\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n<<<<<<< SEARCH\ntwo\n=======\n";
    assert_eq!(previewed(Shape::SearchReplace, text, block).as_deref(), Some("1\ntwo\nthree\n"));
    assert_eq!(previewed(Shape::SearchReplace, text, &block[..40]), None);
    let hunks = "```diff\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n@@ -3 +3 @@\n-three\n";
    assert_eq!(previewed(Shape::Diff, text, hunks).as_deref(), Some("1\ntwo\nthree\n"));
    assert_eq!(previewed(Shape::Diff, text, &hunks[..40]), None);
}
