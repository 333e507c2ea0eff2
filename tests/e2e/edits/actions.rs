//! Every action, the built-in ones and one of the settings: asked for, answered, accepted.

use aside_test_support::{Client, Home, ModelServer, llama::Llama, model_server::dialects::openai, settings};
use serde_json::{Value, json};

use super::{CODE, accept, end, id, proposed, rendering, scripted};

/// What is asked at a line of [`CODE`], what the model says, and what the document is then.
struct Case {
    action: &'static str,
    line: u32,
    answer: &'static str,
    becomes: String,
}

fn cases() -> Vec<Case> {
    let fixed = "```rust\nfn two() {\n    22;\n}\n```";
    let of = |action, line, answer, becomes| Case { action, line, answer, becomes };
    let twice = CODE.replace("2;", "22;");
    vec![
        of("fix", 5, fixed, twice.clone()),
        of("fix-all", 5, "```rust\nfn one() {\n    1;\n}\n\nfn two() {\n    22;\n}\n```", twice.clone()),
        of("rewrite", 5, fixed, twice.clone()),
        of("simplify", 5, fixed, twice.clone()),
        of("custom/german", 5, fixed, twice),
        of("document", 5, "```rust\n/// Two.\nfn two() {\n    2;\n}\n```", CODE.replace("fn two", "/// Two.\nfn two")),
        of("continue", 3, "```rust\nfn half() {}\n```", CODE.replace("}\n\nfn two", "}\nfn half() {}\nfn two")),
    ]
}

fn ask(client: &mut Client, uri: &str, action: &str, line: u32) -> Value {
    let place = |character: u32| json!({ "line": line, "character": character });
    let wrong = json!([{ "range": { "start": place(0), "end": place(1) }, "message": "not enough", "code": "E7" }]);
    let params = json!({
        "action": action, "textDocument": { "uri": uri }, "range": { "start": place(0), "end": place(0) },
        "instruction": "more", "diagnostics": wrong,
    });
    client.request("aside/action", params)
}

#[test]
fn every_action_that_edits_does_what_its_name_says() {
    let server = ModelServer::start();
    let custom = "[actions.german]\nprompt = \"Translate this to German: {{ code }}\"\nscope = \"function\"\n";
    let home = Home::with(&format!("{}\n{custom}", settings("openai", &server.url("/v1"))), "");
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    for Case { action, line, answer, becomes } in cases() {
        let uri = home.uri(&format!("{}.rs", action.replace('/', "-")));
        client.open(&uri, "rust", CODE);
        server.once(openai::CHAT, openai::chat(&[answer]));
        let asked = ask(&mut client, &uri, action, line);
        proposed(&mut client, &id(&asked));
        let done = accept(&mut client, &id(&asked));
        assert_eq!((&done["action"], client.text(&uri)), (&json!(action), &*becomes));
        let sent = server.requests().last().expect("a request").text();
        let german = sent.contains("Translate this to German: ");
        assert_eq!((sent.contains("fn"), german), (true, action.starts_with("custom")), "{action}: {sent}");
    }
    end(client);
}

#[test]
fn tests_go_where_the_language_has_them() {
    let (server, home) = scripted();
    home.write("sum.py", "def sum(a, b):\n    return a + b\n");
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let rust = home.uri("a.rs");
    client.open(&rust, "rust", CODE);
    let module = "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
    for (uri, answer) in [(rust.clone(), module), (home.uri("sum.py"), "def test_sum():\n    assert sum(1, 2) == 3\n")]
    {
        if uri != rust {
            client.open(&uri, "python", &home.read("sum.py"));
        }
        server.once(openai::CHAT, openai::chat(&["```\n", answer, "```\n"]));
        let asked = ask(&mut client, &uri, "test", 1);
        proposed(&mut client, &id(&asked));
        let done = accept(&mut client, &id(&asked));
        let made = done["files"][0]["label"].as_str().expect("a path").to_owned();
        let text = if uri == rust { client.text(&uri).to_owned() } else { home.read(&made) };
        assert!(text.ends_with(answer), "{made}: {text}");
        assert!(uri == rust || (made.contains("test") && done["files"][0].get("version").is_none()), "{done:#}");
    }
    end(client);
}

#[test]
fn explain_and_review_are_answered_in_a_conversation_and_findings_are_marked() {
    let (server, home) = scripted();
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    server.once(openai::CHAT, openai::chat(&["It is two."]));
    let said = ask(&mut client, &uri, "explain", 5);
    assert_eq!(client.notification("aside/chat/show")["session"], said["session"]);
    assert_eq!(client.whole_answer(said["turn"].as_str().expect("a turn")).text, "It is two.");
    server.once(openai::CHAT, openai::chat(&["### a.rs:6 error: not enough\n", "\nMore.\n"]));
    let said = ask(&mut client, &uri, "review", 5);
    client.notification("aside/chat/show");
    client.whole_answer(said["turn"].as_str().expect("a turn"));
    let marked = client.notification("textDocument/publishDiagnostics");
    assert_eq!(marked["diagnostics"][0]["message"], "not enough\n\nMore.");
    // Fixing it deals with it.
    server.once(openai::CHAT, openai::chat(&["```rust\nfn two() {\n    22;\n}\n```"]));
    let asked = ask(&mut client, &uri, "fix", 5);
    proposed(&mut client, &id(&asked));
    accept(&mut client, &id(&asked));
    assert_eq!(client.notification("textDocument/publishDiagnostics")["diagnostics"], json!([]));
    end(client);
}

#[test]
fn a_real_server_is_asked_for_an_edit() {
    let Some(llama) = Llama::start() else { return };
    let home = Home::with(&settings("llama-cpp", &llama.url("")), "");
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "fn add(a: u32, b: u32) -> u32 {\n\n}\n");
    let asked = ask(&mut client, &uri, "continue", 1);
    proposed(&mut client, &id(&asked));
    accept(&mut client, &id(&asked));
    let text = client.text(&uri);
    assert!(text.contains(aside_test_support::llama::ANSWER), "{text}\n{}", llama.log());
    end(client);
}
