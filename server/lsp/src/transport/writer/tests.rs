//! What leaves, in which order, and what happens when nobody reads.

use std::task::Poll;

use futures_util::{FutureExt, poll, stream};
use serde_json::json;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use super::super::frames::{Decoder, Frame};
use super::*;

/// An output that counts writes and takes everything.
#[derive(Default)]
struct Counting {
    writes: usize,
    bytes: Vec<u8>,
}

impl AsyncWrite for &mut Counting {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn note(method: &'static str, params: Value) -> Request {
    Request::build(method).params(params).finish()
}

fn progress(token: &str, kind: &str, n: usize) -> Request {
    note("$/progress", json!({ "token": token, "value": { "kind": kind, "message": n.to_string() } }))
}

/// Fills the queue to its bound.
fn fill(outgoing: &Outgoing) {
    while outgoing.desk.queued() < FULL {
        outgoing.notify("test/note", &"x".repeat(10_000));
    }
}

/// Hands `requests` on as far as that is possible now.
async fn forward(outgoing: &Outgoing, requests: Vec<Request>) {
    let mut forwarding = Box::pin(outgoing.forward(stream::iter(requests)));
    assert!(poll!(&mut forwarding).is_pending());
}

/// Reads everything but what filled the queue.
async fn read(outgoing: &Outgoing, mut output: DuplexStream, input: DuplexStream) -> Vec<Value> {
    let mut writing = Box::pin(outgoing.write(input));
    let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
    while outgoing.desk.queued() > 0 {
        tokio::select! {
            _ = &mut writing => {}
            _ = output.read_buf(decoder.space()) => {}
        }
        while let Some(Frame::Body(body)) = decoder.next() {
            seen.push(serde_json::from_slice::<Value>(body).expect("JSON"));
        }
    }
    while let Some(Ok(_)) = output.read_buf(decoder.space()).now_or_never() {}
    while let Some(Frame::Body(body)) = decoder.next() {
        seen.push(serde_json::from_slice(body).expect("JSON"));
    }
    seen.retain(|message| message["method"] != "test/note");
    seen
}

#[tokio::test]
async fn what_is_ready_leaves_in_one_write() {
    let (outgoing, mut output) = (Outgoing::default(), Counting::default());
    for n in 0..100 {
        outgoing.notify("test/n", &n);
    }
    outgoing.answer(&Id::Number(1), Ok(&Value::Null));
    assert!(poll!(Box::pin(outgoing.write(&mut output))).is_pending());
    assert_eq!(output.writes, 1);
    let frames = String::from_utf8(output.bytes).expect("UTF-8");
    assert!(
        frames.starts_with("Content-Length: 46\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"test/n\",\"params\":0}"),
        "{frames}"
    );
    assert!(frames.ends_with("Content-Length: 38\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}"), "{frames}");
}

#[tokio::test]
async fn while_the_queue_is_full_only_the_latest_of_its_kind_waits() {
    let outgoing = Outgoing::default();
    let (input, output) = duplex(4096);
    fill(&outgoing);
    let mut requests = vec![progress("a", "report", 0), progress("b", "report", 0)];
    requests.extend((1..=1_000).map(|n| progress("a", "report", n)));
    forward(&outgoing, requests).await;
    for n in 0..1_000 {
        outgoing.notify("aside/status/changed", &n);
    }
    assert!(outgoing.desk.queued() < FULL + 20_000);
    let seen = read(&outgoing, output, input).await;
    let seen: Vec<_> =
        seen.iter().map(|seen| (&seen["params"]["token"], &seen["params"]["value"]["message"])).collect();
    let null = &Value::Null;
    assert_eq!(seen, [(&json!("b"), &json!("0")), (&json!("a"), &json!("1000")), (null, null)]);
}

#[tokio::test]
async fn a_report_never_leaves_after_its_end() {
    let outgoing = Outgoing::default();
    let (input, output) = duplex(4096);
    fill(&outgoing);
    for request in [progress("a", "report", 1), progress("b", "report", 1), progress("a", "end", 2)] {
        let kind = Kind::of(request.method(), request.params());
        outgoing.queue(kind, serde_json::to_vec(&request).expect("JSON"));
    }
    let seen = read(&outgoing, output, input).await;
    let seen: Vec<_> = seen.iter().map(|seen| (&seen["params"]["token"], &seen["params"]["value"]["kind"])).collect();
    assert_eq!(seen, [(&json!("a"), &json!("end")), (&json!("b"), &json!("report"))]);
}

#[tokio::test]
async fn what_has_to_arrive_waits_for_room() {
    let outgoing = Outgoing::default();
    let (input, output) = duplex(4096);
    fill(&outgoing);
    let before = outgoing.desk.queued();
    let mut forwarding = Box::pin(outgoing.forward(stream::iter([note("test/a", json!(1)), note("test/b", json!(2))])));
    assert!(poll!(&mut forwarding).is_pending());
    assert_eq!(outgoing.desk.queued(), before);
    assert_eq!(read(&outgoing, output, input).await, Vec::<Value>::new());
    assert!(poll!(&mut forwarding).is_pending());
    let (input, output) = duplex(4096);
    let seen = read(&outgoing, output, input).await;
    assert_eq!(seen.iter().map(|seen| &seen["params"]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn producers_are_told_to_hold_back_long_before_the_queue_is_full() {
    let outgoing = Outgoing::default();
    let pressure = outgoing.pressure();
    assert!(pressure.ready());
    while pressure.ready() {
        outgoing.notify("test/note", &"x".repeat(10_000));
    }
    assert!(outgoing.desk.queued() < FULL / 2);
}

#[test]
fn messages_are_replaceable_by_kind_only() {
    let kind = |request: Request| Kind::of(request.method(), request.params());
    assert!(kind(progress("a", "report", 1)).is_replaceable());
    assert_eq!(kind(progress("a", "begin", 1)), Kind::Last("$/progress \"a\"".to_owned()));
    assert_eq!(kind(note("$/progress", json!({ "token": 1, "value": [1] }))), Kind::Plain);
    assert_eq!(kind(note("aside/chat/event", json!({}))), Kind::Plain);
    assert!(kind(note("window/logMessage", json!({}))).is_replaceable());
}
