//! The first second with Aside: no model, no key, no network, no settings.

use aside_test_support::{Client, Home, ModelServer, place, protocol::inline_items};
use serde_json::{Value, json};

const WORKSPACE: &str = "
//- src/basket.rs
pub fn total(items: &[Item]) -> u64 {
    items.iter().map(|item| item.price_in_cents).sum()
}
pub fn largest(items: &[Item]) -> Option<u64> {
    items.iter().map(|item| item.price_in_cents).max()
}
pub fn smallest(items: &[Item]) -> Option<u64> {
    items.iter().map(|item| item.price_in_cents).min()
}
//- src/order.rs
/// Reads the header of an order.
pub fn parse_order_header(text: &str) -> Option<Header> {
    let (name, rest) = text.split_once(':')?;
    Some(Header { name: name.trim().to_owned(), rest: rest.trim().to_owned() })
}
pub fn prices(items: &[Item]) -> Vec<u64> {
    items.iter().map(|item| item.price_in_cents).collect()
}
//- src/main.rs
mod basket;
mod order;
fn main() {}
";

#[test]
fn a_completion_comes_from_the_workspace_itself() {
    let home = Home::with("", WORKSPACE);
    let mut client = Client::of(&home).connect();
    let place = place("pub fn costs(items: &[Item]) -> u64 {\n    items.iter().map(|item| item.<|>\n}\n");
    let uri = home.uri("src/costs.rs");
    client.open(&uri, "rust", &place.text);
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": place.line, "character": place.character },
        "context": { "triggerKind": 1 },
    });
    // The workspace is read in the background: the first answers may be empty.
    let deadline = std::time::Instant::now() + aside_test_support::PATIENCE;
    let items = loop {
        let answer: Value = client.request("textDocument/inlineCompletion", &params);
        let items = inline_items(&answer);
        if !items.is_empty() {
            break items;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "no completion: {}",
            client.request::<Value>("aside/status", Value::Null)
        );
    };
    assert!(items[0].insert_text.starts_with("price_in_cents)"), "{items:?}");
    client.shutdown();
}

#[test]
fn a_question_is_answered_with_the_places_that_fit() {
    let home = Home::with("", WORKSPACE);
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let answer = client.converse(&session.id, "Where is the order header parsed?");
    assert_eq!(answer.end.reason, "complete", "{:?}", answer.end.error);
    assert!(answer.text.contains("src/order.rs") && answer.text.contains("parse_order_header"), "{}", answer.text);
    let opened = client.open_session(&session.id);
    assert_eq!(opened.messages[1].text, answer.text);
    assert!(opened.messages[1].model.as_deref().is_some_and(|model| model.starts_with("builtin/")));
    client.shutdown();
}

#[test]
fn a_model_server_without_a_role_is_never_used() {
    let server = ModelServer::start();
    let config = format!("[local]\ndetect = true\n[providers.ollama]\nbase_url = \"{}\"\n", server.url(""));
    let home = Home::with(&config, WORKSPACE);
    for arguments in [&["chat", "Where is the order header parsed?"][..], &["complete", "src/order.rs:7:30"]] {
        let done = home.run_with(arguments, "", |command| {
            command.env_remove("ASIDE_LOCAL_DETECT");
        });
        assert!([0, 1].contains(&done.code), "{done:?}");
    }
    assert!(server.requests().is_empty(), "it was asked: {:?}", server.requests());
}

#[test]
fn an_answer_in_an_empty_workspace_says_so() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let answer = client.converse(&session.id, "Where is the order header parsed?");
    assert_eq!(answer.end.reason, "complete", "{:?}", answer.end.error);
    assert!(!answer.text.trim().is_empty());
    client.shutdown();
}
