//! What a cursor or a selection (between two `¦`) grows to.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use crate::{
    Outline,
    syntax::support::{lines, marked, open, outlined},
};

#[track_caller]
fn assert_grows(extension: &str, text: &str, expected: &str) {
    let (plain, places) = marked(text);
    let document = open(extension, &plain);
    let range = places[0]..*places.last().expect("a mark");
    assert_eq!(lines(&document, &outlined(&document).statement(range)), expected, "{text}");
}

#[test]
#[cfg(feature = "rust")]
fn a_selection_grows_to_whole_statements() {
    for (text, expected) in [
        ("fn a() {\n    let x = ¦1;\n    y();\n}\n", "2-2"),
        ("fn a() {\n    let x = b(\n        ¦1,\n    );\n    y();\n}\n", "2-4"),
        ("fn a() {\n    i¦f x {\n        y();\n    }\n    z();\n}\n", "2-4"),
        ("fn a() {\n    if x {\n        y¦();\n    } else {\n        z();\n    }\n}\n", "3-3"),
        ("fn a() {\n    if x {\n        y¦();\n    } else {\n        z¦();\n    }\n}\n", "2-6"),
        ("fn a() {\n    b¦();\n    c();\n    d¦();\n    e();\n}\n", "2-4"),
        ("fn a() {\n    b¦();\n    if c {\n        d¦();\n    }\n    e();\n}\n", "2-5"),
        ("fn a() {\n    b();\n}¦\nfn c() {}\n", "1-3"),
        ("fn a() {\n    b();\n¦\n    c();\n}\n", "3-3"),
        ("struct A {\n    x¦: u32,\n    y: u32,\n}\n", "2-2"),
        ("#[derive(Debug)]\n#[x]\nstruct A¦ {\n    x: u32,\n}\n", "1-5"),
        ("#[te¦st]\nfn a() {\n}\n", "1-3"),
        ("fn a() {\n    match x {\n        1 => ¦{\n            b();\n        }\n        _ => {}\n    }\n}\n", "3-5"),
        ("fn a() {\r\n    é¦(\r\n    );\r\n}\r\n", "2-3"),
        ("¦\nfn a() {\n}\n", "1-1"),
        ("¦", "1-1"),
        ("fn a() {}¦", "1-1"),
    ] {
        assert_grows("rs", text, expected);
    }
}

#[test]
#[cfg(all(feature = "python", feature = "javascript", feature = "go", feature = "markdown"))]
fn in_other_languages_too() {
    for (extension, text, expected) in [
        ("py", "def a():\n    i¦f x:\n        b()\n    else:\n        c()\n    d()\n", "2-5"),
        ("py", "def a():\n    if x:\n        b()¦\n    else:\n        c()\n", "3-3"),
        ("py", "x = [\n    1,¦\n]\ny = 2\n", "1-3"),
        ("js", "a(() => {\n  b¦();\n});\n", "2-2"),
        ("js", "a(¦() => {\n  b();\n});\n", "1-3"),
        ("js", "switch (x) {\n  ca¦se 1:\n    a();\n    break;\n  default:\n}\n", "2-4"),
        ("go", "func a() {\n\tx := []int{\n\t\t1,¦\n\t}\n\ty()\n}\n", "2-4"),
        ("md", "# A\n\nOne\ntw¦o.\n\nThree.\n", "3-4"),
    ] {
        assert_grows(extension, text, expected);
    }
}

#[test]
fn without_a_grammar_blocks_by_indentation_stay_whole() {
    for (text, expected) in [
        ("def a\n  i¦f x\n    b\n  else\n    c\n  end\n  d\nend\n", "2-6"),
        ("def a\n  if x\n    b¦\n  end\nend\n", "3-3"),
        ("def a\n  if x\n    b\n  en¦d\nend\n", "2-4"),
        ("a¦\nb\n", "1-1"),
        ("a:\n  b¦: c\n", "2-2"),
    ] {
        assert_grows("rb", text, expected);
    }
}

#[test]
#[cfg(feature = "rust")]
fn half_written_code_goes_by_indentation() {
    assert_grows("rs", "fn a() {\n    if x {\n        b(¦\n    }\n    y();\n}\n", "3-3");
    assert_grows("rs", "fn a() {\n    i¦f x {\n        b(\n    }\n    y();\n}\n", "2-4");
}

#[test]
fn a_place_past_the_end_is_the_end() {
    let document = open("txt", "a\nb");
    assert_eq!(Outline::of(&document, None).statement(90..usize::MAX), 2..3);
}
