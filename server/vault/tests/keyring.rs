//! The keyring on a real GNOME Keyring, in private D-Bus sessions that know nothing of the desktop's.
//!
//! Each test starts its own bus and daemon. The keyring under test runs in a child of this test program, because a
//! process has one session bus; the child is told what to do line by line. Skipped where the programs are missing, unless
//! `ASIDE_REQUIRE_REAL=1`.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "a test that starts real programs and tells them where they are")]
#![expect(clippy::print_stderr, reason = "says why a test is skipped")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use aside_vault::{KeyRing, Origin, store_command};
use rustix::process::{Pid, Signal, kill_process};

const ORIGIN: &str = "https://api.anthropic.com:443";
const GET: &str = "get anthropic https://api.anthropic.com/v1";
/// The child's keyring deadline: far above what an answer takes, far below a test's patience.
const DEADLINE: Duration = Duration::from_secs(3);

/// A D-Bus session without service activation, its files in a folder of its own. Ends with everything in it when dropped.
struct Session {
    folder: tempfile::TempDir,
    address: String,
    bus: Child,
    daemon: Option<Child>,
}

impl Session {
    /// The session, or `None` with a line that says why the test is skipped.
    fn start(test: &str) -> Option<Self> {
        let missing: Vec<_> = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"]
            .into_iter()
            .filter(|program| Command::new(program).arg("--help").output().is_err())
            .collect();
        if !missing.is_empty() {
            let reason = format!("{test}: missing {missing:?}; install gnome-keyring, libsecret-tools and dbus");
            assert!(std::env::var_os("ASIDE_REQUIRE_REAL").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a private folder");
        let config = folder.path().join("bus.conf");
        fs::write(&config, bus_config(folder.path())).expect("the bus's configuration");
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        let out = bus.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut address).expect("it prints its address");
        Some(Self { folder, address: address.trim().to_owned(), bus, daemon: None })
    }

    /// A session with an unlocked keyring.
    fn with_keyring(test: &str) -> Option<Self> {
        let mut session = Self::start(test)?;
        session.start_keyring();
        Some(session)
    }

    /// A program in this session.
    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let folder = self.folder.path();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .stderr(Stdio::null());
        command
    }

    fn start_keyring(&mut self) {
        let mut daemon = self
            .program("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        // The password, ended by the end of input.
        daemon.stdin.take().expect("its input is piped").write_all(b"test").expect("it reads the password");
        self.daemon = Some(daemon);
        let start = Instant::now();
        while !self.has_collection() {
            assert!(start.elapsed() < Duration::from_secs(30), "the keyring does not come up");
            std::thread::yield_now();
        }
    }

    fn stop_keyring(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            daemon.kill().expect("it can be killed");
            daemon.wait().expect("it ends");
        }
    }

    /// Whether the keyring is on the bus and its default collection is there.
    fn has_collection(&self) -> bool {
        self.send("org.freedesktop.Secret.Service.ReadAlias", "string:default")
            .is_some_and(|answer| answer.contains("/collection/"))
    }

    fn lock(&self) {
        let what = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.send("org.freedesktop.Secret.Service.Lock", what).expect("the keyring locks");
    }

    fn send(&self, method: &str, argument: &str) -> Option<String> {
        let output = self
            .program("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"])
            .args([method, argument])
            .output()
            .expect("dbus-send runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs the very line that people are told, in a shell, with this value typed.
    fn store(&self, provider: &str, origin: &str, value: &str) {
        let line = store_command(provider, &Origin::of(origin).expect("an address"));
        let mut shell = self.program("sh").args(["-c", &line]).stdin(Stdio::piped()).spawn().expect("a shell starts");
        shell.stdin.take().expect("its input is piped").write_all(value.as_bytes()).expect("it reads the value");
        assert!(shell.wait().expect("it ends").success(), "{line}");
    }

    fn signal(&self, signal: Signal) {
        let id = self.daemon.as_ref().expect("the daemon runs").id();
        let pid = Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id");
        kill_process(pid, signal).expect("the daemon gets the signal");
    }

    fn reader(&self) -> Reader {
        Reader::start(self.program(&this_program()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in self.daemon.iter_mut().chain([&mut self.bus]) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn bus_config(folder: &Path) -> String {
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
           \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
         <busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>
         <policy context=\"default\"><allow send_destination=\"*\"/><allow eavesdrop=\"false\"/><allow own=\"*\"/></policy>
         </busconfig>",
        folder.display()
    )
}

fn this_program() -> String {
    std::env::current_exe().expect("this program has a path").to_string_lossy().into_owned()
}

/// The keyring under test, in a process of its own.
struct Reader {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Reader {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["reads_keys_as_told", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let input = child.stdin.take().expect("its input is piped");
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { child, input, output }
    }

    /// What the child says to this line, and how long it took.
    fn ask(&mut self, line: &str) -> (String, Duration) {
        writeln!(self.input, "{line}").expect("the child reads");
        let start = Instant::now();
        loop {
            let mut answer = String::new();
            assert!(self.output.read_line(&mut answer).expect("the child answers") > 0, "the child ended");
            if let Some(answer) = answer.trim_end().strip_prefix("ANSWER ") {
                return (answer.to_owned(), start.elapsed());
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[ignore = "the child of the other tests"]
fn reads_keys_as_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let keyring = KeyRing::new(DEADLINE);
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let answer = match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["get", provider, address] => {
                let origin = Origin::of(address).expect("an address");
                runtime.block_on(keyring.get(provider, &origin)).map_or_else(
                    |error| format!("{error}; {}", error.hint()),
                    |secret| format!("found {}", String::from_utf8_lossy(secret.expose())),
                )
            }
            ["probe"] => runtime.block_on(keyring.probe()).to_string(),
            other => panic!("{other:?}"),
        };
        println!("\nANSWER {answer}");
    }
}

#[track_caller]
fn quick(answer: &(String, Duration), expected: &str) {
    assert!(answer.0.contains(expected), "{answer:?}, expected {expected:?}");
    assert!(answer.1 < DEADLINE, "{answer:?}");
}

#[test]
fn a_key_stored_as_people_are_told_is_found_for_its_own_origin_only() {
    let Some(session) = Session::with_keyring("a key is found") else { return };
    session.store("anthropic", ORIGIN, "sk-made-up-1\n");
    let mut reader = session.reader();
    quick(&reader.ask(GET), "found sk-made-up-1");
    let missing = "the key of `anthropic` for `https://evil.example.com:443` in the keyring does not exist; store it with: \
                   secret-tool store --label='Aside: anthropic' service aside provider anthropic origin https://evil.example.com:443";
    quick(&reader.ask("get anthropic https://evil.example.com"), missing);
    quick(&reader.ask("get anthropic http://api.anthropic.com"), "does not exist");
    quick(&reader.ask("get anthropic https://api.anthropic.com:8443"), "does not exist");
    quick(&reader.ask("get openai https://api.anthropic.com"), "does not exist");
    quick(&reader.ask("probe"), "the keyring answers; one key is stored");
    session.store("anthropic", ORIGIN, "sk-made-up-2");
    quick(&reader.ask(GET), "found sk-made-up-2");
    let mut times: Vec<_> = (0..100).map(|_| reader.ask(GET).1).collect();
    times.sort_unstable();
    println!("100 reads, this process to the child and back: p50 {:?}, p95 {:?}", times[49], times[94]);
}

#[test]
fn the_settings_page_tells_the_line_that_was_tested() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md")).expect("it is there");
    let line = store_command("anthropic", &Origin::of(ORIGIN).expect("an address"));
    assert!(page.contains(&format!("`{line}`")), "{line}");
}

#[test]
fn a_value_that_cannot_be_a_key_is_refused_and_not_told() {
    let Some(session) = Session::with_keyring("an unusable value") else { return };
    session.store("anthropic", ORIGIN, "correct horse\nbattery");
    let (answer, _) = session.reader().ask(GET);
    assert!(answer.contains("another character that a key cannot have"), "{answer}");
    assert!(!answer.contains("horse") && !answer.contains("battery"), "{answer}");
}

#[test]
fn a_locked_keyring_without_a_display_is_told_as_locked() {
    let Some(session) = Session::with_keyring("a locked keyring") else { return };
    session.store("anthropic", ORIGIN, "sk-made-up");
    let mut reader = session.reader();
    session.lock();
    quick(&reader.ask(GET), "the keyring is locked");
    quick(&reader.ask("probe"), "the keyring is locked");
}

#[test]
fn without_a_bus_the_keyring_is_told_as_not_there() {
    let Some(session) = Session::start("no bus") else { return };
    let mut command = session.program(&this_program());
    // An address where nobody listens; without any, the desktop's own bus might be found.
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", session.folder.path().join("none").display()));
    let mut reader = Reader::start(command);
    quick(&reader.ask(GET), "the keyring cannot be used: ");
    quick(&reader.ask("probe"), "the keyring cannot be used: ");
}

#[test]
fn a_daemon_that_hangs_costs_one_deadline_and_is_seen_when_it_goes_on() {
    let Some(session) = Session::with_keyring("a hanging daemon") else { return };
    session.store("anthropic", ORIGIN, "sk-made-up");
    let mut reader = session.reader();
    quick(&reader.ask(GET), "found sk-made-up");
    session.signal(Signal::STOP);
    let (answer, took) = reader.ask(GET);
    assert!(answer.contains("did not answer within 3000 ms"), "{answer}");
    assert!(took >= DEADLINE && took < 2 * DEADLINE, "{took:?}");
    let (answer, took) = reader.ask(GET);
    assert!(answer.contains("did not answer") && took < DEADLINE / 4, "the second does not wait: {answer} {took:?}");
    session.signal(Signal::CONT);
    // The hanging call comes back first, at the daemon's own time.
    let start = Instant::now();
    while !reader.ask(GET).0.contains("found sk-made-up") {
        assert!(start.elapsed() < Duration::from_secs(10), "it is not seen again");
    }
}

#[test]
fn a_daemon_that_hangs_before_the_first_call_costs_one_deadline() {
    let Some(session) = Session::with_keyring("a daemon that hangs at once") else { return };
    session.signal(Signal::STOP);
    let (answer, took) = session.reader().ask(GET);
    assert!(answer.contains("did not answer"), "{answer}");
    assert!(took >= DEADLINE && took < 2 * DEADLINE, "{took:?}");
    session.signal(Signal::CONT);
}

#[test]
fn a_daemon_that_starts_later_or_again_is_seen() {
    let Some(mut session) = Session::start("a later daemon") else { return };
    let mut reader = session.reader();
    quick(&reader.ask(GET), "the keyring cannot be used: ");
    session.start_keyring();
    session.store("anthropic", ORIGIN, "sk-made-up");
    quick(&reader.ask(GET), "found sk-made-up");
    session.stop_keyring();
    quick(&reader.ask(GET), "the keyring cannot be used: ");
    session.start_keyring();
    quick(&reader.ask(GET), "found sk-made-up");
}
