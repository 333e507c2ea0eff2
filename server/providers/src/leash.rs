//! What ties an answer to the key it was asked with: once the keys are locked it ends, and the key with it.

use std::{future::pending, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// How long an answer may go on after a lock, so that what is nearly whole becomes whole.
const GRACE: Duration = Duration::from_millis(500);

/// Pulled when the keys are locked.
pub(crate) struct Leash {
    locks: watch::Receiver<u64>,
    cut_at: Option<Instant>,
}

impl Leash {
    /// A leash that hears of every lock from now on: to be made before the key is read.
    pub(crate) fn new(mut locks: watch::Receiver<u64>) -> Self {
        locks.borrow_and_update();
        Self { locks, cut_at: None }
    }

    /// Returns [`GRACE`] after a lock. May be dropped and called again.
    pub(crate) async fn pulled(&mut self) {
        let cut_at = match self.cut_at {
            Some(at) => at,
            None => {
                // Who locked is gone, and so is the program: nothing is locked any more.
                if self.locks.changed().await.is_err() {
                    pending::<()>().await;
                }
                *self.cut_at.insert(Instant::now() + GRACE)
            }
        };
        sleep_until(cut_at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_pulled_a_grace_after_the_first_lock_however_often_it_is_asked() {
        let (lock, locks) = watch::channel(0);
        let mut leash = Leash::new(locks);
        let step = GRACE / 5;
        assert!(tokio::time::timeout(10 * GRACE, leash.pulled()).await.is_err(), "nothing locked");
        lock.send_replace(1);
        let began = Instant::now();
        while tokio::time::timeout(step, leash.pulled()).await.is_err() {
            lock.send_replace(2);
        }
        assert_eq!(began.elapsed(), GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_before_it_was_made_does_not_count() {
        let (lock, locks) = watch::channel(0);
        lock.send_replace(1);
        let mut leash = Leash::new(locks);
        assert!(tokio::time::timeout(10 * GRACE, leash.pulled()).await.is_err());
    }
}
