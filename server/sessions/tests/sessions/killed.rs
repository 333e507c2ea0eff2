//! A process that is killed at any write, sync, rename or removal of any deed, and one that is killed while it takes up what that
//! one left: every message that was acknowledged is there, once, in order.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "the tests start processes and look at their traces")]

use std::{collections::BTreeMap, fs, os::unix::process::ExitStatusExt as _, path::Path, process::Command};

use aside_test_support::real;

use crate::deeds::{DEEDS, Plains, acknowledged, child, every, examine, expected, home};

/// What changes a file or a name.
const CALLS: [&str; 9] =
    ["pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "linkat", "openat"];

/// At every how many-th place the process is killed.
fn stride(usual: usize) -> usize {
    if every() { 1 } else { usual }
}

/// Runs a child under `strace`, which looks at the calls on the files of this home only. Gives what the child said and whether
/// it was killed.
fn strace(home: &Path, deeds: &str, options: &[String]) -> (String, bool) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]);
    for file in ["data/sessions.db", "data/sessions.db-wal", "data/sessions.db-journal", "state", "keys", ""] {
        strace.arg("-P").arg(home.join(file));
    }
    for file in ["state/sessions.anchor", "state/sessions.lock", "state/sessions.rekey"] {
        strace.arg("-P").arg(home.join(file));
    }
    let output = strace.args(options).args(child(home, deeds)).output().expect("strace runs");
    let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
    assert!(killed || output.status.success(), "{deeds}: {}", String::from_utf8_lossy(&output.stdout));
    (String::from_utf8_lossy(&output.stdout).into_owned(), killed)
}

/// Every place at which a child that does `deeds` can be killed: a call, and which one of it by one thread.
fn places(home: &Path, deeds: &str) -> Vec<(&'static str, usize)> {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let options =
        ["-o".to_owned(), log.path().display().to_string(), "-e".to_owned(), format!("trace={}", CALLS.join(","))];
    strace(home, deeds, &options);
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for line in fs::read_to_string(log.path()).expect("a trace").lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        if let Some(call) = CALLS.into_iter().find(|call| rest.trim_start().starts_with(&format!("{call}("))) {
            *counts.entry((thread.to_owned(), call)).or_default() += 1;
        }
    }
    let mut most: BTreeMap<&str, usize> = BTreeMap::new();
    for ((_, call), count) in counts {
        let known = most.entry(call).or_default();
        *known = count.max(*known);
    }
    most.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call, number))).collect()
}

/// Kills a child at this call. Gives how many deeds it has said to be done; `None` where it was not killed.
fn killed(home: &Path, deeds: &str, (call, number): (&str, usize)) -> Option<usize> {
    let inject = format!("inject={call}:signal=KILL:when={number}");
    let options =
        ["-e".to_owned(), format!("trace={call}"), "-e".to_owned(), inject, "-o".to_owned(), "/dev/null".to_owned()];
    let (said, killed) = strace(home, deeds, &options);
    killed.then(|| acknowledged(&said))
}

async fn killed_anywhere(before: &[&str], deeds: &str, usual: usize) {
    if real::program("strace").is_none() {
        return;
    }
    let (scene, plains) = home(before).await;
    let places = places(scene.path(), deeds);
    let states = expected(&plains, &deeds.split(',').collect::<Vec<_>>());
    let (mut kills, mut found) = (0, BTreeMap::<Plains, usize>::new());
    for place in places.iter().step_by(stride(usual)) {
        let (home, _) = home(before).await;
        let Some(acknowledged) = killed(home.path(), deeds, *place) else { continue };
        kills += 1;
        let left = examine(home.path(), &states, acknowledged).await;
        *found.entry(left.unwrap_or_else(|defect| panic!("{deeds} {place:?}: {defect}"))).or_default() += 1;
    }
    println!("{deeds} after {before:?}: killed {kills} times of {}: {:?}", places.len(), found.values());
    assert!(kills > 3, "{kills} of {}", places.len());
}

#[tokio::test]
async fn killed_at_its_first_words_a_program_leaves_nothing_or_them() {
    killed_anywhere(&[], "create,append", 12).await;
}

#[tokio::test]
async fn killed_while_it_answers_a_program_leaves_what_was_acknowledged() {
    killed_anywhere(&["create", "append"], "append,append", 9).await;
}

#[tokio::test]
async fn killed_while_it_copies_a_program_leaves_the_copy_or_none() {
    killed_anywhere(&["create", "append"], "fork,compact,import", 9).await;
}

#[tokio::test]
async fn killed_while_it_clears_away_a_program_leaves_the_conversation_or_not() {
    killed_anywhere(&["create", "append", "create", "create"], "trash,restore,clean,remove", 9).await;
}

#[tokio::test]
async fn killed_while_the_key_changes_a_program_leaves_a_key_that_opens_everything() {
    killed_anywhere(&["create", "append", "import", "trash"], "rekey,append", 9).await;
}

/// A home with a database of the first version, in clear.
fn in_clear() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("data")).expect("made");
    let database = rusqlite::Connection::open(crate::deeds::database(home.path())).expect("opened");
    database.execute_batch(include_str!("first_version.sql")).expect("made");
    home
}

#[tokio::test]
async fn killed_while_it_seals_what_was_in_clear_a_program_leaves_all_of_it() {
    if real::program("strace").is_none() {
        return;
    }
    let said = ["asked in clear", "answered in clear"].map(str::to_owned);
    let plains: Plains = vec![("In clear".to_owned(), false, said.into())];
    let (deeds, mut kills) = ("list,append", 0);
    let states = expected(&plains, &["list", "append"]);
    let scene = in_clear();
    for place in places(scene.path(), deeds).into_iter().step_by(stride(9)) {
        let home = in_clear();
        let Some(acknowledged) = killed(home.path(), deeds, place) else { continue };
        kills += 1;
        let left = examine(home.path(), &states, acknowledged).await;
        left.unwrap_or_else(|defect| panic!("{place:?}: {defect}"));
        let sealed = fs::read(crate::deeds::database(home.path())).expect("read");
        assert!(!sealed.windows(14).any(|window| window == b"asked in clear"), "{place:?}: nothing is left in clear");
    }
    assert!(kills > 3, "{kills}");
}

#[tokio::test]
async fn killed_again_while_it_takes_up_what_was_left_nothing_more_is_lost() {
    if real::program("strace").is_none() {
        return;
    }
    let before = ["create", "append", "append"];
    let deeds = "append,rekey,append";
    let (scene, plains) = home(&before).await;
    let states = expected(&plains, &deeds.split(',').collect::<Vec<_>>());
    let first: Vec<_> = places(scene.path(), deeds).into_iter().step_by(stride(31).max(7)).collect();
    let (again, _) = home(&before).await;
    let second: Vec<_> = places(again.path(), "list").into_iter().step_by(stride(9)).collect();
    let mut kills = 0;
    for place in first {
        for after in &second {
            let (home, _) = home(&before).await;
            let Some(acknowledged) = killed(home.path(), deeds, place) else { continue };
            kills += usize::from(killed(home.path(), "list", *after).is_some());
            let left = examine(home.path(), &states, acknowledged).await;
            left.unwrap_or_else(|defect| panic!("{place:?} {after:?}: {defect}"));
        }
    }
    println!("killed twice {kills} times");
    assert!(kills > 0);
}

#[test]
fn every_deed_is_killed_somewhere() {
    let here = include_str!("killed.rs");
    assert!(DEEDS.iter().all(|deed| here.contains(deed)));
}
