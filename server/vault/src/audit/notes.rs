//! The thread that writes what was noted: many records under one lock, so that a key's use waits for no disk.

use std::{
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Shared, record::Stamped};

/// How many notes may wait. More are counted as lost: a disk that hangs must not fill the memory.
const QUEUE: usize = 4096;

/// How long notes are collected before they are written together. What is killed meanwhile loses so much.
const LINGER: Duration = Duration::from_millis(250);

/// How long the end of the process waits for the last ones.
const LAST: Duration = Duration::from_secs(2);

/// The running thread.
pub(super) struct Notes {
    queue: SyncSender<Stamped>,
    done: Receiver<()>,
}

impl Notes {
    /// Hands `stamped` over to the thread in `slot`, which is started where there is none.
    pub(super) fn give(slot: &mut Option<Self>, shared: &Arc<Shared>, stamped: Stamped) {
        let count = stamped.record.count;
        let given = match slot.as_ref() {
            Some(notes) => notes.queue.try_send(stamped),
            None => Err(TrySendError::Disconnected(stamped)),
        };
        let stamped = match given {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => {
                shared.lost.fetch_add(count, Ordering::AcqRel);
                return;
            }
            Err(TrySendError::Disconnected(stamped)) => stamped,
        };
        let started = Self::start(shared).filter(|notes| notes.queue.try_send(stamped).is_ok());
        if started.is_none() {
            shared.lost.fetch_add(count, Ordering::AcqRel);
        }
        *slot = started;
    }

    fn start(shared: &Arc<Shared>) -> Option<Self> {
        let (queue, waiting) = mpsc::sync_channel(QUEUE);
        let (end, done) = mpsc::channel::<()>();
        let shared = Arc::clone(shared);
        let run = move || {
            write_all(&waiting, &shared);
            drop(end);
        };
        thread::Builder::new().name("aside-audit".to_owned()).spawn(run).ok()?;
        Some(Self { queue, done })
    }

    /// Lets the thread write what it has and end.
    pub(super) fn close(self) {
        drop(self.queue);
        // Both mean that there is nothing more to wait for.
        let _ended_or_too_late = self.done.recv_timeout(LAST);
    }
}

fn write_all(waiting: &Receiver<Stamped>, shared: &Shared) {
    while let Ok(first) = waiting.recv() {
        let batch = collect(first, waiting);
        if let Err(error) = shared.write(&batch) {
            shared.lose(batch.iter().map(|one| one.record.count).sum(), error);
        }
    }
}

/// `first` and what comes soon after it. What tells the same becomes one record with a count: a flood of uses cannot push
/// out the rest.
fn collect(first: Stamped, waiting: &Receiver<Stamped>) -> Vec<Stamped> {
    let until = Instant::now() + LINGER;
    let mut batch = vec![first];
    while batch.len() < QUEUE {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match waiting.recv_timeout(left) {
            Ok(next) => match batch.iter_mut().find(|one| one.record.is_like(&next.record)) {
                Some(same) => same.record.count = same.record.count.saturating_add(next.record.count),
                None => batch.push(next),
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    batch
}
