//! Keeps completion requests in wire order, although each runs as a task of its own.
//!
//! The completion feature lets the newest request of a document win. Which one is newest is known here, where the wire is read;
//! without this an older request whose task happens to start later would push the newer one aside.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use dashmap::DashMap;

/// The order of requests, for each document.
#[derive(Debug, Default)]
pub(crate) struct Order {
    lines: DashMap<String, Arc<Line>>,
}

#[derive(Debug, Default)]
struct Line {
    newest: AtomicU64,
    // Held while a request makes its first step, so that looking and entering are one; never by the reader of the wire.
    entering: Mutex<()>,
}

/// A request's place in the order.
#[derive(Debug)]
pub(crate) struct Turn {
    line: Arc<Line>,
    number: u64,
}

impl Order {
    /// Takes the next place for `uri`. To be called in wire order.
    pub(crate) fn next(&self, uri: &str) -> Turn {
        let line = Arc::clone(&self.lines.entry(uri.to_owned()).or_default());
        let number = line.newest.fetch_add(1, Ordering::AcqRel) + 1;
        Turn { line, number }
    }

    /// Forgets a document that was closed.
    pub(crate) fn forget(&self, uri: &str) {
        self.lines.remove(uri);
    }
}

impl Turn {
    /// Runs `future`; `None` when a newer request came before it could start.
    pub(crate) async fn run<F: Future>(self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut entered = false;
        poll_fn(move |context| {
            if entered {
                return future.as_mut().poll(context).map(Some);
            }
            let _entering = self.line.entering.lock().unwrap_or_else(PoisonError::into_inner);
            if self.line.newest.load(Ordering::Acquire) != self.number {
                return Poll::Ready(None);
            }
            entered = true;
            future.as_mut().poll(context).map(Some)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn a_request_that_starts_late_does_not_run() {
        let order = Order::default();
        let (older, newer) = (order.next("a"), order.next("a"));
        assert_eq!(newer.run(ready("newer")).await, Some("newer"));
        assert_eq!(older.run(ready("older")).await, None);
    }

    #[tokio::test]
    async fn a_request_that_has_started_is_left_to_the_feature() {
        let order = Order::default();
        let older = order.next("a");
        let mut steps = 0;
        let work = poll_fn(|context| {
            steps += 1;
            let _newer = order.next("a");
            context.waker().wake_by_ref();
            if steps < 3 { Poll::Pending } else { Poll::Ready(steps) }
        });
        assert_eq!(older.run(work).await, Some(3));
    }

    #[tokio::test]
    async fn documents_do_not_wait_for_each_other() {
        let order = Order::default();
        let (a, b) = (order.next("a"), order.next("b"));
        assert_eq!(b.run(ready(2)).await, Some(2));
        assert_eq!(a.run(ready(1)).await, Some(1));
        order.forget("a");
        assert_eq!(order.next("a").run(ready(3)).await, Some(3));
    }
}
