//! All edits of one editor: asks the models, keeps what they answer, follows the documents, hands out what is accepted.
//!
//! An edit runs as a task of its own: whoever asked for it is answered at once and may go away. One lock belongs to each
//! edit, is held for values only, and what watches is told under it, so that it hears things in their order.

mod answer;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use aside_model::{Message, ModelRef};
use aside_text::Document;
use tokio::sync::Notify;

use super::{
    Change, EditError, EditId, OpenDocuments, Proposal, State,
    anchor::{Followed, Replaced, follow, narrow},
    read::Shape,
    workspace::Files,
};
use crate::{Models, egress};

/// How many edits may be made at the same time.
const MOST_STREAMING: usize = 8;
/// How many settled edits are remembered, to be shown or tried again.
const MOST_SETTLED: usize = 32;
/// The longest text that a model writes anew as a whole, in bytes; of a longer one it names what changes.
const MOST_WHOLE: usize = 16 << 10;

/// Settings of edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most tokens of an answer.
    pub max_tokens: u32,
    /// The person's home folder.
    pub home: Option<PathBuf>,
    /// Folders and files of this program, which no edit should touch.
    pub own: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_tokens: 8192, home: None, own: Vec::new() }
    }
}

/// What an edit is about: a part of a document.
#[derive(Debug, Clone)]
pub struct Target {
    /// What the document is called before a model: its path in the workspace with `/`.
    pub label: String,
    /// Its text.
    pub document: Document,
    /// Whether the editor has it open.
    pub open: bool,
    /// Whether it is to be made.
    pub is_new: bool,
    /// The bytes to be replaced; empty where something is inserted.
    pub range: Range<usize>,
}

/// What was wrong with an answer, for the model that is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The answer.
    pub answer: String,
    /// What is wrong with it.
    pub why: String,
}

/// Words a request: for a target as it is now, in a shape, after an attempt that failed.
pub type Words = Arc<dyn Fn(&Target, Shape, Option<&Failed>) -> Result<Vec<Message>, EditError> + Send + Sync>;

/// What is asked for.
#[derive(Clone)]
pub struct Ask {
    /// The action, such as `fix`.
    pub action: String,
    /// What it does, for a person.
    pub title: String,
    /// What it is about.
    pub target: Target,
    /// The model to ask instead of the one of the settings.
    pub model: Option<ModelRef>,
    /// Root folder of the workspace.
    pub workspace: Option<PathBuf>,
    /// The shape to ask for instead of the one that suits the model and the target.
    pub shape: Option<Shape>,
    /// The person's own words, for models that look for them.
    pub question: String,
    /// Makes the request.
    pub words: Words,
}

/// Hears of every change of an edit, in order. Must not wait.
pub trait Watcher: Send + Sync {
    /// `proposal` is another now.
    fn changed(&self, proposal: &Proposal);
}

/// All edits of one editor.
pub struct Desk {
    models: Arc<dyn Models>,
    documents: Arc<dyn OpenDocuments>,
    // Each is held for a clone or a swap only.
    options: Mutex<Options>,
    watcher: Mutex<Option<Weak<dyn Watcher>>>,
    edits: Mutex<BTreeMap<EditId, Arc<Live>>>,
    next: AtomicU64,
}

/// One edit and what it takes to go on with it.
struct Live {
    ask: Ask,
    stop: Notify,
    held: Mutex<Held>,
}

struct Held {
    proposal: Proposal,
    /// Where the target is now; `None` once it was changed itself.
    range: Option<Range<usize>>,
    document: Document,
    /// What happened to the target's document since the model was asked.
    changes: Vec<Replaced>,
    answer: String,
}

impl Live {
    fn hold(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// A desk that asks `models` about what `documents` has open.
    pub fn new(models: Arc<dyn Models>, documents: Arc<dyn OpenDocuments>, options: Options) -> Self {
        Self {
            models,
            documents,
            options: Mutex::new(options),
            watcher: Mutex::new(None),
            edits: Mutex::default(),
            next: AtomicU64::new(1),
        }
    }

    /// Takes new settings, from the next edit on.
    pub fn set_options(&self, options: Options) {
        *lock(&self.options) = options;
    }

    /// Tells `watcher` of every change from now on, as long as it lives.
    pub fn watch(&self, watcher: &Arc<dyn Watcher>) {
        *lock(&self.watcher) = Some(Arc::downgrade(watcher));
    }

    /// Asks for an edit and returns as soon as a model is chosen; the answer comes through the [`Watcher`].
    ///
    /// # Errors
    /// The document may not be sent, no model can be asked, too many edits are being made, or the words cannot be made.
    pub async fn start(self: &Arc<Self>, ask: Ask) -> Result<Proposal, EditError> {
        self.begin(ask, None).await
    }

    /// Asks again for what `id` was about, showing the model its answer and `why` it is wrong, or else why it failed.
    ///
    /// # Errors
    /// As [`Desk::start`]; the edit is unknown, or its target was changed.
    pub async fn retry(
        self: &Arc<Self>,
        id: EditId,
        why: Option<String>,
        model: Option<ModelRef>,
    ) -> Result<Proposal, EditError> {
        let live = self.find(id)?;
        let (mut ask, failed) = {
            let held = live.hold();
            let why = why.or_else(|| held.proposal.error.as_ref().and_then(|error| error.for_model()));
            let failed = why.filter(|_| !held.answer.is_empty()).map(|why| Failed { answer: held.answer.clone(), why });
            let mut ask = live.ask.clone();
            let moved = EditError::Moved { label: ask.target.label.clone() };
            ask.target.range = held.range.clone().ok_or(moved)?;
            ask.target.document = held.document.clone();
            (ask, failed)
        };
        ask.model = model.or(ask.model);
        let proposal = self.begin(ask, failed).await?;
        // Only now: where nobody can be asked, the last attempt is all there is.
        self.settle_for_retry(&live);
        Ok(proposal)
    }

    /// One edit.
    ///
    /// # Errors
    /// It is unknown.
    pub fn show(&self, id: EditId) -> Result<Proposal, EditError> {
        Ok(self.find(id)?.hold().proposal.clone())
    }

    /// The newest edit of the document `uri`, if nothing came of it.
    pub fn failed(&self, uri: &str) -> Option<Proposal> {
        let edits: Vec<_> = lock(&self.edits).values().rev().cloned().collect();
        let of = |live: &Arc<Live>| live.ask.target.document.uri() == uri;
        let newest = edits.iter().find(|live| of(live))?.hold().proposal.clone();
        Some(newest).filter(|proposal| proposal.state == State::Failed)
    }

    /// The edits that are not settled, the newest first.
    pub fn list(&self) -> Vec<Proposal> {
        let edits: Vec<_> = lock(&self.edits).values().rev().cloned().collect();
        let open = |live: Arc<Live>| Some(live.hold().proposal.clone()).filter(|proposal| !proposal.state.is_settled());
        edits.into_iter().filter_map(open).collect()
    }

    /// Stops an edit that a model is answering; otherwise nothing happens. No document was touched.
    ///
    /// # Errors
    /// It is unknown.
    pub fn stop(&self, id: EditId) -> Result<Proposal, EditError> {
        let live = self.find(id)?;
        let mut held = live.hold();
        if held.proposal.state == State::Streaming {
            held.proposal.stop();
            self.tell(&held.proposal);
            live.stop.notify_one();
        }
        Ok(held.proposal.clone())
    }

    /// The change of the hunks that `chosen` names, or of all that wait; in the file `uri`, or in all. They count as being
    /// applied until [`Desk::applied`] tells what became of it. Reads files that are not open: call it where it may block.
    ///
    /// # Errors
    /// The edit is unknown or still streaming, nothing waits, or a file is not what it was.
    pub fn take(&self, id: EditId, chosen: Option<&[usize]>, uri: Option<&str>) -> Result<Change, EditError> {
        let live = self.find(id)?;
        let files = self.files(&live);
        let mut held = live.hold();
        answer::refresh(&mut held.proposal, &files)?;
        let stale = held.proposal.hunks().find(|(_, hunk)| hunk.state == super::HunkState::Stale);
        // A part of a change may be worse than none: what does not fit any more is left out only by name.
        if let (Some((file, _)), None) = (stale, chosen) {
            let label = file.label.clone();
            self.tell(&held.proposal);
            return Err(EditError::Moved { label });
        }
        let taken = held.proposal.take(chosen, uri);
        self.tell(&held.proposal);
        taken
    }

    /// The editor applied a change that was taken, or did not; `taken` are the [`Change::hunks`] of it.
    ///
    /// # Errors
    /// The edit is unknown.
    pub fn applied(&self, id: EditId, taken: &[usize], done: bool) -> Result<Proposal, EditError> {
        let live = self.find(id)?;
        let mut held = live.hold();
        held.proposal.applied(taken, done);
        self.tell(&held.proposal);
        Ok(held.proposal.clone())
    }

    /// Gives up the hunks that are named as in [`Desk::take`].
    ///
    /// # Errors
    /// The edit is unknown or still streaming, or nothing waits.
    pub fn reject(&self, id: EditId, chosen: Option<&[usize]>, uri: Option<&str>) -> Result<Proposal, EditError> {
        let live = self.find(id)?;
        let mut held = live.hold();
        let done = held.proposal.reject(chosen, uri);
        self.tell(&held.proposal);
        done.map(|()| held.proposal.clone())
    }

    /// Whether an edit follows the document `uri`.
    pub fn concerns(&self, uri: &str) -> bool {
        let edits: Vec<_> = lock(&self.edits).values().cloned().collect();
        edits.iter().any(|live| {
            let held = live.hold();
            held.document.uri() == uri || held.proposal.files.iter().any(|file| file.document.uri() == uri)
        })
    }

    /// The document `before` became `next` by `changes`, each counted in the text that the one before it left; `None` when
    /// only the texts are known. To be called in the order in which it happened.
    pub fn changed(&self, before: &Document, next: &Document, changes: Option<&[Replaced]>) {
        let edits: Vec<_> = lock(&self.edits).values().cloned().collect();
        for live in edits {
            let mut held = live.hold();
            held.move_target(before, next, changes);
            if held.proposal.follow(before, next, changes) {
                self.tell(&held.proposal);
            }
        }
    }

    /// A document was closed.
    pub fn closed(&self, uri: &str) {
        let edits: Vec<_> = lock(&self.edits).values().cloned().collect();
        for live in edits {
            live.hold().proposal.closed(uri);
        }
    }

    async fn begin(self: &Arc<Self>, ask: Ask, failed: Option<Failed>) -> Result<Proposal, EditError> {
        let (document, workspace) = (ask.target.document.clone(), ask.workspace.clone());
        // It reads ignore files, which may take its time.
        let allowed =
            tokio::task::spawn_blocking(move || egress::allows_document(&document, workspace.as_deref())).await;
        // The blocking task is never aborted: it can only have panicked.
        let allowed = allowed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        allowed.map_err(|kept| EditError::Withheld { path: ask.target.label.clone(), rule: kept.rule.to_owned() })?;
        let editor = self.models.edit(ask.model.clone()).await?;
        if editor.chosen.builtin {
            return Err(EditError::NoModel);
        }
        let shape = shape(&ask, editor.shape);
        let messages = (ask.words)(&ask.target, shape, failed.as_ref())?;
        let id = EditId(self.next.fetch_add(1, Ordering::Relaxed));
        let model = editor.chosen.reference.to_string();
        let uri = ask.target.document.uri().to_owned();
        let proposal = Proposal::new(id, ask.action.clone(), ask.title.clone(), uri, model);
        let held = Held {
            proposal: proposal.clone(),
            range: Some(ask.target.range.clone()),
            document: ask.target.document.clone(),
            changes: Vec::new(),
            answer: String::new(),
        };
        let live = Arc::new(Live { ask, stop: Notify::new(), held: Mutex::new(held) });
        self.keep(id, &live)?;
        // The document may have moved on while the model was chosen.
        if let Some(now) = self.documents.open(live.ask.target.document.uri()) {
            live.hold().move_target(&live.ask.target.document, &now, None);
        }
        // A model may take its time before the first word: that it was asked is news.
        self.tell(&live.hold().proposal);
        let desk = Arc::clone(self);
        tokio::spawn(async move { answer::run(&desk, &live, editor.chosen, shape, messages).await });
        Ok(proposal)
    }

    /// Keeps a new edit, and forgets the oldest settled ones.
    fn keep(&self, id: EditId, live: &Arc<Live>) -> Result<(), EditError> {
        let mut edits = lock(&self.edits);
        let streaming = edits.values().filter(|live| live.hold().proposal.state == State::Streaming).count();
        if streaming >= MOST_STREAMING {
            return Err(EditError::TooMany { most: MOST_STREAMING });
        }
        let settled: Vec<_> =
            edits.iter().filter(|(_, live)| live.hold().proposal.state.is_settled()).map(|(id, _)| *id).collect();
        for old in settled.iter().take(settled.len().saturating_sub(MOST_SETTLED - 1)) {
            edits.remove(old);
        }
        edits.insert(id, Arc::clone(live));
        Ok(())
    }

    /// What is tried again is not waited for any more.
    fn settle_for_retry(&self, live: &Live) {
        let mut held = live.hold();
        if held.proposal.state == State::Streaming {
            held.proposal.stop();
            live.stop.notify_one();
        } else if held.proposal.reject(None, None).is_err() {
            return;
        }
        self.tell(&held.proposal);
    }

    fn find(&self, id: EditId) -> Result<Arc<Live>, EditError> {
        lock(&self.edits).get(&id).cloned().ok_or(EditError::Unknown)
    }

    fn files(&self, live: &Live) -> Files {
        Files {
            documents: Arc::clone(&self.documents),
            root: live.ask.workspace.clone(),
            target: live.ask.target.document.clone(),
            label: live.ask.target.label.clone(),
            makes_target: live.ask.target.is_new,
            guarded: lock(&self.options).clone(),
        }
    }

    fn tell(&self, proposal: &Proposal) {
        let watcher = lock(&self.watcher).as_ref().and_then(Weak::upgrade);
        if let Some(watcher) = watcher {
            watcher.changed(proposal);
        }
    }
}

impl Held {
    /// The target's document changed.
    fn move_target(&mut self, before: &Document, next: &Document, changes: Option<&[Replaced]>) {
        if self.document.uri() != next.uri() || self.document.same_text(next) {
            return;
        }
        let narrowed;
        let changes = match changes {
            Some(changes) if self.document.same_text(before) => changes,
            _ => {
                narrowed = narrow(&self.document.text(), &next.text());
                &narrowed
            }
        };
        self.document = next.clone();
        if self.proposal.state == State::Streaming {
            self.changes.extend(changes.iter().cloned());
        } else {
            // The answer was put where it belongs: nothing asks for them any more.
            self.changes = Vec::new();
        }
        for change in changes {
            self.range = self.range.take().and_then(|range| match follow(&range, change) {
                Followed::Moved(range) => Some(range),
                Followed::Touched => None,
            });
        }
    }
}

/// The shape to ask for: what suits the model, unless the target is too long to be written anew, or there is nothing to replace.
fn shape(ask: &Ask, of_model: Shape) -> Shape {
    if let Some(shape) = ask.shape {
        return shape;
    }
    let target = &ask.target;
    match of_model {
        _ if target.is_new || target.range.is_empty() => Shape::Whole,
        Shape::Whole if target.range.len() > MOST_WHOLE => Shape::SearchReplace,
        other => other,
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
