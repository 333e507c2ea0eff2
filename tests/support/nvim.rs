//! A real Neovim without a screen, driven by typed keys and by Lua.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{Home, PATIENCE, Process, binary::repository, real};

/// The versions that are tested: the variable that names the program, and what it is called when it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 0.12, with ghost text of its own.
    Newest,
    /// 0.10, the oldest that the plugin is for.
    Oldest,
    /// 0.7, for which the plugin does nothing.
    TooOld,
}

impl Version {
    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Newest => real::part("ASIDE_TEST_NVIM", "Neovim"),
            Self::Oldest => real::part("ASIDE_TEST_NVIM_0_10", "Neovim 0.10"),
            Self::TooOld => real::part("ASIDE_TEST_NVIM_0_7", "Neovim 0.7"),
        }
    }
}

/// A running Neovim.
#[derive(Debug)]
pub struct Nvim {
    program: PathBuf,
    folder: PathBuf,
    process: Process,
}

impl Nvim {
    /// Starts the newest one in `home`'s workspace on `file` with the settings `init` (Lua), or says why the test is
    /// skipped: the program is `ASIDE_TEST_NVIM`.
    pub fn start(home: &Home, init: &str, file: &str) -> Option<Self> {
        Self::start_version(Version::Newest, home, init, &[file], &[])
    }

    /// Starts this version with the plugin of the repository, on `files`.
    pub fn with_plugin(version: Version, home: &Home, init: &str, files: &[&str]) -> Option<Self> {
        let plugin = repository().join("editors/nvim");
        let path = format!("set rtp^={}", plugin.display());
        Self::start_version(version, home, init, files, &["--cmd", &path])
    }

    /// Starts this version on `files` with the settings `init` and more `arguments`, or says why the test is skipped.
    pub fn start_version(
        version: Version,
        home: &Home,
        init: &str,
        files: &[&str],
        arguments: &[&str],
    ) -> Option<Self> {
        let program = version.program()?;
        let folder = home.aside().parent().expect("the home lies in a folder").join("nvim");
        fs::create_dir_all(&folder).expect("the home is writable");
        // One that was killed before leaves its socket.
        drop(fs::remove_file(folder.join("socket")));
        fs::write(folder.join("init.lua"), init).expect("the home is writable");
        let mut command = home.command(&program);
        command.args(["--headless", "--clean", "-n"]).args(arguments).arg("-u").arg(folder.join("init.lua"));
        command.arg("--listen").arg(folder.join("socket")).args(files.iter().map(|file| home.path(file)));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let nvim = Self { program, folder, process: Process::of(child.expect("Neovim starts")) };
        nvim.until("Neovim to listen", "return true");
        Some(nvim)
    }

    /// Everything that it wrote to its standard error: with `--headless`, its messages.
    pub fn errors(&self) -> String {
        self.process.errors()
    }

    /// Types `:qa`. It is gone before it can say that it took the keys.
    pub fn quit(&self) {
        self.remote("--remote-send", ":qa<CR>");
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Types `keys`, written as in a mapping (`<Esc>`, `<Tab>`).
    pub fn keys(&self, keys: &str) {
        assert!(self.remote("--remote-send", keys).is_some(), "Neovim takes no keys: {}", self.process.errors());
    }

    /// Runs a Lua chunk; gives what it returns.
    #[track_caller]
    pub fn lua(&self, chunk: &str) -> Value {
        self.try_lua(chunk).unwrap_or_else(|| panic!("Neovim could not run\n{chunk}\n{}", self.process.errors()))
    }

    /// Runs a Lua chunk again and again until it returns something that is not false; `what` names what is waited for.
    #[track_caller]
    pub fn until(&self, what: &str, chunk: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_lua(chunk) {
                Some(value) if !value.is_null() && value != false => return value,
                last => assert!(
                    Instant::now() < deadline,
                    "waited for {what}; last: {last:?}; Neovim said:\n{}",
                    self.process.errors()
                ),
            }
        }
    }

    fn try_lua(&self, chunk: &str) -> Option<Value> {
        let file = self.folder.join("chunk.lua");
        fs::write(&file, chunk).expect("the home is writable");
        let call = format!("luaeval('vim.json.encode((dofile(_A)))', '{}')", file.display());
        serde_json::from_str(&self.remote("--remote-expr", &call)?).ok()
    }

    fn remote(&self, how: &str, what: &str) -> Option<String> {
        let mut command = Command::new(&self.program);
        command.args(["--clean", "--server"]).arg(self.folder.join("socket")).args([how, what]);
        let output = command.stdin(Stdio::null()).output().expect("Neovim starts");
        // 0.7 answers on its standard error.
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        output.status.success().then(|| String::from_utf8_lossy(&said).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_typed_and_lua_is_answered() {
        let home = Home::with("", "//- a.txt\none\n");
        let Some(nvim) = Nvim::start(&home, "vim.g.started = true", "a.txt") else { return };
        assert_eq!(nvim.lua("return vim.g.started"), true);
        nvim.keys("A two<Esc>");
        nvim.until("the typed text", "return vim.api.nvim_get_current_line() == 'one two'");
    }
}
