//! The engine behind the traits of every other model.
//!
//! Owns moving the work off the runtime's workers and turning its result into a stream. It decides nothing about the text.

use std::sync::Arc;

use aside_model::{
    ChatModel, ChatRequest, EndReason, ErrorKind, EventStream, FillModel, FillRequest, ModelError, StreamEvent,
};
use futures_util::stream::{self, StreamExt};

use super::{
    Engine, answer,
    fill::{Ask, MAX_TOKENS},
    nearby::Nearby,
};

/// The engine as a model.
pub(super) struct Face(Arc<Engine>);

impl Face {
    /// The model that `engine` is.
    pub(super) fn of(engine: &Arc<Engine>) -> Self {
        Self(Arc::clone(engine))
    }
}

impl FillModel for Face {
    fn fill(&self, request: FillRequest) -> EventStream {
        let engine = Arc::clone(&self.0);
        pieces(move |wanted| {
            if !wanted() {
                return Vec::new();
            }
            let text = engine.fill(&request);
            if text.is_empty() { Vec::new() } else { vec![text] }
        })
    }
}

impl ChatModel for Face {
    fn chat(&self, request: ChatRequest) -> EventStream {
        let corpus = Arc::clone(&self.0.means.corpus);
        pieces(move |wanted| answer::answer(&*corpus, request.workspace.as_deref(), &request.question, wanted))
    }
}

impl Engine {
    fn fill(&self, request: &FillRequest) -> String {
        // Nobody asks for no tokens at all: zero is a request that left the number out.
        let tokens = usize::try_from(request.max_tokens).ok().filter(|&tokens| tokens > 0).unwrap_or(MAX_TOKENS);
        let ask = Ask { threshold: self.threshold, tokens };
        match &request.workspace {
            Some(root) => self.room(root).fill(request, &self.means, ask),
            None => Nearby::default().fill(&Arc::default(), Vec::new(), request, ask),
        }
    }
}

/// A stream of what `work` gives, which runs on a thread that may block once the stream is polled. `work` can ask whether
/// anybody still wants the result.
fn pieces(work: impl FnOnce(&(dyn Fn() -> bool + Send + Sync)) -> Vec<String> + Send + 'static) -> EventStream {
    let found = async move {
        let stream = Arc::new(());
        let seen = Arc::downgrade(&stream);
        let work = move || work(&move || seen.strong_count() > 0);
        let found = match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await,
            Err(_) => Ok(work()), // a caller without a runtime has no worker to keep free
        };
        drop(stream);
        match found {
            Ok(pieces) => {
                let text = pieces.into_iter().map(|piece| Ok(StreamEvent::Text(piece)));
                stream::iter(text.chain([Ok(StreamEvent::End(EndReason::Complete))]).collect::<Vec<_>>())
            }
            Err(_) => {
                let message = "the built-in engine failed on this text";
                stream::iter(vec![Err(ModelError::new(ErrorKind::Provider, "builtin", message))])
            }
        }
    };
    stream::once(found).flatten().boxed()
}
