//! A key goes to its own origin, in the right header, and into no text.

use aside_model::{EndReason, ErrorKind};
use aside_providers::{Dialect, ProviderSpec};

use crate::{
    server::{Server, answer, streamed},
    setting::{KEY, chat_model, hello, keyed, model, options, outcome, providers, recordings, spec},
};

#[tokio::test]
async fn each_dialect_has_its_header_and_no_key_means_no_header() {
    for recording in recordings() {
        let stream = || streamed(recording.media_type, &recording.body);
        let mut server = Server::start([stream(), stream()]).await;
        for (spec, key) in
            [(keyed(recording.dialect, &server.url()), Some(KEY)), (spec(recording.dialect, &server.url()), None)]
        {
            assert_eq!(outcome(chat_model(spec).chat(hello())).await.end, Ok(EndReason::Complete));
            let seen = server.request().await;
            let sent = match recording.dialect {
                Dialect::Anthropic => seen.header("x-api-key"),
                _ => seen.header("authorization").and_then(|value| value.strip_prefix("Bearer ")),
            };
            assert_eq!(sent, key, "{:?}", recording.dialect);
            assert_eq!(seen.head.matches(KEY).count(), usize::from(key.is_some()));
            assert_eq!(seen.header("accept-encoding"), None);
            assert_eq!(seen.header("referer"), None);
        }
    }
}

#[tokio::test]
async fn a_key_that_a_provider_echoes_is_in_no_text() {
    for recording in recordings() {
        for script in [
            answer("401 Unauthorized", "", &format!("bad key {KEY}")),
            answer(
                "400 Bad Request",
                &format!("x-echo: {KEY}\r\n"),
                &format!(r#"{{"error":{{"message":"Bearer {KEY} is wrong"}}}}"#),
            ),
            answer("302 Found", &format!("location: http://127.0.0.1:9/?key={KEY}\r\n"), ""),
            streamed(
                "text/event-stream",
                &format!("data: {{\"type\":\"error\",\"error\":{{\"message\":\"{KEY}\"}}}}\n\n"),
            ),
            streamed("application/x-ndjson", &format!("{{\"error\":\"{KEY}\"}}\n")),
        ] {
            let server = Server::start([script]).await;
            let error = outcome(chat_model(keyed(recording.dialect, &server.url())).chat(hello())).await.error();
            assert!(!format!("{error:?} {}", error.hint()).contains("hunter2"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_key_is_not_sent_over_plain_http_to_another_machine() {
    // A documentation address: nothing may be sent there, so nothing may hang either.
    let error = outcome(chat_model(keyed(Dialect::OpenAi, "http://192.0.2.1:8000/v1")).chat(hello())).await.error();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("http://192.0.2.1:8000") && error.message.contains("allow_http"), "{error}");
}

#[tokio::test]
async fn what_is_allowed_over_plain_http_goes_through_the_proxy_and_loopback_never_does() {
    let mut proxy = Server::start([streamed("text/event-stream", "data: [DONE]\n\n")]).await;
    let direct = Server::start([streamed("text/event-stream", "data: [DONE]\n\n")]).await;
    let through = aside_providers::HttpOptions { proxy: Some(proxy.url()), ..options() };
    let allowed = ProviderSpec { allow_http: true, ..keyed(Dialect::OpenAi, "http://192.0.2.1:8000/v1") };
    let remote = providers(allowed, through.clone()).chat(&model()).unwrap();
    assert_eq!(outcome(remote.chat(hello())).await.end, Ok(EndReason::Complete));
    assert_eq!(proxy.request().await.line(), "POST http://192.0.2.1:8000/v1/chat/completions");
    let local = providers(spec(Dialect::OpenAi, &direct.url()), through).chat(&model()).unwrap();
    assert_eq!(outcome(local.chat(hello())).await.end, Ok(EndReason::Complete));
    assert_eq!((proxy.connections(), direct.connections()), (1, 1));
}
