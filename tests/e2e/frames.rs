//! Frames that are wrong in one way each: the specification's answer, and the next request is served.
//!
//! Numbers in test names are the cases PR-01 to PR-27 of the threat model.

use aside_test_support::{
    Client, Home, PATIENCE,
    client::{codes, frame},
};
use serde_json::{Value, json};

/// What the server must say to a frame before it serves the next request.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// Nothing.
    Nothing,
    /// One error with this code and a null id.
    Error(i64),
    /// One error, with a null id or the request's; which one is the server's business.
    SomeError,
    /// Any number of errors with null ids: the bytes cannot be told apart.
    Errors,
    /// One error with this code for request 7.
    Refused(i64),
}

/// Sends `bytes`, then a request, and checks both answers.
#[track_caller]
fn check(bytes: &[u8], said: Said) {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.send_raw(bytes);
    let probe = client.ask("aside/none", Value::Null);
    let mut before = Vec::new();
    let answer = loop {
        let message = client.message();
        if message["id"] == probe.0 {
            break message;
        }
        before.push(message);
    };
    assert_eq!(answer["error"]["code"], codes::METHOD_NOT_FOUND, "the next request is served as ever");
    let shown = format!("{said:?} was expected, this came: {before:#?}");
    let errors = |id: &Value| before.iter().all(|message| message["id"] == *id && message["error"]["code"].is_i64());
    match said {
        Said::Nothing => assert!(before.is_empty(), "{shown}"),
        Said::Errors => assert!(errors(&Value::Null), "{shown}"),
        Said::SomeError => assert!(before.len() == 1 && (errors(&Value::Null) || errors(&json!(7))), "{shown}"),
        Said::Error(code) => {
            assert!(before.len() == 1 && errors(&Value::Null) && before[0]["error"]["code"] == code, "{shown}");
        }
        Said::Refused(code) => {
            assert!(before.len() == 1 && errors(&json!(7)) && before[0]["error"]["code"] == code, "{shown}");
        }
    }
    client.shutdown();
}

fn check_body(body: &str, said: Said) {
    check(&frame(body.as_bytes()), said);
}

#[test]
fn pr01_a_body_that_is_not_json_is_a_parse_error() {
    check_body("{\"jsonrpc\": \"2.0\", ", Said::Error(codes::PARSE_ERROR));
}

#[test]
fn pr02_a_body_that_is_not_utf8_is_a_parse_error() {
    check(&frame(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"\xff\xfe\"}"), Said::Error(codes::PARSE_ERROR));
}

#[test]
fn pr03_an_empty_body_is_a_parse_error() {
    check_body("", Said::Error(codes::PARSE_ERROR));
}

#[test]
fn pr04_a_header_without_a_length_is_refused_and_the_next_frame_found() {
    check(b"Content-Type: application/json\r\n\r\n{\"jsonrpc\":\"2.0\"}", Said::SomeError);
}

#[test]
fn pr05_header_names_are_read_in_any_case() {
    check(
        b"CONTENT-length: 49\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"aside/nothing\"}",
        Said::Refused(codes::METHOD_NOT_FOUND),
    );
}

#[test]
fn pr06_further_headers_are_read_over() {
    let head =
        "X-One: 1\r\nContent-Length: 49\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\nX-Two: 2\r\n\r\n";
    let body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"aside/nothing\"}";
    check(format!("{head}{body}").as_bytes(), Said::Refused(codes::METHOD_NOT_FOUND));
}

#[test]
fn pr07_a_negative_length_is_refused() {
    check(b"Content-Length: -1\r\n\r\n", Said::SomeError);
}

#[test]
fn pr08_a_length_beyond_all_numbers_is_refused() {
    check(b"Content-Length: 99999999999999999999999999\r\n\r\n", Said::SomeError);
}

#[test]
fn pr09_a_length_that_is_no_number_is_refused() {
    check(b"Content-Length: many\r\n\r\n", Said::SomeError);
}

#[test]
fn pr10_json_as_deep_as_a_well_is_a_parse_error() {
    check_body(&"[".repeat(100_000), Said::Error(codes::PARSE_ERROR));
}

#[test]
fn pr11_deep_parameters_are_refused() {
    let deep = format!("{}{}", "{\"a\":".repeat(20_000), "1".to_owned() + &"}".repeat(20_000));
    check_body(&format!(r#"{{"jsonrpc":"2.0","id":7,"method":"aside/status","params":{deep}}}"#), Said::SomeError);
}

#[test]
fn pr12_a_batch_is_an_invalid_request() {
    check_body("[]", Said::Error(codes::INVALID_REQUEST));
    check_body(r#"[{"jsonrpc":"2.0","id":7,"method":"aside/status"}]"#, Said::Error(codes::INVALID_REQUEST));
}

#[test]
fn pr13_a_body_that_is_no_object_is_an_invalid_request() {
    for body in ["42", "null", "\"text\"", "true"] {
        check_body(body, Said::Error(codes::INVALID_REQUEST));
    }
}

#[test]
fn pr14_a_fractional_id_is_an_invalid_request() {
    check_body(r#"{"jsonrpc":"2.0","id":1.5,"method":"aside/status"}"#, Said::Error(codes::INVALID_REQUEST));
}

#[test]
fn pr15_an_id_of_another_kind_is_an_invalid_request() {
    for id in ["{}", "[1]", "true"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"aside/status"}}"#);
        check_body(&body, Said::Error(codes::INVALID_REQUEST));
    }
}

#[test]
fn pr16_another_protocol_version_is_an_invalid_request() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    for body in
        [json!({ "jsonrpc": "1.0", "id": 7, "method": "aside/status" }), json!({ "id": 7, "method": "aside/status" })]
    {
        client.send(&body);
        let answer = client.message();
        assert_eq!(answer["error"]["code"], codes::INVALID_REQUEST, "{answer}");
        assert!(answer["id"] == 7 || answer["id"].is_null(), "{answer}");
    }
    client.shutdown();
}

#[test]
fn pr17_a_message_that_is_neither_request_nor_answer_is_an_invalid_request() {
    check_body(r#"{"jsonrpc":"2.0"}"#, Said::Error(codes::INVALID_REQUEST));
}

#[test]
fn pr18_an_answer_that_nobody_waits_for_is_let_go() {
    check_body(r#"{"jsonrpc":"2.0","id":4711,"result":null}"#, Said::Nothing);
}

#[test]
fn pr19_an_unknown_method_is_refused_and_an_unknown_notification_let_go() {
    check_body(r#"{"jsonrpc":"2.0","id":7,"method":"aside/nothing"}"#, Said::Refused(codes::METHOD_NOT_FOUND));
    check_body(r#"{"jsonrpc":"2.0","method":"aside/nothing"}"#, Said::Nothing);
    check_body(r#"{"jsonrpc":"2.0","method":"$/nothing"}"#, Said::Nothing);
}

#[test]
fn pr20_parameters_of_another_kind_are_invalid_parameters() {
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"textDocument/inlineCompletion","params":{"textDocument":5}}"#;
    check_body(body, Said::Refused(codes::INVALID_PARAMS));
}

#[test]
fn pr21_garbage_between_frames_is_read_over() {
    check(b"hello, is anybody there?\r\n\r\n", Said::Errors);
    check(&[0, 159, 146, 150, 13, 10], Said::Errors);
}

#[test]
fn pr21_an_id_that_is_a_text_comes_back_as_it_was() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.send(&json!({ "jsonrpc": "2.0", "id": "s-1", "method": "aside/nothing" }));
    let answer = client.message();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("s-1"), &json!(codes::METHOD_NOT_FOUND)));
    client.shutdown();
}

#[test]
fn pr23_64_mib_without_a_line_end_cost_little_and_are_read_over() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let before = client.process().memory_kib();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        client.send_raw(&chunk);
    }
    client.send_raw(b"\r\n\r\n");
    let probe = client.ask("aside/none", Value::Null);
    let mut errors = 0;
    while client.message()["id"] != probe.0 {
        errors += 1;
    }
    assert!(errors <= 2, "{errors} errors for one piece of garbage");
    if let (Some(before), Some(after), Some(cpu)) = (before, client.process().memory_kib(), client.process().cpu()) {
        assert!(after < before + 20_000, "memory grew from {before} to {after} KiB");
        assert!(cpu.as_secs() < 5, "reading it took {cpu:?} of processor time");
    }
    client.shutdown();
}

#[test]
fn pr24_a_claimed_length_beyond_the_limit_is_refused_without_waiting_for_it() {
    check(b"Content-Length: 1152921504606846976\r\n\r\n", Said::SomeError);
}

#[test]
fn pr24_a_body_beyond_the_limit_is_refused_and_read_over() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let before = client.process().memory_kib();
    let size: usize = (64 << 20) + 1;
    client.send_raw(format!("Content-Length: {size}\r\n\r\n").as_bytes());
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..64 {
        client.send_raw(&chunk);
    }
    client.send_raw(b" ");
    let refusal = client.message();
    assert!(refusal["id"].is_null() && refusal["error"]["code"].is_i64(), "{refusal}");
    assert_eq!(client.refused("aside/none", Value::Null).code, codes::METHOD_NOT_FOUND);
    if let (Some(before), Some(after)) = (before, client.process().memory_kib()) {
        assert!(after < before + 20_000, "memory grew from {before} to {after} KiB");
    }
    client.shutdown();
}

#[test]
fn pr25_a_frame_that_comes_byte_by_byte_is_a_frame() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "aside/nothing", "params": { "text": "é\u{1F600}" } });
    for byte in frame(body.to_string().as_bytes()) {
        client.send_raw(&[byte]);
    }
    assert_eq!(client.message()["id"], 7);
    client.shutdown();
}

#[test]
fn pr26_a_request_before_the_greeting_is_refused_and_a_notification_let_go() {
    let home = Home::new();
    let start = Client::of(&home);
    let greeting = start.greeting();
    let mut client = start.silent();
    client.open(&home.uri("a.rs"), "rust", "fn a() {}");
    assert_eq!(client.refused("aside/status", Value::Null).code, codes::NOT_INITIALIZED);
    client.request::<Value>("initialize", greeting);
    client.notify("initialized", json!({}));
    client.shutdown();
}

#[test]
fn pr26_a_second_greeting_is_an_invalid_request() {
    let home = Home::new();
    let start = Client::of(&home);
    let greeting = start.greeting();
    let mut client = start.connect();
    assert_eq!(client.refused("initialize", greeting).code, codes::INVALID_REQUEST);
    client.shutdown();
}

#[test]
fn pr26_a_request_after_the_farewell_is_an_invalid_request() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.request::<Value>("shutdown", Value::Null);
    assert_eq!(client.refused("aside/status", Value::Null).code, codes::INVALID_REQUEST);
    client.notify("exit", Value::Null);
    let (status, _) = client.wait_exit(PATIENCE);
    assert_eq!(status.code(), Some(0));
}

/// Edits a document with `changes`, then checks that the server still completes in documents.
fn check_edit(changes: &Value) {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "fn a() {}\nlet s = \"\u{1F600}\";\n");
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": changes }),
    );
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": 0, "character": 0 }, "context": { "triggerKind": 1 },
    });
    client.request::<Value>("textDocument/inlineCompletion", params);
    client.shutdown();
}

#[test]
fn a_wrong_edit_does_not_end_the_server() {
    let range = |a: u32, b: u32, c: u32, d: u32| json!({ "start": { "line": a, "character": b }, "end": { "line": c, "character": d } });
    check_edit(&json!([{ "range": range(1, 3, 0, 2), "text": "reversed" }]));
    check_edit(&json!([{ "range": range(1, 10, 1, 10), "text": "in the middle of a character" }]));
    check_edit(&json!([{ "range": range(90, 0, 91, 5), "text": "outside" }]));
    check_edit(&json!([{ "range": range(0, 900, 0, 901), "text": "behind the line" }]));
    check_edit(&json!([]));
}

#[test]
fn an_edit_of_a_document_that_is_not_open_does_not_end_the_server() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    client.change(&home.uri("never-opened.rs"), 3, "text");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": home.uri("never-opened.rs") } }));
    assert_eq!(client.refused("aside/none", Value::Null).code, codes::METHOD_NOT_FOUND);
    client.shutdown();
}

#[test]
fn wrong_types_in_any_field_are_refused_with_the_field() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let cases = [
        ("aside/chat/new", json!({ "workspace": 5 })),
        ("aside/chat/list", json!({ "limit": "many" })),
        ("aside/chat/open", json!({ "session": 5 })),
        ("aside/chat/open", json!({})),
        ("aside/chat/send", json!({ "session": [], "text": "x" })),
        ("aside/chat/send", json!([])),
        ("aside/chat/stop", json!("session")),
        ("aside/chat/rename", json!({ "session": null, "title": 1 })),
        ("aside/chat/delete", Value::Null),
        ("aside/complete/explain", json!({ "textDocument": {}, "position": {} })),
        ("workspace/executeCommand", json!({ "command": "aside.chat.open", "arguments": [{ "session": 5 }] })),
        ("workspace/executeCommand", json!({ "command": 5 })),
        (
            "textDocument/completion",
            json!({ "textDocument": { "uri": "file:///a" }, "position": { "line": -1, "character": 0 } }),
        ),
    ];
    for (method, params) in cases {
        let error = client.refused(method, &params);
        assert_eq!(error.code, codes::INVALID_PARAMS, "`{method}` with {params}: {error:?}");
    }
    client.shutdown();
}

#[test]
fn an_unknown_command_is_refused() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let error = client.refused("workspace/executeCommand", json!({ "command": "aside.nothing", "arguments": [] }));
    assert!([codes::INVALID_PARAMS, codes::METHOD_NOT_FOUND].contains(&error.code), "{error:?}");
    client.shutdown();
}
