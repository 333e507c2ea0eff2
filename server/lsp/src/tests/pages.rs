//! Conversations as documents, for editors that do less than they should.

use serde_json::{Value, json};

use super::harness::{Scene, at};

async fn scene(capabilities: Value) -> Scene {
    Scene::with(json!({ "capabilities": capabilities })).await
}

/// Opens a document of a conversation as an editor does; gives its address and its text.
async fn opened(scene: &mut Scene) -> (String, String) {
    let made = scene.command("aside.chat.document", json!({})).await;
    let uri = made["uri"].as_str().expect("an address").to_owned();
    let path = crate::convert::path(&uri).expect("a file");
    let text = std::fs::read_to_string(path).expect("it is there");
    let document = json!({ "uri": uri, "languageId": "markdown", "version": 1, "text": text });
    scene.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    (uri, text)
}

/// Writes `words` below the last heading of what was opened.
async fn write(scene: &mut Scene, uri: &str, text: &str, words: &str) {
    let end = at(u32::try_from(text.lines().count()).expect("few lines"), 0);
    scene.change(uri, 2, json!([{ "range": { "start": end, "end": end }, "text": words }])).await;
}

#[tokio::test]
async fn an_editor_that_does_not_show_a_document_tells_the_person_where_it_is() {
    let mut scene = scene(json!({ "window": { "showDocument": { "support": true } } })).await;
    let made = scene.command("aside.chat.document", json!({})).await;
    let shown = scene.serve("window/showDocument", json!({ "success": false })).await;
    assert_eq!((&shown["uri"], &shown["takeFocus"]), (&made["uri"], &json!(true)));
    let told = scene.notification("window/showMessage").await;
    let name = crate::convert::name(made["uri"].as_str().expect("an address"));
    assert!(told["message"].as_str().is_some_and(|message| message.contains(&name)), "{told}");
    scene.leave().await;
}

#[tokio::test]
async fn an_editor_that_never_applies_edits_is_told_once_and_the_answer_is_kept() {
    let mut scene = scene(json!({ "workspace": { "applyEdit": true } })).await;
    let (uri, text) = opened(&mut scene).await;
    scene.notification("window/showMessage").await;
    write(&mut scene, &uri, &text, "go").await;
    let sent = scene.command("aside.chat.document.send", json!({ "uri": uri })).await;
    scene.deny("workspace/applyEdit").await;
    let told = scene.notification("window/showMessage").await;
    assert!(told["message"].as_str().is_some_and(|message| message.contains("The conversation is kept")), "{told}");
    let asked = scene.asked().await;
    assert_eq!(asked.request.question, "go");
    asked.say("Kept.");
    asked.end();
    // It is tried once more at the end of the answer.
    scene.deny("workspace/applyEdit").await;
    scene.notification("window/showMessage").await;
    let opened = scene.ok("aside/chat/open", json!({ "session": sent["session"] })).await;
    assert_eq!(opened["messages"][1]["text"], "Kept.");
    scene.leave().await;
}

#[tokio::test]
async fn only_a_conversation_has_the_lens_of_one_and_nothing_is_completed_in_it() {
    let mut scene = scene(json!({})).await;
    let code = scene.open("a.rs", "fn a() {}\n").await;
    let (uri, _) = opened(&mut scene).await;
    for (uri, sends) in [(&code, 0), (&uri, 1)] {
        let of =
            json!({ "textDocument": { "uri": uri }, "range": { "start": at(0, 0), "end": at(0, 0) }, "context": {} });
        let actions = scene.ok("textDocument/codeAction", of.clone()).await;
        let all = actions.as_array().expect("a list").iter();
        assert_eq!(all.filter(|one| one["title"] == "Aside: Send").count(), sends, "{actions}");
        let lenses = scene.ok("textDocument/codeLens", of).await;
        assert_eq!(lenses.as_array().map(Vec::len), Some(sends), "{lenses}");
    }
    let place = json!({ "textDocument": { "uri": uri }, "position": at(0, 0) });
    let answer = scene.ok("textDocument/inlineCompletion", place).await;
    assert_eq!((&answer["items"], &answer["reason"]["code"]), (&json!([]), &json!("bad-place")));
    let refused = scene.refused("aside/chat/document/send", json!({ "uri": code })).await;
    assert_eq!(refused["data"]["code"], "unknown-document");
    scene.leave().await;
}
