//! `aside/complete/explain`: what a completion would send, to whom, and what it leaves out.

use aside_assist::inline::Trigger;

use super::{answer, target, target::Target};
use crate::{backend::Backend, errors::Failure, params::Params, routes::Work};

pub(crate) fn explain(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let target = Target::read(&mut params.fields()?)?;
    let (document, at) = target.find(backend)?;
    let ask = target::ask(backend, document, at, Trigger::Invoked);
    let backend = backend.clone();
    Ok(Box::pin(async move { answer(&backend.services.inline.explain(ask).await) }))
}
