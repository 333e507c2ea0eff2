//! One running answer: the stream it comes from and the writes it causes. Owns how the turn machine's effects are carried out.

use std::{panic::AssertUnwindSafe, time::Duration};

use aside_model::{EventStream, ModelError, StreamEvent};
use aside_storage::database::DatabaseError;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};

use crate::{
    Options, SessionId, TurnError, TurnId,
    format::Record,
    owner::BEAT,
    say::Answer,
    store::{Kept, Running, Store},
    turn::{Effect, Input, Save, Turn},
};

/// A turn with everything that moves it.
pub(super) struct Answering {
    pub(super) id: TurnId,
    pub(super) turn: Turn,
    session: SessionId,
    store: Store,
    stream: Option<EventStream>,
    writing: Option<BoxFuture<'static, Written>>,
    /// A save that waits for a sign of life to be written.
    queued: Option<Save>,
    /// When something was last written.
    last_write: Duration,
    /// Leaves the ledger with this value, when the turn is over or its task fails.
    running: Option<Running>,
}

/// What became of a write.
pub(super) enum Written {
    Beat,
    Save(Result<Kept, DatabaseError>),
}

/// What moved an answer.
pub(super) enum Moved {
    Said(Input),
    Wrote(Written),
}

impl Answering {
    pub(super) fn new(session: SessionId, running: Running, store: Store, options: &Options) -> Self {
        Self {
            id: running.turn(),
            turn: Turn::new(options),
            session,
            store,
            stream: None,
            writing: None,
            queued: None,
            last_write: Duration::ZERO,
            running: Some(running),
        }
    }

    /// Starts the stream.
    pub(super) fn start(&mut self, now: Duration, answer: Answer, history: Vec<crate::StoredMessage>) {
        self.last_write = now;
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
        }
    }

    /// Takes what `moved` gave.
    pub(super) fn take(&mut self, now: Duration, moved: Moved) {
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
            let (store, session, turn) = (self.store.clone(), self.session, self.id);
            // A sign of life that cannot be written is one that is not given: the next save says why.
            self.writing =
                Some(async move { store.beat(session, turn).await.map_or(Written::Beat, |()| Written::Beat) }.boxed());
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
        let (store, session, turn) = (self.store.clone(), self.session, self.id);
        self.writing = Some(async move { Written::Save(store.append(session, turn, record).await) }.boxed());
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

async fn wrote(writing: &mut Option<BoxFuture<'static, Written>>) -> Written {
    let Some(write) = writing else { return std::future::pending().await };
    let written = write.await;
    *writing = None;
    written
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
