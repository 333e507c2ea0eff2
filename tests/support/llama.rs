//! A real llama.cpp server with the generated model of `tools/tiny_gguf.py`.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::{PATIENCE, Process, real};

/// What the model of the tests answers to anything, as `tests/run` made it.
pub const ANSWER: &str = "a + b; // said by the tiny model";

/// A running llama.cpp server.
#[derive(Debug)]
pub struct Llama {
    port: u16,
    process: Process,
}

impl Llama {
    /// Starts it, or says why the test is skipped: the program is `ASIDE_TEST_LLAMA_SERVER`, the model `ASIDE_TEST_GGUF`.
    pub fn start() -> Option<Self> {
        let program = real::part("ASIDE_TEST_LLAMA_SERVER", "llama.cpp server")?;
        let model = real::part("ASIDE_TEST_GGUF", "model for llama.cpp")?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("loopback has a free port").port();
        let child = Command::new(program)
            .arg("--model")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--ctx-size", "4096", "--threads", "1", "--no-ui"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("llama-server starts");
        let process = Process::of(child);
        process.wait_line("listening on", PATIENCE);
        Some(Self { port, process })
    }

    /// `http://127.0.0.1:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.process.errors()
    }
}
