//! Conversations as Markdown documents, for editors without a plugin.
//!
//! Owns the open pages: which document is which conversation, how one is opened, shown and put away. What a page says is `sheet`'s,
//! what keeps it up to date is `writer`'s, what can be done in it is `offers`'. A page's file belongs to the program around
//! ([`Papers`](crate::Papers)).

mod asks;
mod change;
mod mark;
mod offers;
mod outbox;
mod sheet;
#[cfg(test)]
mod tests;
mod view;
mod writer;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aside_assist::chat::Focus;
use aside_model::ModelRef;
use aside_sessions::{Outbox, SessionId, SessionInfo, State, TurnId, WorkspaceId};
use aside_text::{Document, Encoding};
use dashmap::DashMap;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

pub(crate) use offers::{actions, lenses};

use crate::{
    Papers,
    backend::Backend,
    convert,
    documents::Unavailable,
    errors::Failure,
    protocol::{WireNote, WirePosition},
};
use mark::Mark;
use outbox::PageOutbox;
use view::View;
use writer::{Post, Said, Writer};

/// Messages that a page shows, unless asked for another number.
pub(crate) const SHOWN: u32 = 50;
/// The most messages that a page shows.
pub(crate) const MOST: u32 = 1000;
/// Conversations that are looked at to find the newest idle one.
const LOOKED_AT: u32 = 20;
/// The most characters of a title in a file's name.
const STEM: usize = 24;

/// The pages of one editor.
#[derive(Default)]
pub(crate) struct Pages {
    // By address. Guards are held for a look only.
    open: DashMap<String, Arc<Page>>,
    // Held while a page is made, so that a conversation has one page only.
    making: tokio::sync::Mutex<()>,
}

/// A page and the way to its task.
pub(crate) struct Page {
    leaf: Arc<Leaf>,
    mailbox: mpsc::UnboundedSender<Post>,
}

/// What never changes of a page, and what is known of it.
struct Leaf {
    session: SessionId,
    uri: String,
    path: PathBuf,
    mark: Mark,
    // Held for a clone or a swap only.
    view: Mutex<View>,
    /// Whether its file is there. Held while that comes or goes, on threads that may block: what closes a page late must not take the
    /// file of the one that was opened in its place.
    there: Mutex<bool>,
}

impl Leaf {
    /// Removes its file, once. May block.
    fn put_away(&self, papers: &dyn Papers) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *there) {
            papers.remove(&self.path);
        }
    }

    /// Makes its file again, with `text`, where it was removed. May block.
    fn bring_back(&self, papers: &dyn Papers, text: &str) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        if *there {
            return;
        }
        match papers.restore(&self.path, text) {
            Ok(()) => *there = true,
            Err(refused) => tracing::warn!(error = refused.message, "a document that was opened again has no file"),
        }
    }

    fn view(&self) -> View {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_view(&self, view: View) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }
}

impl Page {
    /// Its address.
    pub(crate) fn uri(&self) -> &str {
        &self.leaf.uri
    }
}

impl Pages {
    /// Whether the document `uri` is a page.
    pub(crate) fn holds(&self, uri: &str) -> bool {
        self.open.contains_key(uri)
    }

    /// The document `uri` was opened, if it is a page. In wire order, like the two below.
    pub(crate) fn opened(&self, uri: &str) {
        self.tell(uri, Post::Opened);
    }

    /// The document `uri` was changed, if it is a page.
    pub(crate) fn changed(&self, uri: &str) {
        self.tell(uri, Post::Changed);
    }

    /// The document `uri` was closed, if it is a page: its file goes.
    pub(crate) fn closed(&self, uri: &str) {
        self.tell(uri, Post::Closed);
    }

    fn tell(&self, uri: &str, post: Post) {
        if let Some(page) = self.find(uri) {
            let _gone = page.mailbox.send(post);
        }
    }

    fn find(&self, uri: &str) -> Option<Arc<Page>> {
        self.open.get(uri).map(|page| Arc::clone(&page))
    }

    fn of(&self, session: SessionId) -> Option<Arc<Page>> {
        self.open.iter().find(|page| page.leaf.session == session).map(|page| Arc::clone(&page))
    }
}

/// Shows a conversation to the person: as a page, or by the plugin where the editor has one.
///
/// # Errors
/// The conversation cannot be read, or there is no place for the page.
pub(crate) async fn show(backend: &Backend, session: SessionId) -> Result<(), Failure> {
    if backend.editor.capabilities().edits.chat {
        backend.notify("aside/chat/show", &json!({ "session": session.to_string() }));
        return Ok(());
    }
    open(backend, session, None).await.map(drop)
}

/// Opens the page of `session`, or the one that is open, and has the editor show it. `limit` is how many messages it shows; `None`
/// leaves that as it is.
///
/// # Errors
/// The conversation cannot be read, or there is no place for the page.
pub(crate) async fn open(backend: &Backend, session: SessionId, limit: Option<u32>) -> Result<Arc<Page>, Failure> {
    let _one_at_a_time = backend.pages.making.lock().await;
    let known = backend.pages.of(session);
    let page = match known {
        Some(page) if backend.services.documents.snapshot(page.uri()).is_some() => {
            if let Some(limit) = limit {
                let _gone = page.mailbox.send(Post::Limit(limit));
            }
            page
        }
        // It was closed: its file is gone, and so is what the editor knew.
        Some(page) => {
            backend.pages.open.remove(page.uri());
            let papers = Arc::clone(&backend.services.papers);
            blocking(move || page.leaf.put_away(&*papers)).await;
            make(backend, session, limit.unwrap_or(SHOWN)).await?
        }
        None => make(backend, session, limit.unwrap_or(SHOWN)).await?,
    };
    reveal(backend, &page);
    Ok(page)
}

async fn make(backend: &Backend, session: SessionId, limit: u32) -> Result<Arc<Page>, Failure> {
    let (mailbox, posts) = mpsc::unbounded_channel();
    let outbox: Arc<dyn Outbox> = Arc::new(PageOutbox(mailbox.downgrade()));
    let opened = backend.services.sessions.join(session, limit, None, &outbox).await?;
    let mark = Mark::fresh(&session.to_string());
    let text = sheet::render(&mark, &opened, None);
    let (papers, stem, whole) = (Arc::clone(&backend.services.papers), stem(&opened.session), format!("{text}\n"));
    let path = blocking(move || papers.create(&stem, "md", &whole)).await?;
    let uri: String = url::Url::from_file_path(&path).map_err(|()| nowhere(&path.display().to_string()))?.into();
    let leaf =
        Arc::new(Leaf { session, uri: uri.clone(), path, mark, view: Mutex::default(), there: Mutex::new(true) });
    let writer = Writer::new(backend, Arc::clone(&leaf), (opened, text, limit), (outbox, mailbox.downgrade()));
    let page = Arc::new(Page { leaf, mailbox });
    backend.pages.open.insert(uri, Arc::clone(&page));
    tokio::spawn(writer.run(posts));
    Ok(page)
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

fn nowhere(why: &str) -> Failure {
    let message = format!("the conversation cannot be opened as a document: {why}");
    Failure::new("storage-failed", message, "run `aside doctor`")
}

/// Has the editor show a page, or says where it is. Does not wait for the editor, which may itself be waiting.
fn reveal(backend: &Backend, page: &Arc<Page>) {
    let (backend, page) = (backend.clone(), Arc::clone(page));
    tokio::spawn(async move {
        let shown = backend.editor.capabilities().edits.show_document
            && asks::show(&backend.client, page.uri(), end_of(&backend, &page)).await;
        if !shown {
            let message = format!("Aside: the conversation is in `{}`. Open that file.", page.leaf.path.display());
            backend.notify("window/showMessage", &WireNote { kind: 3, message });
        }
    });
}

/// The place at which the person writes, in a page that is open.
fn end_of(backend: &Backend, page: &Page) -> Option<Value> {
    let document = backend.services.documents.snapshot(page.uri())?;
    let end = document.position(document.len_bytes(), backend.editor.encoding());
    Some(json!(WirePosition { line: end.line, character: end.character }))
}

/// The beginning of a page's file name.
fn stem(session: &SessionInfo) -> String {
    let mut title = String::new();
    for one in session.title.chars() {
        if one.is_alphanumeric() {
            title.extend(one.to_lowercase());
        } else if !title.is_empty() && !title.ends_with('-') {
            title.push('-');
        }
    }
    let title: String = title.chars().take(STEM).collect();
    let (title, id) = (title.trim_end_matches('-'), session.id.to_string());
    // The beginning of an id is the time: conversations of one hour share it.
    let id = id.get(id.len().saturating_sub(8)..).unwrap_or(&id);
    if title.is_empty() { format!("chat-{id}") } else { format!("chat-{title}-{id}") }
}

/// The newest conversation of `folder` in which nobody answers and that no other program has open; a new one where there is none, or
/// when it is to be `new`.
///
/// # Errors
/// The conversations cannot be read, or there are as many as there may be.
pub(crate) async fn choose(backend: &Backend, folder: Option<PathBuf>, new: bool) -> Result<SessionId, Failure> {
    let (sessions, workspace) = (&backend.services.sessions, WorkspaceId::of(folder.as_deref()));
    if !new {
        let page = sessions.list(Some(&workspace), LOOKED_AT, None).await?;
        let free = |info: &SessionInfo| matches!(info.state, State::Idle | State::Interrupted) && !info.elsewhere;
        if let Some(info) = page.sessions.into_iter().find(free) {
            return Ok(info.id);
        }
    }
    Ok(sessions.create(&workspace, None, None).await?.id)
}

/// What is to be sent: taken in wire order, so that it is the text the person saw.
pub(crate) struct Letter {
    page: Arc<Page>,
    document: Document,
}

impl Letter {
    /// The page `uri`, or the one that was used last.
    ///
    /// # Errors
    /// There is no such page, or its text is not known.
    pub(crate) fn find(backend: &Backend, uri: Option<String>) -> Result<Self, Failure> {
        let documents = &backend.services.documents;
        let last = || documents.all().into_iter().map(|one| one.uri().to_owned()).find(|uri| backend.pages.holds(uri));
        let Some(uri) = uri.or_else(last) else {
            let hint = "open one with the command `aside.chat.document`";
            return Err(Failure::new("unknown-document", "no conversation is open as a document", hint));
        };
        let document = documents.find(&uri);
        let Some(page) = backend.pages.find(&uri) else {
            let message = format!("`{}` is not a conversation", convert::name(&uri));
            return Err(Failure::new("unknown-document", message, "open one with the command `aside.chat.document`"));
        };
        let document = document.map_err(|error: Unavailable| Failure::from(error))?;
        Ok(Self { page, document })
    }

    /// The conversation.
    pub(crate) fn session(&self) -> SessionId {
        self.page.leaf.session
    }

    /// Sends what stands below the last heading. In wire order up to its future, which gives the turn.
    ///
    /// # Errors
    /// There is nothing, or the conversation does not take it.
    pub(crate) fn send(
        self,
        focus: Option<Focus>,
        model: Option<ModelRef>,
    ) -> impl Future<Output = Result<TurnId, Failure>> + Send + 'static {
        let (reply, sent) = oneshot::channel();
        let said = Said { document: self.document, focus, model };
        // A task that is gone drops the reply.
        let _gone = self.page.mailbox.send(Post::Send(Box::new(said), reply));
        async move {
            let hint = "start it again and send the message then";
            sent.await.unwrap_or_else(|_| Err(Failure::new("shutting-down", "the server is ending", hint)))
        }
    }
}

/// How a page's edits are counted, and whether they name the version that they are about.
fn manner(backend: &Backend) -> (Encoding, bool) {
    (backend.editor.encoding(), backend.editor.capabilities().edits.versioned)
}
