//! How the server ends: by the protocol, by the end of its input, by its editor's death. Within a second, nothing left.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aside_test_support::{
    Client, Home, ModelServer, Process,
    model_server::{Reply, dialects::openai},
    settings,
};
use serde_json::Value;

/// What is promised.
const SOON: Duration = Duration::from_secs(1);

/// Waits for the end of the server and checks that it came soon after `from`.
#[track_caller]
fn ends_soon(client: &mut Client, from: Instant) -> Option<i32> {
    let (status, at) = client.wait_exit(aside_test_support::PATIENCE);
    let took = at.saturating_duration_since(from);
    assert!(took <= SOON, "it took {took:?}");
    status.code()
}

#[test]
fn pr27_exit_after_shutdown_ends_with_0_and_without_with_1() {
    for (polite, code) in [(true, 0), (false, 1)] {
        let home = Home::new();
        let mut client = Client::of(&home).connect();
        if polite {
            client.request::<Value>("shutdown", Value::Null);
        }
        client.notify("exit", Value::Null);
        assert_eq!(ends_soon(&mut client, Instant::now()), Some(code));
    }
}

#[test]
fn pr27_exit_before_the_greeting_ends_it() {
    let home = Home::new();
    let mut client = Client::of(&home).silent();
    client.notify("exit", Value::Null);
    assert_eq!(ends_soon(&mut client, Instant::now()), Some(1));
}

#[test]
fn pr27_the_end_of_the_input_ends_it() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.close_input();
    ends_soon(&mut client, Instant::now());
}

#[test]
fn pr27_the_end_of_the_input_in_the_middle_of_a_frame_ends_it() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.send_raw(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\"");
    client.close_input();
    ends_soon(&mut client, Instant::now());
}

#[test]
fn pr27_the_death_of_the_editor_ends_it() {
    let home = Home::new();
    let editor = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().expect("`sleep` starts");
    let mut editor = Process::of(editor);
    // Its input stays open: only the death of the named process can tell it.
    let mut client = Client::of(&home).process_id(Some(editor.pid())).connect();
    client.request::<Value>("aside/status", Value::Null);
    let killed = Instant::now();
    editor.kill();
    ends_soon(&mut client, killed);
}

#[test]
fn a_server_that_cannot_see_its_editor_goes_on() {
    // As in a container, where the editor's process id means nothing or another process.
    let home = Home::new();
    let mut client = Client::of(&home).process_id(Some(0x3fff_fff0)).connect();
    client.request::<Value>("aside/status", Value::Null);
    client.shutdown();
}

/// Leaves in the middle of an answer by `leave` and checks that the text is there afterwards, marked.
fn leaves_nothing_behind(leave: impl FnOnce(&mut Client)) {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    server.once(openai::CHAT, Reply::sse().then(openai::delta("half an answer")).silent());
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let turn = client.say(&session.id, "hi");
    client.hears(&turn, "half an answer");
    let request = server.request(openai::CHAT);
    let left = Instant::now();
    leave(&mut client);
    ends_soon(&mut client, left);
    server.gone(&request);

    let mut client = Client::of(&home).connect();
    let opened = client.open_session(&session.id);
    let last = opened.messages.last().expect("messages");
    assert_eq!((&*last.role, &*last.text, &*last.state), ("assistant", "half an answer", "interrupted"));
    assert_eq!(opened.session.state, "interrupted");
    client.shutdown();
}

#[test]
fn what_was_streamed_is_saved_when_the_input_ends() {
    leaves_nothing_behind(Client::close_input);
}

#[test]
fn what_was_streamed_is_saved_on_exit() {
    leaves_nothing_behind(|client| {
        client.request::<Value>("shutdown", Value::Null);
        client.notify("exit", Value::Null);
    });
}

#[test]
fn an_unused_server_writes_nothing_but_its_log() {
    let home = Home::new();
    let client = Client::of(&home).connect();
    client.shutdown();
    let made: Vec<String> = walk(&home.aside());
    assert!(!made.iter().any(|path| path.ends_with(".db")), "no database before the first conversation: {made:?}");
}

#[test]
#[cfg(unix)]
fn what_is_stored_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, "hi");
    client.shutdown();
    for path in walk(&home.aside()) {
        let mode = std::fs::metadata(&path).expect("it was just listed").permissions().mode() & 0o777;
        let inside = path.contains("/data") || path.contains("/state");
        assert!(!inside || mode & 0o077 == 0, "`{path}` has mode {mode:o}");
    }
}

/// All files and folders below `folder`.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is readable").flatten() {
        found.push(entry.path().display().to_string());
        if entry.path().is_dir() {
            found.extend(walk(&entry.path()));
        }
    }
    found
}
