//! What is told of the rest of a file.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use crate::syntax::support::{marked, open, outlined};

fn signatures(extension: &str, text: &str, budget: usize) -> Vec<String> {
    let (plain, places) = marked(text);
    let document = open(extension, &plain);
    outlined(&document).signatures(places[0]..*places.last().expect("a mark"), budget)
}

#[test]
#[cfg(feature = "rust")]
fn headers_come_without_bodies_nearest_first() {
    let text = "const A: u32 = 1;\n/// D.\npub struct B<T> {\n    /// x\n    x: T,\n    pub y: Vec<u32>,\n}\nimpl<T> B<T> {\n    fn c(&self,\n        d: u32) -> u32 {\n        fn hidden() {}\n        1\n    }\n}\n¦fn e() {\n}\n¦fn f() {}\nenum G { H, I(u32) }\ntype J = u32;\n";
    let expected = [
        "fn f()",
        "enum G { H; I(u32) }",
        "type J = u32",
        "impl<T> B<T> { fn c(&self, d: u32) -> u32 }",
        "impl<T> B<T>",
        "pub struct B<T> { x: T; pub y: Vec<u32> }",
        "const A: u32 = 1",
    ];
    assert_eq!(signatures("rs", text, 4_096), expected);
    assert_eq!(signatures("rs", text, 30), &expected[..2], "as many as fit");
    assert!(signatures("rs", text, 0).is_empty());
}

#[test]
#[cfg(all(feature = "python", feature = "go", feature = "typescript", feature = "cpp"))]
fn in_other_languages_too() {
    for (extension, text, expected) in [
        (
            "py",
            "¦X = 1\nclass A(B):\n    x: int = 1\n    def m(self):\n        pass\n",
            &["X = 1", "class A(B): x: int = 1", "class A(B): def m(self):"][..],
        ),
        (
            "go",
            "¦type A struct {\n\tX int // x\n}\ntype B interface {\n\tM() error\n}\nfunc (a A) M() {}\n",
            &["type A struct { X int }", "type B interface { M() error }", "func (a A) M()"],
        ),
        (
            "ts",
            "¦export interface I {\n  x: number;\n  m(): void;\n}\nexport const a = (x: T) => {\n};\nconst b = 1;\n",
            &[
                "export interface I { x: number }",
                "export interface I { m(): void }",
                "export const a = (x: T) =>",
                "const b = 1",
            ],
        ),
        (
            "cpp",
            "¦class A {\n  int x;\n  void m();\n};\nstatic int y = 1;\n",
            &["class A { int x }", "class A { void m() }", "static int y = 1"],
        ),
    ] {
        assert_eq!(signatures(extension, text, 4_096), expected, "{text}");
    }
}

#[test]
#[cfg(feature = "rust")]
fn a_long_signature_is_cut_between_characters() {
    let text = format!("¦fn a({}) {{}}\n", "é: u32, ".repeat(100));
    let found = signatures("rs", &text, 4_096);
    assert!(found[0].ends_with('…') && found[0].len() <= 400, "{found:?}");
}
