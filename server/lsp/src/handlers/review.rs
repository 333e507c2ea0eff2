//! `aside/review`: a model looks for faults in a document or in what changed; `aside/review/clear` takes findings back.

use std::{future::ready, path::PathBuf};

use aside_assist::{
    action::words,
    chat::{Ask, Attach},
};
use aside_sessions::SessionId;
use serde_json::Value;

use super::action::{conversation, say_review, tell};
use crate::{
    Changes,
    backend::Backend,
    convert,
    errors::Failure,
    params::{Fields, Params},
    reviews::Reviewing,
    routes::Work,
};

pub(crate) fn review(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.text_maybe("session")?.map(|id| id.parse()).transpose()?;
    let changes = changes(&mut fields)?;
    let Some(changes) = changes else { return say_review(backend, &mut fields, session) };
    let workspace = folder(backend, &mut fields)?;
    let backend = backend.clone();
    Ok(Box::pin(async move { of_changes(&backend, workspace, changes, session).await }))
}

pub(crate) fn clear(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let (uri, finding) = (fields.text_maybe("uri")?, fields.text_maybe("finding")?);
    backend.reviews.clear(backend, uri.as_deref(), finding.as_deref());
    Ok(Box::pin(ready(Ok(Value::Null))))
}

async fn of_changes(
    backend: &Backend,
    workspace: PathBuf,
    changes: Changes,
    session: Option<SessionId>,
) -> Result<Value, Failure> {
    let diff = backend.services.host.changes(workspace.clone(), changes).await?;
    let (shared, root, text) = (backend.clone(), workspace.clone(), diff.text.clone());
    let reviewing = tokio::task::spawn_blocking(move || Reviewing::diff(&shared, &root, &text)).await;
    // The blocking task is never aborted: it can only have panicked.
    let reviewing = reviewing.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let (what, label) = match changes {
        Changes::Staged => (words::Changes::Staged, "staged changes"),
        Changes::All | Changes::Branch => (words::Changes::All, "changes"),
    };
    let session = conversation(backend, session, Some(workspace.clone())).await?;
    let ask = Ask {
        session,
        text: words::review_changes(what),
        attachments: vec![Attach::Text { label: label.to_owned(), text: diff.text }],
        replaces: None,
        model: None,
        workspace: Some(workspace),
        focus: None,
    };
    tell(backend, ask, Some(reviewing)).await
}

fn changes(fields: &mut Fields) -> Result<Option<Changes>, Failure> {
    match fields.text_maybe("changes")?.as_deref() {
        None => Ok(None),
        Some("staged") => Ok(Some(Changes::Staged)),
        Some("all") => Ok(Some(Changes::All)),
        Some(_) => Err(Failure::params("`changes` is neither `staged` nor `all`")),
    }
}

/// The folder that a request is about: the one that is named, else the one in which the person is.
pub(super) fn folder(backend: &Backend, fields: &mut Fields) -> Result<PathBuf, Failure> {
    let named = fields.text_maybe("workspace")?;
    let folder = match named {
        Some(uri) => convert::path(&uri),
        None => {
            let seen = backend.editor.seen().and_then(|seen| convert::path(&seen.uri));
            seen.and_then(|path| backend.editor.folder_of(&path)).or_else(|| backend.editor.main_folder())
        }
    };
    folder.ok_or_else(|| {
        Failure::new("no-folder", "no folder is open that could have changed", "open the folder of a repository")
    })
}
