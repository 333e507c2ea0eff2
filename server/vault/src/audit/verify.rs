//! Whether the log is as it was written. The check itself is pure: it is fed line by line, oldest file first, and keeps only
//! where it is and what it found.

use std::{collections::BTreeSet, fmt, path::Path};

use aside_storage::chain::{self, Part};

use super::{
    AuditError, AuditFiles, PATIENCE,
    chain::Keys,
    format::{HEAD_LENGTH, Head, Link, Parsed},
    key,
    read::{LineEnd, Lines, unreadable},
    record::What,
};

/// How many findings are told; more are counted.
const TOLD: usize = 100;

/// How many displaced records are remembered one by one.
const DISPLACED: usize = 100_000;

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A line that is no record with a code that fits: changed, or put in.
    Altered,
    /// So many records are gone before this line.
    Missing(u64),
    /// So many records are gone at the end.
    Truncated(u64),
    /// The record of this number is behind one that came after it.
    OutOfOrder(u64),
    /// The record of this number is there again.
    Repeated(u64),
    /// The record of this number does not follow the one before it.
    Unlinked(u64),
    /// No line of the file was made with this log's key.
    Foreign,
    /// There are records, and the file that says how far they go is gone.
    HeadMissing,
    /// The file that says how far the records go is damaged.
    HeadDamaged,
    /// Here a writer found that the file that says how far the records go, or the log itself, was gone or damaged.
    Replaced(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered => formatter.write_str("was changed or put in: its code does not fit"),
            Self::Missing(1) => formatter.write_str("a record before this line is gone"),
            Self::Missing(count) => write!(formatter, "{count} records before this line are gone"),
            Self::Truncated(1) => formatter.write_str("the last record is gone: the end was cut off"),
            Self::Truncated(count) => write!(formatter, "the last {count} records are gone: the end was cut off"),
            Self::OutOfOrder(n) => write!(formatter, "record {n} was moved: it stands behind a later one"),
            Self::Repeated(n) => write!(formatter, "record {n} is here once more"),
            Self::Unlinked(n) => write!(formatter, "record {n} does not follow the one before it"),
            Self::Foreign => {
                formatter.write_str("belongs to another log, or all of it was changed: no line's code fits")
            }
            Self::HeadMissing => formatter.write_str("the file that says how far the log goes is gone"),
            Self::HeadDamaged => formatter.write_str("the file that says how far the log goes is damaged"),
            Self::Replaced(why) => write!(formatter, "a writer found here that something was taken away ({why})"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// The line, from 1; `None` where it is about the file.
    pub line: Option<u64>,
    /// What is wrong there.
    pub fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "`{}` line {line}: {}", self.file, self.fault),
            None => write!(formatter, "`{}`: {}", self.file, self.fault),
        }
    }
}

/// What a check of the whole log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many files were read.
    pub files: usize,
    /// How many records had a code that fits.
    pub records: u64,
    /// The number of the oldest and the newest of them.
    pub range: Option<(u64, u64)>,
    /// What is wrong: the first 100, in the order of the log.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub found: u64,
    /// What a crash left, and other things that nobody did: one sentence each.
    pub notices: Vec<String>,
    /// How many records were never written: a full disk, or too many at once.
    pub lost: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.found == 0
    }
}

/// Checks all files.
pub(super) fn all(files: &AuditFiles) -> Result<Verdict, AuditError> {
    let (parts, head) = files.lines().look(PATIENCE, || chain::read_small(&files.head, HEAD_LENGTH))?;
    let Some(keys) = key::read(files)? else {
        let has_records = head.is_some() || parts.iter().any(|part| part.bytes > 0);
        let missing = || AuditError::KeyMissing { key: files.key.clone() };
        return if has_records { Err(missing()) } else { Ok(Verdict::default()) };
    };
    let mut check = Check::new(&keys, &files.head, head.as_deref(), parts.iter().any(|part| part.bytes > 0));
    let newest = parts.len();
    for (number, part) in parts.iter().enumerate() {
        feed(&mut check, part, number + 1 == newest && part.path == files.log)?;
    }
    Ok(check.finish(&files.log))
}

fn feed(check: &mut Check<'_>, part: &Part, is_current: bool) -> Result<(), AuditError> {
    let mut lines = Lines::of(part.reader());
    let mut line = Vec::new();
    check.begin(&part.path);
    loop {
        match lines.next(&mut line).map_err(|error| unreadable(part, error))? {
            LineEnd::None => break,
            end => check.line(&line, end == LineEnd::Torn && is_current),
        }
    }
    check.end();
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The check on its way through the lines.
struct Check<'a> {
    keys: &'a Keys,
    head: Option<Head>,
    verdict: Verdict,
    file: String,
    line: u64,
    /// The record that came last; a later one must follow it. `None` before the first.
    last: Option<Link>,
    /// Lines since then that were none: one of them may have been the next record.
    altered: u64,
    /// Where records are gone, with the place of the finding.
    holes: Vec<Hole>,
    /// Numbers that filled a hole later on.
    displaced: BTreeSet<u64>,
    of_file: OfFile,
    torn: bool,
}

/// What one file gave so far.
#[derive(Default)]
struct OfFile {
    lines: u64,
    fitting: u64,
    findings: usize,
    found: u64,
}

/// Numbers that were skipped.
struct Hole {
    from: u64,
    to: u64,
    /// Skipped numbers that were not found elsewhere, less the altered lines in their place.
    missing: u64,
    file: String,
    line: u64,
    order: usize,
}

impl<'a> Check<'a> {
    fn new(keys: &'a Keys, path: &Path, head: Option<&[u8]>, has_records: bool) -> Self {
        let known = head.and_then(|bytes| Head::read(bytes, keys));
        let mut check = Self {
            keys,
            head: known,
            verdict: Verdict::default(),
            file: name_of(path),
            line: 0,
            last: None,
            altered: 0,
            holes: Vec::new(),
            displaced: BTreeSet::new(),
            of_file: OfFile::default(),
            torn: false,
        };
        match (head, known) {
            (None, _) if has_records => check.find(None, Fault::HeadMissing),
            (Some(_), None) => check.find(None, Fault::HeadDamaged),
            _ => {}
        }
        check
    }

    fn begin(&mut self, path: &Path) {
        self.file = name_of(path);
        self.line = 0;
        self.verdict.files += 1;
        self.of_file = OfFile { findings: self.verdict.findings.len(), found: self.verdict.found, ..OfFile::default() };
    }

    fn line(&mut self, bytes: &[u8], is_torn_tail: bool) {
        self.line += 1;
        self.of_file.lines += 1;
        let ours = Parsed::of(bytes).filter(|parsed| parsed.is_ours(self.keys));
        match ours {
            Some(parsed) => self.record(&parsed),
            // What a killed writer leaves. Whether records are gone besides, the head tells.
            None if is_torn_tail => self.torn = true,
            None => {
                self.altered += 1;
                self.find(Some(self.line), Fault::Altered);
            }
        }
    }

    fn record(&mut self, parsed: &Parsed<'_>) {
        let Link { n, .. } = parsed.link();
        self.verdict.records += 1;
        self.of_file.fitting += 1;
        let (first, newest) = self.verdict.range.unwrap_or((n, n));
        self.verdict.range = Some((first.min(n), newest.max(n)));
        let expected = self.expected(n);
        if n < expected {
            self.came_before(n);
            return;
        }
        if n > expected {
            self.skip(expected, n - 1);
        } else if self.last.is_some_and(|last| last.code != parsed.previous) {
            self.find(Some(self.line), Fault::Unlinked(n));
        }
        self.last = Some(parsed.link());
        self.altered = 0;
        self.told_by_writer(parsed);
    }

    /// The number that comes next. The oldest one may be any that the head allows: a rotation that was killed leaves more.
    fn expected(&self, n: u64) -> u64 {
        match (self.last, self.head) {
            (Some(last), _) => last.n + 1,
            (None, Some(head)) => n.min(head.first),
            (None, None) => n,
        }
    }

    fn skip(&mut self, from: u64, to: u64) {
        let missing = (to - from + 1).saturating_sub(self.altered);
        let (file, order) = (self.file.clone(), self.verdict.findings.len());
        self.holes.push(Hole { from, to, missing, file, line: self.line, order });
    }

    /// A record that should have come earlier: moved from a hole, or there twice.
    fn came_before(&mut self, n: u64) {
        let room = self.displaced.len() < DISPLACED;
        let hole = self.holes.iter_mut().find(|hole| (hole.from..=hole.to).contains(&n));
        match hole {
            Some(hole) if room && self.displaced.insert(n) => {
                hole.missing = hole.missing.saturating_sub(1);
                self.find(Some(self.line), Fault::OutOfOrder(n));
            }
            _ => self.find(Some(self.line), Fault::Repeated(n)),
        }
    }

    /// Marks that writers leave in the log.
    fn told_by_writer(&mut self, parsed: &Parsed<'_>) {
        let line = &parsed.line;
        if line.what == What::Lost.as_str() {
            self.verdict.lost = self.verdict.lost.saturating_add(line.count);
        }
        if line.what != What::Repair.as_str() {
            return;
        }
        match line.why.as_deref() {
            Some("torn-tail") => self.verdict.notices.push(format!(
                "`{}` line {}: a writer was killed before this record; {} bytes of an unfinished one were removed",
                self.file, self.line, line.count
            )),
            why => {
                let why = why.unwrap_or("other").to_owned();
                self.find(Some(self.line), Fault::Replaced(why));
            }
        }
    }

    fn end(&mut self) {
        let OfFile { lines, fitting, findings, found } = self.of_file;
        if lines > 1 && fitting == 0 {
            // One finding says it all.
            self.verdict.findings.truncate(findings);
            self.verdict.found = found;
            self.find(None, Fault::Foreign);
        }
    }

    fn find(&mut self, line: Option<u64>, fault: Fault) {
        self.verdict.found += 1;
        if self.verdict.findings.len() < TOLD {
            self.verdict.findings.push(Finding { file: self.file.clone(), line, fault });
        }
    }

    fn finish(mut self, log: &Path) -> Verdict {
        self.file = name_of(log);
        let last = self.last.map_or_else(|| self.head.map_or(0, |head| head.first.saturating_sub(1)), |last| last.n);
        if let Some(head) = self.head {
            let gone = head.last.n.saturating_sub(last).saturating_sub(self.altered);
            let line = (self.line > 0).then_some(self.line);
            match (head.last.n > last, self.last) {
                (true, _) if gone > 0 => self.find(line, Fault::Truncated(gone)),
                (false, Some(end)) if end.n == head.last.n && end.code != head.last.code => {
                    self.find(line, Fault::Unlinked(end.n));
                }
                (false, _) if last > head.last.n => self.verdict.notices.push(format!(
                    "the last {} records came after the head was written: a writer was killed",
                    last - head.last.n
                )),
                _ => {}
            }
        }
        if self.torn {
            let end = "the log ends in the middle of a record: a writer was killed; the next one mends it";
            self.verdict.notices.push(end.to_owned());
        }
        self.tell_holes();
        self.verdict
    }

    /// Puts what is missing where it was noticed.
    fn tell_holes(&mut self) {
        for hole in self.holes.iter().rev().filter(|hole| hole.missing > 0) {
            self.verdict.found += 1;
            let (file, line) = (hole.file.clone(), Some(hole.line));
            let at = hole.order.min(self.verdict.findings.len());
            self.verdict.findings.insert(at, Finding { file, line, fault: Fault::Missing(hole.missing) });
        }
        self.verdict.findings.truncate(TOLD);
    }
}
