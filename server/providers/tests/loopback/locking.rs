//! A lock ends what keys were used for, soon, and leaves the rest alone.

use std::{sync::Arc, time::Duration};

use aside_model::{EndReason, ErrorKind, StreamEvent};
use aside_providers::{Dialect, KeySource, ProviderSpec, Providers};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::{
    server::{Server, Step, chunk, chunked_head, gate, streamed},
    setting::{OneKey, hello, keyed, model, options, outcome, providers_with, spec},
};

/// More than the grace, and far less than any other limit.
const SOON: Duration = Duration::from_secs(5);

fn event(text: &str) -> Vec<u8> {
    chunk(format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n").as_bytes())
}

fn locking(spec: ProviderSpec) -> (Providers, Arc<OneKey>) {
    let keys = Arc::new(OneKey::new());
    (providers_with(spec, options(), Arc::clone(&keys)), keys)
}

#[tokio::test]
async fn va16_a_lock_ends_an_answer_that_a_key_was_used_for_and_closes_its_connection() {
    let begun = [chunked_head("text/event-stream"), event("begun")].concat();
    let mut server = Server::start([vec![Step::Send(begun), Step::AwaitClose]]).await;
    let (providers, keys) = locking(keyed(Dialect::OpenAi, &server.url()));
    let mut answer = providers.chat(&model()).expect("known").chat(hello());
    assert_eq!(answer.next().await, Some(Ok(StreamEvent::Text("begun".to_owned()))));
    keys.lock();
    let error = timeout(SOON, answer.next()).await.expect("soon").expect("a failure").expect_err("a failure");
    assert_eq!(error.kind, ErrorKind::Locked, "{error:?}");
    assert!(error.message.contains("`work`"), "{error}");
    server.closed().await;
}

#[tokio::test]
async fn va16_a_lock_ends_a_request_that_was_not_answered_yet() {
    let mut server = Server::start([vec![Step::AwaitClose]]).await;
    let (providers, keys) = locking(keyed(Dialect::OpenAi, &server.url()));
    let answer = tokio::spawn(outcome(providers.chat(&model()).expect("known").chat(hello())));
    server.request().await;
    keys.lock();
    let error = timeout(SOON, answer).await.expect("soon").expect("no panic").error();
    assert_eq!(error.kind, ErrorKind::Locked, "{error:?}");
    server.closed().await;
}

#[tokio::test]
async fn what_is_whole_before_the_grace_is_over_stays_whole() {
    let (waits, open) = gate();
    let begun = [chunked_head("text/event-stream"), event("a")].concat();
    let rest = [event("b"), chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n".to_vec()].concat();
    let mut server = Server::start([vec![Step::Send(begun), waits, Step::Send(rest)]]).await;
    let (providers, keys) = locking(keyed(Dialect::OpenAi, &server.url()));
    let answer = tokio::spawn(outcome(providers.chat(&model()).expect("known").chat(hello())));
    server.request().await;
    keys.lock();
    open.send(()).expect("the server waits");
    let outcome = answer.await.expect("no panic");
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(EndReason::Complete)));
}

#[tokio::test]
async fn a_provider_without_a_key_is_not_disturbed_by_a_lock() {
    let begun = [chunked_head("text/event-stream"), event("begun")].concat();
    let server = Server::start([vec![Step::Send(begun), Step::AwaitClose]]).await;
    let (providers, keys) = locking(ProviderSpec { key: KeySource::None, ..spec(Dialect::OpenAi, &server.url()) });
    let mut answer = providers.chat(&model()).expect("known").chat(hello());
    assert_eq!(answer.next().await, Some(Ok(StreamEvent::Text("begun".to_owned()))));
    keys.lock();
    assert!(timeout(Duration::from_secs(1), answer.next()).await.is_err(), "it still waits for more");
}

#[tokio::test]
async fn disconnecting_closes_idle_connections_and_the_next_request_makes_a_new_one() {
    let whole = || streamed("text/event-stream", "data: [DONE]\n\n");
    let mut first = whole();
    first.push(Step::AwaitClose);
    let mut server = Server::start([first, whole()]).await;
    let (providers, _) = locking(keyed(Dialect::OpenAi, &server.url()));
    let ask = || outcome(providers.chat(&model()).expect("known").chat(hello()));
    assert_eq!(ask().await.end, Ok(EndReason::Complete));
    providers.disconnect();
    server.closed().await;
    assert_eq!(ask().await.end, Ok(EndReason::Complete));
    assert_eq!(server.connections(), 2);
}
