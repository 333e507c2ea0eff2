//! The language server as its library sees it: the lifecycle, and what every handler shares.
//!
//! What a method does stands in `handlers`, which methods there are in `routes`.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock, Weak},
};

use aside_assist::edit::Watcher;
use aside_secret::redact;
use aside_sessions::Outbox;
use aside_text::Position;
use serde::Serialize;
use tower_lsp::{
    Client, LanguageServer,
    gen_lsp_types::{InitializeParams, InitializeResult, InitializedParams, ServerInfo},
    jsonrpc,
};

use crate::{
    Services,
    documents::Trouble,
    editor::Editor,
    edits::{self, Diffs},
    greeting::Slot,
    handlers::{commands, configuration, configuration::Configuration, keys, status::Health},
    order::Order,
    outbox::EditorOutbox,
    page::Pages,
    protocol::WireNote,
    reviews::Reviews,
    transport::Outgoing,
};

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Backend(Arc<Shared>);

/// The parts of a [`Backend`].
pub(crate) struct Shared {
    pub(crate) services: Services,
    pub(crate) editor: Editor,
    pub(crate) configuration: Configuration,
    pub(crate) order: Order,
    pub(crate) health: Health,
    pub(crate) reviews: Reviews,
    pub(crate) diffs: Arc<Diffs>,
    pub(crate) pages: Pages,
    /// Asks the editor things.
    pub(crate) client: Client,
    /// The sessions' way to this editor; they hold it weakly.
    pub(crate) outbox: Arc<dyn Outbox>,
    /// Hears of edits for this editor; the desk holds it weakly.
    pub(crate) watcher: OnceLock<Arc<dyn Watcher>>,
    outgoing: Outgoing,
    greeting: Slot,
}

impl Deref for Backend {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Backend {
    /// A backend that serves with `services`, sends through `outgoing` and `client`, and is greeted through `greeting`.
    pub(crate) fn new(services: Services, outgoing: Outgoing, client: Client, greeting: Slot) -> Self {
        Self(Arc::new(Shared {
            services,
            editor: Editor::default(),
            configuration: Configuration::default(),
            order: Order::default(),
            health: Health::default(),
            reviews: Reviews::default(),
            diffs: Arc::default(),
            pages: Pages::default(),
            client,
            outbox: Arc::new(EditorOutbox::new(outgoing.clone())),
            watcher: OnceLock::new(),
            outgoing,
            greeting,
        }))
    }

    /// The same, without keeping it alive.
    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    /// The backend, while somebody keeps it alive.
    pub(crate) fn upgrade(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self)
    }
}

impl Shared {
    /// Sends a notification.
    pub(crate) fn notify<P: Serialize>(&self, method: &'static str, params: &P) {
        self.outgoing.notify(method, params);
    }

    /// The person looks at `uri`, at `position` if known. Looking at a conversation they still mean what they looked at before.
    pub(crate) fn look(&self, uri: &str, position: Option<Position>) {
        if !self.pages.holds(uri) {
            self.editor.look(uri, position);
        }
    }

    /// Shows the person a warning.
    pub(crate) fn warn(&self, message: &str) {
        let message = redact(message).into_owned();
        self.notify("window/showMessage", &WireNote { kind: 2, message });
    }

    /// Shows the person something to know.
    pub(crate) fn tell_person(&self, message: &str) {
        let message = redact(message).into_owned();
        self.notify("window/showMessage", &WireNote { kind: 3, message });
    }

    /// Writes a document for the editor to open, whose name begins with `stem`; gives its address.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(crate) async fn paper(
        &self,
        stem: &'static str,
        extension: &'static str,
        text: String,
    ) -> Result<String, String> {
        let papers = Arc::clone(&self.services.papers);
        let made = tokio::task::spawn_blocking(move || papers.create(stem, extension, &text)).await;
        let path = made.map_err(|error| error.to_string())?.map_err(|refused| refused.message)?;
        url::Url::from_file_path(&path).map(String::from).map_err(|()| "its path is no address".to_owned())
    }

    /// Writes a line to the editor's log.
    pub(crate) fn log(&self, message: &str) {
        let message = redact(message).into_owned();
        self.notify("window/logMessage", &WireNote { kind: 3, message });
    }

    /// Tells of trouble with a document, if there is any.
    pub(crate) fn tell(&self, trouble: Option<Trouble>) {
        match trouble {
            None => {}
            Some(Trouble::Show(message)) => {
                tracing::warn!("{message}");
                self.warn(&message);
            }
            Some(Trouble::Log(message)) => {
                tracing::info!("{message}");
                self.log(&message);
            }
        }
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, _empty: InitializeParams) -> jsonrpc::Result<InitializeResult> {
        let mut greeting = self.greeting.take();
        tracing::info!(editor = greeting.name, version = greeting.version, "an editor connects");
        let options = greeting.options.take();
        let capabilities = greeting.capabilities;
        self.services.host.client(&greeting.name, &greeting.version);
        self.editor.greet(greeting);
        configuration::first(self, options);
        let offer = capabilities.offer(commands::names().collect(), self.services.host.menu());
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        let server = ServerInfo { name: "aside".to_owned(), version };
        Ok(InitializeResult { capabilities: offer, server_info: Some(server) })
    }

    async fn initialized(&self, _nothing: InitializedParams) {
        keys::watch(self);
        edits::watch(self);
        configuration::greeted(self).await;
    }

    async fn shutdown(&self) -> jsonrpc::Result<()> {
        // What runs is saved by the transport's hook, which also runs when no `shutdown` comes.
        Ok(())
    }
}
