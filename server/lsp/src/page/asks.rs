//! What a page asks of the editor: to apply an edit, and to show a document.

use std::time::Duration;

use aside_text::{Document, Encoding};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower_lsp::{Client, jsonrpc::ErrorCode};

use super::change::Change;
use crate::{
    asking::{ApplyEdit, ShowDocument},
    convert,
};

/// How long an editor may take over an edit.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Yes,
    /// Not this time: the document had moved on, or the editor was slow.
    No,
    /// This editor never does.
    Never,
}

/// Asks for `change` to be applied to `document`; `versioned` where the editor knows which version an edit is about.
pub(super) fn apply(
    client: Client,
    document: &Document,
    change: &Change,
    (encoding, versioned): (Encoding, bool),
) -> BoxFuture<'static, Applied> {
    let range = convert::range(document, &change.bytes, encoding);
    let edits = json!([{ "range": range, "newText": change.text }]);
    let edit = if versioned {
        let of = json!({ "uri": document.uri(), "version": document.version() });
        json!({ "documentChanges": [{ "textDocument": of, "edits": edits }] })
    } else {
        json!({ "changes": { document.uri(): edits } })
    };
    let params = json!({ "label": "Aside", "edit": edit });
    Box::pin(async move {
        match timeout(PATIENCE, client.send_request::<ApplyEdit>(params)).await {
            Ok(Ok(answer)) if answer["applied"] == true => Applied::Yes,
            Ok(Ok(answer)) => {
                tracing::debug!(reason = ?answer["failureReason"], "the editor refuses an edit of a conversation");
                Applied::No
            }
            Ok(Err(error)) if error.code == ErrorCode::MethodNotFound => Applied::Never,
            Ok(Err(error)) => {
                tracing::info!(%error, "the editor fails at an edit of a conversation");
                Applied::No
            }
            Err(_) => Applied::No,
        }
    })
}

/// Asks the editor to show the document `uri`, at its `end` where that is known. Gives whether it does.
pub(super) async fn show(client: &Client, uri: &str, end: Option<Value>) -> bool {
    let mut params = json!({ "uri": uri, "takeFocus": true });
    if let Some(end) = end {
        params["selection"] = json!({ "start": end, "end": end });
    }
    match timeout(PATIENCE, client.send_request::<ShowDocument>(params)).await {
        Ok(Ok(answer)) => answer["success"] == true,
        Ok(Err(error)) => {
            tracing::info!(%error, "the editor does not show a document");
            false
        }
        Err(_) => false,
    }
}
