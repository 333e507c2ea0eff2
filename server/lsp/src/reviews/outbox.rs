//! Listens to one turn of a conversation, and hands its whole answer on when it ends.

use std::sync::Arc;

use aside_sessions::{End, Event, Outbox, TurnEvent, TurnId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Reviewing;
use crate::backend::{Backend, Shared};

/// Passes on what it hears.
struct ReviewOutbox(UnboundedSender<TurnEvent>);

impl Outbox for ReviewOutbox {
    fn ready(&self) -> bool {
        true
    }

    fn send(&self, event: TurnEvent) {
        let _nobody_waits_any_more = self.0.send(event);
    }
}

/// Hears a conversation until it is told which turn counts, and that turn to its end. Dropped, it hears nothing more.
pub(crate) struct Watch {
    /// The sessions hold it weakly.
    pub(super) outbox: Arc<dyn Outbox>,
    heard: UnboundedReceiver<TurnEvent>,
    reviewing: Reviewing,
}

impl Watch {
    pub(super) fn new(reviewing: Reviewing) -> Self {
        let (sender, heard) = unbounded_channel();
        Self { outbox: Arc::new(ReviewOutbox(sender)), heard, reviewing }
    }

    /// The review is the turn `turn`: its findings are told once it has ended.
    pub(crate) fn of(self, backend: &Backend, turn: TurnId) {
        let weak = backend.downgrade();
        tokio::spawn(async move {
            let Self { outbox, heard, reviewing } = self;
            let answer = listen(heard, turn).await;
            drop(outbox);
            if let (Some(answer), Some(backend)) = (answer, weak.upgrade()) {
                let backend: &Shared = &backend;
                backend.reviews.take(backend, &reviewing, &answer);
            }
        });
    }
}

/// What `turn` said, where it said it whole.
async fn listen(mut heard: UnboundedReceiver<TurnEvent>, turn: TurnId) -> Option<String> {
    let mut answer = String::new();
    while let Some(event) = heard.recv().await {
        if event.turn != turn {
            continue;
        }
        match event.event {
            Event::Delta(text) => answer.push_str(&text),
            Event::End { reason: End::Complete, .. } => return Some(answer),
            // Half a review may lack what matters most: it stands in the conversation, and no diagnostic claims to be all.
            Event::End { .. } => return None,
            Event::Asked { .. } | Event::Reasoning(_) | Event::Usage(_) | Event::Notice(_) => {}
        }
    }
    None
}
