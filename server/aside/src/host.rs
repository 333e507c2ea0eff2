//! What editors learn of the program besides its features: status, health, models, and that settings changed.

use std::{path::PathBuf, sync::Arc};

use aside_lsp::{Changes, Diff, Host, Refused};
use aside_sessions::{KeyId, KeyPlace};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::{
    check, git, keys,
    models::{chat_role, complete_role, edit_role},
    wiring::App,
};

/// Answers the language server's questions about the program.
pub(crate) struct Wiring {
    app: Arc<App>,
}

impl Wiring {
    /// Answers for `app`, with `pages` for conversations that are open as documents.
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    async fn status_value(&self) -> Value {
        let app = &self.app;
        let current = app.current.load_full();
        let health = app.sessions.health().await;
        let sessions = json!({
            "database": health.database, "sessions": health.sessions, "rows": health.rows, "bytes": health.bytes,
            "sealed": health.key.map(|key| json!({ "key": short(key), "place": health.place.map(KeyPlace::as_str) })),
            "checked": health.checked.map(|check| json!({ "at": check.at.to_string(), "problems": check.problems })),
            "older": health.older, "live": health.live, "running": health.running, "unsaved": health.unsaved,
            "error": health.error, "hint": health.hint,
        });
        let role = |role: Result<aside_model::ModelRef, aside_model::ModelError>| match role {
            Ok(reference) => json!({ "model": reference.to_string() }),
            Err(error) => json!({ "code": error.code(), "detail": error.to_string(), "hint": error.hint() }),
        };
        let indexed = current.engine.status().workspaces;
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "log": crate::logs::path(app),
            "roles": {
                "chat": role(chat_role(&current)),
                "complete": role(complete_role(&current)),
                "edit": role(edit_role(&current)),
            },
            "providers": current.loaded.settings.providers.keys().collect::<Vec<_>>(),
            "vault": keys::own_status(app),
            "sessions": sessions,
            "builtin": indexed.iter().map(|one| json!({
                "root": one.root, "files": one.files, "tokens": one.tokens, "ready": one.ready,
            })).collect::<Vec<_>>(),
            "settings": {
                "file": app.paths.config_file,
                "problems": current.loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "notes": current.loaded.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            },
            "lastEmpty": app.inline.last_empty().map(|empty| json!({
                "uri": empty.uri, "code": empty.code, "message": empty.message, "hint": empty.hint,
            })),
        })
    }

    async fn model_list(&self) -> Value {
        let current = self.app.current.load_full();
        let mut models = vec![
            json!({ "model": "builtin/ngram", "roles": ["complete"], "local": true }),
            json!({ "model": "builtin/search", "roles": ["chat"], "local": true }),
        ];
        if current.loaded.settings.local.detect {
            for found in current.providers.discover().await {
                let all = found.models.iter();
                models.extend(all.map(|model| json!({ "model": format!("{}/{model}", found.provider), "roles": ["chat", "complete", "edit"], "local": true })));
            }
        }
        let roles = &current.loaded.settings.roles;
        json!({ "models": models, "roles": { "chat": roles.chat, "complete": roles.complete, "edit": roles.edit } })
    }
}

/// The beginning of a key's id: enough to tell one from another.
fn short(key: KeyId) -> String {
    key.to_string().chars().take(8).collect()
}

impl Host for Wiring {
    fn status(&self) -> BoxFuture<'_, Value> {
        Box::pin(self.status_value())
    }

    fn health(&self) -> BoxFuture<'_, Value> {
        Box::pin(async { json!({ "checks": check::all(&self.app).await }) })
    }

    fn models(&self) -> BoxFuture<'_, Value> {
        Box::pin(self.model_list())
    }

    fn configure(&self, workspace: Option<PathBuf>, editor: Value) -> Vec<String> {
        self.app.reload(workspace.as_deref(), (!editor.is_null()).then_some(editor))
    }

    fn client(&self, name: &str, _version: &str) {
        if !name.is_empty() {
            self.app.keys.set_label(name);
        }
    }

    fn changes(&self, workspace: PathBuf, changes: Changes) -> BoxFuture<'_, Result<Diff, Refused>> {
        Box::pin(async move { git::diff(&workspace, changes).await })
    }

    fn menu(&self) -> aside_config::Menu {
        self.app.current.load().loaded.settings.complete.menu
    }
}
