//! Parsing: its bounds and its increments.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use std::cell::Cell;

use super::*;
use crate::{Change, Encoding, Outline, Position, Range};

fn open(text: &str) -> Document {
    Document::open("file:///w/a.rs", "rust", 1, text).expect("a text")
}

fn inserted(document: &Document, byte: usize, text: &str) -> Document {
    let at: Position = document.position(byte, Encoding::Utf8);
    let change = Change { range: Some(Range { start: at, end: at }), text: text.to_owned() };
    document.apply(2, &[change], Encoding::Utf8).expect("an edit")
}

fn rust(document: &Document, old: Option<(&Document, &Tree)>) -> Option<Tree> {
    Tree::parse(document, Grammar::Rust, old, &|| false)
}

/// About as many lines as asked for, as people write them.
fn rust_lines(lines: usize) -> String {
    let item = "/// Adds the values up and says so.\n#[must_use]\npub fn sum_NUMBER(values: &[u32], name: &str) -> u32 {\n    let mut total = 0;\n    for (index, value) in values.iter().enumerate() {\n        if *value > 10 && index % 2 == 0 {\n            total += value.saturating_mul(2); // twice\n        } else {\n            total = total.max(*value);\n        }\n    }\n    match total {\n        0 => log(format!(\"{name}: nothing\")),\n        more => log(format!(\"{name}: {more} in {}\", values.len())),\n    }\n    values.iter().map(|value| value + 1).filter(|value| value % 3 == 0).sum()\n}\n\npub struct TypeNUMBER {\n    pub field: Option<Vec<String>>,\n    other: HashMap<u32, Box<dyn Fn(u32) -> u32>>,\n}\n\nimpl TypeNUMBER {\n    fn get(&self) -> Option<&str> {\n        self.field.as_ref()?.first().map(String::as_str)\n    }\n}\n\n";
    let each = item.lines().count();
    (0..lines / each).map(|number| item.replace("NUMBER", &number.to_string())).collect()
}

#[test]
#[cfg(feature = "rust")]
fn parsing_stops_when_the_caller_says_so() {
    let document = open(&rust_lines(2_000));
    assert!(Tree::parse(&document, Grammar::Rust, None, &|| true).is_none());
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 50
    };
    assert!(Tree::parse(&document, Grammar::Rust, None, &stop).is_none());
    assert_eq!(asked.get(), 51);
    assert!(rust(&document, None).is_some());
}

#[test]
fn a_text_that_is_too_long_is_not_parsed() {
    assert!(rust(&open(&"a\n".repeat(MAX_PARSED_BYTES / 2 + 1)), None).is_none());
}

#[test]
fn python_that_nests_without_end_is_not_parsed() {
    let text: String = (0..1_200).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    assert!(Tree::parse(&open(&text), Grammar::Python, None, &|| false).is_none());
}

#[test]
fn a_grammar_that_is_not_built_in_gives_no_tree() {
    for grammar in Grammar::ALL {
        assert_eq!(Tree::parse(&open("x\n"), grammar, None, &|| false).is_some(), grammar.built_in(), "{grammar:?}");
    }
}

#[test]
fn the_grammar_is_known_by_the_editors_name_or_the_extension() {
    for (language, uri, expected) in [
        ("rust", "untitled:1", Grammar::Rust),
        ("typescriptreact", "file:///a.ts", Grammar::Tsx),
        ("javascriptreact", "file:///a", Grammar::JavaScript),
        ("c++", "file:///a.h", Grammar::Cpp),
        ("plaintext", "file:///w/b.d/a.PY", Grammar::Python),
        ("", "file:///a.b.tsx?x=y.rs#z", Grammar::Tsx),
    ] {
        assert_eq!(Grammar::of(language, uri), Some(expected).filter(|grammar| grammar.built_in()), "{language} {uri}");
    }
    for (language, uri) in [("ruby", "file:///a.rb"), ("", "file:///w.rs/a"), ("", ""), ("", "file:///a.")] {
        assert_eq!(Grammar::of(language, uri), None);
    }
}

#[test]
#[cfg(feature = "rust")]
fn a_tree_of_another_grammar_or_length_is_not_followed() {
    let (old, new) = (open("fn a() {}\n"), open("fn ab() {}\n"));
    let tree = rust(&old, None).expect("a short text");
    let other = open("fn a() { 1 }\n");
    let followed = rust(&new, Some((&other, &tree))).expect("a short text");
    assert!(!followed.root().has_error() && followed.fits(&new));
}

#[test]
#[cfg(feature = "rust")]
fn what_brackets_nest_without_end_is_read_without_harm() {
    for piece in ["(", "{", "[", "if x {\n", "mod a {\n", "<", "a.b(|x| {\n", "/*"] {
        let document = open(&piece.repeat(20_000));
        let tree = rust(&document, None);
        let outline = Outline::of(&document, tree.as_ref());
        outline.around(document.len_bytes()..document.len_bytes());
        outline.statement(document.len_bytes() / 2..document.len_bytes() / 2);
    }
}
