//! What an editor may do about keys: look, lock, test, remove. No value crosses the wire in either direction.

use aside_test_support::{
    Client, Home, ModelServer,
    client::codes,
    model_server::{Reply, dialects::openai},
    settings_with_key,
};
use serde_json::{Value, json};

use super::KEY;

fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    server.always(openai::MODELS, Reply::json(200, &json!({ "data": [{ "id": "m" }] })));
    let home = Home::with(&settings_with_key("openai", &server.url("/v1"), "keyring"), "").with_open_vault();
    home.store("work", KEY);
    (server, home)
}

/// Asks by request or by command.
#[track_caller]
fn asked(client: &mut Client, command: bool, name: &str, params: &Value) -> Value {
    if !command {
        return client.request(&format!("aside/{name}"), params);
    }
    let command = format!("aside.{}", name.replace('/', "."));
    client.request("workspace/executeCommand", json!({ "command": command, "arguments": [params] }))
}

#[test]
fn an_editor_lists_tests_locks_and_removes_by_request_and_by_command() {
    let (server, home) = scripted();
    for command in [false, true] {
        home.unlock(aside_test_support::vault::PASSPHRASE);
        home.store("work", KEY);
        let mut client = Client::of(&home).connect();
        client.tolerate("window/showMessage");
        let listed = asked(&mut client, command, "secret/list", &json!({}));
        let one = &listed["secrets"][0];
        assert_eq!((&one["provider"], &one["origin"]), (&"work".into(), &server.url("").into()), "{listed}");
        assert_eq!((&one["previous"], &one["old"]), (&false.into(), &false.into()), "{listed}");
        let tested = asked(&mut client, command, "secret/test", &json!({ "provider": "work" }));
        assert!(tested["provider"] == "work" && tested["milliseconds"].is_u64(), "{tested}");
        let status = asked(&mut client, command, "vault/status", &json!({}));
        assert_eq!((&status["backend"], &status["vault"]["exists"]), (&"file".into(), &true.into()), "{status}");
        assert_eq!(status["processes"][0]["label"], "agent", "{status}");
        assert_eq!(asked(&mut client, command, "secret/delete", &json!({ "provider": "work" })), Value::Null);
        let listed = asked(&mut client, command, "secret/list", &json!({}));
        assert_eq!(listed, json!({ "secrets": [] }));
        let status = asked(&mut client, command, "vault/lock", &json!({}));
        assert_eq!(status["locked"]["code"], "locked", "{status}");
        assert_eq!(client.refused("aside/secret/list", json!({})).kind(), "locked");
        assert_eq!(client.refused("aside/secret/test", json!({ "provider": "work" })).kind(), "locked");
        for (method, params, code) in [
            ("aside/secret/delete", json!({}), "invalid-params"),
            ("aside/secret/delete", json!({ "provider": 7 }), "invalid-params"),
            ("aside/secret/test", json!({ "provider": "wrok" }), "unknown-provider"),
            ("aside/secret/test", json!({ "provider": "ollama" }), "key-read-only"),
        ] {
            assert_eq!(client.refused(method, params.clone()).kind(), code, "{method} {params}");
        }
        client.shutdown();
    }
}

#[test]
fn a_lock_in_one_editor_locks_the_other() {
    let (_server, home) = scripted();
    let mut editors = [(); 2].map(|()| {
        let mut client = Client::of(&home).heeds_status().connect();
        let session = client.new_session(&home.workspace_uri()).id;
        assert_eq!(client.converse(&session, "hi").text, "hello");
        client
    });
    editors[0].request::<Value>("aside/vault/lock", json!({}));
    for client in &mut editors {
        assert_eq!(super::heard(client).as_deref(), Some("locked"));
    }
    editors.into_iter().for_each(Client::shutdown);
}

#[test]
fn no_method_and_no_command_takes_or_gives_a_value() {
    let (_server, home) = scripted();
    let mut client = Client::of(&home).connect();
    let params = json!({ "provider": "openai", "value": "test-key-of-an-editor", "key": "test-key-of-an-editor", "passphrase": "x" });
    for name in [
        "secret/set",
        "secret/get",
        "secret/show",
        "secret/rotate",
        "secret/import",
        "secret/export",
        "secret/rebind",
        "secret/add",
        "secret/update",
        "vault/unlock",
        "vault/init",
        "vault/passphrase",
        "vault/rekey",
        "vault/backup",
        "vault/restore",
        "vault/clear",
        "vault/open",
    ] {
        let error = client.refused(&format!("aside/{name}"), &params);
        assert_eq!(error.code, codes::METHOD_NOT_FOUND, "{name}");
        assert!(!format!("{error:?}").contains("test-key-of"), "{error:?}");
        let command = format!("aside.{}", name.replace('/', "."));
        let error = client.refused("workspace/executeCommand", json!({ "command": command, "arguments": [params] }));
        assert_eq!(error.kind(), "unknown-command", "{command}");
        assert!(!format!("{error:?}").contains("test-key-of"), "{error:?}");
    }
    // Fields that are not known are ignored, whatever they are.
    let listed: Value = client.request("aside/secret/list", &params);
    assert_eq!(listed["secrets"].as_array().map(Vec::len), Some(1), "{listed}");
    client.shutdown();
}

#[test]
fn lg05_a_key_that_is_stored_and_used_under_every_trace_is_seen_nowhere() {
    let (server, home) = scripted();
    let key = "test-key-Trace77-x9Lw3";
    let mut client =
        Client::of(&home).options(json!({ "log": { "level": "trace" } })).env("RUST_LOG", "trace").connect();
    client.notify("$/setTrace", json!({ "value": "verbose" }));
    let session = client.new_session(&home.workspace_uri()).id;
    home.run_with(&["secret", "set", "work"], key, |command| {
        command.env("RUST_LOG", "trace").env("ASIDE_LOG_LEVEL", "trace");
    })
    .expect_code(0);
    assert_eq!(client.converse(&session, "hi").text, "hello");
    assert_eq!(server.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {key}")));
    let mut told = String::new();
    for method in ["aside/status", "aside/vault/status", "aside/secret/list", "aside/health"] {
        told += &client.request::<Value>(method, json!({})).to_string();
    }
    told += &client.errors();
    client.shutdown();
    let mut files = 0;
    for folder in [home.aside(), home.workspace()] {
        everything(&folder, &mut |text| {
            files += 1;
            told += text;
        });
    }
    assert!(files > 5 && !told.contains(key), "{files} files");
}

/// Calls `each` with every file below `folder`.
fn everything(folder: &std::path::Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            everything(&entry.path(), each);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            each(&String::from_utf8_lossy(&bytes));
        }
    }
}
