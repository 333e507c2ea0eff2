//! How the features reach a model: a trait that the wiring implements from the settings.

use std::sync::Arc;

use aside_model::{ChatModel, FillModel, ModelError, ModelRef};
use futures_util::future::BoxFuture;

use crate::edit::read::Shape;

/// A model picked for a job.
pub struct Chosen<T: ?Sized> {
    /// Its full name.
    pub reference: ModelRef,
    /// The model.
    pub model: Arc<T>,
    /// Whether it runs inside this program, so that asking it costs no connection.
    pub builtin: bool,
}

/// A model picked for edits.
pub struct Editor {
    /// The model.
    pub chosen: Chosen<dyn ChatModel>,
    /// The shape of edits that it writes best.
    pub shape: Shape,
}

/// Picks the model for each role by the settings as they are at the moment of the call.
pub trait Models: Send + Sync {
    /// The model for inline completion.
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>>;

    /// The model for chat: `wanted`, or the one of the settings.
    fn chat(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>>;

    /// The model for edits: `wanted`, or the one of the settings.
    fn edit(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Editor, ModelError>>;
}
