//! Retention under clocks that are right, frozen, set back, set forward, and asleep.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Noon of some day; all times of the tests are seconds from it.
const NOON: i64 = 1_780_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOON + seconds).expect("within the range of times")
}

fn session(number: u8, updated: i64) -> Candidate {
    let id = SessionId::stored([number; 16]);
    Candidate { id, updated: at(updated), imported: None, trashed: None, in_use: None }
}

fn trashed(number: u8, since: i64) -> Candidate {
    Candidate { trashed: Some(at(since)), ..session(number, since - 30 * DAY) }
}

/// A plan at noon, an hour after the previous check.
fn check(all: &[Candidate]) -> Plan {
    plan(all, Rule::default(), at(0), Some(at(-HOUR)))
}

fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<SessionId> {
    numbers.into_iter().map(|number| SessionId::stored([number; 16])).collect()
}

/// A store that does what plans say, and a clock that can be set.
struct Shelf {
    all: Vec<Candidate>,
    now: i64,
    last_check: Option<Timestamp>,
    purged: usize,
}

impl Shelf {
    /// Sessions of the last `count` days, one a day, checked an hour ago.
    fn with(count: u8) -> Self {
        let all = (0..count).map(|number| session(number, -DAY * i64::from(number))).collect();
        Self { all, now: 0, last_check: Some(at(-HOUR)), purged: 0 }
    }

    fn check(&mut self) -> Verdict {
        let plan = plan(&self.all, Rule::default(), at(self.now), self.last_check);
        for one in self.all.iter_mut().filter(|one| plan.trash.contains(&one.id)) {
            one.trashed = Some(at(self.now));
        }
        self.all.retain(|one| !plan.purge.contains(&one.id));
        self.purged += plan.purge.len();
        self.last_check = plan.record.or(self.last_check);
        plan.verdict
    }

    /// Checks every hour for so many hours.
    fn run(&mut self, hours: i64) {
        for _ in 0..hours {
            self.now += HOUR;
            self.check();
        }
    }

    fn in_trash(&self) -> usize {
        self.all.iter().filter(|one| one.trashed.is_some()).count()
    }
}

#[test]
fn a_conversation_goes_to_the_trash_after_thirty_days_and_is_gone_after_seven_more() {
    let plan = check(&[session(1, -29 * DAY), session(2, -30 * DAY), session(3, -31 * DAY)]);
    assert_eq!((plan.verdict, plan.trash, plan.purge), (Verdict::Act, ids([3, 2]), ids([])));
    let plan = check(&[session(0, 0), trashed(1, -6 * DAY), trashed(2, -7 * DAY)]);
    assert_eq!((plan.trash, plan.purge, plan.skipped), (ids([]), ids([2]), vec![]));
}

#[test]
fn without_days_nothing_goes_to_the_trash_and_the_trash_is_still_emptied() {
    for days in [None, Some(0)] {
        let all = [session(1, -3000 * DAY), trashed(2, -8 * DAY)];
        let plan = plan(&all, Rule { days, trash_days: 7 }, at(0), Some(at(-HOUR)));
        assert_eq!((plan.trash, plan.purge), (ids([]), ids([2])), "{days:?}");
    }
}

#[test]
fn what_is_in_use_or_from_the_future_stays_and_is_named() {
    let used = |number, in_use| Candidate { in_use: Some(in_use), ..session(number, -40 * DAY) };
    let held = Candidate { in_use: Some(InUse::Open), ..trashed(5, -9 * DAY) };
    let all = [used(1, InUse::Running), used(2, InUse::Open), session(3, 1), trashed(4, 1), held, session(6, 0)];
    let plan = check(&all);
    let why = [Why::InUse(InUse::Running), Why::InUse(InUse::Open), Why::Future, Why::Future, Why::InUse(InUse::Open)];
    assert_eq!(plan.skipped, ids([1, 2, 3, 4, 5]).into_iter().zip(why).collect::<Vec<_>>());
    assert!(plan.trash.is_empty() && plan.purge.is_empty());
}

#[test]
fn an_old_conversation_that_was_imported_has_its_days_from_then_on() {
    let came = |number, day: i64| Candidate { imported: Some(at(-day * DAY)), ..session(number, -900 * DAY) };
    assert_eq!(check(&[came(1, 2), came(2, 31)]).trash, ids([2]));
}

#[test]
fn a_check_takes_only_a_few_and_the_oldest_first() {
    let all: Vec<_> = (0..25).map(|number| session(number, -31 * DAY - i64::from(number))).collect();
    let plan = check(&all);
    assert_eq!(plan.trash, ids((15..25).rev()));
    assert_eq!(plan.skipped.len(), 15);
    assert!(plan.skipped.iter().all(|(_, why)| *why == Why::NextTime));
}

#[test]
fn the_first_check_only_looks() {
    let plan = plan(&[session(1, -40 * DAY)], Rule::default(), at(0), None);
    assert_eq!((plan.verdict, plan.record), (Verdict::Wait(Pause::First), Some(at(0))));
    assert!(plan.trash.is_empty());
}

#[test]
fn a_frozen_clock_does_nothing_for_ever() {
    let mut shelf = Shelf::with(60);
    assert_eq!(shelf.check(), Verdict::Act);
    let before = shelf.in_trash();
    for _ in 0..1000 {
        assert_eq!(shelf.check(), Verdict::Wait(Pause::TooSoon));
    }
    assert_eq!((shelf.in_trash(), shelf.purged), (before, 0));
}

#[test]
fn frequent_checks_do_not_put_off_the_one_that_acts() {
    let mut shelf = Shelf::with(40);
    shelf.last_check = Some(at(0));
    for minute in 1..60 {
        shelf.now = minute * 60;
        assert_eq!(shelf.check(), Verdict::Wait(Pause::TooSoon));
    }
    shelf.now = HOUR;
    assert_eq!(shelf.check(), Verdict::Act);
}

#[test]
fn a_clock_set_back_a_day_waits_and_goes_on_an_hour_later() {
    let mut shelf = Shelf::with(40);
    shelf.now = -DAY;
    assert_eq!(shelf.check(), Verdict::Wait(Pause::ClockWentBack));
    assert_eq!(shelf.in_trash(), 0);
    shelf.now += HOUR;
    assert_eq!(shelf.check(), Verdict::Act);
}

#[test]
fn a_clock_ten_years_ahead_deletes_nothing_however_long_it_stays() {
    let mut shelf = Shelf::with(100);
    shelf.now = 3653 * DAY;
    assert_eq!(shelf.check(), Verdict::Wait(Pause::LongAgo));
    shelf.run(24 * 30);
    assert_eq!((shelf.in_trash(), shelf.purged, shelf.all.len()), (0, 0, 100));
}

#[test]
fn a_conversation_from_the_future_vouches_for_no_clock() {
    let mut shelf = Shelf::with(100);
    shelf.all.push(session(200, 26_800 * DAY));
    shelf.now = 3653 * DAY;
    shelf.run(24 * 30);
    assert_eq!((shelf.in_trash(), shelf.check()), (0, Verdict::Wait(Pause::TooSoon)));
}

#[test]
fn who_works_a_day_in_2099_and_comes_back_loses_nothing() {
    let mut shelf = Shelf::with(100);
    let ahead = 26_800 * DAY;
    shelf.now = ahead;
    shelf.check();
    // Something new is said, so that the conversations no longer speak against the clock.
    shelf.all.push(session(200, ahead));
    shelf.run(6);
    let in_trash = shelf.in_trash();
    assert!(in_trash <= 6 * AT_ONCE && shelf.purged == 0);
    shelf.now = 6 * HOUR;
    assert_eq!(shelf.check(), Verdict::Wait(Pause::ClockWentBack));
    // What was trashed by the wrong clock, or changed by it, stays: the right one never reaches that time.
    shelf.run(24 * 60);
    let from_2099 = |one: &&Candidate| one.trashed.is_some_and(|since| since > at(ahead)) || one.updated >= at(ahead);
    assert_eq!(shelf.all.iter().filter(from_2099).count(), in_trash + 1);
}

#[test]
fn a_night_asleep_changes_nothing_and_a_fortnight_asleep_waits_once() {
    let mut shelf = Shelf::with(20);
    shelf.now = 8 * HOUR;
    assert_eq!(shelf.check(), Verdict::Act);
    shelf.now += 14 * DAY;
    assert_eq!(shelf.check(), Verdict::Wait(Pause::LongAgo));
    shelf.now += HOUR;
    assert_eq!(shelf.check(), Verdict::Act);
}

#[test]
fn the_bounds_of_the_gap_are_met_exactly() {
    let verdict = |last| plan(&[], Rule::default(), at(0), Some(at(last))).verdict;
    assert_eq!(verdict(-HOUR + 1), Verdict::Wait(Pause::TooSoon));
    assert_eq!(verdict(-HOUR), Verdict::Act);
    assert_eq!(verdict(-8 * DAY), Verdict::Act);
    assert_eq!(verdict(-8 * DAY - 1), Verdict::Wait(Pause::LongAgo));
    assert_eq!(verdict(1), Verdict::Wait(Pause::ClockWentBack));
}

#[test]
fn who_stops_talking_still_has_everything_cleared_in_its_time() {
    let mut shelf = Shelf::with(30);
    shelf.run(24 * 45);
    assert!(shelf.all.is_empty(), "{}", shelf.all.len());
}

#[test]
fn the_ends_of_time_are_survived() {
    let all = [
        Candidate { updated: Timestamp::MIN, ..session(1, 0) },
        Candidate { trashed: Some(Timestamp::MAX), ..session(2, 0) },
    ];
    let rule = Rule { days: Some(u32::MAX), trash_days: u32::MAX };
    for now in [Timestamp::MIN, at(0), Timestamp::MAX] {
        for last in [None, Some(Timestamp::MIN), Some(now), Some(Timestamp::MAX)] {
            let plan = plan(&all, rule, now, last);
            assert!(plan.trash.is_empty() && plan.purge.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_clock_does_only_what_is_old_by_it_goes_and_never_many(
        updates in prop::collection::vec(-100i64..100, 0..40),
        clock in prop::collection::vec(-20_000i64..20_000, 1..40),
    ) {
        let mut shelf = Shelf::with(0);
        shelf.all = (0..).zip(&updates).map(|(number, day)| session(number, day * DAY)).collect();
        for hours in clock {
            shelf.now = hours * HOUR;
            let plan = plan(&shelf.all, Rule::default(), at(shelf.now), shelf.last_check);
            prop_assert!(plan.trash.len() <= AT_ONCE && plan.purge.len() <= AT_ONCE);
            for one in shelf.all.iter().filter(|one| plan.trash.contains(&one.id)) {
                prop_assert!(one.trashed.is_none() && at(shelf.now).duration_since(one.updated) >= days(30));
            }
            for one in shelf.all.iter().filter(|one| plan.purge.contains(&one.id)) {
                let since = one.trashed.expect("only the trash is purged");
                prop_assert!(at(shelf.now).duration_since(since) >= days(7));
            }
            shelf.check();
        }
    }
}
