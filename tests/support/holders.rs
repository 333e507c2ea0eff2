//! The processes that hold a home's keys: found by who listens at its sockets, and ended with the home.
//!
//! An agent outlives the command that started it, so no child of the test stands for it.

use std::{
    fs,
    io::Read,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Home, PATIENCE};

impl Home {
    /// The folder of sockets.
    pub fn runtime(&self) -> PathBuf {
        self.aside().join("run")
    }

    /// The agent's socket.
    pub fn agent_socket(&self) -> PathBuf {
        self.runtime().join("agent.sock")
    }

    /// The agent's process id; `None` where none listens.
    pub fn agent(&self) -> Option<u32> {
        listener(&self.agent_socket()).map(|(pid, _)| pid)
    }

    /// Ends the agent as a crash would (SIGKILL) and waits until it is gone.
    #[track_caller]
    pub fn kill_agent(&self) {
        let (pid, mut stream) = listener(&self.agent_socket()).expect("an agent listens");
        kill(pid);
        hung_up(&mut stream);
    }

    /// Waits until the agent with this process id ended; fails the test at the deadline.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn agent_ends(&self, pid: u32) {
        use rustix::{
            event::{PollFd, PollFlags, Timespec, poll},
            process::{PidfdFlags, pidfd_open},
        };
        // It may be gone already.
        let Ok(fd) = pidfd_open(process_id(pid), PidfdFlags::empty()) else { return };
        let patience = Timespec::try_from(PATIENCE).expect("seconds fit");
        let ended = poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&patience)).expect("a process can be waited for");
        assert_eq!(ended, 1, "the agent {pid} runs on");
    }

    /// Ends whatever still holds keys of this home but this process.
    pub(crate) fn end_holders(&self) {
        for entry in fs::read_dir(self.runtime()).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_socket())
                && let Some((pid, mut stream)) = listener(&entry.path())
            {
                kill(pid);
                hung_up(&mut stream);
            }
        }
    }
}

/// Who listens at a socket, and a connection to it that ends with that process; never this process.
#[cfg(target_os = "linux")]
fn listener(path: &Path) -> Option<(u32, UnixStream)> {
    let stream = UnixStream::connect(path).ok()?;
    let pid = rustix::net::sockopt::socket_peercred(&stream).ok()?.pid.as_raw_nonzero().get().cast_unsigned();
    (pid != std::process::id()).then_some((pid, stream))
}

/// Elsewhere the system does not tell.
#[cfg(not(target_os = "linux"))]
fn listener(_: &Path) -> Option<(u32, UnixStream)> {
    None
}

fn process_id(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).expect("a process id")
}

fn kill(pid: u32) {
    // An error means that it ended by itself just now.
    let _ = kill_process(process_id(pid), Signal::KILL);
}

/// Waits until the other side is gone.
fn hung_up(stream: &mut UnixStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}
