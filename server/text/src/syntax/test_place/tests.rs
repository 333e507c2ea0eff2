//! Where tests go, by path and text.

#![allow(unused_imports, dead_code, reason = "each test needs its grammar, and any may be left out")]

use super::*;
use crate::syntax::support::{CURSOR, open, outlined};

fn place(path: &str, text: &str) -> TestPlace {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let document = open(extension, text);
    test_place(Grammar::of("", path), path, &outlined(&document), &document)
}

#[track_caller]
fn assert_others(path: &str, expected: &[&str]) {
    let candidates = expected.iter().map(|&path| path.to_owned()).collect();
    assert_eq!(place(path, "x\n"), TestPlace::Other { candidates }, "{path}");
}

#[test]
#[cfg(feature = "rust")]
fn in_rust_tests_stand_in_a_module_of_the_same_file() {
    for (text, expected, inside) in [
        ("fn a() {}\n", "fn a() {}\n¦", false),
        (
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n¦}\n",
            true,
        ),
        ("#[cfg(test)]\nmod t {}\nfn a() {}\n", "#[cfg(test)]\nmod t {¦}\nfn a() {}\n", true),
        ("mod a {\n    mod tests {\n    }\n}\n", "mod a {\n    mod tests {\n    }\n}\n¦", false),
    ] {
        let TestPlace::Here { at, inside_module, test_file } = place("src/a.rs", text) else { panic!("here: {text}") };
        let mut marked = text.to_owned();
        marked.insert(at, CURSOR);
        assert_eq!((marked.as_str(), inside_module, test_file), (expected, inside, false));
    }
}

#[test]
#[cfg(feature = "rust")]
fn a_module_of_tests_may_have_its_own_file() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests;\n";
    let other = |paths: [&str; 2]| TestPlace::Other { candidates: paths.map(str::to_owned).to_vec() };
    assert_eq!(place("src/a.rs", text), other(["src/a/tests.rs", "src/a/tests/mod.rs"]));
    assert_eq!(place("src/lib.rs", text), other(["src/tests.rs", "src/tests/mod.rs"]));
}

#[test]
#[cfg(all(feature = "go", feature = "python", feature = "javascript", feature = "typescript"))]
fn elsewhere_they_stand_in_another_file() {
    assert_others("a/b.go", &["a/b_test.go"]);
    assert_others("src/a/b.py", &["tests/test_b.py", "tests/a/test_b.py", "src/a/tests/test_b.py", "src/a/test_b.py"]);
    assert_others("a/__init__.py", &["tests/test_a.py", "tests/a/test_a.py", "a/tests/test_a.py", "a/test_a.py"]);
    assert_others("b.js", &["b.test.js", "__tests__/b.test.js", "__tests__/b.js", "b.spec.js"]);
    assert_others("a/b.tsx", &["a/b.test.tsx", "a/__tests__/b.test.tsx", "a/__tests__/b.tsx", "a/b.spec.tsx"]);
}

#[test]
#[cfg(all(feature = "java", feature = "c", feature = "cpp", feature = "lua"))]
fn and_in_the_folder_that_is_theirs() {
    assert_others("m/src/main/java/a/X.java", &["m/src/test/java/a/XTest.java", "m/src/test/java/a/XTests.java"]);
    assert_others("X.java", &["XTest.java"]);
    assert_others("src/x.c", &["tests/test_x.c", "test/test_x.c", "src/tests/test_x.c", "src/test_x.c"]);
    assert_others("src/x.hpp", &["src/x_test.cpp", "tests/x_test.cpp", "test/x_test.cpp", "tests/test_x.cpp"]);
    assert_others("lua/a/x.lua", &["spec/x_spec.lua", "tests/x_spec.lua", "lua/a/x_spec.lua"]);
    assert_others("a/x.rb", &["a/x_test.rb", "tests/test_x.rb"]);
    assert_others("Makefile", &["Makefile_test", "tests/test_Makefile"]);
}

#[test]
fn a_file_of_tests_takes_them_itself() {
    for path in [
        "tests/a.rs",
        "src/a/tests.rs",
        "a_test.go",
        "tests/test_a.py",
        "a.test.ts",
        "__tests__/a.js",
        "src/test/java/X.java",
        "XTest.java",
        "test_a.c",
        "a_test.cc",
        "a_spec.lua",
        "a_spec.rb",
    ] {
        let expected = TestPlace::Here { at: 2, inside_module: false, test_file: true };
        if Grammar::of("", path).is_some() || path.ends_with("rb") {
            assert_eq!(place(path, "x\n"), expected, "{path}");
        }
    }
}
