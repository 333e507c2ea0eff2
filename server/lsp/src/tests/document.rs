//! The texts of open documents.

use serde_json::{Value, json};

use super::harness::{Scene, range};

#[tokio::test]
async fn a_burst_of_edits_is_applied_in_wire_order() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "").await;
    let mut expected = String::new();
    for number in 0..500 {
        let end = u32::try_from(expected.len()).expect("short");
        let text = format!("{number} ");
        scene.change(&uri, number + 2, json!([{ "range": range((0, end), (0, end)), "text": text }])).await;
        expected.push_str(&text);
    }
    scene.ok("aside/health", Value::Null).await;
    assert_eq!(scene.documents.snapshot(&uri).expect("open").text(), expected);
    scene.leave().await;
}

#[tokio::test]
async fn a_document_out_of_sync_is_told_once_and_healed_by_reopening() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    for version in 2..5 {
        scene.change(&uri, version, json!([{ "range": range((0, 2), (0, 1)), "text": "" }])).await;
    }
    let told = scene.notification("window/showMessage").await;
    assert_eq!(told["type"], 2);
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    assert!(scene.documents.snapshot(&uri).is_none());
    scene.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    scene.open("a.rs", "new\n").await;
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    assert_eq!(scene.documents.snapshot(&uri).expect("open").text(), "new\n");
    scene.leave().await;
}

#[tokio::test]
async fn an_edit_that_cannot_be_read_is_not_passed_over() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    scene.change(&uri, 2, json!([{ "range": { "start": 5 }, "text": "x" }])).await;
    assert!(
        scene.notification("window/showMessage").await["message"].as_str().is_some_and(|told| told.contains("a.rs"))
    );
    let logged = scene.notification("window/logMessage").await;
    assert!(logged["message"].as_str().is_some_and(|told| told.contains("contentChanges[0].range.start")), "{logged}");
    assert!(scene.documents.snapshot(&uri).is_none());
    scene.leave().await;
}

#[tokio::test]
async fn notifications_of_other_clients_are_tolerated() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    for (method, params) in [
        ("textDocument/didSave", json!({ "textDocument": { "uri": uri } })),
        ("textDocument/didFocus", json!({ "textDocument": { "uri": uri } })),
        ("textDocument/didFocus", json!({ "uri": uri })),
        ("textDocument/didFocus", json!({})),
        ("textDocument/didShowCompletion", json!({ "item": { "insertText": "x" } })),
        ("textDocument/didPartiallyAcceptCompletion", json!({ "item": {}, "acceptedLength": 3 })),
        ("$/setTrace", json!({ "value": "off" })),
        ("textDocument/didClose", json!({ "textDocument": { "uri": "file:///never/opened" } })),
        ("workspace/didChangeWatchedFiles", json!({ "changes": [] })),
    ] {
        scene.notify(method, params).await;
    }
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    scene.leave().await;
}
