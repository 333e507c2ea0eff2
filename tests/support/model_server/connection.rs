//! One connection: a thread that reads requests and sees the client go, and one that plays the replies.

use std::{
    io::BufReader,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use serde_json::json;

use super::{
    Fate, Recorded, Reply, Request, Shared, http,
    reply::{End, Step},
};

/// Serves `stream` until either side closes it.
pub(super) fn serve(stream: &TcpStream, shared: &Arc<Shared>) {
    // Each piece is its own packet: what the program sees is what the script says.
    drop(stream.set_nodelay(true));
    let (Ok(reading), Ok(kept)) = (stream.try_clone(), stream.try_clone()) else { return };
    shared.change(|state| {
        state.open.push(kept);
        state.connected += 1;
    });
    let (sender, numbers) = mpsc::channel();
    let closed = Arc::new(AtomicBool::new(false));
    let reader = (Arc::clone(shared), Arc::clone(&closed));
    thread::spawn(move || read(&reading, &reader.0, &reader.1, &sender));
    for number in numbers {
        if !play(stream, shared, &closed, number) {
            break;
        }
    }
    drop(stream.shutdown(std::net::Shutdown::Both));
}

fn read(stream: &TcpStream, shared: &Shared, closed: &AtomicBool, numbers: &mpsc::Sender<usize>) {
    let mut input = BufReader::new(stream);
    let mut mine = Vec::new();
    while let Some((method, path, headers, body)) = http::read_request(&mut input) {
        let number = shared.change(|state| {
            let number = state.requests.len();
            let request = Request { number, method, path, headers, body, received: Instant::now() };
            state.requests.push(Recorded { request, taken: false, fate: Fate::Live });
            number
        });
        mine.push(number);
        if numbers.send(number).is_err() {
            break;
        }
    }
    let now = Instant::now();
    shared.change(|state| {
        closed.store(true, Ordering::SeqCst);
        state.connected -= 1;
        for number in mine {
            if state.requests[number].fate == Fate::Live {
                state.requests[number].fate = Fate::Gone(now);
            }
        }
    });
}

/// Plays the reply for request `number`; whether the connection can go on.
fn play(stream: &TcpStream, shared: &Shared, closed: &AtomicBool, number: usize) -> bool {
    let reply = shared.change(|state| {
        let path = state.requests[number].request.path.clone();
        let scripted = state.scripted.get_mut(&path).and_then(std::collections::VecDeque::pop_front);
        scripted.or_else(|| state.always.get(&path).cloned())
    });
    let reply = reply.unwrap_or_else(|| Reply::json(404, &json!({ "error": { "message": "not scripted" } })));
    let mut output = stream;
    if http::write_head(&mut output, &reply).is_err() {
        return false;
    }
    // The request is done before its last bytes are on their way: a client may close as soon as it has them.
    let last = reply.steps.iter().rposition(|step| matches!(step, Step::Send(_)));
    for (index, step) in reply.steps.iter().enumerate() {
        if Some(index) == last && reply.end != End::Silent && reply.steps.len() == index + 1 {
            done(shared, number);
        }
        let passed = match step {
            Step::Send(bytes) => http::write_chunk(&mut output, bytes).is_ok(),
            Step::Hold(gate) => wait(shared, |state| state.gates[gate.number], closed),
        };
        if !passed {
            return false;
        }
    }
    match reply.end {
        End::Whole => {
            done(shared, number);
            http::write_chunk(&mut output, b"").is_ok()
        }
        End::Broken => {
            done(shared, number);
            false
        }
        End::Silent => wait(shared, |_| false, closed),
    }
}

fn done(shared: &Shared, number: usize) {
    shared.change(|state| {
        if state.requests[number].fate == Fate::Live {
            state.requests[number].fate = Fate::Done;
        }
    });
}

/// Waits for `passed`, as long as the client stays; whether it came. A gate may stay closed longer than any deadline.
fn wait(shared: &Shared, passed: impl Fn(&super::State) -> bool, closed: &AtomicBool) -> bool {
    loop {
        let outcome = shared.wait(|state| {
            let over = state.stopping || closed.load(Ordering::SeqCst);
            if over { Some(false) } else { passed(state).then_some(true) }
        });
        if let Some(passed) = outcome {
            return passed;
        }
    }
}
