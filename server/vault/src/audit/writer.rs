//! Adding records: where the chain goes on, what is mended first, and when a new file begins.
//!
//! The head is written after the records that it tells of. So a log that goes further than its head is a writer that was
//! killed in between, and a head that goes further than its log is a log that somebody cut: the chain then goes on from the
//! head, and the hole stays visible for ever.

use aside_storage::chain::{self, Held, Part};

use super::{
    AuditError, AuditFiles, Limits, PATIENCE,
    chain::Keys,
    format::{self, HEAD_LENGTH, Head, Link, Parsed},
    key,
    read::{LineEnd, Lines},
    record::{By, Record, Stamped},
};

/// The most that a writer can have left behind it without a line end; more is no record of lines.
const MOST_TORN: u64 = 4 << 20;

/// Of the file's size, from which on the next rotation is near.
const NEARLY: (u64, u64) = (4, 5);

/// How full the log is after a write.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fullness {
    /// The oldest file was removed.
    pub(super) dropped: bool,
    /// The current file is nearly full, and its rotation will remove the oldest.
    pub(super) drops_soon: bool,
}

/// What the head's file says.
enum Found {
    Nothing,
    Damaged,
    Head(Head),
}

/// Adds `records` in this order, durably.
pub(super) fn append(files: &AuditFiles, limits: Limits, by: By, records: &[&Stamped]) -> Result<Fullness, AuditError> {
    let lines = files.lines();
    let held = lines.hold(PATIENCE)?;
    let mut writing = Writing::begin(files, held, limits)?;
    let repairs = std::mem::take(&mut writing.repairs);
    let at = records.first().map(|first| first.at);
    let repairs: Vec<_> =
        at.map_or(Vec::new(), |at| repairs.into_iter().map(|record| Stamped { at, record }).collect());
    writing.add(by, repairs.iter().chain(records.iter().copied()))?;
    writing.fullness()
}

/// The log, held, with the place where it goes on.
struct Writing<'a> {
    files: &'a AuditFiles,
    held: Held<'a>,
    limits: Limits,
    keys: Keys,
    head: Head,
    repairs: Vec<Record>,
    dropped: bool,
}

impl<'a> Writing<'a> {
    fn begin(files: &'a AuditFiles, held: Held<'a>, limits: Limits) -> Result<Self, AuditError> {
        let has_records = held.parts()?.iter().any(|part| part.bytes > 0);
        let raw_head = chain::read_small(&files.head, HEAD_LENGTH)?;
        let had_key = key::read(files)?;
        let (keys, is_new) = match had_key {
            Some(keys) => (keys, false),
            None if has_records || raw_head.is_some() => {
                return Err(AuditError::KeyMissing { key: files.key.clone() });
            }
            None => (key::read_or_make(files)?, true),
        };
        let found = match raw_head {
            None => Found::Nothing,
            Some(bytes) => Head::read(&bytes, &keys).map_or(Found::Damaged, Found::Head),
        };
        let mut repairs = Vec::new();
        let last = mend_tail(&held, &keys, &mut repairs)?;
        let head = match (found, last) {
            (Found::Head(head), Some(last)) if last.n > head.last.n => Head { last, ..head },
            (Found::Head(head), _) => head,
            (found, Some(last)) => {
                repairs.push(Record::repair(
                    if matches!(found, Found::Damaged) { "head-damaged" } else { "head-missing" },
                    1,
                ));
                Head { first: first_number(held.parts()?, &keys).unwrap_or(last.n), last }
            }
            (Found::Nothing, None) if !has_records => {
                if !is_new {
                    repairs.push(Record::repair("log-missing", 1));
                }
                Head::START
            }
            (Found::Nothing | Found::Damaged, None) => {
                return Err(AuditError::Damaged { log: files.log.clone(), head: files.head.clone() });
            }
        };
        let writing = Self { files, held, limits, keys, head, repairs, dropped: false };
        if writing.repairs.is_empty() {
            // Before the first record, so that from now on a missing head is somebody's doing. What is mended is recorded
            // before the head forgets it.
            writing.save_head()?;
        }
        Ok(writing)
    }

    fn add<'r>(&mut self, by: By, records: impl Iterator<Item = &'r Stamped>) -> Result<(), AuditError> {
        let mut room = self.limits.max_bytes.saturating_sub(self.held.bytes()?);
        let (mut lines, mut last) = (Vec::new(), self.head.last);
        for record in records {
            let (length, before) = (lines.len(), last);
            format::write(&mut lines, &self.keys, &mut last, by, record);
            let is_first_of_file = length == 0 && room >= self.limits.max_bytes;
            if lines.len() as u64 > room && !is_first_of_file {
                let next = lines.split_off(length);
                self.save(&lines, before)?;
                self.rotate()?;
                lines = next;
                room = self.limits.max_bytes;
            }
        }
        self.save(&lines, last)
    }

    fn save(&mut self, lines: &[u8], last: Link) -> Result<(), AuditError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.held.append(lines)?;
        self.head.last = last;
        self.save_head()
    }

    fn save_head(&self) -> Result<(), AuditError> {
        let bytes = self.head.write(&self.keys);
        match chain::read_small(&self.files.head, HEAD_LENGTH)? {
            Some(old) if old == bytes => Ok(()),
            Some(old) if old.len() == bytes.len() => Ok(chain::overwrite_small(&self.files.head, &bytes)?),
            // Of another length: damaged, and replaced as a whole.
            Some(_) => Ok(aside_storage::private::write_atomic(&self.files.head, &bytes)?),
            None => {
                if let Some(folder) = self.files.head.parent() {
                    aside_storage::private::ensure_dir(folder)?;
                }
                chain::create_small(&self.files.head, &bytes)?;
                Ok(())
            }
        }
    }

    /// Begins a new file. The head first: killed in between, it asks for less than there is, not for what is gone.
    fn rotate(&mut self) -> Result<(), AuditError> {
        let keep = self.limits.keep;
        if let Some(oldest) = self.held.oldest_after_rotation(keep)? {
            let left = self.held.parts()?.into_iter().skip_while(|part| part.path != oldest).collect();
            if let Some(first) = first_number(left, &self.keys) {
                self.head.first = self.head.first.max(first);
            }
            self.save_head()?;
            self.dropped = true;
        }
        Ok(self.held.rotate(keep)?)
    }

    fn fullness(&self) -> Result<Fullness, AuditError> {
        let drops_soon = is_nearly_full(self.held.bytes()?, self.limits)
            && self.held.oldest_after_rotation(self.limits.keep)?.is_some();
        Ok(Fullness { dropped: self.dropped, drops_soon })
    }
}

/// Whether a file of so many bytes will soon be put aside.
pub(super) fn is_nearly_full(bytes: u64, limits: Limits) -> bool {
    bytes >= limits.max_bytes / NEARLY.1 * NEARLY.0
}

/// The last record whose code fits, where it is the last line. What a killed writer left of a line is cut off and told.
fn mend_tail(held: &Held<'_>, keys: &Keys, repairs: &mut Vec<Record>) -> Result<Option<Link>, AuditError> {
    let tail = held.tail(MOST_TORN)?;
    let ours = |line: &[u8]| Parsed::of(line).filter(|parsed| parsed.is_ours(keys)).map(|parsed| parsed.link());
    let last = tail.line.as_deref().and_then(ours);
    if tail.torn.is_empty() {
        return Ok(last);
    }
    if let Some(whole) = ours(&tail.torn) {
        // Only its line end is missing.
        held.append(b"\n")?;
        return Ok(Some(whole));
    }
    let torn = tail.torn.len() as u64;
    held.cut(torn)?;
    repairs.push(Record::repair("torn-tail", torn));
    Ok(last)
}

/// The number of the first record of these files, oldest first.
fn first_number(parts: Vec<Part>, keys: &Keys) -> Option<u64> {
    parts.into_iter().find_map(|part| {
        let mut lines = Lines::of(part.reader());
        let mut line = Vec::new();
        while lines.next(&mut line).ok()? != LineEnd::None {
            if let Some(parsed) = Parsed::of(&line).filter(|parsed| parsed.is_ours(keys)) {
                return Some(parsed.line.n);
            }
        }
        None
    })
}
