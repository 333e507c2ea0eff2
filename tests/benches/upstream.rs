//! A llama.cpp server of fixed latency that tells when it had a request and when it answered, and direct requests to it.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use aside_test_support::model_server::{Gate, Reply, dialects::openai};

const BODY: &str = concat!(
    "data: {\"content\":\"a + b\",\"stop\":false}\n\n",
    "data: {\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\"}\n\n"
);

/// The server; it ends with the process.
pub(crate) struct Upstream {
    address: SocketAddr,
    seen: Arc<(Mutex<Vec<Seen>>, Condvar)>,
    direct: Mutex<Option<BufReader<TcpStream>>>,
}

#[derive(Clone, Copy)]
struct Seen {
    received: Instant,
    answered: Option<Instant>,
    closed: Option<Instant>,
}

impl Upstream {
    pub(crate) fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let seen: Arc<(Mutex<Vec<Seen>>, Condvar)> = Arc::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, delay, &shared));
            }
        });
        Self { address, seen, direct: Mutex::new(None) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request over a kept connection, less the upstream's own time.
    pub(crate) fn direct(&self) -> Duration {
        let mut kept = self.direct.lock().expect("one user");
        let connection = kept.get_or_insert_with(|| {
            let stream = TcpStream::connect(self.address).expect("the upstream listens");
            stream.set_nodelay(true).expect("a socket option");
            BufReader::new(stream)
        });
        let request = "POST /infill HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
        let begun = Instant::now();
        connection.get_mut().write_all(request.as_bytes()).expect("the upstream reads");
        let length = read_head(connection).expect("an answer");
        let mut body = vec![0; length];
        connection.read_exact(&mut body).expect("a whole answer");
        begun.elapsed() - self.spent()
    }

    /// The upstream's own time for the newest request.
    pub(crate) fn spent(&self) -> Duration {
        let seen = self.seen.0.lock().expect("no panics");
        let one = seen.last().expect("a request came");
        one.answered.expect("answered") - one.received
    }

    /// Waits until `count` requests have come.
    pub(crate) fn wait_for(&self, count: usize) {
        drop(self.wait(|seen| seen.len() >= count));
    }

    /// Waits until exactly `count` requests are open.
    pub(crate) fn wait_alive(&self, count: usize) {
        drop(self.wait(|seen| !seen.is_empty() && seen.iter().filter(|one| one.closed.is_none()).count() == count));
    }

    /// How many requests came.
    pub(crate) fn seen(&self) -> usize {
        self.seen.0.lock().expect("no panics").len()
    }

    /// When the client of request `number` went away.
    pub(crate) fn closed(&self, number: usize) -> Instant {
        self.wait(|seen| seen[number].closed.is_some())[number].closed.expect("just seen")
    }

    fn wait(&self, ready: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let guard = self.seen.0.lock().expect("no panics");
        let patience = Duration::from_secs(20);
        let (seen, timeout) = self.seen.1.wait_timeout_while(guard, patience, |seen| !ready(seen)).expect("no panics");
        assert!(!timeout.timed_out(), "the upstream waits in vain");
        seen.clone()
    }
}

fn serve(stream: TcpStream, delay: Duration, shared: &(Mutex<Vec<Seen>>, Condvar)) {
    stream.set_nodelay(true).expect("a socket option");
    let mut reader = BufReader::new(stream);
    while let Some(length) = read_head(&mut reader) {
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let number = {
            let mut seen = shared.0.lock().expect("no panics");
            seen.push(Seen { received: Instant::now(), answered: None, closed: None });
            shared.1.notify_all();
            seen.len() - 1
        };
        // Waits for the delay or for the client to leave, whichever is first.
        reader.get_ref().set_read_timeout(Some(delay)).expect("a socket option");
        let left = match reader.fill_buf() {
            Ok(more) => more.is_empty(),
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        };
        reader.get_ref().set_read_timeout(None).expect("a socket option");
        if left {
            shared.0.lock().expect("no panics")[number].closed = Some(Instant::now());
            shared.1.notify_all();
            return;
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        shared.0.lock().expect("no panics")[number].answered = Some(Instant::now());
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads a head; gives the body's length, or `None` at the end of the connection.
fn read_head(reader: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return Some(length);
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
}

/// A chat answer of `pieces` that begins when `gate` opens.
pub(crate) fn openai_stream(gate: &Gate, pieces: &[&str]) -> Reply {
    let mut reply = Reply::sse().hold(gate);
    for piece in pieces {
        reply = reply.then(openai::delta(piece));
    }
    reply.then(openai::finish("stop")).then(openai::DONE)
}
