//! Keys leave no trace in memory: the real server and the real agent are looked through from outside, as root can, while keys
//! are unlocked, in use, and locked again. It takes root because a hardened process shows its memory to nobody else.
#![cfg(target_os = "linux")]

mod encrypted;

use std::{
    io::Write as _,
    process::{ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE, Process, Terminal, binary,
    keyring::Keyring,
    memory::{Hit, is_permitted, scan},
    model_server::{Reply, dialects::openai},
    protocol::ChatEvent,
};
use encrypted::{Encrypted, Inside};
use rustix::io::ioctl_fionread;
use serde_json::{Value, json};

const KEY: &str = "Mq81vX0pLm3Tz5uQwE7hR2kd";
const PASSPHRASE: &str = "velvet otter 41 quarry lantern";
/// The length of a trace that is looked for: more than chance would make, and less than a register spills.
const PART: usize = 12;
/// A lock ends everything that a key was used for within this time.
const WITHIN: Duration = Duration::from_secs(1);

/// How often keys are used and locked again; `ASIDE_TEST_LOCK_CYCLES` says otherwise.
fn cycles() -> usize {
    std::env::var("ASIDE_TEST_LOCK_CYCLES").map_or(4, |count| count.parse().expect("a number"))
}

/// How the provider is reached.
#[derive(Debug, Clone, Copy)]
enum Way {
    Plain,
    Tls(Inside),
}

const WAYS: [Way; 3] = [Way::Plain, Way::Tls(Inside::Http1), Way::Tls(Inside::Http2)];

/// A home whose provider `work` is a scripted server that is reached in some way.
struct Scene {
    server: ModelServer,
    home: Home,
    _front: Option<Encrypted>,
    edits: i32,
}

impl Scene {
    /// `key` is the value of the provider's setting, as TOML.
    fn new(way: Way, key: &str) -> Self {
        let server = ModelServer::start();
        server.always(openai::CHAT, openai::chat(&["hello"]));
        let front = match way {
            Way::Plain => None,
            Way::Tls(inside) => Some(Encrypted::before(&server, inside)),
        };
        let url = front.as_ref().map_or_else(|| server.url("/v1"), |front| front.url("/v1"));
        let home = Home::with(
            &format!(
                "[roles]\nchat = \"work/m\"\ncomplete = \"work/m\"\n[http]\nca_file = \"{}\"\n\
                 [providers.work]\ndialect = \"openai\"\nbase_url = \"{url}\"\nkey = {key}\n",
                Encrypted::authority().display()
            ),
            "",
        );
        Self { server, home, _front: front, edits: 1 }
    }

    /// With the key in a vault file that an agent holds open.
    fn sealed(way: Way) -> Self {
        let scene = Self::new(way, "\"keyring\"");
        scene.tell(&["vault", "init", "--no-recovery"], PASSPHRASE);
        scene.tell(&["secret", "set", "work"], KEY);
        scene
    }

    /// Runs a command that reads `line`.
    #[track_caller]
    fn tell(&self, arguments: &[&str], line: &str) {
        self.home.run_with(arguments, format!("{line}\n"), |_| {}).expect_code(0);
    }

    fn editor(&self, variables: &[(&str, &str)]) -> (Client, String) {
        let start = variables.iter().fold(Client::of(&self.home), |start, (name, value)| start.env(name, value));
        let mut client = start
            .capabilities(json!({
                "textDocument": { "inlineCompletion": { "dynamicRegistration": false } },
                "experimental": { "aside": { "status": true } },
            }))
            .connect();
        client.tolerate("window/showMessage");
        client.open(&self.home.uri("a.rs"), "rust", "fn add(a: u32, b: u32) -> u32 {\n    a \n}\n");
        let session = client.new_session(&self.home.workspace_uri()).id;
        (client, session)
    }

    /// A chat and a completion, each with the key.
    fn uses(&mut self, (client, session): &mut (Client, String)) {
        let before = self.server.requests().len();
        assert_eq!(client.converse(session, "hi").text, "hello");
        self.edits += 1;
        let (uri, letters) = (self.home.uri("a.rs"), "a".repeat(self.edits as usize));
        client.change(&uri, self.edits, &format!("fn add(a: u32, b: u32) -> u32 {{\n    {letters} \n}}\n"));
        let params = json!({
            "textDocument": { "uri": uri },
            "position": { "line": 1, "character": 5 + letters.len() },
            "context": { "triggerKind": 2 },
        });
        let shown: Value = client.request("textDocument/inlineCompletion", params);
        assert!(shown["items"][0]["insertText"].is_string(), "{shown}");
        let bearer = format!("Bearer {KEY}");
        let requests = self.server.requests();
        let sent = requests[before..].iter().filter(|one| one.header("authorization") == Some(&*bearer)).count();
        assert!(sent >= 2, "{:?}", self.server.paths());
    }
}

/// Every copy in a process of the beginning, the middle and the end of the key and of the passphrase; whole ones are among them.
fn traces(pid: u32) -> Vec<Hit> {
    let parts = [KEY, PASSPHRASE].into_iter().flat_map(|value| {
        let (bytes, middle) = (value.as_bytes(), value.len() / 2 - PART / 2);
        [&bytes[..PART], &bytes[middle..middle + PART], &bytes[bytes.len() - PART..]]
    });
    look(pid, &parts.collect::<Vec<_>>())
}

/// Every copy of `value` as a whole.
fn copies(pid: u32, value: &str) -> Vec<Hit> {
    look(pid, &[value.as_bytes()])
}

fn look(pid: u32, values: &[&[u8]]) -> Vec<Hit> {
    scan(pid, values).unwrap_or_else(|refused| panic!("{refused}"))
}

/// Looks until no trace is found, at most so long as a lock may take.
#[track_caller]
fn expect_no_trace(who: &str, pid: u32) {
    let start = Instant::now();
    loop {
        let hits = traces(pid);
        if hits.is_empty() {
            return;
        }
        assert!(start.elapsed() < WITHIN, "{who} still holds, {:?} after the lock: {hits:#?}", start.elapsed());
    }
}

/// Looks until there are at most so many copies of the key: what was used a moment ago is being wiped.
#[track_caller]
fn expect_at_most(most: usize, who: &str, pid: u32) {
    let start = Instant::now();
    loop {
        let hits = copies(pid, KEY);
        if hits.len() <= most {
            return;
        }
        assert!(start.elapsed() < WITHIN, "{who} holds more than {most}: {hits:#?}");
    }
}

/// Uses a key of the vault and locks it, again and again: nothing is left each time.
fn nothing_is_left(way: Way) {
    if !is_permitted() {
        return;
    }
    let mut scene = Scene::sealed(way);
    let (mut editor, agent) = (scene.editor(&[]), scene.home.agent().expect("an agent"));
    let server = editor.0.process().pid();
    for _ in 0..cycles() {
        scene.uses(&mut editor);
        // What the HTTP library's buffer of an idle connection keeps of its last request.
        expect_at_most(1, "the unlocked server", server);
        expect_at_most(0, "the unlocked agent", agent);
        scene.home.run(&["vault", "lock"]).expect_code(0);
        expect_no_trace("the server", server);
        expect_no_trace("the agent", agent);
        scene.tell(&["vault", "unlock"], PASSPHRASE);
    }
    editor.0.shutdown();
}

#[test]
fn me01_after_a_lock_nothing_is_left_of_a_key_that_was_sent_over_plain_http() {
    nothing_is_left(Way::Plain);
}

#[test]
fn me01_after_a_lock_nothing_is_left_of_a_key_that_was_sent_over_tls() {
    nothing_is_left(Way::Tls(Inside::Http1));
}

#[test]
fn me01_after_a_lock_nothing_is_left_of_a_key_that_was_sent_over_http2() {
    nothing_is_left(Way::Tls(Inside::Http2));
}

#[test]
fn me01_a_lock_in_the_middle_of_an_answer_leaves_nothing() {
    if !is_permitted() {
        return;
    }
    for way in WAYS {
        let scene = Scene::sealed(way);
        let (mut client, session) = scene.editor(&[]);
        scene.server.once(openai::CHAT, Reply::sse().then(openai::delta("Once upon")).silent());
        let turn = client.say(&session, "tell me a story");
        client.hears(&turn, "Once upon");
        scene.home.run(&["vault", "lock"]).expect_code(0);
        expect_no_trace("the server", client.process().pid());
        let error = loop {
            if let ChatEvent::End(end) = client.event(&turn).event {
                break end.error.expect("an error");
            }
        };
        assert_eq!(error.code, "locked", "{way:?}: {error:?}");
        client.shutdown();
    }
}

#[test]
fn me01_a_provider_that_sends_the_key_back_leaves_nothing_after_a_lock() {
    if !is_permitted() {
        return;
    }
    let echo = format!("Incorrect API key provided: {KEY}. See https://example.com/?key={KEY}");
    for way in WAYS {
        let scene = Scene::sealed(way);
        let (mut client, session) = scene.editor(&[]);
        let replies = [
            openai::error(401, &echo).header("x-echo", &echo),
            Reply::new(302, "text/plain").header("location", &echo),
            Reply::new(500, "text/html").then(format!("<html>{echo}")),
            Reply::sse().then(openai::event(&json!({ "error": { "message": echo } }))),
            Reply::sse().then(openai::delta("a")).then(format!("data: {{{echo}\n\n")),
        ];
        for reply in replies {
            // A failure of the server is tried again.
            (0..3).for_each(|_| scene.server.once(openai::CHAT, reply.clone()));
            let answer = client.converse(&session, "hi");
            assert!(answer.end.error.is_some(), "{answer:?}");
            assert!(!format!("{answer:?}").contains(KEY), "{answer:?}");
        }
        scene.home.run(&["vault", "lock"]).expect_code(0);
        expect_no_trace("the server", client.process().pid());
        expect_no_trace("the agent", scene.home.agent().expect("an agent"));
        client.shutdown();
    }
}

#[test]
fn me01_after_the_idle_limit_nothing_is_left_though_nobody_asked() {
    if !is_permitted() {
        return;
    }
    let mut scene = Scene::sealed(Way::Plain);
    let mut editor = scene.editor(&[("ASIDE_VAULT_IDLE_LOCK", "1s")]);
    scene.uses(&mut editor);
    let locked = |status: &Value| status["what"] == "vault" && status["reason"].is_object();
    editor.0.notification_where("aside/status/changed", locked);
    expect_no_trace("the server", editor.0.process().pid());
    editor.0.shutdown();
}

/// Uses the key of `scene` and locks it.
fn nothing_is_left_of(mut scene: Scene, variables: &[(&str, &str)]) {
    let mut editor = scene.editor(variables);
    let server = editor.0.process().pid();
    expect_at_most(0, "the server that was just started", server);
    for _ in 0..2 {
        scene.uses(&mut editor);
        expect_at_most(1, "the unlocked server", server);
        scene.home.run(&["vault", "lock"]).expect_code(0);
        expect_no_trace("the locked server", server);
    }
    editor.0.shutdown();
}

#[test]
fn me01_a_key_of_the_environment_is_in_memory_only_while_it_is_used() {
    if is_permitted() {
        for way in WAYS {
            nothing_is_left_of(Scene::new(way, "\"env:WORK_TEST_KEY\""), &[("WORK_TEST_KEY", KEY)]);
        }
    }
}

#[test]
fn me01_a_key_that_a_program_prints_is_in_memory_only_while_it_is_used() {
    if !is_permitted() {
        return;
    }
    for way in WAYS {
        let scene = Scene::new(way, "[\"cat\", \"key\"]");
        let at_home = scene.home.aside().parent().expect("a folder").join("home/key");
        std::fs::write(at_home, KEY).expect("written");
        nothing_is_left_of(scene, &[]);
    }
}

#[test]
fn me01_a_key_of_a_real_keyring_is_in_memory_only_while_it_is_used() {
    if !is_permitted() {
        return;
    }
    let Some(keyring) = Keyring::start() else { return };
    for way in WAYS {
        let scene = Scene::new(way, "\"keyring\"");
        let on_bus = |command: &mut Command| keyring.lead(command);
        scene.home.run_with(&["secret", "set", "work"], format!("{KEY}\n"), on_bus).expect_code(0);
        nothing_is_left_of(scene, &keyring.variables());
    }
}

/// A command that has read `lines` and waits for more, with every copy in it of the values.
#[track_caller]
fn waiting(home: &Home, arguments: &[&str], lines: &str) -> (Process, ChildStdin, Vec<Hit>) {
    let mut command = home.command(binary::aside());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("`aside` starts");
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(lines.as_bytes()).expect("it reads");
    let process = Process::of(child);
    let start = Instant::now();
    // No event tells that all is read and more is waited for; the system does when asked.
    while ioctl_fionread(&input).expect("a pipe tells") > 0 || !reads_its_input(process.pid()) {
        assert!(start.elapsed() < PATIENCE, "{arguments:?} does not wait: {}", process.errors());
    }
    let hits = [KEY, PASSPHRASE].into_iter().flat_map(|value| copies(process.pid(), value)).collect();
    (process, input, hits)
}

/// Whether a thread of the process waits for bytes of standard input.
fn reads_its_input(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut calls = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("syscall")).ok());
    // The number of `read`, and its first argument.
    let read = if cfg!(target_arch = "x86_64") { "0 0x0 " } else { "63 0x0 " };
    calls.any(|call| call.starts_with(read))
}

#[test]
fn a_command_that_waits_for_input_holds_no_more_than_what_it_uses() {
    if !is_permitted() {
        return;
    }
    let scene = Scene::sealed(Way::Plain);
    let backup = scene.home.path("backup").display().to_string();
    let passphrase = format!("{PASSPHRASE}\n");
    for (arguments, lines, most) in [
        // The value itself, in the buffer that it is read into.
        (&["secret", "set", "work"][..], KEY, 1),
        (&["secret", "import", "-"], &format!("work={KEY}\n"), 1),
        // The passphrase that opens the vault once more, for the change.
        (&["vault", "passphrase"], &passphrase, 1),
        // Its copy opens nothing: only the new one is asked for.
        (&["vault", "backup", &backup], &passphrase, 0),
    ] {
        let (mut process, input, hits) = waiting(&scene.home, arguments, lines);
        assert!(hits.len() <= most, "{arguments:?}: {hits:#?}");
        process.kill();
        drop(input);
    }
}

#[test]
fn a_passphrase_that_is_typed_is_in_memory_once_while_it_is_asked_for_again() {
    if !is_permitted() {
        return;
    }
    let home = Home::new();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "init"]) else { return };
    terminal.asks_hidden("New passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.asks_hidden("The same again: ");
    let hits = copies(terminal.pid(), PASSPHRASE);
    assert_eq!(hits.len(), 1, "{hits:#?}");
    terminal.enter(PASSPHRASE);
    terminal.ends().expect_code(0);
    expect_no_trace("the agent", home.agent().expect("an agent"));
}
