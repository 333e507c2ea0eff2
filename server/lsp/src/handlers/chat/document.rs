//! `aside/chat/document`, `aside/chat/document/send`: a conversation as a Markdown document, and what is written in it.

use aside_sessions::SessionId;
use serde_json::json;

use super::{focus, here, workspace_maybe};
use crate::{
    backend::Backend,
    errors::Failure,
    page::{self, Letter, MOST},
    params::Params,
    routes::Work,
};

pub(crate) fn document(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.text_maybe("session")?.map(|id| id.parse::<SessionId>()).transpose()?;
    let workspace = workspace_maybe(&mut fields)?.or_else(|| here(backend));
    let new = fields.flag("new")?;
    let limit = fields.whole_maybe("limit", &(1..=MOST.into()))?;
    let limit = limit.map(|limit| u32::try_from(limit).expect("the bounds were just checked"));
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let session = match session {
            Some(session) => session,
            None => page::choose(&backend, workspace, new).await?,
        };
        let page = page::open(&backend, session, limit).await?;
        Ok(json!({ "uri": page.uri(), "session": session.to_string() }))
    }))
}

pub(crate) fn send(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let letter = Letter::find(backend, fields.text_maybe("uri")?)?;
    let model = fields.model_maybe("model")?;
    let focus = focus(backend, None)?;
    let session = letter.session();
    let sent = letter.send(focus, model);
    Ok(Box::pin(async move {
        let turn = sent.await?;
        Ok(json!({ "session": session.to_string(), "turn": turn.to_string() }))
    }))
}
