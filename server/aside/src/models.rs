//! Which model does which job: the settings' roles, or the built-in engine where none is set.
//!
//! A model server that happens to run on this machine is offered by `aside doctor` and `aside try`, never used unasked:
//! anybody on the machine can listen on its port.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aside_assist::{Chosen, Editor, Models, edit::read::Shape};
use aside_config::EditShape;
use aside_model::{ChatModel, ErrorKind, FillModel, ModelError, ModelRef};
use aside_providers::edit_shape;
use futures_util::future::BoxFuture;

use crate::{pace::Paced, wiring::Current};

/// The settings' name of the built-in engine.
pub(crate) const BUILTIN: &str = "builtin";

/// Chooses by the settings in force at each call.
pub(crate) struct RoleModels {
    current: Arc<ArcSwap<Current>>,
}

impl RoleModels {
    /// A chooser over the settings in `current`.
    pub(crate) fn new(current: Arc<ArcSwap<Current>>) -> Self {
        Self { current }
    }
}

impl Models for RoleModels {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        let current = self.current.load();
        let chosen = complete_role(&current).and_then(|reference| {
            let model = current.providers.fill(&reference)?;
            Ok(Chosen { builtin: reference.provider == BUILTIN, reference, model })
        });
        Box::pin(std::future::ready(chosen))
    }

    fn chat(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        let current = self.current.load();
        let reference = wanted.map_or_else(|| chat_role(&current), Ok);
        let chosen = reference.and_then(|reference| {
            let mut model = current.providers.chat(&reference)?;
            let (builtin, pace) = (reference.provider == BUILTIN, current.loaded.settings.builtin.pace);
            if builtin && !pace.is_zero() {
                model = Arc::new(Paced::new(model, pace));
            }
            Ok(Chosen { builtin, reference, model })
        });
        Box::pin(std::future::ready(chosen))
    }

    fn edit(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Editor, ModelError>> {
        let current = self.current.load();
        let reference = wanted.map_or_else(|| edit_role(&current), Ok);
        let editor = reference.and_then(|reference| {
            let model = current.providers.chat(&reference)?;
            let shape = shape(current.loaded.settings.edit.shape, &reference.model);
            let builtin = reference.provider == BUILTIN;
            Ok(Editor { chosen: Chosen { builtin, reference, model }, shape })
        });
        Box::pin(std::future::ready(editor))
    }
}

/// The model for edits by the settings: the one for conversations where none is set.
pub(crate) fn edit_role(current: &Current) -> Result<ModelRef, ModelError> {
    match current.loaded.settings.roles.edit.as_deref() {
        Some(text) => parse(text),
        None => chat_role(current),
    }
}

/// The shape that is set, or the one that suits the model.
fn shape(set: EditShape, model: &str) -> Shape {
    match set {
        // The table's words are checked by a test.
        EditShape::Auto => edit_shape(model).parse().unwrap_or(Shape::Whole),
        EditShape::Whole => Shape::Whole,
        EditShape::SearchReplace => Shape::SearchReplace,
        EditShape::Diff => Shape::Diff,
    }
}

/// The model for completion by the settings.
pub(crate) fn complete_role(current: &Current) -> Result<ModelRef, ModelError> {
    role(current.loaded.settings.roles.complete.as_deref(), "ngram")
}

/// The model for chat by the settings.
pub(crate) fn chat_role(current: &Current) -> Result<ModelRef, ModelError> {
    role(current.loaded.settings.roles.chat.as_deref(), "search")
}

fn role(set: Option<&str>, fallback: &str) -> Result<ModelRef, ModelError> {
    match set {
        Some(text) => parse(text),
        None => Ok(ModelRef { provider: BUILTIN.to_owned(), model: fallback.to_owned() }),
    }
}

/// Reads `provider/model`, as an error in a model's own vocabulary.
fn parse(text: &str) -> Result<ModelRef, ModelError> {
    text.parse()
        .map_err(|error: aside_model::BadModelRef| ModelError::new(ErrorKind::InvalidRequest, "", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_the_table_is_known() {
        for word in aside_providers::edit_shapes().chain(["whole"]) {
            assert!(word.parse::<Shape>().is_ok(), "{word}");
        }
    }
}
