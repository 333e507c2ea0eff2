//! Ignore files: what the people of a workspace want kept from assistants, or out of the way.
//!
//! Each name of an ignore file is a set of rules of its own, read as git reads `.gitignore`: it holds in its folder and
//! below, a deeper file overrides one further up, and nothing inside an ignored folder comes back. A path that one set
//! ignores is left out, whatever the other sets say.

use std::{
    collections::HashMap,
    io::{
        ErrorKind::{FileTooLarge, InvalidFilename, NotADirectory, NotFound},
        Read,
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

use crate::{
    LeftOut,
    beneath::{Beneath, OpenError},
    egress,
    egress::egress_below,
    path::relative,
};

/// Kept from assistants: our own name, the common one, and those of other assistants.
const FOR_ASSISTANTS: &[&str] = &[
    ".asideignore",
    ".aiignore",
    ".aiexclude",
    ".clineignore",
    ".codeiumignore",
    ".continueignore",
    ".copilotignore",
    ".cursorignore",
    ".geminiignore",
    ".rooignore",
    ".tabnineignore",
];

/// Out of the way of a walk: not part of the project, but nothing secret.
const FOR_WALKS: &[&str] = &[".gitignore", ".ignore", ".git/info/exclude"];

/// An ignore file longer than this is not read.
const LONGEST_IGNORE_FILE_BYTES: u64 = 1 << 20;

/// No system opens a longer path; looking for ignore files in each of its folders would take for ever.
const LONGEST_PATH_BYTES: usize = 4 << 10;

/// The rule of a path that is in no place where rules could hold.
const OUTSIDE: &str = "outside the workspace";

/// The ignore files of one workspace.
///
/// Each is read once, when a path near it is first asked for; make a new value to see later changes. Where the workspace is
/// a part of a git repository, the files above it in that repository hold too.
pub struct Ignore {
    /// As the caller writes it, and as the disk knows it.
    root: PathBuf,
    real: PathBuf,
    /// Where the search for ignore files starts: `real`, or the folder of the repository it is a part of.
    top: PathBuf,
    names: Vec<&'static str>,
    folders: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

/// The rules of one folder and those above it.
struct Folder {
    parent: Option<Arc<Folder>>,
    rules: Vec<(&'static str, Rules)>,
}

enum Rules {
    Globs(Gitignore),
    /// The file is there and cannot be read: everything it may be about stays here.
    Everything,
}

impl Ignore {
    /// The ignore files for assistants in the workspace at `root`. Reads none of them yet.
    pub fn of(root: &Path) -> Self {
        Self::with(root, FOR_ASSISTANTS.to_vec())
    }

    /// The ignore files for assistants that hold for `file`, which is in no known workspace: those of its folder and of every
    /// folder above. Reads none of them yet.
    pub fn above(file: &Path) -> Self {
        let mut ignore = Self::of(file.parent().unwrap_or(file));
        ignore.top = ignore.real.ancestors().last().unwrap_or(&ignore.real).to_owned();
        ignore
    }

    /// As [`Self::of`], with the files of version control: for what reads the whole workspace unasked.
    pub(crate) fn for_walk(root: &Path) -> Self {
        Self::with(root, [FOR_ASSISTANTS, FOR_WALKS].concat())
    }

    fn with(root: &Path, names: Vec<&'static str>) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let repository = real.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        let top = repository.unwrap_or(&real).to_owned();
        Self { root: root.to_owned(), real, top, names, folders: Mutex::default() }
    }

    /// Whether a file of the workspace may be sent to a model: by its name ([`crate::egress()`]), by the ignore files for assistants,
    /// and, where it is a symbolic link, by what it leads to as well.
    ///
    /// # Errors
    /// [`LeftOut`] with the rule that keeps it here; also for a path that is not inside the workspace or not UTF-8.
    pub fn allows(&self, path: &Path) -> Result<(), LeftOut> {
        let left_out = |rule| LeftOut { path: path.to_string_lossy().into_owned(), rule };
        let inside = relative(&self.root, path).or_else(|| relative(&self.real, path));
        let inside = inside.filter(|inside| inside.len() <= LONGEST_PATH_BYTES).ok_or_else(|| left_out(OUTSIDE))?;
        self.allows_inside(&inside).map_err(|kept| left_out(kept.rule))?;
        let Ok(target) = path.canonicalize() else {
            // Not saved yet, or gone: its name is all there is.
            return Ok(());
        };
        let resolved = match relative(&self.real, &target) {
            Some(target) if target == inside => Ok(()),
            Some(target) => self.allows_inside(&target),
            None => egress(&target.to_string_lossy()),
        };
        resolved.map_err(|kept| left_out(kept.rule))
    }

    fn allows_inside(&self, inside: &str) -> Result<(), LeftOut> {
        egress_below(&self.real, inside, false)?;
        match self.rule_on_the_way(&self.real.join(inside), false) {
            Some(rule) => Err(LeftOut { path: inside.to_owned(), rule }),
            None => Ok(()),
        }
    }

    /// The ignore file for assistants that leaves out the whole workspace: one further up in its repository.
    pub(crate) fn rule_for_workspace(&self) -> Option<&'static str> {
        self.rule_on_the_way(&self.real, true).filter(|rule| FOR_ASSISTANTS.contains(rule))
    }

    /// The ignore file that leaves out `path` or a folder it is in.
    fn rule_on_the_way(&self, path: &Path, is_folder: bool) -> Option<&'static str> {
        let mut at = self.top.clone();
        let mut parts = path.strip_prefix(&self.top).ok()?.components().peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            if let Some(rule) = self.rule_for(&at, is_folder || parts.peek().is_some()) {
                return Some(rule);
            }
        }
        None
    }

    /// The ignore file that leaves out `path` (a resolved one) by itself, not by a folder it is in.
    pub(crate) fn rule_for(&self, path: &Path, is_folder: bool) -> Option<&'static str> {
        let folder = self.folder(path.parent()?);
        self.names.iter().copied().find(|name| is_ignored(&folder, name, path, is_folder))
    }

    fn folder(&self, path: &Path) -> Arc<Folder> {
        let known = |path: &Path| self.lock().get(path).map(Arc::clone);
        if let Some(folder) = known(path) {
            return folder;
        }
        let inside = path != self.top && path.starts_with(&self.top);
        let parent = path.parent().filter(|_| inside).map(|parent| self.folder(parent));
        let read = |name: &&'static str| Some((*name, read_rules(&self.top, path, name)?));
        let folder = Arc::new(Folder { parent, rules: self.names.iter().filter_map(read).collect() });
        self.lock().insert(path.to_owned(), Arc::clone(&folder));
        folder
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<Folder>>> {
        // Only whole entries are inserted: the map is sound after any panic.
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_ignored(folder: &Arc<Folder>, name: &str, path: &Path, is_folder: bool) -> bool {
    let chain = std::iter::successors(Some(folder), |folder| folder.parent.as_ref());
    for (_, rules) in chain.flat_map(|folder| &folder.rules).filter(|(of, _)| *of == name) {
        let Rules::Globs(globs) = rules else { return true };
        match globs.matched(path, is_folder) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
}

/// What the ignore file `name` in `folder` says; `None` when there is none.
fn read_rules(top: &Path, folder: &Path, name: &'static str) -> Option<Rules> {
    let path = folder.join(name);
    // Most folders have no ignore file: one look, nothing opened. A folder of that name holds no rules.
    match path.symlink_metadata() {
        Ok(seen) if seen.is_dir() => return None,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) => return None,
        Ok(_) | Err(_) => {}
    }
    let for_assistants = FOR_ASSISTANTS.contains(&name);
    match read_ignore_file(top, &path) {
        Ok(text) => Some(Rules::Globs(globs(folder, &path, &text, for_assistants))),
        Err(reason) => {
            tracing::warn!(path = %path.display(), ?reason, "an ignore file is not readable");
            for_assistants.then_some(Rules::Everything)
        }
    }
}

/// Reads an ignore file, or what it links to inside the repository.
fn read_ignore_file(top: &Path, path: &Path) -> Result<String, OpenError> {
    let target = path.canonicalize()?;
    let inside = target.strip_prefix(top).map_err(|_| OpenError::Outside)?;
    let mut bytes = Vec::new();
    Beneath::new(top)?.open(inside)?.take(LONGEST_IGNORE_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_IGNORE_FILE_BYTES {
        return Err(OpenError::Io(FileTooLarge.into()));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn globs(folder: &Path, path: &Path, text: &str, ignore_case: bool) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    // Globs are compiled when they are added: this alone cannot fail, and neither is a bad line a reason to drop the others.
    if let Err(error) = builder.case_insensitive(ignore_case) {
        tracing::warn!(path = %path.display(), %error, "an ignore file is read with upper and lower case distinct");
    }
    for line in text.trim_start_matches('\u{feff}').lines() {
        if let Err(error) = builder.add_line(None, line) {
            tracing::warn!(path = %path.display(), %error, "a line of an ignore file is not understood");
        }
    }
    builder.build().unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), %error, "an ignore file is not understood");
        Gitignore::empty()
    })
}

#[cfg(test)]
mod tests;
