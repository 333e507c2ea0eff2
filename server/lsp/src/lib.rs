//! The wall to editors: a language server over any pair of byte streams.
//!
//! Owns the Language Server Protocol: its transport, which methods there are, what editors can do, how inner types look on the wire
//! and how failures are told. It has no feature of its own: those come as [`Services`]. Nobody below knows a protocol.

mod asking;
mod backend;
mod capabilities;
mod changes;
mod convert;
mod documents;
mod editor;
mod edits;
mod errors;
mod greeting;
mod handlers;
mod keys;
mod order;
mod outbox;
mod page;
mod papers;
mod params;
mod protocol;
mod reviews;
mod routes;
mod transport;

#[cfg(test)]
mod tests;

use std::{io, path::PathBuf, sync::Arc};

use aside_assist::{action::Actions, chat::Chat, edit::Desk, inline::Inline};
use aside_config::Menu;
use aside_sessions::Sessions;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::LspService;

pub use changes::{Changes, Diff};
pub use documents::Documents;
pub use keys::{KeyDesk, KeyEvent, Refused};
pub use papers::Papers;
pub use transport::{
    Ended,
    stdio::{Input, Output},
};

use backend::Backend;
use greeting::{Front, Slot};
use transport::{Hooks, Outgoing};

/// What the server serves. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// Inline completion.
    pub inline: Arc<Inline>,
    /// Chat.
    pub chat: Arc<Chat>,
    /// What can be asked about code.
    pub actions: Arc<Actions>,
    /// Edits.
    pub edits: Arc<Desk>,
    /// Conversations.
    pub sessions: Sessions,
    /// What the editor has open, kept here by the server; shared with those who read it.
    pub documents: Documents,
    /// Private files for the documents that the server makes.
    pub papers: Arc<dyn Papers>,
    /// Keys, as far as an editor may know them.
    pub keys: Arc<dyn KeyDesk>,
    /// The rest of the program.
    pub host: Arc<dyn Host>,
}

/// What the server needs of the program around it and does not own.
pub trait Host: Send + Sync + 'static {
    /// The answer to `aside/status`: an object, to which the server adds `editor` and `documents`.
    fn status(&self) -> BoxFuture<'_, Value>;

    /// The answer to `aside/health`.
    fn health(&self) -> BoxFuture<'_, Value>;

    /// The answer to `aside/model/list`.
    fn models(&self) -> BoxFuture<'_, Value>;

    /// Puts settings into force for the main folder of the workspace, with what the editor has set (`null` when it has set nothing).
    /// Gives what is wrong with the settings, a sentence each. Called on a thread that may block, one call at a time.
    fn configure(&self, workspace: Option<PathBuf>, editor: Value) -> Vec<String>;

    /// What changed in the folder `workspace`, by version control.
    fn changes(&self, workspace: PathBuf, changes: Changes) -> BoxFuture<'_, Result<Diff, Refused>>;

    /// The setting `complete.menu`.
    fn menu(&self) -> Menu {
        Menu::Auto
    }

    /// An editor connects; either text is empty when it does not say.
    fn client(&self, name: &str, version: &str) {
        let _ = (name, version);
    }
}

/// Serves one editor on `input` and `output` until it leaves, and says how it left. Running turns are saved before this returns.
///
/// `parent` is a process to watch besides the one that the editor names in `initialize`: when either ends, serving ends.
pub async fn serve<R, W>(input: R, output: W, services: Services, parent: Option<u32>) -> Ended
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (outgoing, slot) = (Outgoing::default(), Slot::default());
    let (sessions, leaving) = (services.sessions.clone(), services.sessions.clone());
    let save = Box::pin(async move { sessions.shutdown().await });
    let backend = |client| Backend::new(services, outgoing.clone(), client, slot.clone());
    let (service, socket) = routes::register(LspService::build_with_lifecycle_methods(backend)).finish();
    let hooks = Hooks { outgoing, handlers: None, save };
    let serving = transport::serve(Front::new(service, slot), socket, input, output, hooks);
    let Some(parent) = parent else { return serving.await };
    tokio::select! {
        ended = serving => ended,
        () = transport::parent::watch(parent.into()) => {
            tracing::info!(parent, "the process that started us is gone");
            leaving.shutdown().await;
            Ended::ParentGone
        }
    }
}

/// Takes standard input and output for [`serve`], so that nothing else in this process can write between two messages. To be called
/// once, inside the runtime that serves.
///
/// # Errors
///
/// When one of them is closed or cannot be taken.
pub fn stdio() -> io::Result<(Input, Output)> {
    transport::stdio::take()
}
