//! `window/workDoneProgress/cancel`: the person stops what the editor shows as work in progress. `$/setTrace`: nothing to do.

use crate::{backend::Backend, edits::TOKEN, errors::Failure, params::Params, routes::Later};

pub(crate) fn cancel(backend: &Backend, params: Params) -> Result<Later, Failure> {
    let token = params.fields()?.text("token")?;
    if let Some(id) = token.strip_prefix(TOKEN).and_then(|id| id.parse().ok()) {
        let _it_may_have_ended = backend.services.edits.stop(id);
    }
    Ok(None)
}

/// The log has a level of its own, `log.level`: what an editor traces it writes down itself.
pub(crate) fn set_trace(_backend: &Backend, _params: Params) -> Result<Later, Failure> {
    Ok(None)
}
