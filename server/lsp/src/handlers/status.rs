//! `aside/status`, `aside/health`, and the notification that a status line should look again.

use std::sync::{Mutex, PoisonError};

use aside_assist::inline::Empty;
use aside_text::Encoding;
use serde_json::{Value, json};

use crate::{
    backend::{Backend, Shared},
    convert,
    errors::Failure,
    params::Params,
    protocol::StatusChanged,
    routes::Work,
};

pub(crate) fn status(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let mut status = backend.services.host.status().await;
        if let Value::Object(status) = &mut status {
            status.insert("editor".to_owned(), editor(&backend));
            let census = backend.services.documents.census();
            let documents =
                json!({ "open": census.open, "outOfSync": census.out_of_sync, "declined": census.declined });
            status.insert("documents".to_owned(), documents);
        }
        Ok(status)
    }))
}

fn editor(backend: &Backend) -> Value {
    let (name, version) = backend.editor.name();
    let capabilities = backend.editor.capabilities();
    let encoding = match capabilities.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Utf32 => "utf-32",
    };
    json!({
        "name": name,
        "version": version,
        "positionEncoding": encoding,
        "inlineCompletion": capabilities.inline_completion,
    })
}

pub(crate) fn health(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let backend = backend.clone();
    Ok(Box::pin(async move { Ok(backend.services.host.health().await) }))
}

/// Whether completions come at present, to tell when that changes.
#[derive(Debug, Default)]
pub(crate) struct Health {
    // The code of what is wrong. Held for a comparison only.
    wrong: Mutex<Option<&'static str>>,
}

impl Health {
    /// A completion was answered: tells the editor when completions stop coming, or come again.
    pub(crate) fn answered(&self, backend: &Shared, empty: Option<&Empty>) {
        // Only what stays wrong until somebody acts; an answer that is empty just here says nothing.
        let wrong = match empty {
            Some(empty @ (Empty::Failed(_) | Empty::TimedOut { .. })) => Some(empty),
            Some(_) => return,
            None => None,
        };
        let code = wrong.map(Empty::code);
        let before = std::mem::replace(&mut *self.wrong.lock().unwrap_or_else(PoisonError::into_inner), code);
        if before != code {
            changed(backend, "completion", wrong);
        }
    }
}

/// Tells an editor that wants to know that its status line should change.
pub(super) fn changed(backend: &Shared, what: &'static str, wrong: Option<&Empty>) {
    if backend.editor.capabilities().status_changed {
        let changed = StatusChanged { what, reason: wrong.map(convert::reason) };
        backend.notify("aside/status/changed", &changed);
    }
}
