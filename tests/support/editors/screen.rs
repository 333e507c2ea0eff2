//! A terminal of fixed size with one program in it, as a person sees it: cells, not bytes. tmux draws it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{Home, PATIENCE, process::Other, real};

const COLUMNS: &str = "120";
const ROWS: &str = "36";

/// A terminal and the program in it. Dropping it ends both.
#[derive(Debug)]
pub struct Screen {
    tmux: PathBuf,
    socket: PathBuf,
    program: Other,
}

impl Screen {
    /// Starts `program` in `home`'s workspace with this `PATH`; `None` where there is no tmux.
    pub fn start(home: &Home, path: &OsStr, program: &Path, arguments: &[&str]) -> Option<Self> {
        let tmux = real::program("tmux")?;
        let socket = home.user().join("screen");
        let config = home.user().join("tmux.conf");
        // An escape is one at once, not perhaps the start of a longer key; its program knows colours.
        let options = "set -s escape-time 0\nset -g default-terminal tmux-256color\nset -g status off\n";
        std::fs::write(&config, options).expect("the home is writable");
        let mut command = home.command(&tmux);
        command.env("PATH", path).arg("-u").arg("-S").arg(&socket).arg("-f").arg(&config);
        command.args(["new-session", "-d", "-x", COLUMNS, "-y", ROWS, "-P", "-F", "#{pane_pid}", "--"]);
        command.arg(program).args(arguments);
        let output = command.stdin(Stdio::null()).output().expect("tmux starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let pid = said.trim().parse();
        let pid = pid.unwrap_or_else(|_| panic!("tmux: {said}{}", String::from_utf8_lossy(&output.stderr)));
        Some(Self { tmux, socket, program: Other::of(pid) })
    }

    /// Types this text.
    pub fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses one key: `Enter`, `Escape`, `Tab`, `C-n`. Another one behind `Escape` would make it a combination: what
    /// the program does with it has to be waited for.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// What is to be seen, line by line.
    #[track_caller]
    pub fn shown(&self) -> String {
        self.try_tmux(&["capture-pane", "-p"]).unwrap_or_else(|error| panic!("the program is gone: {error}"))
    }

    /// Waits until `wanted` is to be seen; gives the whole screen.
    #[track_caller]
    pub fn shows(&self, wanted: &str) -> String {
        self.until(&format!("`{wanted}`"), |shown| shown.contains(wanted))
    }

    /// Waits until the screen is as `wanted` says; `what` names that. Gives the whole screen.
    #[track_caller]
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            if wanted(&shown) {
                return shown;
            }
            assert!(Instant::now() < deadline, "waited for {what}; the screen shows:\n{shown}");
        }
    }

    /// Waits until the program ended.
    #[track_caller]
    pub fn ends(&self) {
        self.program.ends("the program on the screen");
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) {
        if let Err(error) = self.try_tmux(arguments) {
            panic!("tmux {arguments:?}: {error}");
        }
    }

    fn try_tmux(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.tmux);
        command.arg("-u").arg("-S").arg(&self.socket).args(arguments);
        let output = command.stdin(Stdio::null()).output().expect("tmux starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // An error means that it ended with its program.
        drop(self.try_tmux(&["kill-server"]));
        self.program.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_shown_and_the_end_is_seen() {
        let home = Home::new();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(screen) = Screen::start(&home, &path, Path::new("/bin/cat"), &[]) else { return };
        screen.types("one; two");
        screen.press("Enter");
        screen.until("the line and its copy", |shown| shown.matches("one; two").count() == 2);
        screen.press("C-d");
        screen.ends();
    }
}
