//! A model server that says exactly what a test scripts, over real HTTP on loopback.
//!
//! It records every request and the moment a client goes away. A [`Reply`] is played step by step, and a [`Gate`] in it
//! holds the rest back until the test opens it: what the program does in the middle of an answer is then a fact, not a
//! matter of timing. [`dialects`] spells the vendors' wires.

mod connection;
pub mod dialects;
mod http;
mod reply;

use std::{
    collections::{HashMap, VecDeque},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

pub use reply::{Gate, Reply};

use crate::PATIENCE;

/// The server. Dropping it ends it and its connections.
#[derive(Debug)]
pub struct ModelServer {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its place among all requests of this server, from 0.
    pub number: usize,
    /// GET or POST.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When the last byte of it was read.
    pub received: Instant,
}

impl Request {
    /// The value of the header `name` (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; fails the test when it is anything else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body is not JSON ({error}): {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What all threads of one server share: held only to look and to change, never while anything is read or written.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    scripted: HashMap<String, VecDeque<Reply>>,
    always: HashMap<String, Reply>,
    requests: Vec<Recorded>,
    open: Vec<TcpStream>,
    /// How many of them have a client at the other end.
    connected: usize,
    gates: Vec<bool>,
    stopping: bool,
}

#[derive(Debug)]
struct Recorded {
    request: Request,
    taken: bool,
    fate: Fate,
}

/// What became of a request's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Still being answered.
    Live,
    /// Answered to its end.
    Done,
    /// The client went away before the end.
    Gone(Instant),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A failed test may panic while it looks at the state; others still have to end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `look` finds something; `None` at the deadline.
    fn wait<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Default for ModelServer {
    fn default() -> Self {
        Self::start()
    }
}

impl ModelServer {
    /// Starts a server on a free loopback port. What is not scripted is answered with 404.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.lock().stopping {
                    break;
                }
                let serving = Arc::clone(&serving);
                thread::spawn(move || connection::serve(&stream, &serving));
            }
        });
        Self { shared, address }
    }

    /// `http://127.0.0.1:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers the next unscripted request to `path` with `reply`.
    pub fn once(&self, path: &str, reply: Reply) {
        self.shared.change(|state| state.scripted.entry(path.to_owned()).or_default().push_back(reply));
    }

    /// Answers every request to `path` that has no answer of its own with `reply`.
    pub fn always(&self, path: &str, reply: Reply) {
        self.shared.change(|state| state.always.insert(path.to_owned(), reply));
    }

    /// A closed gate for a [`Reply`].
    pub fn gate(&self) -> Gate {
        let number = self.shared.change(|state| {
            state.gates.push(false);
            state.gates.len() - 1
        });
        Gate { shared: Arc::clone(&self.shared), number }
    }

    /// Waits for the next request to `path` that was not taken yet.
    #[track_caller]
    pub fn request(&self, path: &str) -> Request {
        let found = self.shared.wait(|state| {
            let next = state.requests.iter_mut().find(|one| !one.taken && one.request.path == path)?;
            next.taken = true;
            Some(next.request.clone())
        });
        found.unwrap_or_else(|| panic!("no request to `{path}`; there were: {:?}", self.paths()))
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.iter().map(|one| one.request.clone()).collect()
    }

    /// The paths of all requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// Waits until the client of `request` went away before its answer's end; gives the moment.
    #[track_caller]
    pub fn gone(&self, request: &Request) -> Instant {
        let moment = self.shared.wait(|state| match state.requests[request.number].fate {
            Fate::Gone(at) => Some(at),
            Fate::Live => None,
            Fate::Done => panic!("request {} was answered to its end", request.number),
        });
        moment.unwrap_or_else(|| panic!("the client of request {} still listens", request.number))
    }

    /// Waits until no client has a connection open; fails the test after `patience`.
    #[track_caller]
    pub fn wait_closed(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.connected > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} connections are open after {patience:?}", state.connected);
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until exactly `count` requests are being answered.
    #[track_caller]
    pub fn wait_live(&self, count: usize) {
        let live = |state: &State| state.requests.iter().filter(|one| one.fate == Fate::Live).count();
        if self.shared.wait(|state| (live(state) == count).then_some(())).is_none() {
            let found = live(&self.shared.lock());
            panic!("{found} requests are being answered, not {count}; all requests: {:?}", self.paths());
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        let open = self.shared.change(|state| {
            state.stopping = true;
            std::mem::take(&mut state.open)
        });
        for stream in open {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
        // Wakes the listener, so that it sees the end.
        drop(TcpStream::connect(self.address));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::{dialects::openai, *};

    fn ask(server: &ModelServer, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(server.address()).expect("the server listens");
        write!(stream, "POST {path} HTTP/1.1\r\nContent-Length: 2\r\nX-Case: A\r\n\r\n{{}}").expect("the server reads");
        stream
    }

    fn read_until(stream: &mut TcpStream, text: &str) -> String {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&bytes).ends_with(text) {
            assert_eq!(stream.read(&mut byte).expect("the server answers"), 1, "the answer ended early");
            bytes.push(byte[0]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_gate_holds_the_rest_of_an_answer_back() {
        let server = ModelServer::start();
        let gate = server.gate();
        server.once("/x", Reply::sse().then("one").hold(&gate).then("two"));
        let mut stream = ask(&server, "/x");
        read_until(&mut stream, "one\r\n");
        server.wait_live(1);
        gate.open();
        assert_eq!(read_until(&mut stream, "0\r\n\r\n"), "3\r\ntwo\r\n0\r\n\r\n");
        server.wait_live(0);
        let request = server.request("/x");
        assert_eq!((request.header("x-case"), request.text()), (Some("A"), "{}".to_owned()));
    }

    #[test]
    fn the_moment_is_known_when_a_client_goes_away() {
        let server = ModelServer::start();
        server.always("/x", Reply::sse().then("one").silent());
        let mut stream = ask(&server, "/x");
        read_until(&mut stream, "one\r\n");
        let left = Instant::now();
        drop(stream);
        assert!(server.gone(&server.request("/x")) >= left);
    }

    #[test]
    fn scripted_answers_come_in_order_and_the_rest_is_not_found() {
        let server = ModelServer::start();
        server.once("/x", Reply::json(200, &serde_json::json!(1)));
        server.once("/x", Reply::json(200, &serde_json::json!(2)));
        let answers = (0..3).map(|_| read_until(&mut ask(&server, "/x"), "0\r\n\r\n")).collect::<Vec<_>>();
        assert!(answers[0].contains("\r\n1\r\n") && answers[1].contains("\r\n2\r\n"), "{answers:?}");
        assert!(answers[2].starts_with("HTTP/1.1 404 "), "{answers:?}");
    }

    #[test]
    fn a_broken_answer_ends_without_its_last_chunk() {
        let server = ModelServer::start();
        server.once(openai::CHAT, Reply::sse().then("one").broken());
        let mut text = String::new();
        ask(&server, openai::CHAT).read_to_string(&mut text).expect("the server answers");
        assert!(text.ends_with("3\r\none\r\n"), "{text:?}");
    }
}
