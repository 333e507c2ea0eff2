//! The outgoing queue: what is ready leaves in one write; a client that reads slowly holds producers back.
//!
//! Queueing never waits and never fails. What bounds the queue: notifications of which only the latest counts replace each
//! other while it is full, producers of others are told to hold back ([`Pressure`]) or made to wait ([`Outgoing::forward`]), and
//! the reader stops reading while the client leaves [`FLOOD`] bytes of answers unread.

mod replaceable;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, Write as _};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{Stream, StreamExt};
use replaceable::Kind;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Error, Id, Request};

/// Queued bytes from which producers that can hold back should.
const PRESSED: usize = 256 * 1024;
/// Queued bytes from which notifications wait or replace each other.
const FULL: usize = 1024 * 1024;
/// Queued bytes from which nothing more is read.
const FLOOD: usize = 16 * 1024 * 1024;
/// A buffer that grew beyond this is given back once it is written.
const KEEP: usize = 256 * 1024;

/// Where messages to the client are queued. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Outgoing {
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    /// Bytes queued or being written.
    queued: AtomicUsize,
    work: Notify,
    written: Notify,
}

#[derive(Default)]
struct State {
    /// Whole frames, ready to be written.
    frames: Vec<u8>,
    /// Bodies that wait for room, each the latest of its kind.
    latest: Vec<(String, Vec<u8>)>,
}

#[derive(Serialize)]
struct Notification<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Error>,
}

impl Outgoing {
    /// Queues the notification `method` with `params` at once, in order, without waiting. Never dropped, unless of its `method`
    /// only the latest counts: ask [`Pressure::ready`] first for anything that can wait or merge.
    pub(crate) fn notify<P: Serialize>(&self, method: &'static str, params: &P) {
        match serde_json::to_vec(&Notification { jsonrpc: "2.0", method, params }) {
            Ok(body) => self.queue(Kind::of(method, None), body),
            Err(error) => tracing::error!(method, %error, "a notification cannot be written as JSON"),
        }
    }

    /// How full the queue is, for those who can hold back.
    pub(crate) fn pressure(&self) -> Pressure {
        Pressure { desk: Arc::clone(&self.desk) }
    }

    /// Queues the answer to the request `id`.
    pub(super) fn answer(&self, id: &Id, answer: Result<&Value, &Error>) {
        let (result, error) = (answer.ok(), answer.err());
        match serde_json::to_vec(&Answer { jsonrpc: "2.0", id, result, error }) {
            Ok(body) => self.queue(Kind::Plain, body),
            Err(error) => tracing::error!(%id, %error, "an answer cannot be written as JSON"),
        }
    }

    /// Queues what handlers send through their client handle. Ends never.
    pub(super) async fn forward(&self, mut requests: impl Stream<Item = Request> + Unpin) -> Infallible {
        while let Some(request) = requests.next().await {
            let kind = Kind::of(request.method(), request.params());
            if !kind.is_replaceable() {
                self.below(FULL).await;
            }
            match serde_json::to_vec(&request) {
                Ok(body) => self.queue(kind, body),
                Err(error) => tracing::error!(%error, "a message to the client cannot be written as JSON"),
            }
        }
        pending().await
    }

    /// Writes what is queued, for as long as `output` takes it.
    pub(super) async fn write<W: AsyncWrite + Unpin>(&self, mut output: W) -> io::Error {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch).await;
            if let Err(error) = output.write_all(&batch).await {
                return error;
            }
            if let Err(error) = output.flush().await {
                return error;
            }
            self.desk.queued.fetch_sub(batch.len(), Ordering::AcqRel);
            self.desk.written.notify_waiters();
            batch.clear();
            if batch.capacity() > KEEP {
                batch = Vec::new();
            }
        }
    }

    /// Waits until the client has read enough for us to read on.
    pub(super) async fn bearable(&self) {
        if self.desk.queued() >= FLOOD {
            self.below(FLOOD / 2).await;
        }
    }

    /// Waits until everything is written.
    pub(super) async fn emptied(&self) {
        self.below(1).await;
    }

    async fn below(&self, limit: usize) {
        loop {
            let mut written = pin!(self.desk.written.notified());
            written.as_mut().enable();
            if self.desk.queued() < limit {
                return;
            }
            written.await;
        }
    }

    fn queue(&self, kind: Kind, body: Vec<u8>) {
        let mut state = self.desk.state();
        if let Some(key) = kind.key() {
            // What came later says more, whether it waits as well or goes out now.
            state.latest.retain(|(other, _)| other != key);
        }
        match kind {
            Kind::Latest(key) if self.desk.queued() >= FULL => state.latest.push((key, body)),
            Kind::Latest(_) | Kind::Last(_) | Kind::Plain => self.desk.push(&mut state, &body),
        }
        drop(state);
        self.desk.work.notify_one();
    }

    /// Swaps all that is queued into the empty `batch`, once there is something.
    async fn take(&self, batch: &mut Vec<u8>) {
        loop {
            {
                let mut state = self.desk.state();
                for (_, body) in std::mem::take(&mut state.latest) {
                    self.desk.push(&mut state, &body);
                }
                std::mem::swap(&mut state.frames, batch);
            }
            if !batch.is_empty() {
                return;
            }
            self.desk.work.notified().await;
        }
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }

    fn push(&self, state: &mut State, body: &[u8]) {
        let before = state.frames.len();
        write!(state.frames, "Content-Length: {}\r\n\r\n", body.len()).expect("writing to memory cannot fail");
        state.frames.extend_from_slice(body);
        self.queued.fetch_add(state.frames.len() - before, Ordering::AcqRel);
    }
}

/// Tells producers whether the client keeps up.
#[derive(Clone)]
pub(crate) struct Pressure {
    desk: Arc<Desk>,
}

impl Pressure {
    /// Whether the client keeps up. When it does not: hold back, merge, and ask again at the next tick.
    pub(crate) fn ready(&self) -> bool {
        self.desk.queued() < PRESSED
    }
}
