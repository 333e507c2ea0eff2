//! An answer as a list of steps.

use std::sync::Arc;

use serde_json::Value;

use super::Shared;

/// An HTTP answer: a head, and a body given piece by piece.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Vec<u8>),
    Hold(Gate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The terminal chunk: the body is whole.
    Whole,
    /// The connection closes without it.
    Broken,
    /// Nothing more comes, and the connection stays.
    Silent,
}

/// Holds a reply back until it is opened.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) number: usize,
}

impl Gate {
    /// Lets the reply go on.
    pub fn open(&self) {
        self.shared.change(|state| state.gates[self.number] = true);
    }
}

impl Reply {
    /// An answer of `status` and content type `kind`, so far without a body.
    pub fn new(status: u16, kind: &str) -> Self {
        Self { status, headers: vec![("content-type".into(), kind.into())], steps: Vec::new(), end: End::Whole }
    }

    /// A stream of server-sent events.
    pub fn sse() -> Self {
        Self::new(200, "text/event-stream")
    }

    /// A stream of JSON lines.
    pub fn ndjson() -> Self {
        Self::new(200, "application/x-ndjson")
    }

    /// One JSON value.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json").then(body.to_string())
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends `bytes` as a piece of their own.
    pub fn then(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Send(bytes.into()));
        self
    }

    /// Goes on only once `gate` is open.
    pub fn hold(mut self, gate: &Gate) -> Self {
        self.steps.push(Step::Hold(gate.clone()));
        self
    }

    /// Ends by closing the connection in the middle of the body.
    pub fn broken(mut self) -> Self {
        self.end = End::Broken;
        self
    }

    /// Never ends.
    pub fn silent(mut self) -> Self {
        self.end = End::Silent;
        self
    }
}
