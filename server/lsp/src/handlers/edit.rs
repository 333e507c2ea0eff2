//! `aside/edit/…`: what a person does with an edit that was proposed. How one comes to be stands in `action`.

use std::collections::BTreeMap;

use aside_assist::edit::{
    Change, Desk, EditError, EditId, Proposal,
    guard::{self, Warning},
};
use serde_json::{Value, json};

use super::answer;
use crate::{
    backend::Backend,
    convert, edits,
    errors::Failure,
    params::{Fields, Params},
    protocol::{EditList, OneEdit, ShownEdit},
    routes::Work,
};

/// The most hunks that one request may name.
const HUNKS: usize = 10_000;
/// The most warnings that one question lists.
const LISTED: usize = 8;

/// What is shown and needs no answer: an accepted change says that it makes the file.
const NOTED: &str = "new-file";

/// Which hunks of which file a request is about; all that wait unless named.
#[derive(Debug, Clone, Default)]
struct Chosen {
    hunks: Option<Vec<usize>>,
    uri: Option<String>,
}

pub(crate) fn list(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let encoding = backend.editor.encoding();
        let edits = backend.services.edits.list();
        answer(&EditList { edits: edits.iter().map(|one| convert::edit::proposal(one, encoding)).collect() })
    }))
}

pub(crate) fn show(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let id = id(&mut params.fields()?)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let proposal = backend.services.edits.show(id)?;
        let edit = convert::edit::proposal(&proposal, backend.editor.encoding());
        answer(&ShownEdit { edit, diff: proposal.diff() })
    }))
}

/// The diff as a private file, which the editor is asked to open.
pub(crate) fn document(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let id = id(&mut params.fields()?)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let proposal = backend.services.edits.show(id)?;
        let uri = edits::document(&backend, &proposal).await.map_err(|reason| {
            let message = format!("the diff document cannot be written: {reason}");
            Failure::new("storage-failed", message, "`aside/edit/show` gives the diff as text")
        })?;
        if !backend.show_document(&uri).await {
            backend.tell_person(&format!("Aside: the diff is in `{}`. Open that file.", edits::place_of(&uri)));
        }
        Ok(json!({ "uri": uri }))
    }))
}

pub(crate) fn stop(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let id = id(&mut params.fields()?)?;
    let backend = backend.clone();
    Ok(Box::pin(async move { one(&backend, &backend.services.edits.stop(id)?) }))
}

pub(crate) fn reject(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let (id, chosen) = (id(&mut fields)?, chosen(&mut fields)?);
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let done = backend.services.edits.reject(id, chosen.hunks.as_deref(), chosen.uri.as_deref())?;
        one(&backend, &done)
    }))
}

pub(crate) fn retry(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let id = id(&mut fields)?;
    let why = fields.text_maybe("instruction")?;
    let model = fields.model_maybe("model")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let proposal = backend.services.edits.retry(id, why, model).await?;
        one(&backend, &proposal)
    }))
}

pub(crate) fn accept(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let (id, chosen) = (id(&mut fields)?, chosen(&mut fields)?);
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let proposal = backend.services.edits.show(id)?;
        // A preview is not judged yet: asked about now, it could be whole and unconfirmed a moment later.
        proposal.ready()?;
        let warnings = warnings(&proposal, &chosen);
        confirm(&backend, &warnings).await?;
        let sensitive = !warnings.is_empty();
        // Cancelling drops a request. What the editor was asked by then goes on, and what it says to that has to be heard.
        let done = tokio::spawn(async move { carry_out(&backend, id, chosen, sensitive).await }).await;
        // The task is never aborted: it can only have panicked.
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }))
}

/// Takes the chosen hunks and has the editor apply them.
async fn carry_out(backend: &Backend, id: EditId, chosen: Chosen, sensitive: bool) -> Result<Value, Failure> {
    let change = take(backend, id, chosen).await?;
    let applied = apply(backend, &change, sensitive).await;
    let proposal = backend.services.edits.applied(id, &change.hunks, applied.is_ok())?;
    applied?;
    one(backend, &proposal)
}

/// What a person has to know of before the chosen hunks are in their documents, by document.
fn warnings(proposal: &Proposal, chosen: &Chosen) -> BTreeMap<String, Vec<Warning>> {
    let named = |n: usize| chosen.hunks.as_ref().is_none_or(|hunks| hunks.contains(&n));
    let mut found: BTreeMap<String, Vec<Warning>> = BTreeMap::new();
    for file in proposal.files.iter().filter(|file| chosen.uri.as_ref().is_none_or(|uri| uri == file.document.uri())) {
        let hunks: Vec<_> = file.hunks.iter().filter(|hunk| named(hunk.n) && hunk.waits()).collect();
        if hunks.is_empty() {
            continue;
        }
        let all = file.warnings.iter().chain(hunks.iter().flat_map(|hunk| &hunk.warnings));
        for warning in all {
            if warning.code == NOTED {
                continue;
            }
            let known = found.entry(file.label.clone()).or_default();
            if !known.contains(warning) {
                known.push(warning.clone());
            }
        }
    }
    found
}

/// Asks the person, for each document that needs it on its own. Only the editor's own dialogue counts: nothing that a request says
/// can confirm.
async fn confirm(backend: &Backend, warnings: &BTreeMap<String, Vec<Warning>>) -> Result<(), Failure> {
    for (label, warnings) in warnings {
        let listed: Vec<_> = warnings.iter().take(LISTED).map(|one| one.message.as_str()).collect();
        let label = guard::escape_line(label);
        let question = format!("Aside: change `{label}`? {}", listed.join("; "));
        match backend.confirm(&question, "Apply the change").await {
            Ok(true) => {}
            Ok(false) => return Err(EditError::NotConfirmed.into()),
            Err(reason) => {
                let message = format!("`{label}` needs a confirmation, and the editor cannot ask for one: {reason}");
                let hint = "look at the diff and make this change by hand; the rest can be accepted by itself";
                return Err(Failure::new("edit-not-confirmed", message, hint));
            }
        }
    }
    Ok(())
}

async fn take(backend: &Backend, id: EditId, chosen: Chosen) -> Result<Change, Failure> {
    let desk = backend.services.edits.clone();
    // Files that are not open are read again first.
    let taken = move || Desk::take(&desk, id, chosen.hunks.as_deref(), chosen.uri.as_deref());
    // The blocking task is never aborted: it can only have panicked.
    let taken = tokio::task::spawn_blocking(taken).await;
    Ok(taken.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?)
}

async fn apply(backend: &Backend, change: &Change, sensitive: bool) -> Result<(), Failure> {
    let able = backend.editor.capabilities().edits;
    if !able.apply {
        let reason = "it does not apply edits that a server sends".to_owned();
        return Err(EditError::NotApplied { reason }.into());
    }
    let edit = convert::edit::workspace_edit(change, able, sensitive, backend.editor.encoding());
    let edit = edit.map_err(|label| EditError::File { label, reason: "the editor makes no files for a server" })?;
    let label = format!("Aside: {}", change.title);
    backend.apply_edit(&label, edit).await.map_err(|reason| EditError::NotApplied { reason }.into())
}

/// The answer of a request about one edit.
pub(super) fn one(backend: &Backend, proposal: &Proposal) -> Result<Value, Failure> {
    answer(&OneEdit { edit: convert::edit::proposal(proposal, backend.editor.encoding()) })
}

fn id(fields: &mut Fields) -> Result<EditId, Failure> {
    Ok(fields.text("edit")?.parse::<EditId>()?)
}

fn chosen(fields: &mut Fields) -> Result<Chosen, Failure> {
    let hunks = match fields.take("hunks") {
        None => None,
        Some(Value::Array(all)) if all.len() <= HUNKS => {
            let number = |one: &Value| one.as_u64().and_then(|n| usize::try_from(n).ok());
            let numbers: Option<Vec<_>> = all.iter().map(number).collect();
            Some(numbers.ok_or_else(|| Failure::params("`hunks` holds something else than numbers of hunks"))?)
        }
        Some(other) => return Err(fields.wrong("hunks", &other, "a list of numbers")),
    };
    Ok(Chosen { hunks, uri: fields.text_maybe("uri")? })
}
