//! One configured provider: its address, its key source and its connections. What every dialect sends requests through.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use aside_model::{ErrorKind, ModelError};
use reqwest::{
    Method, Request, Response, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};

use crate::{
    By, Dialect, KeySource, Keys, ProviderSpec, Wanted,
    address::Address,
    fail::Peer,
    http::{Http, beginning, key_header, unacceptable},
    leash::Leash,
    lines::MAX_EVENT,
    status,
};

/// The most of an error body that is read.
pub(crate) const MAX_ERROR_BODY: usize = 64 * 1024;

/// What all providers of a configuration share.
pub(crate) struct Network {
    pub(crate) http: Http,
    pub(crate) keys: Arc<dyn Keys>,
}

/// A provider that is reached over HTTP.
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    pub(crate) address: Address,
    pub(crate) fim: Option<String>,
    pub(crate) network: Arc<Network>,
    key: KeySource,
    allow_http: bool,
    /// Models whose server was found unable to fill a hole by itself.
    cannot_fill: Mutex<HashSet<String>>,
}

impl Endpoint {
    /// The provider of `spec`; fails with a sentence about its address.
    pub(crate) fn new(spec: ProviderSpec, network: Arc<Network>) -> Result<Self, ModelError> {
        let address = Address::parse(&spec.base_url)
            .map_err(|why| ModelError::new(ErrorKind::InvalidRequest, &spec.name, format!("`{}`: {why}", spec.name)))?;
        Ok(Self {
            name: spec.name,
            dialect: spec.dialect,
            address,
            fim: spec.fim,
            network,
            key: spec.key,
            allow_http: spec.allow_http,
            cannot_fill: Mutex::default(),
        })
    }

    /// Who to name in failures.
    pub(crate) fn peer(&self) -> Peer<'_> {
        Peer { provider: &self.name, dialect: self.dialect, address: &self.address }
    }

    /// The header that carries the key, or `None` where no key is used. Asked for anew at each use.
    pub(crate) async fn key(&self, by: By) -> Result<Option<Credential>, ModelError> {
        if self.key == KeySource::None {
            return Ok(None);
        }
        if !self.address.is_https() && !self.address.is_loopback() && !self.allow_http {
            return Err(self.peer().error(
                ErrorKind::InvalidRequest,
                format_args!(
                    "is reached over plain http at {}, where others could read the key: use https, or set `allow_http = true` if the network is yours",
                    self.address.origin()
                ),
            ));
        }
        let wanted = Wanted { provider: &self.name, origin: self.address.origin(), source: &self.key, by };
        let secret = self.network.keys.get(wanted).await?;
        // Whatever comes back may quote it.
        aside_secret::know(&secret);
        let (name, prefix) = match self.dialect {
            Dialect::Anthropic => (HeaderName::from_static("x-api-key"), ""),
            _ => (AUTHORIZATION, "Bearer "),
        };
        let Some(value) = key_header(prefix, &secret) else {
            let sentence = "has a key that is empty or holds characters no header may hold; store it again";
            return Err(self.peer().error(ErrorKind::NoKey, sentence));
        };
        Ok(Some(Credential { name, value }))
    }

    /// A request with this provider's headers; the caller adds a body.
    pub(crate) fn request(&self, method: Method, url: Url, credential: Option<&Credential>) -> Request {
        let mut request = Request::new(method, url);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.dialect == Dialect::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        if let Some(credential) = credential {
            headers.insert(credential.name.clone(), credential.value.clone());
        }
        request
    }

    /// The whole JSON body at `url`, for lists and health.
    pub(crate) async fn get(&self, url: Url) -> Result<serde_json::Value, ModelError> {
        let mut leash = Leash::new(self.network.keys.locks());
        let credential = self.key(By::Background).await?;
        let asked = self.get_with(url, credential.as_ref());
        tokio::select! {
            biased;
            () = leash.pulled(), if credential.is_some() => Err(self.peer().locked()),
            answer = asked => answer,
        }
    }

    async fn get_with(&self, url: Url, credential: Option<&Credential>) -> Result<serde_json::Value, ModelError> {
        let peer = self.peer();
        let client = self.network.http.client(&self.address).await;
        let client = client.map_err(|error| peer.error(ErrorKind::InvalidRequest, error))?;
        let request = self.request(Method::GET, url, credential);
        let mut response =
            self.network.http.send(&client, request).await.map_err(|passage| peer.no_answer(&passage))?;
        check(&peer, &mut response).await?;
        let (body, whole) = beginning(&mut response, MAX_EVENT).await;
        match serde_json::from_str(&body) {
            Ok(value) if whole => Ok(value),
            _ => Err(peer.error(
                ErrorKind::Protocol,
                format_args!("answers at {} with something that is not JSON", self.address.origin()),
            )),
        }
    }

    /// Whether a key is sent to this provider.
    pub(crate) fn uses_key(&self) -> bool {
        self.key != KeySource::None
    }

    /// Whether this model's server was found unable to fill a hole by itself.
    pub(crate) fn cannot_fill(&self, model: &str) -> bool {
        self.cannot_fill.lock().unwrap_or_else(PoisonError::into_inner).contains(model)
    }

    pub(crate) fn remember_cannot_fill(&self, model: &str) {
        self.cannot_fill.lock().unwrap_or_else(PoisonError::into_inner).insert(model.to_owned());
    }
}

/// The header that carries a key.
pub(crate) struct Credential {
    name: HeaderName,
    value: HeaderValue,
}

/// Whether the head of an answer promises an answer; otherwise its refusal, read from the body.
pub(crate) async fn check(peer: &Peer<'_>, response: &mut Response) -> Result<(), ModelError> {
    if let Some(fault) = unacceptable(response) {
        return Err(peer.error(ErrorKind::Protocol, fault));
    }
    let status = response.status().as_u16();
    if status == 200 {
        return Ok(());
    }
    let (body, _) = beginning(response, MAX_ERROR_BODY).await;
    let report = status::report(&body);
    Err(peer.refused(status::kind(status, &report), status, &report))
}
