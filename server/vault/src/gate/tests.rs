//! The gate: what is kept, what is wiped, who is told.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{Origin, Reopen};

const POLICY: Policy =
    Policy { idle: Duration::from_secs(60), absolute: Duration::from_secs(3600), reopen: Reopen::OnUse };

type Told = Arc<Mutex<Vec<Option<LockReason>>>>;

/// A clock of its own for each test: a function has no state, so the seconds are in a thread's own variable.
fn now() -> Moment {
    let time = Duration::from_secs(SECONDS.with(|seconds| seconds.load(Ordering::SeqCst)));
    Moment { boot: time, awake: time }
}

thread_local! {
    static SECONDS: AtomicU64 = const { AtomicU64::new(1000) };
}

fn pass_time(seconds: u64) {
    SECONDS.with(|all| all.fetch_add(seconds, Ordering::SeqCst));
}

fn gate(policy: Policy, open: bool) -> (Gate, Told) {
    let told = Told::default();
    let teller = Arc::clone(&told);
    let on_change = Box::new(move |state: GateState| {
        teller.lock().expect("no test panics here").push(state.locked);
    });
    (Gate::on(now, policy, open, on_change), told)
}

fn name() -> KeyName {
    KeyName::new("work", Origin::of("https://api.example.com").expect("an address"))
}

fn key() -> Secret {
    Secret::new(b"test-key-1".to_vec())
}

fn told(told: &Told) -> Vec<Option<LockReason>> {
    std::mem::take(&mut told.lock().expect("no test panics here"))
}

#[test]
fn a_kept_key_is_there_until_the_idle_limit_and_gone_after_it() {
    let (gate, heard) = gate(POLICY, true);
    let pass = gate.admit(By::Person).expect("open");
    assert!(gate.keep(pass, name(), &key()));
    pass_time(59);
    assert_eq!(gate.kept(pass, &name()).expect("kept").expose(), key().expose());
    pass_time(1);
    assert_eq!(gate.state().locked, Some(LockReason::Idle));
    assert!(gate.kept(pass, &name()).is_none());
    assert_eq!(told(&heard), [Some(LockReason::Idle)]);
    let again = gate.admit(By::Person).expect("a person opens it");
    assert!(gate.kept(again, &name()).is_none(), "the key has to be read again");
    assert_eq!(told(&heard), [None]);
}

#[test]
fn a_key_that_was_being_read_during_a_lock_is_neither_kept_nor_used() {
    let (gate, _) = gate(POLICY, true);
    let pass = gate.admit(By::Person).expect("open");
    gate.lock(LockReason::Asked);
    assert!(!gate.keep(pass, name(), &key()));
    let again = gate.admit(By::Person).expect("a person opens it");
    assert!(!gate.keep(pass, name(), &key()), "also after it was opened again");
    assert!(gate.keep(again, name(), &key()));
    pass_time(60);
    assert!(!gate.keep(again, name(), &key()), "nor behind a limit that nobody has seen pass");
}

#[test]
fn a_key_that_was_being_read_while_keys_were_forgotten_is_used_once_and_not_kept() {
    let (gate, _) = gate(POLICY, true);
    let pass = gate.admit(By::Person).expect("open");
    gate.forget();
    assert!(gate.keep(pass, name(), &key()), "it may be used");
    let next = gate.admit(By::Person).expect("open");
    assert!(gate.kept(next, &name()).is_none(), "the next use reads it anew");
    assert!(gate.keep(next, name(), &key()) && gate.kept(next, &name()).is_some());
}

#[test]
fn what_is_done_with_an_opening_is_undone_by_the_next_lock_only() {
    for _ in 0..200 {
        let held = Arc::new(Mutex::new(None::<u8>));
        let dropped = Arc::clone(&held);
        let on_change = Box::new(move |state: GateState| {
            if state.locked.is_some() {
                *dropped.lock().expect("no test panics here") = None;
            }
        });
        let gate = Gate::new(Policy { reopen: Reopen::Explicit, ..POLICY }, false, on_change);
        std::thread::scope(|threads| {
            threads.spawn(|| gate.lock(LockReason::Asked));
            threads.spawn(|| gate.unlock_with(|| *held.lock().expect("no test panics here") = Some(1)));
        });
        let open = gate.state().locked.is_none();
        assert_eq!(held.lock().expect("no test panics here").is_some(), open, "open and held go together");
    }
}

#[test]
fn what_runs_in_the_background_neither_opens_it_nor_keeps_it_open() {
    let (gate, _) = gate(POLICY, true);
    pass_time(59);
    assert!(gate.admit(By::Background).is_ok());
    pass_time(1);
    assert_eq!(gate.admit(By::Background), Err(LockReason::Idle));
    assert!(gate.admit(By::Person).is_ok());
    assert!(gate.admit(By::Background).is_ok());
}

#[test]
fn an_explicit_gate_opens_by_command_only() {
    let (gate, heard) = gate(Policy { reopen: Reopen::Explicit, ..POLICY }, false);
    assert_eq!(gate.admit(By::Person), Err(LockReason::NotOpened));
    assert!(gate.unlock());
    assert!(gate.admit(By::Person).is_ok());
    gate.lock(LockReason::Asked);
    assert_eq!(gate.admit(By::Person), Err(LockReason::Asked));
    assert_eq!(told(&heard), [None, Some(LockReason::Asked)]);
}

#[test]
fn stricter_rules_take_effect_at_once() {
    let (gate, heard) = gate(POLICY, true);
    pass_time(30);
    gate.set_policy(Policy { idle: Duration::from_secs(10), ..POLICY });
    assert_eq!(gate.state().locked, Some(LockReason::Idle));
    assert_eq!(told(&heard).first(), Some(&Some(LockReason::Idle)));
}

#[test]
fn whoever_listens_hears_of_a_lock_with_a_new_epoch() {
    let (gate, _) = gate(POLICY, true);
    let before = gate.state();
    let changes = gate.changes();
    assert!(gate.lock(LockReason::Asked));
    assert!(!gate.lock(LockReason::Idle), "locked already");
    let after = *changes.borrow();
    assert!(after.epoch > before.epoch && after.locked == Some(LockReason::Asked) && after.left.is_none());
    assert_eq!(before.left, Some(POLICY.idle));
}

#[tokio::test]
async fn a_driven_gate_locks_by_itself() {
    let policy = Policy { idle: Duration::from_millis(30), ..POLICY };
    let gate = Arc::new(Gate::new(policy, true, Box::new(|_| {})));
    let pass = gate.admit(By::Person).expect("open");
    assert!(gate.keep(pass, name(), &key()));
    let mut changes = gate.changes();
    let driver = tokio::spawn(Arc::clone(&gate).drive());
    changes.wait_for(|state| state.locked == Some(LockReason::Idle)).await.expect("it locks");
    assert!(gate.lock_inner().keys.is_empty(), "wiped before it was told");
    driver.abort();
}
