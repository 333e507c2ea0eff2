//! What the editor has open: the newest version of each document, or why there is none.
//!
//! Owns the rules for an editor that contradicts itself: a document whose edits do not fit is out of sync, and is not read again
//! until its whole text comes. Text, edits and positions belong to `text`. Everything here is done at once, in wire order.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aside_assist::edit::OpenDocuments;
use aside_text::{Change, Declined, Document, Encoding};
use dashmap::{DashMap, mapref::entry::Entry};

use crate::convert;

/// The open documents of one editor. Cheap to clone: clones share them.
#[derive(Debug, Clone, Default)]
pub struct Documents(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    slots: DashMap<String, Slot>,
    // Orders documents by their last use.
    clock: AtomicU64,
}

#[derive(Debug)]
struct Slot {
    state: State,
    used: u64,
}

#[derive(Debug)]
enum State {
    Open(Document),
    /// The text is not known any more. The last one that was is kept for its name and language.
    OutOfSync {
        last: Document,
        reason: String,
    },
    Declined {
        language: String,
        reason: Declined,
    },
}

/// Why there is no text of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error("`{0}` is not open in the editor")]
    NotOpen(String),
    #[error("`{name}` is out of sync with the editor: {reason}")]
    OutOfSync { name: String, reason: String },
    #[error("`{name}` is not read: {reason}")]
    Declined { name: String, reason: Declined },
}

/// Something about a document that the person should be told, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It does not work for the person until they act.
    Show(String),
    /// Worth a line in the editor's log.
    Log(String),
}

/// How many documents are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) open: usize,
    pub(crate) out_of_sync: usize,
    pub(crate) declined: usize,
}

impl Documents {
    /// No documents.
    pub fn new() -> Self {
        Self::default()
    }

    /// The newest version of the document `uri`; `None` when it is not open, out of sync or declined.
    pub fn snapshot(&self, uri: &str) -> Option<Document> {
        self.find(uri).ok()
    }

    /// The newest versions of all documents, the last used first.
    pub fn all(&self) -> Vec<Document> {
        let open = self.0.slots.iter().filter_map(|slot| match &slot.state {
            State::Open(document) => Some((slot.used, document.clone())),
            State::OutOfSync { .. } | State::Declined { .. } => None,
        });
        let mut open: Vec<_> = open.collect();
        open.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        open.into_iter().map(|(_, document)| document).collect()
    }

    /// The newest versions of the documents in the folder `root` and below, the last used first.
    pub fn under(&self, root: &Path) -> Vec<Document> {
        let inside = |document: &Document| convert::path(document.uri()).is_some_and(|path| path.starts_with(root));
        self.all().into_iter().filter(inside).collect()
    }

    /// The newest version of the document `uri`, or why there is none.
    pub(crate) fn find(&self, uri: &str) -> Result<Document, Unavailable> {
        let Some(slot) = self.0.slots.get(uri) else {
            return Err(Unavailable::NotOpen(convert::name(uri)));
        };
        match &slot.state {
            State::Open(document) => Ok(document.clone()),
            State::OutOfSync { reason, .. } => {
                Err(Unavailable::OutOfSync { name: convert::name(uri), reason: reason.clone() })
            }
            State::Declined { reason, .. } => Err(Unavailable::Declined { name: convert::name(uri), reason: *reason }),
        }
    }

    /// How many documents are in which state.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census { open: 0, out_of_sync: 0, declined: 0 };
        for slot in &self.0.slots {
            match slot.state {
                State::Open(_) => census.open += 1,
                State::OutOfSync { .. } => census.out_of_sync += 1,
                State::Declined { .. } => census.declined += 1,
            }
        }
        census
    }

    /// Opens a document. One that is open already takes the new text.
    pub(crate) fn open(&self, uri: &str, language: &str, version: i32, text: &str) -> Option<Trouble> {
        let (state, declined) = opened(uri, language, version, text);
        let before = self.0.slots.insert(uri.to_owned(), Slot { state, used: self.tick() });
        declined.or_else(|| {
            let name = convert::name(uri);
            before.map(|_| Trouble::Log(format!("`{name}` was opened while it was open: the newer text counts")))
        })
    }

    /// Applies the changes that lead to `version` (`None` where the editor does not count), all or none.
    pub(crate) fn change(
        &self,
        uri: &str,
        version: Option<i32>,
        changes: &[Change],
        encoding: Encoding,
    ) -> Option<Trouble> {
        let used = self.tick();
        let Entry::Occupied(mut entry) = self.0.slots.entry(uri.to_owned()) else {
            let name = convert::name(uri);
            return Some(Trouble::Log(format!("`{name}` was changed without being opened: the change is left out")));
        };
        let slot = entry.get_mut();
        slot.used = used;
        let (state, trouble) = slot.state.changed(uri, version, changes, encoding);
        if let Some(state) = state {
            slot.state = state;
        }
        trouble
    }

    /// Marks a document as out of sync, for a change that could not even be read.
    pub(crate) fn lose(&self, uri: &str, reason: &str) -> Option<Trouble> {
        let mut slot = self.0.slots.get_mut(uri)?;
        let State::Open(last) = &slot.state else { return None };
        let last = last.clone();
        let (state, trouble) = lost(last, reason.to_owned());
        slot.state = state;
        Some(trouble)
    }

    /// Closes a document; gives whether it was open.
    pub(crate) fn close(&self, uri: &str) -> bool {
        self.0.slots.remove(uri).is_some()
    }

    fn tick(&self) -> u64 {
        self.0.clock.fetch_add(1, Ordering::Relaxed)
    }
}

impl OpenDocuments for Documents {
    fn open(&self, uri: &str) -> Option<Document> {
        self.snapshot(uri)
    }

    fn is_lost(&self, uri: &str) -> bool {
        self.0.slots.get(uri).is_some_and(|slot| !matches!(slot.state, State::Open(_)))
    }
}

impl State {
    /// The state after `changes`, if it becomes another one, and what to tell.
    fn changed(
        &self,
        uri: &str,
        version: Option<i32>,
        changes: &[Change],
        encoding: Encoding,
    ) -> (Option<Self>, Option<Trouble>) {
        // What comes before a whole text does not matter.
        let whole = changes.iter().rposition(|change| change.range.is_none());
        match (self, whole) {
            (Self::Open(document), None) => {
                let version = version.unwrap_or_else(|| document.version().wrapping_add(1));
                // Versions may skip numbers, and never fall or stay.
                if version <= document.version() && !changes.is_empty() {
                    let reason = format!("version {version} came after version {}", document.version());
                    return some(lost(document.clone(), reason));
                }
                applied(document, version, changes, encoding)
            }
            (Self::Open(document) | Self::OutOfSync { last: document, .. }, Some(whole)) => {
                let version = version.unwrap_or_else(|| document.version().wrapping_add(1));
                applied(document, version, &changes[whole..], encoding)
            }
            (Self::Declined { language, .. }, Some(whole)) => {
                let (state, _known) = opened(uri, language, version.unwrap_or_default(), &changes[whole].text);
                match &state {
                    Self::Open(document) => applied(document, document.version(), &changes[whole + 1..], encoding),
                    Self::OutOfSync { .. } | Self::Declined { .. } => (Some(state), None),
                }
            }
            (Self::OutOfSync { .. } | Self::Declined { .. }, None) => (None, None),
        }
    }
}

fn applied(
    document: &Document,
    version: i32,
    changes: &[Change],
    encoding: Encoding,
) -> (Option<State>, Option<Trouble>) {
    match document.apply(version, changes, encoding) {
        Ok(next) => (Some(State::Open(next)), None),
        Err(error) => some(lost(document.clone(), error.to_string())),
    }
}

fn lost(last: Document, reason: String) -> (State, Trouble) {
    let name = convert::name(last.uri());
    let told = format!("Aside is out of sync with `{name}` ({reason}). Close and reopen the file.");
    (State::OutOfSync { last, reason }, Trouble::Show(told))
}

fn opened(uri: &str, language: &str, version: i32, text: &str) -> (State, Option<Trouble>) {
    match Document::open(uri, language, version, text) {
        Ok(document) => (State::Open(document), None),
        Err(reason) => {
            let told = format!("Aside does not read `{}`: {reason}", convert::name(uri));
            (State::Declined { language: language.to_owned(), reason }, Some(Trouble::Log(told)))
        }
    }
}

fn some((state, trouble): (State, Trouble)) -> (Option<State>, Option<Trouble>) {
    (Some(state), Some(trouble))
}

#[cfg(test)]
mod tests;
