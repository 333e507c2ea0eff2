//! Every broken or odd input (cases PR-01 to PR-26): its answer, and the next request is served.

use std::time::Instant;

use serde_json::{Value, json};

use super::harness::{Client, Options, frame, notification, request};

/// What the answer to a case is.
#[derive(Clone, Copy)]
enum Expected {
    /// No answer at all.
    Nothing,
    /// A result, to the request 7.
    Served,
    /// An error with this code, to the request 7.
    Refused(i64),
    /// An error with this code, to nobody in particular.
    Lost(i64),
}

async fn check(client: &mut Client, name: &str, bytes: &[u8], expected: Expected) {
    client.raw(bytes).await;
    let (id, code) = match expected {
        Expected::Nothing => return client.assert_alive().await,
        Expected::Served => (json!(7), None),
        Expected::Refused(code) => (json!(7), Some(code)),
        Expected::Lost(code) => (Value::Null, Some(code)),
    };
    let answer = client.receive().await;
    assert_eq!((&answer["id"], answer["error"]["code"].as_i64()), (&id, code), "{name}: {answer}");
    if code.is_some() {
        let data = &answer["error"]["data"];
        assert!(["code", "message", "hint", "id"].iter().all(|member| data[member].is_string()), "{name}: {answer}");
    }
    client.assert_alive().await;
}

fn body(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [format!("Content-Length: {}\r\n\r\n", text.len()).as_bytes(), text].concat()
}

fn echo(headers: &str) -> Vec<u8> {
    let message = request(7, "test/echo", &json!({})).to_string();
    [headers.replace('N', &message.len().to_string()).as_bytes(), message.as_bytes()].concat()
}

fn deep(open: &str, close: &str, levels: usize) -> Vec<u8> {
    let (open, close) = (open.repeat(levels), close.repeat(levels));
    body(format!(r#"{{"jsonrpc":"2.0","id":7,"method":"test/echo","params":{open}1{close}}}"#))
}

#[tokio::test]
async fn each_frame_case_is_answered_and_the_next_request_served() {
    use Expected::{Lost, Refused, Served};

    let mut client = Client::initialized(Options::default()).await;
    for (name, bytes, expected) in [
        ("PR-01 invalid UTF-8", body(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"\xff\xfe\"}"), Lost(-32700)),
        ("PR-02 bad JSON", body("{\"jsonrpc\":\"2.0\",\"id\":7,"), Lost(-32700)),
        ("PR-03 no length", b"Content-Type: application/vscode-jsonrpc\r\n\r\n{}".to_vec(), Lost(-32700)),
        ("PR-04 three headers", echo("X-One: 1\r\nContent-Length: N\r\nX-Two: 2\r\n\r\n"), Served),
        ("PR-05 lower case", echo("content-length: N\r\n\r\n"), Served),
        ("PR-06 negative length", b"Content-Length: -1\r\n\r\n{}".to_vec(), Lost(-32700)),
        ("PR-07 length beyond 64 bits", b"Content-Length: 99999999999999999999999\r\n\r\n{}".to_vec(), Lost(-32600)),
        ("PR-08 deep arrays", deep("[", "]", 200), Refused(-32600)),
        ("PR-09 very deep objects", deep("{\"a\":", "}", 100_000), Refused(-32600)),
        ("PR-10 batch", body(format!("[{}]", request(7, "test/echo", &json!({})))), Lost(-32600)),
        ("PR-10 empty batch", body("[]"), Lost(-32600)),
        ("PR-11 float id", body(r#"{"jsonrpc":"2.0","id":1.5,"method":"test/echo","params":{}}"#), Lost(-32600)),
        ("PR-12 empty body", body(""), Lost(-32700)),
        ("PR-13 content type without charset", echo("Content-Type: a/b\r\nContent-Length: N\r\n\r\n"), Served),
        ("PR-13 with charset", echo("Content-Type: a/b; charset=utf-8\r\nContent-Length: N\r\n\r\n"), Served),
        ("PR-13 another charset", echo("Content-Type: a/b; charset=utf-16\r\nContent-Length: N\r\n\r\n"), Lost(-32700)),
        ("PR-14 garbage", b"\0\x01garbage\r\nmore\r\n\r\n".to_vec(), Lost(-32700)),
        ("PR-15 not JSON-RPC", body(r#"{"id":7,"hello":1}"#), Refused(-32600)),
        ("PR-15 a scalar", body("3"), Lost(-32600)),
        ("PR-16 line feeds only", echo("Content-Length: N\n\n"), Served),
        ("PR-17 different lengths", b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}".to_vec(), Lost(-32700)),
        ("PR-17 the same length twice", echo("Content-Length: N\r\nContent-Length: N\r\n\r\n"), Served),
        ("PR-18 NaN", body(r#"{"jsonrpc":"2.0","id":7,"method":"test/echo","params":[NaN]}"#), Lost(-32700)),
        ("PR-19 lone surrogate", body(r#"{"jsonrpc":"2.0","id":7,"method":"test/echo","params":["\ud800"]}"#), Served),
        ("PR-20 id twice", body(r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"test/echo"}"#), Lost(-32600)),
        (
            "PR-20 key twice in params",
            body(r#"{"jsonrpc":"2.0","id":7,"method":"test/echo","params":{"a":1,"a":2}}"#),
            Served,
        ),
        ("PR-23 64 KiB without a line end", vec![b'x'; 64 * 1024], Lost(-32700)),
        ("PR-24 a length of 2^60", b"Content-Length: 1152921504606846976\r\n\r\n{\"jsonrpc\"".to_vec(), Lost(-32600)),
    ] {
        check(&mut client, name, &bytes, expected).await;
    }
}

#[tokio::test]
async fn each_message_case_is_answered_and_the_next_request_served() {
    use Expected::{Nothing, Refused};

    let mut client = Client::initialized(Options::default()).await;
    for (name, bytes, expected) in [
        ("PR-21 unknown method", frame(&request(7, "no/such", &json!({}))), Refused(-32601)),
        ("PR-21 unknown $ method", frame(&request(7, "$/no", &json!({}))), Refused(-32601)),
        ("PR-21 unknown notification", frame(&notification("no/such", &json!({}))), Nothing),
        ("PR-21 no params", body(r#"{"jsonrpc":"2.0","id":7,"method":"test/echo"}"#), Refused(-32602)),
        ("PR-21 wrong params", frame(&request(7, "test/log", &json!("x"))), Refused(-32602)),
        ("PR-21 a notification with an id", frame(&request(7, "test/edit", &json!(1))), Refused(-32600)),
        ("PR-21 a request without an id", frame(&notification("test/echo", &json!(1))), Nothing),
        (
            "PR-21 $/cancelRequest with an id",
            frame(&request(7, "$/cancelRequest", &json!({ "id": 1 }))),
            Refused(-32600),
        ),
        ("PR-21 cancel of nothing", frame(&notification("$/cancelRequest", &json!({ "id": 99 }))), Nothing),
        ("PR-21 cancel without params", frame(&notification("$/cancelRequest", &Value::Null)), Nothing),
        ("PR-21 an answer nobody waits for", body(r#"{"jsonrpc":"2.0","id":99,"result":null}"#), Nothing),
        ("PR-26 initialize again", frame(&request(7, "initialize", &json!({ "capabilities": {} }))), Refused(-32600)),
    ] {
        check(&mut client, name, &bytes, expected).await;
    }
}

#[tokio::test]
async fn an_error_of_the_handler_is_passed_on_as_it_is() {
    let mut client = Client::initialized(Options::default()).await;
    client.raw(&body(r#"{"jsonrpc":"2.0","id":7,"method":"test/refuse"}"#)).await;
    let error = client.receive().await["error"].take();
    assert_eq!(error, json!({ "code": -32803, "message": "no", "data": { "code": "no" } }));
}

#[tokio::test]
async fn an_error_does_not_repeat_all_that_the_client_sent() {
    let mut client = Client::initialized(Options::default()).await;
    let long = "é".repeat(100_000);
    for (method, params) in [(long.as_str(), json!(1)), ("test/log", json!(long))] {
        let answer = client.ask(method, &params).await;
        assert!(answer["error"].is_object() && answer.to_string().len() < 2_000, "{method:.20}");
    }
}

#[tokio::test]
async fn a_body_of_more_than_64_mib_is_refused_and_the_next_request_served() {
    let mut client = Client::initialized(Options::default()).await;
    let size = 65 * 1024 * 1024;
    client.raw(format!("Content-Length: {size}\r\n\r\n").as_bytes()).await;
    assert_eq!(client.receive().await["error"]["data"]["code"], "message-too-large");
    let block = vec![b'x'; 1024 * 1024];
    for _ in 0..65 {
        client.raw(&block).await;
    }
    client.assert_alive().await;
}

#[tokio::test]
async fn input_that_comes_byte_by_byte_is_served() {
    let mut client = Client::initialized(Options::default()).await;
    for byte in frame(&request(7, "test/echo", &json!("x"))) {
        client.raw(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.receive().await["result"], "x");
}

#[tokio::test]
async fn before_initialize_and_after_shutdown_requests_are_refused_and_notifications_ignored() {
    let mut client = Client::start(Options::default());
    let steps = [
        ("test/echo", json!({}), -32002),
        ("no/such", json!({}), -32002),
        ("shutdown", Value::Null, -32002),
        ("initialize", json!({ "capabilities": {}, "initializationOptions": "fail" }), -32603),
        ("test/echo", json!({}), -32002),
        ("initialize", json!("?"), -32602),
        ("initialize", json!({ "capabilities": {} }), 0),
        ("initialize", json!({ "capabilities": {} }), -32600),
        ("test/echo", json!({}), 0),
        ("shutdown", Value::Null, 0),
        ("shutdown", Value::Null, -32600),
        ("initialize", json!({ "capabilities": {} }), -32600),
        ("test/echo", json!({}), -32600),
        ("no/such", json!({}), -32600),
    ];
    for (method, params, code) in steps {
        for early in ["test/notePanics", "initialize", "shutdown", "test/edit"] {
            if code != 0 {
                client.send(&notification(early, &json!(1))).await;
            }
        }
        let answer = client.ask(method, &params).await;
        assert_eq!(answer["error"]["code"].as_i64().unwrap_or(0), code, "{method}: {answer}");
    }
}

#[tokio::test]
async fn a_second_initialize_while_the_first_runs_is_refused() {
    let mut client = Client::start(Options::default());
    let params = json!({ "capabilities": {}, "initializationOptions": "wait" });
    client.send(&request(1, "initialize", &params)).await;
    client.send(&request(2, "initialize", &params)).await;
    client.send(&request(3, "test/echo", &json!({}))).await;
    for (id, code) in [(2, -32600), (3, -32002)] {
        let answer = client.receive().await;
        assert_eq!((answer["id"].as_i64(), answer["error"]["code"].as_i64()), (Some(id), Some(code)));
    }
    client.world.gate.0.add_permits(1);
    assert!(client.receive().await["result"].is_object());
    client.assert_alive().await;
}

/// A small generator of numbers, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }

    fn mutated(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let byte = u8::try_from(self.below(256)).expect("below 256");
            match self.below(4) {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => _ = bytes.remove(at),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    }
}

#[tokio::test]
async fn ten_thousand_mutated_frames_leave_it_alive() {
    let mut client = Client::initialized(Options::default()).await;
    let start = Instant::now();
    let mut input = client.take_input();
    let sent = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        for n in 0..10_000 {
            let message = request(n, "test/echo", &json!({ "text": "\u{1F600} \" \\", "list": [1, 2.5, null, true] }));
            input.write_all(&numbers.mutated(frame(&message))).await.expect("the server reads");
        }
        // A length that was changed may have claimed what follows.
        for n in 0..200 {
            let padding = request(format!("end {n}"), "test/echo", &json!("x".repeat(1000)));
            input.write_all(&frame(&padding)).await.expect("the server reads");
        }
        input
    });
    let mut ends = 0;
    while ends == 0 {
        let answer = client.receive().await;
        ends +=
            usize::from(answer["id"].as_str().is_some_and(|id| id.starts_with("end")) && answer["result"].is_string());
    }
    let receive = async { while client.output.next().await.is_some() {} };
    tokio::select! { input = sent => drop(input), () = receive => panic!("the server ended") }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
