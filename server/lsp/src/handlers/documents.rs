//! `textDocument/didOpen`, `didChange`, `didSave`, `didClose`: the editor's texts, applied at once.

use aside_assist::edit::anchor::trace;
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
    let documents = &backend.services.documents;
    let before = documents.snapshot(&uri);
    let trouble = documents.open(&uri, &language, version, &text);
    if let Some(now) = documents.snapshot(&uri) {
        backend.services.edits.changed(before.as_ref().unwrap_or(&now), &now, None);
        // It may have been changed elsewhere while it was closed.
        backend.reviews.changed(backend, &now);
    }
    backend.look(&uri, None);
    backend.pages.opened(&uri);
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
    let documents = &backend.services.documents;
    let before = documents.snapshot(&uri);
    let trouble = documents.change(&uri, version, &changes, backend.editor.encoding());
    if let (Some(before), Some(now)) = (before, documents.snapshot(&uri)) {
        if backend.services.edits.concerns(&uri) {
            // What exactly was replaced: the texts alone may leave it open.
            let traced = trace(&before, now.version(), &changes, backend.editor.encoding()).ok();
            let traced = traced.as_ref().filter(|(traced, _)| traced.same_text(&now)).map(|(_, changes)| &**changes);
            backend.services.edits.changed(&before, &now, traced);
        }
        backend.reviews.changed(backend, &now);
    }
    let place = changes.last().and_then(|change| change.range).map(|range| range.start);
    backend.look(&uri, place);
    backend.pages.changed(&uri);
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
    backend.services.edits.closed(&uri);
    backend.services.actions.outlines.forget(&uri);
    backend.order.forget(&uri);
    backend.pages.closed(&uri);
    backend.editor.look_away(Some(&uri));
    Ok(None)
}
