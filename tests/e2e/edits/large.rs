//! A file of 20,000 lines.

use aside_test_support::{Client, model_server::dialects::openai};
use serde_json::json;

use super::{accept, end, id, offered, proposed, rendering, run, scripted, titled};

#[test]
fn an_edit_deep_in_a_large_file_sends_little_and_changes_only_its_lines() {
    let (server, home) = scripted();
    let function = |n: usize| format!("fn f{n}() {{\n    let a = {n};\n    a + 1\n}}\n");
    let code: String = (0..5000).map(function).collect();
    assert_eq!(code.lines().count(), 20_000);
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("large.rs");
    client.open(&uri, "rust", &code);
    let at = |line: u32| json!({ "line": line, "character": 4 });
    let wrong = json!([{ "range": { "start": at(15_001), "end": at(15_001) }, "message": "too little" }]);
    let all = offered(&mut client, &uri, 15_001, &wrong);
    let fix = titled(&all, "Aside: Fix: too little").clone();
    server.once(openai::CHAT, openai::chat(&["```rust\nfn f3750() {\n    let a = 3750;\n    a + 2\n}\n```"]));
    let asked = run(&mut client, &fix);
    let edit = id(&asked);
    let sent = server.request(openai::CHAT).text();
    assert!(sent.contains("fn f3750()") && sent.len() < 100_000, "{} bytes", sent.len());
    let whole = proposed(&mut client, &edit);
    let hunk = &whole["files"][0]["hunks"][0];
    assert_eq!((&hunk["range"]["start"]["line"], &hunk["oldText"]), (&json!(15_002), &json!("    a + 1\n")));
    client.type_at(&uri, 0, "// top\n");
    accept(&mut client, &edit);
    let expected = code.replacen("let a = 3750;\n    a + 1", "let a = 3750;\n    a + 2", 1);
    assert!(client.text(&uri) == format!("// top\n{expected}"), "something else changed");
    end(client);
}
