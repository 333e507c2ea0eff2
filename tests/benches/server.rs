//! What the server costs, measured on the real program over stdio, as it is shipped: one run, one table.
//!
//! Owns the measurements behind `docs/performance.md`. It asserts nothing about time: machines are noisy, and a figure is
//! for reading. Latencies are what is left of a request after the upstream's own time, taken by one monotonic clock on
//! both sides. What only keys cost stands in `keys`. Run by `tests/bench`.
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that prints a key is measured, and this one in another environment"
)]

mod editor;
mod keys;
mod stats;
mod upstream;

use std::time::{Duration, Instant};

use aside_test_support::{Client, Home, model_server::Gate, settings, settings_with_key};
use editor::Editor;
use serde_json::{Value, json};
use stats::{Row, Sample};
use upstream::Upstream;

/// The upstream's own time per answer, as in the measurements of the peers.
const DELAY: Duration = Duration::from_millis(50);

fn main() {
    if std::env::args().any(|argument| argument == keys::CHILD) {
        return keys::child();
    }
    let mut rows = Vec::new();
    rows.push(start_to_initialize());
    rows.extend(idle());
    rows.extend(completion("407-line file", Key::None, 407, 200));
    rows.extend(completion("407-line file, with a key of the vault", Key::Stored, 407, 200));
    rows.extend(completion("20,007-line file", Key::None, 20_007, 60));
    rows.push(edits_with_a_completion_in_flight());
    rows.extend(cancel());
    rows.push(burst());
    rows.extend(chat_relay());
    rows.extend(keys::rows());
    stats::print(&rows);
}

/// From starting the process to the answer of `initialize`.
fn start_to_initialize() -> Row {
    let home = Home::new();
    let greeting = Client::of(&home).greeting();
    let mut sample = Sample::default();
    for _ in 0..60 {
        let begun = Instant::now();
        Editor::start(&home).request("initialize", &greeting);
        sample.push(begun.elapsed());
    }
    Row::times("start to `initialize` answer", &sample, "≤ 2.5 ms p50 (best peer 2.9)")
}

/// Memory and processor time of a server that was greeted and then left alone.
fn idle() -> Vec<Row> {
    let home = Home::new();
    let client = Client::of(&home).connect();
    let pid = client.process().pid();
    std::thread::sleep(Duration::from_secs(1));
    let before = stats::cpu_ticks(pid);
    std::thread::sleep(Duration::from_secs(5));
    let spent = stats::cpu_ticks(pid) - before;
    let (resident, anonymous) = stats::memory_kib(pid);
    client.kill();
    vec![
        Row::text("idle RSS", format!("{:.1} MB", resident as f64 / 1000.0), "≤ 9 MB (best peer 8.9)"),
        Row::text("of it private memory", format!("{:.1} MB", anonymous as f64 / 1000.0), ""),
        Row::text("idle CPU in 5 s", format!("{spent} ticks of 10 ms"), "0"),
    ]
}

/// Whether a request carries a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    None,
    /// Of the vault file, by way of the agent.
    Stored,
}

/// Completion requests after one typed letter each, against the same upstream as direct HTTP requests.
fn completion(what: &str, key: Key, lines: usize, count: usize) -> Vec<Row> {
    let upstream = Upstream::start(DELAY);
    let home = match key {
        Key::None => Home::with(&settings("llama-cpp", &upstream.url()), ""),
        Key::Stored => {
            let home = Home::with(&settings_with_key("llama-cpp", &upstream.url(), "keyring"), "").with_open_vault();
            home.store("work", "sk-test-Zq81vX0pLm3Tz5uQwE7hR2kd");
            home
        }
    };
    let mut editor = Editor::start(&home);
    editor.greet(&home);
    let uri = home.uri("big.py");
    let document = json!({ "uri": uri, "languageId": "python", "version": 1, "text": source(lines) });
    editor.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    let (mut ours, mut direct) = (Sample::default(), Sample::default());
    let mut version = 1;
    let cursor = lines / 2;
    // One request each, to open the connections.
    upstream.direct();
    for round in 0..=count {
        version += 1;
        editor.notify("textDocument/didChange", &letter(&uri, version, cursor, round));
        let begun = Instant::now();
        let answer = editor.request("textDocument/inlineCompletion", &request(&uri, cursor, round + 1));
        let total = begun.elapsed();
        assert!(answer["items"][0]["insertText"].is_string(), "no ghost text: {answer}");
        let overhead = total - upstream.spent();
        let direct_overhead = upstream.direct();
        if round > 0 {
            ours.push(overhead);
            direct.push(direct_overhead);
        }
    }
    vec![
        Row::times(
            &format!("completion overhead, {what}"),
            &ours,
            "p50 ≤ 0.5 ms, p95 ≤ 1 ms (best peer 1.1/1.9; 11.6/19.7 in the large file)",
        ),
        Row::times(&format!("the same over a direct HTTP request, {what}"), &direct, ""),
    ]
}

/// 25,000 edits at the pace of 5,000 a second while a completion waits upstream; then one request that has to see the last of them.
fn edits_with_a_completion_in_flight() -> Row {
    const EDITS: usize = 25_000;
    const PER_SECOND: usize = 5_000;
    let upstream = Upstream::start(Duration::from_secs(60));
    let home = Home::with(&settings("llama-cpp", &upstream.url()), "");
    let mut client = Client::of(&home).connect();
    let uri = home.uri("big.py");
    client.open(&uri, "python", &source(2_000));
    let waiting = client.ask("textDocument/inlineCompletion", request(&uri, 1_000, 0));
    upstream.wait_for(1);
    let begun = Instant::now();
    for edit in 0..EDITS {
        type_letter(&mut client, &uri, edit as i32 + 2, 1_500, edit % 60);
        if edit % 50 == 49 {
            let due = begun + Duration::from_secs_f64((edit + 1) as f64 / PER_SECOND as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    let sent = Instant::now();
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 1_500, "character": 10 } });
    client.request::<Value>("aside/complete/explain", place);
    let behind = sent.elapsed();
    client.cancel(waiting);
    drop(client.answer::<Value>(waiting));
    let rate = EDITS as f64 / sent.duration_since(begun).as_secs_f64();
    client.shutdown();
    Row::text(
        "edits with a completion in flight",
        format!("{rate:.0}/s sustained; next answer {:.2} ms behind", behind.as_secs_f64() * 1e3),
        "5,000/s",
    )
}

/// From writing `$/cancelRequest` to the upstream seeing its connection closed, and to the answer.
fn cancel() -> Vec<Row> {
    let upstream = Upstream::start(Duration::from_secs(60));
    let home = Home::with(&settings("llama-cpp", &upstream.url()), "");
    let mut client = Client::of(&home).connect();
    let uri = home.uri("a.py");
    client.open(&uri, "python", &source(100));
    let (mut closed, mut answered) = (Sample::default(), Sample::default());
    for round in 0..50 {
        type_letter(&mut client, &uri, round as i32 + 2, 50, round);
        let pending = client.ask("textDocument/inlineCompletion", request(&uri, 50, round + 1));
        upstream.wait_for(round + 1);
        let begun = Instant::now();
        client.cancel(pending);
        let error = client.answer::<Value>(pending).expect_err("cancelled");
        assert_eq!(error.code, -32800);
        answered.push(begun.elapsed());
        closed.push(upstream.closed(round).duration_since(begun));
    }
    client.shutdown();
    vec![
        Row::times("cancel to upstream close", &closed, "≤ 5 ms"),
        Row::times("cancel to answer", &answered, "(best peer < 1 ms)"),
    ]
}

/// Ten letters typed without waiting: how many requests the upstream is left with.
fn burst() -> Row {
    let upstream = Upstream::start(Duration::from_secs(60));
    let home = Home::with(&settings("llama-cpp", &upstream.url()), "");
    let mut client = Client::of(&home).connect();
    let uri = home.uri("a.py");
    client.open(&uri, "python", &source(100));
    let mut pending = Vec::new();
    for letter in 0..10 {
        type_letter(&mut client, &uri, letter as i32 + 2, 50, letter);
        pending.push(client.ask("textDocument/inlineCompletion", request(&uri, 50, letter + 1)));
    }
    for older in &pending[..9] {
        let answer: Value = client.answer(*older).expect("an overtaken request is answered empty");
        assert_eq!(answer["items"].as_array().map_or(0, Vec::len), 0);
    }
    let last = pending[9];
    upstream.wait_alive(1);
    let seen = upstream.seen();
    client.cancel(last);
    drop(client.answer::<Value>(last));
    client.shutdown();
    Row::text(
        "burst of ten keystrokes",
        format!("{seen} upstream requests, 1 alive; every request answered"),
        "1 alive (peers 2–10)",
    )
}

/// A long chat answer that the upstream sends as fast as it is read.
fn chat_relay() -> Vec<Row> {
    const PIECES: usize = 20_000;
    let server = aside_test_support::ModelServer::start();
    let gate: Gate = server.gate();
    let words: Vec<String> = (0..PIECES).map(|piece| format!("word{piece} ")).collect();
    let pieces: Vec<&str> = words.iter().map(String::as_str).collect();
    server.once("/v1/chat/completions", upstream::openai_stream(&gate, &pieces));
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    let mut client = Client::of(&home).connect();
    let made: Value = client.request("aside/chat/new", json!({ "workspace": home.workspace_uri() }));
    let session = made["session"]["id"].clone();
    client.request::<Value>("aside/chat/open", json!({ "session": session }));
    client.request::<Value>("aside/chat/send", json!({ "session": session, "text": "go" }));
    server.request("/v1/chat/completions");
    let pid = client.process().pid();
    let (ticks, begun) = (stats::cpu_ticks(pid), Instant::now());
    gate.open();
    let (mut first, mut events, mut bytes) = (None, 0, 0);
    loop {
        let event = client.notification("aside/chat/event");
        first.get_or_insert_with(|| begun.elapsed());
        events += 1;
        bytes += event["event"]["text"].as_str().map_or(0, str::len);
        if event["event"]["type"] == "end" {
            break;
        }
    }
    let (took, spent) = (begun.elapsed(), stats::cpu_ticks(pid) - ticks);
    assert_eq!(bytes, words.iter().map(String::len).sum::<usize>(), "every byte of the answer arrives");
    client.shutdown();
    let per_piece = spent as f64 * 10_000.0 / PIECES as f64;
    vec![
        Row::text(
            "chat: first delta after the upstream's first byte",
            format!("{:.1} ms", first.unwrap_or_default().as_secs_f64() * 1e3),
            "",
        ),
        Row::text(
            "chat: 20,000 deltas relayed and stored",
            format!("{:.0} ms, {events} notifications, {per_piece:.1} µs CPU per delta", took.as_secs_f64() * 1e3),
            "≤ 30 notifications/s",
        ),
    ]
}

/// A Python file of `lines` lines in which no two functions are the same.
fn source(lines: usize) -> String {
    (0..lines)
        .map(
            |line| {
                if line % 4 == 0 { format!("def f{line}(a, b):\n") } else { format!("    v{line} = a * {line} + b\n") }
            },
        )
        .collect()
}

fn type_letter(client: &mut Client, uri: &str, version: i32, line: usize, column: usize) {
    client.notify("textDocument/didChange", letter(uri, version, line, column));
}

/// The parameters of `didChange` for one typed letter.
fn letter(uri: &str, version: i32, line: usize, column: usize) -> Value {
    let at = json!({ "line": line, "character": column });
    let change = json!({ "range": { "start": at, "end": at }, "text": "x" });
    json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] })
}

fn request(uri: &str, line: usize, column: usize) -> Value {
    json!({
        "textDocument": { "uri": uri },
        "position": { "line": line, "character": column },
        "context": { "triggerKind": 1 },
    })
}
