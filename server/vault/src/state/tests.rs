//! The lock against a clock that the test turns.

use proptest::prelude::*;

use super::*;

const IDLE: Duration = Duration::from_secs(900);
const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);

fn policy(reopen: Reopen) -> Policy {
    Policy { idle: IDLE, absolute: ABSOLUTE, reopen }
}

/// So many seconds after boot, all of them awake.
fn at(seconds: u64) -> Moment {
    let time = Duration::from_secs(seconds);
    Moment { boot: time, awake: time }
}

/// So many seconds after boot, of which the machine slept some.
fn after_sleep(seconds: u64, slept: u64) -> Moment {
    Moment { boot: Duration::from_secs(seconds), awake: Duration::from_secs(seconds - slept) }
}

fn open() -> Lock {
    Lock::open(policy(Reopen::OnUse), at(100))
}

#[test]
fn it_locks_at_the_idle_limit_and_not_a_second_before() {
    let mut lock = open();
    assert_eq!(lock.look(at(100 + 899)), None);
    assert_eq!(lock.look(at(100 + 900)), Some(LockReason::Idle));
    assert_eq!(lock.look(at(100 + 901)), None, "it locks once");
    assert_eq!(lock.reason(), Some(LockReason::Idle));
}

#[test]
fn only_a_person_keeps_it_open() {
    let mut lock = open();
    for second in (100..100 + 900).step_by(10) {
        assert_eq!(lock.wants(By::Background, at(second)), Verdict::Granted);
    }
    assert_eq!(lock.wants(By::Background, at(1000)), Verdict::Refused { reason: LockReason::Idle, now: true });
    assert_eq!(lock.wants(By::Background, at(1001)), Verdict::Refused { reason: LockReason::Idle, now: false });
    let mut lock = open();
    for second in (100..100 + 5000).step_by(800) {
        assert_eq!(lock.wants(By::Person, at(second)), Verdict::Granted);
    }
}

#[test]
fn use_does_not_move_the_absolute_limit() {
    let mut lock = open();
    let mut now = 100;
    while now + 600 < 100 + 12 * 3600 {
        now += 600;
        assert_eq!(lock.wants(By::Person, at(now)), Verdict::Granted);
    }
    assert_eq!(lock.look(at(100 + 12 * 3600)), Some(LockReason::Absolute));
}

#[test]
fn a_deadline_that_no_timer_saw_counts_at_the_next_use() {
    let mut lock = Lock::open(policy(Reopen::Explicit), at(100));
    assert_eq!(lock.wants(By::Person, at(100 + 900)), Verdict::Refused { reason: LockReason::Idle, now: true });
}

#[test]
fn ck03_a_night_asleep_locks_before_the_first_use() {
    let mut lock = Lock::open(policy(Reopen::Explicit), at(100));
    let morning = after_sleep(100 + 8 * 3600, 8 * 3600 - 5);
    assert_eq!(lock.wants(By::Person, morning), Verdict::Refused { reason: LockReason::Suspend, now: true });
}

#[test]
fn a_short_sleep_locks_as_well() {
    let mut lock = open();
    assert_eq!(lock.look(after_sleep(160, 30)), Some(LockReason::Suspend));
    lock.unlock(after_sleep(170, 30));
    assert_eq!(lock.look(after_sleep(171, 30)), None, "an old sleep does not count twice");
}

#[test]
fn time_asleep_counts_for_the_limits() {
    // Sleeps that are too short to be one add up to the idle limit.
    let mut lock = open();
    assert_eq!(lock.look(Moment { boot: at(1000).boot, awake: at(1000).awake - SLEEP / 2 }), Some(LockReason::Idle));
}

#[test]
fn ck05_clocks_that_stand_still_or_jump_back_lock_nothing_and_break_nothing() {
    let mut lock = open();
    for moment in [at(100), at(100), at(50), at(0), Moment { boot: at(10).boot, awake: at(20).awake }] {
        assert_eq!(lock.look(moment), None);
        assert_eq!(lock.wants(By::Background, moment), Verdict::Granted);
    }
}

#[test]
fn after_a_lock_a_person_opens_it_by_use_or_by_command() {
    let mut lock = open();
    assert!(lock.lock(LockReason::Asked, at(200)));
    assert!(!lock.lock(LockReason::Idle, at(201)), "locked already");
    assert_eq!(lock.reason(), Some(LockReason::Asked));
    assert_eq!(lock.wants(By::Background, at(202)), Verdict::Refused { reason: LockReason::Asked, now: false });
    assert_eq!(lock.wants(By::Person, at(203)), Verdict::Reopened);
    assert_eq!(lock.wants(By::Background, at(204)), Verdict::Granted);

    let mut lock = Lock::open(policy(Reopen::Explicit), at(100));
    lock.lock(LockReason::Asked, at(200));
    assert_eq!(lock.wants(By::Person, at(203)), Verdict::Refused { reason: LockReason::Asked, now: false });
    assert!(lock.unlock(at(204)));
    assert_eq!(lock.wants(By::Person, at(205)), Verdict::Granted);
    assert_eq!(lock.deadline(), Some(at(205).boot + IDLE));
}

#[test]
fn a_lock_that_was_never_opened_waits_for_its_command() {
    let mut lock = Lock::locked(policy(Reopen::Explicit), at(5));
    assert_eq!(lock.wants(By::Person, at(6)), Verdict::Refused { reason: LockReason::NotOpened, now: false });
    assert_eq!(lock.deadline(), None);
    assert!(lock.unlock(at(7)));
    assert!(!lock.unlock(at(8)));
}

#[test]
fn the_deadline_is_the_nearer_of_the_two() {
    let mut lock = open();
    assert_eq!(lock.deadline(), Some(at(100 + 900).boot));
    let policy = Policy { idle: ABSOLUTE * 2, ..lock.policy() };
    lock.set_policy(policy);
    assert_eq!(lock.deadline(), Some(at(100 + 12 * 3600).boot));
}

#[test]
fn codes_lead_back_to_their_reasons() {
    for reason in [LockReason::NotOpened, LockReason::Idle, LockReason::Absolute, LockReason::Suspend] {
        assert_eq!(LockReason::of_code(reason.code()), Some(reason));
    }
    assert_eq!(LockReason::of_code("nonsense"), None);
}

proptest! {
    /// Whatever happens, nobody gets a key later than the idle limit after a person's last use, or later than the absolute
    /// limit after it was opened, without a person opening it.
    #[test]
    fn no_key_beyond_the_limits(steps in prop::collection::vec((0u64..2000, 0u8..5), 1..60)) {
        let mut lock = Lock::open(policy(Reopen::Explicit), at(0));
        let (mut now, mut used, mut opened) = (0, 0, Some(0u64));
        for (wait, what) in steps {
            now += wait;
            match what {
                0 => { lock.lock(LockReason::Asked, at(now)); opened = None; }
                1 => { lock.unlock(at(now)); opened = Some(now); used = now; }
                2 => { lock.look(at(now)); }
                by => {
                    let by = if by == 3 { By::Person } else { By::Background };
                    let allowed = opened.is_some_and(|opened| now - opened < ABSOLUTE.as_secs() && now - used < IDLE.as_secs());
                    let verdict = lock.wants(by, at(now));
                    prop_assert_eq!(verdict == Verdict::Granted, allowed);
                    if !allowed { opened = None; }
                    if allowed && by == By::Person { used = now; }
                }
            }
            if opened.is_some_and(|opened| now - opened >= ABSOLUTE.as_secs() || now - used >= IDLE.as_secs()) {
                opened = None;
                prop_assert!(lock.look(at(now)).is_some() || lock.reason().is_some() || what == 2);
            }
        }
    }
}
