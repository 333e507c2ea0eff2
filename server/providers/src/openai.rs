//! OpenAI's dialect, which most servers speak: chat completions, legacy completions for fills.

pub(crate) mod wire;

use std::sync::Arc;

use aside_model::{ChatModel, ChatRequest, ErrorKind, EventStream, FillModel, FillRequest, ModelError, failed};
use serde::Serialize;

use crate::{
    endpoint::Endpoint,
    exchange::{Call, stream},
    families::{self, Family},
    fill::{self, Way},
    framing::Style,
    retry::Patience,
};

/// A provider that speaks it.
pub(crate) struct OpenAi(pub(crate) Arc<Endpoint>);

impl ChatModel for OpenAi {
    fn chat(&self, request: ChatRequest) -> EventStream {
        chat(&self.0, &request, Patience::of(&request))
    }
}

impl FillModel for OpenAi {
    fn fill(&self, request: FillRequest) -> EventStream {
        let endpoint = &self.0;
        if let Some(path) = families::fill_path(endpoint.address.domain())
            && endpoint.fim.is_none()
        {
            return by_server(endpoint, path, &request);
        }
        match fill::way(endpoint.fim.as_deref(), &request.model, Way::Chat) {
            Err(why) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, why)),
            Ok(Way::Server) => by_server(endpoint, "completions", &request),
            Ok(Way::Family(family)) if !endpoint.cannot_fill(&request.model) => by_family(endpoint, family, request),
            Ok(Way::Family(_) | Way::Chat) => by_chat(endpoint, &request),
        }
    }
}

/// Streams the answer to a conversation; llama.cpp speaks this too.
pub(crate) fn chat(endpoint: &Arc<Endpoint>, request: &ChatRequest, patience: Patience) -> EventStream {
    let body = wire::ChatBody::new(request, &families::chat(&request.model));
    post(endpoint, "chat/completions", &body, patience)
}

/// Asks a chat model for the hole's text.
pub(crate) fn by_chat(endpoint: &Arc<Endpoint>, request: &FillRequest) -> EventStream {
    let raw = chat(endpoint, &fill::hole::question(request), Patience::Keystroke);
    fill::shaped(raw, fill::hole::answer(request))
}

/// Sends the family's prompt to legacy completions, and asks as a chat where the server has none.
fn by_family(endpoint: &Arc<Endpoint>, family: &'static Family, request: FillRequest) -> EventStream {
    let prompt = fill::prompt::prompt(family, &request);
    let raw = complete(endpoint, "completions", &request, (&prompt, None), &fill::stops(&request, Some(family)));
    let shape = fill::filter(&request, Some(family));
    let endpoint = Arc::clone(endpoint);
    fill::or_else(fill::shaped(raw, shape), move |error| {
        is_missing(error).then(|| {
            endpoint.remember_cannot_fill(&request.model);
            by_chat(&endpoint, &request)
        })
    })
}

/// Sends prefix and suffix as they are; the server knows how its models read them.
fn by_server(endpoint: &Arc<Endpoint>, path: &str, request: &FillRequest) -> EventStream {
    let texts = (request.prefix.as_str(), Some(request.suffix.as_str()));
    let raw = complete(endpoint, path, request, texts, &fill::stops(request, None));
    fill::shaped(raw, fill::filter(request, families::by_model(&request.model)))
}

fn complete(
    endpoint: &Arc<Endpoint>,
    path: &str,
    request: &FillRequest,
    (prompt, suffix): (&str, Option<&str>),
    stop: &[String],
) -> EventStream {
    let body = wire::CompletionBody {
        model: &request.model,
        prompt,
        suffix,
        max_tokens: request.max_tokens,
        stream: true,
        stop,
        temperature: 0.0,
    };
    post(endpoint, path, &body, Patience::Keystroke)
}

/// Whether the server has no such path (and not: no such model).
fn is_missing(error: &ModelError) -> bool {
    error.kind == ErrorKind::Protocol && [" (404)", " (405)"].iter().any(|status| error.message.contains(status))
}

fn post(endpoint: &Arc<Endpoint>, path: &str, body: &impl Serialize, patience: Patience) -> EventStream {
    match serde_json::to_vec(body) {
        Ok(body) => stream(Call {
            endpoint: Arc::clone(endpoint),
            url: endpoint.address.versioned(path),
            body: body.into(),
            style: Style::Events,
            wire: Box::new(wire::Reader::default()),
            patience,
        }),
        Err(error) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, error)),
    }
}
