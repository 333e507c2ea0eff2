//! The task of a live session.
//!
//! Owns everything of a session that changes while it is live: the running answer, its readers, and the end of an answer that
//! the disk refused. Everything reaches it through its mailbox, so nothing in it is locked and no two turns of a session run at
//! once. It decides nothing about a turn (`turn` does) and ends when nobody needs it.

mod answer;
mod readers;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    Opened, Options, Outbox, Say, SessionError, SessionId, TurnId,
    registry::WorkspaceSessions,
    store::{Question, Store},
    turn::{Closing, Input},
};
use answer::{Answering, Moved};
use readers::Readers;

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
        backlog: None,
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
    /// The end of an answer that the disk refused.
    backlog: Option<(TurnId, Closing)>,
    /// Who waits for the running answer to be over.
    ends: Vec<oneshot::Sender<()>>,
}

enum Happened {
    Asked(Command),
    /// Nobody can ask any more: the program drops its sessions.
    Abandoned,
    Moved(Moved),
    Time,
}

impl Live {
    async fn run(mut self) {
        loop {
            // A stream that never pauses must not keep the others from their turn.
            tokio::task::coop::consume_budget().await;
            if self.is_unneeded() && self.retire() {
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
                Happened::Time => {
                    let now = self.now();
                    if let Some(answering) = &mut self.answering {
                        answering.tick(now);
                    }
                }
            }
            self.settle();
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    async fn happens(&mut self) -> Happened {
        let wake = self.due().map(|due| self.epoch + due);
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
            () = time => Happened::Time,
        }
    }

    fn due(&self) -> Option<Duration> {
        let answering = self.answering.as_ref()?;
        answering.due().into_iter().chain(self.readers.due(&answering.turn)).min()
    }

    async fn asked(&mut self, command: Command) {
        match command {
            Command::Say(say, reply) => {
                let said = self.say(say).await;
                // Whoever said it may be gone; the turn belongs to the session.
                let _ = reply.send(said);
            }
            Command::Listen(outbox) => self.listen(&outbox, false),
            Command::Join(joining, reply) => {
                // While this is read nothing moves, so what is told afterwards follows exactly.
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
                let deleted = self.store.delete(self.id).await;
                if deleted.is_ok() {
                    self.set_backlog(None);
                    self.answering = None;
                    self.readers = Readers::new(self.id, &self.options);
                }
                let _ = reply.send(deleted);
            }
        }
    }

    async fn say(&mut self, say: Say) -> Result<TurnId, SessionError> {
        if self.answering.as_ref().is_some_and(|answering| !answering.is_over()) {
            return Err(SessionError::Busy { id: self.id, elsewhere: false });
        }
        let Say { text, attachments, model, answer } = say;
        let turn = TurnId::fresh();
        let running = self.store.ledger().enter(turn);
        let backlog = self.backlog.clone();
        let question = Question { session: self.id, turn, text, attachments, model, backlog };
        let history = self.store.begin(question).await?;
        self.set_backlog(None);
        self.flush();
        self.readers.restart();
        let mut answering = Answering::new(self.id, running, self.store.clone(), &self.options);
        answering.start(self.now(), answer, history);
        self.answering = Some(answering);
        Ok(turn)
    }

    fn listen(&mut self, outbox: &Weak<dyn Outbox>, anew: bool) {
        // An answer that is over is read, not told.
        let running = self.answering.as_ref().is_some_and(|answering| !answering.is_over());
        self.readers.add(outbox, running, anew);
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
        if let Some((turn, closing)) = self.backlog.clone() {
            let record = crate::format::Record::End(closing);
            if self.store.append(self.id, turn, record).await.is_ok() {
                self.set_backlog(None);
            }
        }
    }

    /// Does what follows from whatever happened: tells readers, notes an end.
    fn settle(&mut self) {
        let now = self.now();
        let Some(answering) = &mut self.answering else {
            self.ends.clear();
            return;
        };
        self.readers.tell(now, answering.id, &answering.turn);
        if !answering.is_over() {
            return;
        }
        for end in self.ends.drain(..) {
            let _ = end.send(());
        }
        if let Some(closing) = answering.turn.take_unsaved() {
            let backlog = (answering.id, closing);
            self.set_backlog(Some(backlog));
        }
    }

    fn flush(&mut self) {
        if let Some(answering) = &self.answering {
            self.readers.flush(answering.id, &answering.turn);
        }
    }

    fn set_backlog(&mut self, backlog: Option<(TurnId, Closing)>) {
        self.store.ledger().set_unsaved(self.id, backlog.is_some());
        self.backlog = backlog;
    }

    /// Whether nobody would miss this task. Lets go of an answer that everyone has heard.
    fn is_unneeded(&mut self) -> bool {
        let heard = |answering: &Answering| answering.is_over() && self.readers.due(&answering.turn).is_none();
        if self.answering.as_ref().is_some_and(heard) {
            self.answering = None;
        }
        self.answering.is_none() && self.backlog.is_none() && !self.readers.listen()
    }

    /// Leaves the map, unless something was asked meanwhile.
    fn retire(&self) -> bool {
        self.home.upgrade().is_none_or(|home| home.retire(self.id, &self.mailbox))
    }
}
