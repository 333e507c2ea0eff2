//! The files of documents that the server makes: conversations and diffs. Owns where they lie and when they go: when the editor closes them, when the
//! server ends, and what a server that was killed left at the next start of one.
//!
//! Each lies beside a lock of its own, which the end of its server releases in any case: what nobody holds belongs to nobody. Both
//! are readable by their owner only, in a folder that nobody else can enter.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aside_config::Paths;
use aside_lsp::Refused;
use aside_storage::{
    StorageError,
    private::{self, FileLock},
};

/// The folder inside the one for what lasts as long as the login.
const FOLDER: &str = "papers";
/// The end of a lock's name.
const LOCK: &str = "lock";
/// How many servers may have a document of the same name open.
const MOST: u32 = 64;

/// The papers of this server.
pub(crate) struct Papers {
    /// Where they may lie, the best place first.
    folders: [PathBuf; 2],
    // Held while one is written or removed; never over an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: BTreeMap<PathBuf, FileLock>,
    ended: bool,
}

impl Papers {
    /// None yet. Makes nothing.
    pub(crate) fn new(paths: &Paths) -> Self {
        Self { folders: [paths.runtime.join(FOLDER), paths.state.join(FOLDER)], state: Mutex::default() }
    }

    /// Removes what killed servers left. Makes nothing.
    pub(crate) fn sweep(&self) {
        // One at a time with writing, so that no lock is taken for one that was left.
        let _state = self.lock();
        for folder in &self.folders {
            let found = private::list(folder).unwrap_or_default();
            for lock in found.iter().filter(|path| path.extension().is_some_and(|end| end == LOCK)) {
                // A lock that is held belongs to a server that runs.
                if let Ok(free) = FileLock::exclusive(lock, Duration::ZERO) {
                    discard(&lock.with_extension(""), lock);
                    drop(free);
                }
            }
        }
    }

    /// Removes all papers of this server, which ends.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.ended = true;
        for (path, lock) in std::mem::take(&mut state.held) {
            discard(&path, &lock_of(&path));
            drop(lock);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl aside_lsp::Papers for Papers {
    fn create(&self, stem: &str, extension: &str, text: &str) -> Result<PathBuf, Refused> {
        let mut state = self.lock();
        if state.ended {
            let (message, hint) = ("the server is ending".to_owned(), "start it again".to_owned());
            return Err(Refused { code: "shutting-down", message, hint });
        }
        let [best, other] = &self.folders;
        let made = create_in(best, (stem, extension), text).or_else(|error| {
            tracing::warn!(%error, "a document cannot lie in the runtime folder");
            create_in(other, (stem, extension), text)
        });
        let (path, lock) = made.map_err(|error| refused(&error))?;
        state.held.insert(path.clone(), lock);
        Ok(path)
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), Refused> {
        let state = self.lock();
        if !state.held.contains_key(path) {
            return Ok(());
        }
        // Not by a file beside it that takes its name: a kill would leave that one.
        let written = private::remove(path).and_then(|_| private::create(path, text.as_bytes()));
        written.map_err(|error| refused(&error))
    }

    fn restore(&self, path: &Path, text: &str) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.ended || state.held.contains_key(path) {
            return Ok(());
        }
        let lock = claim(path, text).map_err(|error| refused(&error))?;
        state.held.insert(path.to_owned(), lock);
        Ok(())
    }

    fn remove(&self, path: &Path) {
        let mut state = self.lock();
        if let Some(lock) = state.held.remove(path) {
            discard(path, &lock_of(path));
            drop(lock);
        }
    }
}

fn refused(error: &StorageError) -> Refused {
    Refused { code: "storage-failed", message: error.to_string(), hint: error.hint() }
}

/// A file of the first free name.
fn create_in(folder: &Path, (stem, extension): (&str, &str), text: &str) -> Result<(PathBuf, FileLock), StorageError> {
    private::ensure_dir(folder)?;
    let mut number = 1;
    loop {
        let name = if number == 1 { format!("{stem}.{extension}") } else { format!("{stem}-{number}.{extension}") };
        let path = folder.join(name);
        match claim(&path, text) {
            Ok(lock) => return Ok((path, lock)),
            Err(StorageError::LockBusy { .. }) if number < MOST => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The file at `path`, which is nobody's now.
fn claim(path: &Path, text: &str) -> Result<FileLock, StorageError> {
    let lock = FileLock::exclusive(&lock_of(path), Duration::ZERO)?;
    // What is there is what a killed server left, or an editor wrote.
    private::remove(path)?;
    private::create(path, text.as_bytes())?;
    Ok(lock)
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_added_extension(LOCK)
}

/// Removes a document and then its lock: while there is a document there is a lock to find it by.
fn discard(path: &Path, lock: &Path) {
    if let Err(error) = private::remove(path).and_then(|_| private::remove(lock)) {
        tracing::warn!(%error, "the file of a document was not removed");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use aside_lsp::Papers as _;

    use super::*;

    fn papers(root: &Path) -> Papers {
        Papers { folders: [root.join("run/papers"), root.join("state/papers")], state: Mutex::default() }
    }

    fn names(root: &Path) -> Vec<String> {
        let found = private::list(&root.join("run/papers")).expect("listed");
        found.iter().map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn a_page_is_private_and_goes_when_it_is_closed() {
        let root = tempfile::tempdir().expect("a folder");
        let papers = papers(root.path());
        let path = papers.create("chat-a", "md", "text").expect("written");
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
        papers.replace(&path, "other").expect("written");
        assert_eq!((fs::read_to_string(&path).expect("read"), mode(&path)), ("other".to_owned(), 0o600));
        papers.remove(&path);
        assert!(names(root.path()).is_empty());
        papers.replace(&path, "late").expect("nothing to do");
        assert!(names(root.path()).is_empty(), "what was closed does not come back");
        papers.restore(&path, "again").expect("written");
        assert_eq!(names(root.path()), ["chat-a.md", "chat-a.md.lock"]);
        papers.clear();
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn two_servers_have_a_file_each_and_leave_the_others_alone() {
        let root = tempfile::tempdir().expect("a folder");
        let (one, other) = (papers(root.path()), papers(root.path()));
        one.create("chat-a", "md", "one").expect("written");
        other.create("chat-a", "md", "other").expect("written");
        other.sweep();
        assert_eq!(names(root.path()), ["chat-a-2.md", "chat-a-2.md.lock", "chat-a.md", "chat-a.md.lock"]);
        one.clear();
        assert_eq!(names(root.path()), ["chat-a-2.md", "chat-a-2.md.lock"]);
        assert_eq!(one.create("chat-b", "md", "").expect_err("it ended").code, "shutting-down");
    }

    #[test]
    fn what_a_killed_server_left_goes_at_the_next_start() {
        let root = tempfile::tempdir().expect("a folder");
        let killed = papers(root.path());
        killed.create("chat-a", "md", "text").expect("written");
        // The system lets go of a dead process's locks and nothing else.
        drop(std::mem::take(&mut killed.lock().held));
        assert_eq!(names(root.path()), ["chat-a.md", "chat-a.md.lock"]);
        papers(root.path()).sweep();
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn where_the_best_folder_cannot_be_used_the_other_one_is() {
        let root = tempfile::tempdir().expect("a folder");
        private::ensure_dir(&root.path().join("elsewhere")).expect("made");
        private::ensure_dir(&root.path().join("run")).expect("made");
        std::os::unix::fs::symlink(root.path().join("elsewhere"), root.path().join("run/papers")).expect("linked");
        let path = papers(root.path()).create("chat-a", "md", "text").expect("written");
        assert!(path.starts_with(root.path().join("state/papers")), "{}", path.display());
    }
}
