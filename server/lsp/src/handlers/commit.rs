//! `aside/commit`: a message for what is staged, or the text of a pull request for a branch.

use aside_assist::action::commit::Kind;
use serde_json::{Value, json};

use super::review::folder;
use crate::{Changes, backend::Backend, errors::Failure, params::Params, routes::Work};

pub(crate) fn commit(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let (kind, changes) = match fields.text_maybe("kind")?.as_deref() {
        None | Some("commit") => (Kind::Commit, Changes::Staged),
        Some("pull-request") => (Kind::PullRequest, Changes::Branch),
        Some(_) => return Err(Failure::params("`kind` is neither `commit` nor `pull-request`")),
    };
    let model = fields.model_maybe("model")?;
    let workspace = folder(backend, &mut fields)?;
    // Where the message is to be written to: the top of a document that is open.
    let into = match fields.fields_maybe("textDocument")? {
        Some(mut document) => Some(backend.services.documents.find(&document.text("uri")?)?),
        None => None,
    };
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let diff = backend.services.host.changes(workspace, changes).await?;
        let text = backend.services.actions.commit(&diff.text, kind, &diff.recent, model).await?;
        match into {
            Some(document) => insert(&backend, document.uri(), &text).await?,
            None if !backend.editor.capabilities().edits.rendered => show(&backend, kind, &text).await,
            None => {}
        }
        Ok(json!({ "text": text, "leftOut": diff.left_out }))
    }))
}

/// Puts the message above what stands in the document, as the editor's own templates expect it.
async fn insert(backend: &Backend, uri: &str, text: &str) -> Result<(), Failure> {
    let top = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
    let edit = json!({ "changes": { uri: [{ "range": top, "newText": format!("{text}\n") }] } });
    backend.apply_edit("Aside: commit message", edit).await.map_err(|reason| {
        let message = format!("the editor did not take the message: {reason}");
        Failure::new("edit-not-applied", message, "ask without `textDocument` and copy the message")
    })
}

/// Shows the message as a document of its own.
async fn show(backend: &Backend, kind: Kind, text: &str) {
    let name = match kind {
        Kind::Commit => "commit-message",
        Kind::PullRequest => "pull-request",
    };
    match backend.paper(name, "md", format!("{text}\n")).await {
        Ok(uri) if backend.show_document(&uri).await => {}
        Ok(uri) => backend.tell_person(&format!("Aside: the message is in {uri}")),
        Err(reason) => backend.log(&format!("the message cannot be shown: {reason}")),
    }
}

/// The command of the code action in a document where a commit message is written.
pub(super) fn offer(uri: &str) -> Value {
    let title = "Aside: Write the commit message";
    let argument = json!({ "textDocument": { "uri": uri } });
    json!({
        "title": title, "kind": "quickfix",
        "command": { "title": title, "command": "aside.commit", "arguments": [argument] },
    })
}
