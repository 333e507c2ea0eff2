//! The task of a live session.
//!
//! Owns everything of a session that changes while it is live: the running answer, its readers, what other programs do in it, and
//! when that which the disk refused is tried again. Everything reaches it through its mailbox, so nothing in it is locked and no two turns of a session run at
//! once. It decides nothing about a turn (`turn` does) and ends when nobody needs it.

mod answer;
mod elsewhere;
mod readers;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use aside_storage::database::Changes;

use crate::{
    Opened, Options, Outbox, Say, SessionError, SessionId, TurnId,
    registry::WorkspaceSessions,
    say::Answer,
    store::{Begun, Question, Store},
    turn::{Input, Turn},
};
use answer::{Answering, Moved};
use elsewhere::{Elsewhere, LOOK_AFTER, Looked};
use readers::Readers;

/// How often that which the disk refused is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// What a live session is asked.
pub(crate) enum Command {
    /// A message is said. Answered when it is on disk.
    Say(Say, oneshot::Sender<Result<TurnId, SessionError>>),
    /// Somebody wants to hear.
    Listen(Weak<dyn Outbox>),
    /// Somebody wants to read and to hear what follows, nothing missing and nothing twice.
    Join(Joining, oneshot::Sender<Result<Opened, SessionError>>),
    /// The running answer is not wanted any more. Answered when it is over.
    Stop(oneshot::Sender<()>),
    /// The session is not wanted any more. Answered when its rows are gone.
    Delete(oneshot::Sender<Result<(), SessionError>>),
    /// The program ends. Answered when the running answer is over and everyone was told.
    Shutdown(oneshot::Sender<()>),
}

/// Who joins, and what they read first.
pub(crate) struct Joining {
    pub(crate) outbox: Weak<dyn Outbox>,
    pub(crate) limit: usize,
    pub(crate) before: Option<u64>,
}

/// What a live session needs to know from the start.
pub(crate) struct Start {
    pub(crate) id: SessionId,
    pub(crate) store: Store,
    pub(crate) options: Arc<Options>,
    /// Where its mailbox is registered. Weak: a program that drops its sessions ends them.
    pub(crate) home: Weak<WorkspaceSessions>,
}

/// Starts the task of a session that listens to `mailbox`.
pub(crate) fn start(start: Start, mailbox: mpsc::Receiver<Command>) {
    let Start { id, store, options, home } = start;
    let readers = Readers::new(id, &options);
    let live = Live {
        id,
        store,
        options,
        home,
        mailbox,
        epoch: Instant::now(),
        readers,
        answering: None,
        changes: None,
        elsewhere: Elsewhere::default(),
        look_at: None,
        retry_at: None,
        noted: false,
        ends: Vec::new(),
    };
    tokio::spawn(live.run());
}

struct Live {
    id: SessionId,
    store: Store,
    options: Arc<Options>,
    home: Weak<WorkspaceSessions>,
    mailbox: mpsc::Receiver<Command>,
    /// Where this task's time begins.
    epoch: Instant,
    readers: Readers,
    /// The last answer, until everyone has heard its end.
    answering: Option<Answering>,
    /// Tells that another program may have written, while anybody listens.
    changes: Option<Changes>,
    elsewhere: Elsewhere,
    /// When to look after another program's turn.
    look_at: Option<Duration>,
    /// When to try again what the disk refused.
    retry_at: Option<Duration>,
    /// Whether it is noted that the session is open here.
    noted: bool,
    /// Who waits for the running answer to be over.
    ends: Vec<oneshot::Sender<()>>,
}

enum Happened {
    Asked(Command),
    /// Nobody can ask any more: the program drops its sessions.
    Abandoned,
    Moved(Moved),
    /// Another program may have written.
    Changed,
    Time,
}

impl Live {
    async fn run(mut self) {
        loop {
            // A stream that never pauses must not keep the others from their turn.
            tokio::task::coop::consume_budget().await;
            if self.is_unneeded() && self.retire().await {
                return;
            }
            match self.happens().await {
                Happened::Asked(command) => self.asked(command).await,
                Happened::Abandoned => {
                    self.feed(Input::Shutdown);
                    return self.finish().await;
                }
                Happened::Moved(moved) => {
                    let now = self.now();
                    if let Some(answering) = &mut self.answering {
                        answering.take(now, moved);
                    }
                }
                Happened::Changed => self.look().await,
                Happened::Time => self.time().await,
            }
            self.settle();
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    async fn time(&mut self) {
        let now = self.now();
        if let Some(answering) = &mut self.answering {
            answering.tick(now);
        }
        if self.look_at.take_if(|at| *at <= now).is_some() {
            self.look().await;
        }
        if self.retry_at.take_if(|at| *at <= now).is_some() {
            self.retry().await;
        }
    }

    async fn happens(&mut self) -> Happened {
        let wake = self.due().map(|due| self.epoch + due);
        let changed = async {
            match &mut self.changes {
                Some(changes) => changes.changed().await,
                None => std::future::pending().await,
            }
        };
        let moved = async {
            match &mut self.answering {
                Some(answering) => answering.moved().await,
                None => std::future::pending().await,
            }
        };
        let time = async {
            match wake {
                Some(wake) => tokio::time::sleep_until(wake).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = self.mailbox.recv() => command.map_or(Happened::Abandoned, Happened::Asked),
            moved = moved => Happened::Moved(moved),
            () = changed => Happened::Changed,
            () = time => Happened::Time,
        }
    }

    fn due(&self) -> Option<Duration> {
        let answering = self.answering.as_ref().and_then(Answering::due);
        let telling = self.shown().and_then(|(_, turn)| self.readers.due(turn));
        [answering, telling, self.look_at, self.retry_at].into_iter().flatten().min()
    }

    /// The turn that readers are told of: ours, or another program's.
    fn shown(&self) -> Option<(TurnId, &Turn)> {
        let ours = self.answering.as_ref().map(|answering| (answering.id, &answering.turn));
        ours.or_else(|| self.elsewhere.following.as_ref().map(|following| (following.id, &following.turn)))
    }

    async fn asked(&mut self, command: Command) {
        match command {
            Command::Say(say, reply) => {
                match self.say(say).await {
                    Ok((answering, begun, answer)) => {
                        // Whoever said it may be gone; the turn belongs to the session.
                        let _ = reply.send(Ok(answering.id));
                        self.answer(answering, begun, answer).await;
                    }
                    Err(error) => drop(reply.send(Err(error))),
                }
            }
            Command::Listen(outbox) => {
                self.follow().await;
                self.listen(&outbox, false);
            }
            Command::Join(joining, reply) => {
                // While this is read nothing moves, so what is told afterwards follows exactly.
                self.follow().await;
                let opened = self.store.open(self.id, joining.limit, joining.before).await;
                if opened.is_ok() {
                    self.listen(&joining.outbox, true);
                }
                let _ = reply.send(opened);
            }
            Command::Stop(reply) => {
                self.feed(Input::Stop);
                self.ends.push(reply);
            }
            Command::Shutdown(reply) => {
                self.feed(Input::Shutdown);
                self.finish().await;
                let _ = reply.send(());
            }
            Command::Delete(reply) => {
                self.feed(Input::Stop);
                self.finish().await;
                let deleted = self.store.trash(self.id).await;
                if deleted.is_ok() {
                    self.answering = None;
                    self.elsewhere = Elsewhere::default();
                    self.readers = Readers::new(self.id, &self.options);
                }
                let _ = reply.send(deleted);
            }
        }
    }

    /// Puts what is said on disk; it is acknowledged before anything else is done for it.
    async fn say(&mut self, say: Say) -> Result<(Answering, Begun, Answer), SessionError> {
        if self.answering.as_ref().is_some_and(|answering| !answering.is_over()) {
            return Err(SessionError::Busy { id: self.id, elsewhere: false });
        }
        let Say { text, attachments, model, replaces, answer } = say;
        let turn = TurnId::fresh();
        let running = self.store.ledger().enter(turn);
        let question = Question { session: self.id, turn, text, attachments, model, replaces };
        let begun = self.store.begin(question).await?;
        let hold = begun.hold.clone();
        Ok((Answering::new(self.id, (running, hold), self.store.clone(), &self.options), begun, answer))
    }

    async fn answer(&mut self, mut answering: Answering, begun: Begun, answer: Answer) {
        if self.elsewhere.is_busy() {
            // Their turn is over with this, and whoever follows it is told so first.
            self.look().await;
        }
        self.flush();
        self.elsewhere.following = None;
        self.readers.restart();
        let (history, unread) = self.store.history(begun).await;
        if let Some(error) = unread {
            let notice = format!("the model does not see what was said before: {error}");
            answering.on(self.now(), Input::Notice(notice));
        }
        answering.start(self.now(), answer, history, self.store.ledger().is_unsaved(self.id));
        self.answering = Some(answering);
    }

    fn listen(&mut self, outbox: &Weak<dyn Outbox>, anew: bool) {
        // An answer that is over is read, not told.
        let running = self.shown().is_some_and(|(_, turn)| turn.outcome().is_none());
        self.readers.add(outbox, running, anew);
    }

    /// From now on what other programs do in this session is seen.
    async fn follow(&mut self) {
        if self.changes.is_none() {
            self.changes = Some(self.store.database().changes());
            if let Ok(next) = self.store.follow_from(self.id).await {
                self.elsewhere.knows(next);
            }
        }
        if !self.noted {
            self.noted = true;
            // That it is open here helps others; it is no reason not to open it.
            let _ = self.store.note_reader(self.id, true).await;
        }
        self.look().await;
    }

    /// Looks whether another program wrote.
    async fn look(&mut self) {
        // Nobody is asked for a key because another program wrote: what it said is told with the first sign after an unlock.
        if self.store.access().at_hand().is_none() {
            self.look_at = None;
            return;
        }
        // Where nothing was there yet, everything that comes is new.
        let since = self.elsewhere.next().unwrap_or(0);
        let Ok(Some(news)) = self.store.news(self.id, since).await else { return };
        let store = &self.store;
        match self.elsewhere.take(news, &self.options, |turn| store.ledger().began(turn)) {
            // While we answer ourselves, the disk lets nobody else begin.
            Looked::Began if self.answering.as_ref().is_none_or(Answering::is_over) => {
                self.flush();
                self.answering = None;
                self.readers.restart();
            }
            _ => {}
        }
        self.look_at = self.elsewhere.is_busy().then(|| self.epoch.elapsed() + LOOK_AFTER);
    }

    /// Tries again what the disk refused.
    async fn retry(&mut self) {
        if self.answering.as_ref().is_none_or(Answering::is_over) {
            // An error leaves it where it is; the next time comes.
            let _ = self.store.flush_quietly(self.id).await;
        }
        self.plan_retry();
    }

    fn plan_retry(&mut self) {
        if self.store.ledger().is_unsaved(self.id) {
            self.retry_at.get_or_insert(self.epoch.elapsed() + RETRY);
        } else {
            self.retry_at = None;
        }
    }

    fn feed(&mut self, input: Input) {
        let now = self.now();
        if let Some(answering) = &mut self.answering {
            answering.on(now, input);
        }
    }

    /// Waits until the running answer is over, then tells everyone everything.
    async fn finish(&mut self) {
        while let Some(answering) = self.answering.as_mut().filter(|answering| !answering.is_over()) {
            let moved = answering.moved().await;
            let now = self.epoch.elapsed();
            answering.take(now, moved);
        }
        self.flush();
        self.settle();
        // What the disk refused is tried once more; nobody will be able to later.
        if let Err(error) = self.store.flush(self.id).await {
            tracing::warn!(session = %self.id, %error, "a part of a conversation is not saved");
        }
    }

    /// Does what follows from whatever happened: tells readers, notes an end.
    fn settle(&mut self) {
        let now = self.now();
        let Some(answering) = &mut self.answering else {
            self.ends.clear();
            if let Some(following) = &self.elsewhere.following {
                self.readers.tell(now, following.id, &following.turn);
            }
            return self.plan_retry();
        };
        self.readers.tell(now, answering.id, &answering.turn);
        if !answering.is_over() {
            return;
        }
        for end in self.ends.drain(..) {
            let _ = end.send(());
        }
        if let Some(closing) = answering.turn.take_unsaved() {
            let from = answering.turn.on_disk();
            self.store.hold_back_end(self.id, answering.id, closing, from);
        }
        self.plan_retry();
    }

    fn flush(&mut self) {
        if let Some(answering) = &self.answering {
            self.readers.flush(answering.id, &answering.turn);
        } else if let Some(following) = &self.elsewhere.following {
            self.readers.flush(following.id, &following.turn);
        }
    }

    /// Whether nobody would miss this task. Lets go of an answer that everyone has heard.
    fn is_unneeded(&mut self) -> bool {
        let heard = |answering: &Answering| answering.is_over() && self.readers.due(&answering.turn).is_none();
        if self.answering.as_ref().is_some_and(heard) {
            self.answering = None;
        }
        self.answering.is_none() && self.retry_at.is_none() && !self.readers.listen()
    }

    /// Leaves the map, unless something was asked meanwhile.
    async fn retire(&mut self) -> bool {
        self.changes = None;
        // Locked, the note stays until this program ends: leaving is no reason to ask for the key.
        if std::mem::take(&mut self.noted) && self.store.access().at_hand().is_some() {
            let _ = self.store.note_reader(self.id, false).await;
        }
        self.home.upgrade().is_none_or(|home| home.retire(self.id, &self.mailbox))
    }
}
