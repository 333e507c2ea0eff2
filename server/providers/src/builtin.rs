//! The built-in engine: stub of the public shape until its owner fills it.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aside_model::{ChatModel, ChatRequest, ErrorKind, EventStream, FillModel, FillRequest, ModelError, failed};

/// A file of the workspace.
pub struct CorpusFile {
    /// Path with `/`.
    pub relative: String,
    /// Its text.
    pub text: String,
}

/// An open file.
pub struct OpenFile {
    /// Path with `/`.
    pub relative: String,
    /// Document version.
    pub version: i32,
    /// Its text.
    pub text: String,
}

/// Where the engine reads the workspace from.
pub trait Corpus: Send + Sync {
    /// Every file.
    fn walk(&self, root: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>);
    /// The open files.
    fn open_files(&self, root: &Path) -> Vec<OpenFile>;
}

/// Options.
#[derive(Debug, Clone)]
pub struct Options {
    /// Joint probability to pass.
    pub threshold: f64,
    /// The most tokens kept.
    pub max_tokens_indexed: usize,
}

/// What a preparation did.
pub struct Prepared {
    /// Files read.
    pub files: usize,
    /// Tokens kept.
    pub tokens: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// One workspace's state.
pub struct WorkspaceStatus {
    /// Root folder.
    pub root: PathBuf,
    /// Files read.
    pub files: usize,
    /// Tokens kept.
    pub tokens: usize,
    /// Whether it can answer.
    pub ready: bool,
}

/// The engine's state.
pub struct EngineStatus {
    /// By workspace.
    pub workspaces: Vec<WorkspaceStatus>,
}

/// The engine.
pub struct Engine;

impl Engine {
    /// Builds nothing.
    pub fn new(_options: Options, _corpus: Arc<dyn Corpus>) -> Self {
        Self
    }

    /// Waits for the workspace model.
    pub async fn prepare(self: &Arc<Self>, _root: &Path) -> Prepared {
        Prepared { files: 0, tokens: 0, elapsed: Duration::ZERO }
    }

    /// The chat model.
    pub fn chat_model(self: &Arc<Self>) -> Arc<dyn ChatModel> {
        Arc::new(Stub)
    }

    /// The fill model.
    pub fn fill_model(self: &Arc<Self>) -> Arc<dyn FillModel> {
        Arc::new(Stub)
    }

    /// The state.
    pub fn status(&self) -> EngineStatus {
        EngineStatus { workspaces: Vec::new() }
    }
}

struct Stub;

impl ChatModel for Stub {
    fn chat(&self, _request: ChatRequest) -> EventStream {
        failed(ModelError::new(ErrorKind::Provider, "builtin", "the built-in engine is not there yet"))
    }
}

impl FillModel for Stub {
    fn fill(&self, _request: FillRequest) -> EventStream {
        failed(ModelError::new(ErrorKind::Provider, "builtin", "the built-in engine is not there yet"))
    }
}
