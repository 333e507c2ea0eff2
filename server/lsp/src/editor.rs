//! The editor at the other end: what it can do, its folders, and what stands in front of the person.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use aside_text::{Encoding, Position, Range};

use crate::{capabilities::Capabilities, greeting::Greeting};

/// The connected editor.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    greeted: OnceLock<(String, String, Capabilities)>,
    // Both are held for a look or a swap only.
    folders: Mutex<Vec<PathBuf>>,
    seen: Mutex<Option<Seen>>,
}

/// The place the person was seen at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The document.
    pub(crate) uri: String,
    /// The selection or the cursor, where known, as it was then.
    pub(crate) range: Option<Range>,
}

impl Editor {
    /// Takes the greeting; only the first one counts.
    pub(crate) fn greet(&self, greeting: Greeting) {
        *self.folders.lock().unwrap_or_else(PoisonError::into_inner) = greeting.folders;
        let _only_the_first_counts = self.greeted.set((greeting.name, greeting.version, greeting.capabilities));
    }

    /// What the editor can do.
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.greeted.get().map(|(_, _, capabilities)| *capabilities).unwrap_or_default()
    }

    /// How positions count.
    pub(crate) fn encoding(&self) -> Encoding {
        self.capabilities().encoding
    }

    /// The editor's name and version, as it gave them.
    pub(crate) fn name(&self) -> (&str, &str) {
        self.greeted.get().map_or(("", ""), |(name, version, _)| (name, version))
    }

    /// The main folder, if there is one.
    pub(crate) fn main_folder(&self) -> Option<PathBuf> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// The innermost folder that holds `path`.
    pub(crate) fn folder_of(&self, path: &Path) -> Option<PathBuf> {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let holding = folders.iter().filter(|folder| path.starts_with(folder));
        holding.max_by_key(|folder| folder.components().count()).cloned()
    }

    /// Takes folders away and adds others. Gives whether the main one is another now.
    pub(crate) fn change_folders(&self, removed: &[PathBuf], added: Vec<PathBuf>) -> bool {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let before = folders.first().cloned();
        folders.retain(|folder| !removed.contains(folder));
        for folder in added {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        before.as_ref() != folders.first()
    }

    /// The person looks at `uri`, at `position` if known.
    pub(crate) fn look(&self, uri: &str, position: Option<Position>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.as_mut() {
            // Coming back to the same document does not move the cursor.
            Some(seen) if seen.uri == uri && position.is_none() => {}
            _ => {
                let range = position.map(|place| Range { start: place, end: place });
                *seen = Some(Seen { uri: uri.to_owned(), range });
            }
        }
    }

    /// The person looks at `uri`, with `range` selected or the cursor there.
    pub(crate) fn look_at(&self, uri: &str, range: Option<Range>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { uri: uri.to_owned(), range });
    }

    /// The person does not look at `uri` any more, or at nothing when it is `None`.
    pub(crate) fn look_away(&self, uri: Option<&str>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if uri.is_none_or(|uri| seen.as_ref().is_some_and(|seen| seen.uri == uri)) {
            *seen = None;
        }
    }

    /// Where the person was seen last.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(folders: &[&str]) -> Editor {
        let editor = Editor::default();
        editor.greet(Greeting { folders: folders.iter().map(PathBuf::from).collect(), ..Greeting::default() });
        editor
    }

    #[test]
    fn a_document_belongs_to_the_innermost_folder_that_holds_it() {
        let editor = editor(&["/w", "/w/inner", "/w2"]);
        let of = |path: &str| editor.folder_of(Path::new(path));
        assert_eq!(of("/w/a.rs"), Some(PathBuf::from("/w")));
        assert_eq!(of("/w/inner/a.rs"), Some(PathBuf::from("/w/inner")));
        assert_eq!(of("/w2/a.rs"), Some(PathBuf::from("/w2")));
        assert_eq!(of("/w22/a.rs"), None);
    }

    #[test]
    fn folders_come_and_go() {
        let editor = editor(&["/a", "/b"]);
        let path = |text: &str| PathBuf::from(text);
        assert!(!editor.change_folders(&[path("/b")], vec![path("/a"), path("/c")]));
        assert_eq!(editor.main_folder(), Some(path("/a")));
        assert!(editor.change_folders(&[path("/a")], Vec::new()));
        assert_eq!(editor.main_folder(), Some(path("/c")));
    }

    #[test]
    fn the_last_place_is_remembered_until_the_person_looks_away() {
        let editor = Editor::default();
        let place = Position { line: 3, character: 4 };
        let cursor = Some(Range { start: place, end: place });
        editor.look("a", Some(place));
        editor.look("a", None);
        assert_eq!(editor.seen(), Some(Seen { uri: "a".to_owned(), range: cursor }));
        editor.look("b", None);
        assert_eq!(editor.seen(), Some(Seen { uri: "b".to_owned(), range: None }));
        editor.look_away(Some("a"));
        assert!(editor.seen().is_some());
        editor.look_away(Some("b"));
        assert_eq!(editor.seen(), None);
    }
}
