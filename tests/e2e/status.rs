//! What the server tells about itself: status, health, models.

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai, settings};
use serde_json::{Value, json};

#[test]
fn status_is_one_object_about_everything() {
    let home = Home::with(&settings("openai", "http://127.0.0.1:1/v1"), "");
    let mut client = Client::of(&home).connect();
    let status: Value = client.request("aside/status", json!({}));
    assert!(status["version"].as_str().is_some_and(|version| version.contains('.')), "{status}");
    assert_eq!(status["roles"]["chat"]["model"], "work/m");
    assert_eq!(status["lastEmpty"], Value::Null);
    let editor =
        json!({ "name": "aside-tests", "version": "1", "positionEncoding": "utf-16", "inlineCompletion": true });
    assert_eq!(status["editor"], editor);
    assert_eq!(status["documents"], json!({ "open": 0, "outOfSync": 0, "declined": 0 }));
    client.shutdown();
}

#[test]
fn health_names_what_is_bad_with_the_next_step() {
    let home = Home::with(&settings("openai", "http://127.0.0.1:1/v1"), "");
    let mut client = Client::of(&home).connect();
    let health: Value = client.request("aside/health", json!({}));
    let checks = health["checks"].as_array().expect("a list");
    let bad: Vec<_> = checks.iter().filter(|check| check["result"] == "bad").collect();
    assert!(bad.iter().any(|check| check["detail"].to_string().contains("127.0.0.1:1")), "{health}");
    assert!(bad.iter().all(|check| check["next"].is_string()), "each bad one has a next step: {health}");
    client.shutdown();
}

#[test]
fn health_asks_the_models_of_the_roles() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["yes"]));
    server.always(openai::COMPLETIONS, openai::fill(&["yes"]));
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    let mut client = Client::of(&home).connect();
    let health: Value = client.request("aside/health", json!({}));
    let checks = health["checks"].as_array().expect("a list");
    assert!(checks.iter().all(|check| check["result"] != "bad"), "{health}");
    assert!(!server.requests().is_empty());
    client.shutdown();
}

#[test]
fn models_that_can_answer_are_listed() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let listed: Value = client.request("aside/model/list", json!({}));
    let names: Vec<_> = listed["models"].as_array().expect("a list").iter().map(|one| one["model"].clone()).collect();
    assert!(names.contains(&json!("builtin/ngram")) && names.contains(&json!("builtin/search")), "{listed}");
    client.shutdown();
}
