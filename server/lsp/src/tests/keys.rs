//! What an editor may do about keys, and what it hears of them.

use serde_json::{Value, json};

use super::harness::Scene;
use crate::{KeyEvent, Refused};

fn locked() -> Refused {
    Refused {
        code: "locked",
        message: "the keys are locked: they were not used for a while".to_owned(),
        hint: "run `aside vault unlock` in a terminal".to_owned(),
    }
}

/// An editor that was greeted, and hears of keys if it wants to.
async fn listening(status: bool) -> Scene {
    let wants = json!({ "capabilities": { "experimental": { "aside": { "status": status } } } });
    let mut scene = Scene::with(wants).await;
    scene.leftover().await;
    scene
}

#[tokio::test]
async fn each_request_reaches_the_keys_with_its_parameters() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.ok("aside/vault/status", Value::Null).await, json!({ "locked": null }));
    assert_eq!(scene.ok("aside/vault/lock", Value::Null).await, json!({ "asked": "lock" }));
    assert_eq!(scene.command("aside.secret.test", json!({ "provider": "work" })).await["asked"], "test work");
    scene.ok("aside/secret/delete", json!({ "provider": "work", "origin": "https://a:443" })).await;
    let asked = scene.keys.asked.lock().expect("no panic").clone();
    assert_eq!(asked, ["lock", "test work", "delete work Some(\"https://a:443\")"]);
    let error = scene.refused("aside/secret/list", Value::Null).await;
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32803), &json!("locked")));
    scene.refused("aside/secret/delete", json!({})).await;
    scene.leave().await;
}

#[tokio::test]
async fn no_value_can_be_set_over_this_wire() {
    let mut scene = Scene::new().await;
    for method in ["aside/secret/set", "aside/secret/rotate", "aside/vault/unlock", "aside/vault/passphrase"] {
        let id = scene.ask(method, json!({ "provider": "work", "value": "x" })).await;
        assert_eq!(scene.answer(id).await.expect_err("an error")["code"], -32601, "{method}");
    }
    scene.leave().await;
}

#[tokio::test]
async fn a_lock_changes_the_status_and_what_it_stops_is_shown() {
    let mut scene = listening(true).await;
    scene.keys.happens.send(KeyEvent::Locked(locked())).expect("it listens");
    let changed = scene.notification("aside/status/changed").await;
    assert_eq!((&changed["what"], &changed["reason"]["code"]), (&json!("vault"), &json!("locked")));
    scene.keys.happens.send(KeyEvent::Needed(locked())).expect("it listens");
    let shown = scene.notification("window/showMessage").await;
    assert_eq!(shown["type"], 2);
    assert!(shown["message"].as_str().is_some_and(|text| text.contains("aside vault unlock")), "{shown}");
    scene.keys.happens.send(KeyEvent::Opened).expect("it listens");
    assert_eq!(scene.notification("aside/status/changed").await, json!({ "what": "vault" }));
    scene.leave().await;
}

#[tokio::test]
async fn an_editor_that_does_not_ask_for_it_hears_of_no_lock() {
    let mut scene = listening(false).await;
    scene.keys.happens.send(KeyEvent::Locked(locked())).expect("it listens");
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    scene.leave().await;
}
