//! How a client is started: which editor it plays.

use std::{
    collections::{HashSet, VecDeque},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{Client, wire};
use crate::{Home, Process, binary};

/// A client about to start `aside lsp`.
#[derive(Debug)]
pub struct Start<'home> {
    home: &'home Home,
    command: Command,
    capabilities: Value,
    options: Value,
    process_id: Option<u32>,
    heeds_status: bool,
}

/// Notifications that any server may send at any time.
const TOLERATED: [&str; 4] = ["window/logMessage", "$/logTrace", "$/progress", STATUS];

const STATUS: &str = "aside/status/changed";

impl Client {
    /// A client of `home`'s workspace: an editor with inline completion, which counts in UTF-16.
    pub fn of(home: &Home) -> Start<'_> {
        let mut command = home.command(binary::aside());
        command.arg("lsp");
        let command = piped(command);
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-16"] },
            "textDocument": { "inlineCompletion": { "dynamicRegistration": false } },
            "workspace": { "workspaceFolders": true, "configuration": false },
        });
        Start {
            home,
            command,
            capabilities,
            options: Value::Null,
            process_id: Some(std::process::id()),
            heeds_status: false,
        }
    }
}

fn piped(mut command: Command) -> Command {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Start<'_> {
    /// Sets a variable of the server's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the server by way of another program, whose last arguments are the server's command.
    pub fn through(mut self, program: &Path, arguments: &[String]) -> Self {
        let mut command = self.home.command(program);
        command.args(arguments).arg(self.command.get_program()).args(self.command.get_args());
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = piped(command);
        self
    }

    /// Plays an editor with other abilities.
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Plays an editor with a status line: each `aside/status/changed` has to be read.
    pub fn heeds_status(mut self) -> Self {
        self.capabilities["experimental"] = json!({ "aside": { "status": true } });
        self.heeds_status = true;
        self
    }

    /// Gives settings with `initialize`.
    pub fn options(mut self, options: Value) -> Self {
        self.options = options;
        self
    }

    /// Names another process as the editor.
    pub fn process_id(mut self, id: Option<u32>) -> Self {
        self.process_id = id;
        self
    }

    /// Starts the server and says nothing yet.
    pub fn silent(mut self) -> Client {
        let mut child = self.command.spawn().expect("`aside` starts");
        let stdin = child.stdin.take();
        let reading = wire::Reading::default();
        let incoming = wire::read(child.stdout.take().expect("standard output is a pipe"), reading.clone());
        Client {
            process: Process::of(child),
            stdin,
            incoming,
            reading,
            unread: VecDeque::new(),
            tolerated: self.tolerated(),
            configuration: Value::Null,
            next_id: 0,
            over: false,
            editor: super::editor::Editor::default(),
            initialized: Value::Null,
        }
    }

    fn tolerated(&self) -> HashSet<String> {
        let heeded = |method: &&str| self.heeds_status && *method == STATUS;
        TOLERATED.into_iter().filter(|method| !heeded(method)).map(str::to_owned).collect()
    }

    /// Starts the server and greets it.
    #[track_caller]
    pub fn connect(self) -> Client {
        let params = self.greeting();
        let mut client = self.silent();
        client.initialized = client.request("initialize", params);
        client.notify("initialized", json!({}));
        client
    }

    /// The parameters of `initialize`.
    pub fn greeting(&self) -> Value {
        json!({
            "processId": self.process_id,
            "clientInfo": { "name": "aside-tests", "version": "1" },
            "rootUri": self.home.workspace_uri(),
            "workspaceFolders": [{ "uri": self.home.workspace_uri(), "name": "workspace" }],
            "capabilities": self.capabilities,
            "initializationOptions": self.options,
        })
    }
}
