//! Keyrings that are not well: not there, locked, hanging, killed, and back again. Nothing waits for ever, nothing weaker is
//! used, nothing is lost.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{
    child::{DEADLINE, Reader, quick},
    session::{Kind, PATIENCE, Screen, Session, until},
};

const GET: &str = "get anthropic https://api.anthropic.com/v1";
const SET: &str = "set anthropic https://api.anthropic.com/v1 sk-made-up";

/// Everything that can be asked for, but storing.
const READS: [&str; 3] = [GET, "list", "probe"];

/// Everything that can be asked for.
const ALL: [&str; 5] = [GET, SET, "delete anthropic https://api.anthropic.com/v1", "list", "probe"];

/// What a keyring that cannot be used is told with: the vault file is offered, not used.
const OFFERED: &str = "keep the keys in a sealed vault file with `aside vault init`";

#[track_caller]
fn all_say(reader: &mut Reader, lines: &[&str], expected: &str) {
    for line in lines {
        quick(&reader.ask(line), expected);
    }
}

#[test]
fn without_a_bus_the_keyring_is_told_as_not_there_at_once() {
    let Some(session) = Session::start(Kind::Gnome, Screen::None, "no bus") else { return };
    let mut reader = session.reader_without_bus();
    all_say(&mut reader, &ALL, "the keyring cannot be used: ");
    let (answer, took) = reader.ask(GET);
    assert!(answer.contains(OFFERED), "{answer}");
    assert!(took < DEADLINE / 10, "{took:?}");
}

#[test]
fn on_a_bus_without_a_keyring_it_is_told_as_not_there() {
    let Some(session) = Session::start(Kind::Gnome, Screen::None, "no service") else { return };
    let mut reader = session.reader();
    all_say(&mut reader, &ALL, "the keyring cannot be used: ");
    assert!(reader.ask(GET).0.contains(OFFERED));
}

#[test]
fn a_keyring_without_a_collection_is_told_and_not_taken_for_an_empty_one() {
    for kind in Kind::BOTH {
        let Some(mut session) = Session::start(kind, Screen::None, "no collection") else { continue };
        session.start_empty_keyring();
        let told = "the keyring cannot be used: it has no default collection to keep keys in";
        let mut reader = session.reader();
        match kind {
            Kind::Gnome => all_say(&mut reader, &ALL, told),
            // It waits until somebody opens a database; only looking does not wait.
            Kind::KeePassXc => {
                all_say(&mut reader, &["list", "probe"], told);
                let (answer, took) = reader.ask(GET);
                assert!(answer.contains("did not answer") && took < 2 * DEADLINE, "{answer} {took:?}");
            }
        }
    }
}

#[test]
fn a_locked_keyring_without_a_display_is_told_as_locked() {
    let Some(mut session) = Session::with_keyring(Kind::Gnome, "a locked keyring") else { return };
    let mut reader = session.reader();
    quick(&reader.ask(SET), "stored");
    session.lock();
    quick(&reader.ask(GET), "the keyring is locked: prompt dismissed");
    quick(&reader.ask(SET), "the keyring is locked");
    quick(&reader.ask("probe"), "the keyring is locked");
    // It still knows the names, so that they can be told without a question.
    quick(&reader.ask("list"), "listed Current `anthropic`");
    quick(&reader.ask("get anthropic https://b.example"), "was stored for");
    quick(&reader.ask("get openai https://api.openai.com"), "does not exist");

    // Started anew it knows only hashes of the names.
    session.stop_keyring();
    session.start_keyring_locked();
    all_say(&mut reader, &READS, "the keyring is locked");
    quick(&reader.ask("person list"), "the keyring is locked");
    quick(&reader.ask("get openai https://api.openai.com"), "does not exist");
}

#[test]
fn a_daemon_that_hangs_costs_one_deadline_and_is_seen_when_it_goes_on() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "a hanging daemon") else { continue };
        let mut reader = session.reader();
        quick(&reader.ask(SET), "stored");
        quick(&reader.ask(GET), "found sk-made-up");
        session.signal(Signal::STOP);
        let (answer, took) = reader.ask(GET);
        assert!(answer.contains("did not answer within 3000 ms"), "{kind:?}: {answer}");
        assert!(took >= DEADLINE && took < 2 * DEADLINE, "{took:?}");
        for line in [GET, SET, "list"] {
            let (answer, took) = reader.ask(line);
            assert!(
                answer.contains("did not answer") && took < DEADLINE / 4,
                "the next do not wait: {answer} {took:?}"
            );
        }
        session.signal(Signal::CONT);
        // The hanging call comes back first, at the daemon's own time.
        until("it is not seen again", || reader.ask(GET).0.contains("found sk-made-up"));
    }
}

#[test]
fn a_daemon_that_hangs_before_the_first_call_costs_one_deadline() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "a daemon that hangs at once") else { continue };
        session.signal(Signal::STOP);
        let (answer, took) = session.reader().ask(GET);
        assert!(answer.contains("did not answer"), "{kind:?}: {answer}");
        assert!(took >= DEADLINE && took < 2 * DEADLINE, "{took:?}");
        session.signal(Signal::CONT);
    }
}

#[test]
fn a_person_gets_through_as_soon_as_a_daemon_that_hung_is_replaced() {
    let Some(mut session) = Session::with_keyring(Kind::Gnome, "a replaced daemon") else { return };
    let mut reader = session.reader();
    quick(&reader.ask(SET), "stored");
    session.signal(Signal::STOP);
    assert!(reader.ask(GET).0.contains("did not answer"));
    session.stop_keyring();
    session.start_keyring();
    let (answer, took) = reader.ask(&format!("person {GET}"));
    assert!(answer.contains("found sk-made-up"), "{answer}");
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_daemon_that_is_killed_in_the_middle_of_a_call_is_told_and_is_seen_when_it_is_back() {
    for kind in Kind::BOTH {
        for line in ALL {
            let Some(mut session) = Session::with_keyring(kind, "killed in a call") else { continue };
            let mut reader = session.reader();
            quick(&reader.ask("set anthropic https://api.anthropic.com sk-old"), "stored");
            if kind == Kind::KeePassXc {
                session.wait_for_save();
            }
            session.signal(Signal::STOP);
            let start = Instant::now();
            reader.tell(line);
            // In the call, or about to be: both are a daemon that is gone before it answers.
            session.stop_keyring();
            let answer = reader.hear();
            assert!(answer.contains("the keyring cannot be used: "), "{kind:?} {line}: {answer}");
            assert!(start.elapsed() < DEADLINE, "{kind:?} {line}");
            session.start_keyring();
            quick(&reader.ask(GET), "found sk-old");
        }
    }
}

#[test]
fn a_daemon_that_starts_later_or_again_is_seen() {
    for kind in Kind::BOTH {
        let Some(mut session) = Session::start(kind, Screen::None, "a later daemon") else { continue };
        let mut reader = session.reader();
        quick(&reader.ask(GET), "the keyring cannot be used: ");
        session.start_keyring();
        quick(&reader.ask(SET), "stored");
        quick(&reader.ask(GET), "found sk-made-up");
        if kind == Kind::KeePassXc {
            session.wait_for_save();
        }
        session.stop_keyring();
        quick(&reader.ask(GET), "the keyring cannot be used: ");
        session.start_keyring();
        quick(&reader.ask(GET), "found sk-made-up");
    }
}

#[test]
fn when_the_keyring_is_gone_it_is_told_and_nothing_weaker_is_used() {
    let Some(mut session) = Session::with_keyring(Kind::Gnome, "the keyring is gone") else { return };
    let mut reader = session.reader();
    quick(&reader.ask(SET), "stored");
    session.stop_keyring();
    for line in [GET, "set anthropic https://api.anthropic.com/v1 sk-weaker", "list"] {
        let answer = reader.ask(line);
        quick(&answer, "the keyring cannot be used: ");
        assert!(answer.0.contains(OFFERED), "{answer:?}");
    }
    for value in ["sk-made-up", "sk-weaker"] {
        assert!(!session.is_on_disk(value), "{value} lies in a file");
    }
    session.start_keyring();
    quick(&reader.ask(GET), "found sk-made-up");
}

#[test]
fn a_keyring_that_is_well_answers_far_below_the_limit() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "a quick keyring") else { continue };
        let mut reader = session.reader();
        quick(&reader.ask(SET), "stored");
        let mut times: Vec<_> = (0..20).map(|_| reader.ask(GET).1).collect();
        times.sort_unstable();
        assert!(times[10] < Duration::from_millis(500), "{kind:?}: {times:?}");
    }
}
