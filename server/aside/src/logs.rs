//! The log: one private, size-bounded file, without keys.
//!
//! Every line passes the redactor before it is written. Other libraries are heard from `warn` upwards only, because at
//! finer levels some of them print whole requests. Nothing is ever logged to standard output: that is the protocol's.

use std::{
    cell::Cell,
    io,
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
};

use aside_config::Level;
use aside_storage::log::RotatingFile;
use tracing_subscriber::{
    Layer, Registry, filter::LevelFilter, filter::Targets, fmt::MakeWriter, layer::SubscriberExt, reload,
    util::SubscriberInitExt,
};

use crate::wiring::App;

/// Where the log of this user's servers is.
pub(crate) fn path(app: &App) -> PathBuf {
    app.paths.state.join("logs").join("aside.log")
}

/// Starts logging to the file. A log that cannot be opened is said once and does not stop the program.
pub(crate) fn start(app: &App) -> Option<String> {
    let log = app.settings().log;
    let writer = Redacting { path: path(app), max_bytes: log.max_bytes, keep: log.keep, file: Mutex::new(None) };
    let (filter, handle) = reload::Layer::new(heard(log.level));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(filter);
    let failed = tracing_subscriber::registry().with(layer).try_init().err().map(|error| error.to_string());
    let _only_the_first_counts = app.loudness.0.set(handle);
    failed
}

/// How much is logged while the program runs; nothing is until [`start`].
#[derive(Default)]
pub(crate) struct Loudness(OnceLock<reload::Handle<Targets, Registry>>);

impl Loudness {
    /// Logs at `level` from now on.
    pub(crate) fn set(&self, level: Level) {
        if let Some(handle) = self.0.get() {
            // It fails when there is no log any more, and then there is nothing to set.
            let _no_log = handle.reload(heard(level));
        }
    }
}

/// What is heard at `level`, of us and of others.
fn heard(level: Level) -> Targets {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target("aside", level).with_default(LevelFilter::WARN.min(level))
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
        // A panic in here is told in the log as well, which this thread holds.
        let Some(_turn) = Turn::take() else { return Ok(()) };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match file.take() {
            Some(open) => open,
            None => RotatingFile::open(&self.path, self.max_bytes, self.keep).map_err(io::Error::other)?,
        };
        io::Write::write_all(file.insert(open), one_line(&aside_secret::redact(line)).as_bytes())
    }
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// This thread's turn to write to the log; there is no second one inside it.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        (!WRITING.replace(true)).then_some(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        WRITING.set(false);
    }
}

/// An event as exactly one line, with control characters escaped: what it quotes can neither look like another event nor
/// drive the terminal in which the log is read.
fn one_line(event: &str) -> String {
    let event = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len() + 1);
    for c in event.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line.push('\n');
    line
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_quotes() {
        assert_eq!(one_line("INFO a: b\n"), "INFO a: b\n");
        assert_eq!(one_line("a\n2026 ERROR forged\x1b[2J\n"), "a\\n2026 ERROR forged\\u{1b}[2J\n");
    }

    #[test]
    fn an_event_with_line_ends_inside_is_written_as_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("logs/aside.log");
        let log = Redacting { path: path.clone(), max_bytes: 1 << 20, keep: 1, file: Mutex::new(None) };
        io::Write::write_all(&mut log.make_writer(), b"one\ntwo\n").expect("collected");
        assert_eq!(std::fs::read_to_string(path).expect("a log"), "one\\ntwo\n");
    }
}
