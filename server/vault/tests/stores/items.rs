//! What lies in the keyring: found and changed by people's own tools as well as by us, and never half a key.

use std::{fs, time::Instant};

use aside_vault::{Origin, store_command};

use super::{
    child::quick,
    fake::plant,
    session::{Kind, Session},
};

const ADDRESS: &str = "https://api.anthropic.com/v1";
const ORIGIN: &str = "https://api.anthropic.com:443";
const GET: &str = "get anthropic https://api.anthropic.com/v1";
/// What `secret-tool` looks for.
const NAMED: [&str; 6] = ["service", "aside", "provider", "anthropic", "origin", ORIGIN];
const PREVIOUS: [&str; 6] = ["service", "aside previous", "provider", "anthropic", "origin", ORIGIN];

#[test]
fn a_key_stored_as_people_are_told_is_found_for_its_own_origin_only() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "a key is found") else { continue };
        session.store("anthropic", ORIGIN, "sk-made-up-1\n");
        let mut reader = session.reader();
        quick(&reader.ask(GET), "found sk-made-up-1");
        quick(
            &reader.ask("get anthropic https://evil.example.com"),
            "the key of `anthropic` was stored for `https://api.anthropic.com:443` and `base_url` is now \
             `https://evil.example.com:443`: nothing is sent there until you say so; `aside secret rebind anthropic`, \
             or store another key with `aside secret set anthropic`",
        );
        for other in ["http://api.anthropic.com", "https://api.anthropic.com:8443"] {
            quick(&reader.ask(&format!("get anthropic {other}")), "was stored for");
        }
        quick(
            &reader.ask("get openai https://api.anthropic.com"),
            "does not exist; store it with: aside secret set openai",
        );
        quick(&reader.ask("probe"), "the keyring answers; one key is stored");
        quick(&reader.ask("list"), &format!("listed Current `anthropic` for `{ORIGIN}` undated"));
        // KeePassXC asks whether one program may replace what another stored.
        if kind == Kind::Gnome {
            session.store("anthropic", ORIGIN, "sk-made-up-2");
            quick(&reader.ask(GET), "found sk-made-up-2");
        }
    }
}

#[test]
fn the_settings_page_tells_the_line_that_was_tested() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md")).expect("it is there");
    let line = store_command("anthropic", &Origin::of(ORIGIN).expect("an address"));
    assert!(page.contains(&format!("`{line}`")), "{line}");
}

#[test]
fn secret_tool_finds_exactly_the_key_in_use_and_both_change_the_one_item() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "secret-tool finds it") else { continue };
        let mut reader = session.reader();
        quick(&reader.ask(&format!("previous set anthropic {ADDRESS} sk-old")), "stored");
        assert_eq!(session.looked_up(&NAMED), None, "{kind:?}: the value before is not in use");
        quick(&reader.ask(&format!("set anthropic {ADDRESS} sk-new")), "stored");
        assert_eq!(session.looked_up(&NAMED).as_deref(), Some("sk-new"), "{kind:?}");
        assert_eq!(session.looked_up(&NAMED[..2]).as_deref(), Some("sk-new"), "{kind:?}");
        assert_eq!(session.looked_up(&PREVIOUS).as_deref(), Some("sk-old"), "{kind:?}");

        // Theirs replaces ours, ours replaces theirs: there is one item all the time. KeePassXC would ask first.
        if kind == Kind::Gnome {
            session.store("anthropic", ORIGIN, "sk-theirs");
            quick(&reader.ask(GET), "found sk-theirs");
        }
        quick(&reader.ask(&format!("set anthropic {ADDRESS} sk-ours")), "stored");
        assert_eq!(session.looked_up(&NAMED).as_deref(), Some("sk-ours"), "{kind:?}");
        assert_eq!(session.items("service", "aside"), 1, "{kind:?}");
        let both =
            format!("listed Current `anthropic` for `{ORIGIN}` dated, Previous `anthropic` for `{ORIGIN}` dated");
        quick(&reader.ask("list"), &both);

        assert!(session.fed("secret-tool", &[&["clear"], &NAMED[..]].concat(), b""), "{kind:?}");
        quick(&reader.ask(GET), "does not exist");
        quick(&reader.ask("list"), &format!("listed Previous `anthropic` for `{ORIGIN}` dated"));
    }
}

#[test]
fn of_two_items_for_one_key_none_is_taken_and_the_way_out_is_told() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "two items") else { continue };
        for value in [b"sk-one", b"sk-two"] {
            plant(&session, &NAMED, value);
        }
        let mut reader = session.reader();
        let told = format!(
            "the key of `anthropic` for `{ORIGIN}` in the keyring is there 2 times; remove what is there with \
             `aside secret delete anthropic` and store it again with: aside secret set anthropic"
        );
        let set = format!("set anthropic {ADDRESS} sk-three");
        quick(&reader.ask(GET), &told);
        quick(&reader.ask(&set), &told);
        assert_eq!(session.items("service", "aside"), 2, "{kind:?}: nothing was changed");
        quick(&reader.ask(&format!("delete anthropic {ADDRESS}")), "removed");
        assert_eq!(session.items("service", "aside"), 0, "{kind:?}");
        quick(&reader.ask(&set), "stored");
        quick(&reader.ask(GET), "found sk-three");
    }
}

#[test]
fn what_a_crash_left_between_the_two_steps_is_no_key_and_is_taken_up() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "a crash in between") else { continue };
        let mut reader = session.reader();
        let account = format!("anthropic {ORIGIN}");
        let leave = || plant(&session, &["service", "aside", "username", &account], b"sk-half");
        leave();
        quick(&reader.ask(GET), "does not exist");
        quick(&reader.ask("list"), "listed");
        quick(&reader.ask("probe"), "no key is stored yet");
        assert_eq!(session.looked_up(&NAMED), None, "{kind:?}");
        quick(&reader.ask(&format!("set anthropic {ADDRESS} sk-whole")), "stored");
        quick(&reader.ask(GET), "found sk-whole");
        assert_eq!(session.items("service", "aside"), 1, "{kind:?}");
        leave();
        quick(&reader.ask(&format!("delete anthropic {ADDRESS}")), "removed");
        assert_eq!(session.items("service", "aside"), 0, "{kind:?}: nothing stays behind");
    }
}

#[test]
fn killed_at_any_moment_of_storing_there_is_the_old_value_or_the_new_one() {
    let Some(session) = Session::with_keyring(Kind::Gnome, "killed while storing") else { return };
    let mut expected = vec!["does not exist".to_owned()];
    for round in 0..24_u32 {
        let mut reader = session.reader();
        // It has its connection before the race begins.
        quick(&reader.ask("probe"), "answers");
        let start = Instant::now();
        reader.tell(&format!("set anthropic {ADDRESS} sk-{round}"));
        while start.elapsed().as_millis() < u128::from(round % 12) * 2 {
            std::thread::yield_now();
        }
        reader.kill();
        let (found, _) = session.reader().ask(GET);
        expected.push(format!("found sk-{round}"));
        assert!(expected.iter().any(|one| found.contains(one)), "round {round}: {found}");
        assert!(session.items("service", "aside") <= 1, "round {round}");
        expected.retain(|one| found.contains(one));
        if round == 11 {
            // Once more from nothing.
            session.reader().ask(&format!("delete anthropic {ADDRESS}"));
            expected = vec!["does not exist".to_owned()];
        }
    }
    let mut reader = session.reader();
    quick(&reader.ask(&format!("set anthropic {ADDRESS} sk-last")), "stored");
    quick(&reader.ask(GET), "found sk-last");
    assert_eq!(session.items("service", "aside"), 1);
}

#[test]
fn a_value_that_cannot_be_a_key_is_refused_and_not_told() {
    for kind in Kind::BOTH {
        let Some(session) = Session::with_keyring(kind, "an unusable value") else { continue };
        let mut reader = session.reader();
        let garbage: Vec<u8> = (0..=255).collect();
        for (value, told) in [
            (b"correct horse\nbattery".to_vec(), "another character that a key cannot have, at byte 7"),
            (b"horse\nbattery".to_vec(), "has more than one line"),
            (b"horse".repeat(200_000), "is longer than 8192 bytes"),
            (garbage, "another character that a key cannot have, at byte 0"),
            (Vec::new(), "is empty"),
        ] {
            plant(&session, &NAMED, &value);
            let answer = reader.ask(GET);
            quick(&answer, told);
            assert!(!answer.0.contains("horse") && !answer.0.contains("battery"), "{kind:?}: {told}");
            quick(&reader.ask(&format!("delete anthropic {ADDRESS}")), "removed");
        }
        plant(&session, &NAMED, b"two words");
        quick(&reader.ask(&format!("set anthropic {ADDRESS} sk-good")), "stored");
        quick(&reader.ask(GET), "found sk-good");
    }
}
