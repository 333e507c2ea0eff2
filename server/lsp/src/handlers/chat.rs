//! `aside/chat/new`, `list`, `open`, `send`, `continue`, `stop`: conversations as they are held. What is done with them as a whole stands in
//! `keep`, files in `exchange`, what they say in `overview`, and their documents in `document`.

pub(crate) mod document;
pub(crate) mod exchange;
pub(crate) mod keep;
pub(crate) mod overview;

use std::path::PathBuf;

use aside_assist::chat::{Ask, Attach, Focus};
use aside_sessions::{SessionId, WorkspaceId};
use aside_text::{Document, Range};
use serde_json::Value;

use super::answer;
use crate::{
    backend::Backend,
    convert,
    documents::Unavailable,
    errors::Failure,
    params::{Fields, Params},
    protocol::{OneSession, Sent},
    routes::Work,
};

/// Sessions or messages in a page, unless asked for another number.
const PAGE: u32 = 50;
/// The most attachments of one message.
const ATTACHMENTS: usize = 64;

pub(crate) fn new(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let workspace = workspace_maybe(&mut fields)?.or_else(|| here(backend));
    let title = fields.text_maybe("title")?;
    let model = fields.model_maybe("model")?.map(|model| model.to_string());
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let sessions = &backend.services.sessions;
        let workspace = WorkspaceId::of(workspace.as_deref());
        let info = sessions.create(&workspace, title.as_deref(), model.as_deref()).await?;
        sessions.subscribe(info.id, &backend.outbox).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

pub(crate) fn list(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let workspace = workspace_maybe(&mut fields)?;
    let limit = fields.uinteger_maybe("limit")?.unwrap_or(PAGE);
    let cursor = fields.text_maybe("cursor")?;
    let resumable = fields.flag("resumable")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let sessions = &backend.services.sessions;
        let id = workspace.as_deref().map(|folder| WorkspaceId::of(Some(folder)));
        let mut page = sessions.list(id.as_ref(), limit, cursor.as_deref()).await?;
        let moved = match &workspace {
            Some(folder) if page.sessions.is_empty() && cursor.is_none() => sessions.moved(folder).await?,
            _ => Vec::new(),
        };
        if resumable {
            page.sessions.retain(|info| !info.elsewhere);
        }
        answer(&convert::page(page, moved))
    }))
}

pub(crate) fn open(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let limit = fields.uinteger_maybe("limit")?.unwrap_or(PAGE);
    let before = fields.whole_maybe("before", &(0..=u64::MAX))?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let opened = backend.services.sessions.join(session, limit, before, &backend.outbox).await?;
        answer(&convert::opened(opened))
    }))
}

pub(crate) fn send(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let text = fields.text("text")?;
    let model = fields.model_maybe("model")?;
    let replaces = fields.whole_maybe("replaces", &(0..=u64::MAX))?;
    let attachments = fields.list("attachments", ATTACHMENTS)?;
    let attachments = attachments.into_iter().map(|one| attach(backend, one)).collect::<Result<_, _>>()?;
    let focus = focus(backend, fields.fields_maybe("focus")?)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let sessions = &backend.services.sessions;
        sessions.subscribe(session, &backend.outbox).await?;
        let workspace = workspace_of(&backend, session, focus.as_ref()).await?;
        let ask = Ask { session, text, attachments, replaces, model, workspace, focus };
        let turn = backend.services.chat.send(ask).await?;
        answer(&Sent { turn: turn.to_string() })
    }))
}

pub(crate) fn stop(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let session = params.fields()?.session()?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        backend.services.sessions.stop(session).await?;
        Ok(Value::Null)
    }))
}

pub(crate) fn resume(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let model = fields.model_maybe("model")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        backend.services.sessions.subscribe(session, &backend.outbox).await?;
        let workspace = workspace_of(&backend, session, None).await?;
        let turn = backend.services.chat.resume(session, model, workspace).await?;
        answer(&Sent { turn: turn.to_string() })
    }))
}

/// The folder named by `workspace`, if one is.
fn workspace_maybe(fields: &mut Fields) -> Result<Option<PathBuf>, Failure> {
    let Some(uri) = fields.text_maybe("workspace")? else { return Ok(None) };
    let wrong =
        || Failure::params("`workspace` is no folder: it takes a `file:` URI, such as `file:///home/me/project`");
    convert::path(&uri).map(Some).ok_or_else(wrong)
}

/// The folder in which the person is: of the document in front of them, else the main one.
fn here(backend: &Backend) -> Option<PathBuf> {
    let seen = backend.editor.seen().and_then(|seen| convert::path(&seen.uri));
    seen.and_then(|path| backend.editor.folder_of(&path)).or_else(|| backend.editor.main_folder())
}

/// The folder a session is about: its own, else that of the document in front of the person.
pub(crate) async fn workspace_of(
    backend: &Backend,
    session: SessionId,
    focus: Option<&Focus>,
) -> Result<Option<PathBuf>, Failure> {
    let info = backend.services.sessions.open(session, 1, None).await?.session;
    if !info.workspace.is_empty() {
        return Ok(Some(PathBuf::from(info.workspace)));
    }
    let path = focus.and_then(|focus| convert::path(focus.document.uri()));
    Ok(path.and_then(|path| backend.editor.folder_of(&path)))
}

/// One attachment: an open document or a part of it, a file of the workspace, or a text.
fn attach(backend: &Backend, mut fields: Fields) -> Result<Attach, Failure> {
    let label = fields.text_maybe("label")?;
    let Some(uri) = fields.text_maybe("uri")? else {
        let text = fields.text("text")?;
        return Ok(Attach::Text { label: label.unwrap_or_else(|| "text".to_owned()), text });
    };
    let range = fields.range_maybe("range")?;
    match backend.services.documents.find(&uri) {
        Ok(document) => {
            let range = range.map(|range| bytes(backend, &document, range, &fields)).transpose()?;
            Ok(Attach::Document { document, range, label })
        }
        // What is not open is read from the disk; what is open and not readable here is not what is on the disk.
        Err(Unavailable::NotOpen(_)) => match (convert::path(&uri), range) {
            (Some(path), None) => Ok(Attach::File { path }),
            (Some(_), Some(_)) => {
                let message = format!("`{}` names a part of a document that is not open", fields.name("range"));
                Err(Failure::new("unknown-document", message, "open the document in the editor, or attach all of it"))
            }
            (None, _) => {
                let message = format!("`{}` is neither an open document nor a file", fields.name("uri"));
                Err(Failure::new("unknown-document", message, "open the document in the editor, or give a `file:` URI"))
            }
        },
        Err(error) => {
            let message = format!("`{}`: {error}", fields.name("uri"));
            Err(Failure::new("unknown-document", message, "close the document and open it again, or attach its text"))
        }
    }
}

fn bytes(
    backend: &Backend,
    document: &Document,
    range: Range,
    fields: &Fields,
) -> Result<std::ops::Range<usize>, Failure> {
    let offset = |position| document.offset(position, backend.editor.encoding());
    match offset(range.start).and_then(|start| Ok(start..offset(range.end)?)) {
        Ok(bytes) if bytes.start <= bytes.end => Ok(bytes),
        Ok(_) => {
            let message = format!("`{}` ends before it starts", fields.name("range"));
            Err(Failure::new("bad-place", message, "send the earlier position as `start`"))
        }
        Err(error) => {
            let message = format!("`{}`: {error}", fields.name("range"));
            Err(Failure::new("bad-place", message, "send a range inside the document's newest version"))
        }
    }
}

/// The document in front of the person: the one that is named, else the one seen last. One that cannot be read is left out, and a
/// place outside it counts as its end: this only helps the answer, it is not what was asked for.
fn focus(backend: &Backend, named: Option<Fields>) -> Result<Option<Focus>, Failure> {
    let (uri, range) = match named {
        Some(mut named) => (named.text("uri")?, named.range_maybe("range")?),
        None => match backend.editor.seen() {
            Some(seen) => (seen.uri, seen.range),
            None => return Ok(None),
        },
    };
    let Some(document) = backend.services.documents.snapshot(&uri) else { return Ok(None) };
    let offset = |position| document.offset(position, backend.editor.encoding()).unwrap_or(document.len_bytes());
    let selection = range.map(|range| {
        let start = offset(range.start);
        start..offset(range.end).max(start)
    });
    Ok(Some(Focus { document, selection }))
}
