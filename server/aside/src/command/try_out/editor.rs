//! The editor's side of the trial: a real `aside lsp` child and the requests of this tour over its stdio.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::place::Hole;
use crate::{
    failure::{Exit, Failure},
    variables,
};

/// How long any one answer of the server may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server and the connection to it.
pub(super) struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    root: PathBuf,
    next_id: i64,
    /// Notifications that came while an answer was awaited.
    waiting: VecDeque<Value>,
}

impl Editor {
    /// Starts a server on `root` and introduces itself.
    pub(super) async fn start(root: &Path, data: &Path, settings: &[String]) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        #[expect(clippy::disallowed_methods, reason = "the trial starts this same program as an editor would")]
        let mut command = std::process::Command::new(program);
        variables::hand_to_aside(&mut command);
        let mut command = Command::from(command);
        command.arg("lsp").arg("--data").arg(data);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken("it has no standard input or output"));
        };
        let output = BufReader::new(output);
        let mut editor = Self { child, input, output, root: root.to_path_buf(), next_id: 0, waiting: VecDeque::new() };
        editor.introduce().await?;
        Ok(editor)
    }

    async fn introduce(&mut self) -> Result<(), Failure> {
        let root = uri(&self.root)?;
        let params = json!({
            "processId": std::process::id(),
            "clientInfo": { "name": "aside try", "version": env!("CARGO_PKG_VERSION") },
            "capabilities": {
                "general": { "positionEncodings": ["utf-8"] },
                "textDocument": { "inlineCompletion": {} },
            },
            "workspaceFolders": [{ "uri": root, "name": "workspace" }],
        });
        self.request("initialize", params).await?;
        self.notify("initialized", json!({})).await
    }

    /// Sends a request and waits for its result.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await?;
        loop {
            let message =
                timeout(PATIENCE, self.read()).await.map_err(|_| broken(&format!("`{method}` got no answer")))??;
            if message["id"] == id && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => Err(refused(method, error)),
                    None => Ok(message["result"].clone()),
                };
            }
            self.take_aside(message).await?;
        }
    }

    async fn take_aside(&mut self, message: Value) -> Result<(), Failure> {
        if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
            // The server may ask an editor for things (progress tokens, settings); this one has nothing to say.
            return self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": null })).await;
        }
        self.waiting.push_back(message);
        Ok(())
    }

    /// Sends a notification.
    pub(super) async fn notify(&mut self, method: &str, params: Value) -> Result<(), Failure> {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await
    }

    /// Opens the file of `hole` as if the end of its line had not been typed yet.
    pub(super) async fn open(&mut self, hole: &Hole) -> Result<(), Failure> {
        let document =
            json!({ "uri": self.uri_of(hole)?, "languageId": hole.language, "version": 1, "text": hole.text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await
    }

    /// Closes it again.
    pub(super) async fn close(&mut self, hole: &Hole) -> Result<(), Failure> {
        let document = json!({ "uri": self.uri_of(hole)? });
        self.notify("textDocument/didClose", json!({ "textDocument": document })).await
    }

    /// The first suggestion at the hole.
    pub(super) async fn complete(&mut self, hole: &Hole) -> Result<Option<String>, Failure> {
        let params = json!({
            "textDocument": { "uri": self.uri_of(hole)? },
            "position": { "line": hole.line, "character": hole.typed.len() },
            "context": { "triggerKind": 1 },
        });
        let result = self.request("textDocument/inlineCompletion", params).await?;
        let items = result.get("items").unwrap_or(&result);
        let text = &items[0]["insertText"];
        Ok(text.as_str().or_else(|| text["value"].as_str()).map(str::to_owned))
    }

    fn uri_of(&self, hole: &Hole) -> Result<String, Failure> {
        uri(&self.root.join(&hole.relative))
    }

    /// Says `text` in `session`.
    pub(super) async fn ask(&mut self, session: &str, text: &str) -> Result<Answer, Failure> {
        // Opening subscribes this editor to what happens in the session.
        self.request("aside/chat/open", json!({ "session": session, "limit": 1 })).await?;
        let sent = self.request("aside/chat/send", json!({ "session": session, "text": text })).await?;
        Ok(Answer { turn: sent["turn"].clone(), next: 0, end: None, error: Value::Null })
    }

    /// Kills the server as nothing can be caught.
    pub(super) async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await?;
        Ok(())
    }

    /// Ends the session in the ordinary way; the server has to end with success.
    pub(super) async fn leave(mut self) -> Result<(), Failure> {
        self.request("shutdown", Value::Null).await?;
        self.notify("exit", Value::Null).await?;
        let ended = timeout(Duration::from_secs(10), self.child.wait())
            .await
            .map_err(|_| broken("it does not end on `exit`"))??;
        if ended.success() { Ok(()) } else { Err(broken(&format!("it ended with {ended} on `exit`"))) }
    }

    async fn write(&mut self, message: &Value) -> Result<(), Failure> {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(frame.as_bytes()).await.map_err(|error| broken(&error.to_string()))
    }

    async fn read(&mut self) -> Result<Value, Failure> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await? == 0 {
                return Err(broken("it ended unexpectedly"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.parse().map_err(|_| broken("its frame has no length"))?;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await?;
        serde_json::from_slice(&body).map_err(|error| broken(&format!("its message is not JSON: {error}")))
    }
}

/// An answer as its events come.
pub(super) struct Answer {
    turn: Value,
    next: u64,
    /// Why it ended, once it has.
    pub(super) end: Option<String>,
    error: Value,
}

impl Answer {
    /// More of the answer; `None` at its end or after `within`.
    pub(super) async fn next_text(&mut self, editor: &mut Editor, within: Duration) -> Result<Option<String>, Failure> {
        while self.end.is_none() {
            let message = match editor.waiting.pop_front() {
                Some(message) => message,
                // An abandoned read is followed by killing the server, so losing half a message is no matter.
                None => match timeout(within.min(PATIENCE), editor.read()).await {
                    Ok(message) => message?,
                    Err(_) if within < PATIENCE => return Ok(None),
                    Err(_) => return Err(broken("the answer does not go on")),
                },
            };
            if let Some(text) = self.take(&message)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn take(&mut self, message: &Value) -> Result<Option<String>, Failure> {
        let params = &message["params"];
        if message["method"] != "aside/chat/event" || params["turn"] != self.turn {
            return Ok(None);
        }
        if params["n"].as_u64() != Some(self.next) {
            return Err(broken(&format!("event {} came where {} was due", params["n"], self.next)));
        }
        self.next += 1;
        let event = &params["event"];
        match event["type"].as_str() {
            Some("delta") => return Ok(event["text"].as_str().map(str::to_owned)),
            Some("end") => {
                self.end = Some(event["reason"].as_str().unwrap_or_default().to_owned());
                self.error = event["error"].clone();
            }
            _ => {}
        }
        Ok(None)
    }

    /// The answer's own error as a failed step.
    pub(super) fn failure(&self) -> Failure {
        let end = self.end.as_deref().unwrap_or("without a reason");
        let message = self.error["message"].as_str().map_or_else(|| format!("the answer ended {end}"), str::to_owned);
        Failure::new(Exit::Failed, message, self.error["hint"].as_str().unwrap_or_default())
    }
}

/// The `file:` URI of an absolute path.
pub(super) fn uri(path: &Path) -> Result<String, Failure> {
    let uri = url::Url::from_file_path(path).map(String::from);
    uri.map_err(|()| {
        Failure::new(Exit::Usage, format!("`{}` is not an absolute path", path.display()), "name another folder")
    })
}

fn broken(what: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the server did not do its part: {what}"),
        "run `aside doctor`, and see the log that `aside config path` names",
    )
}

fn refused(method: &str, error: &Value) -> Failure {
    let message = error["message"].as_str().unwrap_or("no reason was given");
    let hint = error["data"]["hint"].as_str().unwrap_or_default();
    Failure::new(Exit::Failed, format!("`{method}` was refused: {message}"), hint)
}
