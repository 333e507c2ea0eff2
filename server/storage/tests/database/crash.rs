//! A process that is killed at any system call of any deed leaves what was acknowledged, and so does one that is killed while it
//! takes up what the first one left.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use aside_test_support::real;

use crate::kit::{Rows, acknowledged, child, examine, expected, home, path};

/// What changes a file, a name or a lock.
const CALLS: [&str; 9] =
    ["openat", "pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "fcntl"];

/// What a database consists of, and what is made of it.
const FILES: [&str; 8] = [
    "",
    "notes.db",
    "notes.db-wal",
    "notes.db-shm",
    "notes.db-journal",
    "notes.db.v1.bak",
    ".notes.db.v1.bak.new",
    ".notes.db.v1.bak.new-journal",
];

/// Runs a child under `strace`, which looks at the calls on the files of this home's database only. Gives what the child said and
/// whether it was killed.
fn strace(home: &Path, task: &str, options: &[String]) -> (String, bool) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]);
    for file in FILES {
        strace.arg("-P").arg(home.join("data").join(file));
    }
    let output = strace.args(options).args(child(home, task)).output().expect("strace runs");
    let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
    assert!(killed || output.status.success(), "{task}: {}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8_lossy(&output.stdout).into_owned(), killed)
}

/// For each call, the most often that one thread makes it.
fn count(home: &Path, task: &str) -> BTreeMap<&'static str, usize> {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let options =
        ["-o".to_owned(), log.path().display().to_string(), "-e".to_owned(), format!("trace={}", CALLS.join(","))];
    strace(home, task, &options);
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for line in fs::read_to_string(log.path()).expect("a trace").lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(call) = CALLS.into_iter().find(|call| rest.starts_with(&format!("{call}("))) {
            *counts.entry((thread.to_owned(), call)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in counts {
        let known: &mut usize = most.entry(call).or_default();
        *known = count.max(*known);
    }
    most
}

/// Kills a child at this call. Gives how many deeds it has said to be done; `None` where it was not killed.
fn killed(home: &Path, task: &str, (call, number): (&str, usize)) -> Option<usize> {
    let inject = format!("inject={call}:signal=KILL:when={number}");
    let options =
        ["-e".to_owned(), format!("trace={call}"), "-e".to_owned(), inject, "-o".to_owned(), "/dev/null".to_owned()];
    let (said, killed) = strace(home, task, &options);
    killed.then(|| acknowledged(&said))
}

/// Every place at which a child that does `deeds` can be killed.
fn places(before: &[&str], deeds: &str) -> Vec<(&'static str, usize)> {
    let counts = count(home(before).path(), deeds);
    assert!(counts.contains_key("openat"), "{counts:?}");
    counts.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call, number))).collect()
}

/// The rows of a home, and the deeds' states from there.
fn states(before: &[&str], deeds: &str) -> Vec<Rows> {
    let rows = expected(&[], before).pop().expect("a state");
    expected(&rows, &deeds.split(',').collect::<Vec<_>>())
}

/// Kills a child at every call of `deeds`, done to a home of these deeds, and looks at what is left.
fn killed_anywhere(before: &[&str], deeds: &str) {
    if real::program("strace").is_none() {
        return;
    }
    let states = states(before, deeds);
    let (mut kills, mut found) = (0, BTreeMap::new());
    for place in places(before, deeds) {
        let home = home(before);
        let Some(acknowledged) = killed(home.path(), deeds, place) else { continue };
        kills += 1;
        let rows =
            examine(home.path(), &states, acknowledged).unwrap_or_else(|error| panic!("{deeds} {place:?}: {error}"));
        *found.entry(rows).or_insert(0) += 1;
        no_leftovers(home.path(), &place);
    }
    println!("{deeds} after {before:?}: killed {kills} times, {:?}", found.values());
    assert!(kills > 20 && found.len() > 1, "{kills} {found:?}");
}

/// What a killed backup left may stay until the next one.
fn no_leftovers(home: &Path, place: &(&str, usize)) {
    let unknown: Vec<PathBuf> = fs::read_dir(home.join("data"))
        .expect("a folder")
        .map(|entry| entry.expect("named").path())
        .filter(|path| !FILES.iter().any(|name| path.file_name().is_some_and(|found| found == *name)))
        .collect();
    assert!(unknown.is_empty(), "{place:?}: {unknown:?}");
}

#[test]
fn killed_while_it_is_made_it_is_there_or_not() {
    killed_anywhere(&[], "insert");
}

#[test]
fn killed_while_writing_it_holds_what_was_acknowledged() {
    killed_anywhere(&["insert", "insert"], "insert,update,delete");
}

#[test]
fn killed_while_it_is_migrated_it_is_old_or_new_and_a_backup_is_whole() {
    killed_anywhere(&["insert", "insert"], "migrate,insert");
}

#[test]
fn killed_while_the_log_is_folded_nothing_is_lost() {
    killed_anywhere(&["insert"], "insert,fold");
}

#[test]
fn killed_while_it_recovers_it_recovers_later() {
    if real::program("strace").is_none() {
        return;
    }
    let (before, deeds) = (["insert", "insert"], "insert,migrate,update");
    let states = states(&before, deeds);
    let places = places(&before, deeds);
    let mut kills = 0;
    // Some of the first kills; after each of them, every second one.
    for first in places.iter().step_by(places.len() / 5) {
        let left = home(&before);
        let Some(acknowledged) = killed(left.path(), deeds, *first) else { continue };
        let counts = count(copy(left.path()).path(), "read");
        for second in counts.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call, number))) {
            let again = copy(left.path());
            kills += usize::from(killed(again.path(), "read", second).is_some());
            examine(again.path(), &states, acknowledged)
                .unwrap_or_else(|error| panic!("{first:?}, then {second:?}: {error}"));
        }
    }
    println!("killed {kills} times while recovering");
    assert!(kills > 20, "{kills}");
}

/// A home with the same files.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().expect("a folder");
    if path(from).parent().is_some_and(Path::is_dir) {
        fs::create_dir(to.path().join("data")).expect("made");
        for entry in fs::read_dir(from.join("data")).expect("a folder").flatten() {
            fs::copy(entry.path(), to.path().join("data").join(entry.file_name())).expect("copied");
        }
    }
    to
}
