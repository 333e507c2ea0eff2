//! A private D-Bus session with a real, open GNOME Keyring, for programs of a [`Home`]. Nothing of the machine's own session is
//! seen or touched.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use tempfile::TempDir;

use crate::{PATIENCE, real::program};

/// What opens it.
const PASSWORD: &str = "test";

/// The session. Ends with everything in it when dropped.
#[derive(Debug)]
pub struct Keyring {
    folder: TempDir,
    address: String,
    children: Vec<Child>,
}

impl Keyring {
    /// Starts a bus and an open keyring on it; `None` with a line that says why where a program is missing.
    pub fn start() -> Option<Self> {
        for name in ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"] {
            program(name)?;
        }
        let folder = tempfile::Builder::new().prefix("aside-bus-").tempdir().expect("the temporary folder is writable");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("the folder is ours");
        let mut keyring = Self { folder, address: String::new(), children: Vec::new() };
        keyring.start_bus();
        keyring.start_daemon();
        Some(keyring)
    }

    /// The variables that lead a program to it.
    pub fn variables(&self) -> [(&'static str, &str); 1] {
        [("DBUS_SESSION_BUS_ADDRESS", &self.address)]
    }

    /// Leads `command` to it.
    pub fn lead(&self, command: &mut Command) {
        command.envs(self.variables());
    }

    /// What `secret-tool` prints for these attributes; `None` where it finds nothing.
    pub fn lookup(&self, attributes: &[&str]) -> Option<String> {
        let output = self.program("secret-tool").arg("lookup").args(attributes).output().expect("`secret-tool` runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A bus that starts no service by itself.
    fn start_bus(&mut self) {
        let config = self.path("bus.conf");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\
             <busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\"/><allow eavesdrop=\"false\"/><allow own=\"*\"/></policy>\
             </busconfig>",
            self.folder.path().display()
        );
        fs::write(&config, text).expect("the folder is writable");
        let mut bus = self
            .program("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("`dbus-daemon` starts");
        let mut line = String::new();
        let output = bus.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it tells its address");
        self.children.push(bus);
        self.address = line.trim().to_owned();
    }

    fn start_daemon(&mut self) {
        let mut daemon = self
            .program("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets", "--unlock"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("`gnome-keyring-daemon` starts");
        // Ended by the end of the input.
        let mut input = daemon.stdin.take().expect("its input is a pipe");
        input.write_all(PASSWORD.as_bytes()).expect("it reads its password");
        drop(input);
        self.children.push(daemon);
        let start = Instant::now();
        // Nothing tells when it has taken its name and made its collection.
        while !self.is_open() {
            assert!(start.elapsed() < PATIENCE, "the keyring does not come up");
            thread::yield_now();
        }
    }

    fn is_open(&self) -> bool {
        let get = ["org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Collection", "string:Locked"];
        let output = self
            .program("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
            .arg("/org/freedesktop/secrets/aliases/default")
            .args(get)
            .output()
            .expect("`dbus-send` runs");
        String::from_utf8_lossy(&output.stdout).contains("boolean false")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .stderr(Stdio::null());
        self.lead(&mut command);
        command
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            // It ended by itself: there is nothing to end.
            drop(child.kill());
            drop(child.wait());
        }
    }
}
