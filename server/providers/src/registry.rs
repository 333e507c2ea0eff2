//! Providers by settings name.

use std::{sync::Arc, time::Duration};

use aside_model::{ChatModel, ErrorKind, FillModel, ModelError, ModelRef};

use crate::{HttpOptions, Keys, ProviderSpec, builtin};

/// A model server found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Settings name of the provider.
    pub provider: String,
    /// Where it answers.
    pub address: String,
    /// The models it has.
    pub models: Vec<String>,
}

/// All providers of one configuration.
pub struct Providers {
    builtin: Arc<builtin::Engine>,
}

impl Providers {
    /// Providers for these specs. Opens nothing.
    pub fn new(
        _specs: Vec<ProviderSpec>,
        _http: HttpOptions,
        _keys: Arc<dyn Keys>,
        builtin: Arc<builtin::Engine>,
    ) -> Self {
        Self { builtin }
    }

    /// The chat model of this reference.
    pub fn chat(&self, _model: &ModelRef) -> Result<Arc<dyn ChatModel>, ModelError> {
        Ok(self.builtin.chat_model())
    }

    /// The fill model of this reference.
    pub fn fill(&self, _model: &ModelRef) -> Result<Arc<dyn FillModel>, ModelError> {
        Ok(self.builtin.fill_model())
    }

    /// Model servers running on this machine.
    pub async fn discover(&self) -> Vec<Found> {
        Vec::new()
    }

    /// The models of a provider.
    pub async fn models(&self, provider: &str) -> Result<Vec<String>, ModelError> {
        Err(ModelError::new(ErrorKind::Provider, provider, "not there yet"))
    }

    /// How long a tiny answer takes.
    pub async fn probe(&self, model: &ModelRef) -> Result<Duration, ModelError> {
        Err(ModelError::new(ErrorKind::Provider, &model.provider, "not there yet"))
    }
}
