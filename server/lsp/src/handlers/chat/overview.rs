//! `aside/chat/search`, `digest`: what was said, over all conversations.

use aside_sessions::WorkspaceId;

use super::{PAGE, answer, workspace_maybe};
use crate::{backend::Backend, convert, errors::Failure, params::Params, protocol::WireDigest, routes::Work};

/// The hours of a digest, unless asked for another number, and the most.
const HOURS: u64 = 6;
const MOST_HOURS: u64 = 24 * 31;

pub(crate) fn search(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let workspace = workspace_maybe(&mut fields)?;
    let query = fields.text("query")?;
    let limit = fields.uinteger_maybe("limit")?.unwrap_or(PAGE);
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let workspace = workspace.map(|folder| WorkspaceId::of(Some(&folder)));
        let found = backend.services.sessions.search(workspace.as_ref(), &query, limit).await?;
        answer(&convert::matches(found, backend.editor.encoding()))
    }))
}

pub(crate) fn digest(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let workspace = workspace_maybe(&mut fields)?;
    let hours = fields.whole_maybe("hours", &(1..=MOST_HOURS))?.unwrap_or(HOURS);
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let workspace = workspace.map(|folder| WorkspaceId::of(Some(&folder)));
        let hours = u32::try_from(hours).expect("the bounds were just checked");
        let digested = backend.services.chat.digest(workspace.as_ref(), hours).await?;
        answer(&WireDigest { text: digested.text, model: digested.model })
    }))
}
