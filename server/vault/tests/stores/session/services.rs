//! GNOME Keyring and KeePassXC: how each is set up, started, locked, stopped and answered.

use std::{
    fs,
    io::Write as _,
    process::{Child, Stdio},
    time::{Duration, Instant, SystemTime},
};

use super::{Kind, PASSWORD, Session, until};

/// KeePassXC as a Secret Service that asks for nothing but its password.
const KEEPASSXC_SETTINGS: &str = "[General]
ConfigVersion=2
UpdateCheckMessageShown=true
AutoSaveAfterEveryChange=SAVES
[FdoSecrets]
Enabled=true
ConfirmAccessItem=false
ConfirmDeleteItem=false
ShowNotification=false
[GUI]
CheckForUpdates=false
";

/// A database whose one group is open to the Secret Service.
const KEEPASSXC_DATABASE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile><Meta><DatabaseName>aside</DatabaseName><CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key>
<Value>{00112233-4455-6677-8899-aabbccddeeff}</Value></Item></CustomData></Meta>
<Root><Group><UUID>ABEiM0RVZneImaq7zN3u/w==</UUID><Name>Root</Name></Group></Root></KeePassFile>"#;

impl Session {
    /// Starts the keyring, open.
    pub(crate) fn start_keyring(&mut self) {
        match self.kind {
            Kind::Gnome => self.gnome(&["--unlock"], PASSWORD),
            Kind::KeePassXc => {
                self.keepassxc_files();
                self.keepassxc(true);
            }
        }
        until("the keyring does not come up", || self.has_collection() && self.collection_is("false"));
    }

    /// Starts the keyring as it is before the person opened it: there, locked, and only what is on disk is known.
    pub(crate) fn start_keyring_locked(&mut self) {
        match self.kind {
            Kind::Gnome => self.gnome(&[], ""),
            Kind::KeePassXc => self.keepassxc(false),
        }
        until("the keyring does not come up", || self.has_collection());
    }

    /// Starts a keyring that has never kept anything.
    pub(crate) fn start_empty_keyring(&mut self) {
        match self.kind {
            Kind::Gnome => self.gnome(&[], ""),
            Kind::KeePassXc => {
                self.keepassxc_settings();
                let child = self.program("keepassxc").stdout(Stdio::null()).spawn().expect("keepassxc starts");
                self.daemon = Some(child);
            }
        }
        until("the keyring does not come up", || self.send("ReadAlias", &["string:default"]).is_some());
    }

    fn gnome(&mut self, arguments: &[&str], password: &str) {
        let mut daemon = self
            .program("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        feed(&mut daemon, password);
        self.daemon = Some(daemon);
    }

    fn keepassxc_settings(&self) {
        fs::create_dir_all(self.path("config/keepassxc")).expect("a folder");
        let settings = KEEPASSXC_SETTINGS.replace("SAVES", &self.saves.to_string());
        fs::write(self.path("config/keepassxc/keepassxc.ini"), settings).expect("its settings");
    }

    fn keepassxc_files(&self) {
        let database = self.path("keys.kdbx");
        if database.exists() {
            return;
        }
        self.keepassxc_settings();
        let xml = self.path("keys.xml");
        fs::write(&xml, KEEPASSXC_DATABASE).expect("the database's text");
        let (from, to) = (xml.to_string_lossy(), database.to_string_lossy());
        let twice = format!("{PASSWORD}\n{PASSWORD}\n");
        assert!(self.fed("keepassxc-cli", &["import", "-p", &from, &to], twice.as_bytes()), "the database is made");
    }

    fn keepassxc(&mut self, open: bool) {
        let mut command = self.program("keepassxc");
        if open {
            command.arg("--pw-stdin");
        }
        let mut child = command
            .arg(self.path("keys.kdbx"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("keepassxc starts");
        feed(&mut child, &if open { format!("{PASSWORD}\n") } else { String::new() });
        self.daemon = Some(child);
        self.opened = self.saved_at();
    }

    /// Whether the keyring is on the bus and its default collection is there.
    fn has_collection(&self) -> bool {
        self.has_window()
            && self.send("ReadAlias", &["string:default"]).is_some_and(|answer| answer.contains("/collection/"))
    }

    /// Whether KeePassXC shows what it opened. When it is asked before, version 2.7.4 may crash.
    fn has_window(&self) -> bool {
        let title = "(aside|\\[Locked\\]) - KeePassXC";
        self.kind == Kind::Gnome || self.said("xdotool", &["search", "--name", title]).is_some()
    }

    /// Waits until KeePassXC has written what was changed since it started: a star in its window's title goes then.
    pub(crate) fn wait_for_save(&self) {
        until("the database is not saved", || {
            self.saved_at() != self.opened
                && self.said("xdotool", &["search", "--name", "^aside - KeePassXC"]).is_some()
        });
    }

    /// When KeePassXC's database was last written.
    fn saved_at(&self) -> Option<SystemTime> {
        self.path("keys.kdbx").metadata().and_then(|file| file.modified()).ok()
    }

    pub(crate) fn stop_keyring(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            daemon.kill().expect("it can be killed");
            daemon.wait().expect("it ends");
        }
    }

    pub(crate) fn lock(&self) {
        match self.kind {
            Kind::Gnome => {
                let what = "array:objpath:/org/freedesktop/secrets/collection/login";
                self.send("Lock", &[what]).expect("the keyring locks");
            }
            Kind::KeePassXc => {
                self.said("keepassxc", &["--lock"]).expect("the keyring locks");
                until("the keyring does not lock", || self.collection_is("true"));
            }
        }
    }

    /// Whether the default collection is `true` locked or `false`.
    fn collection_is(&self, locked: &str) -> bool {
        let collection = "/org/freedesktop/secrets/aliases/default";
        let get = "org.freedesktop.DBus.Properties.Get";
        let of = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
        let to = ["--session", "--print-reply", "--dest=org.freedesktop.secrets", collection, get];
        self.said("dbus-send", &[&to[..], &of].concat())
            .is_some_and(|answer| answer.contains(&format!("boolean {locked}")))
    }

    /// Whether the keyring asks for its password.
    pub(crate) fn asks(&self) -> bool {
        self.said("xdotool", &["search", "--onlyvisible", "--name", "^Unlock "]).is_some()
    }

    /// Types the password where the keyring asks for it.
    pub(crate) fn answer(&self) {
        until("the keyring does not ask", || self.asks());
        self.keys(&[&["type", PASSWORD], &["key", "Return"]]);
    }

    /// Closes the keyring's question.
    pub(crate) fn dismiss(&self) {
        until("the keyring does not ask", || self.asks());
        self.keys(&[&["key", "Escape"]]);
    }

    /// Presses keys once the window that shows can take them: until then they would be lost.
    fn keys(&self, presses: &[&[&str]]) {
        // Nothing tells when a window listens to keys, so they are pressed again while it is still there.
        until("the keyring's question stays", || {
            for press in presses {
                self.said("xdotool", press);
            }
            let start = Instant::now();
            while self.asks() && start.elapsed() < Duration::from_secs(2) {
                std::thread::yield_now();
            }
            !self.asks()
        });
    }
}

fn feed(child: &mut Child, text: &str) {
    // Ended by the end of input.
    child.stdin.take().expect("its input is piped").write_all(text.as_bytes()).expect("it reads the password");
}
