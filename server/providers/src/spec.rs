//! What a provider is told to be: plain values the wiring passes down. Checked where they are used, not here.

use std::{path::PathBuf, time::Duration};

use aside_model::ModelError;
use aside_secret::Secret;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// The wire a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI chat completions and legacy completions, and every compatible server.
    OpenAi,
    /// Anthropic messages.
    Anthropic,
    /// Ollama's own API.
    Ollama,
    /// The server of llama.cpp.
    LlamaCpp,
    /// The engine inside this program.
    Builtin,
}

/// Where a provider's key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The keyring of the operating system.
    Keyring,
    /// The environment variable of this name.
    Env(String),
    /// What this program prints, with its arguments.
    Command(Vec<String>),
    /// There is no key; none is sent.
    None,
}

/// On whose behalf a key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Something a person did just now, typing included.
    Person,
    /// A check or a list that nobody asked for at this moment.
    Background,
}

/// Which key is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Settings name of the provider.
    pub provider: &'a str,
    /// `https://host:port`: the only place the key will be sent to.
    pub origin: &'a str,
    /// Where it comes from; never [`KeySource::None`].
    pub source: &'a KeySource,
    /// On whose behalf.
    pub by: By,
}

/// Where keys are asked for, at each use. Implemented above this crate.
pub trait Keys: Send + Sync {
    /// The wanted key. Fails with `NoKey` or `Locked` and a sentence for a person.
    fn get<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Secret, ModelError>>;

    /// A number that changes whenever the keys are locked: answers that a key was used for end soon after it does.
    fn locks(&self) -> watch::Receiver<u64>;
}

/// One provider as settings describe it.
#[derive(Debug, Clone)]
pub struct ProviderSpec {
    /// Settings name (`ollama`, `work`, …).
    pub name: String,
    /// The wire it speaks.
    pub dialect: Dialect,
    /// `http` or `https` address, with or without the dialect's version path. Unused by [`Dialect::Builtin`].
    pub base_url: String,
    /// Where its key comes from.
    pub key: KeySource,
    /// A fill-in-the-middle family that overrides the one found by model name, `chat` for none, `server` to let the server build the prompt.
    pub fim: Option<String>,
    /// Whether a key may travel over plain http to a host that is not this machine.
    pub allow_http: bool,
}

/// How the network is used. There is no total timeout: answers are streams.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Until a connection stands, TLS included.
    pub connect_timeout: Duration,
    /// From the request to the first byte of the answer.
    pub first_byte_timeout: Duration,
    /// Between two pieces of an answer.
    pub idle_timeout: Duration,
    /// Proxy for everything but loopback; `None` takes the system's.
    pub proxy: Option<String>,
    /// PEM file of certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30),
            proxy: None,
            ca_file: None,
        }
    }
}
