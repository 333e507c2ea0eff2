//! Which model does which job: the settings' roles, or the built-in engine where none is set.
//!
//! A model server that happens to run on this machine is offered by `aside doctor` and `aside try`, never used unasked:
//! anybody on the machine can listen on its port.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aside_assist::{Chosen, Models};
use aside_model::{ChatModel, ErrorKind, FillModel, ModelError, ModelRef};
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
