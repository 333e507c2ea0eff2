//! For the tests of the outline: texts with a mark for the cursor, and scopes written in one line each.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use super::{Grammar, Outline, Scope, Tree};
use crate::Document;

/// The mark that stands where the cursor is.
pub(super) const CURSOR: char = '¦';

/// A document named by the extension that decides its grammar.
pub(super) fn open(extension: &str, text: &str) -> Document {
    Document::open(&format!("file:///w/a.{extension}"), "", 1, text).expect("a text")
}

pub(super) fn parsed(document: &Document) -> Option<Tree> {
    let grammar = Grammar::of("", document.uri())?;
    Some(Tree::parse(document, grammar, None, &|| false).expect("a short text"))
}

pub(super) fn outlined(document: &Document) -> Outline {
    Outline::of(document, parsed(document).as_ref())
}

/// The text without its marks, and where they stood.
pub(super) fn marked(text: &str) -> (String, Vec<usize>) {
    let mut places = Vec::new();
    let mut plain = String::new();
    for character in text.chars() {
        if character == CURSOR { places.push(plain.len()) } else { plain.push(character) }
    }
    (plain, places)
}

/// As `Method name 3-5`: kind, name, first and last line counted from one; `pub` before what is public.
pub(super) fn written(document: &Document, scope: &Scope) -> String {
    let public = if scope.public { "pub " } else { "" };
    let name = scope.name.as_deref().unwrap_or("-");
    format!("{public}{:?} {name} {}", scope.kind, lines(document, &scope.range))
}

pub(super) fn lines(document: &Document, range: &std::ops::Range<usize>) -> String {
    let last = document.line_of(range.end.max(range.start + 1) - 1);
    format!("{}-{}", document.line_of(range.start) + 1, last + 1)
}

/// All scopes of a text, each indented by its depth.
pub(super) fn scopes(extension: &str, text: &str) -> Vec<String> {
    let document = open(extension, text);
    let outline = outlined(&document);
    outline.scopes().iter().map(|scope| "  ".repeat(scope.depth) + &written(&document, scope)).collect()
}

/// What is round the mark, innermost first.
pub(super) fn around(extension: &str, text: &str) -> Vec<String> {
    let (text, places) = marked(text);
    let document = open(extension, &text);
    let range = places[0]..*places.last().expect("a mark");
    outlined(&document).around(range).iter().map(|scope| written(&document, scope)).collect()
}
