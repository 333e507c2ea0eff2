//! What other clients tell and we tolerate: `textDocument/didFocus`, `didShowCompletion`, `didPartiallyAcceptCompletion`.

use crate::{backend::Backend, errors::Failure, params::Params, routes::Later};

/// The person turned to a document, or with none named away from all of them.
pub(crate) fn did_focus(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let mut fields = params.fields()?;
    let named = match fields.fields_maybe("textDocument")? {
        Some(mut document) => document.text_maybe("uri")?,
        // Some clients name it at the top.
        None => fields.text_maybe("uri")?,
    };
    match named {
        Some(uri) => backend.look(&uri, None),
        None => backend.editor.look_away(None),
    }
    Ok(None)
}

/// Known, and nothing to do.
pub(crate) fn tolerate(_backend: &Backend, _params: Params) -> Result<Later, Failure> {
    Ok(None)
}
