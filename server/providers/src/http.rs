//! The HTTP clients: made at first use, kept for all requests of a configuration.
//!
//! No redirects, no decompression, no total timeout. Loopback has a client of its own that never sees a proxy and loads no
//! TLS roots. Owns connections and their limits; does not know what is said over them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aside_secret::Secret;
use bytes::Bytes;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, Request, Response, header::HeaderValue, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{
    sync::OnceCell,
    time::{error::Elapsed, timeout},
};
use zeroize::Zeroizing;

use crate::{
    HttpOptions,
    address::Address,
    fail::{Passage, root},
};

/// The most bytes of an answer's headers.
const MAX_HEADERS: usize = 64 * 1024;
/// How long a short body is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest file of extra certificates.
const MAX_CA_FILE: u64 = 4 * 1024 * 1024;

/// Why no client could be made: a sentence that names the setting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("`http.ca_file` {0} cannot be read: {1}")]
    CaFile(String, std::io::Error),
    #[error("`http.ca_file` {0} holds no usable PEM certificate")]
    NoCertificate(String),
    #[error("`http.proxy` is not a proxy address: {0}")]
    Proxy(String),
    #[error(
        "no connection can be made: {0}; install the system's CA certificates, or name a file of them as `http.ca_file`"
    )]
    Client(String),
    #[error("no connection can be made: {0}")]
    Tls(rustls::Error),
    #[error("no connection can be made: the program is ending")]
    Ending,
}

/// All connections of one configuration.
pub(crate) struct Http {
    options: HttpOptions,
    /// Replaced as a whole when connections are closed; held for a moment only.
    clients: Mutex<Arc<Clients>>,
}

/// The clients, each made at its first use.
#[derive(Default)]
struct Clients {
    /// Plain http to this machine.
    plain: OnceCell<Client>,
    /// https to this machine.
    local: OnceCell<Client>,
    /// Plain http to another one.
    open: OnceCell<Client>,
    /// https to another one.
    remote: OnceCell<Client>,
}

impl Http {
    pub(crate) fn new(options: HttpOptions) -> Self {
        Self { options, clients: Mutex::default() }
    }

    pub(crate) fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// Lets go of every client: idle connections close now, busy ones with their answers.
    pub(crate) fn disconnect(&self) {
        *self.clients.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The client for `address`, made now if it is the first of its sort. A handle: keep it for one request only.
    pub(crate) async fn client(&self, address: &Address) -> Result<Client, ClientError> {
        let options = &self.options;
        let clients = Arc::clone(&self.clients.lock().unwrap_or_else(PoisonError::into_inner));
        let client = match (address.is_loopback(), address.is_https()) {
            (true, false) => {
                let make = || async { plain(builder(options).no_proxy()) };
                clients.plain.get_or_try_init(make).await
            }
            (true, true) => clients.local.get_or_try_init(|| secured(options.clone(), true)).await,
            (false, false) => clients.open.get_or_try_init(|| open(options.clone())).await,
            (false, true) => clients.remote.get_or_try_init(|| secured(options.clone(), false)).await,
        };
        client.cloned()
    }

    /// Sends `request` and waits for the answer's head, at most until the first-byte limit.
    pub(crate) async fn send(&self, client: &Client, request: Request) -> Result<Response, Passage> {
        let limit = self.options.first_byte_timeout;
        match timeout(limit, client.execute(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_timeout() => Err(Passage::Connect(self.options.connect_timeout)),
            Ok(Err(error)) => Err(Passage::Client(error.without_url())),
            Err(Elapsed { .. }) => Err(Passage::FirstByte(limit)),
        }
    }
}

fn builder(options: &HttpOptions) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("aside/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .http2_max_header_list_size(64 * 1024)
}

/// A client for plain http only. Its TLS trusts nobody, so that no roots are loaded for it.
fn plain(builder: ClientBuilder) -> Result<Client, ClientError> {
    let trusts_nobody = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    builder.tls_backend_preconfigured(trusts_nobody).build().map_err(client_error)
}

fn client_error(error: reqwest::Error) -> ClientError {
    ClientError::Client(root(&error.without_url()))
}

/// A client for plain http to other machines. The roots serve only a proxy that is reached over https, so that a machine
/// without any still reaches its neighbours.
async fn open(options: HttpOptions) -> Result<Client, ClientError> {
    match secured(options.clone(), false).await {
        Err(ClientError::Client(_)) => plain(proxied(builder(&options), &options)?),
        made => made,
    }
}

fn proxied(builder: ClientBuilder, options: &HttpOptions) -> Result<ClientBuilder, ClientError> {
    let Some(proxy) = &options.proxy else { return Ok(builder) };
    let proxy = Proxy::all(proxy).map_err(|error| ClientError::Proxy(root(&error.without_url())))?;
    Ok(builder.no_proxy().proxy(proxy))
}

/// A client with the system's roots and the configured extra ones. Reading them takes milliseconds, so it is done off the
/// runtime's workers.
async fn secured(options: HttpOptions, local: bool) -> Result<Client, ClientError> {
    let make = move || {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another thread may have been faster; then its choice stands.
            let _ = ring::default_provider().install_default();
        }
        let mut builder = builder(&options);
        if let Some(file) = &options.ca_file {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
        builder = if local { builder.no_proxy() } else { proxied(builder, &options)? };
        builder.build().map_err(client_error)
    };
    tokio::task::spawn_blocking(make).await.unwrap_or(Err(ClientError::Ending))
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, ClientError> {
    let name = || format!("`{}`", file.display());
    let unreadable = |error| ClientError::CaFile(name(), error);
    if std::fs::metadata(file).map_err(unreadable)?.len() > MAX_CA_FILE {
        return Err(ClientError::NoCertificate(name()));
    }
    let pem = std::fs::read(file).map_err(unreadable)?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ClientError::NoCertificate(name())),
    }
}

/// A header value of `prefix` and the key: marked sensitive, and wiped when its last clone is dropped.
///
/// `None` when the key holds bytes that no header may hold.
pub(crate) fn key_header(prefix: &str, key: &Secret) -> Option<HeaderValue> {
    let key = key.expose();
    // The right size from the start: growth would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(prefix.len() + key.len()));
    bytes.extend_from_slice(prefix.as_bytes());
    bytes.extend_from_slice(key);
    if key.is_empty() || !bytes.iter().all(|b| matches!(b, b' '..=b'~')) {
        return None;
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What is wrong with an answer's head, whatever its status: a sentence, or `None`.
pub(crate) fn unacceptable(response: &Response) -> Option<&'static str> {
    let headers = response.headers();
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADERS {
        return Some("answers with more than 64 KiB of headers");
    }
    let plain =
        headers.get_all("content-encoding").iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    (!plain).then_some("answers compressed, which was not asked for")
}

/// The beginning of a body, at most `limit` bytes and [`PATIENCE`] long, as text; whatever came of it. The second value
/// says whether it is the whole body.
pub(crate) async fn beginning(response: &mut Response, limit: usize) -> (String, bool) {
    let mut body = Vec::new();
    let read = async {
        while body.len() < limit {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
        false
    };
    let whole = timeout(PATIENCE, read).await.unwrap_or(false);
    (String::from_utf8_lossy(&body).into_owned(), whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_header_is_sensitive_and_hides_its_value() {
        let value = key_header("Bearer ", &Secret::new(b"abc".to_vec())).unwrap();
        assert!(value.is_sensitive());
        assert_eq!(value.as_bytes(), b"Bearer abc");
        assert!(!format!("{value:?}").contains("abc"));
    }

    #[test]
    fn a_key_that_would_break_a_header_is_not_sent() {
        for key in ["", "a\nb", "a\r\nx-evil: 1", "a\0", "schlüssel"] {
            assert!(key_header("", &Secret::new(key.into())).is_none(), "{key:?}");
        }
    }

    #[tokio::test]
    async fn a_bad_proxy_or_certificate_file_is_named() {
        let address = Address::parse("https://example.com").unwrap();
        let options = HttpOptions { ca_file: Some("/nowhere/ca.pem".into()), ..HttpOptions::default() };
        let error = Http::new(options).client(&address).await.unwrap_err().to_string();
        assert!(error.starts_with("`http.ca_file` `/nowhere/ca.pem` cannot be read"), "{error}");
        let options = HttpOptions { proxy: Some("no proxy".into()), ..HttpOptions::default() };
        let error = Http::new(options).client(&address).await.unwrap_err().to_string();
        assert!(error.starts_with("`http.proxy` is not a proxy address"), "{error}");
        // Loopback is not touched by either.
        let local = Address::parse("http://localhost:1").unwrap();
        let options =
            HttpOptions { proxy: Some("no proxy".into()), ca_file: Some("/x".into()), ..HttpOptions::default() };
        assert!(Http::new(options).client(&local).await.is_ok());
    }
}
