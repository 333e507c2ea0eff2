//! Where values come from: the layers, what was read of each, and the place of a value.

use std::{
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value as Json;

use crate::{Paths, env, report::Problem};

/// The name of a workspace's settings file, at its root.
pub(crate) const WORKSPACE_FILE: &str = ".aside.toml";

/// The largest settings file that is read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Where a value comes from; later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The program.
    Default,
    /// The user's `config.toml`.
    User,
    /// The workspace's `.aside.toml`.
    Workspace,
    /// The editor's `aside.*` settings.
    Editor,
    /// `ASIDE_*` variables.
    Env,
    /// The command line.
    Flags,
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Default => "default",
            Self::User => "user file",
            Self::Workspace => "workspace file",
            Self::Editor => "editor settings",
            Self::Env => "environment",
            Self::Flags => "command line",
        })
    }
}

/// Where a setting's value comes from, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// The file, for a layer that is one.
    pub file: Option<PathBuf>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    /// The variable, for the environment.
    pub variable: Option<String>,
}

impl Origin {
    pub(crate) const DEFAULT: Self = Self { layer: Layer::Default, file: None, line: None, variable: None };
}

impl fmt::Display for Origin {
    /// `default`, `FILE:LINE`, `ASIDE_…`, or the name of the layer.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line, &self.variable) {
            (Some(file), Some(line), _) => write!(formatter, "{}:{line}", file.display()),
            (Some(file), None, _) => write!(formatter, "{}", file.display()),
            (None, _, Some(variable)) => formatter.write_str(variable),
            (None, _, None) => self.layer.fmt(formatter),
        }
    }
}

/// Where a value stands.
pub(crate) type Place = Origin;

/// What was read of every layer. The merge needs nothing else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    /// Path and text of the user's `config.toml`.
    pub user_file: Option<(PathBuf, String)>,
    /// Path and text of the workspace's `.aside.toml`.
    pub workspace_file: Option<(PathBuf, String)>,
    /// The editor's settings: an object of sections, alone or under `aside`.
    pub editor: Option<Json>,
    /// Names and values of the `ASIDE_*` variables.
    pub env: Vec<(String, String)>,
    /// Names of variables that held a key and were taken out of the environment; those that begin with `ASIDE_` are reported.
    pub withheld: Vec<String>,
    /// Keys (`complete.max_tokens`) and values from the command line.
    pub flags: Vec<(String, String)>,
}

impl Layers {
    /// Reads the user's file, that of `workspace`, and the environment. A missing file is no problem, an unreadable one is.
    pub fn read(paths: &Paths, workspace: Option<&Path>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut read = |layer, path: PathBuf| match read_file(&path) {
            Ok(text) => text.map(|text| (path, text)),
            Err((message, hint)) => {
                problems.push(Problem::of_file(layer, &path, None, message, hint.to_owned()));
                None
            }
        };
        let user_file = read(Layer::User, paths.config_file.clone());
        let workspace_file = workspace.and_then(|folder| read(Layer::Workspace, folder.join(WORKSPACE_FILE)));
        let (env, unreadable) = env::variables();
        problems.extend(unreadable);
        (Self { user_file, workspace_file, editor: None, env, withheld: Vec::new(), flags: Vec::new() }, problems)
    }
}

/// The text of a settings file, `None` when there is none; or what is wrong and what to do.
fn read_file(path: &Path) -> Result<Option<String>, (String, &'static str)> {
    const NOT_READ: &str = "it is not used; check its owner and permissions";
    let failed = |error: &std::io::Error| (format!("the file cannot be read: {error}"), NOT_READ);
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
        // Reading a pipe or a device could wait for ever.
        Ok(metadata) if !metadata.is_file() => {
            return Err(("it is not a regular file".to_owned(), "it is not used; put a plain file there"));
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(("the file is larger than 1 MiB".to_owned(), "it is not used; settings are far smaller"));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| ("the file is not UTF-8 text".to_owned(), "it is not used; save it as UTF-8"))
}
