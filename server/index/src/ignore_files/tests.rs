//! What ignore files keep here.

use super::*;
use crate::tree::Tree;

#[track_caller]
fn assert_rules(tree: &Tree, expected: &[(&str, Option<&str>)]) {
    let ignore = Ignore::of(&tree.root());
    for (path, rule) in expected {
        let kept = ignore.allows(&tree.root().join(path)).err();
        assert_eq!(kept.map(|kept| kept.rule), *rule, "{path}");
    }
}

#[test]
fn an_ignore_file_for_assistants_keeps_what_it_names() {
    let tree = Tree::new(&[(".aiignore", "# ours\n\n*.sql\n/private/\n!schema.sql\n"), ("private/a.rs", "")]);
    assert_rules(
        &tree,
        &[
            ("dump.sql", Some(".aiignore")),
            ("deep/er/dump.sql", Some(".aiignore")),
            ("schema.sql", None),
            ("private/a.rs", Some(".aiignore")),
            ("private/new/not/there.rs", Some(".aiignore")),
            ("src/private/a.rs", None),
            ("main.rs", None),
        ],
    );
}

#[test]
fn ignore_files_of_other_assistants_count_each_for_itself() {
    for name in FOR_ASSISTANTS {
        let tree = Tree::new(&[(name, "kept.rs\n"), (".asideignore", "!kept.rs\nkept.rs\n")]);
        if *name != ".asideignore" {
            tree.write(".asideignore", "!kept.rs\n");
        }
        assert_rules(&tree, &[("kept.rs", Some(name)), ("free.rs", None)]);
    }
}

#[test]
fn a_deeper_ignore_file_overrides_one_further_up_but_opens_no_ignored_folder() {
    let tree = Tree::new(&[
        (".cursorignore", "*.txt\nclosed/\n"),
        ("docs/.cursorignore", "!free.txt\nmore.rs\n"),
        ("closed/.cursorignore", "!a.rs\n"),
    ]);
    assert_rules(
        &tree,
        &[
            ("docs/free.txt", None),
            ("docs/kept.txt", Some(".cursorignore")),
            ("docs/more.rs", Some(".cursorignore")),
            ("more.rs", None),
            ("closed/a.rs", Some(".cursorignore")),
        ],
    );
}

#[test]
fn version_control_does_not_say_what_may_leave() {
    let tree = Tree::new(&[(".gitignore", "notes.md\n"), (".ignore", "notes.md\n")]);
    assert_rules(&tree, &[("notes.md", None)]);
}

#[test]
fn upper_and_lower_case_line_ends_and_a_byte_order_mark_do_not_matter() {
    let tree = Tree::new(&[(".aiignore", "\u{feff}Kept.rs\r\nother.rs\r\n")]);
    assert_rules(&tree, &[("kept.RS", Some(".aiignore")), ("other.rs", Some(".aiignore"))]);
}

#[test]
fn a_bad_line_does_not_hide_the_others() {
    let tree = Tree::new(&[(".aiignore", "a{b\n[z-a]\nkept.rs\n")]);
    assert_rules(&tree, &[("kept.rs", Some(".aiignore")), ("free.rs", None)]);
}

#[test]
fn secret_files_stay_here_without_any_ignore_file() {
    let tree = Tree::new(&[("src/.env", "K=V")]);
    assert_rules(&tree, &[("src/.env", Some(".env*/")), ("src/env.rs", None)]);
}

#[test]
fn ignore_files_further_up_in_the_repository_count() {
    let tree = Tree::new(&[("../.git/HEAD", ""), ("../.aiignore", "project/kept.rs\n")]);
    assert_rules(&tree, &[("kept.rs", Some(".aiignore")), ("free.rs", None)]);
    let without_repository = Tree::new(&[("../.aiignore", "project/kept.rs\n")]);
    assert_rules(&without_repository, &[("kept.rs", None)]);
}

#[test]
fn a_path_outside_the_workspace_stays_here() {
    let tree = Tree::new(&[]);
    let ignore = Ignore::of(&tree.root());
    let too_long = tree.root().join("a/".repeat(100_000));
    for path in
        [Path::new("/etc/hosts"), Path::new("relative.rs"), &tree.root().join("../beside.rs"), &tree.root(), &too_long]
    {
        assert_eq!(ignore.allows(path).expect_err("outside").rule, OUTSIDE);
    }
}

#[test]
fn changes_are_seen_by_a_new_value() {
    let tree = Tree::new(&[]);
    assert_rules(&tree, &[("kept.rs", None)]);
    tree.write(".aiignore", "kept.rs");
    assert_rules(&tree, &[("kept.rs", Some(".aiignore"))]);
}

#[cfg(unix)]
mod links_and_pipes {
    use super::*;

    #[test]
    fn a_link_is_judged_by_what_it_leads_to_as_well() {
        let tree = Tree::new(&[
            (".env", "K=V"),
            (".aiignore", "kept/\n"),
            ("kept/a.rs", ""),
            ("b.rs", ""),
            ("../.ssh/config", ""),
        ]);
        tree.link("notes.txt", ".env");
        tree.link("a.rs", "kept/a.rs");
        tree.link("c.rs", "b.rs");
        tree.link("d.rs", "../.ssh/config");
        assert_rules(
            &tree,
            &[("notes.txt", Some(".env*/")), ("a.rs", Some(".aiignore")), ("c.rs", None), ("d.rs", Some(".ssh/"))],
        );
    }

    #[test]
    fn a_workspace_behind_a_link_may_be_named_either_way() {
        let tree = Tree::new(&[(".aiignore", "kept.rs\n"), ("kept.rs", ""), ("free.rs", "")]);
        tree.link("../link", "project");
        let link = tree.root().with_file_name("link");
        let ignore = Ignore::of(&link);
        for root in [link, tree.root()] {
            assert_eq!(ignore.allows(&root.join("kept.rs")).expect_err("ignored").rule, ".aiignore");
            assert_eq!(ignore.allows(&root.join("free.rs")), Ok(()));
        }
    }

    #[test]
    fn an_ignore_file_that_cannot_be_read_keeps_everything() {
        let pipe = Tree::new(&[]);
        pipe.pipe(".aiignore");
        let outside = Tree::new(&[("../rules", "x\n")]);
        outside.link(".aiignore", "../rules");
        let nowhere = Tree::new(&[]);
        nowhere.link(".aiignore", "not-there");
        let endless = Tree::new(&[]);
        endless.link(".aiignore", "/dev/zero");
        let long = Tree::new(&[(".aiignore", &"#\n".repeat(600_000))]);
        for tree in [pipe, outside, nowhere, endless, long] {
            assert_rules(&tree, &[("a.rs", Some(".aiignore"))]);
        }
    }

    #[test]
    fn an_ignore_file_may_link_to_another_of_the_workspace() {
        let tree = Tree::new(&[("rules", "kept.rs\n")]);
        tree.link(".aiignore", "rules");
        assert_rules(&tree, &[("kept.rs", Some(".aiignore")), ("free.rs", None)]);
    }
}

#[test]
fn a_folder_with_the_name_of_an_ignore_file_holds_no_rules() {
    let tree = Tree::new(&[(".aiignore/a.rs", "")]);
    assert_rules(&tree, &[("a.rs", None)]);
}

#[test]
fn a_file_of_no_known_workspace_is_under_the_ignore_files_above_it() {
    let tree = Tree::new(&[(".aiignore", "kept.rs\n"), ("deep/er/kept.rs", ""), ("deep/er/free.rs", "")]);
    let rule = |path: &str| {
        let path = tree.root().join(path);
        Ignore::above(&path).allows(&path).err().map(|kept| kept.rule)
    };
    assert_eq!(rule("deep/er/kept.rs"), Some(".aiignore"));
    assert_eq!(rule("kept.rs"), Some(".aiignore"));
    assert_eq!(rule("deep/er/free.rs"), None);
    assert_eq!(rule("deep/er/.env"), Some(".env*/"));
}
