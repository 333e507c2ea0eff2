//! The editor's settings and folders: `initializationOptions`, `workspace/didChangeConfiguration`, `workspace/configuration`,
//! `workspace/didChangeWorkspaceFolders`.
//!
//! Settings take effect in wire order: requests behind a change wait for it, the reader of the wire does not (putting settings into
//! force reads files). What the settings mean belongs to `config`.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{sync::RwLock, time::timeout};
use tower_lsp::gen_lsp_types::{ConfigurationItem, Registration};

use super::status;
use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    params::{Fields, Params},
    routes::Later,
};

/// The name under which editors keep our settings.
const SECTION: &str = "aside";
/// How long requests wait for settings that are being read; a disk that hangs stops nothing else.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most problems shown in one message.
const SHOWN: usize = 3;

/// What the editor has set, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    // Written while settings are put into force; fair, so that it keeps the wire's order.
    turn: Arc<RwLock<()>>,
    // Both are held for a look or a swap only.
    layer: Mutex<Value>,
    problems: Mutex<Problems>,
}

#[derive(Debug, Default)]
struct Problems {
    found: Vec<String>,
    told: bool,
}

impl Configuration {
    /// Completes when the settings that came before are in force.
    pub(crate) async fn settled(&self) {
        let _in_time = timeout(PATIENCE, self.turn.read()).await;
    }

    /// Keeps what the editor has set now; gives what it has set last.
    fn keep(&self, layer: Option<Value>) -> Value {
        let mut kept = Self::lock(&self.layer);
        if let Some(layer) = layer {
            *kept = layer;
        }
        kept.clone()
    }

    /// Keeps what is wrong with the settings, to be told unless it was told already.
    fn found(&self, found: Vec<String>) {
        let mut problems = Self::lock(&self.problems);
        if problems.found != found {
            *problems = Problems { told: false, found };
        }
    }

    fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the settings that come with `initialize` into force, at once: the editor waits for the answer and says nothing else. Tells
/// nothing yet: nothing may be sent before that answer.
pub(crate) fn first(backend: &Backend, options: Option<Value>) {
    let layer = options.filter(says_something).map(|options| section(options).unwrap_or_else(|options| options));
    let editor = backend.configuration.keep(layer);
    let found = backend.services.host.configure(backend.editor.main_folder(), editor);
    backend.configuration.found(found);
}

/// After the greeting: tells what was wrong so far, and asks for the settings where the editor is to be asked.
pub(crate) async fn greeted(backend: &Backend) {
    tell(backend);
    let capabilities = backend.editor.capabilities();
    if capabilities.registers_settings {
        let changes = Registration {
            id: "aside-settings".to_owned(),
            method: "workspace/didChangeConfiguration".to_owned(),
            register_options: Some(json!({ "section": SECTION })),
        };
        if let Err(error) = backend.client.register_capability(vec![changes]).await {
            tracing::info!(%error, "the editor does not register for settings");
        }
    }
    if capabilities.pulls_settings {
        pull(backend).await;
    }
}

pub(crate) fn did_change(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let settings = params.fields()?.take("settings").filter(says_something);
    let backend = backend.clone();
    let layer = match settings {
        Some(settings) => section(settings).or_else(|settings| ours(settings).ok_or(())).ok(),
        None if backend.editor.capabilities().pulls_settings => {
            return Ok(Some(Box::pin(async move { pull(&backend).await })));
        }
        None => None,
    };
    let Some(layer) = layer else { return Ok(None) };
    Ok(Some(put_into_force(backend, Some(layer))))
}

pub(crate) fn did_change_folders(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let mut event = params.fields()?.fields("event")?;
    let removed = folders(&mut event, "removed")?;
    let added = folders(&mut event, "added")?;
    let other_settings = backend.editor.change_folders(&removed, added);
    Ok(other_settings.then(|| put_into_force(backend.clone(), None)))
}

fn folders(event: &mut Fields, name: &str) -> Result<Vec<PathBuf>, Failure> {
    let uris = event.list(name, 1000)?.into_iter().map(|mut folder| folder.text("uri"));
    Ok(uris.collect::<Result<Vec<_>, _>>()?.iter().filter_map(|uri| convert::path(uri)).collect())
}

/// Asks the editor for its settings and puts them into force.
async fn pull(backend: &Backend) {
    let scope_uri = None;
    let item = ConfigurationItem { scope_uri, section: Some(SECTION.to_owned()) };
    match backend.client.configuration(vec![item]).await {
        Ok(answers) => {
            // An editor without settings for us answers with nothing or an empty object: what it said before stays.
            if let Some(layer) = answers.into_iter().next().filter(says_something) {
                put_into_force(backend.clone(), Some(layer)).await;
            }
        }
        Err(error) => tracing::info!(%error, "the editor does not tell its settings"),
    }
}

/// Applies and tells. Takes its place in the order at its first poll.
fn put_into_force(backend: Backend, layer: Option<Value>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        apply(&backend, layer).await;
        tell(&backend);
        status::changed(&backend, "settings", None);
    })
}

async fn apply(backend: &Backend, layer: Option<Value>) {
    let configuration = &backend.configuration;
    let _turn = configuration.turn.write().await;
    let editor = configuration.keep(layer);
    let (host, folder) = (Arc::clone(&backend.services.host), backend.editor.main_folder());
    // It reads files, which may take its time.
    match tokio::task::spawn_blocking(move || host.configure(folder, editor)).await {
        Ok(found) => configuration.found(found),
        Err(error) => tracing::error!(%error, "the settings could not be read; those before stay in force"),
    }
}

/// Shows what is wrong with the settings, once.
fn tell(backend: &Backend) {
    let problems = {
        let mut problems = Configuration::lock(&backend.configuration.problems);
        if std::mem::replace(&mut problems.told, true) {
            return;
        }
        problems.found.clone()
    };
    if let Some(message) = summary(&problems) {
        backend.warn(&message);
    }
}

fn summary(problems: &[String]) -> Option<String> {
    let (shown, more) = problems.split_at(problems.len().min(SHOWN));
    let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
    let listed = shown.join("; ");
    (!shown.is_empty()).then(|| format!("Aside's settings: {listed}{more}. `aside config check` shows all."))
}

/// The part of an editor's settings that is named after us, or the settings back.
fn section(mut settings: Value) -> Result<Value, Value> {
    match settings.get_mut(SECTION) {
        Some(ours) if ours.is_null() => Ok(json!({})),
        Some(ours) => Ok(ours.take()),
        None => Err(settings),
    }
}

/// Settings without our name on them, when they are ours: some editors send all that a person has set, for any server.
fn ours(settings: Value) -> Option<Value> {
    let schema = aside_config::schema();
    let known = schema["properties"].as_object()?;
    settings.as_object()?.keys().any(|key| known.contains_key(key)).then_some(settings)
}

/// Whether a value says anything: neither nothing nor an empty object.
fn says_something(value: &Value) -> bool {
    !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_under_our_name() {
        let named = json!({ "aside": { "complete": { "enabled": false } }, "other": 1 });
        assert_eq!(section(named), Ok(json!({ "complete": { "enabled": false } })));
        assert_eq!(section(json!({ "aside": null })), Ok(json!({})));
        assert_eq!(section(json!({ "other": 1 })), Err(json!({ "other": 1 })));
        assert_eq!(section(json!("text")), Err(json!("text")));
    }

    #[test]
    fn settings_without_a_name_are_ours_when_they_look_so() {
        let unnamed = json!({ "complete": { "enabled": false } });
        assert_eq!(ours(unnamed.clone()), Some(unnamed));
        assert_eq!(ours(json!({ "rust-analyzer": {} })), None);
        assert_eq!(ours(json!([1])), None);
    }

    #[test]
    fn many_problems_are_summed_up() {
        let problems = |count: usize| (1..=count).map(|n| format!("p{n}")).collect::<Vec<_>>();
        assert_eq!(summary(&[]), None);
        let one = "Aside's settings: p1. `aside config check` shows all.";
        assert_eq!(summary(&problems(1)).as_deref(), Some(one));
        let five = "Aside's settings: p1; p2; p3; and 2 more. `aside config check` shows all.";
        assert_eq!(summary(&problems(5)).as_deref(), Some(five));
    }
}
