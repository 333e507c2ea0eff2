//! Keys as editors may know them: how they stand, which there are, and no value.

use std::sync::Arc;

use aside_lsp::{KeyDesk, KeyEvent as EditorEvent, Refused};
use aside_vault::{
    LockReason, Patience, ProcessStatus, Reopen, Slot, Word,
    audit::{Record, What},
};
use futures_util::{
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt as _},
};
use serde_json::{Value, json};

use super::{Kept, KeyEvent};
use crate::{
    secrets::{self, Listed, SecretError},
    wiring::App,
};

/// Answers an editor about keys.
pub(crate) struct Desk {
    app: Arc<App>,
}

impl Desk {
    /// Answers for `app`.
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl KeyDesk for Desk {
    fn status(&self) -> BoxFuture<'_, Value> {
        Box::pin(status(&self.app))
    }

    fn lock(&self) -> BoxFuture<'_, Result<Value, Refused>> {
        Box::pin(async {
            lock_everywhere(&self.app).await?;
            Ok(status(&self.app).await)
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Value, Refused>> {
        Box::pin(async {
            let listed = secrets::list(&self.app, Patience::Request).await?;
            self.app.audit.note(Record::done(What::List));
            Ok(json!({ "secrets": listed.iter().map(listed_json).collect::<Vec<_>>() }))
        })
    }

    fn delete(&self, provider: String, origin: Option<String>) -> BoxFuture<'_, Result<Value, Refused>> {
        Box::pin(async move {
            let name = secrets::name_at(&self.app.current.load(), &provider, origin.as_deref())?;
            let delete = secrets::delete(&self.app, &name, Patience::Request);
            secrets::recorded(&self.app, What::Delete, &name, delete).await?;
            forget_everywhere(&self.app).await;
            Ok(Value::Null)
        })
    }

    fn test(&self, provider: String) -> BoxFuture<'_, Result<Value, Refused>> {
        Box::pin(async move {
            let name = secrets::name_of(&self.app.current.load(), &provider)?;
            let test = secrets::test(&self.app, &provider, Patience::Request);
            let took = secrets::recorded(&self.app, What::Test, &name, test).await?;
            let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            Ok(json!({ "provider": provider, "milliseconds": milliseconds }))
        })
    }

    fn events(&self) -> BoxStream<'static, EditorEvent> {
        let (events, app) = (self.app.keys.events(), Arc::clone(&self.app));
        stream::unfold((events, app), |(mut events, app)| async move {
            loop {
                match events.recv().await {
                    Ok(event) => return Some((for_editor(&app, event), (events, app))),
                    // What was missed is in the status that the next event makes the editor look at.
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
        .boxed()
    }
}

fn for_editor(app: &App, event: KeyEvent) -> EditorEvent {
    match event {
        KeyEvent::Opened => EditorEvent::Opened,
        KeyEvent::Locked(reason) => EditorEvent::Locked(lock_refusal(app, reason)),
        KeyEvent::Needed(reason) => EditorEvent::Needed(lock_refusal(app, reason)),
    }
}

fn lock_refusal(app: &App, reason: LockReason) -> Refused {
    SecretError::Key(app.keys.locked(reason)).into()
}

impl From<SecretError> for Refused {
    fn from(error: SecretError) -> Self {
        Self { code: error.code(), message: error.message(), hint: error.hint() }
    }
}

/// Wipes the keys of every process of this user, this one first.
pub(crate) async fn lock_everywhere(app: &App) -> Result<usize, Refused> {
    app.keys.gate().lock(LockReason::Asked);
    // Both, whatever becomes of the other.
    let left = app.keys.place().leave_locked();
    let told = aside_vault::tell_all(app.keys.place().folders(), Word::Lock).await;
    let failed = |message: String, hint: String| Refused { code: "vault-failed", message, hint };
    left.map_err(|error| failed(error.to_string(), error.hint()))?;
    let (locked, problems) = told.map_err(|error| failed(error.to_string(), error.hint()))?;
    if problems.is_empty() {
        return Ok(locked);
    }
    let hint = "end that process, or wait for its own limits; `aside vault status` lists all of them".to_owned();
    Err(failed(format!("{locked} processes were locked, and not every one: {}", problems.join("; ")), hint))
}

/// Makes every process read keys anew, after one changed.
pub(crate) async fn forget_everywhere(app: &App) {
    app.keys.gate().forget();
    // Who is not reached reads it anew after the next lock.
    let _ = aside_vault::tell_all(app.keys.place().folders(), Word::Forget).await;
}

/// How the keys stand, with the other processes that hold some.
pub(crate) async fn status(app: &App) -> Value {
    let mut status = own_status(app);
    let processes = aside_vault::processes(app.keys.place().folders()).await.unwrap_or_default();
    status["processes"] = processes.iter().map(process_json).collect();
    if app.keys.place().kept() == Kept::File {
        let agent = processes.iter().find(|process| process.label == "agent");
        status["vault"]["notes"] = agent.map(|agent| agent.notes.clone()).unwrap_or_default().into();
        of_the_vault(app, &mut status, agent);
    }
    status
}

/// The vault is locked and unlocked by its agent, whatever this process has heard of it.
fn of_the_vault(app: &App, status: &mut Value, agent: Option<&ProcessStatus>) {
    let Some(status) = status.as_object_mut() else { return };
    match agent.map(|agent| agent.locked) {
        Some(None) => {
            status.remove("locked");
            if let Some(left) = agent.and_then(|agent| agent.left) {
                status.insert("locksIn".to_owned(), json!(left.as_secs()));
            }
        }
        Some(Some(_)) | None => {
            status.remove("locksIn");
            status.insert("locked".to_owned(), locked_json(app, LockReason::Vault));
        }
    }
}

/// How the keys stand in this process.
pub(crate) fn own_status(app: &App) -> Value {
    let (place, state) = (app.keys.place(), app.keys.gate().state());
    let unlock = match (place.kept(), place.policy().reopen) {
        (Kept::File, _) => "passphrase",
        (Kept::Keyring, Reopen::OnUse) => "on-use",
        (Kept::Keyring, Reopen::Explicit) => "explicit",
    };
    let mut status = json!({ "backend": place.kept().as_str(), "unlock": unlock });
    if let Some(reason) = state.locked {
        status["locked"] = locked_json(app, reason);
    }
    // A command that only looks has no keys that could lock.
    if let Some(left) = state.left.filter(|_| app.keys.listens()) {
        status["locksIn"] = json!(left.as_secs());
    }
    if place.kept() == Kept::File {
        status["vault"] = json!({ "exists": place.vault_exists(), "file": place.files().vault });
    }
    status
}

fn locked_json(app: &App, reason: LockReason) -> Value {
    let error = app.keys.locked(reason);
    json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() })
}

/// A process that holds keys.
pub(crate) fn process_json(process: &ProcessStatus) -> Value {
    let mut value = json!({ "pid": process.pid, "label": process.label });
    if let Some(reason) = process.locked {
        value["locked"] = json!(reason.code());
    }
    if let Some(left) = process.left {
        value["locksIn"] = json!(left.as_secs());
    }
    value
}

/// A stored key.
pub(crate) fn listed_json(listed: &Listed) -> Value {
    let info = &listed.info;
    let mut value = json!({
        "provider": info.name.provider,
        "origin": info.name.origin.to_string(),
        "previous": info.slot == Slot::Previous,
        "old": listed.old,
        "used": listed.used,
    });
    if let Some(at) = info.stored_at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
        value["storedAt"] = json!(at.to_string());
    }
    value
}
