//! The editor's settings and folders.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::harness::{Scene, at};

fn configured(scene: &Scene) -> Vec<(Option<PathBuf>, Value)> {
    scene.surroundings.configured.lock().expect("no panic").clone()
}

const GHOST: &str = r#"{ "textDocument": { "inlineCompletion": {} } }"#;

fn ghost() -> Value {
    serde_json::from_str(GHOST).expect("JSON")
}

#[tokio::test]
async fn settings_of_the_greeting_are_in_force_before_its_answer() {
    let options = json!({ "aside": { "complete": { "enabled": false } } });
    let client = json!({ "name": "Test Editor", "version": "1.2" });
    let greeting = json!({ "capabilities": ghost(), "initializationOptions": options, "clientInfo": client });
    let scene = Scene::with(greeting).await;
    let expected = (Some(scene.root()), json!({ "complete": { "enabled": false } }));
    assert_eq!(configured(&scene), [expected]);
    let client = scene.surroundings.client.lock().expect("no panic").clone();
    assert_eq!(client, Some(("Test Editor".to_owned(), "1.2".to_owned())));
    scene.leave().await;
}

#[tokio::test]
async fn a_change_is_in_force_for_the_requests_behind_it() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let place = json!({ "textDocument": { "uri": uri }, "position": at(0, 2) });
    for round in 0..20 {
        let off = json!({ "settings": { "aside": { "complete": { "enabled": false, "max_tokens": 16 + round } } } });
        scene.notify("workspace/didChangeConfiguration", off).await;
        let answer = scene.ok("textDocument/inlineCompletion", place.clone()).await;
        assert_eq!(answer["reason"]["code"], "disabled");
        let on = json!({ "settings": { "complete": { "enabled": true } } });
        scene.notify("workspace/didChangeConfiguration", on).await;
        let id = scene.ask("textDocument/inlineCompletion", place.clone()).await;
        scene.fill().await.end();
        assert_eq!(scene.answer(id).await.expect("an answer")["reason"]["code"], "no-text");
    }
    scene.leave().await;
}

#[tokio::test]
async fn what_says_nothing_or_belongs_to_others_changes_nothing() {
    let options = json!({ "complete": { "enabled": false } });
    let mut scene = Scene::with(json!({ "capabilities": ghost(), "initializationOptions": options })).await;
    for settings in [Value::Null, json!({}), json!({ "rust-analyzer": { "check": {} } }), json!("text")] {
        scene.notify("workspace/didChangeConfiguration", json!({ "settings": settings })).await;
    }
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    assert_eq!(configured(&scene).len(), 1);
    scene.notify("workspace/didChangeConfiguration", json!({ "settings": { "aside": null } })).await;
    scene.leftover().await;
    assert_eq!(configured(&scene)[1].1, json!({}), "taken back");
    scene.leave().await;
}

#[tokio::test]
async fn problems_are_shown_once_and_not_before_the_greeting_is_answered() {
    let mut scene = Scene::silent();
    let greeting = json!({ "capabilities": ghost(), "initializationOptions": { "bad": 1 } });
    let id = scene.ask("initialize", greeting).await;
    let first = scene.answer(id).await.expect("an answer");
    assert!(first["capabilities"].is_object());
    scene.notify("initialized", json!({})).await;
    let told = scene.notification("window/showMessage").await;
    assert!(told["message"].as_str().is_some_and(|told| told.contains("`bad`") && told.contains("aside config check")));
    scene.notify("workspace/didChangeConfiguration", json!({ "settings": { "aside": { "bad": 2 } } })).await;
    assert_eq!(scene.leftover().await, Vec::<Value>::new(), "the same problem again");
    scene.leave().await;
}

#[tokio::test]
async fn an_editor_that_is_to_be_asked_is_asked() {
    let workspace = json!({ "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true } });
    let capabilities = json!({ "workspace": workspace, "experimental": { "aside": { "status": true } } });
    let mut scene = Scene::with(json!({ "capabilities": capabilities })).await;
    let registered = scene.serve("client/registerCapability", Value::Null).await;
    assert_eq!(registered["registrations"][0]["method"], "workspace/didChangeConfiguration");
    assert_eq!(registered["registrations"][0]["registerOptions"], json!({ "section": "aside" }));
    let asked = scene.serve("workspace/configuration", json!([null])).await;
    assert_eq!(asked["items"], json!([{ "section": "aside" }]));
    // A change without content asks again.
    scene.notify("workspace/didChangeConfiguration", json!({ "settings": null })).await;
    scene.serve("workspace/configuration", json!([{ "complete": { "max_tokens": 64 } }])).await;
    assert_eq!(scene.notification("aside/status/changed").await, json!({ "what": "settings" }));
    let all = configured(&scene);
    assert_eq!(all.len(), 2, "an editor without settings changes nothing");
    assert_eq!(all[1].1, json!({ "complete": { "max_tokens": 64 } }));
    scene.leave().await;
}

#[tokio::test]
async fn the_settings_of_another_main_folder_are_read() {
    let mut scene = Scene::new().await;
    let (here, there) = (scene.uri(""), scene.uri("other"));
    let event = json!({ "added": [{ "uri": there, "name": "o" }], "removed": [] });
    scene.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event })).await;
    scene.leftover().await;
    assert_eq!(configured(&scene).len(), 1, "the main folder is the same");
    let event = json!({ "added": [], "removed": [{ "uri": here, "name": "w" }] });
    scene.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event })).await;
    scene.leftover().await;
    assert_eq!(configured(&scene)[1].0, Some(scene.root().join("other")));
    let made = scene.ok("aside/chat/new", json!({})).await;
    assert_eq!(made["session"]["workspace"], there);
    scene.leave().await;
}
