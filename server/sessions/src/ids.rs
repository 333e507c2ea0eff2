//! The identities of workspaces, sessions and turns. Owns how they are made and written; not where they are kept.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use uuid::Uuid;

/// The folder a conversation belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// The workspace in `folder`, by its canonical path, so that symlinks and `..` name the same one; no folder is a workspace
    /// of its own. A folder that cannot be resolved is taken as it is written.
    pub fn of(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self(String::new()) };
        let canonical = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        // A path that is not Unicode keeps its bytes apart from every other one by being escaped.
        Self(canonical.to_str().map_or_else(|| format!("{canonical:?}"), str::to_owned))
    }

    /// The canonical path; empty for conversations without a folder.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder; `None` without one, and where its name is not Unicode.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let path = PathBuf::from(&self.0);
        path.is_absolute().then_some(path)
    }

    /// The identity as the store kept it.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

/// A conversation's identity: a UUIDv7, so that newer ones sort behind older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Uuid);

/// One question and its answer: a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnId(Uuid);

/// A text that is not a session's identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a session: a session is a UUID as `aside session list` and `aside/chat/list` give it")]
pub struct BadSessionId(pub String);

impl SessionId {
    /// A new identity.
    pub(crate) fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The 16 bytes that the store keeps.
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The identity whose bytes the store kept.
    pub(crate) fn stored(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl TurnId {
    /// A new identity.
    pub(crate) fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The 16 bytes that the store keeps.
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The identity whose bytes the store kept.
    pub(crate) fn stored(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl FromStr for TurnId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| ())
    }
}

impl FromStr for SessionId {
    type Err = BadSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The error quotes what was given; something absurdly long is cut there.
        let shown = || BadSessionId(text.chars().take(64).collect());
        match Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(Self(id)),
            _ => Err(shown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_reads_back_as_written() {
        let id = SessionId::fresh();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(SessionId::stored(*id.bytes()), id);
    }

    #[test]
    fn only_the_usual_spelling_of_an_id_is_taken() {
        let plain = SessionId::fresh().to_string();
        for text in ["", "1", &plain.replace('-', ""), &format!("{{{plain}}}"), &format!("urn:uuid:{plain}")] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn newer_ids_sort_behind_older_ones() {
        let ids: Vec<_> = (0..1000).map(|_| SessionId::fresh()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_workspace_is_the_same_through_a_detour() {
        let folder = tempfile::tempdir().expect("a folder");
        let detour = folder.path().join(".").join("..").join(folder.path().file_name().expect("a name"));
        assert_eq!(WorkspaceId::of(Some(&detour)), WorkspaceId::of(Some(folder.path())));
        assert_eq!(WorkspaceId::of(None).as_str(), "");
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_are_not_unicode_stay_apart() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let of = |bytes: &[u8]| WorkspaceId::of(Some(Path::new(OsStr::from_bytes(bytes))));
        assert_ne!(of(b"/absent/\xff"), of(b"/absent/\xfe"));
    }
}
