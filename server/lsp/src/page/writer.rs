//! The task of a page: hears the conversation and the editor, and brings the document to where it should be.
//!
//! Owns everything of a page that changes. One edit is under way at a time, at most ten a second; what comes meanwhile merges. An edit
//! counts when the editor's own text shows it: until then the next one waits, and one that the editor refuses is made anew from the
//! text as it is then. What is said in the conversation is never in danger here: it is on disk before it is shown.

mod editing;
mod saying;

use std::{
    future::pending,
    sync::{Arc, Weak},
};

use aside_assist::chat::Focus;
use aside_model::{ModelRef, Role};
use aside_sessions::{End, Event, MessageState, Opened, Outbox, SessionId, StoredMessage, TurnEvent, TurnId};
use aside_text::Document;
use futures_util::future::BoxFuture;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, WeakUnboundedSender},
        oneshot,
    },
    time::{Instant, sleep_until},
};

use super::{
    Leaf,
    asks::Applied,
    blocking, change,
    outbox::PageOutbox,
    sheet::{self, Live},
    view::{self, RECENT, View},
};
use crate::{
    backend::{Backend, Shared},
    errors::Failure,
};

/// What a page is told.
pub(super) enum Post {
    /// Something happened in the conversation.
    Event(TurnEvent),
    /// The editor opened the document.
    Opened,
    /// The editor changed the document.
    Changed,
    /// The editor closed the document.
    Closed,
    /// The person sends what they wrote.
    Send(Box<Said>, oneshot::Sender<Result<TurnId, Failure>>),
    /// That many messages are to be shown.
    Limit(u32),
}

/// What the person sends, and from where.
pub(super) struct Said {
    /// The page as it was.
    pub(super) document: Document,
    /// What else they look at.
    pub(super) focus: Option<Focus>,
    /// The model to ask instead of the one of the settings.
    pub(super) model: Option<ModelRef>,
}

/// The state of a page. `last` is the server's part of the document as the editor is thought to have it.
pub(super) struct Writer {
    backend: Weak<Shared>,
    leaf: Arc<Leaf>,
    mailbox: WeakUnboundedSender<Post>,
    outbox: Option<Arc<dyn Outbox>>,
    opened: Opened,
    recent: Vec<(SessionId, String)>,
    limit: u32,
    live: Option<(TurnId, Live)>,
    last: String,
    /// What was sent and still stands below the last heading.
    taken: Option<String>,
    /// Whether the document has to be looked at although nothing new is to be shown.
    again: bool,
    doing: Doing,
    refusals: u32,
    not_before: Instant,
    /// When to look again.
    wake: Option<Instant>,
}

/// What is under way.
enum Doing {
    Nothing,
    /// The editor was asked to apply an edit of this version, which makes the server's part `wanted`.
    Asking {
        answer: BoxFuture<'static, Applied>,
        edit: Edit,
    },
    /// The editor applied it; its text does not show it yet.
    Settling {
        edit: Edit,
        until: Instant,
    },
    /// The editor does not take edits.
    GivenUp,
}

/// An edit that is under way.
struct Edit {
    /// The server's part behind it.
    wanted: String,
    /// The version of the document that it is about.
    version: i32,
    /// What it takes away below the last heading.
    taken: Option<String>,
    /// Whether it was made without knowing what the editor has.
    anew: bool,
}

impl Writer {
    /// The task of `leaf`, whose document was made with the text that was rendered of what was opened, and with that limit.
    pub(super) fn new(
        backend: &Backend,
        leaf: Arc<Leaf>,
        (opened, last, limit): (Opened, String, u32),
        (outbox, mailbox): (Arc<dyn Outbox>, WeakUnboundedSender<Post>),
    ) -> Self {
        let writer = Self {
            backend: backend.downgrade(),
            leaf,
            mailbox,
            outbox: Some(outbox),
            opened,
            recent: Vec::new(),
            limit,
            live: None,
            last,
            taken: None,
            again: false,
            doing: Doing::Nothing,
            refusals: 0,
            not_before: Instant::now(),
            wake: None,
        };
        writer.look();
        writer
    }

    /// Runs until the page is forgotten or the server ends.
    pub(super) async fn run(mut self, mut posts: UnboundedReceiver<Post>) {
        if let Some(backend) = Backend::upgrade(&self.backend) {
            self.find_recent(&backend).await;
            self.look();
        }
        loop {
            let wake = self.wake.take();
            let post = tokio::select! {
                post = posts.recv() => match post {
                    Some(post) => Some(post),
                    None => return,
                },
                applied = answer(&mut self.doing) => {
                    self.answered(applied);
                    None
                }
                () = at(wake) => None,
            };
            let Some(backend) = Backend::upgrade(&self.backend) else { return };
            let mut next = post;
            while let Some(post) = next {
                self.take(&backend, post).await;
                next = posts.try_recv().ok();
            }
            self.look();
            self.step(&backend);
        }
    }

    async fn take(&mut self, backend: &Backend, post: Post) {
        match post {
            Post::Event(event) => self.hear(backend, event).await,
            Post::Opened => self.reopened(backend).await,
            Post::Changed => {}
            Post::Closed => self.closed(backend).await,
            Post::Limit(limit) => {
                self.limit = limit;
                self.reload(backend).await;
            }
            Post::Send(said, reply) => {
                let sent = self.send(backend, *said).await;
                self.try_anew();
                let _gone = reply.send(sent);
            }
        }
    }

    /// Takes an event of the conversation.
    async fn hear(&mut self, backend: &Backend, TurnEvent { turn, n, event, .. }: TurnEvent) {
        if self.live.as_ref().is_none_or(|(live, _)| *live != turn) {
            // What was asked is on disk before anything of the answer is told.
            self.reload(backend).await;
            self.live = Some((turn, Live::default()));
        }
        let Some((_, live)) = &mut self.live else { return };
        if n == 0 {
            // A turn is told from its start to whoever comes late.
            *live = Live::default();
        }
        match event {
            Event::Delta(text) => live.text.push_str(&text),
            Event::Notice(text) => live.notices.push(text),
            Event::End { reason, error } => {
                let text = self.live.take().map(|(_, live)| live.text).unwrap_or_default();
                self.reload(backend).await;
                self.keep(text, reason, error);
                self.try_anew();
            }
            Event::Asked { .. } | Event::Reasoning(_) | Event::Usage(_) => {}
        }
    }

    /// Keeps an answer that could not be saved on the page.
    fn keep(&mut self, text: String, reason: End, error: Option<aside_sessions::TurnError>) {
        let Some(question) = self.opened.messages.last() else { return };
        if question.role == Role::User && !text.is_empty() {
            let state = match reason {
                End::Complete => MessageState::Complete,
                End::Stopped => MessageState::Stopped,
                End::Length => MessageState::Length,
                End::Truncated => MessageState::Truncated,
                End::Error => MessageState::Error,
                End::Interrupted => MessageState::Interrupted,
            };
            let (n, role) = (question.n + 1, Role::Assistant);
            let model = self.opened.session.model.clone();
            let kept =
                StoredMessage { n, role, text, state, error, model, attachments: Vec::new(), ..question.clone() };
            self.opened.messages.push(kept);
        }
    }

    async fn reload(&mut self, backend: &Backend) {
        match backend.services.sessions.open(self.leaf.session, self.limit, None).await {
            Ok(opened) => self.opened = opened,
            // What is shown stays: it was true.
            Err(error) => tracing::info!(%error, "a conversation that is open as a document cannot be read again"),
        }
        self.find_recent(backend).await;
    }

    async fn find_recent(&mut self, backend: &Backend) {
        let folder = Some(&self.opened.session.workspace).filter(|folder| !folder.is_empty()).map(std::path::Path::new);
        let workspace = aside_sessions::WorkspaceId::of(folder);
        let few = u32::try_from(RECENT + 1).expect("a small number");
        if let Ok(page) = backend.services.sessions.list(Some(&workspace), few, None).await {
            let others = page.sessions.into_iter().filter(|info| info.id != self.leaf.session).take(RECENT);
            self.recent = others.map(|info| (info.id, view::short(&info.title))).collect();
        }
    }

    /// The editor opened the document: what it holds is what is there.
    async fn reopened(&mut self, backend: &Backend) {
        if self.outbox.is_none() {
            let outbox: Arc<dyn Outbox> = Arc::new(PageOutbox(self.mailbox.clone()));
            match backend.services.sessions.join(self.leaf.session, self.limit, None, &outbox).await {
                Ok(opened) => self.opened = opened,
                Err(error) => tracing::info!(%error, "a conversation that was opened again cannot be read"),
            }
            self.outbox = Some(outbox);
        }
        if let Some(document) = backend.services.documents.snapshot(&self.leaf.uri) {
            let text = document.text();
            self.last = self.leaf.mark.end(&text).map_or_else(String::new, |end| text[..end].to_owned());
            let (papers, leaf) = (Arc::clone(&backend.services.papers), Arc::clone(&self.leaf));
            blocking(move || leaf.bring_back(&*papers, &text)).await;
        }
        self.doing = Doing::Nothing;
        self.try_anew();
    }

    /// The editor closed the document: nothing of it stays on the disk.
    async fn closed(&mut self, backend: &Backend) {
        self.outbox = None;
        self.live = None;
        self.taken = None;
        self.doing = Doing::Nothing;
        let (papers, leaf) = (Arc::clone(&backend.services.papers), Arc::clone(&self.leaf));
        blocking(move || leaf.put_away(&*papers)).await;
    }

    /// The editor may be asked again.
    fn try_anew(&mut self) {
        self.refusals = 0;
        if matches!(self.doing, Doing::GivenUp) {
            self.doing = Doing::Nothing;
        }
    }

    fn look(&self) {
        let live = self.live.as_ref().map(|(_, live)| live);
        self.leaf.set_view(View::of(&self.opened, live, self.limit, &self.recent));
    }

    fn wanted(&self) -> String {
        sheet::render(&self.leaf.mark, &self.opened, self.live.as_ref().map(|(_, live)| live))
    }
}

/// What the editor says to the edit that it was asked for; never, when there is none.
async fn answer(doing: &mut Doing) -> Applied {
    match doing {
        Doing::Asking { answer, .. } => answer.await,
        Doing::Nothing | Doing::Settling { .. } | Doing::GivenUp => pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
