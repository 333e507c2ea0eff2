//! Documents that are too large, binary, or out of step with the editor: told with a reason, and served again when right.

use aside_test_support::{
    Client, Home, ModelServer, model_server::dialects::llama, protocol::inline_items, settings_with_model,
};
use serde_json::{Value, json};

/// A client that completes with a scripted llama.cpp server which always fills in `+ b`.
fn scene() -> (ModelServer, Home, Client) {
    let server = ModelServer::start();
    server.always(llama::INFILL, llama::fill(&["+ b"]));
    server.always(llama::COMPLETION, llama::fill(&["+ b"]));
    let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), "");
    let client = Client::of(&home).connect();
    (server, home, client)
}

/// Asks for ghost text at the end of line 0 of `uri`; gives its text, or the reason why there is none.
#[track_caller]
fn asked(client: &mut Client, uri: &str, character: usize) -> String {
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": 0, "character": character }, "context": { "triggerKind": 1 },
    });
    let answer: Value = client.request("textDocument/inlineCompletion", params);
    match inline_items(&answer).first() {
        Some(item) => item.insert_text.clone(),
        None => answer["reason"]["code"].as_str().unwrap_or_else(|| panic!("no reason in {answer}")).to_owned(),
    }
}

fn change(client: &mut Client, uri: &str, version: i32, changes: &Value) {
    let document = json!({ "uri": uri, "version": version });
    client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
}

/// An edit of line 0.
fn edit(from: u32, to: u32, text: &str) -> Value {
    let at = |character| json!({ "line": 0, "character": character });
    json!([{ "range": { "start": at(from), "end": at(to) }, "text": text }])
}

#[test]
fn pr31_a_document_that_is_too_large_or_binary_is_declined() {
    let (server, home, mut client) = scene();
    let large = home.uri("large.rs");
    client.open(&large, "rust", &"let a = 1;\n".repeat((33 << 20) / 11));
    assert_eq!(asked(&mut client, &large, 10), "bad-place");
    let binary = home.uri("binary.rs");
    client.open(&binary, "rust", "a\0b");
    assert_eq!(asked(&mut client, &binary, 3), "bad-place");
    let status: Value = client.request("aside/status", Value::Null);
    assert_eq!(status["documents"], json!({ "open": 0, "outOfSync": 0, "declined": 2 }));
    assert!(server.requests().is_empty());
    client.shutdown();
}

#[test]
fn pr31_versions_may_skip_numbers_and_must_grow() {
    let (_server, home, mut client) = scene();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "a ");
    change(&mut client, &uri, 40, &edit(0, 1, "x"));
    assert_eq!(asked(&mut client, &uri, 2), "+ b");
    change(&mut client, &uri, 39, &edit(0, 1, "y"));
    client.notification("window/showMessage");
    assert_eq!(asked(&mut client, &uri, 2), "bad-place");
    client.change(&uri, 41, "z ");
    assert_eq!(asked(&mut client, &uri, 2), "+ b", "the whole text puts it right again");
    client.shutdown();
}

#[test]
fn pr31_an_edit_that_cannot_be_applied_is_told_once() {
    let (_server, home, mut client) = scene();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "\u{1F600} a ");
    change(&mut client, &uri, 2, &edit(1, 1, "in the middle of a character"));
    let told = client.notification("window/showMessage");
    assert!(told["message"].as_str().is_some_and(|message| message.contains("a.rs")), "{told}");
    change(&mut client, &uri, 3, &edit(0, 0, "more"));
    assert_eq!(asked(&mut client, &uri, 5), "bad-place");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    client.open(&uri, "rust", "a ");
    assert_eq!(asked(&mut client, &uri, 2), "+ b");
    client.shutdown();
}

#[test]
fn a_completion_sees_the_text_of_its_own_place_on_the_wire() {
    let (server, home, mut client) = scene();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "let word0 = a ");
    let mut line = "let word0 = a ".to_owned();
    for version in 2..200 {
        let word = format!("word{}", version - 1);
        let end = u32::try_from(line.find(" =").expect("an assignment")).expect("short");
        change(&mut client, &uri, version, &edit(4, end, &word));
        line = format!("let {word} = a ");
    }
    assert_eq!(asked(&mut client, &uri, line.len()), "+ b");
    let body = server.requests()[0].text();
    assert!(body.contains("let word198 = a "), "all edits before it are in: {body}");
    client.shutdown();
}
