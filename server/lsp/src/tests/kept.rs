//! Conversations as a whole, by request: copied, thrown away, found, moved, written out and read back.

use serde_json::{Value, json};

use super::harness::Scene;

/// A conversation in which `question` was answered with `answer`.
async fn talked(scene: &mut Scene, question: &str, answer: &str) -> String {
    let made = scene.ok("aside/chat/new", json!({})).await;
    let session = made["session"]["id"].as_str().expect("an id").to_owned();
    say(scene, json!({ "session": session, "text": question }), answer).await;
    session
}

/// Sends, answers, and waits for the end.
async fn say(scene: &mut Scene, params: Value, answer: &str) {
    turn(scene, "aside/chat/send", params, answer).await;
}

async fn turn(scene: &mut Scene, method: &str, params: Value, answer: &str) -> Vec<String> {
    let sent = scene.ok(method, params).await;
    let asked = scene.asked().await;
    let told = asked.request.messages.iter().map(|message| message.text.clone()).collect();
    asked.say(answer);
    asked.end();
    loop {
        let event = scene.notification("aside/chat/event").await;
        if event["turn"] == sent["turn"] && event["event"]["type"] == "end" {
            return told;
        }
    }
}

async fn texts(scene: &mut Scene, session: &Value) -> Vec<String> {
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let messages = opened["messages"].as_array().expect("a list").iter();
    messages.map(|message| message["text"].as_str().expect("a text").to_owned()).collect()
}

async fn ids(scene: &mut Scene, method: &str, params: Value) -> Vec<Value> {
    let listed = scene.ok(method, params).await;
    listed["sessions"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect()
}

#[tokio::test]
async fn a_question_that_is_asked_anew_takes_back_what_followed() {
    let mut scene = Scene::new().await;
    let session = talked(&mut scene, "first", "one").await;
    say(&mut scene, json!({ "session": session, "text": "second" }), "two").await;
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let first = opened["messages"][0]["n"].clone();
    let asked =
        turn(&mut scene, "aside/chat/send", json!({ "session": session, "text": "anew", "replaces": first }), "three");
    let asked = asked.await;
    assert!(!asked.iter().any(|text| text.contains("second") || text == "one"), "{asked:?}");
    assert_eq!(texts(&mut scene, &json!(session)).await, ["anew", "three"]);
    let wrong = json!({ "session": session, "text": "anew", "replaces": 9999 });
    assert_eq!(scene.refused("aside/chat/send", wrong).await["data"]["code"], "unknown-message");
    scene.leave().await;
}

#[tokio::test]
async fn an_answer_that_was_stopped_is_continued() {
    let mut scene = Scene::new().await;
    let made = scene.ok("aside/chat/new", json!({})).await;
    let session = made["session"]["id"].clone();
    scene.ok("aside/chat/send", json!({ "session": session, "text": "count" })).await;
    let asked = scene.asked().await;
    asked.say("one, two");
    scene.notification("aside/chat/event").await;
    scene.ok("aside/chat/stop", json!({ "session": session })).await;
    let told = turn(&mut scene, "aside/chat/continue", json!({ "session": session }), ", three").await;
    assert!(told.iter().any(|text| text == "one, two"), "the model sees what came: {told:?}");
    assert!(told.last().is_some_and(|text| text.contains("cut off")), "{told:?}");
    assert_eq!(texts(&mut scene, &session).await.last().map(String::as_str), Some(", three"));
    let whole = scene.refused("aside/chat/continue", json!({ "session": session })).await;
    assert_eq!(whole["data"]["code"], "nothing-cut-off");
    scene.leave().await;
}

#[tokio::test]
async fn a_conversation_goes_to_the_trash_and_comes_back_or_goes_for_good() {
    let mut scene = Scene::new().await;
    let session = json!(talked(&mut scene, "keep me", "yes").await);
    scene.ok("aside/chat/delete", json!({ "session": session })).await;
    assert_eq!(ids(&mut scene, "aside/chat/list", json!({})).await, Vec::<Value>::new());
    let trash = scene.ok("aside/chat/trash", json!({})).await;
    assert_eq!((&trash["sessions"][0]["id"], trash["sessions"][0]["trashed"].is_string()), (&session, true));
    let back = scene.ok("aside/chat/restore", json!({ "session": session })).await;
    assert_eq!((&back["session"]["id"], back["session"].get("trashed")), (&session, None));
    assert_eq!(texts(&mut scene, &session).await, ["keep me", "yes"]);
    scene.ok("aside/chat/delete", json!({ "session": session, "forever": true })).await;
    assert_eq!(ids(&mut scene, "aside/chat/trash", json!({})).await, Vec::<Value>::new());
    assert_eq!(
        scene.refused("aside/chat/restore", json!({ "session": session })).await["data"]["code"],
        "unknown-session"
    );
    scene.leave().await;
}

#[tokio::test]
async fn a_copy_holds_what_was_said_up_to_a_turn() {
    let mut scene = Scene::new().await;
    let session = talked(&mut scene, "first", "one").await;
    say(&mut scene, json!({ "session": session, "text": "second" }), "two").await;
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let copy = scene.ok("aside/chat/fork", json!({ "session": session, "n": opened["messages"][0]["n"] })).await;
    assert_ne!(copy["session"]["id"], json!(session));
    assert_eq!(texts(&mut scene, &copy["session"]["id"]).await, ["first", "one"]);
    let whole = scene.ok("aside/chat/fork", json!({ "session": session })).await;
    assert_eq!(texts(&mut scene, &whole["session"]["id"]).await, ["first", "one", "second", "two"]);
    scene.leave().await;
}

#[tokio::test]
async fn a_compacted_conversation_begins_with_the_models_summary() {
    let mut scene = Scene::new().await;
    let session = talked(&mut scene, "first", "one").await;
    say(&mut scene, json!({ "session": session, "text": "second" }), "two").await;
    let id = scene.ask("aside/chat/compact", json!({ "session": session, "keep": 1 })).await;
    let asked = scene.asked().await;
    asked.say("They counted.");
    asked.end();
    let made = scene.answer(id).await.expect("compacted");
    let opened = scene.ok("aside/chat/open", json!({ "session": made["session"]["id"] })).await;
    assert_eq!((&opened["messages"][0]["role"], &opened["messages"][1]["text"]), (&json!("system"), &json!("second")));
    assert!(opened["messages"][0]["text"].as_str().is_some_and(|text| text.starts_with("They counted.")));
    let nothing = scene.refused("aside/chat/compact", json!({ "session": session, "keep": 2 })).await;
    assert_eq!(nothing["data"]["code"], "nothing-said");
    scene.leave().await;
}

#[tokio::test]
async fn a_digest_is_asked_of_the_chat_model() {
    let mut scene = Scene::new().await;
    let nothing = scene.refused("aside/chat/digest", json!({})).await;
    assert_eq!(nothing["data"]["code"], "nothing-said");
    talked(&mut scene, "why is it slow", "because").await;
    let here = scene.uri("");
    let id = scene.ask("aside/chat/digest", json!({ "workspace": here, "hours": 1 })).await;
    let asked = scene.asked().await;
    assert!(asked.request.messages.iter().any(|message| message.text.contains("why is it slow")));
    asked.say("It was slow.");
    asked.end();
    assert_eq!(scene.answer(id).await, Ok(json!({ "text": "It was slow.", "model": "work/m" })));
    scene.leave().await;
}

#[tokio::test]
async fn what_was_said_is_found_with_its_place() {
    let mut scene = Scene::new().await;
    let session = talked(&mut scene, "how do ropes \u{1F600} balance themselves", "by rotation").await;
    talked(&mut scene, "nothing of the kind", "no").await;
    let found = scene.ok("aside/chat/search", json!({ "query": "Balance ropes", "limit": 5 })).await;
    let matches = found["matches"].as_array().expect("a list");
    assert_eq!((matches.len(), &found["partial"]), (1, &json!(false)));
    let one = &matches[0];
    assert_eq!((&one["session"]["id"], &one["role"], one["n"].is_u64()), (&json!(session), &json!("user"), true));
    let snippet = one["snippet"]["text"].as_str().expect("a text");
    let units: Vec<u16> = snippet.encode_utf16().collect();
    let marked = one["snippet"]["highlights"].as_array().expect("a list").iter().map(|place| {
        let bound = |at: usize| usize::try_from(place[at].as_u64().expect("a number")).expect("small");
        String::from_utf16(&units[bound(0)..bound(1)]).expect("whole characters")
    });
    assert_eq!(marked.collect::<Vec<_>>(), ["ropes", "balance"]);
    let answer = scene.ok("aside/chat/search", json!({ "query": "rotation" })).await;
    let (role, snippet) = (&answer["matches"][0]["role"], &answer["matches"][0]["snippet"]["text"]);
    assert_eq!((role, snippet), (&json!("assistant"), &json!("by rotation")));
    let elsewhere = scene.uri("elsewhere");
    let none = scene.ok("aside/chat/search", json!({ "query": "ropes", "workspace": elsewhere })).await;
    assert_eq!(none["matches"], json!([]));
    scene.leave().await;
}

#[tokio::test]
async fn an_exported_conversation_comes_back_marked_as_imported() {
    let mut scene = Scene::new().await;
    let session = talked(&mut scene, "what is a rope", "a tree").await;
    let of = |format: &str| json!({ "session": session, "format": format });
    let markdown = scene.ok("aside/chat/export", of("markdown")).await;
    assert!(markdown["text"].as_str().is_some_and(|text| text.contains("what is a rope") && text.contains("a tree")));
    let text = scene.ok("aside/chat/export", of("json")).await["text"].clone();
    let made = scene.ok("aside/chat/import", json!({ "text": text })).await;
    let info = &made["session"];
    assert_eq!((&info["imported"], &info["title"]), (&json!(true), &json!("what is a rope")));
    assert!(info["id"] != json!(session) && info["workspace"] == scene.uri(""), "{info}");
    assert_eq!(texts(&mut scene, &info["id"]).await, ["what is a rope", "a tree"]);
    let named = scene.ok("aside/chat/import", json!({ "text": text, "title": "Mine" })).await;
    assert_eq!(named["session"]["title"], "Mine");
    scene.leave().await;
}

#[tokio::test]
async fn a_conversation_that_is_too_long_for_an_editor_is_left_to_the_terminal() {
    let mut scene = Scene::new().await;
    let message = json!({ "role": "assistant", "at": "2026-01-02T03:04:05Z", "state": "complete", "text": "x".repeat(1_000_000) });
    let session = json!({ "id": "01890000-0000-7000-8000-000000000000", "title": "Long", "created": "2026-01-02T03:04:05Z",
        "updated": "2026-01-02T03:04:05Z" });
    let file = json!({ "aside": "conversation", "version": 1, "session": session, "messages": vec![message; 9] });
    let made = scene.ok("aside/chat/import", json!({ "text": file.to_string() })).await;
    let params = json!({ "session": made["session"]["id"], "format": "markdown" });
    let error = scene.refused("aside/chat/export", params).await;
    assert_eq!(error["data"]["code"], "export-too-large");
    assert!(error["data"]["hint"].as_str().is_some_and(|hint| hint.contains("aside session export")), "{error}");
    scene.leave().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_moved_is_offered_and_takes_its_conversations_along() {
    let mut scene = Scene::new().await;
    #[expect(clippy::disallowed_methods, reason = "a test moves its own folder")]
    let (make, rename) = (|path| std::fs::create_dir(path), |from, to| std::fs::rename(from, to));
    let (before, after) = (scene.root().join("before"), scene.root().join("after"));
    make(&before).expect("a folder");
    let made = scene.ok("aside/chat/new", json!({ "workspace": scene.uri("before"), "title": "T" })).await;
    rename(&before, &after).expect("moved");
    let here = scene.uri("after");
    let listed = scene.ok("aside/chat/list", json!({ "workspace": here })).await;
    let moved = json!([{ "from": scene.uri("before"), "sessions": 1 }]);
    assert_eq!((&listed["sessions"], &listed["moved"]), (&json!([]), &moved), "{listed}");
    let relinked = scene.ok("aside/chat/relink", json!({ "from": scene.uri("before") + "/", "to": here })).await;
    assert_eq!(relinked, json!({ "sessions": 1 }));
    let listed = scene.ok("aside/chat/list", json!({ "workspace": here })).await;
    assert_eq!((&listed["sessions"][0]["id"], listed.get("moved")), (&made["session"]["id"], None));
    scene.leave().await;
}

#[tokio::test]
async fn conversations_are_opened_only_so_often_and_the_wait_is_told() {
    let mut scene = Scene::new().await;
    let made = scene.ok("aside/chat/new", json!({})).await["session"]["id"].clone();
    let file = scene.ok("aside/chat/export", json!({ "session": made, "format": "json" })).await["text"].clone();
    let mut imported = Vec::new();
    for _ in 0..6 {
        imported.push(scene.ok("aside/chat/import", json!({ "text": file })).await["session"]["id"].clone());
    }
    for session in &imported[..5] {
        scene.ok("aside/chat/open", json!({ "session": session })).await;
    }
    let error = scene.refused("aside/chat/open", json!({ "session": imported[5] })).await;
    assert_eq!(error["data"]["code"], "rate-limited");
    assert!(error["data"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0 && wait <= 60_000), "{error}");
    // What is open already is no resume.
    scene.ok("aside/chat/open", json!({ "session": imported[0] })).await;
    scene.leave().await;
}
