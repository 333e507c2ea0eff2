//! Hands provider keys from the vault to the providers, each only for its own origin.

use std::time::Duration;

use aside_model::{ErrorKind, ModelError};
use aside_providers::{KeySource, Keys};
use aside_secret::Secret;
use aside_vault::{KeyError, KeyRing, Origin};
use futures_util::future::BoxFuture;

/// Keys from the OS keyring or a named variable of the environment.
pub(crate) struct VaultKeys {
    keyring: KeyRing,
}

impl VaultKeys {
    /// Keys whose keyring has to answer within `timeout`. Touches no keyring yet.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { keyring: KeyRing::new(timeout) }
    }

    /// The keyring, for the doctor.
    pub(crate) fn keyring(&self) -> &KeyRing {
        &self.keyring
    }

    async fn find(&self, provider: &str, origin: &str, source: &KeySource) -> Result<Secret, KeyError> {
        match source {
            KeySource::Keyring => self.keyring.get(provider, &Origin::of(origin)?).await,
            KeySource::Env(name) => aside_vault::from_env(name, read_variable),
            KeySource::None => Ok(Secret::new(Vec::new())),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "`key = \"env:NAME\"` names the variable; the value goes straight into a Secret"
)]
fn read_variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

impl Keys for VaultKeys {
    fn get<'a>(
        &'a self,
        provider: &'a str,
        origin: &'a str,
        source: &'a KeySource,
    ) -> BoxFuture<'a, Result<Secret, ModelError>> {
        Box::pin(
            async move { self.find(provider, origin, source).await.map_err(|error| model_error(provider, &error)) },
        )
    }
}

fn model_error(provider: &str, error: &KeyError) -> ModelError {
    let kind = match error {
        KeyError::Missing { .. } => ErrorKind::NoKey,
        KeyError::Locked { .. } | KeyError::Timeout { .. } => ErrorKind::Locked,
        KeyError::Unavailable { .. } | KeyError::Unusable { .. } => ErrorKind::NoKey,
    };
    let mut failure = ModelError::new(kind, provider, error.to_string());
    failure.next = Some(error.hint());
    failure
}
