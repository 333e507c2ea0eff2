//! Bringing a page's document to where it should be. Owns the pace, and what is done when an editor refuses, is slow, or cannot.

use std::time::Duration;

use aside_text::Document;
use std::sync::Arc;

use tokio::time::Instant;

use super::{Doing, Edit, Writer};
use crate::{
    backend::Backend,
    convert,
    page::{
        asks::{self, Applied},
        change::{self, Parts},
        manner, sheet,
    },
    protocol::WireNote,
};

/// The least time between two edits.
const PACE: Duration = Duration::from_millis(100);
/// How long an editor may take to show an edit in its text after it said that it applied it.
const SETTLE: Duration = Duration::from_secs(2);
/// After how many refusals in a row an editor is not asked again by itself.
const REFUSALS: u32 = 30;
/// The longest pause between two tries, in [`PACE`]s.
const LONGEST: u32 = 10;

impl Writer {
    /// Does the next thing that brings the document to where it should be.
    pub(super) fn step(&mut self, backend: &Backend) {
        let Some(document) = backend.services.documents.snapshot(&self.leaf.uri) else { return };
        if !backend.editor.capabilities().edits.apply {
            return self.write_down(backend);
        }
        match &self.doing {
            Doing::Asking { .. } | Doing::GivenUp => return,
            Doing::Settling { edit, until } => {
                let moved = document.version() != edit.version;
                let shown = moved && change::has(&document.text(), &self.leaf.mark, &edit.wanted);
                if !shown && Instant::now() < *until {
                    self.wake = Some(*until);
                    return;
                }
                self.settled(shown);
            }
            Doing::Nothing => {}
        }
        let wanted = self.wanted();
        if wanted == self.last && self.taken.is_none() && !self.again {
            return;
        }
        if Instant::now() < self.not_before {
            self.wake = Some(self.not_before);
            return;
        }
        self.ask(backend, &document, wanted);
    }

    fn ask(&mut self, backend: &Backend, document: &Document, wanted: String) {
        let anew = std::mem::take(&mut self.again);
        let parts = Parts { last: &self.last, wanted: &wanted, taken: self.taken.as_deref(), anew };
        let Some(change) = change::plan(&document.text(), &self.leaf.mark, parts) else {
            (self.last, self.taken) = (wanted, None);
            return;
        };
        self.not_before = Instant::now() + PACE;
        let answer = asks::apply(backend.client.clone(), document, &change, manner(backend));
        let edit = Edit { wanted, version: document.version(), taken: self.taken.clone(), anew };
        self.doing = Doing::Asking { answer, edit };
    }

    /// The editor has the edit, or never shows it.
    fn settled(&mut self, shown: bool) {
        if let Doing::Settling { edit, .. } = std::mem::replace(&mut self.doing, Doing::Nothing) {
            self.last = edit.wanted;
            if shown && self.taken == edit.taken {
                self.taken = None;
            }
            // What is there then is looked at as it is.
            self.again |= !shown;
        }
    }

    pub(super) fn answered(&mut self, applied: Applied) {
        let Doing::Asking { edit, .. } = std::mem::replace(&mut self.doing, Doing::Nothing) else { return };
        match applied {
            Applied::Yes => {
                self.refusals = 0;
                self.doing = Doing::Settling { edit, until: Instant::now() + SETTLE };
            }
            Applied::No if self.refusals < REFUSALS => {
                self.refusals += 1;
                self.again |= edit.anew;
                self.not_before = Instant::now() + PACE * self.refusals.min(LONGEST);
            }
            Applied::No | Applied::Never => self.give_up(),
        }
    }

    fn give_up(&mut self) {
        self.doing = Doing::GivenUp;
        if let Some(backend) = self.backend.upgrade() {
            let name = convert::name(&self.leaf.uri);
            backend.warn(&format!(
                "Aside: the editor does not let `{name}` be changed. The conversation is kept: close the document and open the \
                 conversation again."
            ));
        }
    }

    /// For an editor that takes no edits: the file, once an answer is over.
    fn write_down(&mut self, backend: &Backend) {
        let wanted = self.wanted();
        if wanted == self.last || sheet::is_answering(&self.opened, self.live.as_ref().map(|(_, live)| live)) {
            return;
        }
        let papers = Arc::clone(&backend.services.papers);
        let (path, text, backend) = (self.leaf.path.clone(), format!("{wanted}\n"), backend.clone());
        self.last = wanted;
        tokio::task::spawn_blocking(move || {
            let message = match papers.replace(&path, &text) {
                Ok(()) => format!("Aside: the answer is in `{}`. Read that file again.", path.display()),
                Err(refused) => {
                    format!("Aside: {}. Close the document and open the conversation again.", refused.message)
                }
            };
            backend.notify("window/showMessage", &WireNote { kind: 3, message });
        });
    }
}
