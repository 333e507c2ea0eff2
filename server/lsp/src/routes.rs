//! The closed list of methods: nothing that is not here is answered.
//!
//! A handler is a plain function: what it does before it returns its work happens in wire order, and the types keep it from waiting
//! there. The work itself runs as a task.

use futures_util::future::{BoxFuture, ready};
use serde_json::Value;
use tower_lsp::{
    LspServiceBuilder,
    jsonrpc::{self, Method},
};

use crate::{
    backend::Backend,
    errors::Failure,
    handlers::{
        action, chat,
        chat::{document, exchange, keep, overview},
        code_action, code_lens, commands, commit, completion, configuration, content, documents, edit, explain, focus,
        inline, keys, models, progress, review, status,
    },
    params::Params,
};

/// What is left to do for a request after its place in the wire order has passed.
pub(crate) type Work = BoxFuture<'static, Result<Value, Failure>>;

/// What is left to do for a notification, if anything.
pub(crate) type Later = Option<BoxFuture<'static, ()>>;

/// Takes a request.
pub(crate) type Ask = fn(&Backend, Params) -> Result<Work, Failure>;

/// Takes a notification.
pub(crate) type Tell = fn(&Backend, Params) -> Result<Later, Failure>;

/// Requests of the protocol.
const STANDARD: &[(&str, Ask)] = &[
    ("textDocument/inlineCompletion", inline::inline_completion),
    ("textDocument/completion", completion::completion),
    ("textDocument/codeAction", code_action::code_action),
    ("codeAction/resolve", code_action::resolve),
    ("textDocument/codeLens", code_lens::code_lens),
    ("workspace/executeCommand", commands::execute),
    ("workspace/textDocumentContent", content::content),
];

/// Aside's own requests; each is also a command.
pub(crate) const OWN: &[(&str, Ask)] = &[
    ("aside/chat/new", chat::new),
    ("aside/chat/list", chat::list),
    ("aside/chat/open", chat::open),
    ("aside/chat/send", chat::send),
    ("aside/chat/continue", chat::resume),
    ("aside/chat/stop", chat::stop),
    ("aside/chat/rename", keep::rename),
    ("aside/chat/fork", keep::fork),
    ("aside/chat/compact", keep::compact),
    ("aside/chat/delete", keep::delete),
    ("aside/chat/trash", keep::trash),
    ("aside/chat/restore", keep::restore),
    ("aside/chat/relink", keep::relink),
    ("aside/chat/export", exchange::export),
    ("aside/chat/import", exchange::import),
    ("aside/chat/search", overview::search),
    ("aside/chat/digest", overview::digest),
    ("aside/action", action::action),
    ("aside/action/list", action::list),
    ("aside/edit", action::edit),
    ("aside/edit/list", edit::list),
    ("aside/edit/show", edit::show),
    ("aside/edit/document", edit::document),
    ("aside/edit/stop", edit::stop),
    ("aside/edit/accept", edit::accept),
    ("aside/edit/reject", edit::reject),
    ("aside/edit/retry", edit::retry),
    ("aside/review", review::review),
    ("aside/review/clear", review::clear),
    ("aside/commit", commit::commit),
    ("aside/chat/document", document::document),
    ("aside/chat/document/send", document::send),
    ("aside/complete/explain", explain::explain),
    ("aside/model/list", models::list),
    ("aside/secret/list", keys::list),
    ("aside/secret/delete", keys::delete),
    ("aside/secret/test", keys::test),
    ("aside/vault/status", keys::status),
    ("aside/vault/lock", keys::lock),
    ("aside/status", status::status),
    ("aside/health", status::health),
];

/// Notifications.
const NOTIFICATIONS: &[(&str, Tell)] = &[
    ("textDocument/didOpen", documents::did_open),
    ("textDocument/didChange", documents::did_change),
    ("textDocument/didSave", documents::did_save),
    ("textDocument/didClose", documents::did_close),
    ("textDocument/didFocus", focus::did_focus),
    ("textDocument/didShowCompletion", focus::tolerate),
    ("textDocument/didPartiallyAcceptCompletion", focus::tolerate),
    ("window/workDoneProgress/cancel", progress::cancel),
    ("$/setTrace", progress::set_trace),
    ("workspace/didChangeConfiguration", configuration::did_change),
    ("workspace/didChangeWorkspaceFolders", configuration::did_change_folders),
];

/// Registers every method.
pub(crate) fn register(mut builder: LspServiceBuilder<Backend>) -> LspServiceBuilder<Backend> {
    for (method, ask) in STANDARD.iter().chain(OWN) {
        builder = builder.custom_method(method, Asked { method, ask: *ask });
    }
    for (method, tell) in NOTIFICATIONS {
        builder = builder.custom_method(method, Told { method, tell: *tell });
    }
    builder
}

#[derive(Clone)]
struct Asked {
    method: &'static str,
    ask: Ask,
}

impl Method<&Backend, Params, jsonrpc::Result<Value>> for Asked {
    type Future = BoxFuture<'static, jsonrpc::Result<Value>>;

    fn invoke(&self, backend: &Backend, params: Params) -> Self::Future {
        let method = self.method;
        match (self.ask)(backend, params) {
            Err(failure) => Box::pin(ready(Err(failure.into_error(method)))),
            Ok(work) => {
                let backend = backend.clone();
                Box::pin(async move {
                    // From here on a task: the reader of the wire goes on.
                    tokio::task::yield_now().await;
                    backend.configuration.settled().await;
                    work.await.map_err(|failure| failure.into_error(method))
                })
            }
        }
    }
}

#[derive(Clone)]
struct Told {
    method: &'static str,
    tell: Tell,
}

impl Method<&Backend, Params, ()> for Told {
    type Future = BoxFuture<'static, ()>;

    fn invoke(&self, backend: &Backend, params: Params) -> Self::Future {
        match (self.tell)(backend, params) {
            Ok(Some(later)) => later,
            Ok(None) => Box::pin(ready(())),
            Err(failure) => {
                // A notification has no answer: the log is where its sender can look.
                let error = failure.into_error(self.method);
                backend.log(&format!("`{}` is left out: {}", self.method, error.message));
                Box::pin(ready(()))
            }
        }
    }
}

/// Every method that is answered, with the lifecycle's.
#[cfg(test)]
pub(crate) fn methods() -> Vec<&'static str> {
    let requests = STANDARD.iter().chain(OWN).map(|(method, _)| *method);
    let notifications = NOTIFICATIONS.iter().map(|(method, _)| *method);
    requests.chain(notifications).chain(["initialize", "initialized", "shutdown", "exit", "$/cancelRequest"]).collect()
}
