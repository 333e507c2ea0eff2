//! Editors without a plugin: progress, a diff document, code actions and lenses, documents of the scheme `aside`.

use serde_json::{Value, json};

use super::{APPLY, CODE, able, rewrite};
use crate::tests::harness::{Scene, range};

const SHOW: &str = "window/showDocument";
const PROGRESS: &str = "$/progress";

fn titles(list: &Value) -> Vec<&str> {
    let title = |one: &'_ Value| one.get("title").is_some();
    let all = list.as_array().expect("a list").iter();
    all.map(|one| if title(one) { &one["title"] } else { &one["command"]["title"] })
        .map(|title| title.as_str().expect("a title"))
        .collect()
}

async fn actions(scene: &mut Scene, uri: &str, line: u32, only: &[&str]) -> Value {
    let params = json!({
        "textDocument": { "uri": uri }, "range": range((line, 4), (line, 4)),
        "context": { "diagnostics": [], "only": only },
    });
    scene.ok("textDocument/codeAction", params).await
}

/// Runs the code action or lens whose title begins with `title`; the request's id.
async fn choose(scene: &mut Scene, list: &Value, title: &str) -> i64 {
    let at = titles(list).iter().position(|known| known.starts_with(title));
    let command = &list[at.unwrap_or_else(|| panic!("no `{title}` in {list:#}"))]["command"];
    scene
        .ask("workspace/executeCommand", json!({ "command": command["command"], "arguments": command["arguments"] }))
        .await
}

#[tokio::test]
async fn progress_a_diff_and_lenses_show_an_edit_and_code_actions_take_it() {
    let window = json!({ "workDoneProgress": true, "showDocument": { "support": true } });
    let workspace = json!({
        "applyEdit": true, "workspaceEdit": { "documentChanges": true }, "codeLens": { "refreshSupport": true },
    });
    let mut scene = able(json!({ "window": window, "workspace": workspace })).await;
    let uri = scene.open("a.rs", CODE).await;
    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    // Before the model says anything.
    let token = scene.serve("window/workDoneProgress/create", Value::Null).await["token"].take();
    let begin = scene.notification(PROGRESS).await["value"].take();
    assert_eq!((&begin["kind"], &begin["cancellable"]), (&json!("begin"), &json!(true)));
    assert_eq!(begin["title"], "Aside: say it in Basque");
    let streaming = actions(&mut scene, &uri, 5, &["quickfix"]).await;
    assert_eq!(titles(&streaming), ["Aside: stop: say it in Basque"]);
    asked.say("fn two() {\n    bi;\n}\n");
    asked.end();
    scene.notification_where(PROGRESS, |params| params["token"] == token && params["value"]["kind"] == "end").await;
    let diff = scene.serve(SHOW, json!({ "success": true })).await["uri"].as_str().expect("an address").to_owned();
    scene.serve("workspace/codeLens/refresh", Value::Null).await;
    let path = crate::convert::path(&diff).expect("a file");
    let text = std::fs::read_to_string(&path).expect("it is there");
    assert!(text.contains("-    2;\n+    bi;\n") && text.starts_with("# Aside: say it in Basque\n"), "{text}");
    let lenses = scene.ok("textDocument/codeLens", json!({ "textDocument": { "uri": uri } })).await;
    assert_eq!(titles(&lenses), ["Accept change", "Reject", "Show diff"]);
    assert_eq!(lenses[0]["range"], range((5, 0), (5, 0)));
    let lenses = scene.ok("textDocument/codeLens", json!({ "textDocument": { "uri": diff } })).await;
    assert_eq!(titles(&lenses), ["Accept all 1", "Reject all"]);
    let document = json!({ "uri": diff, "languageId": "diff", "version": 1, "text": text });
    scene.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    let offered = actions(&mut scene, &diff, 0, &[]).await;
    assert_eq!(titles(&offered), ["Aside: accept: 1 change in 1 file", "Aside: reject: 1 change in 1 file"]);
    assert_eq!(actions(&mut scene, &diff, 0, &["source.organizeImports"]).await, json!([]));

    let offered = actions(&mut scene, &uri, 5, &["quickfix"]).await;
    let id = choose(&mut scene, &offered, "Aside: accept: 1 change in 1 file").await;
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    assert_eq!(asked["edit"]["documentChanges"][0]["edits"][0]["newText"], "    bi;\n");
    assert_eq!(scene.answer(id).await.expect("it is applied")["edit"]["id"], edit);
    // The diff document goes with the edit.
    while path.exists() {
        scene.serve("workspace/codeLens/refresh", Value::Null).await;
    }
    scene.leave().await;
}

#[tokio::test]
async fn progress_is_cancelled_a_failure_is_told_and_tried_again_from_a_code_action() {
    let mut scene = able(json!({ "window": { "workDoneProgress": true } })).await;
    let uri = scene.open("a.rs", CODE).await;
    let (_, asked) = rewrite(&mut scene, &uri, 5).await;
    let token = scene.serve("window/workDoneProgress/create", Value::Null).await["token"].take();
    scene.notify("window/workDoneProgress/cancel", json!({ "token": token })).await;
    asked.gone().await;
    scene.notification_where(PROGRESS, |params| params["value"]["message"] == "stopped").await;
    for strange in [json!(7), json!("aside-edit-"), json!("aside-edit-e999"), json!({})] {
        scene.notify("window/workDoneProgress/cancel", json!({ "token": strange })).await;
    }

    let (_, asked) = rewrite(&mut scene, &uri, 5).await;
    // An editor that shows no progress is not bothered with it.
    scene.deny("window/workDoneProgress/create").await;
    asked.end();
    let told = scene.notification("window/showMessage").await["message"].take();
    let told = told.as_str().expect("a message");
    assert!(told.contains("say it in Basque: the model answered nothing") && told.contains("Next: "), "{told}");
    let offered = actions(&mut scene, &uri, 5, &["quickfix"]).await;
    let id = choose(&mut scene, &offered, "Aside: try again: say it in Basque").await;
    scene.answer(id).await.expect("asked again");
    let asked = scene.asked().await;
    scene.deny("window/workDoneProgress/create").await;
    asked.say("fn two() {\n    bi;\n}\n");
    asked.end();
    // Nothing can be shown: the person is told where to look.
    let told = scene.notification_where("window/showMessage", |params| params["type"] == 3).await;
    assert!(told["message"].as_str().is_some_and(|text| text.contains("1 change in 1 file") && text.contains(".diff")));
    let lenses = scene.ok("textDocument/codeLens", json!({ "textDocument": { "uri": uri } })).await;
    let id = choose(&mut scene, &lenses, "Reject").await;
    assert_eq!(scene.answer(id).await.expect("it is rejected")["edit"]["state"], "done");
    scene.leave().await;
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_never_says_whether_it_shows_something_hears_of_the_rest() {
    let mut scene = able(json!({ "window": { "showDocument": { "support": true } } })).await;
    let uri = scene.open("a.rs", CODE).await;
    let (_, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    bi;\n}\n");
    asked.end();
    let _never_answered = scene.take(SHOW).await;
    let (_, asked) = rewrite(&mut scene, &uri, 1).await;
    asked.end();
    let failed = |params: &Value| params["message"].as_str().is_some_and(|text| text.contains("answered nothing"));
    scene.notification_where("window/showMessage", failed).await;
    scene.leave().await;
}

#[tokio::test]
async fn what_a_file_would_say_is_a_document_of_its_own_for_editors_that_ask_for_it() {
    let workspace = json!({ "applyEdit": true, "textDocumentContent": {} });
    let mut scene = able(json!({ "workspace": workspace })).await;
    let offered = &scene.initialized["capabilities"]["workspace"]["textDocumentContent"];
    assert_eq!(offered, &json!({ "schemes": ["aside"] }));
    let uri = scene.open("a.rs", CODE).await;
    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    bi;\n");
    let shown = scene.serve("workspace/textDocumentContent/refresh", Value::Null).await["uri"].take();
    assert_eq!(shown, format!("aside:/edit/{edit}/0/a.rs"));
    // The text goes while a preview points into it.
    scene.change(&uri, 2, json!([{ "text": "" }])).await;
    let content = "workspace/textDocumentContent";
    assert_eq!(scene.ok(content, json!({ "uri": shown })).await["text"], "");
    scene.change(&uri, 3, json!([{ "text": CODE }])).await;
    asked.end();

    let (edit, asked) = rewrite(&mut scene, &uri, 5).await;
    asked.say("fn two() {\n    bi;\n}\n");
    asked.end();
    let uri_of = |what: &str| format!("aside:/edit/{edit}{what}");
    while scene.ok("aside/edit/show", json!({ "edit": edit })).await["edit"]["state"] != "proposed" {
        tokio::task::yield_now().await;
    }
    let text = scene.ok(content, json!({ "uri": uri_of("/0/a.rs") })).await["text"].take();
    assert_eq!(text, CODE.replace("2;", "bi;"));
    let text = scene.ok(content, json!({ "uri": uri_of(".diff") })).await["text"].take();
    assert!(text.as_str().is_some_and(|text| text.contains("+    bi;\n")), "{text}");
    for strange in ["/1/a.rs", "", "/x", "/0"].map(uri_of).into_iter().chain(["aside:/x".into(), "::".into()]) {
        let answer = scene.ask(content, json!({ "uri": strange })).await;
        let known = strange.ends_with("/0");
        assert_eq!(scene.answer(answer).await.is_ok(), known, "{strange}");
    }
    scene.leave().await;
}
