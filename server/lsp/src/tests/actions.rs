//! Code actions and what stands behind them besides edits: offers, conversations, commit messages.

use serde_json::{Value, json};

use super::harness::{Scene, range};

const CODE: &str = "fn one() {\n    1;\n}\n\nfn two() {\n    2;\n}\n";
const APPLY: &str = "workspace/applyEdit";

async fn able(capabilities: Value) -> Scene {
    Scene::with(json!({ "capabilities": capabilities })).await
}

/// The code actions at the cursor in the body of `two`, where `context` says what is wrong and which kinds are asked for.
async fn offered(scene: &mut Scene, uri: &str, context: Value) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": uri }, "range": range((5, 4), (5, 4)), "context": context });
    match scene.ok("textDocument/codeAction", params).await {
        Value::Array(actions) => actions,
        other => panic!("no list: {other}"),
    }
}

fn pairs(actions: &[Value]) -> Vec<(&str, &str)> {
    let text = |value: &'_ Value| value.is_string();
    assert!(actions.iter().all(|action| text(&action["title"]) && text(&action["kind"])), "{actions:#?}");
    actions.iter().map(|one| (one["title"].as_str().unwrap_or(""), one["kind"].as_str().unwrap_or(""))).collect()
}

fn wrong(message: &str) -> Value {
    json!({ "range": range((5, 4), (5, 5)), "severity": 1, "source": "rustc", "code": 308, "message": message })
}

#[tokio::test]
async fn what_can_be_done_is_named_filtered_and_resolved_as_the_editor_asks() {
    let mut scene = Scene::new().await;
    let uri = scene.open("a.rs", CODE).await;
    let all = offered(&mut scene, &uri, json!({ "diagnostics": [wrong("mismatched types")] })).await;
    let named = pairs(&all);
    for one in [
        ("Aside: Fix: mismatched types", "quickfix"),
        ("Aside: Document `two`", "refactor.rewrite"),
        ("Aside: Write tests for `two`", "refactor.rewrite"),
        ("Aside: Review this file", "source.review"),
    ] {
        let known = named.iter().any(|(title, kind)| *title == one.0 && (*kind == one.1 || one.1 == "source.review"));
        assert!(known, "{one:?} in {named:#?}");
    }
    assert!(!named.iter().any(|(title, _)| title.contains('…')), "nobody here can ask for words: {named:?}");
    let fix = all.iter().find(|one| one["title"] == "Aside: Fix: mismatched types").expect("offered");
    assert_eq!((&fix["command"]["command"], &fix["diagnostics"][0]["code"]), (&json!("aside.action"), &json!(308)));
    assert_ne!(fix["isPreferred"], true, "the language's own server knows better");
    for (only, count) in
        [(json!(["quickfix"]), 1), (json!(["refactor.inline"]), 0), (json!(["source.organizeImports"]), 0)]
    {
        let context = json!({ "diagnostics": [wrong("x")], "only": only });
        assert_eq!(offered(&mut scene, &uri, context).await.len(), count, "{only}");
    }
    let rewrites = offered(&mut scene, &uri, json!({ "diagnostics": [], "only": ["refactor"] })).await;
    assert!(!rewrites.is_empty() && pairs(&rewrites).iter().all(|(_, kind)| kind.starts_with("refactor")));
    // What other servers say may be odd: the rest counts.
    let odd = json!([{}, 7, { "range": 3 }, { "range": range((5, 4), (5, 5)), "message": 3 }, wrong("real"),
        { "range": range((90, 0), (99, 0)), "message": "behind the end", "relatedInformation": [{}] }]);
    let some = offered(&mut scene, &uri, json!({ "diagnostics": odd, "only": ["quickfix"] })).await;
    assert!(some.iter().any(|one| one["title"] == "Aside: Fix: real" && one["diagnostics"][0]["message"] == "real"));
    let elsewhere = scene.uri("not-open.rs");
    assert_eq!(offered(&mut scene, &elsewhere, json!({ "diagnostics": [] })).await, [] as [Value; 0]);
    scene.leave().await;

    let mut scene = able(json!({
        "textDocument": { "codeAction": { "resolveSupport": { "properties": ["command"] } } },
        "experimental": { "aside": { "ask": true } },
    }))
    .await;
    let uri = scene.open("a.rs", CODE).await;
    let all = offered(&mut scene, &uri, json!({ "diagnostics": [] })).await;
    let rewrite = all.iter().find(|one| one["title"] == "Aside: Rewrite…").expect("it can ask for words").clone();
    assert!(rewrite.get("command").is_none());
    let resolved = scene.ok("codeAction/resolve", rewrite).await;
    let command = json!({
        "title": "Aside: Rewrite…", "command": "aside.client.ask",
        "arguments": [{ "action": "rewrite", "textDocument": { "uri": uri }, "range": range((5, 4), (5, 4)) }],
    });
    assert_eq!(resolved["command"], command);
    for nonsense in [Value::Null, json!([1]), json!({ "data": 3 })] {
        let id = scene.ask("codeAction/resolve", nonsense).await;
        drop(scene.answer(id).await);
    }
    let listed =
        scene.ok("aside/action/list", json!({ "textDocument": { "uri": uri }, "range": range((5, 4), (5, 4)) })).await;
    let ids: Vec<_> = listed["actions"].as_array().expect("a list").iter().map(|one| one["action"].clone()).collect();
    for id in ["rewrite", "explain", "document", "test", "simplify", "review"] {
        assert!(ids.contains(&json!(id)), "{id} in {ids:?}");
    }
    scene.leave().await;
}

#[tokio::test]
async fn an_explanation_is_a_turn_of_a_conversation_that_the_editor_shows() {
    let mut scene = able(json!({ "experimental": { "aside": { "chat": true } } })).await;
    let uri = scene.open("a.rs", CODE).await;
    let params = json!({
        "action": "explain", "textDocument": { "uri": uri }, "range": range((5, 4), (5, 4)),
        "diagnostics": [wrong("mismatched types")],
    });
    let said = scene.command("aside.action", params.clone()).await;
    let asked = scene.asked().await;
    let told: String = asked.request.messages.iter().map(|one| one.text.as_str()).collect();
    assert!(told.contains("Explain") && told.contains("fn two()") && told.contains("mismatched types"), "{told}");
    assert_eq!(scene.notification("aside/chat/show").await["session"], said["session"]);
    asked.say("It is two.");
    asked.end();
    let end = |params: &Value| params["event"]["type"] == "end";
    let end = scene.notification_where("aside/chat/event", end).await;
    assert_eq!((&end["turn"], &end["event"]["reason"]), (&said["turn"], &json!("complete")));
    // The next one goes on in the same conversation, which is idle.
    let again = scene.ok("aside/action", params).await;
    assert_eq!(again["session"], said["session"]);
    scene.asked().await.end();
    scene.leave().await;
}

#[tokio::test]
async fn a_commit_message_is_written_where_it_is_asked_for() {
    let mut scene = able(json!({
        "workspace": { "applyEdit": true }, "window": { "showDocument": { "support": true } },
    }))
    .await;
    let uri = scene.uri(".git/COMMIT_EDITMSG");
    let document = json!({ "uri": uri, "languageId": "git-commit", "version": 1, "text": "\n# Please enter\n" });
    scene.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    let other = offered(&mut scene, &uri, json!({ "diagnostics": [], "only": ["source"] })).await;
    assert_eq!(other, [] as [Value; 0]);
    let actions = offered(&mut scene, &uri, json!({ "diagnostics": [] })).await;
    assert_eq!(pairs(&actions), [("Aside: Write the commit message", "quickfix")]);
    let command = &actions[0]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    let id = scene.ask("workspace/executeCommand", params).await;
    let asked = scene.asked().await;
    assert!(asked.request.messages.iter().any(|one| one.text.contains("+Staged")), "the staged diff goes along");
    asked.say("```\nSay it in Basque\n\nBecause.\n```");
    asked.end();
    let asked = scene.serve(APPLY, json!({ "applied": true })).await;
    let edit = &asked["edit"]["changes"][&uri][0];
    assert_eq!((&edit["range"], &edit["newText"]), (&range((0, 0), (0, 0)), &json!("Say it in Basque\n\nBecause.\n")));
    assert_eq!(scene.answer(id).await.expect("written")["text"], "Say it in Basque\n\nBecause.");

    let id = scene.ask("aside/commit", json!({ "kind": "pull-request" })).await;
    let asked = scene.asked().await;
    assert!(asked.request.messages.iter().any(|one| one.text.contains("+Branch")));
    asked.say("Say it in Basque\n\nBecause.");
    asked.end();
    let shown = scene.serve("window/showDocument", json!({ "success": true })).await;
    let path = crate::convert::path(shown["uri"].as_str().expect("an address")).expect("a file");
    assert!(std::fs::read_to_string(path).expect("it is there").starts_with("Say it in Basque\n"));
    scene.answer(id).await.expect("written");

    let id = scene.ask("aside/commit", json!({})).await;
    let asked = scene.asked().await;
    scene.notify("$/cancelRequest", json!({ "id": id })).await;
    asked.gone().await;
    assert_eq!(scene.answer(id).await.expect_err("cancelled")["code"], -32800);
    let id = scene.ask("aside/commit", json!({})).await;
    scene.asked().await.end();
    assert_eq!(scene.answer(id).await.expect_err("nothing said")["data"]["code"], "no-message");
    assert_eq!(scene.refused("aside/commit", json!({ "kind": "poem" })).await["data"]["code"], "invalid-params");
    scene.leave().await;
}
