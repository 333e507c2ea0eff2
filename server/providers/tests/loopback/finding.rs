//! Which providers there are, which servers run, and what they have.

use std::time::{Duration, Instant};

use aside_model::ErrorKind;
use aside_providers::{Dialect, Found};

use crate::{
    server::{Server, Step, answer, streamed},
    setting::{keyed, model, options, providers, spec},
};

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn a_running_server_is_found_with_its_models() {
    for (dialect, line, body) in [
        (Dialect::Ollama, "GET /api/tags", r#"{"models":[{"name":"a:1b"},{"name":"b"}]}"#),
        (Dialect::LlamaCpp, "GET /v1/models", r#"{"object":"list","data":[{"id":"a:1b"},{"id":"b"}]}"#),
        (Dialect::OpenAi, "GET /v1/models", r#"{"data":[{"id":"a:1b"},{"id":"b"}]}"#),
    ] {
        let mut server = Server::start([answer("200 OK", JSON, body)]).await;
        let found = providers(spec(dialect, &server.url()), options()).discover().await;
        let models = vec!["a:1b".to_owned(), "b".to_owned()];
        assert_eq!(found, [Found { provider: "work".into(), address: server.url(), models }]);
        let seen = server.request().await;
        assert_eq!((seen.line(), seen.header("authorization")), (line, None));
    }
}

#[tokio::test]
async fn what_is_no_model_server_or_does_not_answer_is_not_found() {
    for script in [
        answer("200 OK", JSON, r#"{"hello":1}"#),
        answer("200 OK", "", "<html>"),
        answer("404 No", "", ""),
        vec![Step::AwaitClose],
    ] {
        let server = Server::start([script]).await;
        let asked = Instant::now();
        assert_eq!(providers(spec(Dialect::OpenAi, &server.url()), options()).discover().await, []);
        assert!(asked.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn only_this_machine_is_searched_and_no_key_is_used() {
    let server = Server::start([]).await;
    assert_eq!(providers(keyed(Dialect::OpenAi, &server.url()), options()).discover().await, []);
    assert_eq!(providers(spec(Dialect::OpenAi, "https://192.0.2.1/v1"), options()).discover().await, []);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn models_are_listed_or_the_failure_is_told() {
    let server = Server::start([
        answer("200 OK", JSON, r#"{"data":[{"id":"a"}]}"#),
        answer("401 No", JSON, "{}"),
        answer("200 OK", JSON, "[]"),
    ])
    .await;
    let providers = providers(keyed(Dialect::Anthropic, &server.url()), options());
    assert_eq!(providers.models("work").await, Ok(vec!["a".to_owned()]));
    assert_eq!(providers.models("work").await.unwrap_err().kind, ErrorKind::Auth);
    assert_eq!(providers.models("work").await.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn a_probe_tells_how_long_the_first_word_takes() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"ready\"}}]}\n\n";
    let mut server =
        Server::start([streamed("text/event-stream", body), answer("404 No", JSON, r#"{"error":"model not found"}"#)])
            .await;
    let providers = providers(spec(Dialect::OpenAi, &server.url()), options());
    assert!(providers.probe(&model()).await.unwrap() < Duration::from_secs(5));
    assert_eq!(server.request().await.json()["max_tokens"], 16);
    assert_eq!(providers.probe(&model()).await.unwrap_err().kind, ErrorKind::ModelNotFound);
}

#[tokio::test]
async fn an_unknown_provider_is_refused_with_the_known_ones() {
    let providers = providers(spec(Dialect::OpenAi, "http://127.0.0.1:1"), options());
    let Err(error) = providers.chat(&"wrk/m".parse().unwrap()) else { panic!("known") };
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("no provider `wrk`") && error.message.ends_with("use one of work"), "{error}");
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_told_when_it_is_asked_for() {
    let providers = providers(spec(Dialect::OpenAi, "ftp://h"), options());
    let Err(error) = providers.fill(&model()) else { panic!("usable") };
    assert_eq!(error.message, "`work`: `base_url` begins with `ftp:`; write http or https");
    assert_eq!(providers.discover().await, []);
}
