//! What a walk hands out, in which order, and where it ends.

use super::*;
use crate::tree::Tree;

fn walk_with(tree: &Tree, limits: WalkLimits) -> (Vec<String>, WalkReport) {
    let mut files = Vec::new();
    let report = walk(&tree.root(), limits, &mut |file| {
        files.push(file.relative);
        ControlFlow::Continue(())
    });
    assert_eq!(report.files, files.len());
    (files, report)
}

#[track_caller]
fn assert_walk(tree: &Tree, files: &[&str], left_out: &[(&'static str, u64)]) {
    let (found, report) = walk_with(tree, WalkLimits::default());
    assert_eq!(found, files);
    assert_eq!(report.left_out, left_out.iter().copied().collect());
    assert!(!report.truncated);
}

#[test]
fn every_text_is_handed_out_in_the_order_of_names() {
    let tree = Tree::new(&[
        ("b.rs", "b"),
        ("a/z.rs", "z"),
        ("a/b/c.rs", "c"),
        ("B.rs", "B"),
        (".github/ci.yml", "on:"),
        ("empty", ""),
    ]);
    assert_walk(&tree, &[".github/ci.yml", "B.rs", "a/b/c.rs", "a/z.rs", "b.rs", "empty"], &[]);
}

#[test]
fn a_file_comes_with_its_text_and_time() {
    let tree = Tree::new(&[("src/名前\u{1F600}.rs", "fn f() {}\r\n")]);
    let mut files = Vec::new();
    let report = walk(&tree.root(), WalkLimits::default(), &mut |file| {
        files.push(file);
        ControlFlow::Continue(())
    });
    assert_eq!((files[0].relative.as_str(), files[0].text.as_str()), ("src/名前\u{1F600}.rs", "fn f() {}\r\n"));
    assert!(files[0].modified.is_some());
    assert_eq!((report.files, report.bytes), (1, 11));
}

#[test]
fn what_version_control_and_assistants_ignore_is_left_out_without_a_repository() {
    let tree = Tree::new(&[
        (".gitignore", "/target/\n*.log\n!keep.log\n"),
        (".aiignore", "private\n"),
        ("target/debug/a.rs", "x"),
        ("private/a.rs", "x"),
        ("a.log", "x"),
        ("keep.log", "x"),
        ("sub/.gitignore", "gen.rs\n"),
        ("sub/gen.rs", "x"),
        ("sub/target/b.rs", "x"),
    ]);
    let files = [".aiignore", ".gitignore", "keep.log", "sub/.gitignore", "sub/target/b.rs"];
    assert_walk(&tree, &files, &[(".aiignore", 1), (".gitignore", 3)]);
}

#[test]
fn a_part_of_a_repository_obeys_the_whole() {
    let tree = Tree::new(&[
        ("../.git/info/exclude", "mine.rs\n"),
        ("../.gitignore", "/project/out/\n"),
        ("mine.rs", "x"),
        ("out/a.rs", "x"),
        ("a.rs", "x"),
    ]);
    assert_walk(&tree, &["a.rs"], &[(".git/info/exclude", 1), (".gitignore", 1)]);
}

#[test]
fn a_workspace_that_its_repository_keeps_from_assistants_is_left_out_whole() {
    let tree = Tree::new(&[("../.git/HEAD", ""), ("../.aiignore", "project/\n"), ("a.rs", "x")]);
    assert_walk(&tree, &[], &[(".aiignore", 1)]);
}

#[test]
fn a_workspace_that_version_control_ignores_is_read_when_it_is_opened_itself() {
    let tree = Tree::new(&[("../.git/HEAD", ""), ("../.gitignore", "/project/\n"), ("a.rs", "x")]);
    assert_walk(&tree, &["a.rs"], &[]);
}

#[test]
fn secret_files_are_left_out_and_counted_by_their_rule() {
    let tree = Tree::new(&[
        (".env", "K=V"),
        (".env.local", "K=V"),
        ("certs/a.pem", "x"),
        (".git/config", "x"),
        (".git/HEAD", "x"),
        ("a.rs", "x"),
    ]);
    assert_walk(&tree, &["a.rs"], &[("*.pem", 1), (".env*/", 2), (".git/", 1)]);
}

#[test]
fn what_nobody_wrote_is_left_out() {
    let tree = Tree::new(&[("app.min.js", &"x".repeat(10_001)), ("long.rs", &"x\n".repeat(300_000)), ("a.rs", "x")]);
    tree.write("image.png", b"\x89PNG\0");
    tree.write("latin.txt", b"caf\xe9");
    let left_out = [(BINARY, 1), (GENERATED, 1), (NOT_UTF8_TEXT, 1), (TOO_LARGE, 1)];
    assert_walk(&tree, &["a.rs"], &left_out);
}

#[test]
fn a_limit_ends_the_walk_and_says_so() {
    let tree = Tree::new(&[("a", "12345"), ("b", "12345"), ("c", "12345")]);
    let limits = WalkLimits::default();
    for (limits, files, truncated) in [
        (WalkLimits { max_files: 2, ..limits }, 2, true),
        (WalkLimits { max_files: 3, ..limits }, 3, false),
        (WalkLimits { max_files: 0, ..limits }, 0, true),
        (WalkLimits { max_files: usize::MAX, ..limits }, 3, false),
        (WalkLimits { max_total_bytes: 14, ..limits }, 2, true),
        (WalkLimits { max_total_bytes: 15, ..limits }, 3, false),
        (WalkLimits { max_total_bytes: 0, ..limits }, 0, true),
        (WalkLimits { max_file_bytes: 4, ..limits }, 0, false),
        (WalkLimits { max_file_bytes: u64::MAX, ..limits }, 3, false),
    ] {
        let (found, report) = walk_with(&tree, limits);
        assert_eq!((found.len(), report.truncated), (files, truncated), "{limits:?}");
    }
}

#[test]
fn a_workspace_of_nothing_but_pictures_ends_some_time() {
    let tree = Tree::new(&[]);
    for number in 0..=NAMES_PER_FILE {
        tree.write(&format!("{number:03}.png"), b"\0");
    }
    let (_, report) = walk_with(&tree, WalkLimits { max_files: 1, ..WalkLimits::default() });
    assert!(report.truncated);
    assert_eq!(report.left_out, BTreeMap::from([(BINARY, NAMES_PER_FILE as u64)]));
}

#[test]
fn the_caller_may_end_the_walk() {
    let tree = Tree::new(&[("a", "1"), ("b", "2")]);
    let mut seen = 0;
    let report = walk(&tree.root(), WalkLimits::default(), &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    });
    assert_eq!((seen, report.files, report.truncated), (1, 1, false));
}

#[test]
fn a_workspace_that_is_not_a_folder_gives_nothing() {
    let tree = Tree::new(&[("a.rs", "x")]);
    for root in [tree.root().join("gone"), tree.root().join("a.rs")] {
        let report = walk(&root, WalkLimits::default(), &mut |_| panic!("nothing to hand out"));
        assert_eq!(report.left_out, BTreeMap::from([(UNREADABLE, 1)]));
    }
}

#[cfg(unix)]
mod links_pipes_and_names {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::*;

    #[test]
    fn no_link_is_followed_and_no_pipe_is_opened() {
        let tree = Tree::new(&[("a.rs", "x"), ("../beside/b.rs", "x"), ("folder/c.rs", "x")]);
        tree.link("inside.rs", "a.rs");
        tree.link("circle", ".");
        tree.link("out", "../beside");
        tree.link("nowhere", "gone");
        tree.pipe("pipe");
        assert_walk(&tree, &["a.rs", "folder/c.rs"], &[(NOT_A_FILE, 1), (SYMBOLIC_LINK, 4)]);
    }

    #[test]
    fn an_ignore_file_that_is_a_pipe_or_endless_does_not_hold_the_walk_up() {
        let pipe = Tree::new(&[("a.rs", "x")]);
        pipe.pipe(".gitignore");
        assert_walk(&pipe, &["a.rs"], &[(NOT_A_FILE, 1)]);
        let endless = Tree::new(&[("a.rs", "x")]);
        endless.link(".gitignore", "/dev/zero");
        assert_walk(&endless, &["a.rs"], &[(SYMBOLIC_LINK, 1)]);
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_counted_and_odd_ones_are_names() {
        let long = "n".repeat(252) + ".rs";
        let tree = Tree::new(&[("line\nfeed.rs", "x"), ("\u{1F600}.rs", "x"), (&long, "x")]);
        std::os::unix::fs::symlink("gone", tree.root().join(OsStr::from_bytes(b"caf\xe9.rs"))).expect("any name");
        assert_walk(&tree, &["line\nfeed.rs", &long, "\u{1F600}.rs"], &[(NOT_UTF8_NAME, 1)]);
    }

    #[test]
    fn a_workspace_behind_a_link_is_walked() {
        let tree = Tree::new(&[("a.rs", "x")]);
        tree.link("../link", "project");
        let report = walk(&tree.root().with_file_name("link"), WalkLimits::default(), &mut |file| {
            assert_eq!(file.relative, "a.rs");
            ControlFlow::Continue(())
        });
        assert_eq!(report.files, 1);
    }
}
