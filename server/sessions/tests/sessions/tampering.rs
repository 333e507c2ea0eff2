//! Whoever has the files and not the key can destroy, and cannot forge: what was done to a database is named, what was not
//! touched is read, and what can be read of the rest is saved.
#![expect(clippy::disallowed_methods, reason = "the tests damage files, and the environment says how many")]

use std::{collections::BTreeSet, fs, path::Path};

use aside_sessions::{Sessions, WorkspaceId};

use crate::{
    damage::{Copy, SCENE, Seen},
    kit::{HeldKeys, Reader, fresh, quick},
};

/// The damaged databases: what each is, what is expected of it, and how it is made.
fn damaged() -> Vec<(String, BTreeSet<String>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions/damaged");
    let files = fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path());
    let mut all: Vec<_> = files
        .map(|path| {
            let text = fs::read_to_string(&path).expect("read");
            let expected = text.lines().find_map(|line| line.strip_prefix("-- Expected: ")).expect("an expectation");
            let expected = expected.split("; ").filter(|word| *word != "nothing").map(str::to_owned).collect();
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), expected, text)
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn every_damaged_database_is_named_and_what_was_not_touched_is_read() {
    let mut wrong = Vec::new();
    for (name, expected, how) in damaged() {
        let copy = Copy::of(&SCENE.now);
        copy.alter(&how);
        let sessions = copy.sessions();
        let mut seen = Seen::of(&sessions).await;
        seen.check(&name);
        seen.named.extend(saved(&copy, sessions, &seen).await);
        if seen.named != expected {
            wrong.push(format!("{name}: {}", seen.named.iter().cloned().collect::<Vec<_>>().join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Saves what can be saved, accepts the rest, and goes on with it. Gives what was recovered.
async fn saved(copy: &Copy, sessions: Sessions, seen: &Seen) -> Vec<String> {
    if seen.named.iter().any(|word| word.starts_with("refused")) {
        return Vec::new();
    }
    let stopped = seen.named.iter().any(|word| word.starts_with("whole") && !word.contains("nothing outside"));
    let create = sessions.create(&WorkspaceId::of(None), None, None).await.map_err(|error| error.code());
    assert_eq!(create.as_ref().err().copied(), stopped.then_some("sessions-older"), "{seen:?}");
    sessions.accept().await.expect("accepted");
    let mut recovered = Vec::new();
    for id in &seen.damaged {
        let name = SCENE.name(*id);
        let (info, damage) = sessions.recover(*id).await.expect("recovered");
        assert!(!damage.is_empty(), "{name}");
        let opened = sessions.open(info.id, 1000, None).await.expect("opened");
        assert_eq!((&opened.damage, opened.session.messages), (&Vec::new(), opened.messages.len() as u64), "{name}");
        let before: Vec<&String> = SCENE.said.get(id).into_iter().flat_map(|said| said.values()).collect();
        let whole = opened.messages.iter().filter(|message| before.contains(&&message.text)).count();
        recovered.push(format!("recovers {name} {whole} of {}", opened.messages.len()));
        sessions.remove(*id).await.expect("removed");
    }
    goes_on(&sessions).await;
    sessions.shutdown().await;
    let again = copy.sessions();
    let verified = again.verify(None).await.expect("verified");
    assert_eq!((&verified.damaged, verified.whole), (&Vec::new(), None), "accepted for good: {seen:?}");
    goes_on(&again).await;
    again.shutdown().await;
    recovered
}

async fn goes_on(sessions: &Sessions) {
    let id = fresh(sessions).await;
    let mut reader = Reader::of(sessions, id).await;
    sessions.send(id, quick("after", "wards")).await.expect("said");
    assert_eq!(reader.turn().await.text(), "wards");
}

/// A generator of places that are always the same.
struct Places(u64);

impl Places {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_bits_that_flip_anywhere_none_changes_a_word_unnoticed() {
    let many = std::env::var("ASIDE_TEST_FLIPS").map_or(300, |many| many.parse().expect("a number"));
    let (mut places, mut named) = (Places(1), 0);
    for _ in 0..many {
        let bit = places.next(SCENE.now.len() * 8);
        let mut flipped = SCENE.now.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let copy = Copy::of(&flipped);
        let sessions = copy.sessions();
        let seen = Seen::of(&sessions).await;
        seen.check(&format!("bit {bit}"));
        named += usize::from(!seen.named.is_empty());
        sessions.shutdown().await;
    }
    println!("{named} of {many} flipped bits were named; the others lie in unused bytes");
    assert!(named > many / 20, "{named} of {many}");
}

#[tokio::test]
async fn a_database_cut_anywhere_is_named() {
    for part in 0..16 {
        let copy = Copy::of(&SCENE.now[..SCENE.now.len() * part / 16]);
        let seen = Seen::of(&copy.sessions()).await;
        seen.check(&format!("cut at {part} of 16"));
        assert!(!seen.named.is_empty(), "cut at {part} of 16");
    }
}

#[tokio::test]
async fn who_has_all_but_the_key_can_forge_nothing() {
    let forger = HeldKeys::of(2);
    let copy = Copy::of(&SCENE.now);
    // The whole program, the whole database, its name of the key, and another key.
    let sessions = copy.sessions_of(forger.clone());
    assert_eq!(sessions.list(None, 10, None).await.expect_err("refused").code(), "session-key-missing");
    let create = sessions.create(&WorkspaceId::of(None), None, None).await;
    assert_eq!(create.expect_err("refused").code(), "session-key-missing");
    assert_eq!(fs::read(copy.database()).expect("read"), SCENE.now, "nothing was written");

    copy.alter("UPDATE store SET (key, sealed) = (SELECT key, sealed FROM foreign_one.store);");
    let sessions = copy.sessions_of(forger);
    for id in SCENE.names.values() {
        assert_eq!(sessions.open(*id, 10, None).await.expect_err("sealed").code(), "session-damaged");
    }
    let id = fresh_all_the_same(&sessions).await;
    sessions.shutdown().await;

    let ours = copy.sessions();
    assert_eq!(ours.list(None, 10, None).await.expect_err("refused").code(), "session-key-missing");
    assert_eq!(ours.open(id, 10, None).await.expect_err("refused").code(), "session-key-missing");
}

/// A conversation that the forger makes, having accepted what is there.
async fn fresh_all_the_same(sessions: &Sessions) -> aside_sessions::SessionId {
    sessions.accept().await.expect("accepted");
    fresh(sessions).await
}

#[tokio::test]
async fn an_older_copy_of_everything_is_named_and_usable_once_it_is_accepted() {
    let copy = Copy::of(&SCENE.older);
    let sessions = copy.sessions();
    let a = SCENE.names["a"];
    assert_eq!(sessions.open(a, 10, None).await.expect("read").messages.len(), 4);
    for refused in [
        sessions.send(a, quick("one", "1")).await.map(drop),
        sessions.rename(a, "title").await.map(drop),
        sessions.delete(a).await,
        sessions.remove(a).await,
        sessions.fork(a, None).await.map(drop),
    ] {
        assert_eq!(refused.expect_err("older").code(), "sessions-older");
    }
    assert!(sessions.health().await.older.is_some());
    sessions.accept().await.expect("accepted");
    sessions.send(a, quick("one", "1")).await.expect("said");
    sessions.shutdown().await;
    assert_eq!(copy.sessions().verify(None).await.expect("verified").whole, None);
}

#[tokio::test]
async fn an_older_copy_put_back_while_the_program_runs_takes_nothing() {
    let copy = Copy::of(&SCENE.now);
    let sessions = copy.sessions();
    let a = SCENE.names["a"];
    sessions.rename(a, "title").await.expect("renamed");
    let beside = copy.database().with_extension("copy");
    fs::write(&beside, &SCENE.older).expect("written");
    fs::rename(&beside, copy.database()).expect("put back");
    for left in ["db-wal", "db-shm"] {
        drop(fs::remove_file(copy.database().with_extension(left)));
    }
    assert_eq!(sessions.rename(a, "other").await.expect_err("older").code(), "sessions-older");
    sessions.accept().await.expect("accepted");
    goes_on(&sessions).await;
    sessions.shutdown().await;
    assert_eq!(copy.sessions().verify(None).await.expect("verified").whole, None);
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_and_nothing_is_begun_before_that_is_accepted() {
    let copy = Copy::of(&SCENE.now);
    fs::remove_file(copy.database()).expect("removed");
    let sessions = copy.sessions();
    let create = sessions.create(&WorkspaceId::of(None), None, None).await;
    assert_eq!(create.expect_err("gone").code(), "sessions-older");
    sessions.accept().await.expect("accepted");
    goes_on(&sessions).await;
    sessions.shutdown().await;
    assert_eq!(copy.sessions().verify(None).await.expect("verified").whole, None);
}
