//! Carries the events of conversations to the editor as `aside/chat/event`.

use aside_sessions::{Outbox, TurnEvent};

use crate::{
    convert,
    transport::{Outgoing, Pressure},
};

/// The method of the notification.
pub(crate) const CHAT_EVENT: &str = "aside/chat/event";

/// One editor's connection as the sessions see it. They hold it weakly: it ends with the connection.
pub(crate) struct EditorOutbox {
    outgoing: Outgoing,
    pressure: Pressure,
}

impl EditorOutbox {
    /// An outbox that sends through `outgoing`.
    pub(crate) fn new(outgoing: Outgoing) -> Self {
        Self { pressure: outgoing.pressure(), outgoing }
    }
}

impl Outbox for EditorOutbox {
    fn ready(&self) -> bool {
        self.pressure.ready()
    }

    fn send(&self, event: TurnEvent) {
        self.outgoing.notify(CHAT_EVENT, &convert::event(event));
    }
}
