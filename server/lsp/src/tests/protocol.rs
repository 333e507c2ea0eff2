//! Parameters, the greeting, and what is not there.

use serde_json::{Value, json};

use super::harness::{Scene, at};
use crate::Ended;

/// Asks each of `cases`, given a session and the address of an open document: method, parameters, code, and what is named.
async fn check(cases: impl FnOnce(Value, Value) -> Vec<(&'static str, Value, &'static str, &'static str)>) {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    let made = scene.ok("aside/chat/new", json!({})).await;
    for (method, params, code, named) in cases(made["session"]["id"].clone(), json!({ "uri": uri })) {
        let error = scene.refused(method, params.clone()).await;
        assert_eq!(error["data"]["code"], code, "`{method}` {params}: {error}");
        assert!(error["message"].as_str().is_some_and(|told| told.contains(named)), "`{method}` {params}: {error}");
    }
    assert!(scene.chats.try_recv().is_err() && scene.fills.try_recv().is_err(), "no model was asked");
    assert_eq!(scene.ok("aside/health", Value::Null).await, json!({ "checks": [] }), "the server goes on");
    scene.leave().await;
}

/// A session that nobody has.
const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

const NEW: &str = "aside/chat/new";
const LIST: &str = "aside/chat/list";
const OPEN: &str = "aside/chat/open";
const SEND: &str = "aside/chat/send";
const STOP: &str = "aside/chat/stop";
const RENAME: &str = "aside/chat/rename";
const EXPLAIN: &str = "aside/complete/explain";
const COMMAND: &str = "workspace/executeCommand";
const INLINE: &str = "textDocument/inlineCompletion";
const MENU: &str = "textDocument/completion";

#[tokio::test]
async fn wrong_parameters_about_sessions_are_refused_with_field_and_code() {
    check(|session, _| {
        vec![
            (NEW, json!({ "workspace": 5 }), "invalid-params", "`workspace`"),
            (NEW, json!({ "workspace": "https://example.com" }), "invalid-params", "`workspace`"),
            (NEW, json!({ "title": [] }), "invalid-params", "`title`"),
            (NEW, json!({ "model": "nonsense" }), "bad-model", "nonsense"),
            (LIST, json!({ "limit": "many" }), "invalid-params", "`limit`"),
            (LIST, json!({ "limit": -1 }), "out-of-bounds", "`limit`"),
            (LIST, json!({ "limit": 0 }), "out-of-bounds", "`limit`"),
            (LIST, json!({ "cursor": 4 }), "invalid-params", "`cursor`"),
            (LIST, json!({ "cursor": "nonsense" }), "bad-cursor", "`cursor`"),
            (OPEN, json!({}), "invalid-params", "`session`"),
            (OPEN, json!({ "session": "nonsense" }), "invalid-params", "nonsense"),
            (OPEN, json!({ "session": UNKNOWN }), "unknown-session", UNKNOWN),
            (OPEN, json!({ "session": session, "limit": 0 }), "out-of-bounds", "`limit`"),
            (OPEN, json!({ "session": session, "before": -3 }), "out-of-bounds", "`before`"),
            (STOP, json!("session"), "invalid-params", "a string"),
            (STOP, json!({ "session": UNKNOWN }), "unknown-session", UNKNOWN),
            (RENAME, json!({ "session": session, "title": 1 }), "invalid-params", "`title`"),
            (RENAME, json!({ "session": session, "title": " " }), "empty", "`title`"),
            (RENAME, json!({ "session": UNKNOWN, "title": "t" }), "unknown-session", UNKNOWN),
            ("aside/chat/delete", Value::Null, "invalid-params", "`session`"),
            ("aside/chat/delete", json!({ "session": UNKNOWN }), "unknown-session", UNKNOWN),
            (LIST, json!({ "resumable": "yes" }), "invalid-params", "`resumable`"),
        ]
    })
    .await;
}

#[tokio::test]
async fn wrong_parameters_about_whole_conversations_are_refused_with_field_and_code() {
    check(|session, _| {
        let of = |name: &str, value: Value| json!({ "session": session, name: value });
        vec![
            ("aside/chat/delete", of("forever", json!(1)), "invalid-params", "`forever`"),
            ("aside/chat/delete", json!({ "session": UNKNOWN, "forever": true }), "unknown-session", UNKNOWN),
            ("aside/chat/restore", json!({ "session": UNKNOWN }), "unknown-session", UNKNOWN),
            ("aside/chat/trash", json!([]), "invalid-params", "object"),
            ("aside/chat/fork", of("n", json!(-1)), "out-of-bounds", "`n`"),
            ("aside/chat/fork", of("n", json!(77)), "unknown-message", "77"),
            ("aside/chat/fork", json!({ "session": UNKNOWN }), "unknown-session", UNKNOWN),
            ("aside/chat/compact", of("keep", json!(0)), "out-of-bounds", "`keep`"),
            ("aside/chat/continue", of("model", json!("nonsense")), "bad-model", "nonsense"),
            ("aside/chat/continue", json!({ "session": session }), "nothing-cut-off", "not cut off"),
            ("aside/chat/export", json!({ "session": session }), "invalid-params", "`format`"),
            ("aside/chat/export", of("format", json!("pdf")), "invalid-params", "`markdown` or `json`"),
            ("aside/chat/export", json!({ "session": UNKNOWN, "format": "json" }), "unknown-session", UNKNOWN),
            ("aside/chat/import", json!({}), "invalid-params", "`text`"),
            ("aside/chat/import", json!({ "text": "{" }), "import-not-json", "line 1"),
            ("aside/chat/import", json!({ "text": "{}" }), "import-not-a-conversation", "conversation"),
            ("aside/chat/search", json!({}), "invalid-params", "`query`"),
            ("aside/chat/search", json!({ "query": " " }), "empty", "`query`"),
            ("aside/chat/search", json!({ "query": "x".repeat(1001) }), "too-long", "1001"),
            ("aside/chat/search", json!({ "query": "x", "limit": 0 }), "out-of-bounds", "`limit`"),
            ("aside/chat/relink", json!({}), "invalid-params", "`from`"),
            ("aside/chat/relink", json!({ "from": "nonsense" }), "invalid-params", "`from`"),
            ("aside/chat/digest", json!({ "hours": 0 }), "out-of-bounds", "`hours`"),
        ]
    })
    .await;
}

#[tokio::test]
async fn messages_that_cannot_be_said_are_refused_with_field_and_bounds() {
    check(|session, _| {
        let say = |text: &str| json!({ "session": session, "text": text });
        let with = |name: &str, value: Value| {
            let mut params = say("x");
            params[name] = value;
            params
        };
        vec![
            (SEND, json!([]), "invalid-params", "object"),
            (SEND, json!({ "session": session }), "invalid-params", "`text`"),
            (SEND, json!({ "session": [], "text": "x" }), "invalid-params", "`session`"),
            (SEND, json!({ "session": UNKNOWN, "text": "x" }), "unknown-session", UNKNOWN),
            (SEND, say(""), "empty", "50000"),
            (SEND, say(" \n"), "empty", "50000"),
            (SEND, say(&"x".repeat(50_001)), "too-long", "50001"),
            (SEND, with("model", json!("nobody/m")), "invalid-request", "`nobody`"),
            (SEND, with("model", json!("nonsense")), "bad-model", "`nonsense`"),
            (SEND, with("attachments", json!({})), "invalid-params", "`attachments`"),
            (SEND, with("attachments", json!(vec![json!({}); 65])), "out-of-bounds", "65"),
            (SEND, with("focus", json!({ "uri": 1 })), "invalid-params", "`focus.uri`"),
        ]
    })
    .await;
}

#[tokio::test]
async fn wrong_parameters_about_places_and_commands_are_refused_with_field_and_code() {
    check(|_, document| {
        let explain = |document: Value, position: Value| json!({ "textDocument": document, "position": position });
        let command = |name: &str, arguments: Value| json!({ "command": name, "arguments": arguments });
        vec![
            (EXPLAIN, explain(json!({}), json!({})), "invalid-params", "`textDocument.uri`"),
            (EXPLAIN, explain(document.clone(), at(9, 0)), "bad-place", "`position`"),
            (EXPLAIN, explain(json!({ "uri": "file:///never.rs" }), at(0, 0)), "unknown-document", "never.rs"),
            ("aside/model/list", json!([1]), "invalid-params", "a list"),
            ("aside/status", json!("x"), "invalid-params", "a string"),
            ("aside/health", json!(true), "invalid-params", "a boolean"),
            (COMMAND, json!({ "command": 5 }), "invalid-params", "`command`"),
            (COMMAND, json!({ "command": "aside.nothing" }), "unknown-command", "`aside.nothing`"),
            (COMMAND, command("aside.status", json!({})), "invalid-params", "`arguments`"),
            (COMMAND, command("aside.status", json!([{}, {}])), "out-of-bounds", "`arguments`"),
            (COMMAND, command("aside.chat.open", json!([{ "session": 5 }])), "invalid-params", "`session`"),
            (COMMAND, command("aside.complete.accept", json!([5])), "invalid-params", "a number"),
            (INLINE, json!({ "textDocument": document }), "invalid-params", "`position`"),
            (INLINE, explain(document.clone(), json!({ "line": 0 })), "invalid-params", "`position.character`"),
            (
                INLINE,
                json!({ "textDocument": document, "position": at(0, 0), "context": 1 }),
                "invalid-params",
                "`context`",
            ),
            (MENU, explain(document, json!({ "line": -1, "character": 0 })), "out-of-bounds", "`position.line`"),
        ]
    })
    .await;
}

#[tokio::test]
async fn methods_of_later_issues_are_not_there() {
    let mut scene = Scene::new().await;
    for method in ["aside/index/search", "aside/chat/nothing"] {
        let id = scene.ask(method, json!({})).await;
        assert_eq!(scene.answer(id).await.expect_err("no such method")["code"], -32601, "{method}");
    }
    scene.leave().await;
}

#[tokio::test]
async fn a_greeting_with_odd_capabilities_is_answered() {
    let odd =
        json!({ "textDocument": { "completion": 5, "inlineCompletion": [] }, "general": { "positionEncodings": 8 } });
    for (capabilities, params) in [(Value::Null, Value::Null), (odd, json!([])), (json!({}), json!({}))] {
        let mut scene = Scene::silent();
        let answer = scene.ok("initialize", json!({ "capabilities": capabilities, "processId": null })).await;
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        assert_eq!(answer["serverInfo"]["name"], "aside");
        scene.notify("initialized", params).await;
        scene.ok("aside/health", Value::Null).await;
        scene.leave().await;
    }
}

#[tokio::test]
async fn a_greeting_that_is_wrong_where_it_matters_can_be_repeated() {
    let mut scene = Scene::silent();
    let error = scene.refused("initialize", json!({ "workspaceFolders": [{ "uri": 5 }] })).await;
    assert!(error["message"].as_str().is_some_and(|told| told.contains("`workspaceFolders[0].uri`")), "{error}");
    scene.ok("initialize", json!({ "capabilities": {} })).await;
    scene.notify("initialized", json!({})).await;
    scene.leave().await;
}

#[tokio::test]
async fn nothing_is_said_unasked() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", "ab\n").await;
    scene.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    assert_eq!(scene.leftover().await, Vec::<Value>::new());
    scene.leave().await;
}

#[tokio::test]
async fn the_status_tells_the_editor_and_its_documents() {
    let client = json!({ "name": "E", "version": "9" });
    let capabilities = json!({ "general": { "positionEncodings": ["utf-8"] } });
    let mut scene = Scene::with(json!({ "clientInfo": client, "capabilities": capabilities })).await;
    scene.open("a.rs", "").await;
    let status = scene.ok("aside/status", Value::Null).await;
    assert_eq!(status["version"], "test");
    let editor = json!({ "name": "E", "version": "9", "positionEncoding": "utf-8", "inlineCompletion": false });
    assert_eq!(status["editor"], editor);
    assert_eq!(status["documents"], json!({ "open": 1, "outOfSync": 0, "declined": 0 }));
    scene.leave().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_end_of_the_process_that_started_us_ends_serving() {
    #[expect(clippy::disallowed_methods, reason = "a process to watch has to be started")]
    let mut parent = std::process::Command::new("sleep").arg("600").spawn().expect("`sleep` starts");
    let mut scene = Scene::started_by(Some(parent.id()));
    scene.ok("initialize", json!({ "capabilities": {} })).await;
    parent.kill().expect("killed");
    parent.wait().expect("reaped");
    assert_eq!(scene.ended().await, Ended::ParentGone);
}
