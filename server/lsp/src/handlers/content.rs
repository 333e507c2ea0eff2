//! `workspace/textDocumentContent`: documents of the scheme `aside`, which show what an edit would do.

use std::future::ready;

use serde_json::json;

use crate::{backend::Backend, edits, errors::Failure, params::Params, routes::Work};

pub(crate) fn content(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let uri = params.fields()?.text("uri")?;
    let text = edits::text(&backend.services.edits, &uri).ok_or_else(|| {
        let hint = "`aside/edit/list` tells which edits there are";
        Failure::new("unknown-document", "`uri` names no document of Aside", hint)
    })?;
    Ok(Box::pin(ready(Ok(json!({ "text": text })))))
}
