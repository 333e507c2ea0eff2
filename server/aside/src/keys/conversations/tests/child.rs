//! What the other tests have done in a process of its own.

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::super::*;
use super::kit::{FolderStore, Mood, World, key, keys_in};

/// Marks the begin of what is asked in a trace of system calls.
pub(super) const BEGIN: &str = "/nonexistent/aside-session-key-begins";

const HOME: &str = "ASIDE_TEST_HOME";
const TASK: &str = "ASIDE_TEST_TASK";

/// This program, told to do one thing in a home; `program` is it or a copy of it.
pub(super) fn command(program: &Path, home: &Path, task: &str) -> Vec<String> {
    let told = [format!("{HOME}={}", home.display()), format!("{TASK}={task}"), program.display().to_string()];
    let test = ["keys::conversations::tests::child::does_as_told", "--exact", "--ignored", "--nocapture"];
    ["env".to_owned()].into_iter().chain(told).chain(test.map(str::to_owned)).collect()
}

/// Runs a line and gives what the child answered; `None` where it was ended before.
pub(super) fn answer(line: &[String]) -> Option<String> {
    let output = Command::new(&line[0]).args(&line[1..]).stderr(Stdio::null()).output().expect("it runs");
    said(&output.stdout)
}

/// The answer in what a child printed.
pub(super) fn said(output: &[u8]) -> Option<String> {
    String::from_utf8_lossy(output).lines().find_map(|line| line.strip_prefix("ANSWER ").map(str::to_owned))
}

/// The program around a home for several processes: its stores are folders.
pub(super) fn world(home: &Path) -> Arc<World> {
    let [ring, safe] = ["ring", "safe"].map(|name| FolderStore(home.join(name)));
    let world = World::with(SessionKey::Auto, Box::new(ring), Box::new(safe));
    world.state().ring_is = if home.join("ring").exists() { Mood::Well } else { Mood::Absent };
    world.state().vault = if home.join("safe").exists() { VaultUse::InUse } else { VaultUse::None };
    world
}

#[test]
#[ignore = "the child of the other tests"]
fn does_as_told() {
    let told = |name: &str| env::var(name).expect("told by the parent");
    let (home, task) = (told(HOME), told(TASK));
    // One thread waits for the disk, so that a trace of it has all calls in their order.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
    let done = runtime.block_on(async {
        let keys = keys_in(Path::new(&home), world(Path::new(&home)));
        tokio::task::spawn_blocking(begin).await.expect("no panic");
        work(&keys, &task).await
    });
    let answer = done.unwrap_or_else(|fault| format!("{}: {fault}", fault.code()));
    // In one write, so that who is killed has said all or nothing.
    std::io::stdout().write_all(format!("\nANSWER {answer}\n").as_bytes()).expect("somebody listens");
}

async fn work(keys: &ConversationKeys, task: &str) -> Result<String, KeyFault> {
    let told = |kept: Kept| kept.keys.iter().map(|key| key.id().to_string()).collect::<Vec<_>>().join(" ");
    match task.split_once(' ').unwrap_or((task, "")) {
        ("read", _) => keys.read().await.map(told),
        ("ensure", _) => keys.ensure().await.map(told),
        ("replace", _) => keys.replace(vec![key(1), key(2)]).await.map(|()| "done".to_owned()),
        ("restore", _) => keys.restore(key(1)).await.map(|_| "done".to_owned()),
        ("move", place) => {
            let place = KeyPlace::ALL.into_iter().find(|one| one.as_str() == place).expect("a place");
            keys.move_to(place).await.map(|_| "done".to_owned())
        }
        other => panic!("{other:?}"),
    }
}

/// Before the task begins, this thread makes every call more often than the program's first thread does in all: `strace` counts
/// for each thread, and kills whichever comes to the number.
fn begin() {
    let nothing = Path::new("/nonexistent/aside-nothing");
    let mut file = tempfile::tempfile().expect("a file without a name");
    let mode = file.metadata().expect("it is open").permissions();
    for _ in 0..100 {
        fs::File::open(nothing).expect_err("nothing is there");
        fs::rename(nothing, nothing).expect_err("nothing is there");
        fs::remove_file(nothing).expect_err("nothing is there");
        file.write_all(b"x").expect("written");
        file.sync_all().expect("written");
        file.set_permissions(mode.clone()).expect("a mode");
        // Where there are no locks, that is for the task to meet.
        drop(file.lock());
    }
    fs::File::open(BEGIN).expect_err("nothing is there");
}
