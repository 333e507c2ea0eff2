//! What needs a confirmation of its own, and what an editor has to be able to do for a new file.

use serde_json::{Value, json};

use super::{APPLY, CODE, able, hunks, rendering, state};
use crate::tests::harness::{Scene, range};

const QUESTION: &str = "window/showMessageRequest";

/// An edit of a file that decides what editors run, with hidden text in it.
async fn sensitive(scene: &mut Scene) -> String {
    let uri = scene.open(".vscode/settings.json", "{\n}\n").await;
    let params = json!({ "textDocument": { "uri": uri }, "range": range((0, 0), (2, 0)), "instruction": "more" });
    let edit = scene.ok("aside/edit", params).await["edit"]["id"].as_str().expect("an id").to_owned();
    let asked = scene.asked().await;
    asked.say("{\n  \"a\": \"\u{202e}b\"\n}\n");
    asked.end();
    let whole = state(scene, &edit, "proposed").await;
    let codes = |of: &Value| {
        of["warnings"].as_array().expect("a list").iter().map(|one| one["code"].clone()).collect::<Vec<_>>()
    };
    assert!(codes(&whole["files"][0]).contains(&json!("control-file")), "{whole}");
    assert!(codes(&whole["files"][0]["hunks"][0]).contains(&json!("invisible-characters")), "{whole}");
    edit
}

#[tokio::test]
async fn a_sensitive_change_asks_the_person_and_no_request_can_answer_for_them() {
    let mut scene = rendering().await;
    let edit = sensitive(&mut scene).await;
    let shown = scene.ok("aside/edit/show", json!({ "edit": edit })).await;
    assert!(shown["diff"].as_str().is_some_and(|diff| diff.contains("\\u{202e}") && !diff.contains('\u{202e}')));
    let accept = json!({ "edit": edit, "confirmed": true, "confirm": true });
    let id = scene.ask("aside/edit/accept", accept.clone()).await;
    let question = scene.serve(QUESTION, Value::Null).await;
    let asked = question["message"].as_str().expect("a question");
    assert!(
        asked.contains(".vscode/settings.json") && asked.contains("runs") && !asked.contains('\u{202e}'),
        "{asked}"
    );
    assert_eq!(scene.answer(id).await.expect_err("nothing chosen")["data"]["code"], "edit-not-confirmed");
    let id = scene.ask("aside/edit/accept", accept.clone()).await;
    scene.serve(QUESTION, json!({ "title": "Cancel" })).await;
    assert_eq!(scene.answer(id).await.expect_err("no")["data"]["code"], "edit-not-confirmed");
    let id = scene.ask("aside/edit/accept", accept.clone()).await;
    scene.deny(QUESTION).await;
    let error = scene.answer(id).await.expect_err("it cannot ask");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("cannot ask")), "{error}");
    // Cancelling while the question stands applies nothing.
    let id = scene.ask("aside/edit/accept", accept.clone()).await;
    let (question, _) = scene.take(QUESTION).await;
    scene.notify("$/cancelRequest", json!({ "id": id })).await;
    assert_eq!(scene.answer(id).await.expect_err("cancelled")["code"], -32800);
    scene.settle(&question, json!({ "title": "Apply the change" })).await;
    let left = scene.leftover().await;
    assert!(!left.iter().any(|message| message["method"] == APPLY), "{left:#?}");

    let id = scene.ask("aside/edit/accept", accept).await;
    scene.serve(QUESTION, json!({ "title": "Apply the change" })).await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await["edit"].take();
    assert_eq!(asked["changeAnnotations"]["aside"]["needsConfirmation"], true);
    assert_eq!(asked["documentChanges"][0]["edits"][0]["annotationId"], "aside");
    assert_eq!(scene.answer(id).await.expect("it is applied")["edit"]["state"], "done");
    scene.leave().await;
}

/// Asks for tests of a Python file, whose place is a new file; gives the edit.
async fn new_file(scene: &mut Scene) -> String {
    let uri = scene.uri("a.py");
    let document = json!({ "uri": uri, "languageId": "python", "version": 1, "text": "def one():\n    return 1\n" });
    scene.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    let params = json!({ "action": "test", "textDocument": { "uri": uri }, "range": range((1, 4), (1, 4)) });
    let edit = scene.ok("aside/action", params).await["edit"]["id"].as_str().expect("an id").to_owned();
    let asked = scene.asked().await;
    assert!(asked.request.messages.iter().any(|one| one.text.contains("return 1")));
    asked.say("```python\ndef test_one():\n    assert one() == 1\n```\n");
    asked.end();
    edit
}

#[tokio::test]
async fn a_new_file_is_made_only_by_an_editor_that_can_and_never_over_one_that_is_there() {
    let mut scene = rendering().await;
    let edit = new_file(&mut scene).await;
    let whole = state(&mut scene, &edit, "proposed").await;
    let file = &whole["files"][0];
    assert_eq!((&file["new"], &file["version"]), (&json!(true), &Value::Null));
    assert_eq!(hunks(&whole), [("def test_one():\n    assert one() == 1\n", "proposed")]);
    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    let steps = &asked["edit"]["documentChanges"];
    assert_eq!((&steps[0]["kind"], &steps[0]["uri"]), (&json!("create"), &file["uri"]));
    assert_eq!(steps[0]["options"], json!({ "overwrite": false, "ignoreIfExists": false }));
    assert_eq!(steps[1]["textDocument"], json!({ "uri": file["uri"], "version": null }));
    scene.answer(accept).await.expect("it is made");
    scene.leave().await;

    let workspace = json!({ "applyEdit": true, "workspaceEdit": { "documentChanges": true } });
    let mut scene = able(json!({ "workspace": workspace, "experimental": { "aside": { "edit": true } } })).await;
    let edit = new_file(&mut scene).await;
    state(&mut scene, &edit, "proposed").await;
    let refused = scene.refused("aside/edit/accept", json!({ "edit": edit })).await;
    assert_eq!(refused["data"]["code"], "edit-file");
    assert_eq!(scene.ok("aside/edit/show", json!({ "edit": edit })).await["edit"]["state"], "proposed");
    scene.leave().await;
}

#[tokio::test]
async fn what_may_not_leave_is_in_no_request_whatever_is_asked_about_it() {
    let mut scene = rendering().await;
    let uri = scene.open(".env", "TOKEN=abc\n").await;
    for action in ["fix", "rewrite", "simplify", "continue", "test", "explain", "review"] {
        let params = json!({
            "action": action, "textDocument": { "uri": uri }, "range": range((0, 0), (0, 0)), "instruction": "go",
        });
        let refused = scene.refused("aside/action", params).await;
        assert_eq!(refused["data"]["code"], "withheld", "{action}: {refused}");
    }
    assert!(scene.chats.try_recv().is_err());
    let uri = scene.open("a.rs", CODE).await;
    let unknown = json!({ "action": "dance", "textDocument": { "uri": uri } });
    assert_eq!(scene.refused("aside/action", unknown).await["data"]["code"], "unknown-action");
    let wordless = json!({ "action": "rewrite", "textDocument": { "uri": uri }, "instruction": "  " });
    assert_eq!(scene.refused("aside/action", wordless).await["data"]["code"], "edit-place");
    let long = json!({ "textDocument": { "uri": uri }, "instruction": "x".repeat(20_001) });
    assert_eq!(scene.refused("aside/edit", long).await["data"]["code"], "too-long");
    scene.leave().await;
}
