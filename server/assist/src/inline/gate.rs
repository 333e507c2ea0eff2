//! The newest request per document wins.
//!
//! Owns who is newest; what an overtaken request answers is the caller's business. No clock: the instant comes in.

use std::{sync::Arc, time::Duration};

use dashmap::DashMap;
use tokio::{sync::watch, time::Instant};

/// Admits requests and tells the older ones of the same document that they were overtaken.
#[derive(Default)]
pub(super) struct Gate {
    slots: DashMap<String, Slot>,
}

struct Slot {
    newest: Arc<watch::Sender<u64>>,
    entered: Instant,
}

/// One admitted request.
pub(super) struct Ticket {
    number: u64,
    newest: watch::Receiver<u64>,
    since_previous: Option<Duration>,
    // Keeps the channel open when the document is closed meanwhile.
    _slot: Arc<watch::Sender<u64>>,
}

impl Gate {
    /// Admits a request for `uri` and overtakes every earlier one.
    pub(super) fn enter(&self, uri: &str, now: Instant) -> Ticket {
        let mut since_previous = None;
        let newest = {
            let slot = self.slots.entry(uri.to_owned()).and_modify(|slot| {
                since_previous = Some(now.saturating_duration_since(slot.entered));
                slot.entered = now;
            });
            let slot = slot.or_insert_with(|| Slot { newest: Arc::new(watch::Sender::new(0)), entered: now });
            Arc::clone(&slot.newest)
        };
        newest.send_modify(|number| *number += 1);
        let number = *newest.borrow();
        Ticket { number, newest: newest.subscribe(), since_previous, _slot: newest }
    }

    /// Drops what is known about a closed document.
    pub(super) fn forget(&self, uri: &str) {
        self.slots.remove(uri);
    }
}

impl Ticket {
    /// Resolves once a newer request for the same document was admitted.
    pub(super) async fn superseded(&self) {
        let mut newest = self.newest.clone();
        if newest.wait_for(|number| *number > self.number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How long before this request the previous one for the same document came; `None` for the first.
    pub(super) fn since_previous(&self) -> Option<Duration> {
        self.since_previous
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn only_the_newest_request_of_a_document_stays_admitted() {
        let gate = Gate::default();
        let now = Instant::now();
        let (first, other, second) = (gate.enter("a", now), gate.enter("b", now), gate.enter("a", now));
        assert!(first.superseded().now_or_never().is_some());
        assert!(second.superseded().now_or_never().is_none());
        assert!(other.superseded().now_or_never().is_none());
    }

    #[test]
    fn the_gap_to_the_previous_request_is_measured_per_document() {
        let gate = Gate::default();
        let start = Instant::now();
        assert_eq!(gate.enter("a", start).since_previous(), None);
        assert_eq!(gate.enter("a", start + Duration::from_millis(7)).since_previous(), Some(Duration::from_millis(7)));
        assert_eq!(gate.enter("b", start + Duration::from_millis(9)).since_previous(), None);
    }

    #[tokio::test]
    async fn closing_a_document_overtakes_nobody() {
        let gate = Gate::default();
        let ticket = gate.enter("a", Instant::now());
        gate.forget("a");
        assert!(ticket.superseded().now_or_never().is_none());
    }
}
