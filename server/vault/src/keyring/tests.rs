//! The deadline, the hold after a hang, and recovery, with a keyring that does as it is told.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use super::*;
use crate::{Origin, system::Store};

/// What the made-up keyring does with one call: gives this, once the gate lets it.
type Step = (Result<&'static [u8], Fault>, Option<mpsc::Receiver<()>>);

/// A value that was stored, and when.
type Written = (Vec<u8>, i64);

/// A keyring that answers from a list, one step for each call, and counts its connections and calls.
#[derive(Clone, Default)]
struct Script {
    steps: Arc<Mutex<Vec<Step>>>,
    connected: Arc<AtomicUsize>,
    called: Arc<AtomicUsize>,
    written: Arc<Mutex<Vec<Written>>>,
}

struct Scripted(Script);

impl Scripted {
    fn step(&self) -> Result<Vec<u8>, Fault> {
        let (answer, gate) = self.0.steps.lock().expect("no test panics here").remove(0);
        self.0.called.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = gate {
            // Closed or opened: both let the call go on.
            let _ = gate.recv();
        }
        answer.map(<[u8]>::to_vec)
    }
}

impl Store for Scripted {
    fn get(&self, _: &KeyName, _: Slot) -> Result<Vec<u8>, Fault> {
        self.step()
    }

    fn set(&self, _: &KeyName, _: Slot, value: &[u8], now: i64) -> Result<(), Fault> {
        self.0.written.lock().expect("no test panics here").push((value.to_vec(), now));
        self.step().map(drop)
    }

    fn delete(&self, _: &KeyName, _: Slot) -> Result<(), Fault> {
        self.step().map(drop)
    }

    /// Empty, without a step: what is missing is looked up here.
    fn list(&self, _: bool) -> Result<Vec<KeyInfo>, Fault> {
        Ok(Vec::new())
    }

    fn count(&self) -> Result<usize, Fault> {
        self.step().map(|bytes| bytes.len())
    }
}

fn name() -> KeyName {
    KeyName::new("work", origin())
}

fn new_key(value: &str) -> NewKey {
    NewKey { name: name(), slot: Slot::Current, value: Secret::new(value.into()) }
}

fn origin() -> Origin {
    Origin::of("https://api.example.com").expect("an address")
}

fn ring(steps: Vec<Step>) -> (KeyRing, Script) {
    let script = Script { steps: Arc::new(Mutex::new(steps)), ..Script::default() };
    let of_thread = script.clone();
    let connect = Arc::new(move || {
        of_thread.connected.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Scripted(of_thread.clone())) as Box<dyn Store>)
    });
    (KeyRing::over(Duration::from_millis(500), connect), script)
}

fn at_once(answer: Result<&'static [u8], Fault>) -> Step {
    (answer, None)
}

fn gated(answer: &'static [u8]) -> (Step, mpsc::Sender<()>) {
    let (open, gate) = mpsc::channel();
    ((Ok(answer), Some(gate)), open)
}

fn connections(script: &Script) -> usize {
    script.connected.load(Ordering::SeqCst)
}

/// A call that is under way on the keyring's thread, the `number`th, before the paused clock moves on.
async fn under_way(ring: &KeyRing, script: &Script, number: usize) -> Result<Vec<u8>, KeyError> {
    let ring = ring.clone();
    let task = tokio::spawn(async move { get(&ring).await });
    tokio::task::yield_now().await;
    while script.called.load(Ordering::SeqCst) < number {
        std::thread::yield_now();
    }
    task.await.expect("no test panics here")
}

async fn get(ring: &KeyRing) -> Result<Vec<u8>, KeyError> {
    ring.get(&name(), Slot::Current, Patience::Request).await.map(|secret| secret.expose().to_vec())
}

#[tokio::test]
async fn nothing_is_touched_before_the_first_call_and_one_connection_serves_all() {
    let (ring, script) = ring((0..3).map(|_| at_once(Ok(b"sk-1\n"))).collect());
    assert_eq!(connections(&script), 0);
    for _ in 0..3 {
        assert_eq!(get(&ring).await, Ok(b"sk-1".to_vec()));
    }
    assert_eq!(connections(&script), 1);
}

#[tokio::test]
async fn a_connection_that_broke_is_made_anew_within_the_same_call() {
    let broken = || Fault::Broken("gone".to_owned());
    let (ring, script) = ring(vec![at_once(Ok(b"one")), at_once(Err(broken())), at_once(Ok(b"two"))]);
    assert_eq!(get(&ring).await, Ok(b"one".to_vec()));
    assert_eq!(get(&ring).await, Ok(b"two".to_vec()));
    assert_eq!(connections(&script), 2);
}

#[tokio::test]
async fn a_call_is_tried_twice_and_not_more_often() {
    let broken = || Fault::Broken("gone".to_owned());
    let (ring, script) = ring(vec![at_once(Err(broken())), at_once(Err(broken())), at_once(Ok(b"later"))]);
    assert_eq!(get(&ring).await, Err(KeyError::Unavailable { reason: "gone".to_owned() }));
    assert_eq!(get(&ring).await, Ok(b"later".to_vec()));
    assert_eq!(connections(&script), 3);
}

#[tokio::test]
async fn a_value_is_stored_again_when_the_connection_broke_and_at_the_time_it_is() {
    let (ring, script) = ring(vec![at_once(Err(Fault::Broken("gone".to_owned()))), at_once(Ok(b""))]);
    assert_eq!(ring.set(vec![new_key("sk-new")], Patience::Request).await, Ok(()));
    let written = script.written.lock().expect("no test panics here").clone();
    assert_eq!(written.len(), 2);
    for (value, at) in written {
        assert_eq!(value, b"sk-new");
        assert!(at > 1_700_000_000, "{at} is after 2023");
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_a_key_is_not_even_tried() {
    let (ring, script) = ring(Vec::new());
    let error = ring.set(vec![new_key("two words")], Patience::Request).await.expect_err("no key");
    assert!(matches!(&error, KeyError::Unusable { .. }) && !error.to_string().contains("words"), "{error}");
    assert_eq!(connections(&script), 0);
}

#[tokio::test]
async fn of_several_keys_those_before_the_first_failure_are_stored() {
    let (ring, script) = ring(vec![at_once(Ok(b"")), at_once(Err(Fault::Locked("dismissed".to_owned())))]);
    let keys = ["one", "two", "three"].map(new_key).into();
    assert_eq!(ring.set(keys, Patience::Request).await, Err(KeyError::Locked { reason: "dismissed".to_owned() }));
    assert_eq!(script.written.lock().expect("no test panics here").len(), 2);
}

#[tokio::test]
async fn removed_before_the_connection_broke_is_removed() {
    for (steps, expected) in [
        (vec![at_once(Err(Fault::Broken("gone".to_owned()))), at_once(Err(Fault::Missing))], Ok(())),
        (vec![at_once(Err(Fault::Missing))], Err(KeyError::Missing { place: place(&name()) })),
    ] {
        let (ring, _script) = ring(steps);
        assert_eq!(ring.delete(&name(), Slot::Current, Patience::Request).await, expected);
    }
}

#[tokio::test]
async fn each_fault_is_told_in_its_own_words() {
    let place = || Place::Keyring { provider: "work".to_owned(), origin: origin() };
    for (fault, error) in [
        (Fault::Missing, KeyError::Missing { place: place() }),
        (Fault::Locked("dismissed".to_owned()), KeyError::Locked { reason: "dismissed".to_owned() }),
        (
            Fault::Unusable("is not text".to_owned()),
            KeyError::Unusable { place: place(), reason: "is not text".to_owned() },
        ),
    ] {
        let (ring, _script) = ring(vec![at_once(Err(fault))]);
        assert_eq!(get(&ring).await, Err(error.clone()));
        assert!(!error.hint().is_empty());
    }
    let (ring, _script) = ring(vec![at_once(Ok(b"two words"))]);
    let error = get(&ring).await.expect_err("no key");
    assert!(
        error.to_string().starts_with("the key of `work` for `https://api.example.com:443` in the keyring has a space")
    );
    assert!(!error.to_string().contains("two words"));
}

#[tokio::test(start_paused = true)]
async fn while_a_call_hangs_others_fail_at_once_and_when_it_returns_the_next_goes_through() {
    let (slow, open) = gated(b"slow");
    let (ring, script) = ring(vec![slow, at_once(Ok(b"quick"))]);
    let timeout = || Err(KeyError::Timeout { after: Duration::from_millis(500) });
    let start = Instant::now();
    assert_eq!(under_way(&ring, &script, 1).await, timeout());
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    assert_eq!(get(&ring).await, timeout());
    assert_eq!(start.elapsed(), Duration::from_millis(500), "no second wait");

    open.send(()).expect("the keyring's thread waits");
    while ring.desk().worker.as_ref().is_some_and(Worker::is_busy) {
        std::thread::yield_now();
    }
    // Waits in real time: the paused clock would run ahead of the thread.
    tokio::time::resume();
    assert_eq!(get(&ring).await, Ok(b"quick".to_vec()));
    assert_eq!(connections(&script), 1);
}

#[tokio::test(start_paused = true)]
async fn one_caller_in_thirty_seconds_waits_on_a_keyring_that_hangs() {
    let (slow, _open) = gated(b"slow");
    let (ring, script) = ring(vec![slow]);
    let waited = async || {
        let start = Instant::now();
        assert!(matches!(get(&ring).await, Err(KeyError::Timeout { .. })));
        start.elapsed()
    };
    assert!(under_way(&ring, &script, 1).await.is_err());
    assert_eq!(waited().await, Duration::ZERO);
    tokio::time::advance(HOLD).await;
    assert_eq!(waited().await, Duration::from_millis(500));
    assert_eq!(waited().await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_asks_does_not_wait_behind_a_hang() {
    let (slow, _open) = gated(b"slow");
    let (ring, script) = ring(vec![slow, at_once(Ok(b"quick"))]);
    assert!(under_way(&ring, &script, 1).await.is_err());
    // Waits in real time: the paused clock would run ahead of the thread.
    tokio::time::resume();
    let found = ring.get(&name(), Slot::Current, Patience::Person).await;
    assert_eq!(found.map(|secret| secret.expose().to_vec()), Ok(b"quick".to_vec()));
    assert_eq!(connections(&script), 2);
    assert_eq!(given_up_and_held(&ring), (1, false), "the first keeps its thread, and nothing else is held up by it");
}

/// How many threads were given up, and whether calls are held.
fn given_up_and_held(ring: &KeyRing) -> (usize, bool) {
    let desk = ring.desk();
    (desk.given_up.len(), desk.hanging.is_some())
}

#[tokio::test(start_paused = true)]
async fn a_person_waits_two_minutes_and_stops_waiting_at_once_when_they_give_up() {
    let (slow, _open) = gated(b"slow");
    let (ring, script) = ring(vec![slow]);
    let start = Instant::now();
    let wanted = name();
    let mut asked = std::pin::pin!(ring.get(&wanted, Slot::Current, Patience::Person));
    assert!(futures_util::poll!(asked.as_mut()).is_pending());
    while script.called.load(Ordering::SeqCst) < 1 {
        std::thread::yield_now();
    }
    assert_eq!(asked.await.map(drop), Err(KeyError::Timeout { after: PERSON }));
    assert_eq!(start.elapsed(), Duration::from_secs(120));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let (slow, open) = gated(b"slow");
    let (ring, script) = ring(vec![slow, at_once(Ok(b"next"))]);
    let wanted = name();
    let mut first = std::pin::pin!(ring.get(&wanted, Slot::Current, Patience::Person));
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    let mut given_up = ring.get(&wanted, Slot::Current, Patience::Person);
    assert!(futures_util::poll!(given_up.as_mut()).is_pending());
    drop(given_up);
    open.send(()).expect("the keyring's thread waits");
    assert_eq!(first.await.map(|secret| secret.expose().to_vec()), Ok(b"slow".to_vec()));
    assert_eq!(get(&ring).await, Ok(b"next".to_vec()));
    assert_eq!(script.called.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_returns_is_given_up_and_only_so_many_threads_hang() {
    let (steps, _open): (Vec<_>, Vec<_>) = (0..10).map(|_| gated(b"never")).unzip();
    let (ring, script) = ring(steps);
    for round in 1..=6 {
        assert!(under_way(&ring, &script, round.min(MOST_HANGING + 1)).await.is_err());
        tokio::time::advance(GIVE_UP).await;
    }
    assert_eq!(connections(&script), MOST_HANGING + 1);
}

#[tokio::test]
async fn a_probe_says_how_many_keys_there_are_or_why_not() {
    let (ring, _script) = ring(vec![at_once(Ok(b"xx")), at_once(Err(Fault::Locked("dismissed".to_owned())))]);
    let state = ring.probe().await;
    assert_eq!((state.is_usable(), state.to_string().as_str()), (true, "the keyring answers; 2 keys are stored"));
    let state = ring.probe().await;
    assert_eq!((state.is_usable(), state.to_string().as_str()), (false, "the keyring is locked: dismissed"));
    assert!(state.hint().contains("unlock the keyring"));
}

#[tokio::test(start_paused = true)]
async fn people_who_ask_again_and_again_get_only_so_many_threads() {
    let (steps, _open): (Vec<_>, Vec<_>) = (0..10).map(|_| gated(b"never")).unzip();
    let (ring, script) = ring(steps);
    for round in 1..=6 {
        assert!(under_way(&ring, &script, round.min(MOST_HANGING + 1)).await.is_err());
        ring.desk().step_around();
    }
    assert_eq!(connections(&script), MOST_HANGING + 1);
}
