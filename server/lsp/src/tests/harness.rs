//! An editor, the server, and models that say what a test tells them to.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use aside_assist::{
    Chosen, Editor, Models, action,
    chat::{self, Chat},
    edit::{self, read::Shape},
    inline::{self, Inline},
};
use aside_config::Menu;
use aside_model::{
    ChatModel, ChatRequest, EndReason, ErrorKind, EventStream, FillModel, FillRequest, ModelError, ModelRef,
    StreamEvent,
};
use aside_sessions::Sessions;
use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};

use crate::{Changes, Diff, Documents, Ended, Host, KeyDesk, KeyEvent, Papers, Refused, Services, serve};

/// How long anything is waited for; a busy machine is not a defect.
const PATIENCE: Duration = Duration::from_secs(20);

/// A model that was asked, and the way to answer.
pub(super) struct Asked<R> {
    pub(super) request: R,
    say: UnboundedSender<Result<StreamEvent, ModelError>>,
}

impl<R> Asked<R> {
    pub(super) fn say(&self, text: &str) {
        let _gone = self.say.send(Ok(StreamEvent::Text(text.to_owned())));
    }

    pub(super) fn end(self) {
        let _gone = self.say.send(Ok(StreamEvent::End(EndReason::Complete)));
    }

    pub(super) fn fail(self, kind: ErrorKind) {
        let mut error = ModelError::new(kind, "work", "`work` failed");
        error.retry_after = Some(Duration::from_millis(1500));
        let _gone = self.say.send(Err(error));
    }

    /// Waits until nobody listens any more.
    pub(super) async fn gone(self) {
        let gone = tokio::time::timeout(PATIENCE, self.say.closed()).await;
        gone.expect("the stream is dropped");
    }
}

/// A model of either role that hands each request to the test.
struct Scripted<R>(UnboundedSender<Asked<R>>);

impl<R: Send + 'static> Scripted<R> {
    fn stream(&self, request: R) -> EventStream {
        let (say, said) = unbounded_channel();
        let asked = self.0.send(Asked { request, say });
        asked.expect("the test listens");
        stream::unfold(said, |mut said| async move { said.recv().await.map(|event| (event, said)) }).boxed()
    }
}

impl FillModel for Scripted<FillRequest> {
    fn fill(&self, request: FillRequest) -> EventStream {
        self.stream(request)
    }
}

impl ChatModel for Scripted<ChatRequest> {
    fn chat(&self, request: ChatRequest) -> EventStream {
        self.stream(request)
    }
}

/// Knows the provider `work` and no other.
struct ScriptedModels {
    fill: Arc<Scripted<FillRequest>>,
    chat: Arc<Scripted<ChatRequest>>,
}

impl Models for ScriptedModels {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        let reference = "work/m".parse().expect("a model");
        let model: Arc<dyn FillModel> = self.fill.clone();
        Box::pin(async move { Ok(Chosen { reference, model, builtin: true }) })
    }

    fn chat(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        let reference = wanted.unwrap_or_else(|| "work/m".parse().expect("a model"));
        let model: Arc<dyn ChatModel> = self.chat.clone();
        Box::pin(async move {
            if reference.provider == "work" {
                return Ok(Chosen { reference, model, builtin: false });
            }
            let message = format!("there is no provider `{}`", reference.provider);
            Err(ModelError::new(ErrorKind::InvalidRequest, reference.provider, message))
        })
    }

    fn edit(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Editor, ModelError>> {
        let chosen = self.chat(wanted);
        Box::pin(async move { Ok(Editor { chosen: chosen.await?, shape: Shape::Whole }) })
    }
}

/// A folder for the documents that the server makes.
struct Folder(PathBuf);

#[expect(clippy::disallowed_methods, reason = "tests write their own files")]
impl Papers for Folder {
    fn create(&self, stem: &str, extension: &str, text: &str) -> Result<PathBuf, Refused> {
        let path = self.0.join(format!("{stem}.{extension}"));
        self.replace(&path, text)?;
        Ok(path)
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), Refused> {
        let refused = |error: std::io::Error| Refused {
            code: "storage-failed",
            message: error.to_string(),
            hint: "look at the disk".to_owned(),
        };
        std::fs::create_dir_all(&self.0).and_then(|()| std::fs::write(path, text)).map_err(refused)
    }

    fn restore(&self, path: &Path, text: &str) -> Result<(), Refused> {
        self.replace(path, text)
    }

    fn remove(&self, path: &Path) {
        drop(std::fs::remove_file(path));
    }
}

/// Everything the server asked its surroundings.
pub(super) struct Surroundings {
    inline: Arc<Inline>,
    pub(super) configured: Mutex<Vec<(Option<PathBuf>, Value)>>,
    pub(super) client: Mutex<Option<(String, String)>>,
}

impl Host for Surroundings {
    fn status(&self) -> BoxFuture<'_, Value> {
        let last = self.inline.last_empty();
        let last = last.map(|empty| json!({ "code": empty.code, "message": empty.message, "hint": empty.hint }));
        Box::pin(async move { json!({ "version": "test", "lastEmpty": last }) })
    }

    fn health(&self) -> BoxFuture<'_, Value> {
        Box::pin(async { json!({ "checks": [] }) })
    }

    fn models(&self) -> BoxFuture<'_, Value> {
        Box::pin(async { json!({ "models": [] }) })
    }

    fn configure(&self, workspace: Option<PathBuf>, editor: Value) -> Vec<String> {
        let enabled = editor.pointer("/complete/enabled").and_then(Value::as_bool).unwrap_or(true);
        self.inline.set_options(inline::Options { enabled, ..inline::Options::default() });
        let problem = editor.get("bad").map(|_| "`bad` is no setting".to_owned());
        self.configured.lock().expect("no panic").push((workspace, editor));
        problem.into_iter().collect()
    }

    fn changes(&self, _: PathBuf, changes: Changes) -> BoxFuture<'_, Result<Diff, Refused>> {
        let text = format!("diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -1 +1 @@\n-old\n+{changes:?}\n");
        Box::pin(async { Ok(Diff { text, ..Diff::default() }) })
    }

    fn menu(&self) -> Menu {
        match self.configured.lock().expect("no panic").last().and_then(|(_, editor)| editor.pointer("/complete/menu"))
        {
            Some(Value::String(menu)) if menu == "always" => Menu::Always,
            Some(Value::String(menu)) if menu == "never" => Menu::Never,
            _ => Menu::Auto,
        }
    }

    fn client(&self, name: &str, version: &str) {
        *self.client.lock().expect("no panic") = Some((name.to_owned(), version.to_owned()));
    }
}

/// Keys that do as the test says.
pub(super) struct Desk {
    pub(super) happens: tokio::sync::broadcast::Sender<KeyEvent>,
    pub(super) asked: Mutex<Vec<String>>,
}

impl Desk {
    fn asked(&self, what: String) -> BoxFuture<'_, Result<Value, Refused>> {
        let answer = json!({ "asked": what });
        self.asked.lock().expect("no panic").push(what);
        Box::pin(async { Ok(answer) })
    }
}

impl KeyDesk for Desk {
    fn status(&self) -> BoxFuture<'_, Value> {
        Box::pin(async { json!({ "locked": null }) })
    }

    fn lock(&self) -> BoxFuture<'_, Result<Value, Refused>> {
        self.asked("lock".to_owned())
    }

    fn list(&self) -> BoxFuture<'_, Result<Value, Refused>> {
        let (message, hint) = ("the vault is locked".to_owned(), "run `aside vault unlock`".to_owned());
        Box::pin(async { Err(Refused { code: "locked", message, hint }) })
    }

    fn delete(&self, provider: String, origin: Option<String>) -> BoxFuture<'_, Result<Value, Refused>> {
        self.asked(format!("delete {provider} {origin:?}"))
    }

    fn test(&self, provider: String) -> BoxFuture<'_, Result<Value, Refused>> {
        self.asked(format!("test {provider}"))
    }

    fn events(&self) -> BoxStream<'static, KeyEvent> {
        let happens = self.happens.subscribe();
        stream::unfold(happens, |mut happens| async move { happens.recv().await.ok().map(|event| (event, happens)) })
            .boxed()
    }
}

/// A server and the editor it serves.
pub(super) struct Scene {
    pub(super) fills: UnboundedReceiver<Asked<FillRequest>>,
    pub(super) chats: UnboundedReceiver<Asked<ChatRequest>>,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) keys: Arc<Desk>,
    pub(super) documents: Documents,
    /// The answer to `initialize`.
    pub(super) initialized: Value,
    input: WriteHalf<DuplexStream>,
    output: BufReader<ReadHalf<DuplexStream>>,
    unread: VecDeque<Value>,
    next_id: i64,
    server: JoinHandle<Ended>,
    folder: tempfile::TempDir,
}

impl Scene {
    /// An editor with ghost text that counts in UTF-16.
    pub(super) async fn new() -> Self {
        Self::with(json!({ "capabilities": { "textDocument": { "inlineCompletion": {} } } })).await
    }

    /// An editor that greets with `greeting`; the workspace is added.
    pub(super) async fn with(mut greeting: Value) -> Self {
        let mut scene = Self::silent();
        if greeting.get("workspaceFolders").is_none() {
            greeting["workspaceFolders"] = json!([{ "uri": scene.uri(""), "name": "w" }]);
        }
        scene.initialized = scene.ok("initialize", greeting).await;
        scene.notify("initialized", json!({})).await;
        scene
    }

    /// A server that nobody has greeted.
    pub(super) fn silent() -> Self {
        Self::started_by(None)
    }

    /// A server that watches the process `parent`, and that nobody has greeted.
    pub(super) fn started_by(parent: Option<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ((fill, fills), (chat, chats)) = (unbounded_channel(), unbounded_channel());
        let models = Arc::new(ScriptedModels { fill: Arc::new(Scripted(fill)), chat: Arc::new(Scripted(chat)) });
        let home = aside_sessions::Home {
            database: folder.path().join("data/sessions.db"),
            anchor: folder.path().join("state/sessions.anchor"),
            entered: folder.path().join("run/sessions.open"),
            keys: Arc::new(aside_sessions::PassingKey::random().expect("randomness")),
        };
        let sessions = Sessions::new(home, aside_sessions::Options::default());
        let inline = Arc::new(Inline::new(models.clone(), inline::Options::default()));
        let surroundings = Arc::new(Surroundings {
            inline: Arc::clone(&inline),
            configured: Mutex::default(),
            client: Mutex::default(),
        });
        let documents = Documents::new();
        let keys = Arc::new(Desk { happens: tokio::sync::broadcast::Sender::new(16), asked: Mutex::default() });
        let services = Services {
            inline,
            chat: Arc::new(Chat::new(models.clone(), sessions.clone(), chat::Options::default())),
            actions: Arc::new(action::Actions::new(
                models.clone(),
                Arc::new(documents.clone()),
                action::Options::default(),
            )),
            edits: Arc::new(edit::Desk::new(models, Arc::new(documents.clone()), edit::Options::default())),
            papers: Arc::new(Folder(folder.path().join("run/papers"))),
            sessions,
            documents: documents.clone(),
            keys: keys.clone(),
            host: surroundings.clone(),
        };
        let (near, far) = tokio::io::duplex(1 << 20);
        let (far_input, far_output) = tokio::io::split(far);
        let server = tokio::spawn(serve(far_input, far_output, services, parent));
        let (output, input) = tokio::io::split(near);
        Self {
            fills,
            chats,
            surroundings,
            keys,
            documents,
            initialized: Value::Null,
            input,
            output: BufReader::new(output),
            unread: VecDeque::new(),
            next_id: 0,
            server,
            folder,
        }
    }

    /// The address of a file of the workspace; of the workspace itself for "".
    pub(super) fn uri(&self, file: &str) -> String {
        let path = if file.is_empty() { self.root() } else { self.root().join(file) };
        url::Url::from_file_path(path).expect("an absolute path").into()
    }

    /// The workspace's folder.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    pub(super) async fn send(&mut self, message: Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(frame.as_bytes()).await.expect("the server reads");
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Sends a request; its answer is read with `answer`.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        self.send(json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params })).await;
        self.next_id
    }

    pub(super) async fn answer(&mut self, id: i64) -> Result<Value, Value> {
        let mut message = self.message(|message| message["id"] == id && message.get("method").is_none()).await;
        match message.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(message["result"].take()),
        }
    }

    /// Asks and takes the result; an error fails the test.
    pub(super) async fn ok(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(id).await.unwrap_or_else(|error| panic!("`{method}` failed: {error}"))
    }

    /// Asks and takes the error, whose data is checked; a result fails the test.
    pub(super) async fn refused(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        let error = self.answer(id).await.expect_err("an error");
        let data = &error["data"];
        for field in ["code", "message", "hint", "id"] {
            assert!(data[field].as_str().is_some_and(|text| !text.is_empty()), "`{method}`: no `{field}` in {error}");
        }
        assert_eq!(data["message"], error["message"]);
        error
    }

    /// Runs a command with one object.
    pub(super) async fn command(&mut self, command: &str, argument: Value) -> Value {
        self.ok("workspace/executeCommand", json!({ "command": command, "arguments": [argument] })).await
    }

    /// The parameters of the next notification of `method`.
    pub(super) async fn notification(&mut self, method: &str) -> Value {
        let wanted = |message: &Value| message["method"] == method && message.get("id").is_none();
        self.message(wanted).await["params"].take()
    }

    /// The parameters of the next notification of `method` that `wanted` takes.
    pub(super) async fn notification_where(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let wanted =
            |message: &Value| message["method"] == method && message.get("id").is_none() && wanted(&message["params"]);
        self.message(wanted).await["params"].take()
    }

    /// The next request of `method` that the server sends, which is answered with `result`.
    pub(super) async fn serve(&mut self, method: &str, result: Value) -> Value {
        let (id, params) = self.take(method).await;
        self.settle(&id, result).await;
        params
    }

    /// The next request of `method` that the server sends, for [`Scene::settle`]: its id and its parameters.
    pub(super) async fn take(&mut self, method: &str) -> (Value, Value) {
        let mut request = self.message(|message| message["method"] == method && message.get("id").is_some()).await;
        (request["id"].take(), request["params"].take())
    }

    /// Answers a request of the server.
    pub(super) async fn settle(&mut self, id: &Value, result: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
    }

    /// The next request of `method` that the server sends, which is answered as by an editor that does not know it.
    pub(super) async fn deny(&mut self, method: &str) {
        let request = self.message(|message| message["method"] == method && message.get("id").is_some()).await;
        let error = json!({ "code": -32601, "message": "no such method" });
        self.send(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
    }

    /// Messages that came before the answer to a request that is sent now, and that nobody read.
    pub(super) async fn leftover(&mut self) -> Vec<Value> {
        self.ok("aside/health", Value::Null).await;
        self.unread.drain(..).collect()
    }

    async fn message(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&wanted) {
            return self.unread.remove(at).expect("just found");
        }
        let read = async {
            loop {
                let message = read_frame(&mut self.output).await;
                if wanted(&message) {
                    return message;
                }
                self.unread.push_back(message);
            }
        };
        let read = tokio::time::timeout(PATIENCE, read).await;
        read.unwrap_or_else(|_| panic!("it did not come; unread: {:#?}", self.unread))
    }

    /// Opens a document of the workspace as version 1.
    pub(super) async fn open(&mut self, file: &str, text: &str) -> String {
        let uri = self.uri(file);
        let document = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
        uri
    }

    /// Changes a document.
    pub(super) async fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes })).await;
    }

    /// The next fill that the model is asked for.
    pub(super) async fn fill(&mut self) -> Asked<FillRequest> {
        let fill = tokio::time::timeout(PATIENCE, self.fills.recv()).await;
        fill.expect("the model is asked").expect("the server is there")
    }

    /// The next answer that the model is asked for.
    pub(super) async fn asked(&mut self) -> Asked<ChatRequest> {
        let asked = tokio::time::timeout(PATIENCE, self.chats.recv()).await;
        asked.expect("the model is asked").expect("the server is there")
    }

    /// Leaves as an editor should.
    pub(super) async fn leave(mut self) {
        assert_eq!(self.ok("shutdown", Value::Null).await, Value::Null);
        self.notify("exit", Value::Null).await;
        assert_eq!(self.ended().await, Ended::Exit { after_shutdown: true });
    }

    /// Waits for the end of the server.
    pub(super) async fn ended(self) -> Ended {
        tokio::time::timeout(PATIENCE, self.server).await.expect("it ends").expect("no panic")
    }
}

async fn read_frame(output: &mut BufReader<ReadHalf<DuplexStream>>) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).await.expect("the server writes");
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).await.expect("a whole frame");
    serde_json::from_slice(&body).expect("JSON")
}

/// A position.
pub(super) fn at(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

/// A range.
pub(super) fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    json!({ "start": at(start.0, start.1), "end": at(end.0, end.1) })
}
