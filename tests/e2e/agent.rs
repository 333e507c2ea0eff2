//! The agent: one process that holds the unlocked vault for every editor and terminal, and everything that may happen to it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    thread,
    time::{Duration, Instant},
};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE, Place, Terminal,
    model_server::{Reply, dialects::openai},
    place,
    real::{is_root, program},
    settings_with_key,
    vault::{OTHER, PASSPHRASE},
};
use serde_json::{Value, json};

const KEY: &str = "test-key-Zq81vX0pLm3";

/// A home with an open vault, a stored key for its provider, these further settings, and the provider's server.
fn scripted(more: &str) -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    server.always(openai::COMPLETIONS, openai::fill(&["word"]));
    let home = Home::with(&format!("{}{more}", settings_with_key("openai", &server.url("/v1"), "keyring")), "");
    let home = home.with_open_vault();
    home.store("work", KEY);
    (server, home)
}

/// An editor with a status line and a conversation.
struct Editor {
    client: Client,
    session: String,
}

impl Editor {
    fn start(home: &Home) -> Self {
        let mut client = Client::of(home).heeds_status().connect();
        let session = client.new_session(&home.workspace_uri()).id;
        Self { client, session }
    }

    /// Sends a message; gives the code of the failure, or nothing.
    #[track_caller]
    fn say(&mut self) -> Option<String> {
        let said = json!({ "session": self.session, "text": "hi" });
        match self.client.try_request::<Value>("aside/chat/send", said) {
            Ok(begun) => {
                let turn = begun["turn"].as_str().expect("a turn").to_owned();
                assert_eq!(self.client.whole_answer(&turn).end.error.map(|error| error.code), None);
                None
            }
            // Neither the provider's key nor that of the conversation.
            Err(error) => {
                assert_eq!(error.hint(), "run `aside vault unlock` in a terminal", "{error:?}");
                Some(error.kind().to_owned())
            }
        }
    }

    /// Hears that the keys are locked; gives the sentence.
    #[track_caller]
    fn hears_lock(&mut self) -> String {
        let told = self.vault_changed();
        assert_eq!(told["reason"]["code"], "locked", "{told}");
        assert_eq!(told["reason"]["hint"], "run `aside vault unlock` in a terminal", "{told}");
        told["reason"]["message"].as_str().expect("a sentence").to_owned()
    }

    #[track_caller]
    fn hears_opening(&mut self) {
        let told = self.vault_changed();
        assert_eq!(told["reason"], Value::Null, "{told}");
    }

    #[track_caller]
    fn vault_changed(&mut self) -> Value {
        self.client.notification_where("aside/status/changed", |params| params["what"] == "vault")
    }

    /// Reads the one message that tells the person what to do.
    #[track_caller]
    fn is_told_to_unlock(&mut self) {
        let told = self.client.notification("window/showMessage");
        let message = told["message"].as_str().expect("a sentence");
        assert!(message.contains("locked") && message.contains("aside vault unlock"), "{message}");
    }
}

/// Why the agent is locked, or `open`.
fn agent_state(home: &Home) -> String {
    let status = home.run(&["vault", "status", "--json"]).expect_code(0).json();
    let processes = status["processes"].as_array().expect("a list").clone();
    let Some(agent) = processes.iter().find(|one| one["label"] == "agent") else { return "gone".to_owned() };
    agent["locked"].as_str().unwrap_or("open").to_owned()
}

/// Waits until something holds that nothing tells of.
#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::yield_now();
    }
}

#[test]
fn a_lock_in_a_terminal_reaches_every_editor_and_an_unlock_needs_no_restart() {
    let (_server, home) = scripted("");
    let agent = home.agent().expect("the unlock started one and ended");
    let mut editors = [Editor::start(&home), Editor::start(&home)];
    for editor in &mut editors {
        assert_eq!(editor.say(), None);
    }
    for _ in 0..2 {
        let done = home.run(&["vault", "lock"]).expect_code(0);
        assert!(done.stdout.contains("3 processes wiped their keys"), "{}", done.stdout);
        for editor in &mut editors {
            editor.hears_lock();
            assert_eq!(editor.say().as_deref(), Some("locked"));
            editor.is_told_to_unlock();
            // Said once for each lock: a second message would be left unread, which fails the test.
            assert_eq!(editor.say().as_deref(), Some("locked"));
        }
        home.unlock(PASSPHRASE);
        for editor in &mut editors {
            editor.hears_opening();
            assert_eq!(editor.say(), None);
        }
    }
    assert_eq!(home.agent(), Some(agent), "it was the same agent all the time");
    editors.into_iter().for_each(|editor| editor.client.shutdown());
}

#[test]
fn a_killed_agent_locks_the_editors_and_the_next_unlock_starts_another() {
    let (_server, home) = scripted("");
    let mut editor = Editor::start(&home);
    assert_eq!(editor.say(), None);
    let killed = home.agent();
    home.kill_agent();
    assert!(editor.hears_lock().contains("locked"));
    assert_eq!(editor.say().as_deref(), Some("locked"));
    editor.is_told_to_unlock();
    assert_eq!(agent_state(&home), "gone");
    home.unlock(PASSPHRASE);
    assert_ne!(home.agent(), killed);
    editor.hears_opening();
    assert_eq!(editor.say(), None);
    editor.client.shutdown();
}

#[test]
fn an_agent_that_nobody_uses_locks_itself_and_its_editors() {
    let (_server, home) = scripted("\n[vault]\nidle_lock = \"1s\"\n");
    // The clock runs: an editor may come when it is locked again already.
    let mut editors = [Editor::start(&home), Editor::start(&home)];
    home.unlock(PASSPHRASE);
    for editor in &mut editors {
        until("no message comes through", || {
            let end = editor.client.converse(&editor.session, "hi").end;
            if end.error.is_some() {
                home.unlock(PASSPHRASE);
            }
            end.error.is_none()
        });
    }
    until("it stays open", || agent_state(&home) == "idle");
    for editor in editors {
        let mut client = editor.client;
        let told = client.notification_where("aside/status/changed", |params| params["reason"]["code"] == "locked");
        assert_eq!(told["what"], "vault");
        client.kill();
    }
}

#[test]
fn an_unlock_brings_the_limits_that_the_settings_have_by_then() {
    let (_server, home) = scripted("");
    let agent = home.agent();
    let settings = fs::read_to_string(home.aside().join("config.toml")).expect("settings");
    home.config(&format!("{settings}\n[vault]\nidle_lock = \"1s\"\n"));
    home.run(&["vault", "lock"]).expect_code(0);
    home.unlock(PASSPHRASE);
    assert_eq!(home.agent(), agent);
    until("it stays open", || agent_state(&home) == "idle");
}

/// Asks for a completion that no memory can answer.
fn type_and_complete(client: &mut Client, home: &Home, version: i32) -> Value {
    let uri = home.uri("src/a.rs");
    let Place { text, line, character } =
        place(&format!("fn number{version}() {{\n    let value{version} = <|>\n}}\n"));
    client.change(&uri, version, &text);
    let position = json!({ "line": line, "character": character });
    let params = json!({ "textDocument": { "uri": uri }, "position": position, "context": { "triggerKind": 2 } });
    client.request("textDocument/inlineCompletion", params)
}

#[test]
fn va17_typing_keeps_the_vault_open_and_checks_do_not() {
    let idle = Duration::from_secs(3);
    let (server, home) = scripted("\n[vault]\nidle_lock = \"3s\"\n");
    let mut editor = Editor::start(&home);
    editor.client.open(&home.uri("src/a.rs"), "rust", "");
    let (start, mut version) = (Instant::now(), 2);
    while start.elapsed() < idle + idle / 2 {
        type_and_complete(&mut editor.client, &home, version);
        version += 1;
    }
    assert!(server.requests().len() > 2, "the provider was asked");
    assert_eq!(agent_state(&home), "open", "somebody types");
    let last = Instant::now();
    let asked = server.requests().len();
    while last.elapsed() < idle - idle / 5 {
        editor.client.request::<Value>("aside/health", Value::Null);
    }
    assert!(server.requests().len() > asked, "the checks used the key");
    editor.hears_lock();
    let took = last.elapsed();
    assert!(took < 2 * idle - idle / 3, "the checks kept it open for {took:?}");
    assert_eq!(agent_state(&home), "idle");
    editor.client.kill();
}

#[test]
fn when_the_last_editor_is_closed_the_vault_locks_and_a_command_that_ends_locks_nothing() {
    let (_server, home) = scripted("");
    for _ in 0..2 {
        home.run(&["chat", "--new", "hi"]).expect_code(0);
    }
    assert_eq!(agent_state(&home), "open", "a terminal is no editor");
    let (mut first, mut second) = (Editor::start(&home), Editor::start(&home));
    assert_eq!((first.say(), second.say()), (None, None));
    first.client.shutdown();
    assert_eq!(second.say(), None);
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    assert_eq!(agent_state(&home), "open", "one is left");
    // However it ends.
    second.client.kill();
    until("it stays open", || agent_state(&home) == "last-client");
    home.run(&["secret", "list"]).expect_code(3);
    home.unlock(PASSPHRASE);
    home.run(&["secret", "list"]).expect_code(0);
}

#[test]
fn of_agents_that_start_at_once_one_stays() {
    let home = Home::new().with_vault();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| home.unlock(PASSPHRASE));
        }
    });
    let agent = home.agent().expect("one listens");
    home.store("openai", KEY);
    let mut starts = 0;
    until("the start is not recorded", || {
        let log = home.run(&["audit", "tail", "-n", "100", "--json"]).expect_code(0).json();
        starts = log.as_array().expect("a list").iter().filter(|one| one["what"] == "agent-start").count();
        log.to_string().contains("\"unlock\"")
    });
    assert_eq!(starts, 1);
    // Another one that is started by hand leaves it alone.
    let done = home.run(&["agent"]).expect_code(0);
    assert_eq!((done.stdout.trim(), home.agent()), ("ready", Some(agent)));
    home.run(&["secret", "list"]).expect_code(0);
}

#[test]
fn va02_each_wrong_passphrase_makes_the_next_answer_slower() {
    let home = Home::new().with_open_vault();
    let mut took = Duration::ZERO;
    for _ in 0..4 {
        let start = Instant::now();
        home.answer(&["vault", "unlock"], &[OTHER]).expect_code(3);
        took += start.elapsed();
    }
    assert!(took >= Duration::from_millis(100 + 200 + 400 + 800), "four took {took:?}");
    home.run(&["secret", "list"]).expect_code(0);
    home.unlock(PASSPHRASE);
    until("they are not recorded", || {
        let log = home.run(&["audit", "tail", "-n", "100", "--json"]).expect_code(0).json();
        let wrong = log.as_array().expect("a list").iter().filter(|one| one["what"] == "wrong-passphrase");
        wrong.map(|one| one["count"].as_u64().expect("a count")).sum::<u64>() == 4
    });
}

#[test]
fn an_agent_outlives_the_terminal_that_started_it() {
    let home = Home::new().with_vault();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "unlock"]) else { return };
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.enter(PASSPHRASE);
    // Its end hangs up on everybody who has it as theirs.
    terminal.ends().expect_code(0);
    home.run(&["secret", "list"]).expect_code(0);
}

/// Something else that listens in the agent's place and says `said` to everybody; silent for nothing.
fn impostor(home: &Home, said: Vec<u8>) {
    let _ = fs::DirBuilder::new().create(home.runtime());
    fs::set_permissions(home.runtime(), fs::Permissions::from_mode(0o700)).expect("the folder is ours");
    let _ = fs::remove_file(home.agent_socket());
    let listener = UnixListener::bind(home.agent_socket()).expect("a socket");
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            // It may have hung up.
            let _ = stream.write_all(&said);
            open.push(stream);
        }
    });
}

#[test]
fn whatever_else_listens_in_the_agents_place_is_told_and_gets_nothing() {
    let newer = [&2u32.to_le_bytes()[..], &[9, 1]].concat();
    let nonsense = [&3u32.to_le_bytes()[..], &[1, 250, 250]].concat();
    for (said, told) in [
        (newer, "speaks version 9 of the protocol"),
        (nonsense, "no message"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "bytes at once"),
        (Vec::new(), "did not answer within 2 s"),
    ] {
        let home = Home::with(&settings_with_key("openai", "http://127.0.0.1:9/v1", "keyring"), "").with_vault();
        impostor(&home, said);
        for arguments in [&["chat", "--new", "hi"][..], &["secret", "list"]] {
            let done = home.run(arguments);
            assert!(done.code == 1 || done.code == 3, "{told}: {}: {}", done.code, done.said());
            assert!(done.stderr.contains("next: "), "{told}: {}", done.said());
        }
        let done = home.run(&["chat", "--new", "hi"]);
        assert!(done.stderr.contains(told), "{told}: {}", done.said());
        // It is not locked, as far as anybody can tell.
        let done = home.run(&["vault", "lock"]).expect_code(1);
        assert!(done.stderr.contains("agent.sock") && done.stderr.contains("next: "), "{told}: {}", done.said());
    }
}

#[test]
fn the_agent_survives_whatever_is_said_to_it() {
    let (_server, home) = scripted("");
    let agent = home.agent();
    for said in [
        &b""[..],
        b"\x00",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x02\x00\x00\x00\x01",
        b"\x02\x00\x00\x00\x09\x01",
        b"\x05\x00\x00\x00\x01\x03\xff\xff\xff",
        b"\x06\x00\x00\x00\x01\x06\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut stream = UnixStream::connect(home.agent_socket()).expect("it listens");
        stream.write_all(said).expect("it reads");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut answer = Vec::new();
        // Hanging up may look like an error here.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    }
    // Many who say nothing take no seat for long.
    let silent: Vec<_> = (0..100).map(|_| UnixStream::connect(home.agent_socket()).expect("it listens")).collect();
    drop(silent);
    home.run(&["secret", "list"]).expect_code(0);
    assert_eq!(home.agent(), agent);
}

/// Connects as it runs, asks how the agent stands and prints how many bytes came back.
const PEER: &str = "$SIG{PIPE} = 'IGNORE'; use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print 'refused'; exit }; \
                    syswrite $s, pack('V', 2) . chr(1) . chr(1); my $n = 0; while ($n <= 4 and my $r = sysread $s, my $b, 100) { $n += $r } print $n;";

#[test]
fn another_user_cannot_talk_to_the_agent() {
    if !is_root("other user") {
        return;
    }
    let (Some(setpriv), Some(perl)) = (program("setpriv"), program("perl")) else { return };
    let (_server, home) = scripted("");
    let socket = home.agent_socket();
    let says = |user: &str| {
        let mut command = home.command(&setpriv);
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(&perl).args(["-e", PEER]).arg(&socket);
        let output = command.current_dir("/").output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(says("0").parse::<u32>().is_ok_and(|bytes| bytes > 4), "its own user is answered");
    assert_eq!(says("65534"), "refused");
    // Where the folder was opened by mistake, the agent itself looks who it is.
    let root = home.aside().parent().expect("a home has a folder").to_path_buf();
    for folder in [root, home.aside(), home.runtime()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    }
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).expect("the socket is ours");
    assert_eq!(says("65534"), "0");
    home.run(&["secret", "list"]).expect_code(0);
}

#[test]
fn without_a_vault_file_there_is_never_an_agent() {
    let server = ModelServer::start();
    server.always(openai::CHAT, Reply::json(500, &json!({})));
    let home = Home::with(&settings_with_key("openai", &server.url("/v1"), "keyring"), "");
    home.answer(&["secret", "set", "work"], &[KEY]).expect_code(1);
    home.run(&["secret", "list"]).expect_code(1);
    home.run(&["vault", "status"]).expect_code(0);
    home.run(&["vault", "unlock"]).expect_code(0);
    home.run(&["vault", "lock"]).expect_code(0);
    home.run(&["chat", "--new", "hi"]).expect_code(1);
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri()).id;
    client.converse(&session, "hi");
    client.request::<Value>("aside/health", Value::Null);
    assert!(!home.agent_socket().exists());
    client.shutdown();
}
