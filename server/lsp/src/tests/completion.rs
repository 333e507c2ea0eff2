//! Ghost text and menu entries.

use aside_model::ErrorKind;
use serde_json::{Value, json};

use super::harness::{Scene, at, range};

const INLINE: &str = "textDocument/inlineCompletion";
const MENU: &str = "textDocument/completion";

fn place(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": at(line, character), "context": { "triggerKind": 2 } })
}

async fn last_empty(scene: &mut Scene) -> String {
    let status = scene.ok("aside/status", Value::Null).await;
    status["lastEmpty"]["code"].as_str().expect("a reason").to_owned()
}

#[tokio::test]
async fn ghost_text_comes_from_the_text_at_the_place_of_the_request() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "fn f() {\n    one\n}\n").await;
    scene.change(&uri, 2, json!([{ "range": range((1, 4), (1, 7)), "text": "two" }])).await;
    let id = scene.ask(INLINE, place(&uri, 1, 7)).await;
    let asked = scene.fill().await;
    assert_eq!((&*asked.request.prefix, &*asked.request.suffix), ("fn f() {\n    two", "\n}\n"));
    assert_eq!(asked.request.path.as_deref(), Some("a.rs"));
    assert_eq!(asked.request.workspace, Some(scene.root()));
    asked.say("(1);");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    let item = &answer["items"][0];
    assert_eq!((&item["insertText"], &item["range"]), (&json!("(1);"), &range((1, 7), (1, 7))));
    assert_eq!(answer.get("reason"), None);
    let command = &item["command"];
    assert_eq!(command["command"], "aside.complete.accept");
    let accepted = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(scene.ok("workspace/executeCommand", accepted).await, Value::Null);
    scene.leave().await;
}

#[tokio::test]
async fn positions_count_as_was_agreed() {
    for (offered, agreed, character) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 9),
        (json!(["utf-16", "utf-32"]), "utf-32", 6),
        (json!(["utf-16"]), "utf-16", 7),
        (Value::Null, "utf-16", 7),
    ] {
        let general = json!({ "positionEncodings": offered });
        let capabilities = json!({ "general": general, "textDocument": { "inlineCompletion": {} } });
        let mut scene = Scene::with(json!({ "capabilities": capabilities })).await;
        assert_eq!(scene.initialized["capabilities"]["positionEncoding"], agreed);
        let uri = scene.open("a.rs", "s = '\u{1F600}").await;
        // An edit behind the emoji is counted the same way.
        scene.change(&uri, 2, json!([{ "range": range((0, character), (0, character)), "text": "!tail" }])).await;
        let id = scene.ask(INLINE, place(&uri, 0, character)).await;
        let asked = scene.fill().await;
        assert_eq!((&*asked.request.prefix, &*asked.request.suffix), ("s = '\u{1F600}", "!tail"), "{agreed}");
        asked.say("x");
        asked.end();
        let answer = scene.answer(id).await.expect("an answer");
        assert_eq!(answer["items"][0]["range"]["start"], at(0, character), "{agreed}");
        scene.leave().await;
    }
}

#[tokio::test]
async fn the_selected_entry_of_a_menu_is_extended() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "let x = foo.ba\n").await;
    let selected = json!({ "range": range((0, 12), (0, 14)), "text": "barrel" });
    let context = json!({ "triggerKind": 2, "selectedCompletionInfo": selected });
    let params = json!({ "textDocument": { "uri": uri }, "position": at(0, 14), "context": context });
    let id = scene.ask(INLINE, params).await;
    let asked = scene.fill().await;
    assert_eq!(&*asked.request.prefix, "let x = foo.barrel");
    asked.say("()");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!(answer["items"][0]["insertText"], "barrel()");
    assert_eq!(answer["items"][0]["range"], range((0, 12), (0, 14)));
    scene.leave().await;
}

#[tokio::test]
async fn an_answer_to_a_text_that_is_gone_is_empty() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    scene.change(&uri, 2, json!([{ "text": "other\n" }])).await;
    scene.ok("aside/health", Value::Null).await;
    asked.say("c");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!((&answer["items"], &answer["reason"]["code"]), (&json!([]), &json!("stale")));
    scene.leave().await;
}

#[tokio::test]
async fn a_document_that_was_reopened_with_another_text_is_another_one() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    scene.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    // Editors count from the start again.
    scene.open("a.rs", "x\n").await;
    scene.ok("aside/health", Value::Null).await;
    asked.say("c");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!((&answer["items"], &answer["reason"]["code"]), (&json!([]), &json!("stale")));
    scene.leave().await;
}

#[tokio::test]
async fn a_newer_version_with_the_same_text_is_answered() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    scene.change(&uri, 2, json!([{ "text": "ab\n" }])).await;
    scene.ok("aside/health", Value::Null).await;
    asked.say("c");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!(answer["items"][0]["insertText"], "c");
    scene.leave().await;
}

#[tokio::test]
async fn the_newest_request_wins_and_the_older_is_empty() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let older = scene.ask(INLINE, place(&uri, 0, 1)).await;
    let first = scene.fill().await;
    let newer = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let answer = scene.answer(older).await.expect("an answer");
    assert_eq!((&answer["items"], &answer["reason"]["code"]), (&json!([]), &json!("superseded")));
    first.gone().await;
    let second = scene.fill().await;
    second.say("c");
    second.end();
    assert_eq!(scene.answer(newer).await.expect("an answer")["items"][0]["insertText"], "c");
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_burst_the_last_one_is_answered_however_tasks_run() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "\n").await;
    for round in 0..20 {
        let mut ids = Vec::new();
        for number in 0..10 {
            let text = format!("{round} {}\n", "x".repeat(number + 1));
            let version = i32::try_from(round * 10 + number + 2).expect("small");
            scene.change(&uri, version, json!([{ "text": text }])).await;
            let end = u32::try_from(text.len() - 1).expect("small");
            ids.push((scene.ask(INLINE, place(&uri, 0, end)).await, text));
        }
        let (last, text) = ids.pop().expect("ten");
        for (older, _) in ids {
            assert_eq!(scene.answer(older).await.expect("an answer")["items"], json!([]));
        }
        loop {
            let asked = scene.fill().await;
            let newest = asked.request.prefix == text.trim_end();
            asked.say("!");
            asked.end();
            if newest {
                break;
            }
        }
        assert_eq!(scene.answer(last).await.expect("an answer")["items"][0]["insertText"], "!");
    }
    scene.leave().await;
}

#[tokio::test]
async fn cancelling_drops_the_models_stream() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    scene.notify("$/cancelRequest", json!({ "id": id })).await;
    assert_eq!(scene.answer(id).await.expect_err("cancelled")["code"], -32800);
    asked.gone().await;
    scene.leave().await;
}

#[tokio::test]
async fn a_place_that_is_nowhere_is_answered_empty_with_a_reason() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let lost = scene.open("lost.rs", "ab\n").await;
    scene.change(&lost, 2, json!([{ "range": range((0, 2), (0, 1)), "text": "" }])).await;
    assert!(
        scene.notification("window/showMessage").await["message"].as_str().is_some_and(|told| told.contains("lost.rs"))
    );
    let binary = scene.open("binary", "ELF\0").await;
    scene.notification("window/logMessage").await;
    let never = scene.uri("never.rs");
    for (uri, line) in [(&uri, 2), (&lost, 0), (&binary, 0), (&never, 0)] {
        let answer = scene.ok(INLINE, place(uri, line, 0)).await;
        assert_eq!((&answer["items"], &answer["reason"]["code"]), (&json!([]), &json!("bad-place")), "{uri}");
        assert!(answer["reason"]["message"].is_string() && answer["reason"]["hint"].is_string());
        assert_eq!(last_empty(&mut scene).await, "bad-place");
    }
    let documents = scene.ok("aside/status", Value::Null).await["documents"].take();
    assert_eq!(documents, json!({ "open": 1, "outOfSync": 1, "declined": 1 }));
    scene.leave().await;
}

#[tokio::test]
async fn a_character_past_the_line_is_its_end() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\ncd\n").await;
    let id = scene.ask(INLINE, place(&uri, 0, 99)).await;
    let asked = scene.fill().await;
    assert_eq!(&*asked.request.prefix, "ab");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!(answer["reason"]["code"], "no-text");
    scene.leave().await;
}

#[tokio::test]
async fn a_failing_model_is_an_empty_answer_and_changes_the_status() {
    let wants = json!({ "textDocument": { "inlineCompletion": {} }, "experimental": { "aside": { "status": true } } });
    let mut scene = Scene::with(json!({ "capabilities": wants })).await;
    let uri = scene.open("a.rs", "ab\n").await;
    for _ in 0..2 {
        let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
        scene.fill().await.fail(ErrorKind::Unreachable);
        let answer = scene.answer(id).await.expect("no error");
        assert_eq!(answer["reason"]["code"], "unreachable");
    }
    let changed = scene.notification("aside/status/changed").await;
    assert_eq!((&changed["what"], &changed["reason"]["code"]), (&json!("completion"), &json!("unreachable")));
    let id = scene.ask(INLINE, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    asked.say("c");
    asked.end();
    scene.answer(id).await.expect("an answer");
    assert_eq!(scene.notification("aside/status/changed").await, json!({ "what": "completion" }));
    assert_eq!(scene.leftover().await, Vec::<Value>::new(), "it is told once");
    scene.leave().await;
}

#[tokio::test]
async fn an_editor_without_ghost_text_gets_one_entry_that_sorts_last() {
    let mut scene = Scene::with(json!({ "capabilities": { "textDocument": { "completion": {} } } })).await;
    assert!(scene.initialized["capabilities"]["completionProvider"].is_object());
    let uri = scene.open("a.rs", "let sum = comp\n").await;
    let id = scene.ask(MENU, place(&uri, 0, 14)).await;
    let asked = scene.fill().await;
    asked.say("ute(a, b)");
    asked.end();
    let answer = scene.answer(id).await.expect("an answer");
    assert_eq!(answer["isIncomplete"], true);
    let item = &answer["items"][0];
    assert_eq!(item["textEdit"], json!({ "range": range((0, 10), (0, 14)), "newText": "compute(a, b)" }));
    assert!(item["sortText"].as_str() > Some("zzzz"));
    assert_eq!(item["command"]["command"], "aside.complete.accept");
    scene.leave().await;
}

#[tokio::test]
async fn the_menu_is_silent_where_ghost_text_works_unless_it_is_asked_for() {
    let capabilities = json!({ "textDocument": { "completion": {}, "inlineCompletion": {} } });
    let mut scene = Scene::with(json!({ "capabilities": capabilities })).await;
    assert!(scene.initialized["capabilities"].get("completionProvider").is_none());
    let uri = scene.open("a.rs", "ab\n").await;
    assert_eq!(scene.ok(MENU, place(&uri, 0, 2)).await, json!({ "isIncomplete": true, "items": [] }));

    let options = json!({ "complete": { "menu": "always" } });
    let mut scene = Scene::with(json!({ "capabilities": capabilities, "initializationOptions": options })).await;
    assert!(scene.initialized["capabilities"]["completionProvider"].is_object());
    let uri = scene.open("a.rs", "ab\n").await;
    let id = scene.ask(MENU, place(&uri, 0, 2)).await;
    let asked = scene.fill().await;
    asked.say("c");
    asked.end();
    assert_eq!(scene.answer(id).await.expect("an answer")["items"][0]["label"], "abc");
    scene.leave().await;
}

#[tokio::test]
async fn explaining_tells_all_and_asks_no_model() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "fn f() {\n    \n}\n").await;
    let params = json!({ "textDocument": { "uri": uri }, "position": at(1, 4) });
    let told = scene.ok("aside/complete/explain", params.clone()).await;
    assert_eq!((&told["model"], &told["path"]), (&json!("work/m"), &json!("a.rs")));
    assert_eq!((&told["prefix"], &told["suffix"]), (&json!("fn f() {\n    "), &json!("\n}\n")));
    assert!(scene.fills.try_recv().is_err());
    assert_eq!(scene.command("aside.complete.explain", params).await, told);
    scene.leave().await;
}
