//! TLS on loopback: an authority of one's own is trusted when it is named, and nothing else is.
//!
//! The certificates and the key in `tls/` are made for these tests alone and guard nothing.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
};

use aside_model::{EndReason, ErrorKind};
use aside_providers::{Dialect, HttpOptions};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::setting::{Outcome, hello, model, options, outcome, providers, spec};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/loopback/tls")
}

/// A server with this certificate that answers one request per connection, on a thread of its own. Gives its port.
fn start(certificate: &str) -> u16 {
    let chain = CertificateDer::pem_file_iter(folder().join(certificate))
        .expect("a file")
        .collect::<Result<_, _>>()
        .expect("PEM");
    let key = PrivateKeyDer::from_pem_file(folder().join("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("usual versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a fitting key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a valid setting");
            let mut stream = BufReader::new(StreamOwned::new(connection, socket));
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let body = "data: [DONE]\n\n";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            // A client that does not trust us has gone already.
            let _ = stream.get_mut().write_all(format!("{head}{body}").as_bytes());
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
    });
    port
}

async fn ask(host: &str, certificate: &str, authority: Option<&str>) -> Outcome {
    let ca_file = authority.map(|name| folder().join(name));
    let address = format!("https://{host}:{}/v1", start(certificate));
    let providers = providers(spec(Dialect::OpenAi, &address), HttpOptions { ca_file, ..options() });
    outcome(providers.chat(&model()).expect("a known provider").chat(hello())).await
}

#[tokio::test]
async fn a_named_authority_is_trusted() {
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(ask(host, "server.pem", Some("authority.pem")).await.end, Ok(EndReason::Complete), "{host}");
    }
}

#[tokio::test]
async fn an_unknown_expired_or_foreign_certificate_is_refused() {
    // Some authority is named each time, so that the test does not depend on those of the machine.
    for (certificate, authority, reason) in [
        ("server.pem", "other.pem", "UnknownIssuer"),
        ("expired.pem", "authority.pem", "expired"),
        ("other.pem", "authority.pem", "not valid for name"),
    ] {
        let error = ask("127.0.0.1", certificate, Some(authority)).await.error();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert!(error.message.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let error = ask("127.0.0.1", "server.pem", Some("server.key")).await.error();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("holds no usable PEM certificate"), "{error}");
}
