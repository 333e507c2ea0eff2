//! The log: one private, size-bounded file, without keys.
//!
//! Every line passes the redactor before it is written. Other libraries are heard from `warn` upwards only, because at
//! finer levels some of them print whole requests. Nothing is ever logged to standard output: that is the protocol's.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use aside_config::Level;
use aside_storage::log::RotatingFile;
use tracing_subscriber::{
    Layer, filter::LevelFilter, filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::wiring::App;

/// Where the log of this user's servers is.
pub(crate) fn path(app: &App) -> PathBuf {
    app.paths.state.join("logs").join("aside.log")
}

/// Starts logging to the file. A log that cannot be opened is said once and does not stop the program.
pub(crate) fn start(app: &App) -> Option<String> {
    let log = app.settings().log;
    let level = match log.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let writer = Redacting { path: path(app), max_bytes: log.max_bytes, keep: log.keep, file: Mutex::new(None) };
    let ours = Targets::new().with_target("aside", level).with_default(LevelFilter::WARN.min(level));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(ours);
    tracing_subscriber::registry().with(layer).try_init().err().map(|error| error.to_string())
}

/// Opens the file with the first line, so that a quiet server costs nothing.
struct Redacting {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    // Held for one line.
    file: Mutex<Option<RotatingFile>>,
}

impl Redacting {
    fn write_line(&self, line: &str) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match file.take() {
            Some(open) => open,
            None => RotatingFile::open(&self.path, self.max_bytes, self.keep).map_err(io::Error::other)?,
        };
        io::Write::write_all(file.insert(open), aside_secret::redact(line).as_bytes())
    }
}

/// One event's line, collected before it is redacted, so that no key can hide across two writes.
struct Line<'a> {
    log: &'a Redacting,
    bytes: Vec<u8>,
}

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        // A log that cannot be written must not disturb the work; doctor reports it.
        let _ = self.log.write_line(&String::from_utf8_lossy(&self.bytes));
    }
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { log: self, bytes: Vec::with_capacity(160) }
    }
}
