//! Much at once: mutated frames, bursts of requests, a client that does not read.

use std::collections::HashMap;

use aside_test_support::{
    Client, Home, ModelServer,
    client::{codes, frame},
    model_server::{Reply, dialects::openai},
    settings,
};
use serde_json::{Value, json};

/// A repeatable source of numbers (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).expect("small")).expect("small")
    }
}

/// A frame with some bytes of its body changed; sometimes its header's name too. Its length is right, so that no frame
/// swallows the next one.
fn mutated(numbers: &mut Numbers, number: usize) -> Vec<u8> {
    let bodies = [
        json!({ "jsonrpc": "2.0", "id": number + 1_000_000, "method": "aside/status", "params": null }),
        json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": number } }),
        json!({ "jsonrpc": "2.0", "id": number + 1_000_000, "method": "textDocument/inlineCompletion", "params": {
            "textDocument": { "uri": "file:///a.rs" }, "position": { "line": 1, "character": 2 }, "context": { "triggerKind": 1 } } }),
        json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": { "uri": "file:///a.rs", "version": number }, "contentChanges": [{ "text": "fn b() {}" }] } }),
        json!({ "jsonrpc": "2.0", "id": number + 1_000_000, "method": "aside/chat/list", "params": { "limit": 5 } }),
    ];
    let mut body = bodies[numbers.below(bodies.len())].to_string().into_bytes();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(body.len());
        body[at] = u8::try_from(numbers.below(256)).expect("a byte");
    }
    let mut bytes = frame(&body);
    if numbers.below(10) == 0 {
        bytes[numbers.below(14)] = u8::try_from(33 + numbers.below(90)).expect("a byte");
    }
    bytes
}

#[test]
fn pr22_ten_thousand_mutated_frames_are_survived_cheaply() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let before = client.process().memory_kib();
    let mut numbers = Numbers(0x5eed_1e55);
    for number in 0..10_000 {
        client.send_raw(&mutated(&mut numbers, number));
    }
    let probe = client.ask("aside/none", Value::Null);
    while client.message()["id"] != probe.0 {}
    if let (Some(before), Some(after), Some(cpu)) = (before, client.process().memory_kib(), client.process().cpu()) {
        assert!(after < before + 20_000, "memory grew from {before} to {after} KiB");
        assert!(cpu.as_secs() < 20, "they took {cpu:?} of processor time");
    }
    client.kill();
}

#[test]
fn pr28_every_request_of_a_burst_is_answered_exactly_once() {
    let home = Home::with("", "//- a.rs\nfn a() {}\n");
    let mut client = Client::of(&home).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", "fn a() {}\n");
    let params = json!({
        "textDocument": { "uri": uri }, "position": { "line": 0, "character": 9 }, "context": { "triggerKind": 2 },
    });
    let mut answers: HashMap<i64, u32> = HashMap::new();
    for number in 0..10_000 {
        let pending = client.ask("textDocument/inlineCompletion", &params);
        answers.insert(pending.0, 0);
        if number % 10 == 0 {
            client.cancel(pending);
        }
    }
    for _ in 0..10_000 {
        let message = client.message();
        let id = message["id"].as_i64().unwrap_or_else(|| panic!("not an answer: {message}"));
        *answers.get_mut(&id).unwrap_or_else(|| panic!("an answer to nothing: {message}")) += 1;
    }
    assert!(answers.values().all(|count| *count == 1), "each request has one answer");
    client.shutdown();
}

#[test]
fn pr29_an_editor_that_does_not_read_costs_little_and_misses_nothing() {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    let go = server.gate();
    let word = "0123456789abcdef ";
    let pieces = 20_000;
    let mut reply = Reply::sse().then(openai::delta("begin ")).hold(&go);
    for _ in 0..pieces {
        reply = reply.then(openai::delta(word));
    }
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let turn = client.say(&session.id, "count");
    client.pause();
    let before = client.process().memory_kib();
    go.open();
    server.wait_live(0);
    let after = client.process().memory_kib();
    client.resume();
    let answer = client.whole_answer(&turn);
    assert_eq!(answer.end.reason, "complete");
    assert_eq!(answer.text.len(), "begin ".len() + pieces * word.len());
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + 30_000, "memory grew from {before} to {after} KiB");
    }
    client.shutdown();
}

#[test]
fn a_long_answer_is_relayed_in_few_notifications() {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    server.once(openai::CHAT, openai::chat(&vec!["word "; 3_000]));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let started = std::time::Instant::now();
    let answer = client.converse(&session.id, "count");
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(answer.text, "word ".repeat(3_000));
    // 30 a second and 4 KiB each, as documented; the first and the last may come early.
    let limit = seconds.mul_add(30.0, 15_000.0 / 4_096.0) + 3.0;
    assert!((answer.events as f64) <= limit, "{} notifications in {seconds:.2} s", answer.events);
    client.shutdown();
}

#[test]
fn a_request_waits_for_no_other() {
    let server = ModelServer::start();
    let home = Home::with(&settings("llama-cpp", &server.url("")), "");
    let gate = server.gate();
    for path in ["/infill", "/completion", "/v1/completions", "/v1/chat/completions"] {
        server.always(path, Reply::sse().hold(&gate).then("data: {\"content\":\"x\",\"stop\":true}\n\n"));
    }
    let mut client = Client::of(&home).connect();
    let mut slow = Vec::new();
    for number in 0..16 {
        let uri = home.uri(&format!("f{number}.rs"));
        client.open(&uri, "rust", "fn main() {\n    \n}\n");
        slow.push(client.ask(
            "textDocument/inlineCompletion",
            json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 4 }, "context": { "triggerKind": 1 } }),
        ));
    }
    assert_eq!(client.refused("aside/none", Value::Null).code, codes::METHOD_NOT_FOUND);
    for pending in &slow {
        client.cancel(*pending);
    }
    for pending in slow {
        let error = client.answer::<Value>(pending).expect_err("a cancelled request is answered with its error");
        assert_eq!(error.code, codes::CANCELLED);
    }
    client.shutdown();
}
