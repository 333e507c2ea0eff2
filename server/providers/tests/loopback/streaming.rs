//! Answers arrive whole, however their bytes arrive; what is cut is never called whole.

use aside_model::{EndReason, ErrorKind, StreamEvent};
use aside_providers::Dialect;
use futures_util::StreamExt;

use crate::{
    server::{Server, Step, answer, chunk, chunked_head, gate, open_head, streamed},
    setting::{Outcome, SAID, chat_model, hello, outcome, recordings, settle, spec},
};

#[tokio::test]
async fn one_byte_at_a_time_gives_the_exact_text() {
    for recording in recordings() {
        let script = vec![
            Step::Send(open_head(recording.media_type)),
            Step::Dribble(recording.body.clone().into_bytes()),
            Step::Close,
        ];
        let server = Server::start([script]).await;
        let whole = outcome(chat_model(spec(recording.dialect, &server.url())).chat(hello())).await;
        assert_eq!(whole, Outcome { text: SAID.into(), end: Ok(EndReason::Complete) }, "{:?}", recording.dialect);
    }
}

/// What must hold of a stream that ended after `cut` of its bytes.
fn check_cut(found: &Outcome, cut: usize, whole_at: usize, whole: bool) {
    assert!(SAID.starts_with(&found.text), "{cut}: {found:?}");
    match &found.end {
        Ok(EndReason::Complete) => assert!(cut >= whole_at && found.text == SAID, "{cut}: called whole: {found:?}"),
        Ok(EndReason::Truncated) => assert!(cut > 0 && cut < whole_at, "{cut}: called truncated"),
        Ok(other) => panic!("{cut}: {other:?}"),
        Err(error) => {
            let expected = if whole { ErrorKind::Protocol } else { ErrorKind::Unreachable };
            assert!(cut < 8 && error.kind == expected && found.text.is_empty(), "{cut}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_ends_at_any_byte_is_never_called_whole() {
    for recording in recordings() {
        let body = recording.body.as_bytes();
        let scripts = (0..=body.len())
            .map(|cut| vec![Step::Send([&open_head(recording.media_type), &body[..cut]].concat()), Step::Close]);
        let server = Server::start(scripts).await;
        let model = chat_model(spec(recording.dialect, &server.url()));
        for cut in 0..=body.len() {
            check_cut(&outcome(model.chat(hello())).await, cut, recording.whole_at, true);
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_at_any_byte_keeps_what_came() {
    for recording in recordings() {
        let body = recording.body.as_bytes();
        // The chunk promises the whole body and the connection ends inside it.
        let cuts: Vec<usize> = (1..body.len()).step_by(3).collect();
        let whole = [chunked_head(recording.media_type), chunk(body)].concat();
        let before = whole.len() - 2 - body.len();
        let scripts = cuts.iter().map(|cut| vec![Step::Send(whole[..before + cut].to_vec()), Step::Close]);
        let server = Server::start(scripts.collect::<Vec<_>>()).await;
        let model = chat_model(spec(recording.dialect, &server.url()));
        for cut in cuts {
            check_cut(&outcome(model.chat(hello())).await, cut, recording.whole_at, false);
        }
    }
}

#[tokio::test]
async fn text_is_given_on_as_it_comes() {
    let event =
        |text: &str| chunk(format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n").as_bytes());
    let (first, open_first) = gate();
    let (second, open_second) = gate();
    let script = vec![
        Step::Send(chunked_head("text/event-stream")),
        first,
        Step::Send(event("a")),
        second,
        Step::Send([event("b"), chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n".to_vec()].concat()),
    ];
    let server = Server::start([script]).await;
    let mut answer = chat_model(spec(Dialect::OpenAi, &server.url())).chat(hello());
    open_first.send(()).unwrap();
    assert_eq!(answer.next().await, Some(Ok(StreamEvent::Text("a".into()))));
    open_second.send(()).unwrap();
    assert_eq!(answer.next().await, Some(Ok(StreamEvent::Text("b".into()))));
    assert_eq!(answer.next().await, Some(Ok(StreamEvent::End(EndReason::Complete))));
}

#[tokio::test]
async fn one_connection_serves_many_answers() {
    for recording in recordings() {
        let scripts = (0..5).map(|_| {
            // The end of the body comes late, as from servers that write it apart.
            let head = [chunked_head(recording.media_type), chunk(recording.body.as_bytes())].concat();
            vec![Step::Send(head), Step::Dribble(b"0\r\n\r\n".to_vec())]
        });
        let server = Server::start(scripts.collect::<Vec<_>>()).await;
        let model = chat_model(spec(recording.dialect, &server.url()));
        for _ in 0..5 {
            assert_eq!(outcome(model.chat(hello())).await.end, Ok(EndReason::Complete));
            settle().await;
        }
        assert_eq!(server.connections(), 1, "{:?}", recording.dialect);
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let body = r#"{"choices":[{"message":{"content":"whole"},"finish_reason":"length"}]}"#;
    let server = Server::start([answer("200 OK", "content-type: application/json\r\n", body)]).await;
    let whole = outcome(chat_model(spec(Dialect::OpenAi, &server.url())).chat(hello())).await;
    assert_eq!(whole, Outcome { text: "whole".into(), end: Ok(EndReason::Length) });
}

#[tokio::test]
async fn bytes_that_are_not_text_are_replaced_and_the_stream_goes_on() {
    let head = open_head("text/event-stream");
    let bad = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xFFb\"}}]}\n\ndata: [DONE]\n\n".to_vec();
    let server = Server::start([vec![Step::Send([head, bad].concat()), Step::Close]]).await;
    let whole = outcome(chat_model(spec(Dialect::OpenAi, &server.url())).chat(hello())).await;
    assert_eq!(whole, Outcome { text: "a\u{FFFD}b".into(), end: Ok(EndReason::Complete) });
}

#[tokio::test]
async fn nothing_is_sent_before_an_answer_is_asked_for() {
    let server = Server::start([streamed("text/event-stream", "data: [DONE]\n\n")]).await;
    let model = chat_model(spec(Dialect::OpenAi, &server.url()));
    drop(model.chat(hello()));
    settle().await;
    assert_eq!(server.connections(), 0);
    assert_eq!(outcome(model.chat(hello())).await.end, Ok(EndReason::Complete));
}
