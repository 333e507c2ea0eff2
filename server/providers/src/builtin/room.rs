//! What the engine holds of one workspace, and when it reads it again.
//!
//! Owns the background reading: one thread at a time for a workspace, started by its use, never waited for by a fill. What is
//! read stays until something else is there to take its place.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aside_model::FillRequest;
use tokio::sync::watch;

use super::{
    Corpus, Prepared, WorkspaceStatus,
    fill::Ask,
    nearby::Nearby,
    workspace::{Builder, Workspace},
};

/// What was read is looked at again at the first use after this long.
const FRESH: Duration = Duration::from_secs(60);
/// Reading may take at most one part in so many of the time, so that a huge workspace does not keep a core busy.
const SHARE: u32 = 20;

/// Tells the time.
pub(super) type Clock = dyn Fn() -> Instant + Send + Sync;

/// One workspace.
pub(super) struct Room {
    root: PathBuf,
    state: Mutex<State>,
    nearby: Mutex<Nearby>,
    /// How often reading has ended; whoever waits for it watches this.
    readings: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    workspace: Arc<Workspace>,
    /// Set once the workspace was read.
    prepared: Option<Prepared>,
    looked: Looked,
    reading: bool,
    /// When reading last ended, and how long it took.
    read: Option<(Instant, Duration)>,
    used: Option<Instant>,
}

/// What a walk over a workspace saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Looked {
    files: usize,
    /// Differs when any path or text differs.
    fingerprint: u64,
    /// Whether it ended before the last file.
    stopped: bool,
}

/// What reads a room: where the text comes from, the time, and the most tokens to keep.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) corpus: Arc<dyn Corpus>,
    pub(super) clock: Arc<Clock>,
    pub(super) most: usize,
}

impl Room {
    /// A room that holds nothing.
    pub(super) fn new(root: &Path) -> Arc<Self> {
        Arc::new(Self {
            root: root.to_owned(),
            state: Mutex::default(),
            nearby: Mutex::default(),
            readings: watch::Sender::new(0),
        })
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// When it was last used.
    pub(super) fn used(&self) -> Option<Instant> {
        self.state().used
    }

    /// What it holds.
    pub(super) fn status(&self) -> WorkspaceStatus {
        let state = self.state();
        WorkspaceStatus {
            root: self.root.clone(),
            files: state.workspace.files(),
            tokens: state.workspace.tokens(),
            bytes: state.workspace.bytes(),
            ready: state.prepared.is_some(),
        }
    }

    /// What belongs where `request` says, by what is there now.
    pub(super) fn fill(self: &Arc<Self>, request: &FillRequest, means: &Means, ask: Ask) -> String {
        self.refresh(means);
        let workspace = Arc::clone(&self.state().workspace);
        let open = means.corpus.open_files(&self.root);
        let mut nearby = self.nearby.lock().unwrap_or_else(|poisoned| {
            // A fill panicked half-way through an update: what is there may not fit together.
            self.nearby.clear_poison();
            let mut nearby = poisoned.into_inner();
            *nearby = Nearby::default();
            nearby
        });
        nearby.fill(&workspace, open, request, ask)
    }

    /// Waits until the workspace is read.
    pub(super) async fn prepared(self: Arc<Self>, means: Means) -> Prepared {
        let mut readings = self.readings.subscribe();
        readings.mark_unchanged();
        self.refresh(&means);
        while self.state().reading {
            if readings.changed().await.is_err() {
                break;
            }
        }
        self.state().prepared.unwrap_or_default()
    }

    /// Starts reading in the background when nothing was read yet, or long ago.
    fn refresh(self: &Arc<Self>, means: &Means) {
        let now = (means.clock)();
        let mut state = self.state();
        state.used = Some(now);
        let fresh = state.read.is_some_and(|(at, took)| now.saturating_duration_since(at) < FRESH.max(took * SHARE));
        if state.reading || fresh {
            return;
        }
        state.reading = true;
        drop(state);
        let reading = Reading { room: Arc::clone(self), means: means.clone(), from: now };
        let thread = std::thread::Builder::new().name("aside-ngram".to_owned());
        if let Err(error) = thread.spawn(move || reading.run()) {
            // The closure was dropped, and with it the reading: it counts as ended.
            tracing::warn!(%error, "no thread to read the workspace with; suggestions come from open files only");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // plain assignments: whole at any time
    }
}

/// One reading of a workspace, on its own thread. However it ends, dropping it says so.
struct Reading {
    room: Arc<Room>,
    means: Means,
    from: Instant,
}

impl Reading {
    fn run(self) {
        if self.is_unchanged() {
            return;
        }
        let mut builder = Builder::new(self.means.most);
        let looked = self.walk(usize::MAX, |relative, text| builder.file(relative, text));
        let workspace = Arc::new(builder.finish());
        let elapsed = (self.means.clock)().saturating_duration_since(self.from);
        let prepared = Prepared { files: workspace.files(), tokens: workspace.tokens(), elapsed };
        tracing::debug!(files = prepared.files, tokens = prepared.tokens, ?elapsed, "workspace read");
        let mut state = self.room.state();
        state.prepared = Some(prepared);
        state.looked = looked;
        let old = std::mem::replace(&mut state.workspace, workspace);
        drop(state);
        drop(old); // megabytes: not while fills wait for the lock
    }

    /// Whether the files that were read are the same as before, and no others came.
    fn is_unchanged(&self) -> bool {
        let (is_read, before) = {
            let state = self.room.state();
            (state.prepared.is_some(), state.looked)
        };
        // Where the room was too small for all files, only those that were looked at then count.
        let most = if before.stopped { before.files } else { usize::MAX };
        is_read && {
            let now = self.walk(most, |_, _| true);
            (now.files, now.fingerprint) == (before.files, before.fingerprint)
        }
    }

    /// Shows `each` at most `most` files, until it has enough.
    fn walk(&self, most: usize, mut each: impl FnMut(&str, &str) -> bool) -> Looked {
        let mut hasher = DefaultHasher::new();
        let mut looked = Looked::default();
        self.means.corpus.walk(&self.room.root, &mut |file| {
            (&file.relative, &file.text).hash(&mut hasher);
            looked.files += 1;
            // With no other holder of the room the engine is gone.
            let wanted = looked.files < most && Arc::strong_count(&self.room) > 1;
            looked.stopped = !(each(&file.relative, &file.text) && wanted);
            if looked.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        Looked { fingerprint: hasher.finish(), ..looked }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let now = (self.means.clock)();
        let mut state = self.room.state();
        state.reading = false;
        state.read = Some((now, now.saturating_duration_since(self.from)));
        drop(state);
        self.room.readings.send_modify(|readings| *readings += 1);
    }
}
