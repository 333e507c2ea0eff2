//! Where the program's files are. Computes paths only; creates and opens nothing.

use std::{ffi::OsString, path::PathBuf};

use etcetera::BaseStrategy as _;

/// The folder inside the platform's directories.
const FOLDER: &str = "aside";

/// The program's directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The user's settings.
    pub config_file: PathBuf,
    /// What must not be lost: conversations.
    pub data: PathBuf,
    /// What tells what happened: logs.
    pub state: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// What lasts as long as the login: sockets. Its path is short, because a socket's may have 107 bytes at most.
    pub runtime: PathBuf,
    /// Whether `ASIDE_HOME` put everything under one root, so that nothing is looked for elsewhere.
    pub is_under_one_root: bool,
}

/// Why the directories are not known.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// `ASIDE_HOME` is relative: every working directory would mean another one.
    #[error("`ASIDE_HOME` is `{}`, which is not an absolute path; set it to one, or unset it", .0.display())]
    Relative(PathBuf),
    /// The platform names no home directory.
    #[error("there is no home directory; set `HOME`, or `ASIDE_HOME` to a directory of your choice")]
    NoHome(#[source] etcetera::HomeDirError),
}

impl Paths {
    /// Everything under `ASIDE_HOME` when that is set; else where the platform wants it (XDG on Linux and macOS, the
    /// known folders on Windows).
    #[expect(clippy::disallowed_methods, reason = "this crate reads the environment for the settings")]
    pub fn from_env() -> Result<Self, PathsError> {
        Self::of(std::env::var_os("ASIDE_HOME"))
    }

    fn of(home: Option<OsString>) -> Result<Self, PathsError> {
        match home.filter(|home| !home.is_empty()).map(PathBuf::from) {
            Some(home) if home.is_absolute() => Ok(Self {
                config_file: home.join("config.toml"),
                data: home.join("data"),
                state: home.join("state"),
                cache: home.join("cache"),
                runtime: home.join("run"),
                is_under_one_root: true,
            }),
            Some(home) => Err(PathsError::Relative(home)),
            None => Self::of_platform(),
        }
    }

    fn of_platform() -> Result<Self, PathsError> {
        let base = etcetera::choose_base_strategy().map_err(PathsError::NoHome)?;
        let config_file = base.config_dir().join(FOLDER).join("config.toml");
        let runtime = base.runtime_dir();
        Ok(match base.state_dir() {
            Some(state) => Self {
                config_file,
                data: base.data_dir().join(FOLDER),
                runtime: runtime.map_or_else(|| state.join(FOLDER).join("run"), |runtime| runtime.join(FOLDER)),
                state: state.join(FOLDER),
                cache: base.cache_dir().join(FOLDER),
                is_under_one_root: false,
            },
            // Windows has two directories for four uses.
            None => Self {
                config_file,
                data: base.data_dir().join(FOLDER).join("data"),
                state: base.cache_dir().join(FOLDER).join("state"),
                cache: base.cache_dir().join(FOLDER).join("cache"),
                runtime: base.cache_dir().join(FOLDER).join("run"),
                is_under_one_root: false,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn one_variable_puts_everything_under_one_root() {
        let paths = Paths::of(Some("/somewhere".into())).expect("an absolute path");
        assert_eq!(paths.config_file, PathBuf::from("/somewhere/config.toml"));
        assert_eq!(paths.data, PathBuf::from("/somewhere/data"));
        assert_eq!(paths.state, PathBuf::from("/somewhere/state"));
        assert_eq!(paths.cache, PathBuf::from("/somewhere/cache"));
        assert_eq!(paths.runtime, PathBuf::from("/somewhere/run"));
    }

    #[test]
    fn a_relative_root_is_refused() {
        let error = Paths::of(Some("here".into())).expect_err("a relative path");
        assert!(error.to_string().contains("`here`"), "{error}");
    }

    #[test]
    fn without_the_variable_the_platform_decides() {
        for unset in [None, Some(OsString::new())] {
            let paths = Paths::of(unset).expect("this machine has a home directory");
            assert!(paths.config_file.ends_with("aside/config.toml"), "{paths:?}");
            assert!(paths.data.is_absolute() && paths.data != paths.state && paths.state != paths.cache, "{paths:?}");
        }
    }
}
