//! The walk over a workspace: every text a person wrote that may be looked at unasked, in the same order each time.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use ignore::{DirEntry, WalkBuilder};

use crate::{
    Ignore,
    beneath::{Beneath, OpenError},
    content::{self, Content, NotText},
    egress::egress_below,
    path::joined,
};

/// How much of a workspace is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkLimits {
    /// How many files.
    pub max_files: usize,
    /// How long one file may be; longer ones are left out.
    pub max_file_bytes: u64,
    /// How many bytes all together.
    pub max_total_bytes: u64,
}

impl Default for WalkLimits {
    fn default() -> Self {
        Self { max_files: 20_000, max_file_bytes: 512 << 10, max_total_bytes: 64 << 20 }
    }
}

// What leaves a file out, besides the patterns of secret files and the names of ignore files.
const BINARY: &str = "binary";
const GENERATED: &str = "generated";
const NOT_A_FILE: &str = "not a regular file";
const NOT_UTF8_NAME: &str = "name is not UTF-8";
const NOT_UTF8_TEXT: &str = "not UTF-8";
const SYMBOLIC_LINK: &str = "symbolic link";
const TOO_LARGE: &str = "too large";
const UNREADABLE: &str = "unreadable";

/// For each file that may be read, so many names are looked at: a home folder full of pictures ends some time.
const NAMES_PER_FILE: usize = 50;

/// One file of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// Its path inside the workspace, with `/`.
    pub relative: String,
    /// What it says.
    pub text: String,
    /// When it was last written, if the file system knows.
    pub modified: Option<SystemTime>,
}

/// What a walk found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// How many files were handed out.
    pub files: usize,
    /// How long they are all together.
    pub bytes: u64,
    /// How many files and folders were left out, by what left them out. A folder counts once, with all that is in it.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Whether a limit ended the walk before the workspace did.
    pub truncated: bool,
}

/// Hands every text file of the workspace at `root` to `each`, until that breaks or a limit is reached. Blocks.
///
/// Folder by folder, names in byte order. Left out are secret files ([`crate::egress()`]), what an ignore file names (`.gitignore` and
/// those for assistants), symbolic links, what is not a regular file, other file systems, names and texts that are not UTF-8,
/// binary and generated files (a line of more than 10,000 characters), and files above the limit.
pub fn walk(root: &Path, limits: WalkLimits, each: &mut dyn FnMut(FileText) -> ControlFlow<()>) -> WalkReport {
    match root.canonicalize().and_then(|real| Ok((Beneath::new(&real)?, real))) {
        Ok((folder, real)) => {
            let sieve = Arc::new(Sieve::new(real, limits.max_files.saturating_mul(NAMES_PER_FILE)));
            Walker { folder, sieve, limits, report: WalkReport::default() }.run(each)
        }
        Err(error) => {
            tracing::warn!(root = %root.display(), %error, "the workspace is not readable");
            WalkReport { left_out: BTreeMap::from([(UNREADABLE, 1)]), ..WalkReport::default() }
        }
    }
}

/// A walk under way.
struct Walker {
    folder: Beneath,
    sieve: Arc<Sieve>,
    limits: WalkLimits,
    report: WalkReport,
}

impl Walker {
    fn run(mut self, each: &mut dyn FnMut(FileText) -> ControlFlow<()>) -> WalkReport {
        if let Some(rule) = self.sieve.ignore.rule_for_workspace() {
            self.sieve.leave_out(rule);
        } else {
            for entry in self.entries() {
                match entry {
                    Ok(entry) if is_folder(&entry) => {}
                    Ok(entry) => {
                        if self.hand_out(&entry, each).is_break() {
                            break;
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a part of the workspace is not readable");
                        self.sieve.leave_out(UNREADABLE);
                    }
                }
            }
        }
        self.report.truncated |= self.sieve.is_exhausted();
        self.report.left_out = self.sieve.left_out();
        self.report
    }

    fn entries(&self) -> ignore::Walk {
        let sieve = Arc::clone(&self.sieve);
        WalkBuilder::new(&self.sieve.root)
            // Hidden files are part of a project; and the crate would open whatever is called `.gitignore`, be it a pipe.
            .standard_filters(false)
            .follow_links(false)
            .same_file_system(true)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(move |entry| sieve.passes(entry))
            .build()
    }

    /// Reads one file and hands it out; breaks where the walk ends.
    fn hand_out(&mut self, entry: &DirEntry, each: &mut dyn FnMut(FileText) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.report.files >= self.limits.max_files {
            return self.truncate();
        }
        let path = entry.path().strip_prefix(&self.sieve.root).unwrap_or(entry.path());
        let read = joined(path).ok_or(NOT_UTF8_NAME).and_then(|relative| Ok((relative, self.read(path)?)));
        let (relative, Content { text, modified }) = match read {
            Ok(read) => read,
            Err(rule) => {
                self.sieve.leave_out(rule);
                return ControlFlow::Continue(());
            }
        };
        let bytes = self.report.bytes.saturating_add(text.len() as u64);
        if bytes > self.limits.max_total_bytes {
            return self.truncate();
        }
        self.report.files += 1;
        self.report.bytes = bytes;
        each(FileText { relative, text, modified })
    }

    fn truncate(&mut self) -> ControlFlow<()> {
        self.report.truncated = true;
        ControlFlow::Break(())
    }

    /// The text of a file, or what leaves it out.
    fn read(&self, path: &Path) -> Result<Content, &'static str> {
        let file = self.folder.open(path).map_err(|error| match error {
            OpenError::NotAFile => NOT_A_FILE,
            OpenError::Outside | OpenError::Io(_) => UNREADABLE,
        })?;
        let content = content::read_text(file, self.limits.max_file_bytes).map_err(|reason| match reason {
            NotText::Binary => BINARY,
            NotText::Encoding => NOT_UTF8_TEXT,
            NotText::TooLarge(_) => TOO_LARGE,
            NotText::Io(_) => UNREADABLE,
        })?;
        if content::is_generated(&content.text) { Err(GENERATED) } else { Ok(content) }
    }
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// What decides, before anything is opened, which entries the walk sees. Shared with the closure that the walk calls.
struct Sieve {
    root: PathBuf,
    ignore: Ignore,
    most: usize,
    seen: AtomicUsize,
    left_out: Mutex<BTreeMap<&'static str, u64>>,
}

impl Sieve {
    fn new(root: PathBuf, most: usize) -> Self {
        Self { ignore: Ignore::for_walk(&root), root, most, seen: AtomicUsize::new(0), left_out: Mutex::default() }
    }

    fn passes(&self, entry: &DirEntry) -> bool {
        if entry.depth() == 0 {
            return true;
        }
        if self.seen.fetch_add(1, Ordering::Relaxed) >= self.most {
            return false;
        }
        match self.rule_for(entry) {
            Some(rule) => {
                self.leave_out(rule);
                false
            }
            None => true,
        }
    }

    fn rule_for(&self, entry: &DirEntry) -> Option<&'static str> {
        let inside = entry.path().strip_prefix(&self.root).ok().and_then(joined);
        let Some(inside) = inside else { return Some(NOT_UTF8_NAME) };
        let kind = entry.file_type()?;
        if let Err(kept) = egress_below(&self.root, &inside, kind.is_dir()) {
            return Some(kept.rule);
        }
        if kind.is_symlink() {
            return Some(SYMBOLIC_LINK);
        }
        if !kind.is_dir() && !kind.is_file() {
            return Some(NOT_A_FILE);
        }
        self.ignore.rule_for(entry.path(), kind.is_dir())
    }

    fn leave_out(&self, rule: &'static str) {
        *self.counts().entry(rule).or_default() += 1;
    }

    fn is_exhausted(&self) -> bool {
        self.seen.load(Ordering::Relaxed) > self.most
    }

    fn left_out(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.counts())
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        // A count is one assignment: sound after any panic.
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
