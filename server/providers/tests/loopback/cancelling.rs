//! Dropping an answer closes its connection at once, in every phase.

use std::time::{Duration, Instant};

use aside_model::{FillRequest, StreamEvent};
use aside_providers::Dialect;
use futures_util::{FutureExt, StreamExt};

use crate::{
    server::{Server, Step, chunk, chunked_head},
    setting::{chat_model, fill_model, hello, hole, outcome, recordings, spec},
};

/// Usually below a millisecond; a loaded machine may take its time.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn dropping_an_answer_midway_closes_the_connection() {
    for recording in recordings() {
        // Cut behind the first message that has text.
        let begun = &recording.body[..recording.body.find("Gr").unwrap() + 200];
        let head = [chunked_head(recording.media_type), chunk(begun.as_bytes())].concat();
        let mut server = Server::start([vec![Step::Send(head), Step::AwaitClose]]).await;
        let mut answer = chat_model(spec(recording.dialect, &server.url())).chat(hello());
        while !matches!(answer.next().await, Some(Ok(StreamEvent::Text(_)))) {}
        let dropped = Instant::now();
        drop(answer);
        server.closed().await;
        assert!(dropped.elapsed() < AT_ONCE, "{:?}: {:?}", recording.dialect, dropped.elapsed());
    }
}

#[tokio::test]
async fn dropping_an_answer_that_has_not_begun_closes_the_connection() {
    let mut server =
        Server::start([vec![Step::AwaitClose], vec![Step::Send(chunked_head("text/event-stream")), Step::AwaitClose]])
            .await;
    let model = chat_model(spec(Dialect::OpenAi, &server.url()));
    for _ in 0..2 {
        let mut answer = model.chat(hello());
        assert_eq!(answer.next().now_or_never(), None);
        tokio::select! {
            _ = answer.next() => panic!("nothing was answered"),
            _ = server.request() => {}
        }
        let dropped = Instant::now();
        drop(answer);
        server.closed().await;
        assert!(dropped.elapsed() < AT_ONCE, "{:?}", dropped.elapsed());
    }
}

#[tokio::test]
async fn a_fill_that_has_enough_closes_the_connection_by_itself() {
    let event = b"{\"response\":\"1;\\nlet\",\"done\":false}\n";
    let head = [chunked_head("application/x-ndjson"), chunk(event)].concat();
    let mut server = Server::start([vec![Step::Send(head), Step::AwaitClose]]).await;
    let request = FillRequest { single_line: true, ..hole("qwen2.5-coder") };
    let filled = outcome(fill_model(spec(Dialect::Ollama, &server.url())).fill(request)).await;
    assert_eq!(filled.text, "1;");
    server.closed().await;
}

#[tokio::test]
async fn many_cancelled_answers_leave_no_connection_behind() {
    let scripts: Vec<_> =
        (0..200).map(|_| vec![Step::Send(chunked_head("text/event-stream")), Step::AwaitClose]).collect();
    let mut server = Server::start(scripts).await;
    let model = chat_model(spec(Dialect::OpenAi, &server.url()));
    for n in 0..200 {
        let mut answer = model.chat(hello());
        tokio::select! {
            _ = answer.next() => panic!("nothing was answered"),
            _ = async {
                server.request().await;
                for _ in 0..n % 7 {
                    tokio::task::yield_now().await;
                }
            } => {}
        }
        drop(answer);
        server.closed().await;
    }
}
