//! What happened in a span of time, and what of it is out of the ordinary compared with what came before.
//!
//! Pure but for reading the log: the span and the present are arguments. An hour is one of UTC, and unusual only against this
//! user's own habits, so no time zone is needed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    AuditError, AuditFiles, PATIENCE, key,
    names::Names,
    read::{self, Entry},
    record::{Outcome, What},
};
use crate::KeyName;

/// So many wrong passphrases in a row are more than a typing mistake.
const IN_A_ROW: u64 = 3;

/// So many exports within a day are more than a move to another machine.
const EXPORTS: usize = 3;
const EXPORT_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Habits are known after so many uses on so many days.
const HABIT_USES: u64 = 50;
const HABIT_DAYS: usize = 5;

/// An hour is unusual when it and its neighbours had less than one use in so many.
const RARE: u64 = 200;

/// How many anomalies of one kind are told.
const TOLD: usize = 50;

/// So many records of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// What was done.
    pub what: String,
    /// What stands for the key.
    pub key: Option<String>,
    /// Which key that is, where it is known.
    pub name: Option<String>,
    /// How it went.
    pub outcome: String,
    /// How many times.
    pub times: u64,
}

impl Count {
    fn none_of(entry: &Entry) -> Self {
        let Entry { what, key, name, outcome, .. } = entry.clone();
        Self { what, key, name, outcome, times: 0 }
    }
}

/// Something out of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// A stable word: `unlock-failures`, `unusual-hour`, `new-key`, `refused-use`, `many-exports`, `lost`,
    /// `repair`.
    pub kind: &'static str,
    /// When it was first seen.
    pub at: Option<Timestamp>,
    /// One sentence about it.
    pub detail: String,
}

/// What happened in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many records there are of it.
    pub records: u64,
    /// What was done how often.
    pub counts: Vec<Count>,
    /// What of it is out of the ordinary, in the order in which it happened.
    pub anomalies: Vec<Anomaly>,
}

/// Reads the log.
pub(super) fn of(
    files: &AuditFiles,
    since: Timestamp,
    now: Timestamp,
    known: &[KeyName],
) -> Result<Summary, AuditError> {
    let (parts, ()) = files.lines().look(PATIENCE, || Ok(()))?;
    let names = Names::of(known, key::read(files)?.as_ref());
    let mut reading = Reading::default();
    for part in &parts {
        read::each(part, &names, |entry| {
            let Some(at) = entry.at.filter(|at| *at <= now) else { return };
            if at < since { reading.before(&entry, at) } else { reading.during(&entry, at) }
        })?;
    }
    Ok(reading.finish(since, now))
}

/// What was done, with which key, and how it went.
type Kind = (String, Option<String>, String);

/// What was read so far.
#[derive(Default)]
struct Reading {
    /// Before the span: keys that were seen, uses by hour, and the days on which there were some.
    seen: BTreeSet<String>,
    habits: [u64; 24],
    days: BTreeSet<i64>,
    any_before: bool,
    /// In the span.
    records: u64,
    counts: BTreeMap<Kind, Count>,
    uses: [(u64, Option<Timestamp>); 24],
    wrong_in_a_row: u64,
    first_wrong: Option<Timestamp>,
    exports: Vec<Timestamp>,
    anomalies: Vec<Anomaly>,
}

fn hour(at: Timestamp) -> usize {
    usize::try_from(at.as_second().rem_euclid(86_400) / 3600).unwrap_or(0)
}

fn is(entry: &Entry, what: What) -> bool {
    entry.what == what.as_str()
}

fn is_done(entry: &Entry) -> bool {
    entry.outcome == Outcome::Done.as_str()
}

fn called(entry: &Entry) -> String {
    match (&entry.name, &entry.key) {
        (Some(name), _) => format!("the key of {name}"),
        (None, Some(id)) => format!("the key {id}"),
        (None, None) => "a key".to_owned(),
    }
}

impl Reading {
    fn before(&mut self, entry: &Entry, at: Timestamp) {
        self.any_before = true;
        self.seen.extend(entry.key.clone());
        if is(entry, What::Use) && is_done(entry) {
            let uses = &mut self.habits[hour(at)];
            *uses = uses.saturating_add(entry.count);
            self.days.insert(at.as_second().div_euclid(86_400));
        }
    }

    fn during(&mut self, entry: &Entry, at: Timestamp) {
        self.records += 1;
        let kind = (entry.what.clone(), entry.key.clone(), entry.outcome.clone());
        let count = self.counts.entry(kind).or_insert_with(|| Count::none_of(entry));
        count.times = count.times.saturating_add(entry.count);
        if let Some(id) = &entry.key
            && self.seen.insert(id.clone())
            && self.any_before
        {
            self.tell("new-key", at, format!("{} was never seen before; first: {}", called(entry), entry.what));
        }
        self.unlocking(entry, at);
        match () {
            () if is(entry, What::Use) && is_done(entry) => {
                let (uses, first) = &mut self.uses[hour(at)];
                *uses = uses.saturating_add(entry.count);
                first.get_or_insert(at);
            }
            () if is(entry, What::Use) && entry.outcome == Outcome::Refused.as_str() => {
                let why = entry.why.as_deref().unwrap_or("other");
                self.tell("refused-use", at, format!("a use of {} was refused: {why}", called(entry)));
            }
            () if is(entry, What::Export) && is_done(entry) => self.exports.push(at),
            () if is(entry, What::Lost) => {
                self.tell("lost", at, format!("{} records could not be written", entry.count));
            }
            () if is(entry, What::Repair) => {
                let why = entry.why.as_deref().unwrap_or("other");
                self.tell("repair", at, format!("the log was not as its last writer left it: {why}"));
            }
            () => {}
        }
    }

    /// Counts wrong passphrases until one is right.
    fn unlocking(&mut self, entry: &Entry, at: Timestamp) {
        if is(entry, What::Unlock) && is_done(entry) {
            self.end_of_row();
        } else if is(entry, What::WrongPassphrase) || (is(entry, What::Unlock) && !is_done(entry)) {
            self.wrong_in_a_row = self.wrong_in_a_row.saturating_add(entry.count);
            self.first_wrong.get_or_insert(at);
        }
    }

    fn end_of_row(&mut self) {
        let (wrong, first) = (std::mem::take(&mut self.wrong_in_a_row), self.first_wrong.take());
        if let Some(at) = first.filter(|_| wrong >= IN_A_ROW) {
            self.tell("unlock-failures", at, format!("{wrong} attempts to unlock failed in a row"));
        }
    }

    fn tell(&mut self, kind: &'static str, at: Timestamp, detail: String) {
        if self.anomalies.iter().filter(|one| one.kind == kind).count() < TOLD {
            self.anomalies.push(Anomaly { kind, at: Some(at), detail });
        }
    }

    /// Uses at hours at which there are none otherwise.
    fn hours(&mut self) {
        let all: u64 = self.habits.iter().fold(0, |sum, uses| sum.saturating_add(*uses));
        if all < HABIT_USES || self.days.len() < HABIT_DAYS {
            return;
        }
        for hour in 0..24 {
            let (uses, first) = self.uses[hour];
            let near = [(hour + 23) % 24, hour, (hour + 1) % 24];
            let usual = near.iter().fold(0_u64, |sum, near| sum.saturating_add(self.habits[*near]));
            if let Some(at) = first.filter(|_| usual < all.div_ceil(RARE)) {
                let times = if uses == 1 { "once".to_owned() } else { format!("{uses} times") };
                self.tell(
                    "unusual-hour",
                    at,
                    format!("a key was used {times} at {hour}:00 to {hour}:59 UTC, which is unusual"),
                );
            }
        }
    }

    fn many_exports(&mut self) {
        self.exports.sort_unstable();
        let close = |span: &&[Timestamp]| span[EXPORTS - 1].duration_since(span[0]) <= EXPORT_SPAN;
        if let Some(at) = self.exports.windows(EXPORTS).find(close).map(|span| span[0]) {
            let count = self.exports.iter().filter(|one| **one >= at).count();
            self.tell("many-exports", at, format!("keys were taken out {count} times"));
        }
    }

    fn finish(mut self, since: Timestamp, until: Timestamp) -> Summary {
        self.end_of_row();
        self.hours();
        self.many_exports();
        self.anomalies.sort_by_key(|one| one.at);
        let counts = std::mem::take(&mut self.counts).into_values().collect();
        Summary { since, until, records: self.records, counts, anomalies: self.anomalies }
    }
}
