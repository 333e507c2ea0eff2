//! A disk that goes away in the middle of an answer, and a session that is taken away.
#![expect(clippy::disallowed_methods, reason = "the tests break the disk")]

use std::{fs, time::Duration};

use aside_sessions::{End, Event, MessageState, Options, Sessions};

use crate::kit::{Place, Reader, Script, fresh, one_with, quick, read, until};

fn hasty() -> Options {
    Options { checkpoint_bytes: 4, checkpoint_every: Duration::from_millis(10), ..Options::default() }
}

impl Place {
    /// Puts a file where the data directory was: every open and every write fails, also for root.
    fn break_disk(&self) {
        fs::rename(self.data(), self.root().join("aside")).expect("moved");
        fs::write(self.data(), "in the way").expect("written");
    }

    fn mend_disk(&self) {
        fs::remove_file(self.data()).expect("removed");
        fs::rename(self.root().join("aside"), self.data()).expect("moved back");
    }
}

async fn notice(reader: &mut Reader) -> String {
    loop {
        if let Event::Notice(notice) = reader.next().await {
            return notice;
        }
    }
}

/// Passes over the rest up to the end, and gives its reason and code.
async fn end(reader: &mut Reader) -> (End, Option<String>) {
    loop {
        if let Event::End { reason, error } = reader.next().await {
            return (reason, error.map(|error| error.code));
        }
    }
}

async fn is_unsaved(sessions: &Sessions) -> bool {
    sessions.health().await.unsaved == 1
}

#[tokio::test]
async fn a_disk_that_fails_is_said_at_once_the_answer_goes_on_and_its_end_is_honest() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("saved");
    until(&sessions, id, |text, _| text == "saved").await;

    place.break_disk();
    script.text(" and not");
    let said = notice(&mut reader).await;
    assert!(said.starts_with("not saved: ") && said.contains("data"), "{said}");
    script.text(" saved");
    script.end();
    assert_eq!(end(&mut reader).await, (End::Error, Some("not-saved".to_owned())));
    assert!(is_unsaved(&sessions).await);

    place.mend_disk();
    assert_eq!(read(&place.sessions(), id).await[1].0, "saved", "what was acknowledged is still there");
    assert_eq!(read(&sessions, id).await[1].0, "saved and not saved", "and here also what was not");
    let (script, say) = Script::say("two");
    sessions.send(id, say).await.expect("said");
    script.end();
    until(&sessions, id, |_, state| state == MessageState::Complete).await;
    assert_eq!(script.history(), ["one", "saved and not saved", "two"], "the next message saves it");
    assert_eq!(read(&place.sessions(), id).await[1].1, MessageState::Complete);
    assert!(!is_unsaved(&sessions).await);
}

#[tokio::test]
async fn while_the_disk_takes_nothing_a_conversation_goes_on_in_memory_and_is_saved_later() {
    let (place, sessions, old) = one_with(hasty()).await;
    let old_reader = Reader::of(&sessions, old).await;
    place.break_disk();
    let new = fresh(&sessions).await;
    let new_reader = Reader::of(&sessions, new).await;
    for (id, text, mut reader) in [(old, "in the old one", old_reader), (new, "in a new one", new_reader)] {
        sessions.send(id, quick(text, "answered")).await.expect("said");
        assert!(notice(&mut reader).await.starts_with("not saved: "), "{text}");
        assert_eq!(end(&mut reader).await, (End::Error, Some("not-saved".to_owned())));
    }
    let opened = sessions.open(new, 10, None).await.expect("shown");
    assert_eq!((opened.session.title.as_str(), opened.session.unsaved), ("in a new one", true));
    assert_eq!(opened.messages[1].text, "answered");
    assert_eq!(sessions.health().await.unsaved, 2);

    place.mend_disk();
    sessions.shutdown().await;
    let again = place.sessions();
    for (id, text) in [(old, "in the old one"), (new, "in a new one")] {
        let said = read(&again, id).await;
        assert_eq!(said, [(text.to_owned(), MessageState::Complete), ("answered".to_owned(), MessageState::Complete)]);
    }
}

#[tokio::test]
async fn a_model_sees_what_was_said_since_the_disk_went_away() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    place.break_disk();
    sessions.send(id, quick("one", "1")).await.expect("said");
    end(&mut reader).await;
    let (script, say) = Script::say("two");
    sessions.send(id, say).await.expect("said");
    script.end();
    end(&mut reader).await;
    assert_eq!(script.history(), ["one", "1", "two"]);
    place.mend_disk();
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_disk_is_saved_without_anybody_asking() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    place.break_disk();
    sessions.send(id, quick("one", "1")).await.expect("said");
    end(&mut reader).await;
    place.mend_disk();
    while is_unsaved(&sessions).await {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(read(&place.sessions(), id).await[1], ("1".to_owned(), MessageState::Complete));
}

#[tokio::test]
async fn a_disk_that_comes_back_during_the_answer_is_written_to_again() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    place.break_disk();
    script.text("words");
    // It may also be told that what was said before could not be read.
    while !notice(&mut reader).await.starts_with("not saved: ") {}
    place.mend_disk();
    assert_eq!(notice(&mut reader).await, "saved again");
    script.end();
    assert_eq!(end(&mut reader).await, (End::Complete, None));
    assert_eq!(read(&place.sessions(), id).await[1], ("words".to_owned(), MessageState::Complete));
}

#[tokio::test]
async fn a_shutdown_saves_what_the_disk_refused_before() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    place.break_disk();
    script.text("words");
    script.end();
    end(&mut reader).await;
    place.mend_disk();
    sessions.shutdown().await;
    assert_eq!(read(&place.sessions(), id).await[1], ("words".to_owned(), MessageState::Complete));
}

#[tokio::test]
async fn a_session_deleted_behind_our_back_ends_its_answer() {
    let (place, sessions, id) = one_with(hasty()).await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    let theirs = rusqlite::Connection::open(place.database()).expect("opened");
    theirs.pragma_update(None, "foreign_keys", true).expect("set");
    theirs.execute("DELETE FROM sessions", ()).expect("deleted");
    script.text("words");
    script.closed().await;
    assert_eq!(end(&mut reader).await, (End::Interrupted, Some("session-lost".to_owned())));
    assert_eq!(sessions.send(id, quick("two", "2")).await.expect_err("gone").code(), "unknown-session");
}
