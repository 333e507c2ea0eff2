//! The dialect of llama.cpp's server: its own `/infill` and `/completion` for fills, the OpenAI wire for chat.

pub(crate) mod wire;

use std::sync::Arc;

use aside_model::{
    ChatModel, ChatRequest, ErrorKind, EventStream, FillModel, FillRequest, ModelError, Snippet, failed,
};
use serde::Serialize;

use crate::{
    endpoint::Endpoint,
    exchange::{Call, stream},
    families::{self, Family},
    fill::{self, Way},
    framing::Style,
    openai,
    retry::Patience,
};

/// A provider that speaks it.
pub(crate) struct LlamaCpp(pub(crate) Arc<Endpoint>);

impl ChatModel for LlamaCpp {
    fn chat(&self, request: ChatRequest) -> EventStream {
        openai::chat(&self.0, &request, Patience::of(&request))
    }
}

impl FillModel for LlamaCpp {
    fn fill(&self, request: FillRequest) -> EventStream {
        let endpoint = &self.0;
        // The server reads its model's special tokens from the model file, which beats guessing by name.
        let way = match endpoint.fim.as_deref() {
            None => Ok(Way::Server),
            fim => fill::way(fim, &request.model, Way::Server),
        };
        match way {
            Err(why) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, why)),
            Ok(Way::Family(family)) => by_family(endpoint, family, &request),
            Ok(Way::Server) if !endpoint.cannot_fill(&request.model) => by_server(endpoint, request),
            Ok(Way::Server | Way::Chat) => openai::by_chat(endpoint, &request),
        }
    }
}

fn by_family(endpoint: &Arc<Endpoint>, family: &'static Family, request: &FillRequest) -> EventStream {
    let stop = fill::stops(request, Some(family));
    let body = wire::CompletionBody {
        prompt: &fill::prompt::prompt(family, request),
        model: &request.model,
        sampling: wire::Sampling::new(request.max_tokens, &stop),
    };
    fill::shaped(post(endpoint, "completion", &body), fill::filter(request, Some(family)))
}

/// Lets the server write the prompt; where its model has no tokens for that, asks as a chat, and remembers.
fn by_server(endpoint: &Arc<Endpoint>, request: FillRequest) -> EventStream {
    let stop = fill::stops(&request, None);
    let body = wire::InfillBody {
        input_prefix: &request.prefix,
        input_suffix: &request.suffix,
        input_extra: request
            .snippets
            .iter()
            .map(|Snippet { path, text }| wire::Extra { filename: path, text })
            .collect(),
        model: &request.model,
        prompt: "",
        sampling: wire::Sampling::new(request.max_tokens, &stop),
    };
    let raw = post(endpoint, "infill", &body);
    let shape = fill::filter(&request, families::by_model(&request.model));
    let endpoint = Arc::clone(endpoint);
    fill::or_else(fill::shaped(raw, shape), move |error| {
        cannot_infill(error).then(|| {
            endpoint.remember_cannot_fill(&request.model);
            openai::by_chat(&endpoint, &request)
        })
    })
}

fn cannot_infill(error: &ModelError) -> bool {
    error.message.to_ascii_lowercase().contains("infill is not supported")
}

fn post(endpoint: &Arc<Endpoint>, path: &str, body: &impl Serialize) -> EventStream {
    match serde_json::to_vec(body) {
        Ok(body) => stream(Call {
            endpoint: Arc::clone(endpoint),
            url: endpoint.address.beside(path),
            body: body.into(),
            style: Style::Events,
            wire: Box::new(wire::Reader::default()),
            patience: Patience::Keystroke,
        }),
        Err(error) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, error)),
    }
}
