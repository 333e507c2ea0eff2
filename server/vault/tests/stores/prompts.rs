//! Keyrings that ask a person for their password on a (virtual) screen: answered, closed, or left alone.

use super::{
    child::{DEADLINE, Reader, quick},
    session::{Kind, Screen, Session},
};

const GET: &str = "get anthropic https://api.anthropic.com/v1";
const SET: &str = "set anthropic https://api.anthropic.com/v1 sk-made-up";

/// A session with one key in a keyring that is locked and can ask.
fn locked(kind: Kind, test: &str) -> Option<(Session, Reader)> {
    let mut session = Session::start(kind, Screen::Virtual, test)?;
    session.start_keyring();
    let mut reader = session.reader();
    quick(&reader.ask(SET), "stored");
    if kind == Kind::KeePassXc {
        session.wait_for_save();
    }
    session.lock();
    Some((session, reader))
}

#[test]
fn a_question_that_nobody_answers_costs_one_deadline_and_the_answer_still_counts() {
    for kind in Kind::BOTH {
        let Some((session, mut reader)) = locked(kind, "an unanswered question") else { continue };
        let (answer, took) = reader.ask(GET);
        assert!(answer.contains("did not answer within 3000 ms; answer the keyring's question"), "{kind:?}: {answer}");
        assert!(took >= DEADLINE && took < 2 * DEADLINE, "{took:?}");
        assert!(session.asks(), "{kind:?}: the question is there");
        let (answer, took) = reader.ask(GET);
        assert!(answer.contains("did not answer") && took < DEADLINE / 4, "the next does not wait: {answer} {took:?}");
        session.answer();
        super::session::until("the answer does not count", || reader.ask(GET).0.contains("found sk-made-up"));
    }
}

#[test]
fn a_person_has_time_to_answer() {
    for kind in Kind::BOTH {
        let Some((session, mut reader)) = locked(kind, "a person answers") else { continue };
        reader.tell(&format!("person {GET}"));
        session.answer();
        assert_eq!(reader.hear(), "found sk-made-up", "{kind:?}");
        quick(&reader.ask(GET), "found sk-made-up");
    }
}

#[test]
fn storing_asks_as_reading_does() {
    for kind in Kind::BOTH {
        let Some((session, mut reader)) = locked(kind, "storing asks") else { continue };
        reader.tell("person set anthropic https://api.anthropic.com/v1 sk-another");
        session.answer();
        assert_eq!(reader.hear(), "stored", "{kind:?}");
        quick(&reader.ask(GET), "found sk-another");
        assert_eq!(session.items("service", "aside"), 1, "{kind:?}");
    }
}

#[test]
fn a_question_that_is_closed_is_a_locked_keyring_and_the_next_asks_again() {
    for kind in Kind::BOTH {
        let Some((session, mut reader)) = locked(kind, "a closed question") else { continue };
        reader.tell(&format!("person {GET}"));
        session.dismiss();
        let answer = reader.hear();
        assert!(answer.contains("the keyring is locked"), "{kind:?}: {answer}");
        reader.tell(&format!("person {GET}"));
        session.answer();
        assert_eq!(reader.hear(), "found sk-made-up", "{kind:?}");
    }
}

#[test]
fn looking_asks_nothing() {
    for kind in Kind::BOTH {
        let Some((session, mut reader)) = locked(kind, "looking") else { continue };
        quick(&reader.ask("probe"), "the keyring is locked: it was not opened; unlock the keyring");
        // GNOME Keyring tells the names of what it had open, KeePassXC does not.
        let listed = if kind == Kind::Gnome { "listed Current `anthropic`" } else { "the keyring is locked" };
        quick(&reader.ask("list"), listed);
        assert!(!session.asks(), "{kind:?}: nobody is asked");
    }
}

#[test]
fn a_person_who_lists_is_asked_where_the_names_are_hidden() {
    for kind in Kind::BOTH {
        let Some((mut session, mut reader)) = locked(kind, "a person lists") else { continue };
        session.stop_keyring();
        session.start_keyring_locked();
        quick(&reader.ask("list"), "the keyring is locked");
        assert!(!session.asks() || kind == Kind::KeePassXc, "{kind:?}: nobody is asked");
        reader.tell("person list");
        session.answer();
        assert_eq!(reader.hear(), "listed Current `anthropic` for `https://api.anthropic.com:443` dated", "{kind:?}");
    }
}
