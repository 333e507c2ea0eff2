//! A real agent on a real socket, with a vault in memory that knows one passphrase.

use std::{collections::BTreeMap, path::PathBuf};

use aside_secret::Secret;
use tokio::task::JoinHandle;

use super::*;
use crate::{
    AgentClient, AgentStore, KeyError, KeyInfo, KeyName, KeyStore, NewKey, Origin, Patience, Reopen, Slot, Unreached,
    Word, tell_all,
};

const RIGHT: &str = "correct horse battery staple";

type Values = BTreeMap<(KeyName, Slot), Vec<u8>>;

#[derive(Default, Clone)]
struct Shared {
    keys: Arc<Mutex<Values>>,
    events: Arc<Mutex<Vec<AgentEvent>>>,
    changed: Arc<Mutex<bool>>,
}

struct InMemory(Shared);

fn refusal(kind: RefusalKind, code: &str) -> Refusal {
    Refusal { kind, ..failed(code, code, "") }
}

impl OpenVault for InMemory {
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Secret, Refusal> {
        if *self.0.changed.lock().expect("no panic") {
            return Err(refusal(RefusalKind::Failed, KEY_CHANGED));
        }
        let keys = self.0.keys.lock().expect("no panic");
        let value = keys.get(&(name.clone(), slot)).ok_or_else(|| refusal(RefusalKind::Missing, "missing"))?;
        Ok(Secret::new(value.clone()))
    }

    fn set(&self, keys: Vec<NewKey>) -> Result<(), Refusal> {
        let mut stored = self.0.keys.lock().expect("no panic");
        stored.extend(keys.into_iter().map(|key| ((key.name, key.slot), key.value.expose().to_vec())));
        Ok(())
    }

    fn add(&self, key: NewKey) -> Result<(), Refusal> {
        if self.0.keys.lock().expect("no panic").contains_key(&(key.name.clone(), key.slot)) {
            return Err(refusal(RefusalKind::Occupied, "occupied"));
        }
        self.set(vec![key])
    }

    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Refusal> {
        let removed = self.0.keys.lock().expect("no panic").remove(&(name.clone(), slot));
        removed.map(drop).ok_or_else(|| refusal(RefusalKind::Missing, "missing"))
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Refusal> {
        let keys = self.0.keys.lock().expect("no panic");
        Ok(keys.keys().map(|(name, slot)| KeyInfo { name: name.clone(), slot: *slot, stored_at: None }).collect())
    }

    fn notes(&self) -> Vec<String> {
        vec!["a note".to_owned()]
    }
}

/// A folder with an agent in it.
struct Scene {
    folder: tempfile::TempDir,
    shared: Shared,
    running: JoinHandle<Result<AgentEnd, Deaf>>,
}

impl Scene {
    async fn start(idle: Duration) -> Self {
        let (folder, shared) = (tempfile::tempdir().expect("a folder"), Shared::default());
        let running = start(&folder.path().join("run"), &shared, idle).await;
        Self { folder, shared, running }
    }

    fn client(&self) -> AgentClient {
        AgentClient::new(&[self.run()])
    }

    fn store(&self) -> AgentStore {
        AgentStore::new(self.client())
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    async fn unlock(&self, passphrase: &str) -> Reply {
        self.client().ask(&Request::Unlock(Secret::new(passphrase.into()))).await.expect("an answer")
    }

    fn events(&self) -> Vec<AgentEvent> {
        self.shared.events.lock().expect("no panic").clone()
    }
}

async fn start(folder: &std::path::Path, shared: &Shared, idle: Duration) -> JoinHandle<Result<AgentEnd, Deaf>> {
    let (opened, events) = (shared.clone(), Arc::clone(&shared.events));
    let opens: Opens = Box::new(move |passphrase| match passphrase.expose() {
        given if given == RIGHT.as_bytes() => Ok(Box::new(InMemory(opened.clone()))),
        _ => Err(refusal(RefusalKind::WrongPassphrase, "wrong-passphrase")),
    });
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let options = AgentOptions {
        folder: folder.to_owned(),
        policy: Box::new(move || Policy { idle, absolute: Duration::from_secs(3600), reopen: Reopen::Explicit }),
        opens,
        on_event: Box::new(move |event| events.lock().expect("no panic").push(event)),
        on_ready: Box::new(move || {
            let _nobody_waits = ready.send(());
        }),
    };
    let running = tokio::spawn(Agent::run(options));
    // An agent that finds another one running is never ready.
    let _ = is_ready.await;
    running
}

const LONG: Duration = Duration::from_secs(600);

fn name() -> KeyName {
    KeyName::new("work", Origin::of("https://api.example.com").expect("an address"))
}

fn new_key() -> Vec<NewKey> {
    vec![NewKey { name: name(), slot: Slot::Current, value: Secret::new(b"test-key-1".to_vec()) }]
}

async fn get(store: &AgentStore) -> Result<Vec<u8>, KeyError> {
    store.get(&name(), Slot::Current, Patience::Request).await.map(|value| value.expose().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unlocked_vault_serves_every_client_until_it_is_locked() {
    let scene = Scene::start(LONG).await;
    let store = scene.store();
    assert!(matches!(get(&store).await, Err(KeyError::VaultLocked { .. })));
    assert!(matches!(scene.unlock(RIGHT).await, Reply::Done));
    store.set(new_key(), Patience::Request).await.expect("stored");
    assert_eq!(get(&scene.store()).await.expect("another client reads it"), b"test-key-1");
    assert_eq!(store.list(Patience::Request).await.expect("listed").len(), 1);
    let status = scene.client().status().await.expect("a status");
    assert!(status.locked.is_none() && status.left.is_some() && status.notes == ["a note"], "{status:?}");
    let (told, failed) = tell_all(&[scene.run()], Word::Lock).await.expect("told");
    assert_eq!((told, failed), (1, Vec::new()));
    assert!(matches!(get(&store).await, Err(KeyError::VaultLocked { .. })));
    assert_eq!(scene.events(), [AgentEvent::Started, AgentEvent::Unlocked, AgentEvent::Locked(LockReason::Asked)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_told_as_missing_in_the_vault() {
    let scene = Scene::start(LONG).await;
    scene.unlock(RIGHT).await;
    let error = get(&scene.store()).await.expect_err("nothing there");
    assert!(error.to_string().contains("`work`") && error.hint().contains("aside secret set work"), "{error}");
    let error = scene.store().delete(&name(), Slot::Previous, Patience::Request).await.expect_err("nothing there");
    assert!(matches!(error, KeyError::Missing { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn va02_a_wrong_passphrase_opens_nothing_and_slows_down_the_next_one() {
    let scene = Scene::start(LONG).await;
    let began = std::time::Instant::now();
    for _ in 0..3 {
        let Reply::Refused(refusal) = scene.unlock("wrong").await else { panic!("it opened") };
        assert_eq!(refusal.kind, RefusalKind::WrongPassphrase);
    }
    assert!(began.elapsed() >= Duration::from_millis(700), "100, 200 and 400 ms");
    assert!(matches!(get(&scene.store()).await, Err(KeyError::VaultLocked { .. })));
    assert!(matches!(scene.unlock(RIGHT).await, Reply::Done));
    assert_eq!(scene.events().iter().filter(|event| **event == AgentEvent::WrongPassphrase).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_passphrase_does_not_close_an_open_vault() {
    let scene = Scene::start(LONG).await;
    scene.unlock(RIGHT).await;
    scene.shared.keys.lock().expect("no panic").insert((name(), Slot::Current), b"k".to_vec());
    scene.unlock("wrong").await;
    assert_eq!(get(&scene.store()).await.expect("still open"), b"k");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_locks_when_nobody_uses_it_and_tells_those_who_are_attached() {
    let scene = Scene::start(Duration::from_millis(300)).await;
    let mut heard = scene.client().attach("test", true).await.expect("attached");
    assert_eq!(*heard.borrow(), Some(LockReason::NotOpened));
    scene.unlock(RIGHT).await;
    heard.wait_for(Option::is_none).await.expect("it hears of the opening");
    heard.wait_for(|locked| *locked == Some(LockReason::Idle)).await.expect("and of the lock");
    assert!(matches!(get(&scene.store()).await, Err(KeyError::VaultLocked { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_locks_when_the_last_of_its_editors_leaves() {
    let scene = Scene::start(LONG).await;
    let mut first = scene.client().attach("one", true).await.expect("attached");
    let second = scene.client().attach("two", true).await.expect("attached");
    scene.unlock(RIGHT).await;
    drop(second);
    first.wait_for(Option::is_none).await.expect("open");
    assert!(!matches!(get(&scene.store()).await, Err(KeyError::VaultLocked { .. })), "one is left");
    drop(first);
    while scene.client().status().await.expect("a status").locked != Some(LockReason::LastClient) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_in_a_terminal_that_ends_locks_nothing() {
    let scene = Scene::start(LONG).await;
    scene.unlock(RIGHT).await;
    let command = scene.client().attach("aside", false).await.expect("attached");
    drop(command);
    while scene.client().status().await.expect("a status").clients > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.client().status().await.expect("a status").locked, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_locks_when_the_data_key_was_changed_behind_it() {
    let scene = Scene::start(LONG).await;
    scene.unlock(RIGHT).await;
    *scene.shared.changed.lock().expect("no panic") = true;
    let error = get(&scene.store()).await.expect_err("refused");
    assert!(matches!(&error, KeyError::Refused(refusal) if refusal.code == KEY_CHANGED), "{error:?}");
    assert_eq!(scene.client().status().await.expect("a status").locked, Some(LockReason::Vault));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_agent_and_a_second_leaves_the_first_alone() {
    let scene = Scene::start(LONG).await;
    scene.unlock(RIGHT).await;
    let second = start(&scene.run(), &Shared::default(), LONG).await;
    assert_eq!(second.await.expect("no panic").expect("no error"), AgentEnd::AnotherRuns);
    assert!(scene.client().status().await.expect("the first answers").locked.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_agent_is_told_as_locked_and_the_next_one_takes_its_place() {
    let scene = Scene::start(LONG).await;
    let heard = scene.client().attach("test", true).await.expect("attached");
    scene.running.abort();
    let mut heard = heard;
    heard.wait_for(Option::is_some).await.expect("locked");
    while scene.client().is_running().await {
        tokio::task::yield_now().await;
    }
    assert!(matches!(get(&scene.store()).await, Err(KeyError::VaultLocked { .. })));
    assert!(matches!(scene.client().status().await, Err(Unreached::NotRunning)));
    let next = start(&scene.run(), &scene.shared, LONG).await;
    assert!(matches!(scene.unlock(RIGHT).await, Reply::Done));
    next.abort();
}
