//! Ollama's own dialect. Its OpenAI-compatible one cannot set the context size, and then cuts prompts silently.

pub(crate) mod wire;

use std::sync::Arc;

use aside_model::{ChatModel, ChatRequest, ErrorKind, EventStream, FillModel, FillRequest, ModelError, failed};
use serde::Serialize;

use crate::{
    endpoint::Endpoint,
    exchange::{Call, stream},
    families,
    fill::{self, Way},
    framing::Style,
    retry::Patience,
};

/// A provider that speaks it.
pub(crate) struct Ollama(pub(crate) Arc<Endpoint>);

impl ChatModel for Ollama {
    fn chat(&self, request: ChatRequest) -> EventStream {
        chat(&self.0, &request, Patience::of(&request))
    }
}

impl FillModel for Ollama {
    fn fill(&self, request: FillRequest) -> EventStream {
        let endpoint = &self.0;
        match fill::way(endpoint.fim.as_deref(), &request.model, Way::Server) {
            Err(why) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, why)),
            Ok(Way::Family(family)) => {
                let prompt = fill::prompt::prompt(family, &request);
                let stop = fill::stops(&request, Some(family));
                let raw = generate(endpoint, &request, &prompt, None, &stop);
                fill::shaped(raw, fill::filter(&request, Some(family)))
            }
            Ok(Way::Server) if !endpoint.cannot_fill(&request.model) => by_server(endpoint, request),
            Ok(Way::Server | Way::Chat) => by_chat(endpoint, &request),
        }
    }
}

fn chat(endpoint: &Arc<Endpoint>, request: &ChatRequest, patience: Patience) -> EventStream {
    post(endpoint, "api/chat", &wire::ChatBody::new(request), patience)
}

fn by_chat(endpoint: &Arc<Endpoint>, request: &FillRequest) -> EventStream {
    let raw = chat(endpoint, &fill::hole::question(request), Patience::Keystroke);
    fill::shaped(raw, fill::hole::answer(request))
}

/// Lets the model's own template write the prompt; where it has none for this, asks as a chat, and remembers.
fn by_server(endpoint: &Arc<Endpoint>, request: FillRequest) -> EventStream {
    let stop = fill::stops(&request, None);
    let raw = generate(endpoint, &request, &request.prefix, Some(&request.suffix), &stop);
    let shape = fill::filter(&request, families::by_model(&request.model));
    let endpoint = Arc::clone(endpoint);
    fill::or_else(fill::shaped(raw, shape), move |error| {
        cannot_insert(error).then(|| {
            endpoint.remember_cannot_fill(&request.model);
            by_chat(&endpoint, &request)
        })
    })
}

fn cannot_insert(error: &ModelError) -> bool {
    error.kind == ErrorKind::InvalidRequest && error.message.contains("does not support insert")
}

fn generate(
    endpoint: &Arc<Endpoint>,
    request: &FillRequest,
    prompt: &str,
    suffix: Option<&str>,
    stop: &[String],
) -> EventStream {
    let bytes = prompt.len() + suffix.map_or(0, str::len);
    let body = wire::GenerateBody {
        model: &request.model,
        prompt,
        suffix,
        raw: suffix.is_none(),
        stream: true,
        options: wire::Options::fill(bytes, request.max_tokens, stop),
    };
    post(endpoint, "api/generate", &body, Patience::Keystroke)
}

fn post(endpoint: &Arc<Endpoint>, path: &str, body: &impl Serialize, patience: Patience) -> EventStream {
    match serde_json::to_vec(body) {
        Ok(body) => stream(Call {
            endpoint: Arc::clone(endpoint),
            url: endpoint.address.beside(path),
            body: body.into(),
            style: Style::Lines,
            wire: Box::new(wire::Reader::default()),
            patience,
        }),
        Err(error) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, error)),
    }
}
