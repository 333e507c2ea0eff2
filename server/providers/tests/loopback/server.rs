//! A server that answers each request with the next script, byte for byte, and tells what it saw.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Long enough for any machine, short enough to see a hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a script does, one after another.
pub(crate) enum Step {
    /// Writes these bytes in one piece.
    Send(Vec<u8>),
    /// Writes these bytes one at a time.
    Dribble(Vec<u8>),
    /// Goes on when the test says so.
    Gate(oneshot::Receiver<()>),
    /// Waits until the client closes the connection, and reports it.
    AwaitClose,
    /// Ends the connection with a reset instead of a proper end.
    Reset,
    /// Ends the connection.
    Close,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The request line without the version.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/").next().expect("a request line")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub(crate) struct Server {
    pub(crate) port: u16,
    requests: mpsc::UnboundedReceiver<Seen>,
    closed: mpsc::UnboundedReceiver<()>,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

/// What the connections of a server share.
#[derive(Clone)]
struct Shared {
    scripts: Arc<Mutex<VecDeque<Vec<Step>>>>,
    requests: mpsc::UnboundedSender<Seen>,
    closed: mpsc::UnboundedSender<()>,
    bytes: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (requests, requests_seen) = mpsc::unbounded_channel();
        let (closed, closes_seen) = mpsc::unbounded_channel();
        let (connections, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let shared = Shared {
            scripts: Arc::new(Mutex::new(scripts.into_iter().collect())),
            requests,
            closed,
            bytes: Arc::clone(&bytes),
        };
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).expect("a TCP socket");
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, requests: requests_seen, closed: closes_seen, connections, bytes }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> Seen {
        timeout(PATIENCE, self.requests.recv()).await.expect("a request in time").expect("a server")
    }

    /// Returns once a client closed a connection that was waiting for it.
    pub(crate) async fn closed(&mut self) {
        timeout(PATIENCE, self.closed.recv()).await.expect("a closed connection in time").expect("a server");
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many bytes clients have sent.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, shared: Shared) {
    while let Some(seen) = read(&mut stream, &shared.bytes).await {
        let _ = shared.requests.send(seen);
        let script = shared.scripts.lock().expect("no panic inside").pop_front();
        for step in
            script.unwrap_or_else(|| vec![Step::Send(b"HTTP/1.1 418 No script left\r\n\r\n".to_vec()), Step::Close])
        {
            match step {
                // The client may be gone; then the next read says so.
                Step::Send(bytes) => drop(stream.write_all(&bytes).await),
                Step::Dribble(bytes) => {
                    for byte in bytes {
                        drop(stream.write_all(&[byte]).await);
                        tokio::task::yield_now().await;
                    }
                }
                Step::Gate(gate) => drop(gate.await),
                Step::AwaitClose => {
                    let mut byte = [0];
                    if !matches!(stream.read(&mut byte).await, Ok(1..)) {
                        let _ = shared.closed.send(());
                    }
                    return;
                }
                Step::Reset => {
                    stream.set_zero_linger().expect("a TCP socket");
                    return;
                }
                Step::Close => return,
            }
        }
    }
}

async fn read(stream: &mut TcpStream, count: &AtomicUsize) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).expect("an ASCII head");
            let mut seen = Seen { head, body: Vec::new() };
            let length: usize = seen.header("content-length").map_or(0, |value| value.parse().expect("a length"));
            if bytes.len() >= end + 4 + length {
                seen.body = bytes[end + 4..end + 4 + length].to_vec();
                return Some(seen);
            }
        }
        let read = stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
        count.fetch_add(read, Ordering::SeqCst);
    }
}

/// A gate and what opens it.
pub(crate) fn gate() -> (Step, oneshot::Sender<()>) {
    let (open, gate) = oneshot::channel();
    (Step::Gate(gate), open)
}

/// A whole answer with this status, headers and body; the connection stays.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
    vec![Step::Send(text.into_bytes())]
}

/// The head of a stream that ends with the connection.
pub(crate) fn open_head(media_type: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\nconnection: close\r\n\r\n").into_bytes()
}

/// The head of a stream in chunks.
pub(crate) fn chunked_head(media_type: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes()
}

pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A whole stream in one chunk; the connection stays.
pub(crate) fn streamed(media_type: &str, body: &str) -> Vec<Step> {
    vec![Step::Send([chunked_head(media_type), chunk(body.as_bytes()), b"0\r\n\r\n".to_vec()].concat())]
}
