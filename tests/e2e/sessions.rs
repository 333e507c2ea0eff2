//! Conversations as things that are kept: what the terminal does with them, their limits, their folder, their seal.

mod commands;
mod folders;
mod sealed;

use aside_test_support::{Client, Home};
use serde_json::{Value, json};

/// A session that nobody has.
const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// Asks the built-in engine in a new conversation; gives its id.
#[track_caller]
fn talked(home: &Home, question: &str) -> String {
    home.run(&["chat", "--new", question]).expect_code(0);
    listed(home, &[])[0]["id"].as_str().expect("an id").to_owned()
}

/// The list of the command line, newest first.
#[track_caller]
fn listed(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["session", "list", "--json"], arguments].concat();
    home.run(&arguments).expect_code(0).json().as_array().expect("a list").clone()
}

/// Role and text of each message of a session.
#[track_caller]
fn said(home: &Home, id: &str) -> Vec<(String, String)> {
    let shown = home.run(&["session", "show", id, "--json"]).expect_code(0).json();
    let text = |message: &Value, field: &str| message[field].as_str().expect("a text").to_owned();
    let messages = shown["messages"].as_array().expect("a list").iter();
    messages.map(|message| (text(message, "role"), text(message, "text"))).collect()
}

#[test]
fn a_workspace_takes_a_hundred_conversations_and_no_more() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let here = json!({ "workspace": home.workspace_uri() });
    let first = client.new_session(&home.workspace_uri()).id;
    for _ in 1..100 {
        client.new_session(&home.workspace_uri());
    }
    let error = client.refused("aside/chat/new", &here);
    assert_eq!(error.kind(), "session-limit");
    let hint = error.data.and_then(|data| data.hint).unwrap_or_default();
    assert!(hint.contains(&first), "the one that was not used for the longest time is named: {hint}");
    client.request::<Value>("aside/chat/delete", json!({ "session": first }));
    client.request::<Value>("aside/chat/new", &here);
    assert_eq!(client.refused("aside/chat/restore", json!({ "session": first })).kind(), "session-limit");
    client.shutdown();
}

#[test]
fn a_conversation_that_is_full_takes_no_more_and_says_how_to_go_on() {
    let home = Home::with("[sessions]\nmax_bytes = 65536\n", "");
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, &"word ".repeat(9_000));
    let more = json!({ "session": session.id, "text": "word ".repeat(9_000) });
    let error = client.refused("aside/chat/send", more);
    assert_eq!(error.kind(), "session-full");
    assert!(error.data.and_then(|data| data.hint).is_some_and(|hint| hint.contains("aside session compact")));
    client.shutdown();
}

#[test]
fn the_sixth_conversation_opened_in_a_minute_has_to_wait() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let made: Vec<_> = (0..6).map(|_| client.new_session(&home.workspace_uri()).id).collect();
    client.shutdown();
    let mut client = Client::of(&home).connect();
    for id in &made[..5] {
        client.open_session(id);
    }
    let error = client.refused("aside/chat/open", json!({ "session": made[5] }));
    let wait = error.data.as_ref().and_then(|data| data.retry_after_ms).expect("a time to wait");
    assert!(error.kind() == "rate-limited" && (1..=60_000).contains(&wait), "{error:?}");
    client.open_session(&made[0]);
    client.shutdown();
}

#[test]
fn an_old_conversation_is_looked_after_by_the_server_itself() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.new_session(&home.workspace_uri());
    // The server has looked when the next look comes too soon.
    let start = std::time::Instant::now();
    loop {
        let next = home.run(&["session", "clean", "--dry-run"]).expect_code(0).stdout;
        if next.contains("less than an hour ago") {
            break;
        }
        assert!(start.elapsed() < aside_test_support::PATIENCE, "the server does not look: {next}");
    }
    client.shutdown();
}

#[test]
fn the_status_and_the_doctor_tell_how_the_store_is() {
    let home = Home::new();
    talked(&home, "where is it");
    let mut client = Client::of(&home).connect();
    let before: Value = client.request("aside/status", Value::Null);
    assert_eq!((&before["sessions"]["sealed"], &before["sessions"]["sessions"]), (&Value::Null, &json!(1)));
    client.request::<Value>("aside/chat/list", json!({}));
    let status: Value = client.request("aside/status", Value::Null);
    let sessions = &status["sessions"];
    assert!(sessions["rows"].as_u64() >= Some(3) && sessions["bytes"].as_u64() > Some(0), "{sessions}");
    assert_eq!(sessions["sealed"]["key"].as_str().map(str::len), Some(8), "{sessions}");
    assert_eq!((&sessions["sealed"]["place"], &sessions["unsaved"]), (&json!("file"), &json!(0)), "{sessions}");
    client.shutdown();
    let doctor = home.run(&["doctor"]);
    assert!(doctor.stdout.contains("sealed under key"), "{}", doctor.stdout);
}
