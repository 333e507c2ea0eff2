//! What is read, and what is refused.

use super::*;
use crate::tree::Tree;

const LIMIT: u64 = 64;

fn read_in(tree: &Tree, relative: &str) -> Result<String, ReadError> {
    read(&tree.root(), relative, LIMIT)
}

/// The variant's name and the sentence a person sees.
#[track_caller]
fn assert_refused(tree: &Tree, relative: &str, expected: &str) {
    let error = read_in(tree, relative).expect_err(relative);
    let variant = format!("{error:?}");
    assert!(variant.starts_with(expected), "{relative:?}: {variant}");
    assert!(error.to_string().contains(&format!("`{relative}`")), "{error}");
}

#[test]
fn a_text_is_read_as_it_is() {
    let tree = Tree::new(&[
        ("src/main.rs", "fn main() {}\r\n"),
        ("empty", ""),
        ("名前 \u{1F600}\n.rs", "x"),
        ("full", &"x".repeat(64)),
    ]);
    for (path, expected) in [
        ("src/main.rs", "fn main() {}\r\n"),
        ("./src/./main.rs", "fn main() {}\r\n"),
        ("empty", ""),
        ("名前 \u{1F600}\n.rs", "x"),
        ("full", &"x".repeat(64)),
    ] {
        assert_eq!(read_in(&tree, path).expect(path), expected);
    }
}

#[test]
fn a_path_that_leads_out_is_refused() {
    let tree = Tree::new(&[("../beside.rs", "x"), ("src/a.rs", "x")]);
    for path in ["../beside.rs", "src/../../beside.rs", "src/../src/a.rs", "/etc/hosts", "", ".", "a\0b"] {
        assert_refused(&tree, path, "Outside");
    }
}

#[test]
fn what_is_no_text_of_bearable_size_is_refused() {
    let tree = Tree::new(&[("folder/a.rs", ""), ("long", &"x".repeat(65))]);
    tree.write("binary", b"\x7fELF\0\0");
    tree.write("latin", b"caf\xe9");
    for (path, expected) in [
        ("not-there.rs", "NotFound"),
        ("folder/a.rs/b.rs", "NotFound"),
        ("folder", "NotAFile"),
        ("long", "TooLarge { path: \"long\", bytes: 65, limit: 64 }"),
        ("binary", "Binary"),
        ("latin", "NotUtf8"),
    ] {
        assert_refused(&tree, path, expected);
    }
}

#[test]
fn what_the_rules_keep_here_is_refused_whether_it_exists_or_not() {
    let tree = Tree::new(&[(".env", "K=V"), (".aiignore", "kept.rs\n"), ("kept.rs", "x")]);
    for path in [".env", "src/id_rsa", "kept.rs"] {
        assert_refused(&tree, path, "Withheld");
    }
}

#[test]
fn a_file_of_a_secret_folder_is_refused_also_when_that_folder_is_the_workspace() {
    let tree = Tree::new(&[("../.aws/config", "x")]);
    let refused = read(&tree.root().with_file_name(".aws"), "config", LIMIT).expect_err("a secret folder");
    assert!(matches!(refused, ReadError::Withheld(LeftOut { rule: ".aws/", .. })), "{refused:?}");
}

#[test]
fn a_workspace_that_is_not_there_is_an_error() {
    let tree = Tree::new(&[]);
    let error = read(&tree.root().join("gone"), "a.rs", LIMIT).expect_err("no workspace");
    assert!(matches!(error, ReadError::NotFound { .. }), "{error:?}");
}

#[cfg(unix)]
mod links_and_pipes {
    use super::*;

    #[test]
    fn a_link_is_followed_inside_the_workspace_only_and_never_to_a_secret() {
        let tree = Tree::new(&[
            ("a.rs", "a"),
            (".env", "K=V"),
            ("folder/b.rs", "b"),
            ("../beside.rs", "x"),
            ("../beside/c.rs", "x"),
        ]);
        tree.link("to-a.rs", "a.rs");
        tree.link("to-folder", "folder");
        tree.link("to-env.txt", ".env");
        tree.link("to-beside.rs", "../beside.rs");
        tree.link("out", "../beside");
        tree.link("absolute", "/etc/hosts");
        tree.link("circle", "circle");
        assert_eq!(read_in(&tree, "to-a.rs").expect("inside"), "a");
        assert_eq!(read_in(&tree, "to-folder/b.rs").expect("inside"), "b");
        for (path, expected) in [
            ("to-env.txt", "Withheld"),
            ("to-beside.rs", "Outside"),
            ("out/c.rs", "Outside"),
            ("absolute", "Outside"),
            ("circle", "Unreadable"),
        ] {
            assert_refused(&tree, path, expected);
        }
    }

    #[test]
    fn a_named_pipe_is_not_opened() {
        let tree = Tree::new(&[]);
        tree.pipe("pipe");
        assert_refused(&tree, "pipe", "NotAFile");
        tree.link("to-pipe", "pipe");
        assert_refused(&tree, "to-pipe", "NotAFile");
    }

    #[test]
    fn a_device_is_not_opened() {
        let error = read(Path::new("/dev"), "null", LIMIT).expect_err("a device");
        assert!(matches!(error, ReadError::NotAFile { .. }), "{error:?}");
    }

    #[test]
    fn a_file_that_says_it_is_empty_is_still_bounded() {
        let error = read(Path::new("/proc/self"), "maps", LIMIT);
        if Path::new("/proc/self/maps").exists() {
            assert!(matches!(error, Err(ReadError::TooLarge { bytes: 65, .. })), "{error:?}");
        }
    }
}
