//! A disk that is full, read-only or failing, too many open files, no locks, no notices: each is told by its own code, nothing is
//! acknowledged that is not there, and it works again afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aside_test_support::real;

use crate::kit::{acknowledged, as_found, child, examine, expected, home, path, rows};

/// What a child said, run by the program and with the arguments in `before`.
fn said(before: &[&str], home: &Path, task: &str) -> String {
    let output = Command::new(before[0]).args(&before[1..]).args(child(home, task)).stderr(Stdio::null()).output();
    String::from_utf8_lossy(&output.expect("started").stdout).into_owned()
}

fn answer(said: &str) -> &str {
    said.lines().find_map(|line| line.strip_prefix("ANSWER ")).unwrap_or_else(|| panic!("{said}"))
}

/// What a child says when a call on one of these files fails with an error, from its `when` on.
fn failing(home: &Path, files: &[&str], (call, error, when): (&str, &str, &str), task: &str) -> String {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}:when={when}"));
    let mut before = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let files: Vec<_> = files.iter().map(|file| home.join(file).display().to_string()).collect();
    before.extend(files.iter().flat_map(|file| ["-P", file.as_str()]));
    said(&before, home, task)
}

const DATABASE: &str = "data/notes.db";
const LOG: &str = "data/notes.db-wal";
/// The calls that bring a file to the disk.
const SYNCS: &str = "fsync,fdatasync";

#[test]
fn every_error_of_the_disk_is_told_and_nothing_acknowledged_is_lost() {
    if real::program("strace").is_none() {
        return;
    }
    let before = ["insert", "insert"];
    let rows = expected(&[], &before).pop().expect("a state");
    for (call, error, files, code) in [
        ("pwrite64", "ENOSPC", &[LOG][..], "storage-full"),
        ("pwrite64", "EDQUOT", &[LOG], "storage-disk"),
        ("pwrite64", "EIO", &[LOG], "storage-disk"),
        (SYNCS, "EIO", &[LOG], "storage-disk"),
        (SYNCS, "ENOSPC", &[LOG], "storage-disk"),
        ("openat", "EACCES", &[DATABASE], "storage-denied"),
        ("openat", "EMFILE", &["data", LOG], "storage-handles"),
        ("openat", "ENFILE", &["data", DATABASE], "storage-handles"),
        ("openat", "EIO", &["data", DATABASE], "storage-disk"),
        ("openat", "ENOENT", &["data", DATABASE], "storage-missing"),
        ("openat,access,faccessat,faccessat2", "EROFS", &["data", DATABASE], "storage-read-only"),
    ] {
        let home = home(&before);
        let said = failing(home.path(), files, (call, error, "1+"), "insert,update");
        assert!(answer(&said).starts_with(&format!("{code} true: ")), "{call} {error}: {}", answer(&said));
        assert_eq!(acknowledged(&said), 0, "{call} {error}");
        let states = expected(&rows, &["insert", "update"]);
        examine(home.path(), &states, 0).unwrap_or_else(|defect| panic!("{call} {error}: {defect}"));
    }
}

#[test]
fn an_error_at_any_write_or_sync_loses_nothing_acknowledged() {
    if real::program("strace").is_none() {
        return;
    }
    let before = ["insert"];
    let rows = expected(&[], &before).pop().expect("a state");
    let deeds = ["insert", "large", "migrate", "fold", "update"];
    let states = expected(&rows, &deeds);
    let (mut failed, mut acknowledgements) = (0, BTreeSet::new());
    for (call, error) in [("pwrite64", "ENOSPC"), (SYNCS, "EIO"), ("ftruncate", "EIO")] {
        // Once, as by a disk that comes back.
        for when in (1..40).step_by(if call == "pwrite64" { 3 } else { 1 }) {
            let home = home(&before);
            let files = [DATABASE, LOG, "data/notes.db.v1.bak", "data/.notes.db.v1.bak.new", "data"];
            let said = failing(home.path(), &files, (call, error, &when.to_string()), &deeds.join(","));
            let done = acknowledged(&said);
            let place = format!("{call} {error} {when}: {}", answer(&said));
            examine(home.path(), &states, done).unwrap_or_else(|defect| panic!("{place}: {defect}"));
            acknowledgements.insert(done);
            failed += usize::from(answer(&said) != "done");
            assert!(answer(&said) == "done" || answer(&said).contains(" true: "), "{place}");
        }
    }
    println!("{failed} failures, after {acknowledgements:?} deeds");
    assert!(failed > 10 && acknowledgements.len() > 2, "{failed} {acknowledgements:?}");
}

#[test]
fn without_locks_it_is_told_that_there_are_none() {
    if real::program("strace").is_none() {
        return;
    }
    let home = home(&["insert"]);
    // `strace` counts for each thread: the first calls are those of threads that want something else than locks. A lock can
    // fail at its taking, which looks as if another program held it, or at its giving back.
    let others = calls_without_locks(home.path());
    for first in [1, 6] {
        let inject = format!("inject=fcntl:error=ENOLCK:when={}+", others + first);
        let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fcntl", "-e", &inject];
        let said = said(&before, home.path(), "insert");
        assert!(answer(&said).starts_with("storage-locks true: "), "{first}: {}", answer(&said));
    }
}

/// The most calls of `fcntl` by a thread that locks nothing.
fn calls_without_locks(home: &Path) -> usize {
    let log = tempfile::NamedTempFile::new().expect("a file");
    said(&["strace", "-f", "-qq", "-o", &log.path().display().to_string(), "-e", "trace=fcntl"], home, "insert");
    let text = std::fs::read_to_string(log.path()).expect("a trace");
    let mut threads: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for (thread, rest) in text.lines().filter_map(|line| line.split_once(' ')) {
        let (count, locks) = threads.entry(thread).or_default();
        *count += 1;
        *locks |= rest.contains("LK");
    }
    assert!(threads.values().any(|(_, locks)| *locks), "{text}");
    threads.values().filter(|(_, locks)| !locks).map(|(count, _)| *count).max().unwrap_or(0)
}

#[test]
fn without_notices_changes_are_found_by_looking() {
    if real::program("strace").is_none() {
        return;
    }
    for (call, error) in [("inotify_init1", "EMFILE"), ("inotify_add_watch", "ENOSPC")] {
        let home = home(&["insert"]);
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}"));
        let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        assert_eq!(answer(&said(&before, home.path(), "watch")), "done", "{call}");
    }
}

#[test]
fn what_another_process_commits_is_told_soon() {
    let home = home(&["insert"]);
    let ours = as_found(path(home.path())).expect("it opens").0;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut times = runtime.block_on(async {
        rows(&ours).await.expect("read");
        let mut changes = ours.changes();
        let (told, tells) = std::sync::mpsc::channel();
        let watcher = tokio::spawn(async move {
            let mut known = rows(&ours).await.expect("read").len();
            while known < 11 {
                changes.changed().await;
                let found = rows(&ours).await.expect("read").len();
                (known..found).for_each(|_| told.send(Instant::now()).expect("somebody listens"));
                known = found;
            }
        });
        let mut times = Vec::new();
        for _ in 0..10 {
            let said = said(&["env"], home.path(), "insert");
            let answered = Instant::now();
            assert_eq!(answer(&said), "done");
            let seen = tells.recv_timeout(Duration::from_secs(20)).expect("told");
            times.push(seen.saturating_duration_since(answered));
        }
        watcher.await.expect("it saw all");
        times
    });
    // From the end of the other process; most of them, because a busy machine is not a defect.
    times.sort();
    println!("{times:?}");
    assert!(times[5] < Duration::from_millis(100), "{times:?}");
}

/// What a child said whose data is on a small file system of its own, prepared by a shell script, and what the disk has afterwards.
fn mounted(test: &str, script: &str, task: &str) -> Option<(String, tempfile::TempDir)> {
    if real::program("unshare").is_none() || !real::is_root(test) {
        return None;
    }
    let home = home(&["insert"]);
    let script = format!(
        "set -e; cd '{}'; cp -a data kept; mount -t tmpfs -o size=200k,mode=700 tmpfs data; cp -a kept/. data; {script}; \
         \"$@\"; rm -f data/fill; mount -o remount,size=2m,rw data; cp -a data/. kept; umount data; rm -r data; mv kept data",
        home.path().display()
    );
    let said = said(&["unshare", "-m", "sh", "-c", &script, "sh"], home.path(), task);
    Some((said, home))
}

#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let deeds = ["insert", "large", "large", "large", "large"];
    let Some((said, home)) = mounted("a full disk", "true", &deeds.join(",")) else { return };
    assert!(answer(&said).starts_with("storage-full true: "), "{}", answer(&said));
    let rows = expected(&[], &["insert"]).pop().expect("a state");
    let done = acknowledged(&said);
    assert!((1..5).contains(&done), "{said}");
    examine(home.path(), &expected(&rows, &deeds), done).expect("nothing is lost");
}

#[test]
fn a_disk_without_room_for_a_backup_keeps_the_old_version() {
    let fill = "dd if=/dev/zero of=data/fill bs=1k count=1000 2>/dev/null || true";
    let Some((said, home)) = mounted("a full disk", fill, "migrate") else { return };
    assert!(answer(&said).starts_with("storage-full true: "), "{}", answer(&said));
    let rows = expected(&[], &["insert"]).pop().expect("a state");
    examine(home.path(), &expected(&rows, &["migrate"]), 0).expect("the old version is there");
    assert!(!path(home.path()).with_file_name(".notes.db.v1.bak.new").exists());
}

#[test]
fn a_read_only_disk_is_told() {
    let Some((said, home)) = mounted("a read-only disk", "mount -o remount,ro data", "insert") else { return };
    assert!(answer(&said).starts_with("storage-read-only true: "), "{}", answer(&said));
    examine(home.path(), &expected(&[], &["insert"]), 1).expect("it is what it was");
}
