//! Fill-in-the-middle: text before and after a place in, what belongs between out.

use std::path::PathBuf;

use crate::EventStream;

/// A piece of another file that helps to fill: an open file's neighbourhood, a definition, a recent edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Workspace-relative path with `/`, for the prompt's file header.
    pub path: String,
    /// The text itself.
    pub text: String,
}

/// What is asked of a [`FillModel`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillRequest {
    /// The model's name as its provider knows it, without the provider's own name.
    pub model: String,
    /// Text before the cursor, nearest text last.
    pub prefix: String,
    /// Text after the cursor, nearest text first.
    pub suffix: String,
    /// Workspace-relative path of the file with `/`, if it has one.
    pub path: Option<String>,
    /// Root folder of the workspace the file belongs to, if any.
    pub workspace: Option<PathBuf>,
    /// LSP language identifier (`rust`, `python`, …), empty when unknown.
    pub language: String,
    /// Other files' pieces, most relevant last.
    pub snippets: Vec<Snippet>,
    /// The most tokens to answer with.
    pub max_tokens: u32,
    /// Whether only the rest of the current line is wanted; adapters then stop at a line end.
    pub single_line: bool,
}

/// A model that fills a hole in a text.
pub trait FillModel: Send + Sync {
    /// Starts a fill. Nothing is sent before the stream is first polled; dropping it closes the connection.
    ///
    /// Text events carry the fill without any sentinel of the model's family. Ends like [`ChatModel::chat`](crate::ChatModel::chat).
    fn fill(&self, request: FillRequest) -> EventStream;
}
