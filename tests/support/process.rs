//! A child process whose end is an event: waited for with a deadline, never by asking again and again.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ExitStatus},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// A started program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    end: mpsc::Receiver<(ExitStatus, Instant)>,
    ended: Option<(ExitStatus, Instant)>,
    errors: Arc<Mutex<String>>,
    lines: mpsc::Receiver<String>,
}

impl Process {
    /// Watches `child`; its standard error, where it is a pipe, is collected.
    pub fn of(mut child: Child) -> Self {
        let (end_sender, end) = mpsc::channel();
        let (line_sender, lines) = mpsc::channel();
        let errors = Arc::new(Mutex::new(String::new()));
        let pid = child.id();
        let reader = child.stderr.take().map(|stderr| {
            let errors = Arc::clone(&errors);
            thread::spawn(move || collect(stderr, &errors, &line_sender))
        });
        thread::spawn(move || {
            let status = child.wait().expect("a child can be waited for");
            let at = Instant::now();
            // What it said last is part of its end, unless a grandchild holds the pipe.
            if let Some(reader) = reader
                && !reader.is_finished()
            {
                let (done, wait) = mpsc::channel();
                thread::spawn(move || done.send(reader.join().is_ok()));
                let _ = wait.recv_timeout(Duration::from_millis(500));
            }
            let _ = end_sender.send((status, at));
        });
        Self { pid, end, ended: None, errors, lines }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Everything that it wrote to standard error so far.
    pub fn errors(&self) -> String {
        self.errors.lock().expect("nobody panics while holding the text").clone()
    }

    /// The next line of standard error that holds `text`; fails the test at the deadline.
    pub fn wait_line(&self, text: &str, patience: Duration) -> String {
        let deadline = Instant::now() + patience;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => panic!("no line with `{text}` on standard error, only:\n{}", self.errors()),
            }
        }
    }

    /// How and when it ended, if it does within `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<(ExitStatus, Instant)> {
        if self.ended.is_none() {
            self.ended = self.end.recv_timeout(patience).ok();
        }
        self.ended
    }

    /// Its resident memory in KiB, where the system tells (Linux).
    pub fn memory_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Processor time that it used so far, where the system tells (Linux; in steps of 10 ms).
    pub fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        // The fields behind the program's name, which may hold anything: user and system time are the 12th and 13th.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        Some(Duration::from_millis(ticks * 10))
    }

    /// Stops it (SIGSTOP): it lives, and does nothing any more.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
        let start = Instant::now();
        // Each thread stops for itself, and nothing tells when all have.
        while !self.is_stopped() {
            assert!(start.elapsed() < crate::PATIENCE, "it does not stop");
            thread::yield_now();
        }
    }

    /// Lets it go on after a stop.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn is_stopped(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid)).expect("it lives");
        tasks.flatten().all(|task| {
            // The state stands behind the program's name, which may hold anything. A thread that is gone does nothing.
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('T'))
        })
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid.cast_signed()).expect("a child has a process id");
        kill_process(pid, signal).expect("it lives");
    }

    /// Ends it as a crash would (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        if self.wait(Duration::ZERO).is_none() {
            // An error means that it ended by itself just now.
            let pid = Pid::from_raw(self.pid.cast_signed()).expect("a child has a process id");
            let _ = kill_process(pid, Signal::KILL);
            self.wait(crate::PATIENCE).expect("a killed process ends");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process that is no child of ours: what happens to it never happens to a later one of the same number.
#[derive(Debug)]
pub(crate) struct Other {
    pid: u32,
    #[cfg(target_os = "linux")]
    handle: Option<std::os::fd::OwnedFd>,
}

impl Other {
    /// The process with this id, which may be gone already.
    pub(crate) fn of(pid: u32) -> Self {
        Self {
            pid,
            #[cfg(target_os = "linux")]
            handle: rustix::process::pidfd_open(process_id(pid), rustix::process::PidfdFlags::empty()).ok(),
        }
    }

    /// Waits until it ended; fails the test at the deadline, calling it `what`.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn ends(&self, what: &str) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let Some(handle) = &self.handle else { return };
        let patience = Timespec::try_from(crate::PATIENCE).expect("seconds fit");
        let ended = poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&patience));
        assert_eq!(ended.expect("a process can be waited for"), 1, "{what} ({}) runs on", self.pid);
    }

    /// Waits until it ended; fails the test at the deadline, calling it `what`.
    #[cfg(not(target_os = "linux"))]
    #[track_caller]
    pub(crate) fn ends(&self, what: &str) {
        let deadline = Instant::now() + crate::PATIENCE;
        while rustix::process::test_kill_process(process_id(self.pid)).is_ok() {
            assert!(Instant::now() < deadline, "{what} ({}) runs on", self.pid);
            thread::yield_now();
        }
    }

    /// Ends it as a crash would (SIGKILL).
    pub(crate) fn kill(&self) {
        // An error means that it ended by itself just now.
        #[cfg(target_os = "linux")]
        if let Some(handle) = &self.handle {
            let _ = rustix::process::pidfd_send_signal(handle, Signal::KILL);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = kill_process(process_id(self.pid), Signal::KILL);
    }
}

fn process_id(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).expect("a process id")
}

fn collect(stderr: impl Read, errors: &Mutex<String>, lines: &mpsc::Sender<String>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut text = errors.lock().expect("nobody panics while holding the text");
        text.push_str(&line);
        text.push('\n');
        drop(text);
        drop(lines.send(line));
    }
}
