//! Frames: bytes to messages and back, read on a thread of its own.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{self, Receiver},
    },
    thread,
};

use serde_json::Value;

/// What came from the server.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Value),
    /// Bytes that are no frame, and why.
    Broken(String),
    End,
}

/// `body` with its header.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Stops and restarts the reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading(Arc<(Mutex<bool>, Condvar)>);

impl Reading {
    pub(super) fn pause(&self, paused: bool) {
        *self.0.0.lock().expect("nobody panics while holding the switch") = paused;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let paused = self.0.0.lock().expect("nobody panics while holding the switch");
        drop(self.0.1.wait_while(paused, |paused| *paused));
    }
}

/// Reads frames from `output` until its end.
pub(super) fn read(output: impl Read + Send + 'static, reading: Reading) -> Receiver<Incoming> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        loop {
            reading.wait();
            let incoming = next(&mut output).unwrap_or_else(Incoming::Broken);
            let last = !matches!(incoming, Incoming::Message(_));
            if sender.send(incoming).is_err() || last {
                break;
            }
        }
    });
    receiver
}

fn next(output: &mut impl BufRead) -> Result<Incoming, String> {
    let mut length = None;
    loop {
        let mut line = String::new();
        let count = output.read_line(&mut line).map_err(|error| error.to_string())?;
        match line.strip_suffix("\r\n") {
            None if count == 0 && length.is_none() => return Ok(Incoming::End),
            None => return Err(format!("a header line without its end: {line:?}")),
            Some("") => break,
            Some(header) => {
                let (name, value) = header.split_once(": ").ok_or_else(|| format!("not a header: {header:?}"))?;
                if name == "Content-Length" {
                    length = Some(value.parse::<usize>().map_err(|_| format!("not a length: {value:?}"))?);
                }
            }
        }
    }
    let mut body = vec![0; length.ok_or("a frame without a length")?];
    output.read_exact(&mut body).map_err(|_| "a frame that ends early".to_owned())?;
    let message: Value = serde_json::from_slice(&body).map_err(|error| format!("a body that is not JSON: {error}"))?;
    if message["jsonrpc"] != "2.0" {
        return Err(format!("a message without its version: {message}"));
    }
    Ok(Incoming::Message(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let mut input = bytes;
        assert_eq!(format!("{:?}", next(&mut input)), expected);
    }

    #[test]
    fn whatever_is_not_a_frame_is_seen() {
        check(b"", "Ok(End)");
        check(b"hello\n", r#"Err("a header line without its end: \"hello\\n\"")"#);
        check(b"Content-Length: 2\r\n\r\n{}", r#"Err("a message without its version: {}")"#);
        check(b"Content-Length: 9\r\n\r\n{}", r#"Err("a frame that ends early")"#);
        check(b"Content-Type: x\r\n\r\n{}", r#"Err("a frame without a length")"#);
    }
}
