//! Conversations, by request and by command.

use aside_model::{ErrorKind, Role};
use serde_json::{Value, json};

use super::harness::{Scene, range};

async fn new_session(scene: &mut Scene) -> String {
    let made = scene.ok("aside/chat/new", json!({})).await;
    made["session"]["id"].as_str().expect("an id").to_owned()
}

/// Reads a turn's events to its end and gives its text and its end.
async fn whole(scene: &mut Scene, turn: &Value) -> (String, Value) {
    let mut text = String::new();
    for expected in 0.. {
        let mut params = scene.notification("aside/chat/event").await;
        assert_eq!((&params["turn"], &params["n"]), (turn, &json!(expected)));
        let event = params["event"].take();
        match event["type"].as_str().expect("a type") {
            "delta" => text.push_str(event["text"].as_str().expect("a text")),
            "end" => return (text, event),
            _ => {}
        }
    }
    unreachable!("the loop ends by its end event")
}

#[tokio::test]
async fn a_message_is_answered_at_once_and_its_answer_streams() {
    let mut scene = Scene::new().await;
    let made = scene.ok("aside/chat/new", json!({ "title": "T", "model": "work/m" })).await;
    let info = &made["session"];
    assert_eq!((&info["title"], &info["state"], &info["messages"]), (&json!("T"), &json!("idle"), &json!(0)));
    assert_eq!(info["workspace"], scene.uri(""));
    let session = info["id"].clone();
    let sent = scene.ok("aside/chat/send", json!({ "session": session, "text": "hello" })).await;
    let asked = scene.asked().await;
    assert_eq!(asked.request.workspace, Some(scene.root()));
    assert_eq!(asked.request.question, "hello");
    asked.say("Hel");
    asked.say("lo");
    asked.end();
    let (text, end) = whole(&mut scene, &sent["turn"]).await;
    assert_eq!((&*text, end), ("Hello", json!({ "type": "end", "reason": "complete" })));
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let told: Vec<_> =
        opened["messages"].as_array().expect("a list").iter().map(|one| (&one["role"], &one["text"])).collect();
    assert_eq!(told, [(&json!("user"), &json!("hello")), (&json!("assistant"), &json!("Hello"))]);
    assert_eq!(opened["messages"][1]["model"], "work/m");
    scene.leave().await;
}

#[tokio::test]
async fn stopping_keeps_what_came() {
    let mut scene = Scene::new().await;
    let session = new_session(&mut scene).await;
    let sent = scene.ok("aside/chat/send", json!({ "session": session, "text": "go" })).await;
    let asked = scene.asked().await;
    asked.say("Once");
    let first = scene.notification("aside/chat/event").await;
    assert_eq!(first["event"], json!({ "type": "delta", "text": "Once" }));
    let busy = scene.refused("aside/chat/send", json!({ "session": session, "text": "more" })).await;
    assert_eq!((&busy["code"], &busy["data"]["code"]), (&json!(-32803), &json!("session-busy")));
    assert_eq!(scene.ok("aside/chat/stop", json!({ "session": session })).await, Value::Null);
    asked.gone().await;
    let end = scene.notification("aside/chat/event").await;
    assert_eq!((&end["turn"], &end["event"]["reason"]), (&sent["turn"], &json!("stopped")));
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let last = &opened["messages"][1];
    assert_eq!((&last["text"], &last["state"]), (&json!("Once"), &json!("stopped")));
    assert_eq!(scene.ok("aside/chat/stop", json!({ "session": session })).await, Value::Null, "idle is fine");
    scene.leave().await;
}

#[tokio::test]
async fn a_failing_model_ends_the_turn_with_the_reason() {
    let mut scene = Scene::new().await;
    let session = new_session(&mut scene).await;
    let sent = scene.ok("aside/chat/send", json!({ "session": session, "text": "go" })).await;
    scene.asked().await.fail(ErrorKind::Unreachable);
    let (_, end) = whole(&mut scene, &sent["turn"]).await;
    assert_eq!((&end["reason"], &end["error"]["code"]), (&json!("error"), &json!("unreachable")));
    assert!(end["error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    scene.leave().await;
}

#[tokio::test]
async fn sessions_are_listed_paged_renamed_and_deleted() {
    let mut scene = Scene::new().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(new_session(&mut scene).await);
    }
    let elsewhere = scene.uri("elsewhere");
    scene.ok("aside/chat/new", json!({ "workspace": elsewhere })).await;
    let ids = |page: &Value| -> Vec<Value> {
        page["sessions"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect()
    };
    let here = scene.uri("");
    let page = scene.ok("aside/chat/list", json!({ "workspace": here, "limit": 2 })).await;
    assert_eq!(ids(&page), [json!(made[2]), json!(made[1])]);
    let rest = json!({ "workspace": here, "limit": 2, "cursor": page["cursor"] });
    let page = scene.ok("aside/chat/list", rest).await;
    assert_eq!((ids(&page), page.get("cursor")), (vec![json!(made[0])], None));
    assert_eq!(ids(&scene.ok("aside/chat/list", Value::Null).await).len(), 4, "every workspace");

    let renamed = scene.ok("aside/chat/rename", json!({ "session": made[0], "title": "Ropes" })).await;
    assert_eq!((&renamed["session"]["title"], &renamed["session"]["id"]), (&json!("Ropes"), &json!(made[0])));
    assert_eq!(scene.ok("aside/chat/delete", json!({ "session": made[0] })).await, Value::Null);
    let gone = scene.refused("aside/chat/open", json!({ "session": made[0] })).await;
    assert_eq!((&gone["code"], &gone["data"]["code"]), (&json!(-32602), &json!("unknown-session")));
    scene.leave().await;
}

#[tokio::test]
async fn every_request_is_also_a_command() {
    let mut scene = Scene::new().await;
    let commands = scene.initialized["capabilities"]["executeCommandProvider"]["commands"].clone();
    let mut expected: Vec<String> = crate::routes::OWN.iter().map(|(method, _)| method.replace('/', ".")).collect();
    expected.push("aside.complete.accept".to_owned());
    assert_eq!(commands, json!(expected));

    let made = scene.command("aside.chat.new", json!({ "title": "T" })).await;
    let session = made["session"]["id"].clone();
    let sent = scene.command("aside.chat.send", json!({ "session": session, "text": "hi" })).await;
    let asked = scene.asked().await;
    asked.say("by command");
    asked.end();
    assert_eq!(whole(&mut scene, &sent["turn"]).await.0, "by command");
    let opened = scene.command("aside.chat.open", json!({ "session": session, "limit": 1 })).await;
    assert_eq!(opened["messages"].as_array().map(Vec::len), Some(1));
    let before = scene.command("aside.chat.open", json!({ "session": session, "before": opened["before"] })).await;
    assert_eq!(before["messages"][0]["text"], "hi");
    for command in ["aside.chat.list", "aside.model.list", "aside.status", "aside.health"] {
        assert!(scene.command(command, json!({})).await.is_object(), "{command}");
        assert!(scene.ok("workspace/executeCommand", json!({ "command": command })).await.is_object(), "{command}");
    }
    for command in ["aside.chat.stop", "aside.chat.delete"] {
        assert_eq!(scene.command(command, json!({ "session": session })).await, Value::Null);
    }
    scene.leave().await;
}

/// What the model was told besides the person's words.
async fn context(scene: &mut Scene, send: Value) -> String {
    let sent = scene.ok("aside/chat/send", send).await;
    let asked = scene.asked().await;
    let user = asked.request.messages.iter().rfind(|message| message.role == Role::User);
    let told = user.expect("a message").text.clone();
    asked.end();
    whole(scene, &sent["turn"]).await;
    told
}

#[tokio::test]
async fn attachments_reach_the_model_and_are_kept() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "first_marker\nsecond_marker\nthird_marker\n").await;
    scene.notify("textDocument/didFocus", json!({})).await;
    let session = new_session(&mut scene).await;
    let attachments = json!([
        { "uri": uri, "range": range((1, 0), (2, 0)), "label": "the middle" },
        { "text": "pasted_marker", "label": "notes" },
    ]);
    let told = context(&mut scene, json!({ "session": session, "text": "look", "attachments": attachments })).await;
    assert!(told.contains("second_marker") && told.contains("pasted_marker"), "{told}");
    assert!(!told.contains("first_marker") && !told.contains("third_marker"), "{told}");
    let opened = scene.ok("aside/chat/open", json!({ "session": session })).await;
    let kept = &opened["messages"][0]["attachments"];
    assert_eq!((&kept[0]["label"], &kept[0]["uri"]), (&json!("the middle"), &json!(uri)));
    assert_eq!(
        (&kept[1]["label"], &kept[1]["text"], kept[1].get("uri")),
        (&json!("notes"), &json!("pasted_marker"), None)
    );
    scene.leave().await;
}

#[tokio::test]
async fn what_the_person_looks_at_goes_along() {
    let mut scene = Scene::new().await;
    let first = scene.open("a.rs", "alpha_marker\n").await;
    let second = scene.open("b.rs", "beta_marker\ngamma_marker\n").await;
    let session = new_session(&mut scene).await;
    let say = |focus: Value| json!({ "session": session, "text": "look", "focus": focus });

    let told = context(&mut scene, say(Value::Null)).await;
    assert!(told.contains("beta_marker") && !told.contains("alpha_marker"), "the document opened last: {told}");
    scene.notify("textDocument/didFocus", json!({ "textDocument": { "uri": first } })).await;
    let told = context(&mut scene, say(Value::Null)).await;
    assert!(told.contains("alpha_marker") && !told.contains("beta_marker"), "the focused one: {told}");
    let told = context(&mut scene, say(json!({ "uri": second, "range": range((1, 0), (1, 12)) }))).await;
    assert!(told.contains("gamma_marker") && !told.contains("beta_marker"), "the selection that is named: {told}");
    let told = context(&mut scene, say(json!({ "uri": second, "range": range((90, 0), (91, 0)) }))).await;
    assert!(!told.contains("alpha_marker"), "a place outside it is its end: {told}");
    let never = scene.uri("never-opened.rs");
    let told = context(&mut scene, say(json!({ "uri": never }))).await;
    assert!(!told.contains("alpha_marker") && !told.contains("beta_marker"), "{told}");
    scene.leave().await;
}

#[tokio::test]
async fn what_cannot_be_attached_is_named() {
    let mut scene = Scene::new().await;
    let open = scene.open("a.rs", "text\n").await;
    let closed = scene.uri("b.rs");
    let session = new_session(&mut scene).await;
    for (attachment, code, named) in [
        (json!({ "label": "x" }), "invalid-params", "`attachments[0].text`"),
        (json!({ "uri": 3 }), "invalid-params", "`attachments[0].uri`"),
        (json!({ "uri": open, "range": range((0, 3), (0, 1)) }), "bad-place", "`attachments[0].range`"),
        (json!({ "uri": open, "range": range((0, 0), (9, 0)) }), "bad-place", "`attachments[0].range`"),
        (json!({ "uri": closed, "range": range((0, 0), (1, 0)) }), "unknown-document", "`attachments[0].range`"),
        (json!({ "uri": "untitled:x" }), "unknown-document", "`attachments[0].uri`"),
        (json!({ "uri": closed }), "attachment-unreadable", "b.rs"),
        (json!({ "uri": scene.uri(".env") }), "withheld", ".env"),
    ] {
        let params = json!({ "session": session, "text": "look", "attachments": [attachment] });
        let error = scene.refused("aside/chat/send", params).await;
        assert_eq!(error["data"]["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(named)), "{error}");
    }
    assert!(scene.chats.try_recv().is_err(), "no model was asked");
    scene.leave().await;
}
