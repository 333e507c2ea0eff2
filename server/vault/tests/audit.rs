//! The audit log and real processes: many at once, killed in the middle, and kept from writing.
//!
//! The test binary starts itself again; what the child does is told by its environment.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the tests start and kill processes of their own")]
#![expect(clippy::print_stdout, reason = "a child talks to its test")]

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use aside_vault::{
    KeyName, Origin,
    audit::{AuditFiles, AuditLog, By, Limits, Record, Required, Verdict, What},
};

const ROLE: &str = "ASIDE_TEST_ROLE";
const HOME: &str = "ASIDE_TEST_HOME";
const MARK: &str = "child: ";
const PROCESSES: usize = 8;
const RECORDS: u64 = 200;

/// This binary once more, in a role. Killed when dropped.
struct Process(Child, BufReader<ChildStdout>);

impl Process {
    fn start(role: &str, home: &Path) -> Self {
        Self::of(Command::new(env::current_exe().expect("this binary")), role, home)
    }

    fn of(mut command: Command, role: &str, home: &Path) -> Self {
        let mut child = command
            .args(["a_child_plays_its_role", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .envs([(ROLE, role.as_ref()), (HOME, home.as_os_str())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self(child, output)
    }

    /// The next thing the child says; `None` when it ended.
    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.1.read_line(&mut line).expect("text") > 0 {
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(said.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    fn go(&mut self) {
        self.0.stdin.take().expect("piped").write_all(b"go\n").expect("it listens");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn limits(max_bytes: u64, keep: u32) -> Limits {
    Limits { max_bytes, keep, required: Required::Changes }
}

fn files(home: &Path) -> AuditFiles {
    AuditFiles::under(&home.join("state"), &home.join("data"))
}

fn verify(home: &Path) -> Verdict {
    AuditLog::new(files(home), limits(1 << 20, 5), By::Cli).verify().expect("readable")
}

fn key() -> KeyName {
    KeyName::new("work", Origin::of("https://api.example.com").expect("an address"))
}

fn tell(what: &str) {
    println!("{MARK}{what}");
}

/// What the processes that the tests start do.
#[test]
#[ignore = "the child of the other tests"]
fn a_child_plays_its_role() {
    let (Ok(role), Some(home)) = (env::var(ROLE), env::var_os(HOME)) else { return };
    let log = AuditLog::new(files(Path::new(&home)), limits(64 * 1024, 100), By::Agent);
    match role.as_str() {
        "together" => {
            tell("ready");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).expect("told to go");
            for n in 0..RECORDS {
                let record = Record::done(if n % 2 == 0 { What::Use } else { What::Set }).key(&key());
                // Half of them through the thread; each in a batch of its own kind.
                if n % 4 == 0 { log.note(record) } else { log.record(record).expect("recorded") }
            }
            log.close();
            tell("done");
        }
        "for-ever" => loop {
            log.note(Record::done(What::Use).key(&key()));
            log.record(Record::done(What::Test)).expect("recorded");
            tell("one");
        },
        "try" => {
            let recorded = log.record(Record::done(What::Set));
            tell(
                &recorded.map_or_else(
                    |error| format!("{} | {error} | {}", error.code(), error.hint()),
                    |()| "ok".to_owned(),
                ),
            );
            log.note(Record::done(What::Use));
            log.close();
            let status = log.status();
            tell(&format!("lost {}, {}", status.lost, if status.problem.is_some() { "a problem" } else { "well" }));
        }
        other => panic!("no role `{other}`"),
    }
}

#[test]
fn eight_processes_write_at_once_and_lose_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let mut processes: Vec<_> = (0..PROCESSES).map(|_| Process::start("together", home.path())).collect();
    for process in &mut processes {
        assert_eq!(process.hear().as_deref(), Some("ready"));
    }
    processes.iter_mut().for_each(Process::go);
    for process in &mut processes {
        assert_eq!(process.hear().as_deref(), Some("done"));
    }
    let verdict = verify(home.path());
    assert!(verdict.is_intact() && verdict.lost == 0, "{verdict:#?}");
    assert!(verdict.files > 2, "the log was rotated: {verdict:?}");
    let log = AuditLog::new(files(home.path()), limits(1 << 20, 5), By::Cli);
    let entries = log.tail(100_000, &[key()]).expect("read");
    let counted: u64 = entries.iter().map(|entry| entry.count).sum();
    assert_eq!(counted, PROCESSES as u64 * RECORDS);
    assert!(entries.iter().all(|entry| entry.name.is_some()), "one key of the log for all processes");
}

#[test]
fn a_writer_that_is_killed_leaves_an_intact_log() {
    let home = tempfile::tempdir().expect("a folder");
    for round in 0..30 {
        let mut writers = [Process::start("for-ever", home.path()), Process::start("for-ever", home.path())];
        for _ in 0..=round {
            assert_eq!(writers[0].hear().as_deref(), Some("one"));
        }
        drop(writers);
        let verdict = verify(home.path());
        assert!(verdict.is_intact(), "round {round}: {verdict:#?}");
    }
    AuditLog::new(files(home.path()), limits(64 * 1024, 100), By::Cli)
        .record(Record::done(What::List))
        .expect("recorded");
    assert!(verify(home.path()).is_intact());
}

/// Runs `try` as a user who is bound by file modes: root is not.
fn try_as_nobody(home: &Path) -> (String, String) {
    let is_root = rustix::process::geteuid().is_root();
    let mut process = if is_root {
        // The test binary may lie where others cannot go.
        let copy = home.join("child");
        fs::copy(env::current_exe().expect("this binary"), &copy).expect("copied");
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        Process::of(command, "try", home)
    } else {
        Process::start("try", home)
    };
    let mut hear = || process.hear().expect("the child speaks");
    (hear(), hear())
}

/// Gives everything below `folder` to the user that [`try_as_nobody`] runs as.
fn give_away(folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    std::os::unix::fs::chown(folder, Some(65534), Some(65534)).expect("given away");
    if folder.is_dir() {
        for entry in fs::read_dir(folder).expect("listed").flatten() {
            give_away(&entry.path());
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn where_nothing_can_be_written_a_record_fails_and_a_note_is_counted() {
    type Break = fn(&Path);
    let ways: &[(&str, Break)] = &[
        ("a folder without any right", |home| set_mode(&home.join("state/audit"), 0o000)),
        ("a home that is read-only", |home| {
            fs::remove_dir_all(home.join("state")).expect("removed");
            set_mode(home, 0o555);
        }),
        ("a log that is read-only", |home| set_mode(&home.join("state/audit/audit.jsonl"), 0o400)),
        ("a key that cannot be read", |home| set_mode(&home.join("data/audit.key"), 0o000)),
        ("a head that cannot be written", |home| set_mode(&home.join("data/audit.head"), 0o400)),
    ];
    for (what, break_it) in ways {
        let home = tempfile::tempdir().expect("a folder");
        set_mode(home.path(), 0o755);
        AuditLog::new(files(home.path()), limits(1 << 20, 5), By::Cli)
            .record(Record::done(What::Set))
            .expect("recorded");
        give_away(home.path());
        let before = fs::read(files(home.path()).log).expect("a log");
        break_it(home.path());
        let (recorded, noted) = try_as_nobody(home.path());
        assert!(recorded.starts_with("audit-unavailable | ") && recorded.contains("denied"), "{what}: {recorded}");
        assert!(recorded.contains("accessible to yourself"), "{what}: {recorded}");
        assert_eq!(noted, "lost 1, a problem", "{what}");
        set_mode(home.path(), 0o755);
        let after = fs::read(files(home.path()).log).unwrap_or_else(|_| before.clone());
        assert!(after.starts_with(&before), "{what}: nothing is lost");
    }
}

#[test]
fn on_a_full_disk_a_record_fails_and_what_was_there_stays() {
    let home = tempfile::tempdir().expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs"])
        .arg(home.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        // Without the right to mount there is no small disk: a limit on the size of files fails in the same place.
        return limited(home.path());
    }
    let log = AuditLog::new(files(home.path()), limits(1 << 20, 5), By::Cli);
    log.record(Record::done(What::Set)).expect("recorded");
    let filler = vec![0; 64 * 1024];
    drop(fs::File::create(home.path().join("filler")).expect("made").write_all(&filler));
    let mut written = 1;
    let error = loop {
        match log.record(Record::done(What::Set)) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    let verdict = log.verify().expect("readable");
    drop(Command::new("umount").arg(home.path()).status());
    assert!(error.hint().contains("free some space"), "{error} {}", error.hint());
    assert!(verdict.is_intact() && verdict.records == written, "{verdict:#?}");
}

fn limited(home: &Path) {
    let mut command = Command::new("sh");
    // No file may have a byte, and the signal that would say so is ignored: writing fails.
    fs::create_dir_all(home.join("state/audit")).expect("made");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]).arg(env::current_exe().expect("this binary"));
    let mut process = Process::of(command, "try", home);
    let said = process.hear().expect("the child speaks");
    assert!(said.starts_with("audit-unavailable | "), "{said}");
}

/// Not a bound, only a look: what a record and a note cost here (`--nocapture` shows it).
#[test]
fn a_note_costs_far_less_than_a_record() {
    let home = tempfile::tempdir().expect("a folder");
    let log = AuditLog::new(files(home.path()), limits(10 << 20, 5), By::Lsp);
    let median = |work: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..201)
            .map(|_| {
                let started = Instant::now();
                work();
                started.elapsed()
            })
            .collect();
        times.sort_unstable();
        (times[100], times[190])
    };
    log.note(Record::done(What::Use).key(&key()));
    let note = median(&|| log.note(Record::done(What::Use).key(&key())));
    log.close();
    let record = median(&|| log.record(Record::done(What::Use).key(&key())).expect("recorded"));
    println!("record: p50 {:?}, p95 {:?}; note: p50 {:?}, p95 {:?}", record.0, record.1, note.0, note.1);
    assert!(note.0 < record.0);
}
