//! `aside/model/list`: what can answer.

use crate::{backend::Backend, errors::Failure, params::Params, routes::Work};

pub(crate) fn list(backend: &Backend, params: Params) -> Result<Work, Failure> {
    params.fields()?;
    let backend = backend.clone();
    Ok(Box::pin(async move { Ok(backend.services.host.models().await) }))
}
