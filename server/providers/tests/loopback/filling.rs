//! Fills: which request goes where, and that nothing but the hole's text comes back.

use aside_model::{EndReason, ErrorKind, FillRequest, Snippet};
use aside_providers::{Dialect, ProviderSpec};
use serde_json::json;

use crate::{
    server::{Server, answer, streamed},
    setting::{Outcome, fill_model, hole, outcome, spec},
};

fn with_fim(fim: &str, spec: ProviderSpec) -> ProviderSpec {
    ProviderSpec { fim: Some(fim.into()), ..spec }
}

fn complete(text: &str) -> Outcome {
    Outcome { text: text.into(), end: Ok(EndReason::Complete) }
}

const COMPLETION: &str = "data: {\"choices\":[{\"text\":\"4\",\"index\":0}]}\n\ndata: {\"choices\":[{\"text\":\"2<|fim\",\"index\":0}]}\n\ndata: {\"choices\":[{\"text\":\"_pad|>x\",\"index\":0}]}\n\n";
const CHAT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"<COMPLETION>4\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"2</COMPLETION>\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

#[tokio::test]
async fn a_known_family_is_asked_by_its_prompt_over_legacy_completions() {
    let mut server = Server::start([streamed("text/event-stream", COMPLETION)]).await;
    let request = FillRequest { single_line: true, ..hole("qwen2.5-coder:7b") };
    let filled = outcome(fill_model(spec(Dialect::OpenAi, &server.url())).fill(request)).await;
    assert_eq!(filled, complete("42"));
    let seen = server.request().await;
    assert_eq!(seen.line(), "POST /v1/completions");
    assert_eq!(
        seen.json(),
        json!({"model":"qwen2.5-coder:7b","prompt":"<|fim_prefix|>let a = <|fim_suffix|>;\n<|fim_middle|>","max_tokens":32,
            "stream":true,"stop":["\n","<|endoftext|>","<|file_sep|>","<|fim_prefix|>"],"temperature":0.0})
    );
}

#[tokio::test]
async fn a_chat_model_is_asked_for_the_holes_text() {
    let mut server = Server::start([streamed("text/event-stream", CHAT)]).await;
    let filled = outcome(fill_model(spec(Dialect::OpenAi, &server.url())).fill(hole("gpt-4o-mini"))).await;
    assert_eq!(filled, complete("42"));
    let seen = server.request().await;
    assert_eq!(seen.line(), "POST /v1/chat/completions");
    assert_eq!(seen.json()["messages"][1]["content"], "let a = {{FILL_HERE}};\n");
}

#[tokio::test]
async fn a_server_without_completions_is_asked_as_a_chat_and_remembered() {
    let missing = answer("404 Not Found", "", "404 page not found");
    let chat = || streamed("text/event-stream", CHAT);
    let mut server = Server::start([missing, chat(), chat()]).await;
    let model = fill_model(spec(Dialect::OpenAi, &server.url()));
    for expected in [&["POST /v1/completions", "POST /v1/chat/completions"][..], &["POST /v1/chat/completions"]] {
        assert_eq!(outcome(model.fill(hole("codestral"))).await, complete("42"));
        for line in expected {
            assert_eq!(server.request().await.line(), *line);
        }
    }
}

#[tokio::test]
async fn the_setting_decides_over_the_models_name() {
    let mut server = Server::start([
        streamed("text/event-stream", "data: [DONE]\n\n"),
        streamed("text/event-stream", "data: [DONE]\n\n"),
    ])
    .await;
    let url = server.url();
    outcome(fill_model(with_fim("codellama", spec(Dialect::OpenAi, &url))).fill(hole("my-model"))).await;
    assert_eq!(server.request().await.json()["prompt"], "<PRE> let a =  <SUF>;\n <MID>");
    outcome(fill_model(with_fim("server", spec(Dialect::OpenAi, &url))).fill(hole("my-model"))).await;
    let body = server.request().await.json();
    assert_eq!((&body["prompt"], &body["suffix"]), (&json!("let a = "), &json!(";\n")));
    let error = outcome(fill_model(with_fim("qwen", spec(Dialect::OpenAi, &url))).fill(hole("m"))).await.error();
    assert!(error.kind == ErrorKind::InvalidRequest && error.message.contains("qwen-coder"), "{error}");
}

#[tokio::test]
async fn anthropic_is_asked_for_the_holes_text() {
    let body = "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"<COMPLETION>42</COMP\"}}\n\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"LETION>\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    let mut server = Server::start([streamed("text/event-stream", body)]).await;
    let filled = outcome(fill_model(spec(Dialect::Anthropic, &server.url())).fill(hole("claude"))).await;
    assert_eq!(filled, complete("42"));
    let seen = server.request().await;
    assert_eq!((seen.line(), seen.header("anthropic-version")), ("POST /v1/messages", Some("2023-06-01")));
    assert_eq!(seen.json()["max_tokens"], 48);
}

#[tokio::test]
async fn ollama_gets_a_raw_prompt_for_a_known_family() {
    let body = "{\"response\":\"42\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\"}\n";
    let mut server = Server::start([streamed("application/x-ndjson", body)]).await;
    let filled = outcome(fill_model(spec(Dialect::Ollama, &server.url())).fill(hole("starcoder2:3b"))).await;
    assert_eq!(filled, complete("42"));
    let seen = server.request().await;
    assert_eq!(seen.line(), "POST /api/generate");
    assert_eq!(
        seen.json(),
        json!({"model":"starcoder2:3b","prompt":"<fim_prefix>let a = <fim_suffix>;\n<fim_middle>","raw":true,"stream":true,
            "options":{"num_ctx":8192,"num_predict":32,"temperature":0.0,
                "stop":["<|endoftext|>","<file_sep>","<fim_prefix>","<repo_name>"]}})
    );
}

#[tokio::test]
async fn ollama_writes_the_prompt_of_other_models_and_those_that_cannot_are_asked_as_a_chat() {
    let refused = answer(
        "400 Bad Request",
        "content-type: application/json\r\n",
        r#"{"error":"\"registry/llama3\" does not support insert"}"#,
    );
    let chat = "{\"message\":{\"content\":\"<COMPLETION>42</COMPLETION>\"},\"done\":false}\n{\"done\":true}\n";
    let chat = || streamed("application/x-ndjson", chat);
    let mut server = Server::start([refused, chat(), chat()]).await;
    let model = fill_model(spec(Dialect::Ollama, &server.url()));
    assert_eq!(outcome(model.fill(hole("llama3"))).await, complete("42"));
    let body = server.request().await.json();
    assert_eq!((&body["prompt"], &body["suffix"], &body["raw"]), (&json!("let a = "), &json!(";\n"), &json!(false)));
    assert_eq!(server.request().await.line(), "POST /api/chat");
    assert_eq!(outcome(model.fill(hole("llama3"))).await, complete("42"));
    assert_eq!(server.request().await.line(), "POST /api/chat");
}

const NATIVE: &str = "data: {\"content\":\"4\",\"stop\":false}\n\ndata: {\"content\":\"2\",\"stop\":false}\n\ndata: {\"content\":\"\",\"stop\":true,\"stop_type\":\"limit\",\"tokens_predicted\":2,\"tokens_evaluated\":5}\n\n";

#[tokio::test]
async fn llama_cpp_writes_the_prompt_itself_with_the_other_files() {
    let mut server = Server::start([streamed("text/event-stream", NATIVE)]).await;
    let request = FillRequest {
        snippets: vec![Snippet { path: "b.rs".into(), text: "B".into() }],
        single_line: true,
        ..hole("qwen2.5-coder")
    };
    let filled = outcome(fill_model(spec(Dialect::LlamaCpp, &format!("{}/v1", server.url()))).fill(request)).await;
    assert_eq!(filled, Outcome { text: "42".into(), end: Ok(EndReason::Length) });
    let seen = server.request().await;
    assert_eq!(seen.line(), "POST /infill");
    assert_eq!(
        seen.json(),
        json!({"input_prefix":"let a = ","input_suffix":";\n","input_extra":[{"filename":"b.rs","text":"B"}],"prompt":"",
            "model":"qwen2.5-coder","n_predict":32,"stream":true,"cache_prompt":true,"temperature":0.0,"stop":["\n"]})
    );
}

#[tokio::test]
async fn llama_cpp_takes_our_prompt_where_the_setting_says_so() {
    let mut server = Server::start([streamed("text/event-stream", NATIVE)]).await;
    let model = fill_model(with_fim("codestral", spec(Dialect::LlamaCpp, &server.url())));
    assert_eq!(outcome(model.fill(hole("m"))).await.text, "42");
    let seen = server.request().await;
    assert_eq!((seen.line(), &seen.json()["prompt"]), ("POST /completion", &json!("[SUFFIX];\n[PREFIX]let a = ")));
}

#[tokio::test]
async fn llama_cpp_without_the_tokens_is_asked_as_a_chat() {
    let refused = answer(
        "501 Not Implemented",
        "content-type: application/json\r\n",
        r#"{"error":{"code":501,"message":"Infill is not supported by this model: prefix token is missing.","type":"not_supported_error"}}"#,
    );
    let mut server = Server::start([refused, streamed("text/event-stream", CHAT)]).await;
    assert_eq!(outcome(fill_model(spec(Dialect::LlamaCpp, &server.url())).fill(hole("m"))).await, complete("42"));
    assert_eq!(server.request().await.line(), "POST /infill");
    assert_eq!(server.request().await.line(), "POST /v1/chat/completions");
}

#[tokio::test]
async fn a_fill_that_is_cut_keeps_its_text_and_says_so() {
    let body = "{\"response\":\"4\",\"done\":false}\n{\"resp";
    let server = Server::start([streamed("application/x-ndjson", body)]).await;
    let filled = outcome(fill_model(spec(Dialect::Ollama, &server.url())).fill(hole("codellama"))).await;
    assert_eq!(filled, Outcome { text: "4".into(), end: Ok(EndReason::Truncated) });
}
