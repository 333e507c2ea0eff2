//! A process that is killed at any system call of any change leaves the old state or the new one.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
};

use aside_vault::{FileVault, Unlocked, VaultError};

use crate::{
    child::BEGIN,
    kit::{Home, NOW, OTHER, PASSPHRASE, Values, all, child, command, first_values, has, key, passphrase, put, values},
};

/// What changes a file, a name or a lock.
const CALLS: [&str; 13] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "ftruncate",
    "flock",
    "fchmod",
];

/// A home with a backup, so that there is something to restore.
fn home() -> Home {
    let home = Home::new();
    fs::create_dir(&home.files.backups).expect("made");
    put(&home.files.backups.join("auto-00000000000000000001.aside"), &home.vault_bytes());
    home.open().expect("opened").set(vec![key("openai", "sk-later")], NOW).expect("stored");
    home
}

fn before() -> Values {
    let mut values = first_values();
    values.insert("openai".to_owned(), "sk-later".to_owned());
    values
}

fn strace(home: &Home, task: &str, options: &[&str]) -> ExitStatus {
    let mut line: Vec<String> = ["strace", "-f", "-qq"].map(str::to_owned).into();
    line.extend(options.iter().map(|option| (*option).to_owned()));
    line.extend(child(home.path(), task));
    command(&line).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("strace runs")
}

/// For each call, how often it is made before the task begins and in all, by the thread that does the task.
fn count(task: &str) -> BTreeMap<String, (usize, usize)> {
    let home = home();
    let log = home.at("trace");
    let options = ["-e".to_owned(), format!("trace={}", CALLS.join(",")), "-o".to_owned(), log.display().to_string()];
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    assert!(strace(&home, task, &options).success(), "{task} without a kill");
    let trace = fs::read_to_string(log).expect("a trace");
    let worker = trace.lines().find(|line| line.contains(BEGIN)).expect("the task begins");
    let worker = worker.split_whitespace().next().expect("a number");
    let mut counts = BTreeMap::new();
    let mut begun = false;
    for line in trace.lines().filter(|line| line.split_whitespace().next() == Some(worker)) {
        begun |= line.contains(BEGIN);
        let call = line[worker.len()..].trim_start().split_once('(').map_or("", |(call, _)| call);
        if CALLS.contains(&call) {
            let (before, total) = counts.entry(call.to_owned()).or_insert((0, 0));
            *before += usize::from(!begun);
            *total += 1;
        }
    }
    counts
}

/// Kills the task at every call and looks at what is left. `state` says which of the two states it is, by opening it.
fn killed_anywhere(task: &str, state: impl Fn(&Home) -> (Which, Unlocked)) {
    if !has(task, &["strace"]) {
        return;
    }
    let (mut old, mut new) = (0, 0);
    for (call, (before, total)) in count(task) {
        for number in before + 1..=total {
            let home = home();
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let status = strace(&home, task, &["-e", &format!("trace={call}"), "-e", &inject, "-o", "/dev/null"]);
            let place = format!("{task} killed at {call} {number} of {total}");
            assert!(status.success() || status.signal() == Some(9) || status.code() == Some(137), "{place}: {status}");
            let (which, vault) = state(&home);
            match which {
                Which::Old => old += 1,
                Which::New => new += 1,
            }
            let mut expected = all(&vault);
            vault.set(vec![key("after", "sk-after")], NOW).unwrap_or_else(|error| panic!("{place}: {error}"));
            expected.insert("after".to_owned(), "sk-after".to_owned());
            assert_eq!(all(&vault), expected, "{place}: the next change works");
            no_leftovers(&home, &place);
        }
    }
    println!("{task}: killed {} times: {old} old, {new} new", old + new);
    assert!(old > 10 && new > 0, "{task}: {old} old, {new} new");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Old,
    New,
}

fn no_leftovers(home: &Home, place: &str) {
    let known = |name: &String| {
        ["words", "data/vault.aside", "data/vault.lock", "state/vault.anchor"].contains(&name.as_str())
            || name.starts_with("data/backups/auto-")
            || name.starts_with("data/backups/replaced-")
    };
    let names = home.names();
    assert!(names.iter().all(known), "{place}: {names:?}");
    // Three automatic ones, and as many that were replaced.
    assert!(names.len() <= 4 + 6, "{place}: {names:?}");
}

/// The state of a vault whose words stay.
fn by_values(home: &Home, after: &Values) -> (Which, Unlocked) {
    let vault = home.open().expect("it opens");
    let found = all(&vault);
    let which = if found == before() { Which::Old } else { Which::New };
    assert!(which == Which::Old || found == *after, "neither: {found:?}");
    (which, vault)
}

/// The state of a vault that gets another data key and keeps its passphrase.
fn by_key(home: &Home, after: &Values) -> (Which, Unlocked) {
    match home.open() {
        Ok(vault) => {
            assert_eq!(all(&vault), before());
            (Which::Old, vault)
        }
        Err(VaultError::WrongPassphrase) => {
            let vault = FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("it opens");
            assert_eq!(all(&vault), *after);
            (Which::New, vault)
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn killed_while_storing_it_has_all_keys_or_none() {
    let mut after = before();
    after.extend(values(&[("mistral", "sk-new-1"), ("openai", "sk-new-2")]));
    killed_anywhere("set", |home| by_values(home, &after));
}

#[test]
fn killed_while_deleting_it_has_the_key_or_not() {
    let mut after = before();
    after.remove("openai");
    killed_anywhere("delete", |home| by_values(home, &after));
}

#[test]
fn killed_while_restoring_it_is_the_old_vault_or_the_restored_one() {
    killed_anywhere("restore", |home| by_values(home, &first_values()));
}

#[test]
fn killed_while_the_passphrase_changes_exactly_one_of_both_opens_it() {
    killed_anywhere("passphrase", |home| {
        let vault = home.open().expect("the words stay");
        assert_eq!(all(&vault), before());
        match FileVault::unlock(&home.files, &passphrase(PASSPHRASE)) {
            Ok(_) => (Which::Old, vault),
            Err(VaultError::WrongPassphrase) => {
                FileVault::unlock(&home.files, &passphrase(OTHER)).expect("the new one opens it");
                (Which::New, vault)
            }
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn killed_while_it_gets_a_new_key_it_has_the_old_one_or_the_new_one() {
    killed_anywhere("rekey", |home| by_key(home, &before()));
}

#[test]
fn killed_while_it_is_cleared_it_is_full_or_empty() {
    killed_anywhere("clear", |home| by_key(home, &Values::new()));
}
