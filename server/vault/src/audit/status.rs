//! How the log is, for the doctor: looked at, not written.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use jiff::Timestamp;

use super::{AuditError, PATIENCE, Shared, key, locked, read, writer};

/// What the doctor tells of the log.
#[derive(Debug, Clone)]
pub struct AuditStatus {
    /// The file being written.
    pub log: PathBuf,
    /// How many files there are, the older ones included.
    pub files: usize,
    /// How many bytes they have together.
    pub bytes: u64,
    /// When the last record was made.
    pub last: Option<Timestamp>,
    /// Whether its key was made.
    pub has_key: bool,
    /// How many notes this process could not write.
    pub lost: u64,
    /// The current file is nearly full, and the next one pushes the oldest out.
    pub drops_soon: bool,
    /// Why nothing can be recorded.
    pub problem: Option<Arc<AuditError>>,
}

pub(super) fn of(shared: &Shared) -> AuditStatus {
    let trouble = locked(&shared.trouble).clone();
    let mut status = AuditStatus {
        log: shared.files.log.clone(),
        files: 0,
        bytes: 0,
        last: None,
        has_key: false,
        lost: shared.lost.load(Ordering::Acquire),
        drops_soon: false,
        problem: None,
    };
    status.problem = look(shared, &mut status).err().map(Arc::new).or(trouble);
    status
}

fn look(shared: &Shared, status: &mut AuditStatus) -> Result<(), AuditError> {
    let files = &shared.files;
    let (parts, head) = files.lines().look(PATIENCE, || Ok(files.head.exists()))?;
    status.files = parts.len();
    status.bytes = parts.iter().map(|part| part.bytes).sum();
    let limits = shared.limits();
    let current = parts.iter().find(|part| part.path == files.log).map_or(0, |part| part.bytes);
    status.drops_soon = parts.len() > limits.keep as usize && writer::is_nearly_full(current, limits);
    status.has_key = key::read(files)?.is_some();
    if !status.has_key && (status.bytes > 0 || head) {
        return Err(AuditError::KeyMissing { key: files.key.clone() });
    }
    status.last = read::tail(files, 1, &[])?.pop().and_then(|entry| entry.at);
    Ok(files.lines().writable()?)
}
