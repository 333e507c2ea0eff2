//! Reading records, line by line, with bounded memory.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
};

use aside_storage::{StorageError, chain::Part};
use jiff::Timestamp;

use super::{
    AuditError, AuditFiles, PATIENCE,
    format::{LONGEST, Line, Parsed},
    key,
    names::Names,
};
use crate::KeyName;

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// With a line end.
    Whole,
    /// With the file.
    Torn,
    /// It is longer than any record; what is given is its beginning.
    TooLong,
    /// There is no more line.
    None,
}

/// The lines of one file.
pub(super) struct Lines<R>(BufReader<R>);

impl<R: Read> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self(BufReader::with_capacity(64 * 1024, reader))
    }

    /// Puts the next line into `line`, without its line end.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<LineEnd> {
        line.clear();
        let read = (&mut self.0).take(LONGEST as u64 + 1).read_until(b'\n', line)?;
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(LineEnd::Whole);
        }
        if read <= LONGEST {
            return Ok(if read == 0 { LineEnd::None } else { LineEnd::Torn });
        }
        self.0.skip_until(b'\n')?;
        Ok(LineEnd::TooLong)
    }
}

/// One record as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the log.
    pub n: u64,
    /// When it was made; `None` when it does not say so readably.
    pub at: Option<Timestamp>,
    /// By which process.
    pub pid: u32,
    /// By which kind of process.
    pub by: String,
    /// What was done.
    pub what: String,
    /// What stands for the key.
    pub key: Option<String>,
    /// Which key that is, where it is known.
    pub name: Option<String>,
    /// How it went.
    pub outcome: String,
    /// Why, as a code.
    pub why: Option<String>,
    /// How many times.
    pub count: u64,
}

impl Entry {
    fn of(line: &Line<'_>, names: &Names) -> Self {
        Self {
            n: line.n,
            at: line.at.parse().ok(),
            pid: line.pid,
            by: line.by.clone().into_owned(),
            what: line.what.clone().into_owned(),
            name: line.key.as_deref().and_then(|id| names.name(id)),
            key: line.key.as_deref().map(str::to_owned),
            outcome: line.outcome.clone().into_owned(),
            why: line.why.as_deref().map(str::to_owned),
            count: line.count,
        }
    }
}

/// The last `count` records, oldest first. Lines that are no records are left out: `verify` tells of them.
pub(super) fn tail(files: &AuditFiles, count: usize, known: &[KeyName]) -> Result<Vec<Entry>, AuditError> {
    let (mut parts, ()) = files.lines().look(PATIENCE, || Ok(()))?;
    let names = Names::of(known, key::read(files)?.as_ref());
    let mut entries: VecDeque<Entry> = VecDeque::new();
    while let Some(part) = parts.pop() {
        let missing = count - entries.len();
        if missing == 0 {
            break;
        }
        let mut of_part = VecDeque::with_capacity(missing.min(1024));
        each(&part, &names, |entry| {
            if of_part.len() == missing {
                of_part.pop_front();
            }
            of_part.push_back(entry);
        })?;
        of_part.append(&mut entries);
        entries = of_part;
    }
    Ok(entries.into())
}

/// Gives every record of a file to `take`.
pub(super) fn each(part: &Part, names: &Names, mut take: impl FnMut(Entry)) -> Result<(), AuditError> {
    let mut lines = Lines::of(part.reader());
    let mut line = Vec::new();
    loop {
        match lines.next(&mut line).map_err(|error| unreadable(part, error))? {
            LineEnd::None => return Ok(()),
            LineEnd::TooLong => {}
            LineEnd::Whole | LineEnd::Torn => {
                if let Some(parsed) = Parsed::of(&line) {
                    take(Entry::of(&parsed.line, names));
                }
            }
        }
    }
}

/// What the system said, with the file it said it about.
pub(super) fn unreadable(part: &Part, source: io::Error) -> AuditError {
    StorageError::Io { action: "read", path: part.path.clone(), source }.into()
}
