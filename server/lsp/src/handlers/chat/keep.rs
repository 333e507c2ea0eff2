//! `aside/chat/rename`, `fork`, `compact`, `delete`, `trash`, `restore`, `relink`: what is done with a conversation as a whole.

use std::path::PathBuf;

use aside_sessions::WorkspaceId;
use serde_json::Value;

use super::{answer, here};
use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    params::{Fields, Params},
    protocol::{OneSession, Relinked, Trash, WireSession},
    routes::Work,
};

/// Questions that stay as they are when a conversation is compacted, unless asked for another number.
const KEPT_TURNS: u64 = 4;
/// The most that may be asked for.
const MOST_KEPT: u64 = 1000;

pub(crate) fn rename(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let title = fields.text("title")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let info = backend.services.sessions.rename(session, &title).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

pub(crate) fn fork(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let n = fields.whole_maybe("n", &(0..=u64::MAX))?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let info = backend.services.sessions.fork(session, n).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

pub(crate) fn compact(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let keep = fields.whole_maybe("keep", &(1..=MOST_KEPT))?.unwrap_or(KEPT_TURNS);
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let info = backend.services.chat.compact(session, usize::try_from(keep).unwrap_or(usize::MAX)).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

pub(crate) fn delete(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let forever = fields.flag("forever")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let sessions = &backend.services.sessions;
        if forever {
            sessions.remove(session).await?;
        } else {
            sessions.delete(session).await?;
        }
        Ok(Value::Null)
    }))
}

pub(crate) fn trash(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let trashed = backend.services.sessions.trashed().await?.into_iter();
        let sessions =
            trashed.map(|(info, at)| WireSession { trashed: Some(at.to_string()), ..convert::session(info) });
        answer(&Trash { sessions: sessions.collect() })
    }))
}

pub(crate) fn restore(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let session = params.fields()?.session()?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let info = backend.services.sessions.restore(session).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

pub(crate) fn relink(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let from = folder(&mut fields, "from")?.ok_or_else(|| wrong("from"))?;
    let to = folder(&mut fields, "to")?.or_else(|| here(backend)).ok_or_else(|| wrong("to"))?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        // The folder is gone: its path is taken as it was written down, but for a slash at its end.
        let from: PathBuf = from.components().collect();
        let from = from.to_string_lossy();
        let sessions = backend.services.sessions.relink(&from, &WorkspaceId::of(Some(&to))).await?;
        answer(&Relinked { sessions })
    }))
}

/// The folder named by a field, if one is.
fn folder(fields: &mut Fields, name: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(uri) = fields.text_maybe(name)? else { return Ok(None) };
    convert::path(&uri).map(Some).ok_or_else(|| wrong(name))
}

fn wrong(name: &str) -> Failure {
    Failure::params(format!("`{name}` is no folder: it takes a `file:` URI, such as `file:///home/me/project`"))
}
