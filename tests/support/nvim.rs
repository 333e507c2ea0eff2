//! A real Neovim without a screen, driven by typed keys and by Lua.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{Home, PATIENCE, Process, real};

/// A running Neovim.
#[derive(Debug)]
pub struct Nvim {
    program: PathBuf,
    folder: PathBuf,
    process: Process,
}

impl Nvim {
    /// Starts it in `home`'s workspace on `file` with the settings `init` (Lua), or says why the test is skipped: the
    /// program is `ASIDE_TEST_NVIM`.
    pub fn start(home: &Home, init: &str, file: &str) -> Option<Self> {
        let program = real::part("ASIDE_TEST_NVIM", "Neovim")?;
        let folder = home.aside().parent().expect("the home lies in a folder").join("nvim");
        fs::create_dir_all(&folder).expect("the home is writable");
        fs::write(folder.join("init.lua"), init).expect("the home is writable");
        let mut command = home.command(&program);
        command.args(["--headless", "--clean", "-n", "-u"]).arg(folder.join("init.lua"));
        command.arg("--listen").arg(folder.join("socket")).arg(home.path(file));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let nvim = Self { program, folder, process: Process::of(child.expect("Neovim starts")) };
        nvim.until("Neovim to listen", "return true");
        Some(nvim)
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
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
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
