//! Many orders of what several editors ask of one session in one program: nobody waits for ever, and nothing that was
//! acknowledged is lost.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use aside_sessions::{Options, Rate, ResumeRates, SessionId, Sessions};
use tokio::time::timeout;

use crate::{
    deeds::every,
    kit::{Place, Reader, fresh, quick, read},
};

/// A generator of decisions that are always the same for a seed.
struct Decisions(u64);

impl Decisions {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What one editor does, one thing after the other, letting the others go first as its decisions say.
async fn editor(sessions: Sessions, id: SessionId, seed: u64, said: Arc<Mutex<Vec<String>>>) {
    let mut decisions = Decisions(seed * 2 + 1);
    let mut readers = Vec::new();
    for step in 0..8 {
        for _ in 0..decisions.below(6) {
            tokio::task::yield_now().await;
        }
        match decisions.below(10) {
            0..4 => {
                let text = format!("{seed} {step}");
                match sessions.send(id, quick(&text, &text)).await {
                    Ok(_) => said.lock().expect("not poisoned").push(text),
                    Err(error) => {
                        assert!(["session-busy", "unknown-session"].contains(&error.code()), "{error}");
                    }
                }
            }
            4 | 5 => {
                let reader = Reader::new();
                if sessions.join(id, 10, None, &reader.outbox).await.is_ok() {
                    readers.push(reader);
                }
            }
            6 => drop(sessions.stop(id).await),
            7 => {
                drop(sessions.delete(id).await);
                drop(sessions.restore(id).await);
            }
            8 => sessions.lock(),
            _ => drop(readers.pop()),
        }
    }
}

async fn one_order(seed: u64) {
    let place = Place::new();
    let never = Rate { tokens: u32::MAX, window: Duration::from_secs(1) };
    let options = Options { resumes: ResumeRates { workspace: never, all: never }, ..Options::default() };
    let sessions = place.sessions_with(options);
    let id = fresh(&sessions).await;
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let editors: Vec<_> = (0..4)
        .map(|number| tokio::spawn(editor(sessions.clone(), id, seed * 10 + number, Arc::clone(&said))))
        .collect();
    for editor in editors {
        timeout(Duration::from_secs(20), editor).await.expect("nobody waits for ever").expect("done");
    }
    timeout(Duration::from_secs(20), sessions.shutdown()).await.expect("it ends");
    let again = place.sessions();
    drop(again.restore(id).await);
    let there: Vec<_> = read(&again, id).await.into_iter().step_by(2).map(|(text, _)| text).collect();
    let said = said.lock().expect("not poisoned").clone();
    assert_eq!(there.iter().collect::<BTreeSet<_>>(), said.iter().collect(), "seed {seed}");
    assert_eq!(there.len(), said.len(), "seed {seed}: each once");
    for editor in 0..4 {
        let start = format!("{} ", seed * 10 + editor);
        let own: Vec<_> = there.iter().filter(|text| text.starts_with(&start)).collect();
        assert!(own.is_sorted(), "seed {seed}: {own:?}");
    }
    assert_eq!(again.verify(None).await.expect("verified").damaged, []);
}

#[tokio::test]
async fn in_any_order_nobody_waits_for_ever_and_nothing_acknowledged_is_lost() {
    let orders = if every() { 2_000 } else { 25 };
    for seed in 1..=orders {
        one_order(seed).await;
    }
}
