//! Anthropic's dialect: the messages API. A hole is filled by asking for its text.

pub(crate) mod wire;

use std::sync::Arc;

use aside_model::{ChatModel, ChatRequest, ErrorKind, EventStream, FillModel, FillRequest, failed};

use crate::{
    endpoint::Endpoint,
    exchange::{Call, stream},
    fill,
    framing::Style,
    retry::Patience,
};

/// A provider that speaks it.
pub(crate) struct Anthropic(pub(crate) Arc<Endpoint>);

impl ChatModel for Anthropic {
    fn chat(&self, request: ChatRequest) -> EventStream {
        self.messages(&request, Patience::of(&request))
    }
}

impl FillModel for Anthropic {
    fn fill(&self, request: FillRequest) -> EventStream {
        let raw = self.messages(&fill::hole::question(&request), Patience::Keystroke);
        fill::shaped(raw, fill::hole::answer(&request))
    }
}

impl Anthropic {
    fn messages(&self, request: &ChatRequest, patience: Patience) -> EventStream {
        let endpoint = &self.0;
        match serde_json::to_vec(&wire::MessagesBody::new(request)) {
            Ok(body) => stream(Call {
                endpoint: Arc::clone(endpoint),
                url: endpoint.address.versioned("messages"),
                body: body.into(),
                style: Style::Events,
                wire: Box::new(wire::Reader::default()),
                patience,
            }),
            Err(error) => failed(endpoint.peer().error(ErrorKind::InvalidRequest, error)),
        }
    }
}
