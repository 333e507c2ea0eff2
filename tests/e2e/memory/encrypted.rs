//! TLS in front of a model server, as vendors have it: HTTP/1.1 or HTTP/2 inside.
//!
//! The certificate is the one of the providers' own tests, made for tests alone.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc};

use aside_test_support::{ModelServer, binary::repository};
use h2::{RecvStream, server::SendResponse};
use http::{Request, Response};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What is spoken inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    Http1,
    Http2,
}

/// Listens on loopback as long as it is kept.
pub(crate) struct Encrypted {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Encrypted {
    /// TLS in front of `server`.
    pub(crate) fn before(server: &ModelServer, inside: Inside) -> Self {
        let runtime = Runtime::new().expect("threads can be started");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (acceptor, upstream) = (acceptor(inside), server.address());
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    socket.set_nodelay(true).expect("a TCP socket");
                    let stream = acceptor.accept(socket).await.expect("a client that trusts us");
                    match inside {
                        Inside::Http1 => relay(stream, upstream).await,
                        Inside::Http2 => translate(stream, upstream).await,
                    }
                });
            }
        });
        Self { address, runtime: Some(runtime) }
    }

    /// `https://127.0.0.1:PORT` and `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// The certificate that has to be trusted.
    pub(crate) fn authority() -> PathBuf {
        folder().join("authority.pem")
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn folder() -> PathBuf {
    repository().join("server/providers/tests/loopback/tls")
}

fn acceptor(inside: Inside) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(folder().join("server.pem"))
        .expect("a file")
        .collect::<Result<_, _>>()
        .expect("PEM");
    let key = PrivateKeyDer::from_pem_file(folder().join("server.key")).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("usual versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a fitting key");
    let spoken: &[u8] = if inside == Inside::Http2 { b"h2" } else { b"http/1.1" };
    config.alpn_protocols.push(spoken.to_vec());
    TlsAcceptor::from(Arc::new(config))
}

/// The same bytes on both sides.
async fn relay(mut stream: TlsStream<TcpStream>, upstream: SocketAddr) {
    let mut plain = TcpStream::connect(upstream).await.expect("the model server listens");
    plain.set_nodelay(true).expect("a TCP socket");
    // Either side may leave.
    let _ = copy_bidirectional(&mut stream, &mut plain).await;
}

/// Each request on a connection of its own to the model server.
async fn translate(stream: TlsStream<TcpStream>, upstream: SocketAddr) {
    let mut connection = h2::server::handshake(stream).await.expect("a client that speaks HTTP/2");
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(async move {
            // The client may leave in the middle.
            let _ = exchange(request, respond, upstream).await;
        });
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(
    request: Request<RecvStream>,
    mut respond: SendResponse<bytes::Bytes>,
    upstream: SocketAddr,
) -> Result<(), Failure> {
    let (head, mut body) = request.into_parts();
    let mut sent = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        sent.extend_from_slice(&piece);
    }
    let mut text = format!("{} {} HTTP/1.1\r\ncontent-length: {}\r\n", head.method, head.uri.path(), sent.len());
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != "content-length") {
        text.push_str(&format!("{name}: {}\r\n", value.to_str()?));
    }
    let mut plain = BufReader::new(TcpStream::connect(upstream).await?);
    plain.write_all(format!("{text}\r\n").as_bytes()).await?;
    plain.write_all(&sent).await?;
    let (status, headers) = read_head(&mut plain).await?;
    let mut response = Response::builder().status(status);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "transfer-encoding") {
        response = response.header(name, value);
    }
    let mut answer = respond.send_response(response.body(())?, false)?;
    loop {
        let mut line = String::new();
        plain.read_line(&mut line).await?;
        let mut chunk = vec![0; usize::from_str_radix(line.trim(), 16)?];
        plain.read_exact(&mut chunk).await?;
        plain.read_line(&mut line).await?;
        let last = chunk.is_empty();
        answer.send_data(chunk.into(), last)?;
        if last {
            return Ok(());
        }
    }
}

async fn read_head(plain: &mut BufReader<TcpStream>) -> Result<(u16, HashMap<String, String>), Failure> {
    let mut line = String::new();
    plain.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).ok_or("no status")?.parse()?;
    let mut headers = HashMap::new();
    loop {
        line.clear();
        plain.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { return Ok((status, headers)) };
        headers.insert(name.to_owned(), value.to_owned());
    }
}
