//! The processes that hold a home's keys: found by who listens at its sockets, and ended with the home.
//!
//! An agent outlives the command that started it, so no child of the test stands for it.

use std::{
    fs,
    io::Read,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use crate::{Home, PATIENCE, process::Other};

impl Home {
    /// The folder of sockets.
    pub fn runtime(&self) -> PathBuf {
        self.aside().join("run")
    }

    /// The documents that servers keep open for editors and whose names end with `ending`.
    pub fn papers(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.runtime().join("papers")).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries.map(|entry| entry.path()).collect();
        found.retain(|path| path.to_string_lossy().ends_with(ending));
        found.sort();
        found
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
        Other::of(pid).kill();
        hung_up(&mut stream);
    }

    /// Waits until the agent with this process id ended; fails the test at the deadline.
    #[track_caller]
    pub fn agent_ends(&self, pid: u32) {
        Other::of(pid).ends("the agent");
    }

    /// Ends whatever still holds keys of this home but this process.
    pub(crate) fn end_holders(&self) {
        for entry in fs::read_dir(self.runtime()).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_socket())
                && let Some((pid, mut stream)) = listener(&entry.path())
            {
                Other::of(pid).kill();
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

/// Waits until the other side is gone.
fn hung_up(stream: &mut UnixStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}
