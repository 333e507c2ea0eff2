//! Providers by settings name: from a reference to a model that can be asked.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aside_model::{ChatModel, ChatRequest, ErrorKind, FillModel, Message, ModelError, ModelRef, Role, StreamEvent};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::{
    Dialect, HttpOptions, Keys, ProviderSpec,
    anthropic::Anthropic,
    builtin,
    discover::{self, Found},
    endpoint::{Endpoint, Network},
    http::Http,
    llama_cpp::LlamaCpp,
    ollama::Ollama,
    openai::OpenAi,
};

/// The most tokens a probe asks for; some providers refuse fewer.
const PROBE_TOKENS: u32 = 16;

/// All providers of one configuration.
pub struct Providers {
    /// A provider whose address is of no use keeps its error, for those who ask for it.
    known: BTreeMap<String, Result<Provider, ModelError>>,
    builtin: Arc<builtin::Engine>,
    network: Arc<Network>,
}

#[derive(Clone)]
enum Provider {
    Builtin,
    Remote(Arc<Endpoint>),
}

impl Providers {
    /// The providers of `specs`, reached as `http` says. Opens nothing: connections and TLS roots come with the first request.
    pub fn new(
        specs: Vec<ProviderSpec>,
        http: HttpOptions,
        keys: Arc<dyn Keys>,
        builtin: Arc<builtin::Engine>,
    ) -> Self {
        let network = Arc::new(Network { http: Http::new(http), keys });
        let known = specs.into_iter().map(|spec| {
            let provider = match spec.dialect {
                Dialect::Builtin => Ok(Provider::Builtin),
                _ => Endpoint::new(spec.clone(), Arc::clone(&network)).map(Arc::new).map(Provider::Remote),
            };
            (spec.name, provider)
        });
        Self { known: known.collect(), builtin, network }
    }

    /// The model to talk with. Nothing is asked yet: an unknown model is the provider's to refuse. An unknown provider is
    /// `InvalidRequest`, with the known ones named.
    pub fn chat(&self, model: &ModelRef) -> Result<Arc<dyn ChatModel>, ModelError> {
        Ok(match self.provider(&model.provider)? {
            Provider::Builtin => self.builtin.chat_model(),
            Provider::Remote(endpoint) => match endpoint.dialect {
                Dialect::Anthropic => Arc::new(Anthropic(endpoint)),
                Dialect::Ollama => Arc::new(Ollama(endpoint)),
                Dialect::LlamaCpp => Arc::new(LlamaCpp(endpoint)),
                Dialect::OpenAi | Dialect::Builtin => Arc::new(OpenAi(endpoint)),
            },
        })
    }

    /// The model to fill with; fails as [`Providers::chat`] does.
    pub fn fill(&self, model: &ModelRef) -> Result<Arc<dyn FillModel>, ModelError> {
        Ok(match self.provider(&model.provider)? {
            Provider::Builtin => self.builtin.fill_model(),
            Provider::Remote(endpoint) => match endpoint.dialect {
                Dialect::Anthropic => Arc::new(Anthropic(endpoint)),
                Dialect::Ollama => Arc::new(Ollama(endpoint)),
                Dialect::LlamaCpp => Arc::new(LlamaCpp(endpoint)),
                Dialect::OpenAi | Dialect::Builtin => Arc::new(OpenAi(endpoint)),
            },
        })
    }

    /// The model servers that run on this machine and need no key: every loopback address among the providers is asked, all
    /// at once, within 300 ms.
    pub async fn discover(&self) -> Vec<Found> {
        let remote = self.known.values().flatten().filter_map(|provider| match provider {
            Provider::Remote(endpoint) => Some(Arc::clone(endpoint)),
            Provider::Builtin => None,
        });
        discover::discover(remote.collect()).await
    }

    /// Closes every connection that is not in use, and each that is as soon as its answer ends: what they remember of a key goes
    /// with them. The next request makes new ones.
    pub fn disconnect(&self) {
        self.network.http.disconnect();
    }

    /// The models a provider has, as it names them.
    pub async fn models(&self, provider: &str) -> Result<Vec<String>, ModelError> {
        match self.provider(provider)? {
            Provider::Builtin => Ok(vec!["ngram".to_owned(), "search".to_owned()]),
            Provider::Remote(endpoint) => discover::models(&endpoint).await,
        }
    }

    /// How long `model` takes to begin a tiny answer; its failure when it has none. This costs a few tokens.
    pub async fn probe(&self, model: &ModelRef) -> Result<Duration, ModelError> {
        let request = ChatRequest {
            model: model.model.clone(),
            messages: vec![Message::new(Role::User, "Answer with the word: ready")],
            max_tokens: Some(PROBE_TOKENS),
            background: true,
            ..ChatRequest::default()
        };
        let began = Instant::now();
        let mut answer = self.chat(model)?.chat(request);
        while let Some(event) = answer.next().await {
            match event? {
                StreamEvent::Usage(_) => {}
                StreamEvent::Text(_) | StreamEvent::Reasoning(_) | StreamEvent::End(_) => break,
            }
        }
        Ok(began.elapsed())
    }

    fn provider(&self, name: &str) -> Result<Provider, ModelError> {
        self.known.get(name).cloned().unwrap_or_else(|| {
            let known: Vec<&str> = self.known.keys().map(String::as_str).collect();
            let message = format!(
                "there is no provider `{name}`: declare it under [providers.{name}], or use one of {}",
                known.join(", ")
            );
            let next = "write the model as `provider/model` with one of these providers".to_owned();
            Err(ModelError { next: Some(next), ..ModelError::new(ErrorKind::InvalidRequest, name, message) })
        })
    }
}
