//! The built-in engine: completes and answers without a model, a key or a network.
//!
//! Owns an n-gram model over the workspace, the open files and the current file (for fills), and a keyword search over the
//! workspace (for chat). It has no weights: all it knows is the text it is shown, by a [`Corpus`] that the wiring plugs in.
//! It reads no file itself and starts nothing before its first use.

mod answer;
mod blend;
mod confidence;
mod face;
mod fill;
mod lex;
mod nearby;
mod room;
mod search;
mod sequence;
mod vocabulary;
mod workspace;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aside_model::{ChatModel, FillModel};

use self::{
    face::Face,
    room::{Clock, Means, Room},
};

/// The most workspaces that are kept; the one that was not used for longest is forgotten.
const MOST_ROOMS: usize = 8;

/// One file of a workspace, as a [`Corpus`] walks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusFile {
    /// Path below the root, with `/`.
    pub relative: String,
    /// The whole text.
    pub text: String,
}

/// One file that is open in an editor, as it stands there (unsaved changes included).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFile {
    /// Path below the root, with `/`.
    pub relative: String,
    /// The editor's version of the text: the same version means the same text.
    pub version: i32,
    /// The whole text.
    pub text: String,
}

/// Where the engine's text comes from.
pub trait Corpus: Send + Sync {
    /// Shows every file of the workspace at `root` that may be read, in a stable order, until `each` breaks. Called on a thread of its own.
    fn walk(&self, root: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>);
    /// The files below `root` that are open in an editor. Called for every fill, so it must be quick.
    fn open_files(&self, root: &Path) -> Vec<OpenFile>;
}

/// What a person may tune.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// How sure the engine must be of all it shows, as a probability in `(0, 1]`.
    pub threshold: f64,
    /// The most tokens of one workspace that are kept (about 12 bytes each).
    pub max_tokens_indexed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: 0.8, max_tokens_indexed: 4_000_000 }
    }
}

/// A workspace that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prepared {
    /// Files that were read.
    pub files: usize,
    /// Tokens that were kept.
    pub tokens: usize,
    /// How long reading took.
    pub elapsed: Duration,
}

/// What the engine holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineStatus {
    /// Every workspace that was used, by root.
    pub workspaces: Vec<WorkspaceStatus>,
}

/// What the engine holds of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceStatus {
    /// Its root folder.
    pub root: PathBuf,
    /// Files that were read.
    pub files: usize,
    /// Tokens that are kept.
    pub tokens: usize,
    /// Bytes that the tokens, their order and the vocabulary take.
    pub bytes: usize,
    /// Whether fills use it already.
    pub ready: bool,
}

/// The engine; one serves all workspaces. Making one is free: it reads nothing and starts no thread before its first use.
pub struct Engine {
    threshold: f64,
    means: Means,
    rooms: Mutex<Vec<Arc<Room>>>,
}

impl Engine {
    /// An engine over `corpus` that holds nothing yet.
    pub fn new(options: Options, corpus: Arc<dyn Corpus>) -> Self {
        Self::with_clock(options, corpus, Arc::new(Instant::now))
    }

    /// An engine that asks `clock` for the time.
    pub fn with_clock(options: Options, corpus: Arc<dyn Corpus>, clock: Arc<Clock>) -> Self {
        let means = Means { corpus, clock, most: options.max_tokens_indexed };
        Self { threshold: options.threshold, means, rooms: Mutex::default() }
    }

    /// Reads the workspace at `root` if that was not done yet or is due again, and waits for it.
    ///
    /// Fills never wait: they use what is there. This is for a program that asks once and ends.
    pub fn prepare(self: &Arc<Self>, root: &Path) -> impl Future<Output = Prepared> + Send + 'static {
        self.room(root).prepared(self.means.clone())
    }

    /// What the engine holds now.
    pub fn status(&self) -> EngineStatus {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        EngineStatus { workspaces: rooms.iter().map(|room| room.status()).collect() }
    }

    /// The engine as a model that fills. Any model name will do.
    pub fn fill_model(self: &Arc<Self>) -> Arc<dyn FillModel> {
        Arc::new(Face::of(self))
    }

    /// The engine as a model that answers. Any model name will do.
    pub fn chat_model(self: &Arc<Self>) -> Arc<dyn ChatModel> {
        Arc::new(Face::of(self))
    }

    fn room(&self, root: &Path) -> Arc<Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.iter().find(|room| room.root() == root) {
            return Arc::clone(room);
        }
        if rooms.len() >= MOST_ROOMS
            && let Some(oldest) = (0..rooms.len()).min_by_key(|&at| rooms[at].used())
        {
            rooms.swap_remove(oldest);
        }
        let room = Room::new(root);
        rooms.push(Arc::clone(&room));
        room
    }
}

#[cfg(test)]
mod tests;
