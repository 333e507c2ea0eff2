//! Plugs the crates into each other, by the settings.
//!
//! [`App`] is what every command starts from. What the settings decide is held in one immutable [`Current`], replaced as a
//! whole when they change, so that a request sees either the old settings or the new ones and never a mixture.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use aside_assist::{action, chat, edit, inline};
use aside_config::{KeySource, Layers, Loaded, Paths, Settings};
use aside_lsp::Documents;
use aside_providers::{HttpOptions, ProviderSpec, Providers, builtin};
use aside_secret::stack;
use aside_sessions::{Home, Rate, ResumeRates, Sessions, retention::Rule};
use aside_vault::{
    Files,
    audit::{AuditFiles, AuditLog, By, Limits},
};

use crate::{
    cli::Asked,
    corpus::WorkspaceCorpus,
    custom,
    failure::{Exit, Failure},
    keys::{ConversationKeys, KeyPlace, KeyService, KeySettings},
    logs::Loudness,
    models::RoleModels,
    trust::Trust,
    variables,
};

/// How many workspaces may open conversations as often as each of them may.
const WORKSPACES_AT_ONCE: u32 = 4;

/// Everything a command needs.
pub(crate) struct App {
    pub(crate) paths: Paths,
    pub(crate) current: Arc<ArcSwap<Current>>,
    pub(crate) documents: Documents,
    pub(crate) sessions: Sessions,
    pub(crate) inline: Arc<inline::Inline>,
    pub(crate) chat: Arc<chat::Chat>,
    pub(crate) actions: Arc<action::Actions>,
    pub(crate) edits: Arc<edit::Desk>,
    pub(crate) trust: Trust,
    pub(crate) keys: Arc<KeyService>,
    pub(crate) conversation_keys: Arc<ConversationKeys>,
    pub(crate) audit: Arc<AuditLog>,
    pub(crate) loudness: Loudness,
    flags: Vec<(String, String)>,
    // Serializes reloads; held while files are read, never over an await.
    reload: Mutex<()>,
}

/// What the settings decide.
pub(crate) struct Current {
    pub(crate) loaded: Loaded,
    pub(crate) providers: Arc<Providers>,
    pub(crate) engine: Arc<builtin::Engine>,
}

impl App {
    /// Reads the settings and wires the program for `workspace`, recording what it does with keys as `by`. Opens no connection, no
    /// database and no keyring.
    ///
    /// # Errors
    /// The platform's directories cannot be told, or a `--set` is not `key=value`.
    pub(crate) fn new(asked: &Asked, workspace: Option<&Path>, by: By) -> Result<Self, Failure> {
        // The message names the variable and what to do with it.
        let mut paths = Paths::from_env().map_err(|error| Failure::new(Exit::Failed, error.to_string(), ""))?;
        // Conversations may be kept elsewhere for a run; keys stay where they are.
        let files = Files::in_folders(&paths.data, &paths.state);
        let flags = asked.set.iter().map(|flag| parse_flag(flag)).collect::<Result<Vec<_>, _>>()?;
        // One log for this user, wherever this run keeps its conversations.
        let audited = AuditFiles::under(&paths.state, &paths.data);
        let data_of_keys = paths.data.clone();
        if let Some(data) = &asked.data {
            paths.data = absolute(data)?;
        }
        let trust = Trust::new(&paths.state);
        let mut loaded = load(&paths, &flags, workspace, None);
        custom::settle(&mut loaded, workspace, &trust);
        let documents = Documents::new();
        let audit = Arc::new(AuditLog::new(audited, audit_limits(&loaded.settings), by));
        let place = KeyPlace::new(KeySettings::of(&loaded.settings), socket_folders(&paths), files);
        let keys = KeyService::new(place, Arc::clone(&audit));
        let conversation_keys = ConversationKeys::new(&keys, &data_of_keys, &paths.state);
        let engine = engine(&loaded.settings, &documents);
        let providers = providers(&loaded.settings, &keys, &engine);
        let settings = loaded.settings.clone();
        let current = Arc::new(ArcSwap::from_pointee(Current { loaded, providers, engine }));
        let models = Arc::new(RoleModels::new(Arc::clone(&current)));
        let conversation_keys = Arc::new(conversation_keys);
        let home = Home {
            database: paths.data.join("sessions.db"),
            // A store of its own has its own history.
            anchor: asked.data.as_ref().map_or(&paths.state, |_| &paths.data).join("sessions.anchor"),
            entered: paths.runtime.join("sessions.open"),
            keys: conversation_keys.clone(),
        };
        let sessions = Sessions::new(home, session_options(&settings));
        let (connected, lock_sessions) = (Arc::downgrade(&current), sessions.locker());
        keys.on_lock(Box::new(move || {
            lock_sessions();
            if let Some(current) = connected.upgrade() {
                current.load().providers.disconnect();
            }
        }));
        Ok(Self {
            inline: Arc::new(inline::Inline::new(models.clone(), inline_options(&settings))),
            chat: Arc::new(chat::Chat::new(models.clone(), sessions.clone(), chat_options(&settings))),
            actions: Arc::new(actions(&models, &documents, &settings)),
            edits: Arc::new(edit::Desk::new(models, Arc::new(documents.clone()), edit_options(&settings, &paths))),
            trust,
            paths,
            current,
            documents,
            sessions,
            keys,
            conversation_keys,
            audit,
            loudness: Loudness::default(),
            flags,
            reload: Mutex::new(()),
        })
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Settings {
        self.current.load().loaded.settings.clone()
    }

    /// The settings as they are for `workspace`, read now and not put into force; what it brings is kept apart.
    pub(crate) fn load(&self, workspace: Option<&Path>) -> Loaded {
        load(&self.paths, &self.flags, workspace, None)
    }

    /// Reads the settings again, with what the editor sent, and puts them into force. Gives what is wrong with them.
    pub(crate) fn reload(&self, workspace: Option<&Path>, editor: Option<serde_json::Value>) -> Vec<String> {
        let _one_at_a_time = self.reload.lock().unwrap_or_else(PoisonError::into_inner);
        let mut loaded = load(&self.paths, &self.flags, workspace, editor);
        custom::settle(&mut loaded, workspace, &self.trust);
        let problems = loaded.problems.iter().map(ToString::to_string).collect();
        let before = self.current.load();
        let engine = if before.loaded.settings.builtin == loaded.settings.builtin {
            Arc::clone(&before.engine)
        } else {
            engine(&loaded.settings, &self.documents)
        };
        if before.loaded.settings != loaded.settings {
            let providers = providers(&loaded.settings, &self.keys, &engine);
            let settings = loaded.settings.clone();
            // The models first: completions forget what they remember of the old ones with their new options.
            self.current.store(Arc::new(Current { loaded, providers, engine }));
            self.keys.set(KeySettings::of(&settings));
            self.inline.set_options(inline_options(&settings));
            self.chat.set_options(chat_options(&settings));
            self.actions.set_options(action_options(&settings));
            self.actions.customs.set_custom(custom::of(&settings));
            self.edits.set_options(edit_options(&settings, &self.paths));
            self.sessions.set_options(session_options(&settings));
            self.loudness.set(settings.log.level);
            self.audit.set_limits(audit_limits(&settings));
        } else {
            self.current.store(Arc::new(Current { loaded, providers: Arc::clone(&before.providers), engine }));
        }
        problems
    }
}

impl Drop for App {
    /// A command is done: what it noted is written.
    fn drop(&mut self) {
        self.audit.close();
    }
}

/// Where this user's processes put their sockets, this one's own folder first. A session without the variable that names the
/// folder (`su`, cron) still finds those of a session that has it, and the other way round.
fn socket_folders(paths: &Paths) -> Vec<PathBuf> {
    let mut folders = vec![paths.runtime.clone()];
    if !paths.is_under_one_root {
        #[cfg(target_os = "linux")]
        folders.push(format!("/run/user/{}/aside", rustix::process::geteuid().as_raw()).into());
        folders.push(paths.state.join("run"));
    }
    let mut seen = std::collections::BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

fn audit_limits(settings: &Settings) -> Limits {
    let audit = &settings.audit;
    let required = match audit.required {
        aside_config::Required::Changes => aside_vault::audit::Required::Changes,
        aside_config::Required::All => aside_vault::audit::Required::All,
    };
    Limits { max_bytes: audit.max_bytes, keep: audit.keep, required }
}

/// A `--set` as key and value.
///
/// # Errors
/// It is not `key=value`.
pub(crate) fn parse_flag(flag: &str) -> Result<(String, String), Failure> {
    let (key, value) = flag.split_once('=').ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("`{flag}` is not `key=value`"),
            "write for example `--set complete.max_tokens=64`",
        )
    })?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn load(
    paths: &Paths,
    flags: &[(String, String)],
    workspace: Option<&Path>,
    editor: Option<serde_json::Value>,
) -> Loaded {
    let (mut layers, problems) = Layers::read(paths, workspace);
    layers.flags = flags.to_vec();
    layers.editor = editor;
    layers.withheld = variables::names();
    let mut loaded = aside_config::merge(&layers);
    loaded.problems.extend(problems);
    loaded
}

fn engine(settings: &Settings, documents: &Documents) -> Arc<builtin::Engine> {
    let corpus = Arc::new(WorkspaceCorpus::new(documents.clone(), &settings.builtin));
    let options = builtin::Options { threshold: settings.builtin.threshold, ..builtin::Options::default() };
    Arc::new(builtin::Engine::new(options, corpus))
}

fn providers(settings: &Settings, keys: &Arc<KeyService>, engine: &Arc<builtin::Engine>) -> Arc<Providers> {
    let specs = settings.providers.iter().map(|(name, provider)| spec(name, provider)).collect();
    Arc::new(Providers::new(specs, http_options(settings), keys.clone(), Arc::clone(engine)))
}

/// How the network is used by these settings.
pub(crate) fn http_options(settings: &Settings) -> HttpOptions {
    HttpOptions {
        connect_timeout: settings.http.connect_timeout,
        first_byte_timeout: settings.http.first_byte_timeout,
        idle_timeout: settings.http.idle_timeout,
        proxy: settings.http.proxy.clone(),
        ca_file: settings.http.ca_file.clone(),
    }
}

/// A provider of the settings as `providers` knows it.
pub(crate) fn spec(name: &str, provider: &aside_config::Provider) -> ProviderSpec {
    use aside_config::Dialect as From;
    use aside_providers::Dialect as To;
    ProviderSpec {
        name: name.to_owned(),
        dialect: match provider.dialect {
            From::OpenAi => To::OpenAi,
            From::Anthropic => To::Anthropic,
            From::Ollama => To::Ollama,
            From::LlamaCpp => To::LlamaCpp,
            From::Builtin => To::Builtin,
        },
        base_url: provider.base_url.clone(),
        key: match &provider.key {
            KeySource::Keyring => aside_providers::KeySource::Keyring,
            KeySource::Env(variable) => aside_providers::KeySource::Env(variable.clone()),
            KeySource::Command(argv) => aside_providers::KeySource::Command(argv.clone()),
            KeySource::None => aside_providers::KeySource::None,
        },
        fim: provider.fim.clone(),
        allow_http: provider.allow_http,
    }
}

fn inline_options(settings: &Settings) -> inline::Options {
    let complete = &settings.complete;
    inline::Options {
        enabled: complete.enabled,
        disabled_languages: complete.disabled_languages.clone(),
        max_tokens: complete.max_tokens,
        prefix_bytes: complete.prefix_bytes as usize,
        suffix_bytes: complete.suffix_bytes as usize,
        debounce: complete.debounce,
        timeout: complete.timeout,
    }
}

fn chat_options(settings: &Settings) -> chat::Options {
    let chat = &settings.chat;
    chat::Options {
        max_tokens: chat.max_tokens,
        context_bytes: chat.context_bytes as usize,
        instructions: chat.instructions.clone(),
    }
}

fn edit_options(settings: &Settings, paths: &Paths) -> edit::Options {
    let mut own = vec![paths.config_file.clone(), paths.data.clone(), paths.state.clone(), paths.runtime.clone()];
    own.extend(std::env::current_exe());
    // An edit is judged by where it really goes.
    let own = own.into_iter().map(|path| path.canonicalize().unwrap_or(path)).collect();
    edit::Options { max_tokens: settings.edit.max_tokens, home: std::env::home_dir(), own }
}

/// What can be asked about code, by the settings.
fn actions(models: &Arc<RoleModels>, documents: &Documents, settings: &Settings) -> action::Actions {
    let actions = action::Actions::new(models.clone(), Arc::new(documents.clone()), action_options(settings));
    actions.customs.set_custom(custom::of(settings));
    actions
}

fn action_options(settings: &Settings) -> action::Options {
    action::Options {
        context_bytes: settings.edit.context_bytes as usize,
        max_tokens: settings.edit.max_tokens,
        instructions: settings.chat.instructions.clone(),
    }
}

fn session_options(settings: &Settings) -> aside_sessions::Options {
    let sessions = &settings.sessions;
    let rate = |tokens| Rate { tokens, window: Duration::from_secs(60) };
    aside_sessions::Options {
        max_message_chars: settings.chat.max_message_chars as usize,
        max_sessions: sessions.max_per_workspace.into(),
        max_session_bytes: sessions.max_bytes,
        resumes: ResumeRates {
            workspace: rate(sessions.resumes_per_minute),
            all: rate(WORKSPACES_AT_ONCE * sessions.resumes_per_minute),
        },
        ..Default::default()
    }
}

/// For how long conversations are kept by these settings.
pub(crate) fn retention(settings: &Settings) -> Rule {
    let sessions = &settings.sessions;
    let days = (sessions.retention_days > 0).then_some(sessions.retention_days);
    Rule { days, trash_days: sessions.trash_days }
}

/// Seconds since 1970, UTC.
pub(crate) fn unix_time() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A runtime for one command. Two workers: the work is waiting, and a language server should be small. What their work left on
/// their stacks is overwritten before they sleep.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .on_thread_park(stack::wipe)
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::new(Exit::Failed, format!("the runtime does not start: {error}"), ""))
}

/// Ends a runtime without waiting long for threads that are blocked in the system.
pub(crate) fn wind_down(runtime: tokio::runtime::Runtime) {
    runtime.shutdown_timeout(Duration::from_millis(100));
}

/// The absolute form of a path given on the command line.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Exit::Usage, format!("`{}`: {error}", path.display()), "give a path that exists"))
}
