//! The front door of the language server: bytes in, requests to the service in wire order, answers out.
//!
//! Owns frames, JSON-RPC envelopes, the order and isolation of handlers, cancellation, limits, the outgoing queue, and when
//! serving ends. Knows no feature: what a method means belongs to the service.

mod frames;
mod json;
mod lifecycle;
pub(crate) mod parent;
mod refusal;
mod schedule;
pub(crate) mod stdio;
#[cfg(test)]
mod tests;
mod writer;

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::time::Duration;

use frames::{Decoder, Frame};
use futures_util::future::FusedFuture;
use futures_util::{FutureExt, Sink};
use refusal::Refusal;
use schedule::Schedule;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout, timeout_at};
use tower_lsp::ClientSocket;
use tower_lsp::jsonrpc::{Id, Request, Response};
use tower_service::Service;

pub(crate) use writer::{Outgoing, Pressure};

/// Why serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client sent `exit`.
    Exit {
        /// Whether it asked for `shutdown` before, as it should.
        after_shutdown: bool,
    },
    /// The client closed its end of the input or of the output.
    InputClosed,
    /// The process named in `initialize` is gone.
    ParentGone,
}

/// What is done once, after the last message was read and before `serve` returns. Given 900 ms.
pub(crate) type Save = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What `serve` needs of its caller.
pub(crate) struct Hooks {
    /// Where messages leave. The caller keeps clones for what it sends without being asked.
    pub(crate) outgoing: Outgoing,
    /// Where handlers run after their first poll; `None` is the runtime that `serve` itself runs on. With a runtime of its own
    /// for `serve`, handlers that keep every worker busy delay nobody.
    pub(crate) handlers: Option<Handle>,
    /// Saves everything.
    pub(crate) save: Save,
}

/// Frames handled before others get a turn: the writer, and the tasks of handlers.
const TURN: usize = 32;
/// Time for [`Hooks::save`].
const SAVE: Duration = Duration::from_millis(900);
/// Time for everything between the end and the return of [`serve`].
const CLOSE: Duration = Duration::from_millis(950);

/// Serves one client until `exit`, the end of its input, or its death, and says which.
///
/// Every message is handed to `service` and polled once in wire order, so what a handler does before its first await happens in
/// that order; what remains runs as a task of its own. A handler must not wait for anything slow before its first await.
/// `initialize` should be done with its first poll: what comes before its answer is refused or ignored, as the specification
/// asks. The process id in `initialize` is watched. Nothing a client sends ends serving but `exit`.
///
/// Returns within a second of the end. A handler that is busy then and never waits is not waited for: let go of its runtime with
/// `shutdown_background`.
pub(crate) async fn serve<S, R, W>(service: S, socket: ClientSocket, mut input: R, output: W, hooks: Hooks) -> Ended
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Hooks { outgoing, handlers, save } = hooks;
    let (requests, answers) = socket.split();
    let (parent, named) = oneshot::channel();
    let handlers = handlers.unwrap_or_else(Handle::current);
    let mut schedule = Schedule::new(service, answers, outgoing.clone(), handlers, parent);
    let mut writing = pin!(outgoing.write(output).fuse());
    let ended = tokio::select! {
        // Reading first, so that an answer which is ready at once is written in the same turn.
        biased;
        ended = read(&mut input, &mut schedule, &outgoing) => ended,
        error = &mut writing => {
            tracing::info!(%error, "the client closed the output");
            Ended::InputClosed
        }
        never = outgoing.forward(requests) => match never {},
        () = orphaned(named) => Ended::ParentGone,
    };
    tracing::info!(?ended, "the conversation is over");
    let deadline = Instant::now() + CLOSE;
    schedule.stop();
    let mut saving = pin!(timeout(SAVE, AssertUnwindSafe(save).catch_unwind()));
    let saved = loop {
        tokio::select! {
            saved = &mut saving => break saved,
            _ = &mut writing, if !writing.is_terminated() => {}
        }
    };
    if !matches!(saved, Ok(Ok(()))) {
        tracing::error!("not everything could be saved in time");
    }
    if !writing.is_terminated() {
        let rest = async {
            tokio::select! { () = outgoing.emptied() => {}, _ = &mut writing => {} }
        };
        _ = timeout_at(deadline, rest).await;
    }
    ended
}

/// Reads and hands on until the conversation is over.
async fn read<R, S, A>(input: &mut R, schedule: &mut Schedule<S, A>, outgoing: &Outgoing) -> Ended
where
    R: AsyncRead + Unpin,
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    A: Sink<Response> + Unpin,
{
    let mut decoder = Decoder::default();
    let mut turn = 0;
    loop {
        outgoing.bearable().await;
        match input.read_buf(decoder.space()).await {
            Ok(0) => return Ended::InputClosed,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the input cannot be read");
                return Ended::InputClosed;
            }
        }
        while let Some(frame) = decoder.next() {
            match frame {
                Frame::Body(body) => {
                    if let Some(ended) = schedule.take(body) {
                        return ended;
                    }
                }
                Frame::Fault(fault) => schedule.refuse(&Id::Null, &Refusal::Frame(fault)),
            }
            turn += 1;
            if turn % TURN == 0 {
                yield_now().await;
                outgoing.bearable().await;
            }
        }
    }
}

/// Completes when the process that will be `named` has ended.
async fn orphaned(named: oneshot::Receiver<i64>) {
    match named.await {
        Ok(process) => parent::watch(process).await,
        Err(_) => pending().await,
    }
}
