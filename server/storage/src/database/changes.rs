//! Learning that somebody has changed a database. Owns when a change is told; where signs of one come from belongs to `watch`.
//!
//! A file changes before the change can be seen: a commit writes, waits for the disk, and counts only then. So a sign is followed
//! by looks through the reader's connection until the change is seen, or none can come of that sign any more.

use std::{mem, time::Duration};

use tokio::time::{Instant, timeout};

use super::{Database, lane::Look, watch::Watch};

/// How long a commit may take, from its last write until it counts.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks: at first, and at most.
const STEP: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Later looks come after this part of what was waited so far.
const PART: u32 = 8;

/// Tells that a database was changed. Made by [`Database::changes`]; nothing watches once it is dropped.
#[derive(Debug)]
pub struct Changes {
    database: Database,
    watch: Watch,
    seen: Look,
    /// When the last sign came, as long as something may come of it.
    signed: Option<Instant>,
    /// Whether there was no look since.
    unseen: bool,
}

impl Database {
    /// A watch over this database, from now on, whether or not it exists. Opens nothing. On Linux it costs nothing while nothing
    /// happens; on a network, elsewhere, and where the system has no watch left, the files are looked at ten times a second.
    pub fn changes(&self) -> Changes {
        Changes {
            watch: Watch::new(self.path(), self.shared.source.journal()),
            database: self.clone(),
            seen: Look::Closed,
            signed: None,
            unseen: false,
        }
    }
}

impl Changes {
    /// Resolves within 100 ms after another connection, of this process or another, has committed: to a reader that begins then
    /// the change is there. A disk that is slow to commit adds an eighth of what it takes.
    ///
    /// Resolves now and then although nothing has changed, and after the program's own changes. Dropping the future loses
    /// nothing. Takes a runtime with time and input.
    pub async fn changed(&mut self) {
        loop {
            self.sign().await;
            let look = self.database.shared.reader.look().await;
            // Nothing is awaited from here on, so that no sign is lost. A reader that is not open sees nothing, and will see all
            // once it is.
            let signed = mem::take(&mut self.unseen);
            if look != self.seen || (signed && look == Look::Closed) {
                self.seen = look;
                return;
            }
        }
    }

    /// Waits for a sign or for the time to look again.
    async fn sign(&mut self) {
        match self.signed.map(|signed| signed.elapsed()) {
            Some(waited) if waited < PATIENCE => {
                let step = (waited / PART).clamp(STEP.0, STEP.1);
                if timeout(step, self.watch.sign()).await.is_err() {
                    return;
                }
            }
            _ => self.watch.sign().await,
        }
        self.signed = Some(Instant::now());
        self.unseen = true;
    }
}
