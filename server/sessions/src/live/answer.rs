//! One running answer: the stream it comes from and the writes it causes. Owns how the turn machine's effects are carried out.

use std::{panic::AssertUnwindSafe, time::Duration};

use aside_model::{EventStream, ModelError, StreamEvent};
use aside_storage::database::DatabaseError;
use futures_util::{FutureExt, StreamExt};
use tokio::task::JoinHandle;

use crate::{
    Options, SessionError, SessionId, TurnError, TurnId,
    format::Record,
    owner::BEAT,
    say::Answer,
    store::{Hold, Kept, Running, Store},
    turn::{Effect, Input, Save, Turn},
};

/// A turn with everything that moves it.
pub(super) struct Answering {
    pub(super) id: TurnId,
    pub(super) turn: Turn,
    session: SessionId,
    store: Store,
    stream: Option<EventStream>,
    /// A task of its own: it may hold what others wait for, and must not stand still while this one waits for them.
    writing: Option<JoinHandle<Written>>,
    /// A save that waits for a sign of life to be written.
    queued: Option<Save>,
    /// Whether the disk refused a save: it may have kept it all the same.
    refused: bool,
    /// When something was last written.
    last_write: Duration,
    /// Leaves the ledger with this value, when the turn is over or its task fails.
    running: Option<Running>,
    /// What it is sealed with, until it is over.
    hold: Hold,
}

/// What became of a write.
pub(super) enum Written {
    Beat,
    Save(Result<Kept, SessionError>),
}

/// What moved an answer.
pub(super) enum Moved {
    Said(Input),
    Wrote(Written),
}

impl Answering {
    pub(super) fn new(session: SessionId, begun: (Running, Hold), store: Store, options: &Options) -> Self {
        let (running, hold) = begun;
        Self {
            id: running.turn(),
            turn: Turn::new(options),
            session,
            store,
            stream: None,
            writing: None,
            queued: None,
            refused: false,
            last_write: Duration::ZERO,
            running: Some(running),
            hold,
        }
    }

    /// Starts the stream.
    pub(super) fn start(&mut self, now: Duration, answer: Answer, history: Vec<crate::StoredMessage>, unsaved: bool) {
        self.last_write = now;
        if unsaved {
            self.on(now, Input::Unsaved);
        }
        match std::panic::catch_unwind(AssertUnwindSafe(|| answer(history))) {
            Ok(stream) => self.stream = Some(stream),
            Err(_) => self.on(now, Input::Failed(defect())),
        }
    }

    /// Whether a new turn may begin.
    pub(super) fn is_over(&self) -> bool {
        self.turn.outcome().is_some()
    }

    /// Feeds the machine and carries out what it asks for.
    pub(super) fn on(&mut self, now: Duration, input: Input) {
        for effect in self.turn.on(now, input) {
            match effect {
                Effect::CloseStream => self.stream = None,
                Effect::Save(save) if self.writing.is_some() => self.queued = Some(save),
                Effect::Save(save) => self.save(now, save),
            }
        }
        if self.is_over() {
            self.running = None;
            self.hold = Hold::default();
        }
    }

    /// Takes what `moved` gave.
    pub(super) fn take(&mut self, now: Duration, moved: Moved) {
        self.refused |= matches!(moved, Moved::Wrote(Written::Save(Err(_))));
        let input = match moved {
            Moved::Said(input) => Some(input),
            Moved::Wrote(Written::Beat) => None,
            Moved::Wrote(Written::Save(Ok(Kept::Kept))) => Some(Input::Saved),
            Moved::Wrote(Written::Save(Ok(Kept::Lost))) => Some(Input::Lost),
            Moved::Wrote(Written::Save(Err(error))) => Some(Input::SaveFailed(error.to_string())),
        };
        if let Some(save) = self.queued.take_if(|_| self.writing.is_none()) {
            self.save(now, save);
        }
        if let Some(input) = input {
            self.on(now, input);
        }
    }

    /// Lets time pass: checkpoints, and signs of life when nothing else is written.
    pub(super) fn tick(&mut self, now: Duration) {
        self.on(now, Input::Tick);
        if !self.is_over() && self.writing.is_none() && now >= self.last_write + BEAT {
            self.last_write = now;
            let (store, session, hold) = (self.store.clone(), self.session, self.hold.clone());
            // A sign of life that cannot be written is one that is not given: the next save says why.
            self.writing = Some(tokio::spawn(async move {
                drop(store.beat(session, &hold).await);
                Written::Beat
            }));
        }
    }

    /// When a tick is due.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.is_over() {
            return None;
        }
        let beat = self.writing.is_none().then_some(self.last_write + BEAT);
        self.turn.deadline().into_iter().chain(beat).min()
    }

    /// Waits for the next thing to happen to this answer; forever when nothing can. May be dropped and called again.
    pub(super) async fn moved(&mut self) -> Moved {
        let Self { stream, writing, .. } = self;
        tokio::select! {
            said = said(stream) => Moved::Said(said),
            written = wrote(writing) => Moved::Wrote(written),
        }
    }

    fn save(&mut self, now: Duration, save: Save) {
        self.last_write = now;
        let record = match save {
            Save::Part(text) => Record::Part { text },
            Save::Close(closing) => Record::End(closing),
        };
        let (store, session, turn, hold) = (self.store.clone(), self.session, self.id, self.hold.clone());
        let from = self.refused.then(|| self.turn.on_disk());
        let writing = async move { Written::Save(store.append(session, turn, record, (from, hold)).await) };
        self.writing = Some(tokio::spawn(writing));
    }
}

/// The stream's next event, as the machine understands it.
async fn said(stream: &mut Option<EventStream>) -> Input {
    let Some(open) = stream else { return std::future::pending().await };
    // An adapter's defect ends its answer and nothing else.
    let next = AssertUnwindSafe(open.next()).catch_unwind().await;
    match next {
        Ok(Some(Ok(event))) => input_of(event),
        Ok(Some(Err(error))) => Input::Failed(failure(&error)),
        Ok(None) => Input::Dry,
        Err(_) => Input::Failed(defect()),
    }
}

async fn wrote(writing: &mut Option<JoinHandle<Written>>) -> Written {
    let Some(write) = writing else { return std::future::pending().await };
    let written = write.await;
    *writing = None;
    written.unwrap_or_else(|_| Written::Save(Err(DatabaseError::Panicked.into())))
}

fn input_of(event: StreamEvent) -> Input {
    match event {
        StreamEvent::Text(text) => Input::Text(text),
        StreamEvent::Reasoning(text) => Input::Reasoning(text),
        StreamEvent::Usage(usage) => Input::Usage(usage),
        StreamEvent::End(reason) => Input::Ended(reason),
    }
}

fn failure(error: &ModelError) -> TurnError {
    TurnError::from(error)
}

fn defect() -> TurnError {
    TurnError::new(
        "internal",
        "the answer failed inside the program",
        "ask again; if it fails again, report it with the log",
    )
}
