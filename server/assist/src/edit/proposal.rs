//! One edit as a person sees it: its files, their hunks, and what became of each of them.
//!
//! Pure: no clock, no model, no editor. Places are bytes of the text that a file has now; they move along with it or are
//! given up, and are never guessed.

use std::{fmt, ops::Range, str::FromStr, sync::Arc};

use aside_model::Usage;
use aside_text::Document;

use super::{
    Change, EditError, FileChange,
    anchor::{Followed, Replaced, follow, narrow},
    guard::Warning,
    hunks,
};

/// The name of an edit: unique within one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditId(pub u64);

impl fmt::Display for EditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

impl FromStr for EditId {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Self, EditError> {
        let number = text.strip_prefix('e').and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or(EditError::Unknown)
    }
}

/// Where an edit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The model answers; hunks are a preview.
    Streaming,
    /// The answer is whole: hunks can be accepted and rejected.
    Proposed,
    /// A person stopped it; nothing is left of it.
    Stopped,
    /// It came to nothing; the error says why.
    Failed,
    /// Every hunk was accepted, rejected or given up.
    Done,
}

impl State {
    /// The name for protocols and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streaming => "streaming",
            Self::Proposed => "proposed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }

    /// Whether nothing more can come of it.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Done)
    }
}

/// What became of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HunkState {
    /// Waits for a person.
    Proposed,
    /// The editor is asked to apply it; `touched` when the text under it changed since, which may be the application itself.
    Applying {
        /// The text under it changed.
        touched: bool,
    },
    /// It is in the document.
    Accepted,
    /// The person does not want it.
    Rejected,
    /// What it would replace was changed.
    Stale,
}

impl HunkState {
    /// The name for protocols and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed | Self::Applying { .. } => "proposed",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Stale => "stale",
        }
    }
}

/// A part of a change: whole lines.
#[derive(Debug, Clone)]
pub struct Hunk {
    /// Its number within the edit, from zero, over all files.
    pub n: usize,
    /// Bytes of [`File::document`] it replaces.
    pub range: Range<usize>,
    /// What stands there.
    pub old: String,
    /// What shall stand there.
    pub new: String,
    /// What became of it.
    pub state: HunkState,
    /// What a person should know before accepting it.
    pub warnings: Vec<Warning>,
}

/// A document of an edit.
#[derive(Debug, Clone)]
pub struct File {
    /// How it is called: its path in the workspace with `/`.
    pub label: String,
    /// The text as it is now, in which hunks are counted.
    pub document: Document,
    /// Whether the editor has it open, so that its version counts.
    pub open: bool,
    /// Whether the edit makes it.
    pub is_new: bool,
    /// What a person should know before accepting any of it.
    pub warnings: Vec<Warning>,
    /// Its parts, from the top down.
    pub hunks: Vec<Hunk>,
}

/// One edit.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Its name.
    pub id: EditId,
    /// The action that it came of, such as `fix`.
    pub action: String,
    /// What it does, for a person.
    pub title: String,
    /// The document that it was asked for.
    pub uri: String,
    /// The model, as `provider/model`.
    pub model: String,
    /// Where it stands.
    pub state: State,
    /// Bytes of the answer so far.
    pub received: usize,
    /// The documents it changes.
    pub files: Vec<File>,
    /// What the model said beside the change, and what a person should know.
    pub notes: Vec<String>,
    /// Why it failed.
    pub error: Option<Arc<EditError>>,
    /// Tokens, where the provider counts them.
    pub usage: Option<Usage>,
}

impl Proposal {
    /// An edit whose answer is about to come.
    pub(super) fn new(id: EditId, action: String, title: String, uri: String, model: String) -> Self {
        Self {
            id,
            action,
            title,
            uri,
            model,
            state: State::Streaming,
            received: 0,
            files: Vec::new(),
            notes: Vec::new(),
            error: None,
            usage: None,
        }
    }

    /// All hunks with their files.
    pub fn hunks(&self) -> impl Iterator<Item = (&File, &Hunk)> {
        self.files.iter().flat_map(|file| file.hunks.iter().map(move |hunk| (file, hunk)))
    }

    /// How many hunks wait for a person.
    pub fn waiting(&self) -> usize {
        self.hunks().filter(|(_, hunk)| hunk.waits()).count()
    }

    /// Takes what the answer has come to so far, or in the end: `files` with their hunks, numbered here.
    pub(super) fn show(&mut self, files: Vec<File>, state: State) {
        self.files = files;
        for (n, hunk) in self.files.iter_mut().flat_map(|file| &mut file.hunks).enumerate() {
            hunk.n = n;
        }
        self.state = state;
    }

    /// Ends it without anything to accept.
    pub(super) fn fail(&mut self, error: EditError) {
        self.files.clear();
        self.state = State::Failed;
        self.error = Some(Arc::new(error));
    }

    /// Ends the stream because a person wants so.
    pub(super) fn stop(&mut self) {
        self.files.clear();
        self.state = State::Stopped;
    }

    /// The document `before` became `next` by `changes`, each counted in the text that the one before it left; `None` when
    /// only the texts are known. Gives whether this edit is concerned.
    pub(super) fn follow(&mut self, before: &Document, next: &Document, changes: Option<&[Replaced]>) -> bool {
        // What is settled stays as it was then: nobody has to hear of it at every key.
        if self.state.is_settled() {
            return false;
        }
        let Some(file) = self.files.iter_mut().find(|file| file.document.uri() == next.uri()) else { return false };
        let narrowed;
        let changes = match changes {
            Some(changes) if file.document.same_text(before) => changes,
            _ => {
                narrowed = narrow(&file.document.text(), &next.text());
                &narrowed
            }
        };
        file.document = next.clone();
        file.open = true;
        for hunk in &mut file.hunks {
            hunk.follow(changes);
        }
        if self.state == State::Streaming {
            // A preview shows what would still fit; the whole answer decides.
            file.hunks.retain(Hunk::waits);
        }
        self.settle();
        true
    }

    /// The editor does not have `uri` open any more: from now on the file on disk counts.
    pub(super) fn closed(&mut self, uri: &str) {
        for file in self.files.iter_mut().filter(|file| file.document.uri() == uri) {
            file.open = false;
        }
    }

    /// The hunks that `chosen` names (all that wait when it is `None`) in the file `uri` (in all when it is `None`), as a
    /// change; they count as being applied from here on.
    ///
    /// # Errors
    /// The answer is not whole yet, or none of them waits.
    pub(super) fn take(&mut self, chosen: Option<&[usize]>, uri: Option<&str>) -> Result<Change, EditError> {
        self.ready()?;
        let (mut files, mut hunks) = (Vec::new(), Vec::new());
        for file in &mut self.files {
            if uri.is_some_and(|uri| uri != file.document.uri()) {
                continue;
            }
            let mut edits = Vec::new();
            for hunk in file.hunks.iter_mut().filter(|hunk| hunk.is_chosen(chosen)) {
                // A belt beside the braces: what is replaced is what was shown, or nothing is.
                if file.document.slice(hunk.range.clone()) != hunk.old {
                    hunk.state = HunkState::Stale;
                    continue;
                }
                hunk.state = HunkState::Applying { touched: false };
                edits.push((hunk.range.clone(), hunk.new.clone()));
                hunks.push(hunk.n);
            }
            if !edits.is_empty() {
                let (document, open, is_new) = (file.document.clone(), file.open, file.is_new);
                files.push(FileChange { document, open, is_new, label: file.label.clone(), edits });
            }
        }
        if files.is_empty() {
            self.settle();
            return Err(EditError::NothingWaits);
        }
        Ok(Change { title: self.title.clone(), hunks, files })
    }

    /// What became of a change that was taken, which made the hunks `taken`: others may be on their way as well.
    pub(super) fn applied(&mut self, taken: &[usize], done: bool) {
        let hunks = self.files.iter_mut().flat_map(|file| &mut file.hunks);
        for hunk in hunks.filter(|hunk| taken.contains(&hunk.n)) {
            let HunkState::Applying { touched } = hunk.state else { continue };
            hunk.state = match (done, touched) {
                (true, _) => HunkState::Accepted,
                (false, false) => HunkState::Proposed,
                (false, true) => HunkState::Stale,
            };
        }
        if done {
            // A file that was made is there now.
            for file in self.files.iter_mut().filter(|file| file.is_new) {
                file.is_new = !file.hunks.iter().any(|hunk| hunk.state == HunkState::Accepted);
            }
        }
        self.settle();
    }

    /// The person does not want the hunks that are named as in [`Proposal::take`].
    pub(super) fn reject(&mut self, chosen: Option<&[usize]>, uri: Option<&str>) -> Result<(), EditError> {
        self.ready()?;
        let mut any = false;
        for file in self.files.iter_mut().filter(|file| uri.is_none_or(|uri| uri == file.document.uri())) {
            for hunk in file.hunks.iter_mut().filter(|hunk| hunk.is_chosen(chosen)) {
                hunk.state = HunkState::Rejected;
                any = true;
            }
        }
        self.settle();
        if any { Ok(()) } else { Err(EditError::NothingWaits) }
    }

    /// The whole change as a unified diff, as it would be from here on.
    pub fn diff(&self) -> String {
        let texts: Vec<_> = self.files.iter().map(|file| (file, file.document.text(), file.open_hunks())).collect();
        let parts = texts.iter().filter(|(_, _, hunks)| !hunks.is_empty()).map(|(file, text, hunks)| {
            (file.label.as_str(), (!file.is_new).then_some(text.as_str()), hunks.as_slice())
        });
        super::patch::unified(&parts.collect::<Vec<_>>())
    }

    /// Whether it can be accepted or rejected: its answer is whole, so that its hunks and what warns of them are final.
    ///
    /// # Errors
    /// The model still answers, or nothing waits any more.
    pub fn ready(&self) -> Result<(), EditError> {
        match self.state {
            State::Proposed => Ok(()),
            State::Streaming => Err(EditError::Streaming),
            State::Stopped | State::Failed | State::Done => Err(EditError::NothingWaits),
        }
    }

    /// Done when nothing waits any more.
    fn settle(&mut self) {
        let open = |hunk: &Hunk| matches!(hunk.state, HunkState::Proposed | HunkState::Applying { .. });
        if self.state == State::Proposed && !self.hunks().any(|(_, hunk)| open(hunk)) {
            self.state = State::Done;
        }
    }
}

impl File {
    /// The text as it would be with every hunk that waits.
    pub fn proposed(&self) -> String {
        hunks::apply(&self.document.text(), &self.open_hunks())
    }

    fn open_hunks(&self) -> Vec<hunks::Hunk> {
        let waits = |hunk: &&Hunk| matches!(hunk.state, HunkState::Proposed | HunkState::Applying { .. });
        let plain = |hunk: &Hunk| hunks::Hunk { old: hunk.range.clone(), new: hunk.new.clone() };
        self.hunks.iter().filter(waits).map(plain).collect()
    }
}

impl Hunk {
    /// A hunk that waits; its number comes with its edit.
    pub(super) fn new(range: Range<usize>, old: String, new: String) -> Self {
        Self { n: 0, range, old, new, state: HunkState::Proposed, warnings: Vec::new() }
    }

    /// Whether it waits for a person.
    pub fn waits(&self) -> bool {
        self.state == HunkState::Proposed
    }

    fn is_chosen(&self, chosen: Option<&[usize]>) -> bool {
        self.waits() && chosen.is_none_or(|chosen| chosen.contains(&self.n))
    }

    fn follow(&mut self, changes: &[Replaced]) {
        for change in changes {
            match (follow(&self.range, change), self.state) {
                (Followed::Moved(range), _) => self.range = range,
                (Followed::Touched, HunkState::Proposed) => {
                    self.state = HunkState::Stale;
                    return;
                }
                (Followed::Touched, HunkState::Applying { .. }) => {
                    self.state = HunkState::Applying { touched: true };
                    return;
                }
                (Followed::Touched, _) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests;
