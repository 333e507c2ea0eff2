//! Which conversations have had their time.
//!
//! Owns the rule: who goes to the trash, who leaves it for good, and when the clock is not to be trusted with either. Pure: what
//! there is, the time and the previous check are arguments; moving and deleting is the store's.
//!
//! A clock may be wrong, so nothing here is done on its word alone. The previous check must be a short time ago by the same
//! clock. The conversations are a second clock: when none was touched for longer than any of them is kept, either nothing new
//! has come and nothing presses, or the clock is ahead. And no check takes more than a few, the oldest first: who notices within
//! a day that it is 2099 finds nearly everything in its place, and the rest in the trash, where it stays once the clock is right.

use jiff::{SignedDuration, Timestamp};

use crate::SessionId;

/// The longest time between two checks of which the second acts.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(8 * 24);
/// The shortest time between two checks of which the second acts.
const SHORTEST_GAP: SignedDuration = SignedDuration::from_hours(1);
/// For how much longer than conversations are kept at all there may be no sign of life.
const SILENCE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most that one check moves to the trash, and the most that it purges.
const AT_ONCE: usize = 10;

/// How long conversations are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Days from the last change to the trash; `None` and 0 keep them for ever.
    pub days: Option<u32>,
    /// Days in the trash.
    pub trash_days: u32,
}

impl Default for Rule {
    fn default() -> Self {
        Self { days: Some(30), trash_days: 7 }
    }
}

/// What uses a session now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InUse {
    /// An answer is being given, here or in another program.
    Running,
    /// Somebody has it open.
    Open,
}

/// A conversation as retention sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which one.
    pub id: SessionId,
    /// When something was last added.
    pub updated: Timestamp,
    /// When it was imported, if it was: an old conversation that came today is not thrown away today.
    pub imported: Option<Timestamp>,
    /// When it went to the trash, if it is there.
    pub trashed: Option<Timestamp>,
    /// What uses it.
    pub in_use: Option<InUse>,
}

/// Why a conversation stays although its time may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// It is in use.
    InUse(InUse),
    /// It was changed or trashed later than now: one of the two clocks is wrong.
    Future,
    /// This check took enough; a later one takes it.
    NextTime,
}

/// Why a check does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pause {
    /// There was no check before it.
    First,
    /// The previous check was later than now.
    ClockWentBack,
    /// The previous check was too long ago, or the clock was set forward.
    LongAgo,
    /// The previous check was a moment ago.
    TooSoon,
    /// By this clock nothing was touched for longer than anything is kept.
    Silence,
}

/// Whether a check acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It does what its plan says.
    Act,
    /// It does nothing, and the plan is empty.
    Wait(Pause),
}

/// What a check is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whether to act at all.
    pub verdict: Verdict,
    /// To move to the trash, oldest first.
    pub trash: Vec<SessionId>,
    /// To delete from the trash for good, oldest first.
    pub purge: Vec<SessionId>,
    /// What stays for a reason that is worth telling.
    pub skipped: Vec<(SessionId, Why)>,
    /// The time to remember as that of the last check; `None` keeps the one that is remembered, so that frequent checks do
    /// not put off for ever the one that acts.
    pub record: Option<Timestamp>,
}

/// Plans a check at `now`. `last_check` is what the previous plan said to remember.
pub fn plan(all: &[Candidate], rule: Rule, now: Timestamp, last_check: Option<Timestamp>) -> Plan {
    match pause(all, rule, now, last_check) {
        Some(pause) => Plan::waiting(pause, now),
        None => Plan::acting(all, rule, now),
    }
}

fn pause(all: &[Candidate], rule: Rule, now: Timestamp, last_check: Option<Timestamp>) -> Option<Pause> {
    let Some(last) = last_check else { return Some(Pause::First) };
    let since = now.duration_since(last);
    if since.is_negative() {
        Some(Pause::ClockWentBack)
    } else if since < SHORTEST_GAP {
        Some(Pause::TooSoon)
    } else if since > LONGEST_GAP {
        Some(Pause::LongAgo)
    } else {
        is_silent(all, rule, now).then_some(Pause::Silence)
    }
}

/// Whether the last sign of life is older than it can be where checks were made all along.
fn is_silent(all: &[Candidate], rule: Rule, now: Timestamp) -> bool {
    let kept = days(rule.days.unwrap_or(0)) + days(rule.trash_days) + SILENCE;
    // What comes from the future vouches for no clock.
    let last = all.iter().map(Candidate::last_sign).filter(|sign| *sign <= now).max();
    last.is_some_and(|last| now.duration_since(last) > kept)
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}

impl Candidate {
    /// When it was last changed, or came.
    fn changed(&self) -> Timestamp {
        self.imported.map_or(self.updated, |imported| imported.max(self.updated))
    }

    fn last_sign(&self) -> Timestamp {
        self.trashed.map_or(self.changed(), |trashed| trashed.max(self.changed()))
    }

    /// From when its time counts, and how much of it there is; `None` when it is kept for ever.
    fn term(&self, rule: Rule) -> Option<(Timestamp, SignedDuration)> {
        match self.trashed {
            Some(trashed) => Some((trashed, days(rule.trash_days))),
            None => rule.days.filter(|days| *days > 0).map(|kept| (self.changed(), days(kept))),
        }
    }
}

impl Plan {
    fn waiting(pause: Pause, now: Timestamp) -> Self {
        let record = (pause != Pause::TooSoon).then_some(now);
        Self { record, ..Self::empty(Verdict::Wait(pause)) }
    }

    fn empty(verdict: Verdict) -> Self {
        Self { verdict, trash: Vec::new(), purge: Vec::new(), skipped: Vec::new(), record: None }
    }

    fn acting(all: &[Candidate], rule: Rule, now: Timestamp) -> Self {
        let mut plan = Self { record: Some(now), ..Self::empty(Verdict::Act) };
        let (mut trash, mut purge) = (Vec::new(), Vec::new());
        for one in all {
            let Some((from, kept)) = one.term(rule) else { continue };
            let age = now.duration_since(from);
            if age.is_negative() {
                plan.skipped.push((one.id, Why::Future));
            } else if age < kept {
                continue;
            } else if let Some(in_use) = one.in_use {
                plan.skipped.push((one.id, Why::InUse(in_use)));
            } else if one.trashed.is_some() {
                purge.push((from, one.id));
            } else {
                trash.push((from, one.id));
            }
        }
        plan.trash = plan.oldest(trash);
        plan.purge = plan.oldest(purge);
        plan
    }

    /// The oldest of `due`, as many as one check takes; the others are skipped.
    fn oldest(&mut self, mut due: Vec<(Timestamp, SessionId)>) -> Vec<SessionId> {
        due.sort_unstable();
        let later = due.split_off(due.len().min(AT_ONCE));
        self.skipped.extend(later.into_iter().map(|(_, id)| (id, Why::NextTime)));
        due.into_iter().map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests;
