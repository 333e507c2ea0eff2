//! A private D-Bus session with a real keyring in it: starting, locking, stopping and storing with people's own tools.

mod services;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use aside_vault::{Origin, store_command};
use rustix::process::{Pid, Signal, kill_process};

use super::child::Reader;

/// Held while a screen starts or ends.
static STARTING: Mutex<()> = Mutex::new(());

/// What opens the keyrings of these tests.
pub(crate) const PASSWORD: &str = "test";

/// What asks for GNOME Keyring's password.
const PROMPTER: &str = "/usr/libexec/gcr-prompter";

/// How long anything that is waited for may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Which keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gnome,
    KeePassXc,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Gnome, Self::KeePassXc];

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Gnome => &["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"],
            Self::KeePassXc => {
                &["dbus-daemon", "dbus-send", "secret-tool", "Xvfb", "xdotool", "keepassxc", "keepassxc-cli"]
            }
        }
    }
}

/// Whether there is a screen to ask the person on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    None,
    Virtual,
}

/// A D-Bus session, its files in a folder of its own. Ends with everything in it when dropped.
pub(crate) struct Session {
    kind: Kind,
    /// Whether KeePassXC writes every change to disk.
    saves: bool,
    folder: tempfile::TempDir,
    address: String,
    display: Option<String>,
    screen: Option<u32>,
    /// When KeePassXC's database was last written before it was opened.
    opened: Option<SystemTime>,
    daemon: Option<Child>,
    /// The bus, and the screen.
    others: Vec<Child>,
}

impl Session {
    /// A session without a keyring, or `None` with a line that says why the test is skipped.
    pub(crate) fn start(kind: Kind, screen: Screen, test: &str) -> Option<Self> {
        // It does not start without one.
        let screen = if kind == Kind::KeePassXc { Screen::Virtual } else { screen };
        let mut programs = kind.programs().to_vec();
        if screen == Screen::Virtual {
            programs.extend(["Xvfb", "xdotool", PROMPTER]);
        }
        if !has(&programs, test) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a private folder");
        let mut session = Self {
            kind,
            saves: true,
            folder,
            address: String::new(),
            display: None,
            screen: None,
            opened: None,
            daemon: None,
            others: Vec::new(),
        };
        if screen == Screen::Virtual {
            session.start_screen();
        }
        session.start_bus();
        Some(session)
    }

    /// A session with an open keyring.
    pub(crate) fn with_keyring(kind: Kind, test: &str) -> Option<Self> {
        let mut session = Self::start(kind, Screen::None, test)?;
        session.start_keyring();
        Some(session)
    }

    /// The same for many changes in a row: KeePassXC 2.7.4 crashes when an entry changes while it saves.
    pub(crate) fn with_busy_keyring(kind: Kind, test: &str) -> Option<Self> {
        let mut session = Self::start(kind, Screen::None, test)?;
        session.saves = false;
        session.start_keyring();
        Some(session)
    }

    fn start_screen(&mut self) {
        // Two that start at the same moment may take the same number.
        let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new("Xvfb");
        // Without `-noreset` it starts anew, and takes no one in meanwhile, whenever nobody is connected.
        command.args(["-displayfd", "1", "-noreset", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
        let number = self.run_and_read(command);
        self.display = Some(format!(":{number}"));
        self.screen = self.others.last().map(Child::id);
    }

    /// A bus that starts no service by itself but the one that asks for GNOME Keyring's password, where there is a screen.
    fn start_bus(&mut self) {
        let services = self.path("services");
        fs::create_dir(&services).expect("a folder");
        if self.display.is_some() {
            for name in ["PrivatePrompter", "SystemPrompter"] {
                let name = format!("org.gnome.keyring.{name}");
                let text = format!("[D-BUS Service]\nName={name}\nExec={PROMPTER}\n");
                fs::write(services.join(format!("{name}.service")), text).expect("a service file");
            }
        }
        let config = self.path("bus.conf");
        fs::write(&config, bus_config(self.folder.path(), &services)).expect("the bus's configuration");
        let mut command = self.program("dbus-daemon");
        command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--print-address=1"]);
        self.address = self.run_and_read(command);
    }

    /// Starts a program that runs as long as the session and gives the first line it says.
    fn run_and_read(&mut self, mut command: Command) -> String {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says something");
        self.others.push(child);
        line.trim().to_owned()
    }

    /// A file of the session.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program in this session.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let folder = self.folder.path();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("XDG_CACHE_HOME", folder.join("cache"))
            // Where KeePassXC sees whether it already runs.
            .env("TMPDIR", folder)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .stderr(Stdio::null());
        if let Some(display) = &self.display {
            command.env("DISPLAY", display);
        }
        command
    }

    /// What a program says, once it succeeds.
    pub(crate) fn said(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.program(program).args(arguments).output().expect("the program runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Gives a program this input and says whether it succeeded.
    pub(crate) fn fed(&self, program: &str, arguments: &[&str], input: &[u8]) -> bool {
        // A keyring may ask what nobody is there to answer.
        let mut command = self.program("timeout");
        let mut child = command
            .args(["60", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        // It may end without reading all of it.
        drop(child.stdin.take().expect("its input is piped").write_all(input));
        child.wait().expect("it ends").success()
    }

    /// Runs the very line that people are told, in a shell, with this value typed.
    pub(crate) fn store(&self, provider: &str, origin: &str, value: impl AsRef<[u8]>) {
        let line = store_command(provider, &Origin::of(origin).expect("an address"));
        assert!(self.fed("sh", &["-c", &line], value.as_ref()), "{line}");
    }

    /// The value that `secret-tool` finds.
    pub(crate) fn looked_up(&self, attributes: &[&str]) -> Option<String> {
        self.said("secret-tool", &[&["lookup"], attributes].concat())
    }

    /// Calls a method of the Secret Service.
    pub(crate) fn send(&self, method: &str, arguments: &[&str]) -> Option<String> {
        let method = format!("org.freedesktop.Secret.Service.{method}");
        let to = ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", &method];
        self.said("dbus-send", &[&to, arguments].concat())
    }

    /// How many items the keyring has with this attribute; opens nothing.
    pub(crate) fn items(&self, attribute: &str, value: &str) -> usize {
        let answer =
            self.send("SearchItems", &[&format!("dict:string:string:{attribute},{value}")]).expect("an answer");
        answer.matches("object path").count()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.daemon.as_ref().expect("the daemon runs").id();
        send_signal(id, signal);
    }

    /// The keyring under test.
    pub(crate) fn reader(&self) -> Reader {
        Reader::start(self.program(&this_program()))
    }

    /// The keyring under test, with a bus address where nobody listens. Without any, the desktop's own might be found.
    pub(crate) fn reader_without_bus(&self) -> Reader {
        let mut command = self.program(&this_program());
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.path("none").display()));
        Reader::start(command)
    }

    /// The bus's address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether any file of the session has this text.
    pub(crate) fn is_on_disk(&self, text: &str) -> bool {
        fn search(folder: &Path, text: &[u8]) -> bool {
            fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
                let kind = entry.file_type().expect("a kind");
                if kind.is_dir() {
                    return search(&entry.path(), text);
                }
                let mut bytes = Vec::new();
                kind.is_file()
                    && fs::File::open(entry.path()).and_then(|mut file| file.read_to_end(&mut bytes)).is_ok()
                    && bytes.windows(text.len()).any(|window| window == text)
            })
        }
        search(self.folder.path(), text.as_bytes())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        // What the bus started ends with the bus. A screen that is killed leaves files of its number behind.
        for child in self.daemon.iter_mut().chain(self.others.iter_mut().rev()) {
            if Some(child.id()) == self.screen {
                send_signal(child.id(), Signal::TERM);
            } else {
                drop(child.kill());
            }
            drop(child.wait());
        }
    }
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// Sends a signal to a process that this test started.
pub(crate) fn send_signal(id: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id");
    kill_process(pid, signal).expect("the process gets the signal");
}

/// This test program.
pub(crate) fn this_program() -> String {
    std::env::current_exe().expect("this program has a path").to_string_lossy().into_owned()
}

fn has(programs: &[&str], test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let exists = |program: &&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = programs.iter().filter(|program| !exists(program)).collect();
    if missing.is_empty() {
        return true;
    }
    let reason = format!(
        "{test}: missing {missing:?}; install gnome-keyring, libsecret-tools, dbus, keepassxc, xvfb, xdotool and gcr"
    );
    assert!(std::env::var_os("ASIDE_REQUIRE_REAL").is_none(), "{reason}");
    eprintln!("skipped: {reason}");
    false
}

fn bus_config(folder: &Path, services: &Path) -> String {
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
           \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
         <busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth><servicedir>{}</servicedir>
         <policy context=\"default\"><allow send_destination=\"*\"/><allow eavesdrop=\"false\"/><allow own=\"*\"/></policy>
         </busconfig>",
        folder.display(),
        services.display()
    )
}
