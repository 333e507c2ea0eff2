//! Real repositories, made by the real Git.
#![expect(clippy::disallowed_methods, reason = "tests start Git and write its files")]

use std::process::Command as Program;

use super::*;

/// A repository with one commit of `a.rs`.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder"));
        repository.git(&["init", "-q", "-b", "main"]);
        repository.write("a.rs", "fn a() {}\n");
        repository.write(".env", "A=1\n");
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-q", "-m", "Begin with a"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
        let status = Program::new("git").arg("-C").arg(self.0.path()).args(identity).args(arguments).status();
        assert!(status.expect("Git starts").success(), "{arguments:?}");
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.0.path().join(path), text).expect("the folder is writable");
    }

    async fn diff(&self, changes: Changes) -> Result<Diff, &'static str> {
        diff(self.0.path(), changes).await.map_err(|refused| refused.code)
    }
}

#[tokio::test]
async fn staged_changes_come_without_secret_files_and_with_the_style_of_messages() {
    let repository = Repository::new();
    assert_eq!(repository.diff(Changes::Staged).await, Err("nothing-changed"));
    repository.write("a.rs", "fn a() { b() }\n");
    repository.write(".env", "A=canary\n");
    assert_eq!(repository.diff(Changes::Staged).await, Err("nothing-changed"));
    repository.git(&["add", "-A"]);
    let diff = repository.diff(Changes::Staged).await.expect("a diff");
    assert!(diff.text.contains("+fn a() { b() }") && !diff.text.contains("canary"), "{}", diff.text);
    assert_eq!((diff.left_out, diff.recent), (vec![".env".to_owned()], vec!["Begin with a".to_owned()]));
}

#[tokio::test]
async fn all_changes_are_those_since_the_last_commit_and_a_branch_has_its_own() {
    let repository = Repository::new();
    repository.write("a.rs", "fn b() {}\n");
    assert!(repository.diff(Changes::All).await.expect("a diff").text.contains("-fn a() {}"));
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.git(&["commit", "-q", "-a", "-m", "b"]);
    assert_eq!(repository.diff(Changes::All).await, Err("nothing-changed"));
    assert!(repository.diff(Changes::Branch).await.expect("a diff").text.contains("+fn b() {}"));
}

#[tokio::test]
async fn a_folder_without_a_repository_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = diff(folder.path(), Changes::All).await.expect_err("no repository");
    assert_eq!(refused.code, "git-no-repository");
}

#[cfg(unix)]
#[tokio::test]
async fn no_setting_of_a_repository_starts_a_program() {
    let repository = Repository::new();
    let mark = repository.0.path().join("started");
    let program = repository.0.path().join("program.sh");
    repository.write("program.sh", &format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display()));
    Program::new("chmod").arg("+x").arg(&program).status().expect("chmod starts");
    let program = program.to_str().expect("UTF-8");
    for name in [
        "core.fsmonitor",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.process",
        "core.pager",
        "pager.diff",
        "core.editor",
    ] {
        repository.git(&["config", name, program]);
    }
    repository.git(&["config", "filter.evil.required", "true"]);
    repository.write(".gitattributes", "*.rs diff=evil filter=evil\n");
    repository.write("a.rs", "fn longer() {}\n");
    let _any = repository.diff(Changes::All).await;
    let _any = repository.diff(Changes::Staged).await;
    assert!(!mark.exists(), "a program of the repository was started");
}

#[test]
fn names_with_spaces_are_told_apart_where_they_can_be() {
    assert_eq!(paths("a/x y.rs b/x y.rs"), ["x y.rs"]);
    assert_eq!(paths("a/old.rs b/new.rs"), ["old.rs", "new.rs"]);
    assert!(paths("a/o ld.rs b/new.rs").is_empty());
    assert!(paths("\"a/\\303\\266\" \"b/\\303\\266\"").is_empty());
}

#[test]
fn what_cannot_be_told_to_be_of_a_file_that_may_leave_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = "diff --git a/a.rs b/a.rs\n+mine\n";
    let theirs = "diff --cc .env\n++canary\n";
    let (text, left_out) = without_what_stays(folder.path(), &format!("{ours}{theirs}{ours}"));
    assert_eq!((text, left_out.len()), (format!("{ours}{ours}"), 1));
}
