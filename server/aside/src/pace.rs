//! Slows an answer down to a pause before each line, so that it can be watched, and interrupted in the middle.

use std::{sync::Arc, time::Duration};

use aside_model::{ChatModel, ChatRequest, EventStream, ModelError, StreamEvent};
use futures_util::{StreamExt, stream};

/// A model whose lines come one after the other.
pub(crate) struct Paced {
    model: Arc<dyn ChatModel>,
    pause: Duration,
}

impl Paced {
    /// `model` with `pause` before each line.
    pub(crate) fn new(model: Arc<dyn ChatModel>, pause: Duration) -> Self {
        Self { model, pause }
    }
}

impl ChatModel for Paced {
    fn chat(&self, request: ChatRequest) -> EventStream {
        let pause = self.pause;
        let lines = self.model.chat(request).flat_map(|event| stream::iter(lines_of(event)));
        lines
            .then(move |event| async move {
                tokio::time::sleep(pause).await;
                event
            })
            .boxed()
    }
}

fn lines_of(event: Result<StreamEvent, ModelError>) -> Vec<Result<StreamEvent, ModelError>> {
    match event {
        Ok(StreamEvent::Text(text)) => {
            text.split_inclusive('\n').map(|line| Ok(StreamEvent::Text(line.to_owned()))).collect()
        }
        other => vec![other],
    }
}
