//! The key of the conversations from a terminal: where it is, its words, and how it comes back when it is lost.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use aside_test_support::{
    Finished, Home, Keyring, Terminal,
    vault::{OTHER, PASSPHRASE, words_in},
};
use serde_json::{Value, json};

/// Two keys as words, and what they are called.
const ZEROS: (&str, &str) = ("abandon", "art");
const ZEROS_ID: &str = "0587722248c6dc51382f52bf7e04884e";
const ONES: (&str, &str) = ("zoo", "vote");

/// What the key of the conversations is stored under.
const ATTRIBUTES: [&str; 6] = ["service", "aside", "provider", "Conversations", "origin", "aside:conversations"];

fn words((word, last): (&str, &str)) -> String {
    format!("{}{last}", format!("{word} ").repeat(23))
}

fn key_file(home: &Home) -> PathBuf {
    home.aside().join("data/sessions.key")
}

fn status(home: &Home) -> Value {
    home.run(&["session", "key", "status", "--json"]).expect_code(0).json()
}

fn restore(home: &Home, of: (&str, &str)) -> Finished {
    home.answer(&["session", "key", "restore"], &[&words(of)])
}

/// The command failed with `code` and said this, and a next step.
#[track_caller]
fn refused(done: Finished, code: i32, told: &str) {
    let done = done.expect_code(code);
    assert!(done.stderr.contains(told), "it does not say `{told}`:\n{}", done.said());
    assert!(done.stderr.contains("next: "), "no next step:\n{}", done.stderr);
}

/// The words that a terminal shows.
fn shown_words(home: &Home) -> Option<String> {
    let terminal = Terminal::start(home, &["session", "key", "words"])?;
    Some(words_in(&terminal.ends().expect_code(0).stdout))
}

#[test]
fn a_lost_key_file_comes_back_from_its_words_as_the_same_key() {
    let home = Home::new();
    let none = status(&home);
    assert_eq!((&none["place"], &none["keys"], &none["locked"]), (&json!("file"), &json!([]), &json!(false)), "{none}");
    assert!(!home.aside().join("data").exists(), "looking makes nothing");
    restore(&home, ZEROS).expect_code(0);
    let Some(words) = shown_words(&home) else { return };
    assert_eq!(words.split(' ').count(), 24);
    let before = status(&home);
    assert_eq!((&before["keys"], &before["wordsShown"]), (&json!([ZEROS_ID]), &json!(true)), "{before}");
    assert_eq!(fs::metadata(key_file(&home)).expect("a file").permissions().mode() & 0o7777, 0o600);
    fs::remove_file(key_file(&home)).expect("removed");
    assert_eq!(status(&home)["keys"], json!([]));
    home.answer(&["session", "key", "restore"], &[&words]).expect_code(0);
    assert_eq!(status(&home), before);
}

#[test]
fn words_go_to_a_terminal_only_and_into_no_file() {
    let home = Home::new();
    refused(home.run(&["session", "key", "words"]), 2, "in a terminal and nowhere else");
    restore(&home, ONES).expect_code(0);
    let piped = home.run(&["session", "key", "words"]).expect_code(2);
    assert!(!piped.said().contains("zoo"), "{}", piped.said());
    let Some(mut terminal) = Terminal::start(&home, &["session", "key", "restore"]) else { return };
    terminal.asks_hidden("The 24 recovery words: ");
    terminal.enter(&words(ONES));
    let done = terminal.ends().expect_code(0);
    assert!(done.stdout.contains("already") && !done.stdout.contains("zoo"), "{}", done.stdout);
    assert!(shown_words(&home).is_some_and(|shown| shown == words(ONES)));
    let audit = home.run(&["audit", "tail", "--json"]).expect_code(0).stdout;
    for part in ["\"export\"", "\"import\"", "the conversations"] {
        assert!(audit.contains(part), "`{part}` is missing: {audit}");
    }
    home.run(&["audit", "verify"]).expect_code(0);
    let key = "ff".repeat(32);
    let mut files = 0;
    walk(&home.aside(), &mut |path| {
        let text = String::from_utf8_lossy(&fs::read(path).expect("readable")).into_owned();
        assert!(!text.contains("zoo"), "{}", path.display());
        assert_eq!(text.contains(&key), path == key_file(&home), "{}", path.display());
        files += 1;
    });
    assert!(files >= 4, "{files} files");
}

/// Calls `each` with every file below `folder`.
fn walk(folder: &std::path::Path, each: &mut impl FnMut(&std::path::Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            walk(&entry.path(), each);
        } else if kind.is_file() {
            each(&entry.path());
        }
    }
}

#[test]
fn a_key_that_can_be_read_is_never_replaced_and_a_damaged_one_is_kept() {
    let home = Home::new();
    restore(&home, ZEROS).expect_code(0);
    let before = fs::read(key_file(&home)).expect("a file");
    refused(home.answer(&["session", "key", "restore"], &[&words(ONES), "no"]), 1, "not confirmed");
    let done = home.answer(&["session", "key", "restore"], &[&words(ONES), "restore"]);
    assert!(done.stderr.contains(ZEROS_ID), "{}", done.stderr);
    refused(done, 1, "keeps another key");
    refused(home.answer(&["session", "key", "restore"], &["abandon ability"]), 2, "recovery words are 24");
    assert_eq!(fs::read(key_file(&home)).expect("a file"), before);

    fs::write(key_file(&home), &before[..40]).expect("cut");
    let cut = status(&home);
    assert_eq!(cut["problem"]["code"], "session-key-damaged", "{cut}");
    assert!(cut["problem"]["hint"].as_str().is_some_and(|hint| hint.contains("session key restore")), "{cut}");
    restore(&home, ZEROS).expect_code(0);
    assert_eq!(fs::read(key_file(&home)).expect("a file"), before);
    assert_eq!(fs::read(key_file(&home).with_extension("key.damaged-1")).expect("kept"), &before[..40]);

    fs::set_permissions(key_file(&home), fs::Permissions::from_mode(0o644)).expect("a mode");
    refused(home.run(&["session", "key", "move", "file"]), 1, "is open to other users");
    assert_eq!(fs::metadata(key_file(&home)).expect("a file").permissions().mode() & 0o7777, 0o644);
}

#[test]
fn a_key_for_a_run_with_other_conversations_is_the_same() {
    let home = Home::new();
    restore(&home, ZEROS).expect_code(0);
    let elsewhere = home.path("elsewhere").display().to_string();
    let status = home.run(&["session", "key", "status", "--json", "--data", &elsewhere]).expect_code(0).json();
    assert_eq!(status["keys"], json!([ZEROS_ID]), "{status}");
}

#[test]
fn doctor_says_what_a_key_file_protects() {
    let home = Home::new();
    let row = |home: &Home| {
        let rows = home.run(&["doctor", "--json"]).json();
        let row = rows.as_array().expect("rows").iter().find(|row| row["name"] == "session key").cloned();
        row.unwrap_or_else(|| panic!("no row: {rows:#}"))
    };
    assert_eq!(row(&home)["result"], "good");
    restore(&home, ZEROS).expect_code(0);
    let file = row(&home);
    assert_eq!(file["result"], "note", "{file}");
    assert!(file["detail"].as_str().is_some_and(|detail| detail.contains("and nothing else")), "{file}");
    assert!(file["next"].as_str().is_some_and(|next| next.contains("session key move")), "{file}");
    fs::write(key_file(&home), "").expect("emptied");
    assert_eq!(row(&home)["result"], "bad");
}

#[test]
fn the_key_moves_into_the_keyring_and_back_and_is_no_providers() {
    let Some(ring) = Keyring::start() else { return };
    let home = Home::new();
    let run = |arguments: &[&str], input: &str| home.run_with(arguments, input, |command| ring.lead(command));
    let status = || run(&["session", "key", "status", "--json"], "").expect_code(0).json();
    assert_eq!(status()["place"], "keyring");
    run(&["--set", "sessions.key=file", "session", "key", "restore"], &words(ZEROS)).expect_code(0);
    let there = status();
    assert_eq!((&there["place"], &there["keys"]), (&json!("file"), &json!([ZEROS_ID])), "{there}");
    run(&["session", "key", "move", "keyring"], "").expect_code(0);
    let there = status();
    assert_eq!((&there["place"], &there["keys"]), (&json!("keyring"), &json!([ZEROS_ID])), "{there}");
    assert!(!key_file(&home).exists());
    assert!(ring.lookup(&ATTRIBUTES).is_some_and(|text| text.starts_with("aside-conversations-1 0000")));
    // It is none of the keys that are listed, copied or counted.
    assert_eq!(run(&["secret", "list", "--json"], "").expect_code(0).json(), json!([]));
    assert!(run(&["doctor"], "").stdout.contains("no key is stored yet"));
    run(&["vault", "init", "--no-recovery"], &format!("{PASSPHRASE}\n")).expect_code(0);
    refused(run(&["secret", "import", "--from", "keyring"], ""), 4, "no key to import");
    assert_eq!(status()["place"], "keyring", "a new vault does not hide it");
    run(&["session", "key", "move", "file"], "").expect_code(0);
    assert_eq!((ring.lookup(&ATTRIBUTES), key_file(&home).exists()), (None, true));
    assert_eq!(status()["keys"], json!([ZEROS_ID]));
}

/// A home with an open vault that holds the key.
fn with_key_in_vault() -> Home {
    let home = Home::new().with_open_vault();
    restore(&home, ZEROS).expect_code(0);
    assert_eq!(status(&home)["place"], "vault");
    home
}

#[test]
fn a_locked_vault_locks_the_key_and_unlocking_brings_it_back() {
    let home = with_key_in_vault();
    home.run(&["vault", "lock"]).expect_code(0);
    let locked = status(&home);
    assert_eq!((&locked["locked"], &locked["keys"]), (&json!(true), &json!([])), "{locked}");
    assert!(locked["next"].as_str().is_some_and(|next| next.contains("aside vault unlock")), "{locked}");
    refused(home.run(&["session", "key", "move", "file"]), 3, "is locked");
    assert!(!key_file(&home).exists());
    let Some(mut terminal) = Terminal::start(&home, &["session", "key", "words"]) else { return };
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.enter(PASSPHRASE);
    assert_eq!(words_in(&terminal.ends().expect_code(0).stdout), words(ZEROS));
    assert_eq!(status(&home)["keys"], json!([ZEROS_ID]));
}

#[test]
fn clearing_the_vault_keeps_the_key_unless_it_is_meant() {
    let home = with_key_in_vault();
    home.store("openai", "test-key-Zq81vX0pLm3");
    assert_eq!(home.run(&["secret", "list", "--json"]).json().as_array().map(Vec::len), Some(1));
    let cleared = home.answer(&["vault", "clear"], &["clear the vault", PASSPHRASE]).expect_code(0).stdout;
    assert!(cleared.contains("empty but for the key of your conversations"), "{cleared}");
    assert_eq!(home.run(&["secret", "list", "--json"]).json(), json!([]));
    assert_eq!(status(&home)["keys"], json!([ZEROS_ID]));
    refused(home.answer(&["vault", "clear", "--conversations"], &["clear the vault"]), 1, "not confirmed");
    home.answer(&["vault", "clear", "--conversations"], &["clear the conversations' key", PASSPHRASE]).expect_code(0);
    assert_eq!(status(&home)["keys"], json!([]));
    restore(&home, ZEROS).expect_code(0);
    assert_eq!(status(&home)["keys"], json!([ZEROS_ID]));
}

#[test]
fn a_copy_without_the_key_is_not_restored_unless_it_is_meant() {
    let home = Home::new().with_open_vault();
    let file = home.path("keys.backup").display().to_string();
    home.answer(&["vault", "backup", &file], &[PASSPHRASE, OTHER]).expect_code(0);
    restore(&home, ZEROS).expect_code(0);
    // The state before the key was stored opens with the same passphrase; the backup with another.
    for (copy, passphrase) in [(vec!["--generation", "1"], PASSPHRASE), (vec![file.as_str()], OTHER)] {
        let command = [&["vault", "restore"], &copy[..]].concat();
        let planned = home.answer(&[&command[..], &["--dry-run"]].concat(), &[passphrase]).expect_code(0);
        assert!(planned.stdout.contains("lacks the present key of the conversations"), "{}", planned.stdout);
        refused(home.answer(&[&command[..], &["--yes"]].concat(), &[passphrase]), 1, "could not be read any more");
        assert_eq!(status(&home)["keys"], json!([ZEROS_ID]));
    }
    home.run(&["session", "key", "move", "file"]).expect_code(0);
    home.answer(&["vault", "restore", &file, "--yes"], &[OTHER]).expect_code(0);
    assert_eq!(status(&home)["keys"], json!([ZEROS_ID]));
}
