//! Asks Git what changed in a workspace. Owns how Git is started: nothing that a repository says can make it run another
//! program, and what may not leave this machine is taken out of what it answers.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use aside_lsp::{Changes, Diff, Refused};
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use crate::processes;

/// How long Git may take for one answer.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes.
const MOST: u64 = 4 << 20;
/// How many commits tell how messages are written here.
const RECENT: &str = "-n8";

/// What `changes` are in the folder `workspace`.
///
/// # Errors
/// Git is not there, the folder is in no repository, nothing changed, or Git failed or took too long.
pub(crate) async fn diff(workspace: &Path, changes: Changes) -> Result<Diff, Refused> {
    let git = Git::find(workspace).await?;
    let base = match changes {
        Changes::Staged => vec!["--cached".to_owned()],
        Changes::All => vec!["HEAD".to_owned()],
        Changes::Branch => vec![git.base().await?],
    };
    let mut arguments: Vec<&str> = vec![
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "-U3",
        "--relative",
        // A submodule has settings of its own, and is not looked into.
        "--ignore-submodules=dirty",
    ];
    arguments.extend(base.iter().map(String::as_str));
    let whole = git.ask(&arguments).await?;
    let recent = git.ask(&["log", RECENT, "--no-show-signature", "--format=%s"]).await.unwrap_or_default();
    let root = workspace.to_path_buf();
    // It reads ignore files, which may take its time.
    let sorted = tokio::task::spawn_blocking(move || without_what_stays(&root, &whole)).await;
    let (text, left_out) = sorted.map_err(|_| failed("its answer could not be read"))?;
    if text.trim().is_empty() {
        return Err(nothing(changes, &left_out));
    }
    Ok(Diff { text, left_out, recent: recent.lines().map(str::to_owned).collect() })
}

/// Git for one folder.
struct Git {
    program: PathBuf,
    folder: PathBuf,
    /// Settings that keep a repository from naming programs to run.
    tamed: Vec<String>,
}

impl Git {
    async fn find(folder: &Path) -> Result<Self, Refused> {
        let program = processes::find_program("git").ok_or_else(|| Refused {
            code: "git-missing",
            message: "Git is not on PATH".to_owned(),
            hint: "install Git, or ask about a file instead".to_owned(),
        })?;
        let mut git = Self { program, folder: folder.to_path_buf(), tamed: Vec::new() };
        let inside = git.ask(&["rev-parse", "--is-inside-work-tree"]).await;
        if !inside.is_ok_and(|answer| answer.trim() == "true") {
            return Err(Refused {
                code: "git-no-repository",
                message: format!("`{}` is in no Git repository that can be read", folder.display()),
                hint: "open a folder of a repository that is yours".to_owned(),
            });
        }
        // A filter is a program that the repository's settings name: each is switched off by its name.
        let filters =
            git.ask(&["config", "--get-regexp", "--name-only", r"^filter\..*\.(clean|process|smudge)$"]).await;
        for name in filters.unwrap_or_default().lines() {
            git.tamed.push(format!("{name}="));
            let filter = name.rsplit_once('.').map_or(name, |(filter, _)| filter);
            git.tamed.push(format!("{filter}.required=false"));
        }
        Ok(git)
    }

    /// The commit in which this branch left the one that it goes into.
    async fn base(&self) -> Result<String, Refused> {
        for other in ["origin/HEAD", "origin/main", "origin/master", "main", "master"] {
            if let Ok(commit) = self.ask(&["merge-base", other, "HEAD"]).await {
                return Ok(commit.trim().to_owned());
            }
        }
        Err(Refused {
            code: "git-failed",
            message: "there is no branch that this one could go into".to_owned(),
            hint: "name it `main`, or set `origin/HEAD`".to_owned(),
        })
    }

    /// What Git answers.
    async fn ask(&self, arguments: &[&str]) -> Result<String, Refused> {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(&self.folder).arg("--no-pager");
        for (name, value) in [
            ("core.fsmonitor", "false"),
            ("core.hooksPath", "/dev/null"),
            ("core.sshCommand", "false"),
            ("core.quotePath", "false"),
        ] {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        for setting in &self.tamed {
            command.arg("-c").arg(setting);
        }
        command
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .env_remove("GIT_EXTERNAL_DIFF")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let answer = timeout(DEADLINE, read(command)).await;
        answer.map_err(|_| failed("it took longer than 20 seconds"))?
    }
}

async fn read(mut command: Command) -> Result<String, Refused> {
    let mut child = command.spawn().map_err(|error| failed(&error.to_string()))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("its output cannot be read"))?;
    let mut bytes = Vec::new();
    stdout.take(MOST + 1).read_to_end(&mut bytes).await.map_err(|error| failed(&error.to_string()))?;
    if bytes.len() as u64 > MOST {
        return Err(Refused {
            code: "git-too-much",
            message: "the changes are longer than 4 MiB".to_owned(),
            hint: "stage or commit a part of them first".to_owned(),
        });
    }
    let status = child.wait().await.map_err(|error| failed(&error.to_string()))?;
    if !status.success() {
        return Err(failed(&format!("it ended with {status}")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn failed(why: &str) -> Refused {
    Refused {
        code: "git-failed",
        message: format!("Git did not answer: {why}"),
        hint: "run `git status` in the folder to see what is wrong".to_owned(),
    }
}

fn nothing(changes: Changes, left_out: &[String]) -> Refused {
    let (what, hint) = match changes {
        Changes::Staged => ("nothing is staged", "stage what belongs together with `git add`"),
        Changes::All => ("nothing differs from the last commit", "change something, or ask about a file"),
        Changes::Branch => ("this branch holds nothing of its own", "commit something first"),
    };
    let message = match left_out {
        [] => what.to_owned(),
        some => format!("{what} that may leave this machine: {} stays", some.join(", ")),
    };
    Refused { code: "nothing-changed", message, hint: hint.to_owned() }
}

/// A diff without the files that may not leave, and their names.
fn without_what_stays(root: &Path, diff: &str) -> (String, Vec<String>) {
    let ignore = aside_index::Ignore::of(root);
    let (mut text, mut left_out, mut keep) = (String::new(), Vec::new(), false);
    for line in diff.split_inclusive('\n') {
        if let Some(names) = line.strip_prefix("diff ") {
            // Of another kind, as of a file in conflict: which file it is of cannot be told.
            let paths = names.strip_prefix("--git ").map(|names| paths(names.trim_end())).unwrap_or_default();
            let stays = |path: &String| aside_index::egress(path).is_err() || ignore.allows(&root.join(path)).is_err();
            // What cannot be told is not sent.
            keep = !paths.is_empty() && !paths.iter().any(stays);
            if !keep {
                left_out.push(paths.into_iter().next_back().unwrap_or_else(|| names.trim_end().to_owned()));
            }
        }
        if keep {
            text.push_str(line);
        }
    }
    (text, left_out)
}

/// The two paths of `a/x b/y`; none where quoting or spaces leave them unclear.
fn paths(names: &str) -> Vec<String> {
    // Without a rename both halves are the same but for the letter, whatever spaces are in them.
    let half = names.len() / 2;
    if let (Some(old), Some(new)) = (names.get(..half), names.get(half + 1..))
        && let (Some(old), Some(new)) = (old.strip_prefix("a/"), new.strip_prefix("b/"))
        && old == new
    {
        return vec![old.to_owned()];
    }
    let mut parts = names.split(' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(old), Some(new), None) => {
            let (old, new) = (old.strip_prefix("a/"), new.strip_prefix("b/"));
            old.zip(new).map(|(old, new)| vec![old.to_owned(), new.to_owned()]).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
