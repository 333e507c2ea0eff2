//! Where documentation goes: the text with `¦` where it is put in.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use super::*;
use crate::syntax::support::{CURSOR, open, outlined};

#[track_caller]
fn assert_place(extension: &str, text: &str, name: &str, expected: (&str, DocStyle, &str)) {
    let document = open(extension, text);
    let outline = outlined(&document);
    let scope =
        outline.scopes().iter().find(|scope| scope.name.as_deref() == Some(name)).expect("a scope of that name");
    let place = outline.doc_place(scope).expect("a place");
    let mut marked = text.to_owned();
    marked.insert(place.at, CURSOR);
    assert_eq!((marked.as_str(), place.style, place.indent.as_str()), expected);
}

#[test]
#[cfg(all(feature = "rust", feature = "go", feature = "java", feature = "typescript", feature = "c", feature = "lua"))]
fn documentation_stands_above_attributes_in_the_languages_style() {
    let (slashes, block) = (DocStyle::Lines("///"), DocStyle::Block);
    for (extension, text, name, expected) in [
        (
            "rs",
            "mod a {\n    #[b]\n    fn c() {}\n}\n",
            "c",
            ("mod a {\n¦    #[b]\n    fn c() {}\n}\n", slashes, "    "),
        ),
        ("rs", "// Plain.\n#[b]\nfn c() {}\n", "c", ("// Plain.\n¦#[b]\nfn c() {}\n", slashes, "")),
        ("rs", "/// Old.\n#[b]\nfn c() {}\n", "c", ("¦/// Old.\n#[b]\nfn c() {}\n", slashes, "")),
        ("go", "package a\n\nfunc b() {}\n", "b", ("package a\n\n¦func b() {}\n", DocStyle::Lines("//"), "")),
        ("java", "class A {\n\t@B\n\tvoid c() {}\n}\n", "c", ("class A {\n¦\t@B\n\tvoid c() {}\n}\n", block, "\t")),
        ("ts", "export const a = () => {};\n", "a", ("¦export const a = () => {};\n", block, "")),
        ("c", "static int\na(void)\n{\n}\n", "a", ("¦static int\na(void)\n{\n}\n", block, "")),
        ("lua", "function a() end\n", "a", ("¦function a() end\n", DocStyle::Lines("---"), "")),
        (
            "rs",
            "fn a() {\n    if x {\n    }\n}\n",
            "if x",
            ("fn a() {\n¦    if x {\n    }\n}\n", DocStyle::Lines("//"), "    "),
        ),
    ] {
        assert_place(extension, text, name, expected);
    }
}

#[test]
#[cfg(feature = "python")]
fn a_docstring_stands_in_the_body() {
    for (text, expected, indent) in [
        ("@d\ndef a(\n    b,\n):\n    return 1\n", "@d\ndef a(\n    b,\n):\n¦    return 1\n", "    "),
        ("def a():\n    # why\n    return 1\n", "def a():\n¦    # why\n    return 1\n", "    "),
        ("def a():\n    \"\"\"Old.\"\"\"\n", "def a():\n¦    \"\"\"Old.\"\"\"\n", "    "),
        ("def a(): return 1\n", "def a(): ¦return 1\n", "    "),
        ("def a():\n", "def a():\n¦", "    "),
    ] {
        assert_place("py", text, "a", (expected, DocStyle::Docstring, indent));
    }
}

#[test]
fn a_language_without_grammar_has_the_style_of_its_name() {
    for (extension, style) in [("rb", "#"), ("sql", "--"), ("cs", "///"), ("zz", "//")] {
        assert_place(extension, "def a\n  b\nend\n", "a", ("¦def a\n  b\nend\n", DocStyle::Lines(style), ""));
    }
}

#[test]
#[cfg(feature = "markdown")]
fn a_section_is_not_documented() {
    let document = open("md", "# A\n");
    let outline = outlined(&document);
    assert_eq!(outline.doc_place(&outline.scopes()[0]), None);
}
