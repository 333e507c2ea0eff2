//! A small text a grammar, everything it is made of, and what is round a cursor (`¦`) in it.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use super::*;
use crate::syntax::support::{around, lines, marked, open, outlined, scopes};

#[track_caller]
fn assert_scopes(extension: &str, text: &str, expected: &[&str]) {
    assert_eq!(scopes(extension, text), expected, "{text}");
}

#[test]
#[cfg(feature = "rust")]
fn rust() {
    let text = "//! Inner.\nuse std::io;\n\n/// A thing.\n#[derive(Debug)]\npub struct A {\n    x: u32,\n}\n\n// Plain.\nimpl<T> fmt::Display for A<T> {\n    /// Writes.\n    \
                #[inline]\n    fn fmt(&self) -> u32\n    where\n        T: X,\n    {\n        match self.x {\n            0 => {\n                1\n            }\n            _ => self.all(|x| {\n                x\n            }),\n        }\n    }\n}\n\nmod tests {\n    fn b() {}\n}\npub trait T { fn c(); }\nmacro_rules! m { () => {} }\n";
    assert_scopes(
        "rs",
        text,
        &[
            "pub Class A 4-8",
            "Class fmt::Display for A<T> 10-27",
            "  pub Method fmt 12-26",
            "    Block match self.x 18-25",
            "      Block 0 => 19-21",
            "      Block _ => self.all(|x| 22-24",
            "Module tests 29-31",
            "  Function b 30-30",
            "pub Class T 32-32",
            "  pub Method c 32-32",
            "Function m 33-33",
        ],
    );
}

#[test]
#[cfg(feature = "go")]
fn go() {
    let text = "package a\n\nimport (\n\t\"fmt\"\n)\n\n// A is.\ntype A struct {\n\tX int\n}\n\ntype (\n\t// B is.\n\tB interface{ M() }\n)\n\nfunc (a *A) m(x int) error {\n\tswitch x {\n\tcase 1:\n\t\tgo func() {\n\t\t\tx++\n\t\t}()\n\t}\n\tif x > 1 {\n\t\treturn nil\n\t}\n}\n";
    assert_scopes(
        "go",
        text,
        &[
            "pub Class A 7-10",
            "pub Class B 13-14",
            "Method m 17-27",
            "  Block switch x 18-23",
            "    Block case 1: 19-22",
            "      Block go func() 20-22",
            "  Block if x > 1 24-26",
        ],
    );
}

#[test]
#[cfg(feature = "java")]
fn java() {
    let text = "package a;\nimport java.util.List;\n\n/** Doc. */\n@Deprecated\npublic class A<T> extends B {\n    private int x;\n\n    /** m. */\n    @Override\n    public int m(int a) {\n        list.forEach(y -> {\n            y();\n        });\n        return 1;\n    }\n\n    A() {}\n\n    enum C { X, Y }\n}\ninterface I {\n    void n();\n}\n";
    assert_scopes(
        "java",
        text,
        &[
            "pub Class A 4-21",
            "  pub Method m 9-16",
            "    Block list.forEach(y -> 12-14",
            "  Method A 18-18",
            "  Class C 20-20",
            "Class I 22-24",
            "  pub Method n 23-23",
        ],
    );
}

#[test]
#[cfg(feature = "javascript")]
fn javascript() {
    let text = "import a from 'a';\n\n/** Doc. */\nexport const f = async (x) => {\n  return 1;\n};\nexport default class A extends B {\n  #p = () => {};\n  static m(a) {}\n}\nmodule.exports.z = function (a) {};\ndescribe('x', () => {\n  it('y', () => {});\n});\nexport default {\n  data() {\n    return {};\n  },\n  k: function () {},\n};\nfunction* g() {}\n";
    let expected = [
        "pub Function f 3-6",
        "pub Class A 7-10",
        "  Method #p 8-8",
        "  pub Method m 9-9",
        "pub Function module.exports.z 11-11",
        "Block describe('x', () => 12-14",
        "Method data 16-18",
        "Function k 19-19",
        "Function g 21-21",
    ];
    assert_scopes("js", text, &expected);
    assert_scopes("jsx", "const A = () => {\n  return <b>{x}</b>;\n};\n", &["Function A 1-3"]);
}

#[test]
#[cfg(feature = "typescript")]
fn typescript() {
    let text = "@Component({})\nexport class C<T> implements D {\n  @Input() x: number = 1;\n  private readonly f = () => {};\n  @dec()\n  async m(a: string): Promise<void> {\n    if (a) {\n      b();\n    }\n  }\n}\nexport interface I {\n  x: number;\n  m(): void;\n}\ntype T = { a: string };\nnamespace N {\n  export function f() {}\n}\nabstract class Q { abstract z(): void; }\n";
    let expected = [
        "pub Class C 1-11",
        "  Method f 4-4",
        "  pub Method m 5-10",
        "    Block if (a) 7-9",
        "pub Class I 12-15",
        "  pub Method m 14-14",
        "Class T 16-16",
        "Module N 17-19",
        "  pub Function f 18-18",
        "Class Q 20-20",
        "  pub Method z 20-20",
    ];
    assert_scopes("ts", text, &expected);
    assert_scopes("tsx", "export const A = (p: P) => {\n  return <b>{p.x}</b>;\n};\n", &["pub Function A 1-3"]);
}

#[test]
#[cfg(feature = "python")]
fn python() {
    let text = "import os\n\n\n# About A.\n@dec\nclass A(B):\n    \"\"\"Doc.\"\"\"\n\n    @property\n    def _m(self):\n        # first\n        with x as y:\n            z()\n        if a:\n            b()\n        elif c:\n            d()\n        else:\n            e()\n\n    def __len__(self): pass\n\n\nasync def f():\n    def g():\n        pass\n";
    let expected = [
        "pub Class A 4-21",
        "  Method _m 9-19",
        "    Block with x as y: 12-13",
        "    Block if a: 14-19",
        "      Block elif c: 16-17",
        "      Block else: 18-19",
        "  pub Method __len__ 21-21",
        "pub Function f 24-26",
        "  pub Function g 25-26",
    ];
    assert_scopes("py", text, &expected);
}

#[test]
#[cfg(feature = "lua")]
fn lua() {
    let text = "local m = require(\"m\")\n--- Doc.\n-- more\nfunction M.f(x)\n  if x then\n    return 1\n  end\nend\nlocal function g() end\nM.h = function(a)\n  return a\nend\nfunction M:n() end\n";
    let expected = [
        "pub Function M.f 2-8",
        "  Block if x then 5-7",
        "Function g 9-9",
        "pub Function M.h 10-12",
        "pub Method M:n 13-13",
    ];
    assert_scopes("lua", text, &expected);
}

#[test]
#[cfg(feature = "c")]
fn c() {
    let text = "#include <stdio.h>\n\n/* A pair. */\nstruct a {\n\tint x;\n};\ntypedef struct {\n\tint y;\n} b_t;\nstatic int proto(int a);\n#ifdef Y\nint *f(int a)\n{\n\tfor (;;) {\n\t\tx();\n\t}\n}\n#endif\nint (*pointer)(int);\nstruct a *use(struct a *x);\n";
    let expected = [
        "pub Class a 3-6",
        "pub Class b_t 7-9",
        "Function proto 10-10",
        "pub Function f 12-17",
        "  Block for (;;) 14-16",
        "pub Function use 20-20",
    ];
    assert_scopes("c", text, &expected);
}

#[test]
#[cfg(feature = "cpp")]
fn cpp() {
    let text = "namespace n {\n/// A is.\ntemplate <typename T>\nclass A : public B {\npublic:\n  A();\n  ~A() {}\n  int x;\nprivate:\n  void p() {\n    run([&](int x) {\n      return x;\n    });\n  }\n};\nint A::m(int a) const { return 1; }\nenum class E { X };\n}\nextern \"C\" {\nvoid c();\n}\n";
    let expected = [
        "pub Module n 1-18",
        "  pub Class A 2-15",
        "    pub Method A 6-6",
        "    pub Method ~A 7-7",
        "    Method p 10-14",
        "      Block run([&](int x) 11-13",
        "  pub Method A::m 16-16",
        "  pub Class E 17-17",
        "pub Module extern \"C\" 19-21",
        "  pub Function c 20-20",
    ];
    assert_scopes("cpp", text, &expected);
}

#[test]
#[cfg(feature = "markdown")]
fn markdown() {
    let text = "Intro\n\n# One\n\n## Two\n\n```rust\nfn a() {}\n```\n\nThree\n=====\n\ntext\n";
    let expected = ["pub Section One 3-10", "  pub Section Two 5-10", "    Block rust 7-9", "pub Section Three 11-14"];
    assert_scopes("md", text, &expected);
}

#[test]
fn a_language_without_grammar_goes_by_indentation() {
    let ruby = "module A\n  # Doc.\n  class B\n    def c(x)\n      if x\n        1\n      else\n        2\n      end\n    end\n  end\nend\n";
    let expected = ["Module A 1-12", "  Class B 2-11", "    Method c 4-10", "      Block if x 5-9"];
    assert_scopes("rb", ruby, &expected);
    let allman = "public class A\n{\n    public int B(int c)\n    {\n        return c;\n    }\n}\n";
    assert_scopes("cs", allman, &["pub Class A 1-7", "  pub Block public int B(int c) 3-6"]);
    let braces = "static int b(int c) {\n    while (c) {\n        d();\n    }\n}\n";
    assert_scopes("zz", braces, &["Function b 1-5", "  Block while (c) 2-4"]);
    assert_scopes("yaml", "a:\n  b:\n    - c\nd: e\n", &["Block a 1-3", "  Block b 2-3"]);
}

#[test]
#[cfg(feature = "rust")]
fn around_a_cursor_stands_what_encloses_it_innermost_first() {
    let f = "Function f 1-5";
    for (text, expected) in [
        ("fn f() {\n    if x {\n        ¦y();\n    }\n}\n", &["Block if x 2-4", f][..]),
        ("fn f() {\n    if x {\n        y();\n    }¦\n}\n", &["Block if x 2-4", f]),
        ("fn f() {\n    if x {\n        y();\n    }\n¦}\n", &[f]),
        ("¦fn f() {\n    if x {\n        y();\n    }\n}\n", &[f]),
        ("fn f() {\n    if x {\n        y();\n    }\n}\n¦", &[]),
        ("fn f() {\n    if x {\n        y();\n    }\n}¦", &[f]),
        ("///¦ Doc.\nfn f() {\n}\n", &["Function f 1-3"]),
        ("/// Doc.\n#[te¦st]\nfn f() {\n}\n", &["Function f 1-4"]),
        ("fn a() {}\n¦\nfn b() {}\n", &[]),
        ("fn a() {} fn b() {¦}\n", &["Function b 1-1"]),
        ("fn a() {¦} fn b() {}\n", &["Function a 1-1"]),
        ("fn a() {¦}\nfn b() {¦}\n", &[]),
        ("impl A {\n¦    fn b() {}\n    fn c() {}\n¦}\n", &["Class A 1-4"]),
        ("mod a {\n    fn f() {\r\n        \"字¦😀\";\r\n    }\n}\n", &["Function f 2-4", "Module a 1-5"]),
    ] {
        assert_eq!(around("rs", text), expected, "{text}");
    }
}

#[test]
#[cfg(feature = "python")]
fn around_a_cursor_in_python() {
    let text = "class A:\n    @dec¦\n    def b(self):\n        return 1\n";
    assert_eq!(around("py", text), ["pub Method b 2-4", "pub Class A 1-4"]);
    let text = "class A:\n    def b(self):\n        if x:\n            pass\n        ¦c()\n";
    assert_eq!(around("py", text), ["pub Method b 2-5", "pub Class A 1-5"]);
}

#[test]
#[cfg(feature = "python")]
fn a_blank_line_belongs_to_what_its_indentation_says() {
    let text = |blank: &str| format!("class A:\n    def b(self):\n        if x:\n            pass\n\n{blank}\n\nc()\n");
    let (class, method, block) = ("pub Class A 1-4", "pub Method b 2-4", "Block if x: 3-4");
    for (blank, expected) in [
        ("            ¦", &[block, method, class][..]),
        ("        ¦", &[method, class]),
        ("    ¦", &[class]),
        ("¦    ", &[]),
        ("¦", &[]),
    ] {
        assert_eq!(around("py", &text(blank)), expected, "{blank:?}");
    }
    assert_eq!(around("rb", "def a\n  b\n  ¦\nend\n"), ["Function a 1-4"]);
}

#[test]
#[cfg(all(feature = "rust", feature = "java", feature = "typescript", feature = "go"))]
fn half_written_code_still_has_its_scopes() {
    for (extension, text, expected) in [
        ("rs", "fn a() {\n    if x {\n        foo(\n}\n\nfn b() {\n    ¦1\n}\n", &["Function b 6-8"][..]),
        ("rs", "fn a() {\n    let x = ¦\n}\n\nfn b() {}\n", &["Function a 1-3"]),
        (
            "rs",
            "impl A {\n    fn a(&self) {\n        self.¦\n    }\n\n    fn b() {\n    }\n}\n",
            &["Method a 2-4", "Class A 1-8"],
        ),
        (
            "rs",
            "impl A {\n    fn a(&self) {\n        if x {\n            ¦\n    }\n\n    fn b() {\n        y();\n    }\n}\n",
            &["Block if x 3-5", "Method a 2-5", "Class A 1-10"],
        ),
        (
            "rs",
            "impl A {\n    fn a(&self) {\n        if x {\n            y();\n    }\n\n    fn b() {\n        y();¦\n    }\n}\n",
            &["Method b 7-9", "Class A 1-10"],
        ),
        (
            "java",
            "class A {\n    int m() {\n        return x.¦\n    }\n    int n() {\n        return 1;\n    }\n}\n",
            &["Method m 2-4", "Class A 1-8"],
        ),
        (
            "ts",
            "class A {\n  m() {\n    foo(¦\n  }\n  n() {\n    bar();\n  }\n}\n",
            &["pub Method m 2-4", "Class A 1-8"],
        ),
        ("go", "func a() {\n\tif x {\n\t\tb(¦\n}\n\nfunc c() {\n\td()\n}\n", &["Block if x 2-3", "Function a 1-4"]),
    ] {
        assert_eq!(around(extension, text), expected, "{text}");
    }
}

#[test]
#[cfg(feature = "python")]
fn a_line_without_its_body_is_a_function_already() {
    assert_eq!(around("py", "def a():\n    return 1\n\ndef b(x):¦\n"), ["pub Function b 4-4"]);
    assert_eq!(
        around("py", "class A:\n    def a(self):\n        x = (\n        ¦\n\n    def b(self):\n        pass\n")[0],
        "pub Method a 2-3"
    );
}

#[test]
#[cfg(all(feature = "rust", feature = "python", feature = "typescript", feature = "lua"))]
fn a_scope_knows_its_parts() {
    for (extension, text, header, body, doc) in [
        (
            "rs",
            "/// D.\n/// E.\n#[x]\npub fn a<T>(x: T)\nwhere\n    T: X, // c\n{\n    b()\n}\n",
            "pub fn a<T>(x: T)\nwhere\n    T: X",
            Some("\n    b()\n"),
            Some("/// D.\n/// E."),
        ),
        ("rs", "fn a();\n", "fn a()", None, None),
        (
            "py",
            "@d\ndef a(x) -> int:  # c\n    # d\n    '''D.'''\n    return 1\n",
            "def a(x) -> int:",
            Some("# c\n    # d\n    '''D.'''\n    return 1"),
            Some("'''D.'''"),
        ),
        (
            "ts",
            "/** D. */\n@d()\nexport class A<T> extends B { x = 1 }\n",
            "export class A<T> extends B",
            Some(" x = 1 "),
            Some("/** D. */"),
        ),
        (
            "ts",
            "export const a = (x: number): string => {\n  b();\n};\n",
            "export const a = (x: number): string =>",
            Some("\n  b();\n"),
            None,
        ),
        (
            "lua",
            "--- D.\n-- @x\nlocal function a(x)\n  return x\nend\n",
            "local function a(x)",
            Some("return x"),
            Some("--- D.\n-- @x"),
        ),
    ] {
        let document = open(extension, text);
        let scope = outlined(&document).scopes()[0].clone();
        let part = |range: Range<usize>| document.slice(range);
        assert_eq!(part(scope.header), header);
        assert_eq!(scope.body.map(part).as_deref(), body, "{text}");
        assert_eq!(scope.doc.map(part).as_deref(), doc, "{text}");
    }
}

#[test]
fn imports_are_whole_lines() {
    for (extension, text, expected) in [
        ("rs", "use a::{\n    b,\n};\nextern crate c;\nfn d() {\n    use e;\n}\n", &["1-3", "4-4", "6-6"][..]),
        ("py", "from __future__ import a\nimport b\nfrom c import (\n    d,\n)\n", &["1-1", "2-2", "3-5"]),
        ("go", "package a\nimport \"b\"\nimport (\n\t\"c\"\n)\n", &["2-2", "3-5"]),
        ("java", "import a.B;\nimport static c.D.*;\n", &["1-1", "2-2"]),
        ("ts", "import a from 'a';\nimport {\n  b,\n} from 'b';\nconst c = require('c');\n", &["1-1", "2-4", "5-5"]),
        ("c", "#include <a.h>\n#include \"b.h\"\n", &["1-1", "2-2"]),
        ("lua", "local a = require(\"a\")\nlocal b = require \"b\"\n", &["1-1", "2-2"]),
    ] {
        let document = open(extension, text);
        if Grammar::of("", document.uri()).is_some() {
            let outline = outlined(&document);
            let found: Vec<String> = outline.imports().iter().map(|range| lines(&document, range)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}

#[test]
fn every_kind_of_line_end_is_one() {
    for end in ["\n", "\r\n"] {
        let text = "fn a() {\n    if x {\n        ¦y();\n    }\n}\n".replace('\n', end);
        let names: Vec<String> =
            around("rs", &text).iter().map(|scope| scope.rsplit_once(' ').expect("lines").1.to_owned()).collect();
        assert_eq!(names, ["2-4", "1-5"], "{end:?}");
    }
}

#[test]
fn a_tree_of_another_text_is_not_used() {
    let (text, _) = marked("fn a() {}\n");
    let other = open("rs", "fn a() {} fn b() {}\n");
    let tree = crate::syntax::support::parsed(&open("rs", &text));
    assert_eq!(Outline::of(&other, tree.as_ref()).scopes().len(), 0);
}
