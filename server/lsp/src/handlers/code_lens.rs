//! `textDocument/codeLens`: what can be done, shown in the text.

use std::future::ready;

use serde_json::Value;

use super::edit_places;
use crate::{backend::Backend, errors::Failure, page, params::Params, routes::Work};

pub(crate) fn code_lens(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let uri = params.fields()?.document()?;
    let lenses = page::lenses(backend, &uri).unwrap_or_else(|| edit_places::lenses(backend, &uri));
    Ok(Box::pin(ready(Ok(Value::Array(lenses)))))
}
