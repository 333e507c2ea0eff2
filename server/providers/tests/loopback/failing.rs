//! Whatever a server does wrong is told by kind, by name, and without its bytes getting out of hand.

use std::time::Duration;

use aside_model::{EndReason, ErrorKind};
use aside_providers::{Dialect, HttpOptions};
use tokio::net::TcpListener;

use crate::{
    server::{Server, Step, answer, chunk, chunked_head, open_head, streamed},
    setting::{Outcome, chat_model, fill_model, hello, hole, model, options, outcome, providers, recordings, spec},
};

/// The outcome of one chat with a server of this script.
async fn with(dialect: Dialect, script: Vec<Step>) -> Outcome {
    let server = Server::start([script]).await;
    outcome(chat_model(spec(dialect, &server.url())).chat(hello())).await
}

#[tokio::test]
async fn a_web_page_or_nothing_in_place_of_an_answer_is_told() {
    for recording in recordings() {
        for (script, expected) in [
            (answer("200 OK", "content-type: text/html; charset=utf-8\r\n", "<html>Log in</html>"), "web page"),
            (answer("200 OK", "", "\n <!DOCTYPE html>"), "web page"),
            (answer("200 OK", "", ""), "nothing at all"),
            (answer("200 OK", &format!("content-type: {}\r\n", recording.media_type), ""), "nothing at all"),
            (answer("200 OK", "content-type: application/json\r\n", "{\"hello\":1}\n"), "dialect does not know"),
        ] {
            let error = with(recording.dialect, script).await.error();
            assert_eq!(error.kind, ErrorKind::Protocol, "{:?}: {error}", recording.dialect);
            assert!(error.message.starts_with("`work` ") && error.message.contains(expected), "{error}");
        }
    }
}

#[tokio::test]
async fn an_error_inside_a_stream_is_a_failure_and_the_text_before_it_stays() {
    for (dialect, media_type, body, kind) in [
        (
            Dialect::OpenAi,
            "text/event-stream",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"gone\",\"code\":429}}\n\ndata: [DONE]\n\n",
            ErrorKind::RateLimited,
        ),
        (
            Dialect::LlamaCpp,
            "text/event-stream",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\nerror: {\"message\":\"gone\",\"code\":500}\n\n",
            ErrorKind::Provider,
        ),
        (
            Dialect::Anthropic,
            "text/event-stream",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"a\"}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"gone\"}}\n\n",
            ErrorKind::Overloaded,
        ),
        (
            Dialect::Ollama,
            "application/x-ndjson",
            "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"gone\"}\n",
            ErrorKind::Provider,
        ),
    ] {
        let found = with(dialect, streamed(media_type, body)).await;
        assert_eq!(found.text, "a", "{dialect:?}");
        let error = found.error();
        assert_eq!((error.kind, error.message.as_str()), (kind, "`work` failed while answering: gone"), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_failure_that_comes_as_json_with_status_200_is_a_failure() {
    let script = answer("200 OK", "content-type: application/json\r\n", r#"{"error":{"message":"no credit"}}"#);
    let error = with(Dialect::OpenAi, script).await.error();
    assert_eq!(error.message, "`work` failed while answering: no credit");
}

#[tokio::test]
async fn a_refusal_is_told_by_its_status_and_body() {
    let json = "content-type: application/json\r\n";
    for (status, body, kind) in [
        ("401 Unauthorized", r#"{"error":{"message":"bad key"}}"#, ErrorKind::Auth),
        ("404 Not Found", r#"{"error":"model 'm' not found"}"#, ErrorKind::ModelNotFound),
        ("404 Not Found", "404 page not found", ErrorKind::Protocol),
        ("400 Bad Request", r#"{"error":{"code":"context_length_exceeded","message":"x"}}"#, ErrorKind::ContextTooLong),
        ("400 Bad Request", r#"{"error":{"message":"x"}}"#, ErrorKind::InvalidRequest),
    ] {
        for recording in recordings() {
            let error = with(recording.dialect, answer(status, json, body)).await.error();
            assert_eq!(error.kind, kind, "{:?} {status} {body}: {error}", recording.dialect);
            assert!(!error.message.contains('\n') && !error.message.ends_with('.'), "{error}");
        }
    }
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_as_it_says_and_a_person_gets_the_answer() {
    let busy = || answer("503 Service Unavailable", "retry-after: 0\r\n", "busy");
    let mut server = Server::start([busy(), busy(), streamed("text/event-stream", "data: [DONE]\n\n")]).await;
    let whole = outcome(chat_model(spec(Dialect::OpenAi, &server.url())).chat(hello())).await;
    assert_eq!(whole.end, Ok(EndReason::Complete));
    for _ in 0..3 {
        server.request().await;
    }
}

#[tokio::test]
async fn a_provider_that_stays_busy_is_asked_three_times_for_a_person_and_once_for_a_keystroke() {
    let busy = || (0..4).map(|_| answer("429 Too Many Requests", "retry-after-ms: 1\r\n", "slow down"));
    let server = Server::start(busy()).await;
    let error = outcome(chat_model(spec(Dialect::OpenAi, &server.url())).chat(hello())).await.error();
    assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimited, Some(Duration::from_millis(1))));
    assert!(error.message.ends_with("slow down (tried 3 times)"), "{error}");
    let mut server = Server::start(busy()).await;
    let model = fill_model(spec(Dialect::OpenAi, &server.url()));
    assert_eq!(outcome(model.fill(hole("m"))).await.error().kind, ErrorKind::RateLimited);
    server.request().await;
    assert_eq!(outcome(model.fill(hole("m"))).await.error().kind, ErrorKind::RateLimited);
    server.request().await;
}

#[tokio::test]
async fn absurd_advice_is_neither_followed_nor_told() {
    for advice in ["1000000000", "-5", "tomorrow"] {
        let script = answer("429 Too Many Requests", &format!("retry-after: {advice}\r\n"), "");
        let server = Server::start([script]).await;
        let error = outcome(fill_model(spec(Dialect::OpenAi, &server.url())).fill(hole("m"))).await.error();
        assert_eq!(error.retry_after, None, "{advice}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced() {
    let whole = || streamed("text/event-stream", "data: [DONE]\n\n");
    let closing = || whole().into_iter().chain([Step::Close]).collect::<Vec<_>>();
    let server = Server::start([closing(), closing(), vec![Step::Close], whole()]).await;
    let model = chat_model(spec(Dialect::OpenAi, &server.url()));
    for _ in 0..3 {
        assert_eq!(outcome(model.chat(hello())).await.end, Ok(EndReason::Complete));
    }
}

#[tokio::test]
async fn an_address_where_nothing_listens_is_named_with_what_to_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = outcome(chat_model(spec(Dialect::Ollama, &address)).chat(hello())).await.error();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert_eq!(
        error.message,
        format!("`work` does not answer at {address}: the connection is refused; start it with `ollama serve`")
    );
}

#[tokio::test]
async fn a_connection_that_ends_in_place_of_an_answer_is_unreachable() {
    for end in [|| Step::Close, || Step::Reset] {
        let server = Server::start((0..3).map(|_| vec![end()])).await;
        let error = outcome(fill_model(spec(Dialect::OpenAi, &server.url())).fill(hole("m"))).await.error();
        assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
        assert!(error.message.contains(&server.url()), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let target = Server::start([]).await;
        let location = format!("location: {}/v1/chat/completions\r\n", target.url());
        let error = with(Dialect::OpenAi, answer(status, &location, "")).await.error();
        assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
        assert!(error.message.contains("redirect"), "{error}");
        assert_eq!((target.connections(), target.bytes()), (0, 0), "{status}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_refused_unread() {
    for status in ["200 OK", "400 Bad Request"] {
        let error = with(Dialect::OpenAi, answer(status, "content-encoding: gzip\r\n", "\u{1f}x")).await.error();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Protocol, "`work` answers compressed, which was not asked for")
        );
    }
}

#[tokio::test]
async fn headers_are_bounded() {
    let huge = format!("x-bomb: {}\r\n", "a".repeat(1024 * 1024));
    let many = (0..10_000).map(|n| format!("x-{n}: a\r\n")).collect::<String>();
    let large = (0..20).map(|n| format!("x-{n}: {}\r\n", "a".repeat(5000))).collect::<String>();
    for headers in [huge, many, large] {
        let error = with(Dialect::OpenAi, answer("200 OK", &headers, "data: [DONE]\n\n")).await.error();
        assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
        assert!(error.message.len() < 300, "{error}");
    }
}

#[tokio::test]
async fn an_endless_line_and_an_endless_event_are_refused() {
    let line = [b"data: ".to_vec(), vec![b'x'; 2 * 1024 * 1024]].concat();
    let event = format!("data: {}\n", "x".repeat(1000 * 1000)).repeat(9).into_bytes();
    for (dialect, media_type, bytes, expected) in [
        (Dialect::OpenAi, "text/event-stream", line.clone(), "a line of more than 1 MiB"),
        (Dialect::Ollama, "application/x-ndjson", line.clone(), "a line of more than 1 MiB"),
        (Dialect::OpenAi, "text/event-stream", event.clone(), "a message of more than 8 MiB"),
        (Dialect::OpenAi, "application/json", event, "a message of more than 8 MiB"),
    ] {
        let mut server =
            Server::start([vec![Step::Send(chunked_head(media_type)), Step::Send(chunk(&bytes)), Step::AwaitClose]])
                .await;
        let error = outcome(chat_model(spec(dialect, &server.url())).chat(hello())).await.error();
        assert_eq!(error.kind, ErrorKind::Protocol);
        assert!(error.message.contains(expected), "{error}");
        server.closed().await;
    }
}

#[tokio::test]
async fn an_endless_error_body_is_read_to_its_bound() {
    let head = b"HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let body = chunk("no ".repeat(100_000).as_bytes());
    let mut server = Server::start([vec![Step::Send(head), Step::Send(body), Step::AwaitClose]]).await;
    let error = outcome(fill_model(spec(Dialect::OpenAi, &server.url())).fill(hole("m"))).await.error();
    assert!(error.kind == ErrorKind::InvalidRequest && error.message.len() < 500, "{error}");
    server.closed().await;
}

#[tokio::test]
async fn every_phase_has_its_limit() {
    let short = Duration::from_millis(100);
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for (script, limits, expected) in [
        (vec![Step::AwaitClose], HttpOptions { first_byte_timeout: short, ..options() }, "gives no answer at"),
        (
            vec![Step::Send(open_head("text/event-stream")), Step::AwaitClose],
            HttpOptions { first_byte_timeout: short, ..options() },
            "gives no answer at",
        ),
        (
            vec![Step::Send(open_head("text/event-stream")), Step::Send(event.into()), Step::AwaitClose],
            HttpOptions { idle_timeout: short, ..options() },
            "stopped sending for 100 ms",
        ),
    ] {
        let mut server = Server::start([script]).await;
        let model = providers(spec(Dialect::OpenAi, &server.url()), limits).chat(&model()).unwrap();
        let error = outcome(model.chat(hello())).await.error();
        assert!(error.kind == ErrorKind::Timeout && error.message.contains(expected), "{error}");
        server.closed().await;
    }
}

#[tokio::test]
async fn an_answer_that_was_whole_stays_whole_when_the_connection_hangs_behind_it() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let server =
        Server::start([vec![Step::Send(open_head("text/event-stream")), Step::Send(body.into()), Step::AwaitClose]])
            .await;
    let limits = HttpOptions { idle_timeout: Duration::from_millis(100), ..options() };
    let model = providers(spec(Dialect::OpenAi, &server.url()), limits).chat(&model()).unwrap();
    assert_eq!(outcome(model.chat(hello())).await, Outcome { text: "a".into(), end: Ok(EndReason::Complete) });
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let error = with(Dialect::OpenAi, vec![Step::Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Step::Close]).await.error();
    assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
}
