//! A reader that collects, a model whose words are released one by one, and a place on disk.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use aside_model::{EndReason, EventStream, ModelError, StreamEvent};
use aside_sessions::{
    Attachment, DataKeys, End, Event, Home, MessageState, Options, Outbox, Say, SessionId, Sessions, StoredMessage,
    TurnEvent, WorkspaceId,
};
use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, time::Instant};

pub(crate) use crate::keys::HeldKeys;

/// A fresh place on disk.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("sessions.db")
    }

    pub(crate) fn anchor(&self) -> PathBuf {
        self.database().with_extension("anchor")
    }

    /// Another editor's sessions on the same database.
    pub(crate) fn sessions(&self) -> Sessions {
        self.sessions_with(Options::default())
    }

    pub(crate) fn sessions_with(&self, options: Options) -> Sessions {
        self.sessions_of(options, HeldKeys::of(1))
    }

    /// The same with the key from elsewhere.
    pub(crate) fn sessions_of(&self, options: Options, keys: Arc<dyn DataKeys>) -> Sessions {
        Sessions::new(home(self.database(), keys), options)
    }
}

/// Where conversations are kept by a database.
pub(crate) fn home(database: PathBuf, keys: Arc<dyn DataKeys>) -> Home {
    let (anchor, entered) = (database.with_extension("anchor"), database.with_extension("open"));
    Home { database, anchor, entered, keys }
}

/// One session in a fresh place.
pub(crate) async fn one() -> (Place, Sessions, SessionId) {
    one_with(Options::default()).await
}

pub(crate) async fn one_with(options: Options) -> (Place, Sessions, SessionId) {
    let place = Place::new();
    let sessions = place.sessions_with(options);
    let id = fresh(&sessions).await;
    (place, sessions, id)
}

pub(crate) async fn fresh(sessions: &Sessions) -> SessionId {
    sessions.create(&WorkspaceId::of(None), None, None).await.expect("made").id
}

/// A model's answer, released word by word.
pub(crate) struct Script {
    words: mpsc::UnboundedSender<Result<StreamEvent, ModelError>>,
    history: Arc<Mutex<Vec<StoredMessage>>>,
}

impl Script {
    /// A message and the script of its answer.
    pub(crate) fn say(text: &str) -> (Self, Say) {
        let (words, released) = mpsc::unbounded_channel();
        let history: Arc<Mutex<Vec<StoredMessage>>> = Arc::default();
        let seen = Arc::clone(&history);
        let answer = move |history: Vec<StoredMessage>| -> EventStream {
            *seen.lock().expect("not poisoned") = history;
            stream::unfold(released, async |mut released: mpsc::UnboundedReceiver<_>| {
                released.recv().await.map(|word| (word, released))
            })
            .boxed()
        };
        (Self { words, history }, say(text, answer))
    }

    pub(crate) fn text(&self, text: &str) {
        self.give(Ok(StreamEvent::Text(text.to_owned())));
    }

    pub(crate) fn end(&self) {
        self.give(Ok(StreamEvent::End(EndReason::Complete)));
    }

    pub(crate) fn give(&self, word: Result<StreamEvent, ModelError>) {
        self.words.send(word).expect("somebody listens");
    }

    /// Waits until nobody wants the rest.
    pub(crate) async fn closed(&self) {
        self.words.closed().await;
    }

    /// What the model was given.
    pub(crate) fn history(&self) -> Vec<String> {
        self.history.lock().expect("not poisoned").iter().map(|message| message.text.clone()).collect()
    }
}

pub(crate) fn say(text: &str, answer: impl FnOnce(Vec<StoredMessage>) -> EventStream + Send + 'static) -> Say {
    let attachments = vec![Attachment { label: "a.rs".to_owned(), uri: None, text: "fn a() {}".to_owned() }];
    Say {
        text: text.to_owned(),
        attachments,
        model: "test/scripted".to_owned(),
        replaces: None,
        answer: Box::new(answer),
    }
}

/// An answer that is there at once.
pub(crate) fn quick(text: &str, answer: &str) -> Say {
    let words = [StreamEvent::Text(answer.to_owned()), StreamEvent::End(EndReason::Complete)];
    say(text, move |_| stream::iter(words.map(Ok)).boxed())
}

/// Collects events and when they came.
pub(crate) struct Reader {
    events: mpsc::UnboundedReceiver<(Instant, TurnEvent)>,
    door: Arc<Door>,
    /// The door as sessions know it; they hold it weakly.
    pub(crate) outbox: Arc<dyn Outbox>,
}

struct Door {
    ready: AtomicBool,
    events: mpsc::UnboundedSender<(Instant, TurnEvent)>,
}

impl Outbox for Door {
    fn ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    fn send(&self, event: TurnEvent) {
        // A test that has seen enough has dropped its end.
        let _ = self.events.send((Instant::now(), event));
    }
}

impl Reader {
    pub(crate) fn new() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let door = Arc::new(Door { ready: AtomicBool::new(true), events: sender });
        let outbox: Arc<dyn Outbox> = Arc::clone(&door) as Arc<dyn Outbox>;
        Self { events, door, outbox }
    }

    pub(crate) async fn of(sessions: &Sessions, id: SessionId) -> Self {
        let reader = Self::new();
        sessions.subscribe(id, &reader.outbox).await.expect("subscribed");
        reader
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.door.ready.store(ready, Ordering::SeqCst);
    }

    pub(crate) async fn next(&mut self) -> Event {
        self.events.recv().await.expect("the door is open").1.event
    }

    pub(crate) fn has_nothing(&mut self) -> bool {
        self.events.try_recv().is_err()
    }

    /// Everything up to the end of the turn; checks that the numbers have no gap.
    pub(crate) async fn turn(&mut self) -> Told {
        self.turn_from(0).await
    }

    /// The same after the first events were read.
    pub(crate) async fn turn_from(&mut self, first: u64) -> Told {
        let mut told = Told::default();
        loop {
            let (at, TurnEvent { n, event, .. }) = self.events.recv().await.expect("the door is open");
            assert_eq!(n, first + told.times.len() as u64, "numbers have no gap: {event:?}");
            told.times.push(at);
            match event {
                Event::Delta(text) => told.deltas.push(text),
                Event::Notice(text) => told.notices.push(text),
                Event::End { reason, error } => {
                    told.end = Some((reason, error.map(|error| error.code)));
                    return told;
                }
                Event::Asked { .. } | Event::Reasoning(_) | Event::Usage(_) => {}
            }
        }
    }
}

/// What a reader was told in one turn.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) times: Vec<Instant>,
    pub(crate) deltas: Vec<String>,
    pub(crate) notices: Vec<String>,
    pub(crate) end: Option<(End, Option<String>)>,
}

impl Told {
    pub(crate) fn text(&self) -> String {
        self.deltas.concat()
    }

    pub(crate) fn end(&self) -> (End, Option<&str>) {
        let (reason, code) = self.end.as_ref().expect("ended");
        (*reason, code.as_deref())
    }
}

/// Texts and states of a session as another editor reads them.
pub(crate) async fn read(sessions: &Sessions, id: SessionId) -> Vec<(String, MessageState)> {
    let opened = sessions.open(id, 1000, None).await.expect("opened");
    opened.messages.into_iter().map(|message| (message.text, message.state)).collect()
}

/// Reads until the last message is as wanted.
pub(crate) async fn until(sessions: &Sessions, id: SessionId, wanted: impl Fn(&str, MessageState) -> bool) -> String {
    loop {
        let messages = read(sessions, id).await;
        if let Some((text, state)) = messages.last()
            && wanted(text, *state)
        {
            return text.clone();
        }
        tokio::task::yield_now().await;
    }
}
