//! The language servers that an editor starts by the name `aside`: which ones there were, and that they end.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{Home, PATIENCE, binary, process::Other};

/// The program `aside` on a `PATH` of the test's own, which notes down each start.
#[derive(Debug)]
pub struct Servers {
    folder: PathBuf,
    log: PathBuf,
}

impl Servers {
    /// Puts the program under test on the path of programs that are started in `home`.
    pub fn on_path(home: &Home) -> Self {
        let folder = folder(home);
        let file = folder.join("aside");
        // The process that is noted down becomes the server.
        let script = format!(
            "#!/bin/sh\necho $$ >>'{}'\nexec '{}' \"$@\"\n",
            folder.join("started").display(),
            binary::aside().display()
        );
        fs::write(&file, script).expect("the home is writable");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("our own file");
        Self { folder, log: home.aside().join("state/logs/aside.log") }
    }

    /// What `PATH` has to be.
    pub fn path(&self) -> OsString {
        let machine = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.clone()).chain(std::env::split_paths(&machine));
        std::env::join_paths(folders).expect("a folder without a colon")
    }

    /// The process ids of all servers that were started.
    pub fn pids(&self) -> Vec<u32> {
        let started = fs::read_to_string(self.folder.join("started")).unwrap_or_default();
        started.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Waits until a server was greeted by an editor that calls itself `name`.
    #[track_caller]
    pub fn see(&self, name: &str) {
        let greeting = format!("an editor connects editor=\"{name}\"");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            if log.contains(&greeting) {
                return;
            }
            assert!(Instant::now() < deadline, "no editor `{name}` connects; started: {:?}; log:\n{log}", self.pids());
            std::thread::yield_now();
        }
    }

    /// Waits until all of them are gone.
    #[track_caller]
    pub fn end(&self) {
        let pids = self.pids();
        assert!(!pids.is_empty(), "no server was started");
        for pid in pids {
            Other::of(pid).ends("a server that was started by an editor");
        }
    }
}

/// Puts a program on the path of editors that are started in `home`, by the name `name`.
pub fn install(home: &Home, program: &Path, name: &str) {
    symlink(program, folder(home).join(name)).expect("the home is writable");
}

fn folder(home: &Home) -> PathBuf {
    let folder = home.user().join("bin");
    fs::create_dir_all(&folder).expect("the home is writable");
    folder
}
