//! `aside/vault/*` and `aside/secret/*`: what an editor may do about keys. Setting one is not among it: no value crosses this wire.

use std::sync::{Arc, Weak};

use futures_util::StreamExt as _;

use crate::{
    backend::{Backend, Shared},
    errors::Failure,
    keys::{KeyEvent, Refused},
    params::Params,
    protocol::{Reason, StatusChanged},
    routes::Work,
};

pub(crate) fn status(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let keys = Arc::clone(&backend.services.keys);
    Ok(Box::pin(async move { Ok(keys.status().await) }))
}

pub(crate) fn lock(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let keys = Arc::clone(&backend.services.keys);
    Ok(Box::pin(async move { Ok(keys.lock().await?) }))
}

pub(crate) fn list(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let keys = Arc::clone(&backend.services.keys);
    Ok(Box::pin(async move { Ok(keys.list().await?) }))
}

pub(crate) fn delete(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let (provider, origin) = (fields.text("provider")?, fields.text_maybe("origin")?);
    let keys = Arc::clone(&backend.services.keys);
    Ok(Box::pin(async move { Ok(keys.delete(provider, origin).await?) }))
}

pub(crate) fn test(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let provider = params.fields()?.text("provider")?;
    let keys = Arc::clone(&backend.services.keys);
    Ok(Box::pin(async move { Ok(keys.test(provider).await?) }))
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::new(refused.code, refused.message, refused.hint)
    }
}

/// Tells the editor what happens to the keys, as long as it is there.
pub(crate) fn watch(backend: &Backend) {
    let (mut events, backend) = (backend.services.keys.events(), backend.downgrade());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let Some(backend) = Weak::upgrade(&backend) else { return };
            tell(&backend, event);
        }
    });
}

fn tell(backend: &Shared, event: KeyEvent) {
    match event {
        KeyEvent::Opened => changed(backend, None),
        KeyEvent::Locked(why) => changed(backend, Some(why)),
        KeyEvent::Needed(why) => backend.warn(&format!("Aside: {}. Next: {}.", why.message, why.hint)),
    }
}

fn changed(backend: &Shared, why: Option<Refused>) {
    if backend.editor.capabilities().status_changed {
        let reason = why.map(|why| Reason { code: why.code, message: why.message, hint: why.hint });
        backend.notify("aside/status/changed", &StatusChanged { what: "vault", reason });
    }
}
