//! The place that a request is about: read, found in the newest text, and turned into what the completion feature asks for.

use aside_assist::inline::{Answer, Ask, Empty, Selected, Trigger};
use aside_text::{Document, Position, PositionError};

use crate::{backend::Backend, convert, documents::Unavailable, errors::Failure, order::Turn, params::Fields};

/// The most other open documents that a request looks at, the last used first.
const OTHERS: usize = 64;

/// A place as the editor names it.
pub(super) struct Target {
    pub(super) uri: String,
    pub(super) position: Position,
}

/// Why a place is nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Nowhere {
    #[error(transparent)]
    Document(#[from] Unavailable),
    #[error(transparent)]
    Position(#[from] PositionError),
    #[error("`{0}` is a conversation, which no model completes")]
    Page(String),
}

impl Target {
    /// Reads `textDocument` and `position`.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Failure> {
        Ok(Self { uri: fields.document()?, position: fields.position("position")? })
    }

    /// The newest version of the document and the byte in it.
    pub(super) fn find(&self, backend: &Backend) -> Result<(Document, usize), Nowhere> {
        if backend.pages.holds(&self.uri) {
            return Err(Nowhere::Page(convert::name(&self.uri)));
        }
        let document = backend.services.documents.find(&self.uri)?;
        let at = document.offset(self.position, backend.editor.encoding())?;
        Ok((document, at))
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        let hint = match &error {
            Unavailable::NotOpen(_) => "open the document in the editor first",
            Unavailable::OutOfSync { .. } => "close the document and open it again",
            Unavailable::Declined { .. } => "nothing to do: such documents are left alone",
        };
        Self::new("unknown-document", format!("`textDocument`: {error}"), hint)
    }
}

impl From<Nowhere> for Failure {
    fn from(error: Nowhere) -> Self {
        match error {
            Nowhere::Document(error) => error.into(),
            Nowhere::Page(_) => {
                Self::new("bad-place", format!("`textDocument`: {error}"), "ask about a document of your own")
            }
            Nowhere::Position(error) => Self::new(
                "bad-place",
                format!("`position`: {error}"),
                "send a position inside the document's newest version",
            ),
        }
    }
}

/// What the completion feature is asked at byte `at` of `document`.
pub(super) fn ask(backend: &Backend, document: Document, at: usize, trigger: Trigger) -> Ask {
    let path = convert::path(document.uri());
    let workspace = match &path {
        Some(path) => backend.editor.folder_of(path),
        // A document that is not saved yet is about what is open.
        None => backend.editor.main_folder(),
    };
    let relative = workspace.as_deref().zip(path.as_deref()).and_then(|(root, path)| aside_index::relative(root, path));
    let mut open = backend.services.documents.all();
    // What was said in a conversation is no code.
    open.retain(|other| other.uri() != document.uri() && !backend.pages.holds(other.uri()));
    open.truncate(OTHERS);
    Ask { document, at, workspace, relative, open, trigger, selected: None }
}

/// Asks for a completion: in wire order, and only for a text that is still there when the answer comes.
pub(super) async fn complete(backend: &Backend, turn: Turn, ask: Ask) -> Answer {
    let document = ask.document.clone();
    let asked = turn.run(backend.services.inline.complete(ask)).await;
    let mut answer = asked.unwrap_or_else(|| nothing(Empty::Superseded));
    let now = backend.services.documents.snapshot(document.uri());
    // The version tells nothing: a document that was closed and opened again counts from the start. The same text is quickly seen.
    let still_there = now.is_some_and(|now| now.same_text(&document));
    if !still_there && answer.empty.is_none() {
        answer = nothing(Empty::Stale);
    }
    backend.health.answered(backend, answer.empty.as_ref());
    answer
}

/// The empty answer for a place that is nowhere, which status remembers.
pub(super) fn nowhere(backend: &Backend, target: &Target, error: &Nowhere) -> Answer {
    let empty = Empty::Place(error.to_string());
    backend.services.inline.note_empty(&target.uri, &empty);
    nothing(empty)
}

/// An empty answer.
pub(super) fn nothing(empty: Empty) -> Answer {
    Answer { suggestions: Vec::new(), empty: Some(empty), model: None, reused: false }
}

/// The item that is selected in the editor's menu, from `context.selectedCompletionInfo`.
pub(super) struct Chosen {
    range: aside_text::Range,
    text: String,
}

impl Chosen {
    /// Reads it from `context`, where there is one.
    pub(super) fn read(context: &mut Fields) -> Result<Option<Self>, Failure> {
        let Some(mut fields) = context.fields_maybe("selectedCompletionInfo")? else { return Ok(None) };
        let range = fields.range_maybe("range")?;
        let text = fields.text("text")?;
        Ok(range.map(|range| Self { range, text }))
    }

    /// The bytes of `document` it replaces, and its text.
    pub(super) fn find(self, backend: &Backend, document: &Document) -> Result<Selected, Nowhere> {
        let offset = |position| document.offset(position, backend.editor.encoding());
        let (start, end) = (offset(self.range.start)?, offset(self.range.end)?);
        Ok(Selected { range: start..end.max(start), text: self.text })
    }
}
