//! Recognizing a workspace that was moved.
//!
//! Owns what a folder is known by besides its path, how alike two of those are, and which workspaces are offered where a folder
//! without conversations was opened. It only offers: whether the conversations move along is for the person to say, and moving
//! them for the store.
//!
//! A folder that was renamed keeps its place on the disk: device, inode, and when it was made. One that went to another disk
//! keeps none of them, only what stands in it. For that, a Git repository has a mark: the time at which `.git/description` was
//! written. Git writes it when a repository is made or cloned and nobody does afterwards; moving and archiving keep times, while
//! a clone elsewhere is written anew. It is one look at one file. What else there is serves worse: commits are the same in
//! every clone, the log of `HEAD` forgets its oldest lines, and the index and the settings change with use.

use std::{
    fs::Metadata,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use crate::WorkspaceId;

/// What a folder is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// The device and the number on it, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<(u64, u64)>,
    /// When it was made, in nanoseconds since 1970, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    born: Option<u64>,
    /// When its repository was made, in nanoseconds since 1970, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    git: Option<u64>,
    /// Its last name.
    name: String,
}

/// How alike two folders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// Nothing says that they are the same.
    Different,
    /// Much says so; a copy would look like this too.
    Likely,
    /// It is the same folder, wherever it is now.
    Same,
}

/// A workspace with conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which one.
    pub workspace: WorkspaceId,
    /// Where it was.
    pub path: PathBuf,
    /// What it was known by when it was last used.
    pub then: Fingerprint,
    /// What stands at its path now, if anything does.
    pub now: Option<Fingerprint>,
}

impl Fingerprint {
    /// What the folder at `path` is known by; links are followed. `None` where there is no folder, or none that may be read.
    ///
    /// Looks at two files and reads neither, and waits for the disk.
    pub fn of(path: &Path) -> Option<Self> {
        let canonical = path.canonicalize().ok()?;
        let folder = std::fs::metadata(&canonical).ok().filter(Metadata::is_dir)?;
        let description = std::fs::metadata(canonical.join(".git").join("description")).ok();
        Some(Self {
            place: place(&folder),
            born: folder.created().ok().and_then(nanoseconds),
            git: description.and_then(|file| file.modified().ok()).and_then(nanoseconds),
            name: canonical.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        })
    }

    /// The text to keep.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("numbers and a name always have a JSON form")
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// How alike two folders are.
pub fn likeness(one: &Fingerprint, other: &Fingerprint) -> Likeness {
    let born = both(one.born, other.born).map(|(one, other)| one == other);
    let git = both(one.git, other.git).map(|(one, other)| is_same_mark(one, other));
    let place = both(one.place, other.place);
    let inode = place.map(|((_, one), (_, other))| one == other);
    match (place.map(|(one, other)| one == other), born) {
        (Some(true), Some(true)) => Likeness::Same,
        // Numbers of devices change when a machine starts anew; a birth to the nanosecond does not.
        (Some(false), Some(true)) if inode == Some(true) => Likeness::Likely,
        (None, Some(true)) if one.name == other.name || git == Some(true) => Likeness::Likely,
        // A number is given anew once its folder is gone: without a birth it says little on its own.
        (Some(true), None) if git == Some(true) => Likeness::Same,
        (Some(true), None) if git.is_none() => Likeness::Likely,
        _ if git == Some(true) => Likeness::Likely,
        _ => Likeness::Different,
    }
}

/// The workspaces that the folder at `here` may be, the surest first, then in the order given: those that it is like, and whose
/// own path does not hold them any more. What is still in its place was not moved, however like it is.
pub fn candidates(here: &Path, fingerprint: &Fingerprint, known: &[Known]) -> Vec<WorkspaceId> {
    let mut like: Vec<(Likeness, &WorkspaceId)> = known
        .iter()
        .filter(|one| one.path != here && !one.is_in_place())
        .map(|one| (likeness(&one.then, fingerprint), &one.workspace))
        .filter(|(likeness, _)| *likeness > Likeness::Different)
        .collect();
    like.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    like.into_iter().map(|(_, workspace)| workspace.clone()).collect()
}

impl Known {
    fn is_in_place(&self) -> bool {
        self.now.as_ref().is_some_and(|now| likeness(&self.then, now) > Likeness::Different)
    }
}

fn both<T>(one: Option<T>, other: Option<T>) -> Option<(T, T)> {
    one.zip(other)
}

/// Whether two times are of one writing. File systems and archives keep them to the nanosecond, to the microsecond, or to the
/// second.
fn is_same_mark(one: u64, other: u64) -> bool {
    [1, 100, 1_000, 1_000_000_000].into_iter().any(|unit| {
        let coarse = one.min(other);
        one / unit == other / unit && coarse.is_multiple_of(unit)
    })
}

/// A time, if it is one: some file systems say 1970 of every file.
fn nanoseconds(time: std::time::SystemTime) -> Option<u64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok().filter(|since| *since > 0)
}

#[cfg(unix)]
fn place(folder: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((folder.dev(), folder.ino()))
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests;
