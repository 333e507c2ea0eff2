//! `textDocument/didOpen`, `didChange`, `didSave`, `didClose`: the editor's texts, applied at once.

use aside_text::Change;

use crate::{
    backend::Backend,
    errors::Failure,
    params::{Fields, Params},
    routes::Later,
};

pub(crate) fn did_open(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let mut document = params.fields()?.fields("textDocument")?;
    let uri = document.text("uri")?;
    let language = document.text_maybe("languageId")?.unwrap_or_default();
    let version = document.version("version")?.unwrap_or_default();
    let text = document.text("text")?;
    let trouble = backend.services.documents.open(&uri, &language, version, &text);
    backend.editor.look(&uri, None);
    backend.tell(trouble);
    Ok(None)
}

pub(crate) fn did_change(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let mut fields = params.fields()?;
    let mut document = fields.fields("textDocument")?;
    let uri = document.text("uri")?;
    let (version, changes) = match document.version("version").and_then(|version| Ok((version, changes(&mut fields)?)))
    {
        Ok(read) => read,
        Err(failure) => {
            // What the edit was is lost, so the text is not known any more.
            let trouble = backend.services.documents.lose(&uri, "an edit could not be read");
            backend.tell(trouble);
            return Err(failure);
        }
    };
    let trouble = backend.services.documents.change(&uri, version, &changes, backend.editor.encoding());
    let place = changes.last().and_then(|change| change.range).map(|range| range.start);
    backend.editor.look(&uri, place);
    backend.tell(trouble);
    Ok(None)
}

fn changes(fields: &mut Fields) -> Result<Vec<Change>, Failure> {
    let change = |mut change: Fields| Ok(Change { range: change.range_maybe("range")?, text: change.text("text")? });
    fields.list("contentChanges", usize::MAX)?.into_iter().map(change).collect()
}

pub(crate) fn did_save(_backend: &Backend, _params: Params) -> Result<Later, Failure> {
    // What was saved is what is open: there is nothing to learn.
    Ok(None)
}

pub(crate) fn did_close(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let uri = params.fields()?.document()?;
    if !backend.services.documents.close(&uri) {
        tracing::debug!(uri, "a document was closed that was not open");
    }
    backend.services.inline.closed(&uri);
    backend.order.forget(&uri);
    backend.editor.look_away(Some(&uri));
    Ok(None)
}
