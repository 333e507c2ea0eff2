//! Random texts in every grammar: nothing panics, every place is one, and an edited tree is a fresh one.

use std::ops::Range;

use proptest::prelude::*;

use super::{Grammar, Outline, Tree, test_place};
use crate::{Change, Document, Encoding, Position};

/// What code is made of, in pieces that fit together now and then.
const PIECES: &[&str] = &[
    "fn a() {\n",
    "}\n",
    "{",
    "}",
    "(",
    ")",
    "\n",
    "\r\n",
    "\r",
    "    ",
    "\t",
    "  ",
    "if x {\n",
    "else {\n",
    "def b(c):\n",
    "class D:\n",
    "class E {\n",
    "    return 1\n",
    "/// doc\n",
    "// c\n",
    "/* c",
    "*/",
    "# H\n",
    "## I\n",
    "#[a]\n",
    "@d\n",
    "\"",
    "'",
    "`",
    "```\n",
    "\"\"\"",
    "字",
    "é",
    "\u{1F600}",
    "\u{2028}",
    ";\n",
    ",",
    ":",
    "=> ",
    "-> ",
    "function f() ",
    "end\n",
    "local x = require(\"m\")\n",
    "import a\n",
    "use a::b;\n",
    "#include <a>\n",
    "const z = ",
    "type T struct {\n",
    "impl X for Y {\n",
    "public void m() {\n",
    "template <T>\n",
    "typedef struct {\n",
    "switch (x) {\n",
    "case 1:\n",
    "<b>",
    "---\n",
    "- item\n",
    "> quote\n",
    "namespace n {\n",
    "export default ",
    "let v = |q| {\n",
    "\0",
    "\u{FEFF}",
    "====\n",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60)
        .prop_map(|pieces| pieces.concat().trim_start_matches('\0').replace('\0', " "))
}

fn grammar() -> impl Strategy<Value = Grammar> {
    let built_in: Vec<Grammar> = Grammar::ALL.into_iter().filter(|grammar| grammar.built_in()).collect();
    prop::sample::select(if built_in.is_empty() { Grammar::ALL.to_vec() } else { built_in })
}

fn open(text: &str) -> Document {
    Document::open("file:///w/a", "", 1, text).expect("a short text")
}

fn is_place(text: &str, range: &Range<usize>) -> bool {
    range.start <= range.end && text.get(range.clone()).is_some()
}

fn is_lines(document: &Document, range: &Range<usize>) -> bool {
    let starts = |byte: usize| document.rope.line_to_byte(document.line_of(byte)) == byte;
    starts(range.start) && (starts(range.end) || range.end == document.len_bytes())
}

fn check(document: &Document, outline: &Outline, at: &Range<usize>) {
    let text = document.text();
    for scope in outline.scopes() {
        assert!(is_place(&text, &scope.range) && is_lines(document, &scope.range), "{scope:?}");
        let parts = [Some(&scope.header), Some(&scope.span), scope.body.as_ref(), scope.doc.as_ref()];
        for part in parts.into_iter().flatten() {
            assert!(is_place(&text, part), "{scope:?}");
            assert!(scope.range.start <= part.start && part.end <= scope.range.end, "{scope:?}");
        }
        if let Some(place) = outline.doc_place(scope) {
            assert!(text.is_char_boundary(place.at) && place.indent.trim().is_empty(), "{scope:?} {place:?}");
            assert!(!place.own_lines || is_lines(document, &(place.at..document.len_bytes())), "{scope:?} {place:?}");
        }
    }
    for import in outline.imports() {
        assert!(is_place(&text, import) && is_lines(document, import), "{import:?}");
    }
    for member in &outline.found.members {
        assert!(is_place(&text, member), "{member:?}");
    }
    for pair in outline.around(at.clone()).windows(2) {
        assert!(pair[0].range.end - pair[0].range.start <= pair[1].range.end - pair[1].range.start, "{pair:?}");
    }
    let statement = outline.statement(at.clone());
    assert!(is_lines(document, &statement) && statement.start <= document.floor(at.start), "{statement:?}");
    assert!(document.floor(at.end) <= statement.end, "{statement:?}");
    let total: usize = outline.signatures(at.clone(), 300).iter().map(String::len).sum();
    assert!(total <= 300);
    test_place(outline.grammar(), "a/b.c", outline, document);
}

fn at(document: &Document, place: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short text"
    )]
    let byte = (place * document.len_bytes() as f64) as usize;
    document.floor(byte)
}

fn replaced(document: &Document, range: Range<usize>, with: &str) -> Document {
    let position = |byte: usize| document.position(byte, Encoding::Utf8);
    let (start, end): (Position, Position) = (position(range.start), position(range.end));
    let change = Change { range: Some(crate::Range { start, end }), text: with.to_owned() };
    document.apply(2, &[change], Encoding::Utf8).expect("a small edit")
}

/// The shape of a tree: kinds and places, comments and errors included.
fn shape(tree: &Tree) -> Vec<(u16, Range<usize>, bool)> {
    let mut nodes = Vec::new();
    let mut cursor = tree.root().walk();
    loop {
        let node = cursor.node();
        nodes.push((node.kind_id(), node.byte_range(), node.is_missing()));
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return nodes;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_in_any_grammar_has_an_outline_of_real_places(text in text(), grammar in grammar(), from in 0.0..1.0, to in 0.0..1.0_f64) {
        let document = open(&text);
        let (from, to) = (at(&document, from), at(&document, to));
        let range = from.min(to)..from.max(to);
        let tree = Tree::parse(&document, grammar, None, &|| false);
        check(&document, &Outline::of(&document, tree.as_ref()), &range);
        check(&document, &Outline::of(&document, None), &range);
        check(&document, &Outline::of(&document, tree.as_ref()), &(from..from));
    }

    #[test]
    fn a_tree_that_follows_edits_is_what_a_fresh_one_is(
        text in text(),
        grammar in grammar(),
        edits in prop::collection::vec((0.0..1.0, 0.0..0.2_f64, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut document = open(&text);
        let mut tree = Tree::parse(&document, grammar, None, &|| false);
        for (place, length, with) in edits {
            let start = at(&document, place);
            let end = at(&document, (place + length).min(1.0)).max(start);
            let next = replaced(&document, start..end, &with.replace('\0', " "));
            let old = tree.as_ref().map(|tree| (&document, tree));
            let followed = Tree::parse(&next, grammar, old, &|| false);
            let fresh = Tree::parse(&next, grammar, None, &|| false);
            prop_assert_eq!(followed.is_some(), fresh.is_some());
            // Where code is broken the parser may mend it in more than one way; what is sound is the same.
            if let (Some(followed), Some(fresh)) = (&followed, &fresh)
                && !fresh.root().has_error() && !followed.root().has_error()
            {
                prop_assert_eq!(shape(followed), shape(fresh), "{}", next.text());
            }
            (document, tree) = (next, followed);
        }
    }
}
