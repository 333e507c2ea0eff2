//! Tells the editor of edits as they come and change.
//!
//! An editor that renders edits itself gets each state. Any other one gets what plain LSP has: progress while the model
//! answers, a diff document to look at, code lenses at the places, and a message when nothing came of it.

mod paper;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use aside_assist::edit::{Desk, EditId, Proposal, State, Watcher, guard};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) use paper::{Diffs, SCHEME};

use crate::{
    Papers,
    backend::{Backend, Shared},
    convert,
    protocol::OneEdit,
};

/// The method of the notification.
pub(crate) const EDIT_EVENT: &str = "aside/edit/event";
/// What progress tokens of edits begin with; the edit's id follows.
pub(crate) const TOKEN: &str = "aside-edit-";

/// Watches the desk for one editor.
pub(crate) struct EditWatcher {
    backend: Weak<Shared>,
    plain: UnboundedSender<Proposal>,
}

/// Begins to watch; the watcher lives as long as it is kept.
pub(crate) fn watch(backend: &Backend) {
    let (plain, states) = unbounded_channel();
    let watcher: Arc<dyn Watcher> = Arc::new(EditWatcher { backend: backend.downgrade(), plain });
    backend.services.edits.watch(&watcher);
    if backend.watcher.set(watcher).is_ok() {
        tokio::spawn(attend(backend.downgrade(), states));
    }
}

impl Watcher for EditWatcher {
    fn changed(&self, proposal: &Proposal) {
        let Some(backend) = self.backend.upgrade() else { return };
        let edits = backend.editor.capabilities().edits;
        if edits.rendered {
            let edit = convert::edit::proposal(proposal, backend.editor.encoding());
            backend.notify(EDIT_EVENT, &OneEdit { edit });
        }
        if !edits.rendered || edits.content {
            // Under the edit's lock: the task behind it does what takes time.
            let _gone = self.plain.send(proposal.clone());
        }
    }
}

/// What an editor without a plugin was told of an edit so far.
#[derive(Default)]
struct Told {
    /// Progress was announced, and is shown.
    progress: Option<bool>,
    /// The diff document lies there.
    shown: bool,
}

async fn attend(backend: Weak<Shared>, mut states: UnboundedReceiver<Proposal>) {
    let mut told: HashMap<EditId, Told> = HashMap::new();
    while let Some(mut proposal) = states.recv().await {
        // A newer state of the same edit makes an older one worthless.
        while !proposal.state.is_settled() {
            match states.try_recv() {
                Ok(newer) if newer.id == proposal.id => proposal = newer,
                Ok(other) => {
                    let Some(backend) = backend.upgrade() else { return };
                    attend_one(&backend, &proposal, &mut told).await;
                    proposal = other;
                }
                Err(_) => break,
            }
        }
        let Some(backend) = backend.upgrade() else { return };
        attend_one(&backend, &proposal, &mut told).await;
    }
}

async fn attend_one(backend: &Shared, proposal: &Proposal, told: &mut HashMap<EditId, Told>) {
    let edits = backend.editor.capabilities().edits;
    if edits.content {
        for n in 0..proposal.files.len() {
            backend.refresh_content(&paper::proposed_uri(proposal, n)).await;
        }
    }
    if edits.rendered {
        return;
    }
    let state = told.entry(proposal.id).or_default();
    progress(backend, proposal, state).await;
    match proposal.state {
        State::Streaming => return,
        State::Proposed => propose(backend, proposal, state).await,
        State::Failed => {
            if let Some(error) = &proposal.error {
                backend.warn(&format!(
                    "Aside: {}: {error}. Next: {}",
                    guard::escape_line(&proposal.title),
                    error.hint()
                ));
            }
        }
        State::Stopped | State::Done => {}
    }
    if proposal.state.is_settled() {
        let id = proposal.id;
        blocking(backend, move |diffs, papers| diffs.remove(papers, id)).await;
        told.remove(&proposal.id);
    }
    backend.refresh_lenses().await;
}

async fn progress(backend: &Shared, proposal: &Proposal, told: &mut Told) {
    let token = format!("{TOKEN}{}", proposal.id);
    let report = |value| backend.notify("$/progress", &json!({ "token": token, "value": value }));
    let streaming = proposal.state == State::Streaming;
    if told.progress.is_none() && streaming {
        let shown = backend.create_progress(&token).await;
        if shown {
            report(
                json!({ "kind": "begin", "title": format!("Aside: {}", guard::escape_line(&proposal.title)), "cancellable": true }),
            );
        }
        told.progress = Some(shown);
    }
    if told.progress == Some(true) {
        if streaming {
            report(json!({ "kind": "report", "message": summary(proposal) }));
        } else {
            report(json!({ "kind": "end", "message": summary(proposal) }));
            told.progress = Some(false);
        }
    }
}

async fn propose(backend: &Shared, proposal: &Proposal, told: &mut Told) {
    let uri = match document(backend, proposal).await {
        Ok(uri) => Some(uri),
        Err(reason) => {
            backend.log(&format!("the diff document cannot be written: {reason}"));
            None
        }
    };
    if std::mem::replace(&mut told.shown, true) {
        return;
    }
    let shown = match &uri {
        Some(uri) => backend.show_document(uri).await,
        None => false,
    };
    if !shown {
        let place = uri.map(|uri| format!("; the diff is in `{}`", place_of(&uri))).unwrap_or_default();
        let title = guard::escape_line(&proposal.title);
        backend.tell_person(&format!(
            "Aside: {title}: {}. Accept or reject with the code actions there{place}",
            summary(proposal)
        ));
    }
}

/// How far an edit has come, for a person.
pub(crate) fn summary(proposal: &Proposal) -> String {
    match proposal.state {
        State::Streaming if proposal.received == 0 => "asking".to_owned(),
        State::Streaming => format!("{} bytes, {}", proposal.received, counted(proposal)),
        State::Proposed => counted(proposal),
        State::Stopped => "stopped".to_owned(),
        State::Failed => "nothing came of it".to_owned(),
        State::Done => "done".to_owned(),
    }
}

/// How much waits, such as "3 changes in 2 files".
pub(crate) fn counted(proposal: &Proposal) -> String {
    let files = proposal.files.iter().filter(|file| !file.hunks.is_empty()).count();
    guard::summary(files, proposal.hunks().count())
}

/// The text of a document of the scheme `aside`.
pub(crate) fn text(desk: &Desk, uri: &str) -> Option<String> {
    paper::text(desk, uri)
}

/// Writes the diff document of an edit; gives its address.
///
/// # Errors
/// A sentence that says why not.
pub(crate) async fn document(backend: &Shared, proposal: &Proposal) -> Result<String, String> {
    let proposal = proposal.clone();
    blocking(backend, move |diffs, papers| diffs.write(papers, &proposal)).await
}

/// How a person opens a document: its path, where it has one.
pub(crate) fn place_of(uri: &str) -> String {
    convert::path(uri).map_or_else(|| uri.to_owned(), |path| path.display().to_string())
}

/// The edit whose diff document is `uri`.
pub(crate) fn of_document(backend: &Shared, uri: &str) -> Option<Proposal> {
    backend.services.edits.show(backend.diffs.edit(uri)?).ok()
}

async fn blocking<T: Send + 'static>(
    backend: &Shared,
    work: impl FnOnce(&Diffs, &dyn Papers) -> T + Send + 'static,
) -> T {
    let (diffs, papers) = (Arc::clone(&backend.diffs), Arc::clone(&backend.services.papers));
    // The blocking task is never aborted: it can only have panicked.
    let done = tokio::task::spawn_blocking(move || work(&diffs, papers.as_ref())).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
