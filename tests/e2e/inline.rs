//! Ghost text from scripted models: what is asked, what is shown, what is closed.

use aside_test_support::{
    Client, Home, ModelServer, Place,
    client::{Pending, codes},
    model_server::{
        Reply,
        dialects::{llama, ollama, openai},
    },
    place,
    protocol::{InlineItem, inline_items},
    settings_with_model,
};
use serde_json::{Value, json};

const FILE: &str = "src/a.rs";

/// A home and a client that completes with a scripted server of `dialect`.
struct Scene {
    server: ModelServer,
    home: Home,
    client: Client,
}

impl Scene {
    fn new(dialect: &str) -> Self {
        let server = ModelServer::start();
        let home = Home::with(&settings_with_model(dialect, &server.url(""), "qwen2.5-coder"), "");
        let client = Client::of(&home).connect();
        Self { server, home, client }
    }

    fn open(&mut self, marked: &str) -> Place {
        let place = place(marked);
        self.client.open(&self.home.uri(FILE), "rust", &place.text);
        place
    }

    fn params(&self, place: &Place) -> Value {
        json!({
            "textDocument": { "uri": self.home.uri(FILE) },
            "position": { "line": place.line, "character": place.character },
            "context": { "triggerKind": 2 },
        })
    }

    fn ask(&mut self, place: &Place) -> Pending {
        let params = self.params(place);
        self.client.ask("textDocument/inlineCompletion", params)
    }

    fn ghost(&mut self, place: &Place) -> Vec<InlineItem> {
        let params = self.params(place);
        inline_items(&self.client.request("textDocument/inlineCompletion", params))
    }

    /// The reason of the last empty answer.
    fn reason(&mut self) -> String {
        let status: Value = self.client.request("aside/status", Value::Null);
        let last = &status["lastEmpty"];
        assert!(
            last["message"].is_string() && last["hint"].is_string(),
            "the reason has a sentence and a next step: {last}"
        );
        last["code"].as_str().expect("the reason has a code").to_owned()
    }
}

/// The text of the first item.
fn text(items: &[InlineItem]) -> &str {
    items.first().map_or("", |item| &item.insert_text)
}

const MARKED: &str = "fn add(a: u32, b: u32) -> u32 {\n    a <|>\n}\n";

#[test]
fn what_the_model_fills_in_is_shown() {
    for (dialect, paths, reply) in [
        ("llama-cpp", &[llama::INFILL, llama::COMPLETION][..], llama::fill(&["+", " b"])),
        ("ollama", &[ollama::GENERATE][..], ollama::fill(&["+", " b"])),
        ("openai", &[openai::COMPLETIONS][..], openai::fill(&["+", " b"])),
    ] {
        let mut scene = Scene::new(dialect);
        for path in paths {
            scene.server.always(path, reply.clone());
        }
        let place = scene.open(MARKED);
        let items = scene.ghost(&place);
        assert_eq!(text(&items), "+ b", "{dialect}: asked {:?}", scene.server.paths());
        let body = scene.server.requests()[0].text();
        assert!(body.contains("fn add(a: u32, b: u32)"), "{dialect}: the text before the cursor is sent: {body}");
        scene.client.shutdown();
    }
}

#[test]
fn a_completion_fits_the_place_it_is_shown_at() {
    let mut scene = Scene::new("llama-cpp");
    // The model repeats what stands behind the cursor.
    scene.server.always(llama::INFILL, llama::fill(&["a, b", ");"]));
    scene.server.always(llama::COMPLETION, llama::fill(&["a, b", ");"]));
    let place = scene.open("fn main() {\n    add(<|>);\n}\n");
    let items = scene.ghost(&place);
    let item = items.first().expect("a suggestion");
    let mut line = "    add();".to_owned();
    let range = item.range.expect("a range");
    assert_eq!((range.start.line, range.end.line), (1, 1), "a completion stays in its line: {range:?}");
    line.replace_range(range.start.character as usize..range.end.character as usize, &item.insert_text);
    assert_eq!(line, "    add(a, b);");
    scene.client.shutdown();
}

#[test]
fn no_sentinel_of_a_model_is_ever_shown() {
    for said in [
        &["+ b<|endoftext|>"][..],
        &["+ b", "<|fim_", "middle|>", "more"][..],
        &["+ b<|fim_pad|>", "<|file_sep|>x"][..],
    ] {
        let mut scene = Scene::new("llama-cpp");
        scene.server.always(llama::INFILL, llama::fill(said));
        scene.server.always(llama::COMPLETION, llama::fill(said));
        let place = scene.open(MARKED);
        let items = scene.ghost(&place);
        assert!(!text(&items).contains("<|"), "{said:?} was shown as {items:?}");
        assert!(text(&items).starts_with("+ b"), "{said:?} was shown as {items:?}");
        scene.client.shutdown();
    }
}

#[test]
fn cancelling_closes_the_connection_to_the_model() {
    let mut scene = Scene::new("llama-cpp");
    scene.server.always(llama::INFILL, Reply::sse().silent());
    scene.server.always(llama::COMPLETION, Reply::sse().silent());
    let place = scene.open(MARKED);
    let pending = scene.ask(&place);
    scene.server.wait_live(1);
    scene.client.cancel(pending);
    let error = scene.client.answer::<Value>(pending).expect_err("a cancelled request is answered with its error");
    assert_eq!(error.code, codes::CANCELLED);
    scene.server.gone(&scene.server.requests()[0]);
    scene.client.shutdown();
}

#[test]
fn of_a_burst_of_keystrokes_only_the_last_keeps_its_request() {
    let mut scene = Scene::new("llama-cpp");
    let gate = scene.server.gate();
    let held = Reply::sse().hold(&gate).then(llama::piece("+ b")).then(llama::stop());
    scene.server.always(llama::INFILL, held.clone());
    scene.server.always(llama::COMPLETION, held);
    let uri = scene.home.uri(FILE);
    let line = "    let sum_of_them = a ";
    scene.client.open(&uri, "rust", "fn add() {\n\n}\n");
    let mut pending = Vec::new();
    for (version, end) in (2..).zip(line.len() - 10..line.len()) {
        let typed = place(&format!("fn add() {{\n{}<|>\n}}\n", &line[..=end]));
        scene.client.change(&uri, version, &typed.text);
        pending.push(scene.ask(&typed));
    }
    let last = pending.pop().expect("ten requests");
    for older in pending {
        let answer = scene.client.answer::<Value>(older).expect("a superseded request is answered, empty");
        assert_eq!(inline_items(&answer), []);
    }
    scene.server.wait_live(1);
    gate.open();
    let answer = scene.client.answer(last).expect("the last one is answered");
    assert_eq!(text(&inline_items(&answer)), "+ b");
    scene.client.shutdown();
}

#[test]
fn typing_through_a_suggestion_asks_no_model() {
    let mut scene = Scene::new("llama-cpp");
    scene.server.always(llama::INFILL, llama::fill(&["+ b"]));
    scene.server.always(llama::COMPLETION, llama::fill(&["+ b"]));
    let first = scene.open(MARKED);
    assert_eq!(text(&scene.ghost(&first)), "+ b");
    let asked = scene.server.requests().len();
    let typed = place("fn add(a: u32, b: u32) -> u32 {\n    a +<|>\n}\n");
    scene.client.change(&scene.home.uri(FILE), 2, &typed.text);
    assert_eq!(text(&scene.ghost(&typed)), " b");
    assert_eq!(scene.server.requests().len(), asked, "it was answered from memory");
    scene.client.shutdown();
}

#[test]
fn an_empty_answer_has_a_reason() {
    for (reply, reason) in [
        (llama::fill(&[]), "no-text"),
        (Reply::json(500, &json!({ "error": { "code": 500, "message": "broken" } })), "provider-error"),
        (Reply::json(401, &json!({ "error": { "code": 401, "message": "no" } })), "auth"),
        (Reply::new(200, "text/html").then("<html>log in first</html>"), "provider-protocol"),
    ] {
        let mut scene = Scene::new("llama-cpp");
        scene.client.tolerate("window/showMessage");
        for path in [llama::INFILL, llama::COMPLETION, openai::COMPLETIONS] {
            scene.server.always(path, reply.clone());
        }
        let place = scene.open(MARKED);
        assert_eq!(scene.ghost(&place), []);
        assert_eq!(scene.reason(), reason);
        scene.client.shutdown();
    }
}

#[test]
fn a_secret_file_is_not_completed_by_a_model() {
    let mut scene = Scene::new("llama-cpp");
    let uri = scene.home.uri(".env");
    scene.client.open(&uri, "shellscript", "TOKEN=abc\n");
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": 0, "character": 9 }, "context": { "triggerKind": 2 },
    });
    let answer: Value = scene.client.request("textDocument/inlineCompletion", params);
    assert_eq!(inline_items(&answer), []);
    assert_eq!(scene.reason(), "withheld");
    assert!(scene.server.requests().is_empty());
    scene.client.shutdown();
}

#[test]
fn a_place_outside_the_file_is_refused_and_the_server_goes_on() {
    let mut scene = Scene::new("llama-cpp");
    scene.server.always(llama::INFILL, llama::fill(&["+ b"]));
    scene.server.always(llama::COMPLETION, llama::fill(&["+ b"]));
    let inside = scene.open(MARKED);
    for (uri, line) in [(scene.home.uri(FILE), 900), (scene.home.uri("never-opened.rs"), 0)] {
        let params = json!({
            "textDocument": { "uri": uri }, "position": { "line": line, "character": 0 }, "context": { "triggerKind": 1 },
        });
        match scene.client.try_request::<Value>("textDocument/inlineCompletion", params) {
            Ok(answer) => {
                assert_eq!(inline_items(&answer), []);
                assert_eq!(scene.reason(), "bad-place");
            }
            Err(error) => assert!(error.data.is_some(), "{error:?}"),
        }
    }
    assert_eq!(text(&scene.ghost(&inside)), "+ b");
    scene.client.shutdown();
}

#[test]
fn positions_count_in_the_encoding_that_was_agreed_on() {
    for (encoding, character) in [("utf-8", 13), ("utf-16", 11), ("utf-32", 10)] {
        let server = ModelServer::start();
        let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), "");
        server.always(llama::INFILL, llama::fill(&["done"]));
        server.always(llama::COMPLETION, llama::fill(&["done"]));
        let capabilities = json!({
            "general": { "positionEncodings": [encoding] }, "textDocument": { "inlineCompletion": {} },
        });
        let mut client = Client::of(&home).capabilities(capabilities).connect();
        assert_eq!(client.initialized["capabilities"]["positionEncoding"], encoding);
        let uri = home.uri(FILE);
        client.open(&uri, "rust", "let s = \"\u{1F600}BEHIND\";\n");
        let params = json!({
            "textDocument": { "uri": uri }, "position": { "line": 0, "character": character }, "context": { "triggerKind": 1 },
        });
        client.request::<Value>("textDocument/inlineCompletion", params);
        let body = server.requests()[0].json();
        let prefix = body["input_prefix"].as_str().or(body["prompt"].as_str()).expect("a prompt").to_owned();
        assert!(prefix.contains("let s = \"\u{1F600}"), "{encoding}: {body}");
        let before = prefix.split("\u{1F600}").nth(1).unwrap_or_default();
        assert!(!before.starts_with('B'), "{encoding}: the text behind the cursor is not in the prefix: {body}");
        client.shutdown();
    }
}

#[test]
fn an_editor_without_ghost_text_gets_a_menu_entry() {
    let server = ModelServer::start();
    let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), "");
    server.always(llama::INFILL, llama::fill(&["+ b"]));
    server.always(llama::COMPLETION, llama::fill(&["+ b"]));
    let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": false } } } });
    let mut client = Client::of(&home).capabilities(capabilities).connect();
    let uri = home.uri(FILE);
    let place = place(MARKED);
    client.open(&uri, "rust", &place.text);
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": place.line, "character": place.character },
        "context": { "triggerKind": 1 },
    });
    let answer: Value = client.request("textDocument/completion", &params);
    let items = answer.get("items").unwrap_or(&answer).as_array().expect("a list").clone();
    assert_eq!(items.len(), 1, "{answer}");
    let inserted = items[0]["textEdit"]["newText"].as_str().or(items[0]["insertText"].as_str());
    assert!(inserted.is_some_and(|text| text.ends_with("+ b")), "{answer}");
    client.shutdown();
}

#[test]
fn explaining_sends_nothing_and_tells_all() {
    let mut scene = Scene::new("llama-cpp");
    let place = scene.open(MARKED);
    let params = json!({
        "textDocument": { "uri": scene.home.uri(FILE) },
        "position": { "line": place.line, "character": place.character },
    });
    let told: Value = scene.client.request("aside/complete/explain", params);
    assert_eq!(told["model"], "work/qwen2.5-coder");
    assert!(told["prefix"].as_str().is_some_and(|text| text.ends_with("    a ")), "{told}");
    assert!(told["suffix"].as_str().is_some_and(|text| text.starts_with("\n}")), "{told}");
    assert!(scene.server.requests().is_empty());
    scene.client.shutdown();
}
