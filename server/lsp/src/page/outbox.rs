//! A page as a reader of its conversation: hands each event to the page's task, without keeping that alive.

use aside_sessions::{Outbox, TurnEvent};
use tokio::sync::mpsc::WeakUnboundedSender;

use super::writer::Post;

/// One page's ear. The session holds it weakly: it ends with the page.
pub(super) struct PageOutbox(pub(super) WeakUnboundedSender<Post>);

impl Outbox for PageOutbox {
    fn ready(&self) -> bool {
        // Text that comes while an edit is under way merges in the task.
        true
    }

    fn send(&self, event: TurnEvent) {
        if let Some(mailbox) = self.0.upgrade() {
            let _gone = mailbox.send(Post::Event(event));
        }
    }
}
