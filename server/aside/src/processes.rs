//! Programs that print a key: how they are found, started, limited and ended. What their output means is the vault's.
//!
//! A program runs in the user's home, not in a workspace, and is found in absolute folders of `PATH` only: no repository can
//! put another in its place. It gets no input and none of our variables. What it starts ends with it when it is too slow.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use aside_vault::{COMMAND_DEADLINE, COMMAND_OUTPUT, Ended, Ran, Runner};
use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};
use zeroize::Zeroizing;

use crate::variables;

/// How long output is waited for when the program has ended and something that it started still holds the pipe.
const LINGER: Duration = Duration::from_millis(500);

/// How long a killed program may take to be gone.
const GONE: Duration = Duration::from_secs(1);

/// Starts programs, each within so long.
pub(crate) struct Programs {
    deadline: Duration,
}

impl Default for Programs {
    fn default() -> Self {
        Self { deadline: COMMAND_DEADLINE }
    }
}

impl Runner for Programs {
    fn run<'a>(&'a self, argv: &'a [String]) -> BoxFuture<'a, Ran> {
        Box::pin(run(argv, self.deadline))
    }
}

async fn run(argv: &[String], deadline: Duration) -> Ran {
    let Some((name, arguments)) = argv.split_first() else {
        return Ran::silent(Ended::NotFound);
    };
    let Some(program) = find(name, &search_path()) else {
        return Ran::silent(Ended::NotFound);
    };
    match command(&program, arguments).spawn() {
        Ok(child) => Running(child).output(deadline).await,
        Err(error) => Ran::silent(Ended::NotStarted(error.to_string())),
    }
}

fn command(program: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Ours are nobody else's business, and the working folder is another one now.
    let ours = |name: &OsString| name.as_encoded_bytes().starts_with(b"ASIDE_") || name == "PWD" || name == "OLDPWD";
    for (name, _) in std::env::vars_os().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    variables::hand_to(&mut command, program);
    #[cfg(unix)]
    command.process_group(0);
    command
}

#[expect(clippy::disallowed_methods, reason = "where programs are is the system's convention, not a setting")]
fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// The program `name` in the absolute folders of `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    find(name, &search_path())
}

/// The program `name`: an absolute path as it is, a plain name from the absolute folders of `path`.
fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    let given = Path::new(name);
    if given.is_absolute() {
        return Some(given.to_owned());
    }
    if given.components().count() != 1 {
        return None;
    }
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect::<Vec<_>>();
    folders.iter().flat_map(|folder| named(folder, name)).find(|file| is_program(file))
}

#[cfg(windows)]
fn named(folder: &Path, name: &str) -> Vec<PathBuf> {
    vec![folder.join(format!("{name}.exe")), folder.join(name)]
}

#[cfg(not(windows))]
fn named(folder: &Path, name: &str) -> Vec<PathBuf> {
    vec![folder.join(name)]
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn home() -> PathBuf {
    std::env::home_dir()
        .filter(|home| home.is_absolute() && home.is_dir())
        .unwrap_or_else(|| PathBuf::from(std::path::MAIN_SEPARATOR_STR))
}

/// A started program. Dropped before its end, it is killed with everything in its process group.
struct Running(Child);

impl Running {
    async fn output(mut self, deadline: Duration) -> Ran {
        let (mut stdout, mut stderr) = (Buffer::new(), Buffer::new());
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        let ended = {
            let reading = async {
                let (fits, _) = tokio::join!(stdout.fill(out, true), stderr.fill(err, false));
                fits
            };
            tokio::pin!(reading);
            let whole = async {
                tokio::select! {
                    fits = &mut reading => match fits {
                        true => self.0.wait().await.map_or_else(|error| Ended::NotStarted(error.to_string()), ended),
                        false => Ended::TooMuch,
                    },
                    status = self.0.wait() => {
                        let fits = timeout(LINGER, &mut reading).await.unwrap_or(true);
                        let ended = status.map_or_else(|error| Ended::NotStarted(error.to_string()), ended);
                        if fits { ended } else { Ended::TooMuch }
                    }
                }
            };
            timeout(deadline, whole).await.unwrap_or(Ended::TimedOut)
        };
        if matches!(ended, Ended::TimedOut | Ended::TooMuch) {
            self.kill();
            let _gone_or_stuck_in_the_system = timeout(GONE, self.0.wait()).await;
        }
        Ran { ended, stdout: stdout.into_bytes(), stderr: stderr.into_bytes() }
    }

    /// Kills the program and what it started, unless it is gone: its number may be another's by then.
    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            let _all_gone_already = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _gone_already = self.0.start_kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.id().is_some() {
            self.kill();
        }
    }
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Signal(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn ended(status: ExitStatus) -> Ended {
    Ended::Exited(status.code().unwrap_or(1))
}

/// What a pipe gave: of one size from the beginning, so that growing leaves no copy, and wiped.
struct Buffer {
    bytes: Zeroizing<Vec<u8>>,
    length: usize,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: Zeroizing::new(vec![0; COMMAND_OUTPUT]), length: 0 }
    }

    /// Reads to the end. Gives whether it fits; where it does not, reading stops there, or goes on for nothing.
    async fn fill<R: AsyncRead + Unpin>(&mut self, pipe: Option<R>, stop: bool) -> bool {
        let Some(mut pipe) = pipe else { return true };
        let mut beyond = Zeroizing::new([0; 1024]);
        let mut fits = true;
        loop {
            let room = &mut self.bytes[self.length..];
            let is_full = room.is_empty();
            let read = pipe.read(if is_full { beyond.as_mut_slice() } else { room }).await;
            match read {
                Ok(0) | Err(_) => return fits,
                Ok(_) if is_full => {
                    fits = false;
                    if stop {
                        return false;
                    }
                }
                Ok(count) => self.length += count,
            }
        }
    }

    fn into_bytes(mut self) -> Zeroizing<Vec<u8>> {
        // What is cut off stays in the buffer and is wiped with it.
        self.bytes.truncate(self.length);
        self.bytes
    }
}

#[cfg(all(test, unix))]
mod tests;
