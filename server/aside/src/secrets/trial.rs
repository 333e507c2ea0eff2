//! Whether a provider takes a key: asks it with that key alone, and with nothing else of this process.

use std::{sync::Arc, time::Duration};

use aside_model::{ErrorKind, ModelError};
use aside_providers::{KeySource, Keys, ProviderSpec, Providers, Wanted};
use aside_secret::Secret;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::watch;

use super::{SecretError, provider};
use crate::{models::chat_role, wiring, wiring::App};

/// How long it took the provider of this name to take `key`.
///
/// Its list of models is asked for. Where that says nothing of the key, because there is none or anybody gets it, the model of
/// the chat role is asked for a few tokens if it is this provider's.
///
/// # Errors
/// [`SecretError::Refused`] when it does not take the key, [`SecretError::Untested`] when that cannot be told.
pub(super) async fn takes(app: &App, name: &str, key: Secret) -> Result<Duration, SecretError> {
    let current = app.current.load_full();
    let spec = wiring::spec(name, &provider(&current, name)?);
    let asked = |spec: ProviderSpec, key: Secret| {
        let keys = Arc::new(OneKey { key, locks: app.keys.locks() });
        Providers::new(vec![spec], wiring::http_options(&current.loaded.settings), keys, Arc::clone(&current.engine))
    };
    let alone = asked(spec.clone(), key);
    let began = std::time::Instant::now();
    let listed = match alone.models(name).await {
        Ok(_) => {
            let anybody = asked(ProviderSpec { key: KeySource::None, ..spec }, Secret::new(Vec::new()));
            if anybody.models(name).await.is_err() {
                return Ok(began.elapsed());
            }
            let sentence = format!("`{name}` gives its list of models to anybody, so that it says nothing of the key");
            let mut open = ModelError::new(ErrorKind::Protocol, name, sentence);
            open.next = Some(format!("set `roles.chat = \"{name}/MODEL\"`: then that model is asked"));
            open
        }
        Err(error) => error,
    };
    let untellable = matches!(listed.kind, ErrorKind::Protocol | ErrorKind::ModelNotFound | ErrorKind::InvalidRequest);
    let model = chat_role(&current).ok().filter(|model| model.provider == name);
    let error = match model {
        Some(model) if untellable => match alone.probe(&model).await {
            Ok(_) => return Ok(began.elapsed()),
            Err(error) => error,
        },
        _ => listed,
    };
    if error.kind == ErrorKind::Auth { Err(SecretError::Refused(error)) } else { Err(SecretError::Untested(error)) }
}

/// A key that is being tested. A lock ends the test with it.
struct OneKey {
    key: Secret,
    locks: watch::Receiver<u64>,
}

impl Keys for OneKey {
    fn get<'a>(&'a self, _: Wanted<'a>) -> BoxFuture<'a, Result<Secret, ModelError>> {
        Box::pin(ready(Ok(self.key.copy())))
    }

    fn locks(&self) -> watch::Receiver<u64> {
        self.locks.clone()
    }
}
