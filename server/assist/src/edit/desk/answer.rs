//! One answer: streamed from a model, read into files and hunks, judged, and put where the document is now.

use std::{ops::Range, sync::Arc, time::Duration};

use aside_model::{ChatModel, ChatRequest, EndReason, Message, StreamEvent};
use aside_text::Document;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::{Desk, Held, Live};
use crate::{
    Chosen,
    edit::{
        EditError, File, Hunk, HunkState, Proposal, State,
        anchor::{Followed, Replaced, follow, narrow},
        guard, hunks,
        read::{self, FileText, Outcome, Reader, Shape},
        workspace::{Files, Found},
    },
};

/// How often a preview is made at most.
const PREVIEW: Duration = Duration::from_millis(100);
/// A preview may take one part of this many of the time.
const SHARE: u32 = 8;

/// Asks the model and keeps what it says until it ends or a person stops it.
pub(super) async fn run(
    desk: &Arc<Desk>,
    live: &Arc<Live>,
    chosen: Chosen<dyn ChatModel>,
    shape: Shape,
    messages: Vec<Message>,
) {
    let max_tokens = super::lock(&desk.options).max_tokens;
    let request = ChatRequest {
        model: chosen.reference.model.clone(),
        messages,
        max_tokens: Some(max_tokens),
        question: live.ask.question.clone(),
        workspace: live.ask.workspace.clone(),
        ..ChatRequest::default()
    };
    let read = tokio::select! {
        read = listen(desk, live, chosen.model.as_ref(), request, shape) => read,
        () = live.stop.notified() => return,
    };
    match read {
        Ok(reader) => finish(desk, live, reader).await,
        Err(error) => settle(desk, live, |held| held.proposal.fail(by(error, max_tokens))),
    }
}

/// Why an answer is not whole; the limit is known one level up.
enum Cut {
    Length,
    Other(EditError),
}

impl<E: Into<EditError>> From<E> for Cut {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

fn by(cut: Cut, max_tokens: u32) -> EditError {
    match cut {
        Cut::Length => EditError::Length { max_tokens },
        Cut::Other(error) => error,
    }
}

/// Reads the stream to its end, with previews on the way.
async fn listen(
    desk: &Arc<Desk>,
    live: &Arc<Live>,
    model: &dyn ChatModel,
    request: ChatRequest,
    shape: Shape,
) -> Result<Reader, Cut> {
    let target = &live.ask.target;
    let text = target.document.text().into();
    let asked = read::Target { path: target.label.clone(), text, range: target.range.clone() };
    let mut reader = Reader::new(shape, asked);
    let mut stream = model.chat(request);
    let (mut next, mut fresh) = (Instant::now(), false);
    loop {
        let event = tokio::select! {
            event = stream.next() => event,
            () = sleep_until(next), if fresh => {
                (reader, next) = preview(desk, live, reader).await;
                fresh = false;
                continue;
            }
        };
        match event {
            None | Some(Ok(StreamEvent::End(EndReason::Truncated))) => return Err(EditError::Truncated.into()),
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(StreamEvent::Text(text))) => {
                reader.push(&text)?;
                let mut held = live.hold();
                held.answer.push_str(&text);
                held.proposal.received = held.answer.len();
                fresh = true;
            }
            Some(Ok(StreamEvent::Reasoning(_))) => {}
            Some(Ok(StreamEvent::Usage(usage))) => live.hold().proposal.usage = Some(usage),
            Some(Ok(StreamEvent::End(EndReason::Complete))) => return Ok(reader),
            Some(Ok(StreamEvent::End(EndReason::Length))) => return Err(Cut::Length),
            Some(Ok(StreamEvent::End(EndReason::Filtered))) => return Err(EditError::Filtered.into()),
        }
    }
}

/// Shows what the answer has come to. Gives when the next preview may be made.
async fn preview(desk: &Arc<Desk>, live: &Arc<Live>, reader: Reader) -> (Reader, Instant) {
    let from = Instant::now();
    let files = desk.files(live);
    let (reader, shown) = blocking(move || {
        let texts = reader.preview(&files);
        let shown = texts.iter().filter_map(|text| draft(&files, text)).collect::<Vec<_>>();
        (reader, shown)
    })
    .await;
    settle(desk, live, |held| {
        let files = shown.into_iter().filter_map(|draft| place(desk, draft, held).ok()).collect();
        held.proposal.show(files, State::Streaming);
    });
    let took = from.elapsed();
    (reader, Instant::now() + PREVIEW.max(took * SHARE))
}

/// Reads the whole answer and proposes what it says.
async fn finish(desk: &Arc<Desk>, live: &Arc<Live>, reader: Reader) {
    let files = desk.files(live);
    let drafts = blocking(move || drafts(reader, &files)).await;
    settle(desk, live, |held| match propose(desk, drafts, held) {
        Ok((files, notes)) => {
            held.proposal.notes = notes;
            held.proposal.show(files, State::Proposed);
        }
        Err(error) => held.proposal.fail(error),
    });
}

/// Changes an edit that nobody stopped, and tells of it.
fn settle(desk: &Desk, live: &Live, change: impl FnOnce(&mut Held)) {
    let mut held = live.hold();
    if held.proposal.state != State::Streaming {
        return;
    }
    change(&mut held);
    desk.tell(&held.proposal);
}

/// A file of an answer, in the text that the answer was read with.
struct Draft {
    label: String,
    /// The text as it was read.
    old: Arc<str>,
    document: Document,
    open: bool,
    is_new: bool,
    hunks: Vec<Hunk>,
    warnings: Vec<guard::Warning>,
}

fn drafts(reader: Reader, files: &Files) -> Result<(Vec<Draft>, Vec<String>), EditError> {
    let Outcome { files: texts, remarks } = reader.finish(files)?;
    let drafts = texts.iter().map(|text| {
        if is_new(files, text) && files.exists(&text.path) {
            return Err(EditError::File { label: text.path.clone(), reason: "it is there and cannot be read" });
        }
        let unmade = EditError::File { label: text.path.clone(), reason: "it lies in no folder of the workspace" };
        let mut draft = draft(files, text).ok_or(unmade)?;
        judge(&mut draft, files, text);
        // Not even by a confirmation: what protects the person is not a model's to change.
        if draft.warnings.iter().any(|warning| warning.code == "own-file") {
            return Err(EditError::File { label: text.path.clone(), reason: "it belongs to Aside itself" });
        }
        Ok(draft)
    });
    Ok((drafts.collect::<Result<_, _>>()?, remarks.into_iter().collect()))
}

/// Whether the file is to be made: it was not there when it was read, and is not by now.
fn is_new(files: &Files, text: &FileText) -> bool {
    let unmade = text.old.is_none() || (files.makes_target && text.path == files.label);
    unmade && files.find(&text.path).is_none()
}

/// The hunks of one file's new text.
fn draft(files: &Files, text: &FileText) -> Option<Draft> {
    let old = text.old.clone().unwrap_or_default();
    let is_new = is_new(files, text);
    let (document, open) = match files.find(&text.path) {
        Some(found) => (found.document, found.open),
        None => (Document::open(&files.uri(&text.path)?, "", 0, &old).ok()?, false),
    };
    let plain = hunks::hunks(&old, &text.new);
    let hunks = plain.into_iter().map(|hunk| Hunk::new(hunk.old.clone(), old[hunk.old].to_owned(), hunk.new));
    Some(Draft { label: text.path.clone(), document, open, is_new, hunks: hunks.collect(), warnings: Vec::new(), old })
}

/// Says what a person should know.
fn judge(draft: &mut Draft, files: &Files, text: &FileText) {
    let resolved = files.resolved(&text.path);
    let judged = guard::Place {
        named: &text.path,
        inside: resolved.inside.as_deref(),
        absolute: resolved.absolute.as_deref(),
        home: files.guarded.home.as_deref(),
        own: &files.guarded.own,
        is_new: draft.is_new,
    };
    draft.warnings = guard::judge_place(&judged, text.old.as_deref().unwrap_or_default(), &text.new);
    if text.path == files.label {
        // The person asked about this very document, wherever it lies.
        draft.warnings.retain(|warning| warning.code != "outside-workspace");
    }
    for hunk in &mut draft.hunks {
        hunk.warnings = guard::judge_text(&hunk.old, &hunk.new);
    }
}

/// Puts all drafts where the documents are now; one that does not fit any more refuses the whole: half a change may be
/// worse than none.
fn propose(
    desk: &Desk,
    drafts: Result<(Vec<Draft>, Vec<String>), EditError>,
    held: &Held,
) -> Result<(Vec<File>, Vec<String>), EditError> {
    let (drafts, notes) = drafts?;
    let files = drafts.into_iter().map(|draft| place(desk, draft, held)).collect::<Result<_, _>>()?;
    Ok((files, notes))
}

fn place(desk: &Desk, draft: Draft, held: &Held) -> Result<File, EditError> {
    let Draft { label, old, mut document, mut open, is_new, mut hunks, warnings } = draft;
    // It was read a moment ago: what was typed since is in no list of changes.
    if let Some(now) = desk.documents.open(document.uri()) {
        (document, open) = (now, true);
    }
    let narrowed;
    let (document, changes): (Document, &[Replaced]) = if document.uri() == held.document.uri() {
        // Followed step by step since the model was asked.
        (held.document.clone(), &held.changes)
    } else {
        narrowed = narrow(&old, &document.text());
        (document, &narrowed)
    };
    for hunk in &mut hunks {
        hunk.range = moved(&hunk.range, changes).ok_or_else(|| EditError::Moved { label: label.clone() })?;
    }
    Ok(File { label, document, open, is_new, warnings, hunks })
}

fn moved(range: &Range<usize>, changes: &[Replaced]) -> Option<Range<usize>> {
    changes.iter().try_fold(range.clone(), |range, change| match follow(&range, change) {
        Followed::Moved(range) => Some(range),
        Followed::Touched => None,
    })
}

/// Looks at the files again before any of them is changed: on disk, or in the editor.
pub(super) fn refresh(proposal: &mut Proposal, files: &Files) -> Result<(), EditError> {
    for at in 0..proposal.files.len() {
        let file = &proposal.files[at];
        let label = file.label.clone();
        let waits = file.hunks.iter().any(|hunk| hunk.state == HunkState::Proposed);
        if !waits {
            continue;
        }
        if files.documents.is_lost(file.document.uri()) {
            return Err(EditError::File { label, reason: "the editor has another text of it, which is not known" });
        }
        if file.is_new && files.documents.open(file.document.uri()).is_none() {
            if files.exists(&label) {
                return Err(EditError::File { label, reason: "it is there by now" });
            }
            continue;
        }
        let gone = EditError::File { label: label.clone(), reason: "it cannot be read any more" };
        let found = now(file, files).ok_or(gone)?;
        if !found.document.same_text(&file.document) {
            let before = file.document.clone();
            proposal.follow(&before, &found.document, None);
        }
        // The editor may have it as a new document by now.
        proposal.files[at].is_new = false;
        proposal.files[at].open = found.open;
        proposal.files[at].document = found.document;
    }
    Ok(())
}

/// The file's text as it is: by its own address in the editor, else by its name on disk.
fn now(file: &File, files: &Files) -> Option<Found> {
    let open = files.documents.open(file.document.uri());
    open.map(|document| Found { document, open: true }).or_else(|| files.find(&file.label))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // The blocking task is never aborted: it can only have panicked.
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
