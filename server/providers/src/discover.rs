//! Which models a provider has, and which model servers run on this machine.

use std::{sync::Arc, time::Duration};

use aside_model::{ErrorKind, ModelError};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::timeout;

use crate::{Dialect, endpoint::Endpoint};

/// How long a server on this machine may take to say what it has.
const PATIENCE: Duration = Duration::from_millis(300);

/// A model server found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Settings name of the provider.
    pub provider: String,
    /// Where it answers (`http://127.0.0.1:11434`).
    pub address: String,
    /// The models it has, as it names them.
    pub models: Vec<String>,
}

/// Asks those of `endpoints` that are on this machine, all at once, within 300 ms. No key is sent: whoever listens there is unknown.
pub(crate) async fn discover(endpoints: Vec<Arc<Endpoint>>) -> Vec<Found> {
    let local = endpoints.into_iter().filter(|endpoint| endpoint.address.is_loopback() && !endpoint.uses_key());
    let asked = local.map(|endpoint| async move {
        let models = timeout(PATIENCE, models(&endpoint)).await.ok()?.ok()?;
        Some(Found { provider: endpoint.name.clone(), address: endpoint.address.origin().to_owned(), models })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The models of one provider, in its own order.
pub(crate) async fn models(endpoint: &Endpoint) -> Result<Vec<String>, ModelError> {
    let url = match endpoint.dialect {
        Dialect::Ollama => endpoint.address.beside("api/tags"),
        _ => endpoint.address.versioned("models"),
    };
    let listed = names(endpoint.dialect, &endpoint.get(url).await?);
    listed.ok_or_else(|| {
        let sentence = format!("answers at {} without a list of models", endpoint.address.origin());
        endpoint.peer().error(ErrorKind::Protocol, sentence)
    })
}

fn names(dialect: Dialect, body: &Value) -> Option<Vec<String>> {
    let (list, name) = match dialect {
        Dialect::Ollama => ("models", "name"),
        _ => ("data", "id"),
    };
    let entries = body.get(list)?.as_array()?;
    Some(entries.iter().filter_map(|entry| entry.get(name)?.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_read_as_each_dialect_writes_them() {
        let ollama = json!({"models":[{"name":"qwen2.5-coder:1.5b","size":1},{"nameless":true}]});
        assert_eq!(names(Dialect::Ollama, &ollama), Some(vec!["qwen2.5-coder:1.5b".into()]));
        let openai = json!({"object":"list","data":[{"id":"a"},{"id":"b"}]});
        assert_eq!(names(Dialect::OpenAi, &openai), Some(vec!["a".into(), "b".into()]));
        assert_eq!(names(Dialect::LlamaCpp, &json!({"hello":"world"})), None);
    }
}
