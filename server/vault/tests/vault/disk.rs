//! A disk that is full, read-only or failing, and a file system without locks: told as such, and nothing is lost.

use std::{path::Path, process::Stdio};

use crate::kit::{Home, all, child, command, first_values, has, say_skipped};

/// The child's answer when it runs under `before`.
fn answer(before: &[&str], home: &Path, task: &str) -> String {
    let mut line: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    line.extend(child(home, task));
    let output = command(&line).stderr(Stdio::null()).output().expect("started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("ANSWER ")).unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// The answer when a call on one path, or on any, fails with an error.
fn failing(home: &Home, call: &str, error: &str, path: Option<&str>, task: &str) -> String {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}"));
    let mut before = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let path = path.map(|path| home.at(path).display().to_string());
    before.extend(path.iter().flat_map(|path| ["-P", path.as_str()]));
    answer(&before, home.path(), task)
}

const UNFINISHED: &str = "data/.vault.aside.new";

#[test]
fn without_locks_the_vault_is_read_and_never_written() {
    if !has("a file system without locks", &["strace"]) {
        return;
    }
    let home = Home::new();
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS"] {
        let before = home.vault_bytes();
        assert_eq!(failing(&home, "flock", error, None, "get"), "done", "{error}");
        for task in ["set", "delete", "rekey", "clear", "passphrase"] {
            let answer = failing(&home, "flock", error, None, task);
            assert!(answer.starts_with("vault-lock-unavailable: "), "{error} {task}: {answer}");
        }
        assert_eq!(home.vault_bytes(), before, "{error}");
    }
}

#[test]
fn every_error_of_the_disk_is_told_and_the_old_state_stays() {
    if !has("a failing disk", &["strace"]) {
        return;
    }
    for (call, error, code) in [
        ("openat", "EROFS", "vault-read-only"),
        ("openat", "EACCES", "vault-denied"),
        ("openat", "EMFILE", "vault-disk"),
        ("write", "ENOSPC", "vault-disk-full"),
        ("write", "EDQUOT", "vault-disk-full"),
        ("write", "EIO", "vault-disk"),
        ("fsync", "EIO", "vault-disk"),
        ("fsync", "ENOSPC", "vault-disk-full"),
        ("rename", "EACCES", "vault-denied"),
    ] {
        let home = Home::new();
        let before = home.vault_bytes();
        let answer = failing(&home, call, error, Some(UNFINISHED), "set");
        assert!(answer.starts_with(&format!("{code}: ")), "{call} {error}: {answer}");
        assert!(answer.contains("vault.aside"), "{answer}");
        assert_eq!(home.vault_bytes(), before, "{call} {error}");
        let vault = home.open().expect("it opens");
        assert_eq!((all(&vault), vault.notes()), (first_values(), Vec::new()), "{call} {error}");
        vault.delete(&crate::kit::name("openai"), aside_vault::Slot::Current).expect("and works again");
        assert!(!home.at(UNFINISHED).exists(), "{call} {error}");
    }
}

/// Runs a shell script in a mount namespace of its own with a small file system in the place of the home's data, then the child.
fn mounted(test: &str, script: &str, task: &str) -> Option<(String, Home)> {
    // Root of its own namespace only, where the user is not root.
    let apart = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let works = ["unshare", apart, "sh", "-c", "mount -t tmpfs tmpfs /mnt"].map(str::to_owned);
    if !has(test, &["unshare"]) {
        return None;
    }
    if !command(&works).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        say_skipped(test, "this user cannot mount a file system of its own");
        return None;
    }
    let home = Home::new();
    let script = format!(
        "set -e; cd '{}'; cp -a data kept; mount -t tmpfs -o size=100k,mode=700 tmpfs data; cp -a kept/. data; {script}; \
         \"$@\"; sha256sum data/vault.aside kept/vault.aside; ls -A data",
        home.path().display()
    );
    Some((output(&["unshare", apart, "sh", "-c", &script, "sh"], home.path(), task), home))
}

fn output(before: &[&str], home: &Path, task: &str) -> String {
    let mut line: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    line.extend(child(home, task));
    let output = command(&line).output().expect("started");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What the child said, after seeing that the vault is the same as before.
#[track_caller]
fn unchanged(text: &str) -> &str {
    let digests: Vec<_> = text.lines().filter(|line| line.len() > 64 && line.ends_with("vault.aside")).collect();
    assert!(digests.len() == 2 && digests[0][..64] == digests[1][..64], "{text}");
    assert!(!text.lines().any(|line| line.ends_with(".new")), "{text}");
    text.lines().find_map(|line| line.strip_prefix("ANSWER ")).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some((text, _)) = mounted("a full disk", "true", "set large") else { return };
    let answer = unchanged(&text);
    assert!(answer.starts_with("vault-disk-full: "), "{answer}");
}

#[test]
fn a_read_only_disk_is_read() {
    let script = "mount -o remount,bind,ro data";
    let Some((text, _)) = mounted("a read-only disk", script, "set") else { return };
    let answer = unchanged(&text);
    assert!(answer.starts_with("vault-read-only: "), "{answer}");
    let Some((text, _)) = mounted("a read-only disk", script, "get") else { return };
    assert_eq!(unchanged(&text), "done");
}
