//! Which keys' recovery words were shown: their ids, one a line, in the state folder. Losing it loses a reminder and nothing else.

use std::path::{Path, PathBuf};

use aside_sessions::KeyId;
use aside_storage::{StorageError, private};

const NAME: &str = "session-key-words";

/// More ids than anybody has keys.
const LONGEST: u64 = 64 * 1024;

/// The file that remembers.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    folder: PathBuf,
}

impl Shown {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The ids in it; none where it cannot be read.
    pub(super) fn ids(&self) -> Vec<String> {
        let read = private::read(&self.folder.join(NAME), LONGEST);
        if let Err(error) = &read {
            tracing::warn!(%error, "whether recovery words were shown is not known");
        }
        let text = read.ok().flatten().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Whether the words of this key were shown.
    pub(super) fn has(&self, key: KeyId) -> bool {
        self.ids().contains(&key.to_string())
    }

    /// Remembers that they were.
    pub(super) fn remember(&self, key: KeyId) -> Result<(), StorageError> {
        let mut ids = self.ids();
        if ids.contains(&key.to_string()) {
            return Ok(());
        }
        ids.push(key.to_string());
        private::ensure_dir(&self.folder)?;
        private::write_atomic(&self.folder.join(NAME), format!("{}\n", ids.join("\n")).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use aside_sessions::DataKey;

    use super::*;

    #[test]
    fn what_was_shown_is_remembered_by_its_id_and_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let shown = Shown::in_folder(&folder.path().join("state"));
        let [one, two] = [1, 2].map(|byte| DataKey::from_bytes(&[byte; 32]).id());
        assert!(!shown.has(one));
        for id in [one, two, one] {
            shown.remember(id).expect("written");
        }
        assert!(shown.has(one) && shown.has(two));
        assert_eq!(shown.ids(), [one.to_string(), two.to_string()]);
    }
}
