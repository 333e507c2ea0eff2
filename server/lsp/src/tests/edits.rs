//! Edits through the wall: asked for, seen as they come, taken or left, by editors of all kinds.

mod guarded;
mod plain;
mod together;

use serde_json::{Value, json};

use super::harness::{Asked, Scene, range};
use aside_model::ChatRequest;

/// Two functions of three lines, with a blank line between them.
const CODE: &str = "fn one() {\n    1;\n}\n\nfn two() {\n    2;\n}\n";
const APPLY: &str = "workspace/applyEdit";
const EVENT: &str = "aside/edit/event";

/// An editor that renders edits itself, and can do all that the protocol has for them.
async fn rendering() -> Scene {
    able(json!({ "experimental": { "aside": { "edit": true } } })).await
}

/// An editor without a plugin, with these abilities besides those that all have here.
async fn able(more: Value) -> Scene {
    let mut capabilities = json!({
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": {
                "documentChanges": true, "resourceOperations": ["create"], "changeAnnotationSupport": {},
            },
        },
    });
    for (name, value) in more.as_object().expect("an object") {
        capabilities[name] = value.clone();
    }
    Scene::with(json!({ "capabilities": capabilities })).await
}

/// Asks for a rewrite of the function at line `line` of `uri`; gives the edit's id and the model that was asked.
async fn rewrite(scene: &mut Scene, uri: &str, line: u32) -> (String, Asked<ChatRequest>) {
    let cursor = range((line, 4), (line, 4));
    let params = json!({ "textDocument": { "uri": uri }, "range": cursor, "instruction": "say it in Basque" });
    let asked = scene.ok("aside/edit", params).await;
    assert_eq!(asked["edit"]["state"], "streaming");
    (asked["edit"]["id"].as_str().expect("an id").to_owned(), scene.asked().await)
}

/// The whole of an edit of `function` in `uri` to the text `new`, as far as a proposal; the editor renders edits.
async fn proposed(scene: &mut Scene, uri: &str, line: u32, new: &str) -> String {
    let (edit, asked) = rewrite(scene, uri, line).await;
    asked.say(new);
    asked.end();
    state(scene, &edit, "proposed").await;
    edit
}

/// Waits until `edit` is told to be in `state`.
async fn state(scene: &mut Scene, edit: &str, state: &str) -> Value {
    let wanted = |params: &Value| params["edit"]["id"] == edit && params["edit"]["state"] == state;
    scene.notification_where(EVENT, wanted).await["edit"].take()
}

fn hunks(edit: &Value) -> Vec<(&str, &str)> {
    let all = edit["files"].as_array().expect("files").iter().flat_map(|file| file["hunks"].as_array().expect("hunks"));
    all.map(|hunk| (hunk["newText"].as_str().expect("a text"), hunk["state"].as_str().expect("a state"))).collect()
}

#[tokio::test]
async fn an_edit_is_answered_at_once_streams_and_is_applied_in_one_versioned_step() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let stale = json!({ "textDocument": { "uri": uri, "version": 7 }, "instruction": "x" });
    assert_eq!(scene.refused("aside/edit", stale).await["data"]["code"], "edit-stale");
    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    assert!(asked.request.messages.iter().any(|one| one.text.contains("say it in Basque")));
    let first = state(&mut scene, &edit, "streaming").await;
    assert_eq!((&first["received"], &first["files"], &first["model"]), (&json!(0), &json!([]), &json!("work/m")));
    asked.say("```rust\nfn two() {\n    bi;\n");
    let shown = scene.notification_where(EVENT, |params| params["edit"]["files"] != json!([])).await;
    assert_eq!(hunks(&shown["edit"]), [("    bi;\n", "proposed")]);
    let early = scene.refused("aside/edit/accept", json!({ "edit": edit })).await;
    assert_eq!(early["data"]["code"], "edit-streaming");
    asked.say("}\n```\n");
    asked.end();
    let whole = state(&mut scene, &edit, "proposed").await;
    let file = &whole["files"][0];
    assert_eq!((&file["uri"], &file["label"], &file["version"]), (&json!(uri), &json!("a.rs"), &json!(1)));
    assert_eq!(file["hunks"][0]["range"], range((5, 0), (6, 0)));
    assert_eq!(file["hunks"][0]["oldText"], "    2;\n");
    let seen = scene.ok("aside/edit/show", json!({ "edit": edit })).await;
    assert!(seen["diff"].as_str().is_some_and(|diff| diff.contains("-    2;\n+    bi;\n")), "{seen}");
    let listed = scene.ok("aside/edit/list", json!({})).await;
    assert_eq!(listed["edits"][0]["id"], edit);

    let accepted = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    assert_eq!(asked["label"], "Aside: say it in Basque");
    let step = json!({
        "textDocument": { "uri": uri, "version": 1 },
        "edits": [{ "range": range((5, 0), (6, 0)), "newText": "    bi;\n" }],
    });
    assert_eq!(asked["edit"], json!({ "documentChanges": [step] }));
    let done = scene.answer(accepted).await.expect("it is applied");
    assert_eq!((&done["edit"]["state"], hunks(&done["edit"])), (&json!("done"), vec![("    bi;\n", "accepted")]));
    state(&mut scene, &edit, "done").await;
    assert_eq!(scene.ok("aside/edit/list", json!({})).await["edits"], json!([]));
    // What is settled is quiet, whatever is typed.
    scene.leftover().await;
    scene.change(&uri, 2, json!([{ "text": CODE.replace("2;", "bi;") }])).await;
    scene.change(&uri, 3, json!([{ "text": "" }])).await;
    let left = scene.leftover().await;
    assert!(!left.iter().any(|message| message["method"] == EVENT), "{left:#?}");
    scene.leave().await;
}

#[tokio::test]
async fn a_change_that_the_editor_does_not_apply_is_still_proposed_and_a_cancelled_request_loses_none() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let edit = proposed(&mut scene, &uri, 5, "fn two() {\n    bi;\n}\n").await;
    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    scene.serve(APPLY, json!({ "applied": false, "failureReason": "it is\nread-only" })).await;
    let error = scene.answer(accept).await.expect_err("refused");
    assert_eq!(error["data"]["code"], "edit-not-applied");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("it is read-only")), "{error}");
    // Also where it does not even know the request, or answers nonsense.
    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    scene.deny(APPLY).await;
    assert_eq!(scene.answer(accept).await.expect_err("refused")["data"]["code"], "edit-not-applied");
    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    scene.serve(APPLY, json!("yes")).await;
    assert_eq!(scene.answer(accept).await.expect_err("refused")["data"]["code"], "edit-not-applied");

    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    let (id, _) = scene.take(APPLY).await;
    let twice = scene.refused("aside/edit/accept", json!({ "edit": edit })).await;
    assert_eq!(twice["data"]["code"], "edit-settled");
    scene.notify("$/cancelRequest", json!({ "id": accept })).await;
    assert_eq!(scene.answer(accept).await.expect_err("cancelled")["code"], -32800);
    scene.settle(&id, json!({ "applied": true })).await;
    assert_eq!(hunks(&state(&mut scene, &edit, "done").await), [("    bi;\n", "accepted")]);
    scene.leave().await;
}

#[tokio::test]
async fn a_stop_leaves_nothing_and_a_retry_shows_the_model_what_failed() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    b");
    scene.notification_where(EVENT, |params| params["edit"]["received"] != 0).await;
    let stopped = scene.ok("aside/edit/stop", json!({ "edit": edit })).await;
    assert_eq!((&stopped["edit"]["state"], &stopped["edit"]["files"]), (&json!("stopped"), &json!([])));
    asked.gone().await;
    assert_eq!(scene.refused("aside/edit/accept", json!({ "edit": edit })).await["data"]["code"], "edit-settled");
    assert_eq!(scene.refused("aside/edit/stop", json!({ "edit": "e99" })).await["data"]["code"], "unknown-edit");

    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("I would rather not touch this code.");
    asked.end();
    let failed = state(&mut scene, &edit, "failed").await;
    let error = &failed["error"];
    assert!(error["message"].as_str().is_some_and(|text| text.contains("without code") || text.contains("declined")));
    assert!(error["hint"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    let again = scene.command("aside.edit.retry", json!({ "edit": edit })).await;
    assert_ne!(again["edit"]["id"], edit);
    let asked = scene.asked().await;
    let told: String = asked.request.messages.iter().map(|one| one.text.as_str()).collect();
    assert!(told.contains("I would rather not") && told.contains("could not be used"), "{told}");
    asked.say("fn two() {\n    bi;\n}\n");
    asked.end();
    let edit = again["edit"]["id"].as_str().expect("an id").to_owned();
    state(&mut scene, &edit, "proposed").await;
    // What the person says is shown as well, and the last attempt is not waited for any more.
    let more = json!({ "edit": edit, "instruction": "in capitals" });
    scene.ok("aside/edit/retry", more).await;
    let asked = scene.asked().await;
    assert!(asked.request.messages.iter().any(|one| one.text.contains("in capitals")));
    state(&mut scene, &edit, "done").await;
    asked.fail(aside_model::ErrorKind::Overloaded);
    let failed = scene.notification_where(EVENT, |params| params["edit"]["state"] == "failed").await;
    assert_eq!(failed["edit"]["error"]["code"], "overloaded");
    scene.leave().await;
}

#[tokio::test]
async fn places_count_as_was_agreed_and_an_editor_without_versions_gets_plain_changes() {
    let text = "let a = 1;\n// \u{1F600} b";
    for (encoding, end, emoji) in [("utf-8", 9, 7), ("utf-16", 7, 5), ("utf-32", 6, 4)] {
        let capabilities = json!({
            "general": { "positionEncodings": [encoding] },
            "workspace": { "applyEdit": true },
            "experimental": { "aside": { "edit": true } },
        });
        let mut scene = Scene::with(json!({ "capabilities": capabilities })).await;
        let uri = scene.open("a.rs", text).await;
        let params = json!({
            "action": "rewrite", "instruction": "shout", "textDocument": { "uri": uri },
            "range": range((1, emoji), (1, end)),
        });
        let edit = scene.ok("aside/action", params).await["edit"]["id"].as_str().expect("an id").to_owned();
        let asked = scene.asked().await;
        asked.say("// \u{1F600} B");
        asked.end();
        let whole = state(&mut scene, &edit, "proposed").await;
        assert_eq!(whole["files"][0]["hunks"][0]["range"], range((1, 0), (1, end)), "{encoding}: {whole}");
        let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
        let asked = scene.serve(APPLY, json!({ "applied": true })).await;
        let step = json!([{ "range": range((1, 0), (1, end)), "newText": "// \u{1F600} B" }]);
        assert_eq!(asked["edit"], json!({ "changes": { uri: step } }));
        scene.answer(accept).await.expect("it is applied");
        scene.leave().await;
    }
}

#[tokio::test]
async fn an_editor_that_applies_nothing_is_told_so_and_the_edit_waits() {
    let mut scene = Scene::with(json!({ "capabilities": { "experimental": { "aside": { "edit": true } } } })).await;
    let uri = scene.open("a.rs", CODE).await;
    let edit = proposed(&mut scene, &uri, 1, "fn one() {\n    bat;\n}\n").await;
    assert_eq!(scene.refused("aside/edit/accept", json!({ "edit": edit })).await["data"]["code"], "edit-not-applied");
    for (params, code) in [
        (json!({ "edit": edit, "hunks": [7] }), "edit-settled"),
        (json!({ "edit": edit, "hunks": [] }), "edit-settled"),
        (json!({ "edit": edit, "hunks": [-1] }), "invalid-params"),
        (json!({ "edit": edit, "hunks": "all" }), "invalid-params"),
        (json!({ "edit": edit, "uri": "file:///elsewhere" }), "edit-settled"),
        (json!({ "edit": "1" }), "unknown-edit"),
        (json!({}), "invalid-params"),
    ] {
        assert_eq!(scene.refused("aside/edit/accept", params.clone()).await["data"]["code"], code, "{params}");
    }
    let left = scene.ok("aside/edit/reject", json!({ "edit": edit, "hunks": [0] })).await;
    assert_eq!((&left["edit"]["state"], hunks(&left["edit"])), (&json!("done"), vec![("    bat;\n", "rejected")]));
    scene.leave().await;
}
