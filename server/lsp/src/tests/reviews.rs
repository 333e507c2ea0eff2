//! Reviews: a turn of a conversation whose findings are diagnostics until they are dealt with.

use serde_json::{Value, json};

use super::harness::{Scene, range};

const CODE: &str = "fn one() {\n    1;\n}\n\nfn two() {\n    2;\n}\n";
const PUBLISH: &str = "textDocument/publishDiagnostics";
const ANSWER: &str = "Two things.\n\n### a.rs:2 error: one is wrong\n\nIt should be more.\n\n\
    ### a.rs:5-7 warning: two is long\n\nShorten it.\n\n### b.rs:1 error: nobody asked\n\nIgnore me.\n\n\
    ### a.rs:99 hint: far away\n\nNowhere.\n";

async fn scene() -> (Scene, String) {
    let mut scene = Scene::with(json!({ "capabilities": { "experimental": { "aside": { "chat": true } } } })).await;
    let uri = scene.open("a.rs", CODE).await;
    (scene, uri)
}

/// Asks for a review of `uri`, which is answered with `answer`.
async fn review(scene: &mut Scene, uri: &str, answer: &str) {
    let said = scene.ok("aside/review", json!({ "textDocument": { "uri": uri } })).await;
    assert!(said["turn"].is_string(), "{said}");
    let asked = scene.asked().await;
    asked.say(answer);
    asked.end();
}

/// The next diagnostics of `uri`: first line, last line, and the first line of the message of each.
async fn published(scene: &mut Scene, uri: &str) -> (Vec<(u64, u64, String)>, Vec<Value>) {
    let mut params = scene.notification_where(PUBLISH, |params| params["uri"] == uri).await;
    let Value::Array(all) = params["diagnostics"].take() else { panic!("no list: {params}") };
    let one = |fault: &Value| {
        assert_eq!(fault["source"], "Aside review");
        let line = |end: &str| fault["range"][end]["line"].as_u64().expect("a line");
        let message = fault["message"].as_str().expect("a message");
        (line("start"), line("end"), message.lines().next().unwrap_or_default().to_owned())
    };
    (all.iter().map(one).collect(), all)
}

fn found(list: &[(u64, u64, &str)]) -> Vec<(u64, u64, String)> {
    list.iter().map(|(first, last, title)| (*first, *last, (*title).to_owned())).collect()
}

#[tokio::test]
async fn findings_are_diagnostics_that_move_along_and_go_when_they_are_dealt_with() {
    let (mut scene, uri) = scene().await;
    review(&mut scene, &uri, ANSWER).await;
    let (list, all) = published(&mut scene, &uri).await;
    assert_eq!(list, found(&[(1, 1, "one is wrong"), (4, 6, "two is long")]));
    assert_eq!((&all[0]["severity"], &all[1]["severity"]), (&json!(1), &json!(2)));
    assert_eq!(all[0]["range"], range((1, 0), (1, 6)));

    // A line above moves both; the editor moves what it shows by itself.
    scene.change(&uri, 2, json!([{ "range": range((0, 0), (0, 0)), "text": "// top\n" }])).await;
    let params = json!({ "textDocument": { "uri": uri }, "range": range((2, 4), (2, 4)),
        "context": { "diagnostics": [all[0]], "only": ["quickfix"] } });
    let actions = scene.ok("textDocument/codeAction", params).await;
    let titles: Vec<_> = actions.as_array().expect("a list").iter().map(|one| one["title"].clone()).collect();
    assert!(titles.contains(&json!("Aside: Fix: one is wrong")), "{titles:?}");
    let dismiss = actions.as_array().expect("a list").iter().find(|one| one["title"] == "Aside: Dismiss: one is wrong");
    let command = &dismiss.expect("offered")["command"];
    scene
        .ok("workspace/executeCommand", json!({ "command": command["command"], "arguments": command["arguments"] }))
        .await;
    assert_eq!(published(&mut scene, &uri).await.0, found(&[(5, 7, "two is long")]));
    // What is about changed lines is dealt with.
    scene.change(&uri, 3, json!([{ "range": range((6, 4), (6, 5)), "text": "22" }])).await;
    assert_eq!(published(&mut scene, &uri).await.0, []);
    // Also when they were changed by another program while the document was closed.
    scene.change(&uri, 4, json!([{ "text": CODE }])).await;
    review(&mut scene, &uri, ANSWER).await;
    assert_eq!(published(&mut scene, &uri).await.0.len(), 2);
    scene.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    scene.open("a.rs", &CODE.replace("1;", "11;")).await;
    assert_eq!(published(&mut scene, &uri).await.0, found(&[(4, 6, "two is long")]));
    scene.leave().await;
}

#[tokio::test]
async fn a_new_review_replaces_the_last_one_half_a_review_says_nothing_and_all_can_be_cleared() {
    let (mut scene, uri) = scene().await;
    review(&mut scene, &uri, ANSWER).await;
    assert_eq!(published(&mut scene, &uri).await.0.len(), 2);
    review(&mut scene, &uri, "### a.rs:1 hint: a name\n\nBetter: `first`.\n").await;
    assert_eq!(published(&mut scene, &uri).await.0, found(&[(0, 0, "a name")]));
    // Typing while the model answers: the places are those of the text that it saw, moved along.
    let said = scene.ok("aside/review", json!({ "textDocument": { "uri": uri } })).await;
    let asked = scene.asked().await;
    scene.change(&uri, 2, json!([{ "range": range((0, 0), (0, 0)), "text": "// top\n\n" }])).await;
    asked.say("### a.rs:6 error: two is wrong\n\nMore.\n");
    asked.end();
    assert_eq!(published(&mut scene, &uri).await.0, found(&[(7, 7, "two is wrong")]));
    assert!(said["session"].is_string());

    scene.ok("aside/review", json!({ "textDocument": { "uri": uri } })).await;
    let asked = scene.asked().await;
    asked.say("### a.rs:1 error: half\n\nIt brea");
    asked.fail(aside_model::ErrorKind::Unreachable);
    let end = |params: &Value| params["event"]["type"] == "end" && params["event"]["reason"] != "complete";
    scene.notification_where("aside/chat/event", end).await;
    let left = scene.leftover().await;
    assert!(!left.iter().any(|message| message["method"] == PUBLISH), "{left:#?}");
    scene.ok("aside/review/clear", json!({})).await;
    assert_eq!(published(&mut scene, &uri).await.0, []);
    scene.ok("aside/review/clear", json!({ "uri": uri, "finding": "r99" })).await;
    scene.leave().await;
}

#[tokio::test]
async fn a_review_of_changes_is_about_the_files_that_the_diff_names() {
    let (mut scene, uri) = scene().await;
    scene.ok("aside/review", json!({ "changes": "staged" })).await;
    let asked = scene.asked().await;
    let told: String = asked.request.messages.iter().map(|one| one.text.as_str()).collect();
    assert!(told.contains("the staged changes") && told.contains("+Staged"), "{told}");
    asked.say("### a.rs:2 error: one is wrong\n\nMore.\n");
    asked.end();
    assert_eq!(published(&mut scene, &uri).await.0, found(&[(1, 1, "one is wrong")]));
    assert_eq!(scene.refused("aside/review", json!({ "changes": "none" })).await["data"]["code"], "invalid-params");
    scene.leave().await;
}
