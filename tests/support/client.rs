//! A language client over the real binary's stdio: what an editor says and hears, with nothing in between.
//!
//! Every wait has a deadline. Nothing that the server says may go unnoticed: when a client ends, or is dropped, the test
//! fails if there are messages nobody read, or if the server still runs. It checks the wire as strictly as the
//! strictest editor: a byte outside a frame fails the test.

mod buffer;
mod chat;
mod editor;
mod start;
mod wire;

use std::{
    collections::{HashSet, VecDeque},
    io::Write,
    process::{ChildStdin, ExitStatus},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub use chat::Answer;
pub use start::Start;
pub use wire::frame;
use wire::{Incoming, Reading};

use crate::{PATIENCE, Process};

/// A running server and the conversation with it.
#[derive(Debug)]
pub struct Client {
    process: Process,
    stdin: Option<ChildStdin>,
    incoming: Receiver<Incoming>,
    reading: Reading,
    unread: VecDeque<Value>,
    tolerated: HashSet<String>,
    configuration: Value,
    next_id: i64,
    over: bool,
    editor: editor::Editor,
    /// What the server answered to `initialize`.
    pub initialized: Value,
}

/// A request that was sent and whose answer was not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending(pub i64);

/// An error answer.
#[derive(Debug, Clone, Deserialize)]
pub struct RpcError {
    /// JSON-RPC error code.
    pub code: i64,
    /// What went wrong.
    pub message: String,
    /// Our own part of it.
    pub data: Option<Box<ErrorData>>,
}

/// The `data` of an error answer, as documented.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// Stable code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
    /// What to look for in the log; the transport's own refusals are not logged one by one and have none.
    pub id: Option<String>,
    /// When to try again.
    pub retry_after_ms: Option<u64>,
}

impl RpcError {
    /// Our stable code; fails the test when the error has no data.
    #[track_caller]
    pub fn kind(&self) -> &str {
        &self.data.as_ref().unwrap_or_else(|| panic!("the error has no data: {self:?}")).code
    }

    /// The next step that it names, or nothing.
    pub fn hint(&self) -> &str {
        self.data.as_ref().and_then(|data| data.hint.as_deref()).unwrap_or_default()
    }
}

/// JSON-RPC and LSP error codes.
pub mod codes {
    /// The frame is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The JSON is not a request.
    pub const INVALID_REQUEST: i64 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters do not fit the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The server failed.
    pub const INTERNAL_ERROR: i64 = -32603;
    /// A request before `initialize`.
    pub const NOT_INITIALIZED: i64 = -32002;
    /// The client cancelled the request.
    pub const CANCELLED: i64 = -32800;
}

impl Client {
    /// Sends a request and waits for its answer; an error answer fails the test.
    #[track_caller]
    pub fn request<R: DeserializeOwned>(&mut self, method: &str, params: impl Serialize) -> R {
        match self.try_request(method, params) {
            Ok(result) => result,
            Err(error) => panic!("`{method}` failed: {error:?}\nserver said:\n{}", self.process.errors()),
        }
    }

    /// Sends a request and waits for its answer.
    #[track_caller]
    pub fn try_request<R: DeserializeOwned>(&mut self, method: &str, params: impl Serialize) -> Result<R, RpcError> {
        let pending = self.ask(method, params);
        self.answer(pending)
    }

    /// Sends a request and waits for an error answer; a result fails the test.
    #[track_caller]
    pub fn refused(&mut self, method: &str, params: impl Serialize) -> RpcError {
        match self.try_request::<Value>(method, params) {
            Ok(result) => panic!("`{method}` was answered: {result}"),
            Err(error) => error,
        }
    }

    /// Sends a request; its answer is read with [`Client::answer`].
    pub fn ask(&mut self, method: &str, params: impl Serialize) -> Pending {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        Pending(id)
    }

    /// Waits for the answer of a request.
    #[track_caller]
    pub fn answer<R: DeserializeOwned>(&mut self, pending: Pending) -> Result<R, RpcError> {
        let message = self.take(&format!("the answer to request {}", pending.0), |message| {
            message["id"] == pending.0 && message.get("method").is_none()
        });
        if let Some(error) = message.get("error") {
            return Err(read(error));
        }
        Ok(read(message.get("result").unwrap_or_else(|| panic!("neither result nor error: {message}"))))
    }

    /// Cancels a request; its answer still comes.
    pub fn cancel(&mut self, pending: Pending) {
        self.notify("$/cancelRequest", json!({ "id": pending.0 }));
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: impl Serialize) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Waits for the next notification of `method` and gives its parameters.
    #[track_caller]
    pub fn notification(&mut self, method: &str) -> Value {
        self.notification_where(method, |_| true)
    }

    /// Waits for the next notification of `method` whose parameters satisfy `wanted`.
    #[track_caller]
    pub fn notification_where(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut message = self.take(&format!("`{method}`"), |message| {
            message.get("id").is_none() && message["method"] == method && wanted(&message["params"])
        });
        message["params"].take()
    }

    /// Waits for the next message that nobody read, whatever it is.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        self.take("any message", |_| true)
    }

    /// Lets notifications of `method` come without anybody reading them.
    pub fn tolerate(&mut self, method: &str) {
        self.tolerated.insert(method.to_owned());
        self.unread.retain(|message| message["method"] != method);
    }

    /// Says `textDocument/didOpen` with version 1.
    pub fn open(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        self.editor.opened(uri, text);
    }

    /// Replaces the whole text of an open document.
    pub fn change(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
        self.editor.replaced(uri, version, text);
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the input is open");
        if stdin.write_all(bytes).and_then(|()| stdin.flush()).is_err() {
            panic!("the server does not read any more; it said:\n{}", self.process.errors());
        }
    }

    /// Sends any JSON as one frame.
    pub fn send(&mut self, message: &Value) {
        self.send_raw(&frame(message.to_string().as_bytes()));
    }

    /// Stops reading what the server says, as an editor that hangs does.
    pub fn pause(&self) {
        self.reading.pause(true);
    }

    /// Reads on.
    pub fn resume(&self) {
        self.reading.pause(false);
    }

    /// Closes the server's input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// The server's process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// What the server wrote to standard error.
    pub fn errors(&self) -> String {
        self.process.errors()
    }

    /// Ends the server as an editor does, and checks that it ends well and has nothing unread.
    #[track_caller]
    pub fn shutdown(mut self) {
        self.request::<Value>("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let (status, _) = self.wait_exit(PATIENCE);
        assert!(status.success(), "after `shutdown` and `exit` the exit code is {status}; {}", self.process.errors());
        self.check_unread();
    }

    /// Waits until the server ends by itself; fails the test at the deadline. Messages nobody read are let go.
    #[track_caller]
    pub fn wait_exit(&mut self, patience: Duration) -> (ExitStatus, Instant) {
        let Some(end) = self.process.wait(patience) else {
            panic!("the server runs on after {patience:?}; it said:\n{}", self.process.errors());
        };
        self.over = true;
        end
    }

    /// Ends the server as a crash would. Messages nobody read are let go.
    pub fn kill(mut self) {
        self.process.kill();
        self.over = true;
    }

    #[track_caller]
    fn take(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&wanted) {
            return self.unread.remove(at).expect("the place was just found");
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Incoming::Message(message)) if is_request(&message) => self.serve(&message),
                Ok(Incoming::Message(message)) if wanted(&message) => return message,
                Ok(Incoming::Message(message)) => self.keep(message),
                Ok(Incoming::Broken(reason)) => panic!("not a frame on standard output: {reason}"),
                Ok(Incoming::End) | Err(_) => panic!(
                    "{what} did not come; unread: {:?}; the server said:\n{}",
                    self.unread,
                    self.process.errors()
                ),
            }
        }
    }

    fn keep(&mut self, message: Value) {
        let tolerated = message["method"].as_str().is_some_and(|method| self.tolerated.contains(method));
        if !tolerated {
            self.unread.push_back(message);
        }
    }

    #[track_caller]
    fn check_unread(&mut self) {
        while let Ok(incoming) = self.incoming.recv_timeout(PATIENCE) {
            match incoming {
                Incoming::Message(message) => self.keep(message),
                Incoming::Broken(reason) => panic!("not a frame on standard output: {reason}"),
                Incoming::End => break,
            }
        }
        assert!(self.unread.is_empty(), "messages that nobody read: {:#?}", self.unread);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let over = self.over;
        self.process.kill();
        assert!(over || std::thread::panicking(), "the server still runs: end the test with `shutdown` or `kill`");
    }
}

fn is_request(message: &Value) -> bool {
    message.get("id").is_some() && message.get("method").is_some()
}

#[track_caller]
fn read<R: DeserializeOwned>(value: &Value) -> R {
    R::deserialize(value).unwrap_or_else(|error| panic!("an unexpected shape ({error}): {value:#}"))
}
