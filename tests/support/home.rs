//! A private home for one test: settings, data and a workspace in a folder that goes away with it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use url::Url;

use crate::{Process, binary, fixture};

/// A private `ASIDE_HOME` and a workspace beside it.
///
/// Programs started here see neither the machine's settings nor its keyring nor its model servers.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
    _folder: TempDir,
}

/// How a program ended and what it wrote.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// A home without settings and with an empty workspace.
    pub fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("aside-test-").tempdir().expect("the temporary folder is writable");
        let root = folder.path().canonicalize().expect("a new folder has a path");
        for name in ["aside", "home", "workspace"] {
            fs::create_dir(root.join(name)).expect("the temporary folder is writable");
        }
        Self { root, _folder: folder }
    }

    /// A home with the settings `config` (TOML) and a workspace of `files` (see [`fixture`]).
    pub fn with(config: &str, files: &str) -> Self {
        let home = Self::new();
        home.config(config);
        for (path, text) in fixture::files(files) {
            home.write(&path, &text);
        }
        home
    }

    /// Replaces the user's settings file.
    pub fn config(&self, text: &str) {
        fs::write(self.aside().join("config.toml"), text).expect("the home is writable");
    }

    /// Writes a file of the workspace.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the workspace is writable");
        fs::write(path, text).expect("the workspace is writable");
    }

    /// The text of a file of the workspace.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
    }

    /// The folder that `ASIDE_HOME` names.
    pub fn aside(&self) -> PathBuf {
        self.root.join("aside")
    }

    /// The user's own folder, where programs keep their settings.
    pub fn user(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The workspace folder.
    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// The workspace folder as a URI.
    pub fn workspace_uri(&self) -> String {
        uri_of(&self.workspace())
    }

    /// A path in the workspace.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.workspace().join(relative)
    }

    /// The URI of a path in the workspace.
    pub fn uri(&self, relative: &str) -> String {
        uri_of(&self.path(relative))
    }

    /// A command that starts `program` in the workspace, with this home and nothing else of the machine but `PATH`.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.workspace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.user())
            .env("ASIDE_HOME", self.aside())
            .env("ASIDE_LOCAL_DETECT", "false")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env("LANG", "C.UTF-8")
            .env("RUST_BACKTRACE", "1");
        command
    }

    /// Runs `aside` with `arguments` and no input, to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, "", |_| {})
    }

    /// Runs `aside` with `arguments` and `input`, to its end; `change` may add to the command.
    pub fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>, change: impl FnOnce(&mut Command)) -> Finished {
        self.run_program(binary::aside(), arguments, input, change)
    }

    /// The same for any program.
    pub fn run_program(
        &self,
        program: &Path,
        arguments: &[&str],
        input: impl AsRef<[u8]>,
        change: impl FnOnce(&mut Command),
    ) -> Finished {
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let mut stdout = child.stdout.take().expect("standard output is a pipe");
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut stdout, &mut bytes).map(|_| bytes)
        });
        let mut process = Process::of(child);
        // A program that ends without reading its input is no failure of the test.
        drop(stdin.write_all(input.as_ref()));
        drop(stdin);
        let Some((status, _)) = process.wait(Duration::from_secs(60)) else {
            panic!("`{} {}` runs on; it said:\n{}", program.display(), arguments.join(" "), process.errors());
        };
        let bytes = reader.join().expect("the reader does not panic").expect("a pipe is readable");
        Finished {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(bytes).expect("the output is UTF-8"),
            stderr: process.errors(),
        }
    }
}

impl Drop for Home {
    /// An agent that a command started would outlive the test.
    fn drop(&mut self) {
        self.end_holders();
    }
}

impl Finished {
    /// Everything that it wrote.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Standard output as JSON; fails the test when it is anything else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is not JSON ({error}):\n{}\n{}", self.stdout, self.stderr))
    }

    /// Fails the test unless the exit code is `code`.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code; stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Settings with one provider `work` of this dialect at `url`, without a key, for both roles.
pub fn settings(dialect: &str, url: &str) -> String {
    settings_with_model(dialect, url, "m")
}

/// Like [`settings`], with this source for the key: `keyring` is a stored one.
pub fn settings_with_key(dialect: &str, url: &str, key: &str) -> String {
    settings(dialect, url).replace("key = \"none\"", &format!("key = \"{key}\""))
}

/// Like [`settings`], with this model's name.
pub fn settings_with_model(dialect: &str, url: &str, model: &str) -> String {
    format!(
        "[roles]\nchat = \"work/{model}\"\ncomplete = \"work/{model}\"\n\n\
         [providers.work]\ndialect = \"{dialect}\"\nbase_url = \"{url}\"\nkey = \"none\"\n"
    )
}

/// The `file:` URI of an absolute path.
fn uri_of(path: &Path) -> String {
    Url::from_file_path(path).expect("the path is absolute").to_string()
}
