//! Every byte that a process writes, and every program it starts, as the system sees them: `strace` in front of each command.
//!
//! So a file that is removed again, a temporary folder and the environment of a child are looked through as well.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use aside_test_support::{binary, real};
use rustix::process::{Pid, Signal, kill_process};

use super::forms::Canary;

const CALLS: &str = "trace=execve,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,setxattr,fsetxattr,symlink,symlinkat,rename,renameat,renameat2";

/// Where what was seen is written, outside everything that is looked through.
pub(crate) struct Watch {
    strace: PathBuf,
    folder: tempfile::TempDir,
    count: AtomicUsize,
}

impl Watch {
    /// `None` after saying that the test is skipped.
    pub(crate) fn new() -> Option<Self> {
        let strace = real::program("strace")?;
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        Some(Self { strace, folder, count: AtomicUsize::new(0) })
    }

    /// The program to put in front of a command, and its arguments. What it sees is kept under `name`.
    pub(crate) fn front(&self, name: &str) -> (&Path, Vec<String>) {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let log = self.folder.path().join(format!("{number:02} {name}"));
        // Everything is printed, with what a descriptor stands for and the whole environment of what is started.
        let fixed = ["-f", "--seccomp-bpf", "-qq", "-yy", "-v", "-s", "1000000", "-e", CALLS, "-o"];
        (&self.strace, fixed.map(str::to_owned).into_iter().chain([log.display().to_string()]).collect())
    }

    /// Ends what is watched by the process `watcher`, as a crash would. To be done before the watcher is ended: what it leaves
    /// behind can make no system call any more.
    pub(crate) fn kill(&self, watcher: u32) {
        let children = fs::read_to_string(format!("/proc/{watcher}/task/{watcher}/children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // It may have ended just now.
            let _ = kill_process(Pid::from_raw(child).expect("a process id"), Signal::KILL);
        }
    }

    /// Every place where one of `canaries` was written, but those that `allowed` expects.
    pub(crate) fn written(&self, canaries: &[Canary], allowed: impl Fn(&Written<'_>) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder.path()).expect("the folder is readable").flatten() {
            let command = entry.file_name().to_string_lossy().into_owned();
            let log = fs::read(entry.path()).expect("the log is readable");
            // Programs that are not ours may write what is theirs.
            let mut others = HashSet::new();
            for line in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let text = String::from_utf8_lossy(line);
                let (process, call) = text.trim_start().split_once(' ').unwrap_or_default();
                let call = call.trim_start();
                let starts = call.strip_prefix("execve(\"");
                if let Some(program) = starts {
                    let ours = Path::new(program.split('"').next().unwrap_or_default()) == binary::aside();
                    if ours {
                        others.remove(process)
                    } else {
                        others.insert(process.to_owned())
                    };
                }
                if starts.is_none() && others.contains(process) {
                    continue;
                }
                for canary in canaries {
                    let Some(form) = canary.found(line) else { continue };
                    if !allowed(&Written { command: &command, canary: canary.name, call }) {
                        // Only where: what is written there is for nobody to read in a failure of a test.
                        let call: String = call.chars().take_while(|c| *c != '"').take(200).collect();
                        found.push(format!("`{}` {form}: {command}: {call}", canary.name));
                    }
                }
            }
        }
        found
    }
}

/// A canary that was written.
pub(crate) struct Written<'a> {
    /// The number and the name of the command.
    pub(crate) command: &'a str,
    pub(crate) canary: &'a str,
    /// The system call as `strace` prints it.
    pub(crate) call: &'a str,
}

impl Written<'_> {
    /// What the call writes to, as `strace` names it: `TCP:[…]`, `pipe:[…]`, a path.
    pub(crate) fn target(&self) -> &str {
        let (_, rest) = self.call.split_once('<').unwrap_or_default();
        rest.split('"').next().unwrap_or_default()
    }
}
