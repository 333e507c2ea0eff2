//! The audit log: what was done with keys, by which process, and when.
//!
//! Owns one record per use, change, unlock, lock, failure, export and grant, in a form in which nothing can be changed, taken
//! out, put in or moved without being found ([`AuditLog::verify`]). Never a value, nor its length, nor a provider's name in
//! clear. Several processes write it at once. It does not decide what is allowed: its callers do, and it tells them whether
//! what they are about to do could be recorded.
//!
//! Whoever can read `audit.key` can write a new history: the log protects against everybody else, and against mistakes.

mod chain;
mod error;
mod format;
mod key;
mod names;
mod notes;
mod read;
mod record;
mod report;
mod status;
mod verify;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use aside_storage::chain::LineFiles;
use jiff::Timestamp;

pub use error::AuditError;
pub use read::Entry;
pub use record::{By, Outcome, Record, What};
pub use report::{Anomaly, Count, Summary};
pub use status::AuditStatus;
pub use verify::{Fault, Finding, Verdict};

use crate::KeyName;
use notes::Notes;

/// How long a writer waits for the others. Each holds the log for one write.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the log's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFiles {
    /// The file being written; older ones beside it end in `.1`, `.2` and so on.
    pub log: PathBuf,
    /// The key that its records are made with.
    pub key: PathBuf,
    /// How far it goes, so that a cut end is noticed.
    pub head: PathBuf,
}

impl AuditFiles {
    /// The files in the directories `state` and `data`.
    pub fn under(state: &Path, data: &Path) -> Self {
        Self {
            log: state.join("audit").join("audit.jsonl"),
            key: data.join("audit.key"),
            head: data.join("audit.head"),
        }
    }

    fn lines(&self) -> LineFiles {
        LineFiles::new(self.log.clone(), self.log.with_extension("lock"))
    }
}

/// What is refused when it cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// What changes or takes out a key, or who may have it.
    Changes,
    /// And every use of a key, and unlocking.
    All,
}

/// How much is kept, and what must be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The size in bytes at which a file is put aside. A single write may exceed it.
    pub max_bytes: u64,
    /// How many files are kept besides the one being written, at least 1.
    pub keep: u32,
    /// What is refused when it cannot be recorded.
    pub required: Required,
}

/// The audit log of this user. Shared by reference; opens nothing before the first record.
pub struct AuditLog {
    shared: Arc<Shared>,
    // Held to look, and to hand one note over.
    notes: Mutex<Option<Notes>>,
}

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

struct Shared {
    files: AuditFiles,
    by: By,
    clock: Clock,
    limits: Mutex<Limits>,
    /// Notes that are in no file.
    lost: AtomicU64,
    /// Why the last note could not be written; none once one was.
    trouble: Mutex<Option<Arc<AuditError>>>,
    /// Whether the log was told that records are about to be dropped: once for each file.
    warned: AtomicBool,
}

impl AuditLog {
    /// The log in `files`, written as `by`. Touches nothing.
    pub fn new(files: AuditFiles, limits: Limits, by: By) -> Self {
        Self::with_clock(files, limits, by, Arc::new(Timestamp::now))
    }

    fn with_clock(files: AuditFiles, limits: Limits, by: By, clock: Clock) -> Self {
        let shared = Shared {
            files,
            by,
            clock,
            limits: Mutex::new(limits),
            lost: AtomicU64::new(0),
            trouble: Mutex::default(),
            warned: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), notes: Mutex::default() }
    }

    /// Other limits from now on: the settings changed.
    pub fn set_limits(&self, limits: Limits) {
        *locked(&self.shared.limits) = limits;
    }

    /// Whether this must be recorded to be done.
    pub fn required(&self, what: What) -> bool {
        what.is_required(self.shared.limits().required)
    }

    /// Writes one record and makes it durable. Blocks: milliseconds, or as long as other writers take, ten seconds at most.
    ///
    /// # Errors
    /// It is not recorded; what is [`AuditLog::required`] must then not be done.
    pub fn record(&self, record: Record) -> Result<(), AuditError> {
        self.record_all(vec![record])
    }

    /// The same for several, in one write.
    ///
    /// # Errors
    /// None of them is recorded.
    pub fn record_all(&self, records: Vec<Record>) -> Result<(), AuditError> {
        let stamped: Vec<_> = records.into_iter().map(|record| self.shared.stamped(record)).collect();
        self.shared.write(&stamped)
    }

    /// Hands one record to a thread that writes it, with others, soon. Takes microseconds and never fails: what could not be
    /// written is counted, and the count is recorded when there can be a record again.
    pub fn note(&self, record: Record) {
        let stamped = self.shared.stamped(record);
        Notes::give(&mut locked(&self.notes), &self.shared, stamped);
    }

    /// Writes what was noted and ends the thread; waits two seconds at most. A later note starts it again.
    pub fn close(&self) {
        let notes = locked(&self.notes).take();
        if let Some(notes) = notes {
            notes.close();
        }
    }

    /// How the log is, for the doctor. Writes nothing.
    pub fn status(&self) -> AuditStatus {
        status::of(&self.shared)
    }

    /// Reads the whole log and says whether it is as it was written.
    ///
    /// # Errors
    /// It cannot be read at all, or its key is missing or damaged.
    pub fn verify(&self) -> Result<Verdict, AuditError> {
        verify::all(&self.shared.files)
    }

    /// The last `count` records, oldest first; `known` keys are told by name. Does not check the chain.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn tail(&self, count: usize, known: &[KeyName]) -> Result<Vec<Entry>, AuditError> {
        read::tail(&self.shared.files, count, known)
    }

    /// What happened from `since` to `now`, and what of it is out of the ordinary. Does not check the chain.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn report(&self, since: Timestamp, now: Timestamp, known: &[KeyName]) -> Result<Summary, AuditError> {
        report::of(&self.shared.files, since, now, known)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn limits(&self) -> Limits {
        *locked(&self.limits)
    }

    fn stamped(&self, record: Record) -> record::Stamped {
        record::Stamped { at: (self.clock)(), record }
    }

    /// Writes these, and before them how many were lost.
    fn write(&self, records: &[record::Stamped]) -> Result<(), AuditError> {
        let limits = self.limits();
        let lost = self.lost.swap(0, Ordering::AcqRel);
        let about_lost = (lost > 0).then(|| self.stamped(Record::lost(lost)));
        let all: Vec<&record::Stamped> = about_lost.iter().chain(records).collect();
        let written = writer::append(&self.files, limits, self.by, &all);
        match written {
            Ok(fullness) => {
                *locked(&self.trouble) = None;
                self.warn(fullness, limits);
                Ok(())
            }
            Err(error) => {
                self.lost.fetch_add(lost, Ordering::AcqRel);
                Err(error)
            }
        }
    }

    /// Says in the log, once for each file, that the oldest records are about to go or are gone.
    fn warn(&self, fullness: writer::Fullness, limits: Limits) {
        if fullness.dropped {
            self.warned.store(false, Ordering::Release);
            tracing::warn!(
                keep = limits.keep,
                "the audit log is full: its oldest file was removed; `audit.keep` and `audit.max_bytes` say how much is kept"
            );
        }
        if fullness.drops_soon && !self.warned.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                "the audit log is nearly full: its oldest file is about to be removed; copy it if you need it"
            );
        }
    }

    /// What was noted and could not be written: counted, and told in the log once until it works again.
    fn lose(&self, count: u64, error: AuditError) {
        self.lost.fetch_add(count, Ordering::AcqRel);
        let before = locked(&self.trouble).replace(Arc::new(error));
        if before.is_none()
            && let Some(error) = &*locked(&self.trouble)
        {
            tracing::warn!("what is done with keys is not recorded: {error}; {}", error.hint());
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
