//! Edits over a real server and a scripted model: asked for by a code action, seen as it streams, taken or left.

mod actions;
mod answers;
mod commits;
mod guarded;
mod large;
mod together;

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai, settings};
use serde_json::{Value, json};

const EVENT: &str = "aside/edit/event";
const CODE: &str = "fn one() {\n    1;\n}\n\nfn two() {\n    2;\n}\n";

fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), &format!("//- a.rs\n{CODE}"));
    (server, home)
}

/// An editor without a plugin that counts in `units`.
fn plain(units: &str) -> Value {
    json!({
        "general": { "positionEncodings": [units] },
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] },
        },
        "window": { "showDocument": { "support": true } },
    })
}

fn offered(client: &mut Client, uri: &str, line: u32, diagnostics: &Value) -> Vec<Value> {
    let at = json!({ "line": line, "character": 4 });
    let params = json!({
        "textDocument": { "uri": uri }, "range": { "start": at, "end": at }, "context": { "diagnostics": diagnostics },
    });
    client.request("textDocument/codeAction", params)
}

fn titled<'a>(actions: &'a [Value], title: &str) -> &'a Value {
    let found = actions.iter().find(|action| action["title"].as_str().is_some_and(|known| known.contains(title)));
    found.unwrap_or_else(|| panic!("no `{title}` in {actions:#?}"))
}

fn run(client: &mut Client, action: &Value) -> Value {
    client.request(
        "workspace/executeCommand",
        json!({
            "command": action["command"]["command"], "arguments": action["command"]["arguments"],
        }),
    )
}

/// An editor that renders edits itself.
fn rendering() -> Value {
    let mut capabilities = plain("utf-16");
    capabilities["experimental"] = json!({ "aside": { "edit": true, "chat": true, "ask": true } });
    capabilities
}

/// Asks for a rewrite of the function at line `line` of `uri`, in an editor that renders edits; gives the edit's id.
fn rewrite(client: &mut Client, uri: &str, line: u32) -> String {
    let place = json!({ "line": line, "character": 0 });
    let params = json!({
        "textDocument": { "uri": uri }, "range": { "start": place, "end": place }, "instruction": "say it in Basque",
    });
    let asked: Value = client.request("aside/edit", params);
    id(&asked)
}

/// Waits until `edit` is told not to stream any more, which it is told to an editor that renders edits.
#[track_caller]
fn settled(client: &mut Client, edit: &str) -> Value {
    let settled = |params: &Value| params["edit"]["id"] == edit && params["edit"]["state"] != "streaming";
    client.notification_where(EVENT, settled)["edit"].take()
}

/// Waits until `edit` is proposed.
#[track_caller]
fn proposed(client: &mut Client, edit: &str) -> Value {
    let edit = settled(client, edit);
    assert_eq!(edit["state"], "proposed", "{edit:#}");
    edit
}

/// Accepts all of `edit`, which is done then.
#[track_caller]
fn accept(client: &mut Client, edit: &str) -> Value {
    let mut done: Value = client.request("aside/edit/accept", json!({ "edit": edit }));
    assert_eq!(done["edit"]["state"], "done", "{done:#}");
    done["edit"].take()
}

/// The id of the edit that a request was answered with.
#[track_caller]
fn id(answer: &Value) -> String {
    answer["edit"]["id"].as_str().unwrap_or_else(|| panic!("no edit in {answer:#}")).to_owned()
}

/// Ends the server; events that nobody read are of no interest.
#[track_caller]
fn end(mut client: Client) {
    client.tolerate(EVENT);
    client.shutdown();
}

#[test]
fn a_fix_is_chosen_seen_and_accepted_from_code_actions_alone() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["```rust\nfn two() {\n    22;\n", "}\n```\n"]));
    let mut client = Client::of(&home).capabilities(plain("utf-8")).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let at = |line: u32, from: u32, to: u32| json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
    let wrong =
        json!([{ "range": at(5, 4, 5), "severity": 1, "source": "rustc", "code": "E1", "message": "2 is not enough" }]);
    let all = offered(&mut client, &uri, 5, &wrong);
    let fix = titled(&all, "Aside: Fix: 2 is not enough").clone();
    let started = run(&mut client, &fix);
    assert_eq!(started["edit"]["state"], "streaming", "{started}");
    let diff = client.shown_where(|uri| uri.ends_with(".diff"));
    let shown = std::fs::read_to_string(url::Url::parse(&diff).expect("an address").to_file_path().expect("a file"))
        .expect("it is there");
    assert!(shown.contains("-    2;\n+    22;\n"), "{shown}");
    let all = offered(&mut client, &uri, 5, &json!([]));
    run(&mut client, &titled(&all, "Aside: accept: 1 change in 1 file").clone());
    assert_eq!(client.text(&uri), CODE.replace("2;", "22;"));
    let sent = server.requests().last().expect("a request").text();
    assert!(sent.contains("2 is not enough") && sent.contains("fn two()"), "{sent}");
    client.shutdown();
}
