//! A workspace on disk for tests, removed with the value.

#![expect(clippy::disallowed_methods, reason = "tests build the workspaces they read")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A temporary folder that holds a workspace `project`, and what lies beside it.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// A workspace with these files: path inside it, content.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(tree.root()).expect("a new folder");
        for (path, content) in files {
            tree.write(path, content);
        }
        tree
    }

    /// The workspace, resolved: a temporary folder may lie behind a link.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists").join("project")
    }

    /// Writes a file of the workspace, or one beside it with `../`.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("below the workspace")).expect("its folder");
        fs::write(path, content).expect("the file");
    }

    /// Makes `link` in the workspace lead to `target`.
    #[cfg(unix)]
    pub(crate) fn link(&self, link: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.root().join(link)).expect("a link");
    }

    /// Makes a named pipe. Opening it for reading blocks until somebody writes, so a test that opens it never ends.
    #[cfg(unix)]
    pub(crate) fn pipe(&self, path: &str) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, self.root().join(path), FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a named pipe");
    }
}
