//! The checks behind `aside doctor` and `aside/health`: each has a result and, where it matters, a next step.
//!
//! A check tells what it saw; it repairs nothing and sends nothing but one small question to each model in a role.

mod keys;
mod memory;
mod session_key;
mod sessions;

use std::{sync::Arc, time::Duration};

use aside_model::{ErrorKind, ModelError, ModelRef};
use aside_vault::audit::AuditStatus;
use serde::Serialize;

use crate::{
    models::{BUILTIN, chat_role, complete_role, edit_role},
    wiring::App,
};

/// One check and its result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Check {
    /// What was checked, a few words.
    pub(crate) name: String,
    pub(crate) result: Outcome,
    /// What was seen, one sentence.
    pub(crate) detail: String,
    /// The next step, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// As it should be.
    Good,
    /// Works, and could be better or should be known.
    Note,
    /// Does not work.
    Bad,
}

impl Check {
    fn new(name: &str, result: Outcome, detail: impl Into<String>) -> Self {
        let detail = aside_secret::redact(&detail.into()).into_owned();
        Self { name: name.to_owned(), result, detail, next: None }
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

/// Runs every check. Slow ones run side by side, each within its own limits.
pub(crate) async fn all(app: &App) -> Vec<Check> {
    let mut checks = settings(app);
    checks.extend(directories(app));
    checks.push(memory::check());
    let (sessions, session_key, keys, audit, chat, complete, edit, local) = tokio::join!(
        sessions::checks(app),
        session_key::check(app),
        keys::checks(app),
        audit(app),
        role(app, "chat"),
        role(app, "complete"),
        edit(app),
        local(app)
    );
    checks.extend(sessions);
    checks.push(session_key);
    checks.extend(keys);
    checks.extend([audit, chat, complete, edit]);
    checks.extend(local);
    checks
}

fn settings(app: &App) -> Vec<Check> {
    let current = app.current.load();
    let file = app.paths.config_file.display();
    let told = |problem: &aside_config::Problem, result| {
        Check::new("settings", result, problem.what()).next(problem.hint.clone())
    };
    let notes = current.loaded.notes.iter().map(|note| told(note, Outcome::Note));
    if current.loaded.problems.is_empty() {
        let what =
            if app.paths.config_file.exists() { "has no mistakes" } else { "does not exist; defaults are in force" };
        let good = Check::new("settings", Outcome::Good, format!("`{file}` {what}"));
        return [good].into_iter().chain(notes).collect();
    }
    let problems = current.loaded.problems.iter().map(|problem| told(problem, Outcome::Bad));
    problems.chain(notes).collect()
}

fn directories(app: &App) -> Vec<Check> {
    let folders = [("data", &app.paths.data), ("state", &app.paths.state), ("cache", &app.paths.cache)];
    folders.iter().map(|(name, folder)| directory(name, folder)).collect()
}

fn directory(name: &str, folder: &std::path::Path) -> Check {
    let (name, shown) = (format!("{name} folder"), folder.display());
    match std::fs::symlink_metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::new(&name, Outcome::Good, format!("`{shown}` is made when it is first needed"))
        }
        Err(error) => Check::new(&name, Outcome::Bad, format!("`{shown}`: {error}"))
            .next("make it yours, or set ASIDE_HOME to another folder"),
        Ok(found) if !found.is_dir() => Check::new(&name, Outcome::Bad, format!("`{shown}` is not a folder"))
            .next("move it away, or set ASIDE_HOME to another folder"),
        Ok(found) if is_open_to_others(&found) => {
            Check::new(&name, Outcome::Note, format!("`{shown}` is open to other users of this machine"))
                .next(format!("`chmod 700 {shown}`; it is closed when it is next used"))
        }
        Ok(_) => Check::new(&name, Outcome::Good, format!("`{shown}` is private")),
    }
}

#[cfg(unix)]
fn is_open_to_others(found: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0
}

/// Elsewhere the user's profile is protected as a whole.
#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

async fn audit(app: &App) -> Check {
    let log = Arc::clone(&app.audit);
    match tokio::task::spawn_blocking(move || log.status()).await {
        Ok(status) => audited(&status),
        Err(error) => Check::new("audit", Outcome::Bad, format!("the audit log cannot be looked at: {error}")),
    }
}

fn audited(status: &AuditStatus) -> Check {
    let log = status.log.display();
    if let Some(problem) = &status.problem {
        return Check::new("audit", Outcome::Bad, problem.to_string()).next(problem.hint());
    }
    if status.files == 0 {
        return Check::new("audit", Outcome::Good, format!("`{log}` is made when a key is first used"));
    }
    let last =
        status.last.map_or_else(String::new, |at| format!(", last record {}", at.strftime("%Y-%m-%d %H:%M UTC")));
    let detail = format!("`{log}` and {} older files, {} bytes{last}", status.files - 1, status.bytes);
    if status.lost > 0 {
        return Check::new("audit", Outcome::Note, format!("{detail}; {} records could not be written", status.lost))
            .next("`aside audit verify` tells what is there");
    }
    if status.drops_soon {
        return Check::new("audit", Outcome::Note, format!("{detail}; the oldest file is about to be removed"))
            .next("copy it if you need it, or raise `audit.keep` or `audit.max_bytes`");
    }
    Check::new("audit", Outcome::Good, detail)
}

/// The model for edits. Where none is set it is the one for conversations, which is not asked twice.
async fn edit(app: &App) -> Check {
    let current = app.current.load_full();
    let name = "edit model";
    match edit_role(&current) {
        Ok(reference) if reference.provider == BUILTIN => {
            Check::new(name, Outcome::Note, "none: the built-in engine changes no code")
                .next("to have code changed set `roles.edit = \"provider/model\"` in config.toml")
        }
        Ok(reference) if current.loaded.settings.roles.edit.is_none() => {
            Check::new(name, Outcome::Good, format!("{reference}, as for conversations"))
        }
        reference => answered(app, name, reference).await,
    }
}

async fn role(app: &App, role: &str) -> Check {
    let current = app.current.load_full();
    let name = format!("{role} model");
    let reference = if role == "chat" { chat_role(&current) } else { complete_role(&current) };
    match reference {
        Ok(reference) if reference.provider == BUILTIN => {
            let what = format!("{reference}: built in, no key and no network needed");
            Check::new(&name, Outcome::Good, what)
                .next(format!("for a real model set `roles.{role} = \"provider/model\"` in config.toml"))
        }
        reference => answered(app, &name, reference).await,
    }
}

/// Asks the model and tells how it went.
async fn answered(app: &App, name: &str, reference: Result<ModelRef, ModelError>) -> Check {
    let answered = match &reference {
        Ok(reference) => app.current.load_full().providers.probe(reference).await,
        Err(error) => Err(error.clone()),
    };
    answer(name, reference.ok().as_ref(), answered)
}

fn answer(name: &str, reference: Option<&ModelRef>, answered: Result<Duration, ModelError>) -> Check {
    let model = reference.map_or_else(|| "the model of the settings".to_owned(), ToString::to_string);
    match answered {
        Ok(took) => Check::new(name, Outcome::Good, format!("{model} answered in {} ms", took.as_millis())),
        // Nothing is broken: a person has to come first.
        Err(error) if error.kind == ErrorKind::Locked => {
            Check::new(name, Outcome::Note, format!("{model}: {error}")).next(error.hint())
        }
        Err(error) => Check::new(name, Outcome::Bad, format!("{model}: {error}")).next(error.hint()),
    }
}

async fn local(app: &App) -> Vec<Check> {
    let current = app.current.load_full();
    if !current.loaded.settings.local.detect {
        return vec![Check::new("local servers", Outcome::Note, "not looked for: `local.detect` is false")];
    }
    let found = current.providers.discover().await;
    if found.is_empty() {
        let none = "no Ollama, llama.cpp or LM Studio answers on this machine's usual ports";
        return vec![
            Check::new("local servers", Outcome::Note, none)
                .next("start one for chat and better completions, for example `ollama serve`"),
        ];
    }
    let offer = |found: &aside_providers::Found| {
        let models = found.models.join(", ");
        let check = Check::new(
            "local servers",
            Outcome::Good,
            format!("{} at {} has: {models}", found.provider, found.address),
        );
        match found.models.first() {
            Some(model) => check.next(format!(
                "to use it: `roles.chat = \"{}/{model}\"` in config.toml, or `aside try --local`",
                found.provider
            )),
            None => check.next("load a model in it"),
        }
    };
    found.iter().map(offer).collect()
}
