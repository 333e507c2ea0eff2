//! A process that is killed at any system call of any change leaves a key that is found, and never two.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use aside_test_support::real::program;

use super::super::*;
use super::{
    child::{BEGIN, command, said, world},
    kit::{Bench, ids, key, keys_in, line, set_mode, write},
};

/// What changes a file, a name or a lock.
const CALLS: [&str; 11] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "flock",
];

fn strace(home: &Path, task: &str, options: &[String]) -> Output {
    let mut all = vec!["-f".to_owned(), "-qq".to_owned()];
    all.extend_from_slice(options);
    all.extend(command(&env::current_exe().expect("this program has a path"), home, task));
    Command::new("strace").args(all).stderr(Stdio::null()).output().expect("strace runs")
}

/// For each call, how often it is made before the task begins and in all, by the thread that does the task.
fn count(bench: &Bench, task: &str) -> BTreeMap<String, (usize, usize)> {
    let log = bench.folder.path().join("trace");
    let options = ["-e", &format!("trace={}", CALLS.join(",")), "-o", &log.display().to_string()].map(str::to_owned);
    let output = strace(bench.folder.path(), task, &options);
    assert!(said(&output.stdout).is_some_and(|said| !said.contains(':')), "{task} without a kill");
    let trace = fs::read_to_string(log).expect("a trace");
    let worker = trace.lines().find(|line| line.contains(BEGIN)).expect("the task begins");
    let worker = worker.split_whitespace().next().expect("a number");
    let (mut counts, mut begun) = (BTreeMap::new(), false);
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

/// Kills the task at every call in a home of its own. `after` looks at what is left, given what the task had said.
fn killed_anywhere(task: &str, home: impl Fn() -> Bench, after: impl Fn(&Bench, Option<&str>, &str)) {
    if program("strace").is_none() {
        return;
    }
    let mut kills = 0;
    for (call, (before, total)) in count(&home(), task) {
        for number in before + 1..=total {
            let bench = home();
            let place = format!("{task} killed at {call} {number} of {total}");
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let options = ["-e", &format!("trace={call}"), "-e", &inject, "-o", "/dev/null"].map(str::to_owned);
            let output = strace(bench.folder.path(), task, &options);
            let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
            assert!(killed || output.status.success(), "{place}: {}", output.status);
            kills += usize::from(killed);
            after(&bench, said(&output.stdout).as_deref(), &place);
            no_leftovers(&bench, &place);
        }
    }
    assert!(kills > 10, "{task}: {kills} kills");
}

fn no_leftovers(bench: &Bench, place: &str) {
    let known = ["sessions.key", ".sessions.key.new", "sessions.key.damaged-1"];
    let names: Vec<_> = bench.snapshot().into_keys().collect();
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{place}: {names:?}");
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn keys(bench: &Bench) -> ConversationKeys {
    keys_in(bench.folder.path(), world(bench.folder.path()))
}

fn with_store(bench: Bench, name: &str) -> Bench {
    fs::create_dir(bench.folder.path().join(name)).expect("made");
    set_mode(&bench.folder.path().join(name), 0o700);
    bench
}

fn empty() -> Bench {
    Bench::new(SessionKey::Auto)
}

/// The key that is found after a kill; making one is possible where there was none.
fn made_after(bench: &Bench, said: Option<&str>, place: &str) {
    let made = run(keys(bench).ensure()).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
    let found = ids(&made);
    assert_eq!(found.len(), 1, "{place}");
    if let Some(said) = said {
        assert_eq!(said, found[0].to_string(), "{place}: what was acknowledged is kept");
    }
    assert_eq!(ids(&run(keys(bench).read()).expect("kept")), found, "{place}");
}

#[test]
fn killed_while_the_first_key_file_is_made_there_is_one_key_or_none_yet() {
    killed_anywhere("ensure", empty, made_after);
}

#[test]
fn killed_while_the_first_key_goes_into_a_store_there_is_one_key_or_none_yet() {
    killed_anywhere("ensure", || with_store(empty(), "ring"), made_after);
}

/// The key is found, and the next move ends in the one place.
fn moved_after(target: KeyPlace) -> impl Fn(&Bench, Option<&str>, &str) {
    move |bench, said, place| {
        let kept = run(keys(bench).read()).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
        assert_eq!(ids(&kept), [key(1).id()], "{place}");
        if said.is_some() {
            assert_eq!(kept.place, target, "{place}");
        }
        run(keys(bench).move_to(target)).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
        let kept = run(keys(bench).read()).expect("kept");
        assert_eq!((kept.place, ids(&kept)), (target, vec![key(1).id()]), "{place}");
        let files = [bench.path(), bench.folder.path().join("ring/current")];
        assert_eq!(files.iter().filter(|file| file.exists()).count(), 1, "{place}");
    }
}

#[test]
fn killed_while_the_key_moves_into_a_store_it_is_in_at_least_one_place() {
    let home = || {
        let bench = with_store(empty(), "ring");
        write(&bench.path(), format!("{}\n", line(&[1])));
        bench
    };
    killed_anywhere("move keyring", home, moved_after(KeyPlace::Keyring));
}

#[test]
fn killed_while_the_key_moves_into_its_file_it_is_in_at_least_one_place() {
    let home = || {
        let bench = with_store(empty(), "ring");
        write(&bench.folder.path().join("ring/current"), line(&[1]));
        bench
    };
    killed_anywhere("move file", home, moved_after(KeyPlace::File));
}

#[test]
fn killed_while_keys_are_replaced_the_old_ones_or_the_new_ones_are_kept() {
    let home = || {
        let bench = empty();
        write(&bench.path(), format!("{}\n", line(&[1])));
        bench
    };
    killed_anywhere("replace", home, |bench, said, place| {
        let found = ids(&run(keys(bench).read()).unwrap_or_else(|fault| panic!("{place}: {fault:?}")));
        let new = vec![key(1).id(), key(2).id()];
        assert!(found == new || said.is_none() && found == [key(1).id()], "{place}: {found:?}");
        run(keys(bench).replace(vec![key(2)])).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
    });
}

#[test]
fn killed_while_a_damaged_file_is_mended_nothing_is_lost() {
    let home = || {
        let bench = empty();
        write(&bench.path(), "rubbish\n");
        bench
    };
    killed_anywhere("restore", home, |bench, _, place| {
        run(keys(bench).restore(key(1))).unwrap_or_else(|fault| panic!("{place}: {fault:?}"));
        assert_eq!(ids(&run(keys(bench).read()).expect("kept")), [key(1).id()], "{place}");
        let aside = fs::read(bench.path().with_extension("key.damaged-1"));
        assert_eq!(aside.expect("kept"), b"rubbish\n", "{place}");
    });
}
