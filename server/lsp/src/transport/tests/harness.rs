//! A small language server behind the transport, and a client that speaks to it in bytes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::JoinHandle;
use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::{Client as Editor, LanguageServer, LspService};

use super::super::frames::{Decoder, Frame};
use super::super::{Ended, Hooks, Outgoing, Save, serve};

/// What the test sees and steers of the server.
#[derive(Default)]
pub(super) struct World {
    /// Handlers of `test/wait` that began, and those that were dropped.
    pub(super) began: AtomicUsize,
    pub(super) dropped: AtomicUsize,
    /// One permit lets one `test/wait` or `test/block` go on.
    pub(super) gate: Gate,
    /// The texts that `test/edit` brought, in the order of their application.
    pub(super) edits: Mutex<Vec<u64>>,
}

pub(super) struct Gate(pub(super) Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

struct Server {
    world: Arc<World>,
    editor: Editor,
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        match params.initialization_options {
            Some(options) if options == "fail" => Err(Error::internal_error()),
            Some(options) if options == "wait" => {
                self.wait().await?;
                Ok(InitializeResult::default())
            }
            _ => Ok(InitializeResult::default()),
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// Counts a handler that ended, in whichever way.
struct Dropped<'a>(&'a AtomicUsize);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Server {
    #[expect(clippy::unused_async, reason = "the service takes nothing else")]
    async fn echo(&self, params: Value) -> Result<Value> {
        Ok(params)
    }

    async fn wait(&self) -> Result<Value> {
        self.world.began.fetch_add(1, Ordering::SeqCst);
        let _dropped = Dropped(&self.world.dropped);
        self.world.gate.0.acquire().await.expect("the gate stays").forget();
        Ok(json!("waited"))
    }

    /// Keeps its thread busy.
    async fn block(&self) -> Result<Value> {
        tokio::task::yield_now().await;
        self.world.began.fetch_add(1, Ordering::SeqCst);
        while self.world.gate.0.try_acquire().map(SemaphorePermit::forget).is_err() {
            std::thread::yield_now();
        }
        Ok(json!("blocked"))
    }

    #[expect(clippy::unused_async, reason = "the service takes nothing else")]
    async fn panic_now(&self) -> Result<Value> {
        panic!("a secret of the handler")
    }

    async fn panic_later(&self) -> Result<Value> {
        tokio::task::yield_now().await;
        panic!("a secret of the handler")
    }

    #[expect(clippy::unused_async, reason = "the service takes nothing else")]
    async fn note_panics(&self) {
        panic!("a secret of the handler")
    }

    #[expect(clippy::unused_async, reason = "the service takes nothing else")]
    async fn edit(&self, text: u64) {
        self.world.edits.lock().expect("no panic while editing").push(text);
    }

    /// How many edits came before this request on the wire, after others had time to interfere.
    async fn seen(&self) -> Result<Value> {
        let seen = self.world.edits.lock().expect("no panic while editing").len();
        for _ in 0..seen % 4 {
            tokio::task::yield_now().await;
        }
        Ok(json!(seen))
    }

    /// Asks the client, and answers with its answer.
    async fn ask(&self) -> Result<Value> {
        Ok(json!(self.editor.workspace_folders().await?))
    }

    /// Sends log messages through the client handle.
    async fn log(&self, count: u64) -> Result<Value> {
        for n in 0..count {
            self.editor.log_message(tower_lsp::gen_lsp_types::MessageType::Log, n).await;
        }
        Ok(json!(count))
    }

    #[expect(clippy::unused_async, reason = "the service takes nothing else")]
    async fn refuse(&self) -> Result<Value> {
        Err(Error { code: (-32803).into(), message: "no".into(), data: Some(json!({ "code": "no" })) })
    }
}

/// How to start.
pub(super) struct Options {
    /// Bytes the pipe to and from the client holds.
    pub(super) pipe: usize,
    /// Where handlers run.
    pub(super) handlers: Option<Handle>,
    /// What is saved at the end.
    pub(super) save: Save,
}

impl Default for Options {
    fn default() -> Self {
        Self { pipe: 64 * 1024, handlers: None, save: Box::pin(async {}) }
    }
}

/// A client and the server it speaks to.
pub(super) struct Client {
    pub(super) world: Arc<World>,
    pub(super) outgoing: Outgoing,
    pub(super) output: Receiver,
    input: Option<WriteHalf<DuplexStream>>,
    served: JoinHandle<Ended>,
}

/// The client's receiving half.
pub(super) struct Receiver {
    stream: ReadHalf<DuplexStream>,
    decoder: Decoder,
}

impl Receiver {
    /// The next message, or nothing when the server closed its output.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(frame) = self.decoder.next() {
                let Frame::Body(body) = frame else { panic!("the server wrote {frame:?}") };
                return Some(serde_json::from_slice(body).expect("the server writes JSON"));
            }
            if self.stream.read_buf(self.decoder.space()).await.ok()? == 0 {
                return None;
            }
        }
    }
}

pub(super) fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(super) fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

impl Client {
    /// Starts a server that was not initialized.
    pub(super) fn start(options: Options) -> Self {
        let world = Arc::new(World::default());
        let theirs = Arc::clone(&world);
        let (service, socket) = LspService::build_with_lifecycle_methods(|editor| Server { world: theirs, editor })
            .custom_method("test/echo", Server::echo)
            .custom_method("test/wait", Server::wait)
            .custom_method("test/block", Server::block)
            .custom_method("test/panic", Server::panic_now)
            .custom_method("test/panicLater", Server::panic_later)
            .custom_method("test/notePanics", Server::note_panics)
            .custom_method("test/edit", Server::edit)
            .custom_method("test/seen", Server::seen)
            .custom_method("test/ask", Server::ask)
            .custom_method("test/log", Server::log)
            .custom_method("test/refuse", Server::refuse)
            .finish();
        let (ours, theirs) = duplex(options.pipe);
        let (input, output) = split(theirs);
        let (receive, send) = split(ours);
        let outgoing = Outgoing::default();
        let hooks = Hooks { outgoing: outgoing.clone(), handlers: options.handlers, save: options.save };
        let served = tokio::spawn(serve(service, socket, input, output, hooks));
        let output = Receiver { stream: receive, decoder: Decoder::default() };
        Self { world, outgoing, output, input: Some(send), served }
    }

    /// Starts a server and initializes it.
    pub(super) async fn initialized(options: Options) -> Self {
        let mut client = Self::start(options);
        let answer = client.ask("initialize", &json!({ "capabilities": {} })).await;
        assert!(answer["result"].is_object(), "{answer}");
        client.send(&notification("initialized", &json!({}))).await;
        client
    }

    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        self.input.as_mut().expect("the input is open").write_all(bytes).await.expect("the server reads");
    }

    pub(super) async fn send(&mut self, message: &Value) {
        self.raw(&frame(message)).await;
    }

    /// The sending half, to send from elsewhere.
    pub(super) fn take_input(&mut self) -> WriteHalf<DuplexStream> {
        self.input.take().expect("the input is open")
    }

    pub(super) async fn receive(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(20), self.output.next()).await;
        next.expect("an answer in time").expect("the server runs")
    }

    /// Sends a request and waits for its answer, which must be the next message.
    pub(super) async fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(&request("ask", method, params)).await;
        let answer = self.receive().await;
        assert_eq!(answer["id"], "ask", "{answer}");
        answer
    }

    /// The server still answers.
    pub(super) async fn assert_alive(&mut self) {
        assert_eq!(self.ask("test/echo", &json!(["alive"])).await["result"], json!(["alive"]));
    }

    /// The answers to `count` requests, by id.
    pub(super) async fn answers(&mut self, count: usize) -> HashMap<String, Value> {
        let mut answers = HashMap::new();
        for _ in 0..count {
            let answer = self.receive().await;
            let before = answers.insert(answer["id"].to_string(), answer.clone());
            assert_eq!(before, None, "answered twice: {answer}");
        }
        answers
    }

    /// Waits until `count` handlers of `test/wait` or `test/block` began.
    pub(super) async fn began(&self, count: usize) {
        while self.world.began.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }

    /// Why the server ended.
    pub(super) async fn ended(self) -> Ended {
        let Self { served, output, input, .. } = self;
        let ended = tokio::time::timeout(Duration::from_secs(20), served).await;
        drop((output, input));
        ended.expect("an end in time").expect("the transport does not panic")
    }

    /// Closes the input and says why the server ended.
    pub(super) async fn close(mut self) -> Ended {
        let mut input = self.take_input();
        input.shutdown().await.expect("the pipe closes");
        self.ended().await
    }
}

/// Something that is told once that it happened.
pub(super) fn flag() -> (Arc<AtomicBool>, Save) {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    (flag, Box::pin(async move { theirs.store(true, Ordering::SeqCst) }))
}

/// A save that never ends, and whether it was dropped.
pub(super) fn endless() -> (oneshot::Receiver<()>, Save) {
    let (dropped, told) = oneshot::channel::<()>();
    let save = Box::pin(async move {
        std::future::pending::<()>().await;
        drop(dropped);
    });
    (told, save)
}
