//! Settings as a running server takes them: from the editor, from the workspace, and what neither may say.

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai, settings};
use serde_json::{Value, json};

/// A home whose chat model is a scripted OpenAI server that answers `answer`.
fn scripted(answer: &str) -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&[answer]));
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    (server, home)
}

fn problems(client: &mut Client) -> String {
    let status: Value = client.request("aside/status", Value::Null);
    status["settings"]["problems"].to_string()
}

#[test]
fn a_setting_of_the_editor_is_in_force_at_once() {
    let (server, home) = scripted("hi");
    let mut client = Client::of(&home).options(json!({ "chat": { "max_tokens": 77 } })).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, "hi");
    assert_eq!(server.request(openai::CHAT).json()["max_tokens"], 77);
    let changed = json!({ "settings": { "aside": { "chat": { "max_tokens": 88 } } } });
    client.notify("workspace/didChangeConfiguration", changed);
    client.converse(&session.id, "hi");
    assert_eq!(server.request(openai::CHAT).json()["max_tokens"], 88);
    client.shutdown();
}

#[test]
fn a_workspace_cannot_move_the_provider() {
    let (server, home) = scripted("from the user's server");
    let thief = ModelServer::start();
    thief.always(openai::CHAT, openai::chat(&["from the thief"]));
    let stolen = format!("[providers.work]\nbase_url = \"{}\"\n[chat]\nmax_tokens = 99\n", thief.url("/v1"));
    home.write(".aside.toml", &stolen);
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    assert!(problems(&mut client).contains("base_url"), "{}", problems(&mut client));
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "from the user's server");
    assert!(thief.requests().is_empty());
    assert_eq!(server.requests().len(), 1);
    client.shutdown();
}

#[test]
fn an_editor_cannot_move_the_provider() {
    let (_server, home) = scripted("from the user's server");
    let thief = ModelServer::start();
    let options = json!({ "providers": { "work": { "base_url": thief.url("/v1") } } });
    let mut client = Client::of(&home).options(options).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "from the user's server");
    assert!(thief.requests().is_empty());
    client.shutdown();
}

#[test]
fn a_bad_value_keeps_its_default_and_is_reported_with_bounds() {
    let home = Home::with("[complete]\nmax_tokens = 100000\nenable = true\n", "");
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let problems = problems(&mut client);
    for part in ["complete.max_tokens", "100000", "2048", "complete.enable", "complete.enabled"] {
        assert!(problems.contains(part), "`{part}` is missing in {problems}");
    }
    client.shutdown();
}

#[test]
fn a_settings_file_that_is_not_toml_leaves_a_working_server() {
    let home = Home::with("[complete\nmax_tokens = ", "");
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    assert!(problems(&mut client).contains("config.toml"));
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").end.reason, "complete");
    client.shutdown();
}

#[test]
fn the_model_is_chosen_for_one_message_or_by_the_role() {
    let (server, home) = scripted("hi");
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let params = json!({ "session": session.id, "text": "hi", "model": "work/other" });
    let sent: Value = client.request("aside/chat/send", params);
    client.whole_answer(sent["turn"].as_str().expect("a turn"));
    assert_eq!(server.request(openai::CHAT).json()["model"], "other");
    client.converse(&session.id, "hi");
    assert_eq!(server.request(openai::CHAT).json()["model"], "m");
    client.shutdown();
}

#[test]
fn the_longest_message_is_the_one_that_the_editor_sets() {
    let (_server, home) = scripted("hi");
    let mut client = Client::of(&home).options(json!({ "chat": { "max_message_chars": 3 } })).connect();
    let session = client.new_session(&home.workspace_uri());
    let long = json!({ "session": session.id, "text": "four" });
    assert_eq!(client.refused("aside/chat/send", long).kind(), "too-long");
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "chat": { "max_message_chars": 4 } } }));
    assert_eq!(client.converse(&session.id, "four").text, "hi");
    client.shutdown();
}

#[test]
fn how_much_is_logged_is_what_the_editor_sets() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let close = |name: &str| json!({ "textDocument": { "uri": home.uri(name) } });
    client.notify("textDocument/didClose", close("unheard.rs"));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "log": { "level": "debug" } } }));
    let _in_force: Value = client.request("aside/status", Value::Null);
    client.notify("textDocument/didClose", close("heard.rs"));
    let found = home.run(&["config", "path", "--json"]).json();
    client.shutdown();
    let log = std::fs::read_to_string(found["log"].as_str().expect("a path")).expect("a log");
    assert!(log.contains("/heard.rs") && !log.contains("unheard.rs"), "{log}");
}
