//! A key that cannot be had, is another one, comes back, or is changed while others work: typed errors, nothing under another key,
//! nothing lost.

use std::fs;

use aside_sessions::{
    DataKeys, End, Event, KeyFaultKind, MessageState, Options, SessionError, SessionId, Sessions, WorkspaceId,
};
use rusqlite::Connection;

use crate::kit::{HeldKeys, Place, Reader, Script, fresh, quick, read, until};

const FAULTS: [(KeyFaultKind, &str); 5] = [
    (KeyFaultKind::Missing, "session-key-missing"),
    (KeyFaultKind::Locked, "locked"),
    (KeyFaultKind::Damaged, "session-key-damaged"),
    (KeyFaultKind::Denied, "session-key-denied"),
    (KeyFaultKind::Unavailable, "session-key-unavailable"),
];

async fn say(sessions: &Sessions, id: SessionId, question: &str, answer: &str) {
    let mut reader = Reader::of(sessions, id).await;
    sessions.send(id, quick(question, answer)).await.expect("said");
    reader.turn().await;
}

/// A place with one conversation of one exchange, closed.
async fn closed() -> (Place, SessionId) {
    let place = Place::new();
    let sessions = place.sessions();
    let id = fresh(&sessions).await;
    say(&sessions, id, "one", "1").await;
    sessions.shutdown().await;
    (place, id)
}

/// How everything that needs the key is answered.
async fn refusals(sessions: &Sessions, id: SessionId) -> Vec<&'static str> {
    let code = |result: Result<(), SessionError>| result.map_or_else(|error| error.code(), |()| "done");
    vec![
        code(sessions.list(None, 10, None).await.map(drop)),
        code(sessions.open(id, 10, None).await.map(drop)),
        code(sessions.create(&WorkspaceId::of(None), None, None).await.map(drop)),
        code(sessions.send(id, quick("two", "2")).await.map(drop)),
        code(sessions.rename(id, "title").await.map(drop)),
        code(sessions.delete(id).await),
        code(sessions.remove(id).await),
        code(sessions.search(None, "one", 10).await.map(drop)),
        code(sessions.verify(None).await.map(drop)),
        code(sessions.accept().await),
        code(sessions.rekey().await.map(drop)),
    ]
}

#[tokio::test]
async fn a_key_that_cannot_be_had_is_told_by_its_code_and_changes_nothing_until_it_comes_back() {
    let (place, id) = closed().await;
    let before = fs::read(place.database()).expect("read");
    for (fault, code) in FAULTS {
        let keys = HeldKeys::of(1);
        keys.fail(Some(fault));
        let sessions = place.sessions_of(Options::default(), keys.clone());
        let refused = refusals(&sessions, id).await;
        assert!(refused.iter().all(|told| *told == code), "{fault:?}: {refused:?}");
        assert_eq!(fs::read(place.database()).expect("read"), before, "{fault:?}");
        keys.fail(None);
        assert_eq!(read(&sessions, id).await.len(), 2, "{fault:?}: it came back");
    }
}

#[tokio::test]
async fn a_key_that_is_gone_or_another_one_is_not_replaced_and_nothing_is_written_under_it() {
    let (place, id) = closed().await;
    let before = fs::read(place.database()).expect("read");
    for (held, what) in [(&[][..], "gone"), (&[2][..], "another one"), (&[2, 3][..], "others")] {
        let keys = HeldKeys::of(1);
        keys.put(held);
        let sessions = place.sessions_of(Options::default(), keys.clone());
        let refused = refusals(&sessions, id).await;
        assert!(refused.iter().all(|told| *told == "session-key-missing"), "{what}: {refused:?}");
        assert_eq!(keys.read().await.expect("read").keys.len(), held.len(), "{what}: none was made");
        assert_eq!(fs::read(place.database()).expect("read"), before, "{what}");
        keys.put(&[2, 1]);
        assert_eq!(read(&sessions, id).await.len(), 2, "{what}: the right one is chosen");
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_begun() {
    for (fault, code) in FAULTS {
        let place = Place::new();
        let keys = HeldKeys::of(1);
        keys.fail(Some(fault));
        let sessions = place.sessions_of(Options::default(), keys.clone());
        let create = sessions.create(&WorkspaceId::of(None), None, None).await;
        assert_eq!(create.expect_err("no key").code(), code);
        assert!(!place.database().exists(), "{fault:?}");
        keys.fail(None);
        fresh(&sessions).await;
    }
}

#[tokio::test]
async fn where_no_key_can_be_stored_a_conversation_is_only_in_memory_and_saved_once_one_can() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    keys.fail(Some(KeyFaultKind::ReadOnly));
    let sessions = place.sessions_of(Options::default(), keys.clone());
    let id = fresh(&sessions).await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.send(id, quick("one", "1")).await.expect("said");
    let told = reader.turn().await;
    assert!(told.notices.iter().any(|notice| notice.starts_with("not saved")), "{told:?}");
    assert_eq!(sessions.health().await.unsaved, 1);
    assert!(!place.database().exists(), "nothing under a key that will be gone");
    keys.fail(None);
    sessions.shutdown().await;
    let whole = MessageState::Complete;
    assert_eq!(read(&place.sessions(), id).await, [("one".to_owned(), whole), ("1".to_owned(), whole)]);
}

#[tokio::test]
async fn an_answer_that_runs_through_a_lock_is_saved_and_the_next_reader_asks_for_the_key() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let sessions = place.sessions_of(Options::default(), keys.clone());
    let id = fresh(&sessions).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    assert_eq!(reader.next().await, Event::Delta("half".to_owned()));
    sessions.lock();
    assert_eq!(sessions.health().await.key, None);
    script.text(" and half");
    script.end();
    assert_eq!(reader.turn_from(1).await.end(), (End::Complete, None));
    assert_eq!(read(&place.sessions(), id).await[1], ("half and half".to_owned(), MessageState::Complete));
    sessions.lock();
    let asked = keys.asked();
    sessions.list(None, 10, None).await.expect("listed");
    assert_eq!(keys.asked(), asked + 1);
    sessions.list(None, 10, None).await.expect("listed");
    assert_eq!(keys.asked(), asked + 1, "it is at hand again");
}

#[tokio::test]
async fn an_answer_that_began_before_a_lock_is_saved_although_the_key_cannot_be_had_any_more() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let sessions = place.sessions_of(Options::default(), keys.clone());
    let id = fresh(&sessions).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    keys.fail(Some(KeyFaultKind::Locked));
    sessions.lock();
    script.text("words");
    script.end();
    let told = reader.turn().await;
    assert_eq!((told.text().as_str(), told.end()), ("words", (End::Complete, None)));
    assert_eq!(sessions.list(None, 10, None).await.expect_err("locked").code(), "locked");
    keys.fail(None);
    assert_eq!(read(&place.sessions(), id).await[1], ("words".to_owned(), MessageState::Complete));
}

/// Everything sealed that stands in a database.
fn sealed(place: &Place) -> Vec<Vec<u8>> {
    let database = Connection::open(place.database()).expect("opened");
    let select = "SELECT sealed FROM events UNION ALL SELECT sealed FROM sessions UNION ALL SELECT sealed FROM workspaces \
                  UNION ALL SELECT sealed FROM store";
    let mut statement = database.prepare(select).expect("prepared");
    statement.query_map((), |row| row.get(0)).expect("read").map(|sealed| sealed.expect("read")).collect()
}

#[tokio::test]
async fn after_another_key_the_old_one_opens_nothing_and_nothing_sealed_under_it_is_left() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let sessions = place.sessions_of(Options::default(), keys.clone());
    let mut ids = Vec::new();
    for number in 0..3 {
        let id = fresh(&sessions).await;
        for turn in 0..3 {
            say(&sessions, id, &format!("question {number} {turn}"), &"answer ".repeat(50)).await;
        }
        ids.push(id);
    }
    sessions.delete(ids[2]).await.expect("trashed");
    let (before, old) = (read(&sessions, ids[0]).await, sealed(&place));
    let (key, count) = sessions.rekey().await.expect("another key");
    assert_eq!((count, read(&sessions, ids[0]).await), (3, before.clone()));
    assert_eq!(sessions.health().await.key, Some(key));
    let kept: Vec<_> = keys.read().await.expect("read").keys.iter().map(aside_sessions::DataKey::id).collect();
    assert_eq!(kept, [key], "the old one is not kept");
    sessions.shutdown().await;

    for file in ["db", "db-wal"].map(|ending| place.database().with_extension(ending)) {
        let bytes = fs::read(file).unwrap_or_default();
        let left = old.iter().filter(|envelope| bytes.windows(32).any(|window| window == &envelope[..32])).count();
        assert_eq!(left, 0, "of {}", old.len());
    }
    let with_old = place.sessions_of(Options::default(), HeldKeys::of(1));
    assert_eq!(with_old.list(None, 10, None).await.expect_err("another key").code(), "session-key-missing");

    let again = place.sessions_of(Options::default(), keys);
    assert_eq!(read(&again, ids[0]).await, before);
    again.restore(ids[2]).await.expect("from the trash");
    let verified = again.verify(None).await.expect("verified");
    assert_eq!((verified.sessions, verified.damaged, verified.strays, verified.whole), (3, Vec::new(), 0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_read_and_write_through_a_change_of_the_key() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let here = || place.sessions_of(Options::default(), keys.clone());
    let (changes, writes, reads) = (here(), here(), here());
    let id = fresh(&changes).await;
    let other = fresh(&changes).await;
    let writing = tokio::spawn(async move {
        for number in 0..40 {
            say(&writes, id, &format!("question {number}"), &format!("answer {number}")).await;
        }
    });
    let reading = tokio::spawn(async move {
        for _ in 0..200 {
            let opened = reads.open(id, 1000, None).await.expect("read");
            assert_eq!((opened.damage, reads.list(None, 10, None).await.expect("listed").sessions.len()), (vec![], 2));
        }
    });
    for number in 0..8 {
        changes.rekey().await.expect("another key");
        say(&changes, other, &format!("between {number}"), "yes").await;
    }
    writing.await.expect("written");
    reading.await.expect("read");
    let said: Vec<_> = read(&changes, id).await.into_iter().map(|(text, _)| text).collect();
    let expected = (0..40).flat_map(|number| [format!("question {number}"), format!("answer {number}")]);
    assert_eq!(said, expected.collect::<Vec<_>>());
    assert_eq!(read(&changes, other).await.len(), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_change_the_key_at_once_neither_loses_the_key_of_the_other() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let first = place.sessions_of(Options::default(), keys.clone());
    let id = fresh(&first).await;
    say(&first, id, "one", "1").await;
    for _ in 0..8 {
        let changing = [0, 1, 2].map(|_| {
            let sessions = place.sessions_of(Options::default(), keys.clone());
            tokio::spawn(async move { sessions.rekey().await.map_err(|error| error.code()) })
        });
        for one in changing {
            let changed = one.await.expect("it ended");
            assert!(changed.is_ok() || changed == Err("sessions-altered"), "{changed:?}");
        }
        assert_eq!(read(&place.sessions_of(Options::default(), keys.clone()), id).await.len(), 2);
    }
}

#[tokio::test]
async fn a_damaged_conversation_stands_in_the_way_of_another_key_and_both_keys_are_kept() {
    let place = Place::new();
    let keys = HeldKeys::of(1);
    let sessions = place.sessions_of(Options::default(), keys.clone());
    let (good, bad) = (fresh(&sessions).await, fresh(&sessions).await);
    say(&sessions, good, "good", "1").await;
    say(&sessions, bad, "bad", "1").await;
    let database = Connection::open(place.database()).expect("opened");
    database.execute("UPDATE events SET sealed = x'00' WHERE n = 1 AND rowid > 3", ()).expect("spoiled");
    let refused = sessions.rekey().await.expect_err("damaged");
    assert!(matches!(refused, SessionError::Damaged { id } if id == bad), "{refused}");
    assert_eq!(read(&sessions, good).await.len(), 2, "under the old one, as before");
    sessions.remove(bad).await.expect("removed");
    sessions.rekey().await.expect("now it goes");
    assert_eq!(read(&sessions, good).await.len(), 2);
    until(&sessions, good, |_, state| state == MessageState::Complete).await;
}
