//! The built-in engine: completes and answers without a model, a key or a network.
//!
//! Owns an n-gram model over the workspace, the open files and the current file (for fills), and a keyword search over the
//! workspace (for chat). It has no weights: all it knows is the text it is shown, by a [`Corpus`] that the wiring plugs in.
//! It reads no file itself and starts nothing before its first use.

use std::{ops::ControlFlow, path::Path, path::PathBuf, sync::Arc, time::Duration};

use aside_model::{ChatModel, ChatRequest, EndReason, EventStream, FillModel, FillRequest, StreamEvent};
use futures_util::stream::{self, StreamExt};

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
    /// Whether fills use it already.
    pub ready: bool,
}

/// The engine; one serves all workspaces.
pub struct Engine {
    options: Options,
    corpus: Arc<dyn Corpus>,
}

impl Engine {
    /// An engine over `corpus` that holds nothing yet.
    pub fn new(options: Options, corpus: Arc<dyn Corpus>) -> Self {
        Self { options, corpus }
    }

    /// Reads the workspace at `root` if that was not done yet, and waits for it.
    pub fn prepare(self: &Arc<Self>, _root: &Path) -> impl Future<Output = Prepared> + Send + 'static {
        let _ = (&self.corpus, self.options);
        async { Prepared::default() }
    }

    /// What the engine holds now.
    pub fn status(&self) -> EngineStatus {
        EngineStatus::default()
    }

    /// The engine as a model that fills.
    pub fn fill_model(self: &Arc<Self>) -> Arc<dyn FillModel> {
        Arc::new(Face(Arc::clone(self)))
    }

    /// The engine as a model that answers.
    pub fn chat_model(self: &Arc<Self>) -> Arc<dyn ChatModel> {
        Arc::new(Face(Arc::clone(self)))
    }
}

struct Face(#[expect(dead_code, reason = "used as the engine is filled in")] Arc<Engine>);

impl FillModel for Face {
    fn fill(&self, _request: FillRequest) -> EventStream {
        stream::once(async { Ok(StreamEvent::End(EndReason::Complete)) }).boxed()
    }
}

impl ChatModel for Face {
    fn chat(&self, _request: ChatRequest) -> EventStream {
        stream::once(async { Ok(StreamEvent::End(EndReason::Complete)) }).boxed()
    }
}
