//! Edits while other things happen: typing, other edits, other hunks.

use serde_json::json;

use super::{APPLY, CODE, EVENT, hunks, proposed, rendering, rewrite, state};
use crate::tests::harness::range;

#[tokio::test]
async fn typing_elsewhere_moves_an_edit_and_typing_at_its_place_refuses_it() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    bi;\n");
    scene.notification_where(EVENT, |params| params["edit"]["files"] != json!([])).await;
    scene.change(&uri, 2, json!([{ "range": range((0, 0), (0, 0)), "text": "// top\n" }])).await;
    asked.say("}\n");
    asked.end();
    let whole = state(&mut scene, &edit, "proposed").await;
    assert_eq!((&whole["files"][0]["version"], hunks(&whole)), (&json!(2), vec![("    bi;\n", "proposed")]));
    assert_eq!(whole["files"][0]["hunks"][0]["range"], range((6, 0), (7, 0)));
    // Still typing while it waits.
    scene.change(&uri, 3, json!([{ "range": range((0, 0), (1, 0)), "text": "" }])).await;
    let moved = scene.notification_where(EVENT, |params| params["edit"]["files"][0]["version"] == 3).await;
    assert_eq!(moved["edit"]["files"][0]["hunks"][0]["range"], range((5, 0), (6, 0)));
    scene.change(&uri, 4, json!([{ "range": range((5, 4), (5, 5)), "text": "3" }])).await;
    assert_eq!(hunks(&state(&mut scene, &edit, "done").await), [("    bi;\n", "stale")]);

    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    hiru;\n");
    scene
        .notification_where(EVENT, |params| params["edit"]["id"] == edit && params["edit"]["files"] != json!([]))
        .await;
    // The whole text goes while a preview points into it.
    scene.change(&uri, 5, json!([{ "range": range((0, 0), (7, 0)), "text": "" }])).await;
    let shown = scene.ok("aside/edit/show", json!({ "edit": edit })).await;
    assert_eq!((&shown["edit"]["state"], &shown["diff"]), (&json!("streaming"), &json!("")));
    asked.end();
    let failed = state(&mut scene, &edit, "failed").await;
    assert_eq!(failed["error"]["code"], "edit-stale");
    let again = scene.refused("aside/edit/retry", json!({ "edit": edit })).await;
    assert_eq!(again["data"]["code"], "edit-stale");
    scene.leave().await;
}

#[tokio::test]
async fn hunks_that_are_accepted_at_once_are_told_apart() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let params = json!({ "textDocument": { "uri": uri }, "range": range((0, 0), (7, 0)), "instruction": "Basque" });
    let edit = scene.ok("aside/edit", params).await["edit"]["id"].as_str().expect("an id").to_owned();
    let asked = scene.asked().await;
    asked.say(&CODE.replace("1;", "bat;").replace("2;", "bi;"));
    asked.end();
    state(&mut scene, &edit, "proposed").await;
    let first = scene.ask("aside/edit/accept", json!({ "edit": edit, "hunks": [0] })).await;
    let (first_id, params) = scene.take(APPLY).await;
    assert_eq!(params["edit"]["documentChanges"][0]["edits"][0]["newText"], "    bat;\n");
    let second = scene.ask("aside/edit/accept", json!({ "edit": edit, "hunks": [1] })).await;
    let (second_id, params) = scene.take(APPLY).await;
    assert_eq!(params["edit"]["documentChanges"][0]["textDocument"]["version"], 1);
    // The editor applies the first, tells so, and then has another version than the second counts in.
    scene.change(&uri, 2, json!([{ "range": range((1, 0), (2, 0)), "text": "    bat;\n" }])).await;
    scene.settle(&first_id, json!({ "applied": true })).await;
    scene.settle(&second_id, json!({ "applied": false })).await;
    scene.answer(first).await.expect("it is applied");
    assert_eq!(scene.answer(second).await.expect_err("refused")["data"]["code"], "edit-not-applied");
    let shown = scene.ok("aside/edit/show", json!({ "edit": edit })).await;
    assert_eq!(hunks(&shown["edit"]), [("    bat;\n", "accepted"), ("    bi;\n", "proposed")]);
    let third = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    let step = &asked["edit"]["documentChanges"][0];
    assert_eq!((&step["textDocument"]["version"], &step["edits"][0]["newText"]), (&json!(2), &json!("    bi;\n")));
    assert_eq!(scene.answer(third).await.expect("it is applied")["edit"]["state"], "done");
    scene.leave().await;
}

#[tokio::test]
async fn two_edits_of_one_file_do_not_disturb_each_other() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let (second, late) = rewrite(&mut scene, &uri, 5).await;
    let first = proposed(&mut scene, &uri, 1, "fn one() {\n    bat;\n    bat;\n}\n").await;
    let accept = scene.ask("aside/edit/accept", json!({ "edit": first })).await;
    let (id, _) = scene.take(APPLY).await;
    scene.change(&uri, 2, json!([{ "range": range((1, 0), (2, 0)), "text": "    bat;\n    bat;\n" }])).await;
    scene.settle(&id, json!({ "applied": true })).await;
    scene.answer(accept).await.expect("it is applied");
    late.say("fn two() {\n    bi;\n}\n");
    late.end();
    let whole = state(&mut scene, &second, "proposed").await;
    assert_eq!(whole["files"][0]["hunks"][0]["range"], range((6, 0), (7, 0)));
    assert_eq!(whole["files"][0]["version"], 2);
    scene.leave().await;
}

#[tokio::test]
async fn a_document_that_is_out_of_sync_is_not_edited_until_it_is_opened_anew() {
    let mut scene = rendering().await;
    let uri = scene.open("a.rs", CODE).await;
    let edit = proposed(&mut scene, &uri, 5, "fn two() {\n    bi;\n}\n").await;
    // Half a change: what the text is now is not known.
    scene.change(&uri, 2, json!([{ "range": range((0, 0), (0, 0)) }])).await;
    scene.notification("window/showMessage").await;
    let refused = scene.refused("aside/edit/accept", json!({ "edit": edit })).await;
    assert_eq!(refused["data"]["code"], "edit-file");
    scene.change(&uri, 3, json!([{ "text": format!("// top\n{CODE}") }])).await;
    let accept = scene.ask("aside/edit/accept", json!({ "edit": edit })).await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    let step = &asked["edit"]["documentChanges"][0];
    assert_eq!((&step["textDocument"]["version"], &step["edits"][0]["range"]), (&json!(3), &range((6, 0), (7, 0))));
    scene.answer(accept).await.expect("it is applied");
    scene.leave().await;
}
