//! A real terminal for a command that asks: what it shows, whether what is typed shows, and typing.

use std::{
    fs::File,
    io::{Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    process::Stdio,
    sync::mpsc::{self, Receiver},
    thread,
    time::Instant,
};

use rustix::{
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::{Finished, Home, PATIENCE, Process, binary, real::program};

/// A command in a terminal of its own.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    master: File,
    /// Keeps the terminal as the command left it.
    held: File,
    incoming: Receiver<Vec<u8>>,
    shown: String,
    /// How much of it was waited for already.
    seen: usize,
}

impl Terminal {
    /// Runs `aside` with `arguments` in a new terminal; `None` where no program can make it the command's own.
    pub fn start(home: &Home, arguments: &[&str]) -> Option<Self> {
        // Makes the terminal the controlling one, which takes a call that Rust has no safe way for.
        let setsid = program("setsid")?;
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal can be made");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a new terminal is ours");
        let name = ptsname(&master, Vec::new()).expect("a terminal has a name");
        let terminal = File::options()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(name.to_str().expect("the name is ASCII"))
            .expect("a new terminal opens");
        let mut command = home.command(&setsid);
        command.args(["--ctty", "--wait"]).arg(binary::aside()).args(arguments);
        let end = || Stdio::from(terminal.try_clone().expect("a file can be opened twice"));
        command.stdin(end()).stdout(end()).stderr(end());
        let process = Process::of(command.spawn().expect("`setsid` starts"));
        let master = File::from(master);
        let incoming = read(master.as_fd().try_clone_to_owned().expect("a file can be opened twice"));
        Some(Self { process, master, held: terminal, incoming, shown: String::new(), seen: 0 })
    }

    /// The command's process id.
    pub fn pid(&self) -> u32 {
        let pid = self.process.pid();
        // Where `setsid` had to make a process of its own for it.
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let child = children.split(' ').next().and_then(|child| child.parse().ok());
        if name.trim() == "setsid" { child.unwrap_or(pid) } else { pid }
    }

    /// Everything that the terminal showed so far.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Waits until the terminal shows `text` behind what was waited for before.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("`{text}` is not shown, only:\n{}", self.shown),
            }
        }
    }

    /// Waits until the terminal shows `prompt` and no longer what is typed.
    #[track_caller]
    pub fn asks_hidden(&mut self, prompt: &str) {
        self.shows(prompt);
        let deadline = Instant::now() + PATIENCE;
        // Nothing tells of it: the prompt comes just before.
        while self.echoes() {
            assert!(Instant::now() < deadline, "what is typed at `{prompt}` is shown");
            thread::yield_now();
        }
    }

    /// Whether what is typed shows.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.master).expect("a terminal has settings").local_modes.contains(LocalModes::ECHO)
    }

    /// Types `text` and the return key.
    pub fn enter(&mut self, text: &str) {
        self.press(&format!("{text}\n"));
    }

    /// Types these characters.
    pub fn press(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Waits for the end of the command; the terminal stays.
    #[track_caller]
    pub fn wait_for_end(&mut self) {
        assert!(self.process.wait(PATIENCE).is_some(), "it runs on; it showed:\n{}", self.shown);
    }

    /// Waits for the end of the command. Standard output holds all that was shown.
    #[track_caller]
    pub fn ends(mut self) -> Finished {
        let Some((status, _)) = self.process.wait(PATIENCE) else { panic!("it runs on; it showed:\n{}", self.shown) };
        // What is shown ends when nobody has the terminal open; an agent that it started has not.
        drop(self.held);
        while let Ok(bytes) = self.incoming.recv_timeout(PATIENCE) {
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        Finished { code: status.code().unwrap_or(-1), stdout: self.shown.clone(), stderr: String::new() }
    }
}

/// Reads what is shown on a thread of its own, to the end.
fn read(master: OwnedFd) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut master = File::from(master);
        let mut bytes = [0; 4096];
        // The end is an error (EIO): nobody has the terminal open any more.
        while let Ok(count @ 1..) = master.read(&mut bytes) {
            if sender.send(bytes[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
