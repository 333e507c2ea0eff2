//! What the tests share besides the server: providers for one address, requests, and answers as plain text.

use std::{ops::ControlFlow, path::Path, sync::Arc, time::Duration};

use aside_model::{
    ChatModel, ChatRequest, EndReason, EventStream, FillModel, FillRequest, Message, ModelError, ModelRef, Role,
    StreamEvent,
};
use aside_providers::{Dialect, HttpOptions, KeySource, Keys, ProviderSpec, Providers, Wanted, builtin};
use aside_secret::Secret;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use serde_json::json;
use tokio::sync::watch;

/// The key that no text may show.
pub(crate) const KEY: &str = "hunter2-without-a-known-shape";

/// Hands out [`KEY`], and can lock.
pub(crate) struct OneKey {
    lock: watch::Sender<u64>,
}

impl OneKey {
    pub(crate) fn new() -> Self {
        Self { lock: watch::Sender::new(0) }
    }

    pub(crate) fn lock(&self) {
        self.lock.send_modify(|locks| *locks += 1);
    }
}

impl Keys for OneKey {
    fn get<'a>(&'a self, _: Wanted<'a>) -> BoxFuture<'a, Result<Secret, ModelError>> {
        async { Ok(Secret::new(KEY.as_bytes().to_vec())) }.boxed()
    }

    fn locks(&self) -> watch::Receiver<u64> {
        self.lock.subscribe()
    }
}

struct NoFiles;

impl builtin::Corpus for NoFiles {
    fn walk(&self, _: &Path, _: &mut dyn FnMut(builtin::CorpusFile) -> ControlFlow<()>) {}

    fn open_files(&self, _: &Path) -> Vec<builtin::OpenFile> {
        Vec::new()
    }
}

pub(crate) fn spec(dialect: Dialect, base_url: &str) -> ProviderSpec {
    ProviderSpec {
        name: "work".into(),
        dialect,
        base_url: base_url.into(),
        key: KeySource::None,
        fim: None,
        allow_http: false,
    }
}

pub(crate) fn keyed(dialect: Dialect, base_url: &str) -> ProviderSpec {
    ProviderSpec { key: KeySource::Keyring, ..spec(dialect, base_url) }
}

/// Short limits, so that nothing hangs for long; long enough for a busy machine.
pub(crate) fn options() -> HttpOptions {
    HttpOptions {
        connect_timeout: Duration::from_secs(5),
        first_byte_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        // Nothing listens there: whoever uses it for loopback fails.
        proxy: Some("http://127.0.0.1:9".into()),
        ca_file: None,
    }
}

pub(crate) fn providers(spec: ProviderSpec, options: HttpOptions) -> Providers {
    providers_with(spec, options, Arc::new(OneKey::new()))
}

pub(crate) fn providers_with(spec: ProviderSpec, options: HttpOptions, keys: Arc<OneKey>) -> Providers {
    let engine = builtin::Engine::new(builtin::Options { threshold: 0.8, max_tokens_indexed: 0 }, Arc::new(NoFiles));
    Providers::new(vec![spec], options, keys, Arc::new(engine))
}

pub(crate) fn model() -> ModelRef {
    "work/m".parse().expect("a reference")
}

pub(crate) fn chat_model(spec: ProviderSpec) -> Arc<dyn ChatModel> {
    providers(spec, options()).chat(&model()).expect("a known provider")
}

pub(crate) fn fill_model(spec: ProviderSpec) -> Arc<dyn FillModel> {
    providers(spec, options()).fill(&model()).expect("a known provider")
}

pub(crate) fn hello() -> ChatRequest {
    ChatRequest { model: "m".into(), messages: vec![Message::new(Role::User, "hello")], ..ChatRequest::default() }
}

pub(crate) fn hole(model: &str) -> FillRequest {
    FillRequest {
        model: model.into(),
        prefix: "let a = ".into(),
        suffix: ";\n".into(),
        max_tokens: 32,
        ..FillRequest::default()
    }
}

/// What an answer came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) end: Result<EndReason, ModelError>,
}

impl Outcome {
    pub(crate) fn error(self) -> ModelError {
        self.end.expect_err("a failure")
    }
}

/// Reads an answer to its end, and holds it to the promise of one end or one error and nothing behind it.
pub(crate) async fn outcome(mut answer: EventStream) -> Outcome {
    let mut text = String::new();
    let end = loop {
        match answer.next().await.expect("an end") {
            Ok(StreamEvent::Text(piece)) => text.push_str(&piece),
            Ok(StreamEvent::Reasoning(_) | StreamEvent::Usage(_)) => {}
            Ok(StreamEvent::End(reason)) => break Ok(reason),
            Err(error) => break Err(error),
        }
    };
    assert_eq!(answer.next().await, None, "something behind the end");
    Outcome { text, end }
}

/// Lets everything that can run in this test run: its runtime has one thread.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// A recorded answer of one dialect.
pub(crate) struct Recording {
    pub(crate) dialect: Dialect,
    pub(crate) media_type: &'static str,
    pub(crate) body: String,
    /// How many bytes of the body must have come before the answer is whole.
    pub(crate) whole_at: usize,
}

/// What every recording says.
pub(crate) const SAID: &str = "Grüße 日本 🦀👩‍👩‍👧 <|x|> \"q\"\n";

/// One answer per dialect, with what real servers put round it: comments, pings, empty deltas, usage.
pub(crate) fn recordings() -> Vec<Recording> {
    let pieces: Vec<String> = SAID.chars().collect::<Vec<_>>().chunks(4).map(|c| c.iter().collect()).collect();
    let events = |messages: Vec<String>| messages.iter().map(|m| format!("data: {m}\n\n")).collect::<String>();
    let openai = |piece: &str| {
        json!({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":piece},"finish_reason":null}]})
            .to_string()
    };
    let finish = json!({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}).to_string();
    let usage = json!({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9}}).to_string();
    let openai_text = format!(": PROCESSING\r\n\r\n{}", events(pieces.iter().map(|p| openai(p)).collect()));
    let finished = format!("{openai_text}data: {finish}");
    let openai_body = format!("{finished}\n\ndata: {usage}\n\ndata: [DONE]\n\n");

    let anthropic = |kind: &str, body: serde_json::Value| format!("event: {kind}\r\ndata: {body}\r\n\r\n");
    let mut anthropic_body = anthropic(
        "message_start",
        json!({"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}),
    );
    anthropic_body += &anthropic("ping", json!({"type":"ping"}));
    for piece in &pieces {
        let delta = json!({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":piece}});
        anthropic_body += &anthropic("content_block_delta", delta);
    }
    anthropic_body += &anthropic(
        "message_delta",
        json!({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}),
    );
    anthropic_body += &anthropic("message_stop", json!({"type":"message_stop"}));

    let ollama =
        |piece: &str| json!({"model":"m","message":{"role":"assistant","content":piece},"done":false}).to_string();
    let mut ollama_body: String = pieces.iter().map(|piece| format!("{}\n", ollama(piece))).collect();
    ollama_body += &format!("{}\n", json!({"message":{"content":""},"done":true,"done_reason":"stop","eval_count":9}));

    vec![
        Recording {
            dialect: Dialect::OpenAi,
            media_type: "text/event-stream",
            whole_at: finished.len(),
            body: openai_body.clone(),
        },
        Recording {
            dialect: Dialect::LlamaCpp,
            media_type: "text/event-stream; charset=utf-8",
            whole_at: finished.len(),
            body: openai_body,
        },
        // The last event counts without the empty line behind it.
        Recording {
            dialect: Dialect::Anthropic,
            media_type: "text/event-stream",
            whole_at: anthropic_body.len() - 4,
            body: anthropic_body,
        },
        Recording {
            dialect: Dialect::Ollama,
            media_type: "application/x-ndjson",
            whole_at: ollama_body.len() - 1,
            body: ollama_body,
        },
    ]
}
