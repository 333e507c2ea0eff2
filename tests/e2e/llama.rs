//! A real llama.cpp server, in both dialects that it speaks.

use aside_test_support::{
    Client, Home,
    llama::{ANSWER, Llama},
    place,
    protocol::inline_items,
    settings,
};
use serde_json::{Value, json};

fn answers(dialect: &str, path: &str) {
    let Some(llama) = Llama::start() else { return };
    let home = Home::with(&settings(dialect, &llama.url(path)), "");
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    for question in ["What is a + b?", "And again?"] {
        let answer = client.converse(&session.id, question);
        assert_eq!((&*answer.text, &*answer.end.reason), (ANSWER, "complete"), "{:?}\n{}", answer.end, llama.log());
    }
    let messages = client.open_session(&session.id).messages;
    assert_eq!(messages.len(), 4);
    assert!(messages[3].usage.is_some(), "the server counts tokens: {:?}", messages[3]);
    client.shutdown();
}

#[test]
fn a_real_server_answers_in_its_own_dialect() {
    answers("llama-cpp", "");
}

#[test]
fn a_real_server_answers_in_the_openai_dialect() {
    answers("openai", "/v1");
}

#[test]
fn a_real_server_fills_in_the_middle() {
    let Some(llama) = Llama::start() else { return };
    let home = Home::with(&settings("llama-cpp", &llama.url("")), "");
    let mut client = Client::of(&home).connect();
    let place = place("fn add(a: u32, b: u32) -> u32 {\n    <|>\n}\n");
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", &place.text);
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": place.line, "character": place.character },
        "context": { "triggerKind": 1 },
    });
    let answer: Value = client.request("textDocument/inlineCompletion", params);
    let items = inline_items(&answer);
    let shown = items.first().map_or("", |item| &item.insert_text);
    assert_eq!(shown, ANSWER, "{}\n{}", client.request::<Value>("aside/status", Value::Null), llama.log());
    client.shutdown();
}

#[test]
fn the_terminal_asks_a_real_server_too() {
    let Some(llama) = Llama::start() else { return };
    let home = Home::with(&settings("openai", &llama.url("/v1")), "");
    let done = home.run(&["chat", "What is a + b?"]).expect_code(0);
    assert_eq!(done.stdout.trim(), ANSWER);
    let doctor = home.run(&["doctor"]).expect_code(0);
    assert!(doctor.stdout.contains("work/m"), "{}", doctor.stdout);
}
