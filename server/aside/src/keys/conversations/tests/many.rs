//! Many processes at once, and a process that is bound by file modes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::super::*;
use super::{
    child::{answer, command, said},
    kit::{Bench, set_mode},
};

fn this() -> PathBuf {
    env::current_exe().expect("this program has a path")
}

#[test]
fn eight_processes_that_want_the_first_key_at_once_get_the_same() {
    for store in [None, Some("ring"), Some("safe")] {
        let bench = Bench::new(SessionKey::Auto);
        if let Some(store) = store {
            fs::create_dir(bench.folder.path().join(store)).expect("made");
            set_mode(&bench.folder.path().join(store), 0o700);
        }
        let line = command(&this(), bench.folder.path(), "ensure");
        let start = || Command::new(&line[0]).args(&line[1..]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let children: Vec<_> = (0..8).map(|_| start().expect("it starts")).collect();
        let answers: Vec<_> = children
            .into_iter()
            .map(|child| said(&child.wait_with_output().expect("it ends").stdout).expect("it answers"))
            .collect();
        assert!(answers.iter().all(|id| *id == answers[0] && id.len() == 32), "{store:?}: {answers:?}");
        assert_eq!(answer(&command(&this(), bench.folder.path(), "read")).as_ref(), answers.first());
        assert_eq!(bench.path().exists(), store.is_none());
    }
}

/// What the child says to a task as a user who is bound by file modes: root is not.
fn as_nobody(home: &Path, task: &str) -> String {
    if !rustix::process::geteuid().is_root() {
        return answer(&command(&this(), home, task)).expect("it answers");
    }
    // The test binary may lie where others cannot go. Another program copies it: a child that this one starts meanwhile would hold
    // the copy open for writing, and nobody could run it.
    let folder = tempfile::tempdir().expect("a folder");
    set_mode(folder.path(), 0o755);
    let copy = folder.path().join("child");
    assert!(Command::new("cp").arg(this()).arg(&copy).status().expect("`cp` runs").success());
    let mut line: Vec<String> =
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned).into();
    line.extend(command(&copy, home, task));
    answer(&line).expect("it answers")
}

/// Gives everything below `folder` to that user.
fn give_away(folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    std::os::unix::fs::chown(folder, Some(65_534), Some(65_534)).expect("given away");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        give_away(&entry.path());
    }
}

#[test]
fn what_may_not_be_read_or_written_is_a_fault_and_never_a_new_key() {
    type Break = fn(&Path);
    let ways: &[(&str, &str, Break)] = &[
        ("a file without any right", "session-key-denied: ", |data| set_mode(&data.join("sessions.key"), 0o000)),
        ("a folder without any right", "session-key-denied: ", |data| set_mode(data, 0o000)),
        ("a folder that is read-only and empty", "session-key-denied: ", |data| {
            fs::remove_file(data.join("sessions.key")).expect("removed");
            fs::remove_file(data.join("sessions.key.lock")).expect("removed");
            set_mode(data, 0o500);
        }),
    ];
    for (what, expected, break_it) in ways {
        let bench = Bench::new(SessionKey::Auto);
        set_mode(bench.folder.path(), 0o755);
        answer(&command(&this(), bench.folder.path(), "ensure")).expect("made");
        give_away(bench.folder.path());
        let data = bench.folder.path().join("data");
        break_it(&data);
        let said = as_nobody(bench.folder.path(), "ensure");
        assert!(said.starts_with(expected) && said.contains("denied"), "{what}: {said}");
        set_mode(&data, 0o700);
        assert!(bench.snapshot().len() <= 1, "{what}: {:?}", bench.snapshot().keys());
    }
}
