//! Making a vault, and what may be a passphrase.

use std::{fs, os::unix::fs::PermissionsExt as _};

use aside_test_support::{
    Home,
    vault::{OTHER, PASSPHRASE, recovery_words, words_in},
};

use super::{KEY, refused, stored_files};

/// What is no passphrase for anything new, and what is said about it.
fn bad_passphrases() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (b"\n".to_vec(), "the passphrase is empty"),
        (b"   \t \n".to_vec(), "the passphrase is blank"),
        ("\u{a0}\u{2003}\n".into(), "the passphrase is blank"),
        (b"password\n".to_vec(), "the passphrase is too easy to guess"),
        (b"passphrase\n".to_vec(), "the passphrase is too easy to guess"),
        (b"1111111111111111111111111111\n".to_vec(), "the passphrase is too easy to guess"),
        (b"plum anchor\0quiet violin\n".to_vec(), "the passphrase has a NUL byte in it"),
        (b"plum anchor quiet \xff\xfe violin\n".to_vec(), "the passphrase is not UTF-8 text"),
        ([&b"a plum ".repeat(150_000)[..], b"\n"].concat(), "1048578 bytes"),
        (b"".to_vec(), "standard input ended where an answer was expected"),
    ]
}

#[test]
fn va03_what_is_no_passphrase_makes_no_vault() {
    let home = Home::new();
    for (entered, told) in bad_passphrases() {
        let done = home.run_with(&["vault", "init"], &entered, |_| {});
        assert_eq!(done.code, 2, "{told}: {}", done.said());
        assert!(done.stderr.contains(told), "{told}: {}", done.said());
        assert!(!done.said().contains("violin"), "{told}: it is repeated: {}", done.said());
        assert!(!home.vault_file().exists() && home.agent().is_none(), "{told}: something was made");
    }
    assert!(stored_files(&home).is_empty(), "{:?}", stored_files(&home).keys());
    let log = home.run(&["audit", "tail", "--json"]).expect_code(0);
    assert_eq!(log.stdout.trim(), "[]", "nothing was begun");
}

#[test]
fn r014_every_entry_point_has_the_same_verdict() {
    let home = Home::new().with_open_vault();
    let before = stored_files(&home);
    let file = home.path("backup.aside").display().to_string();
    let entry_points: [(&[&str], &str); 3] = [
        (&["vault", "passphrase"], PASSPHRASE),
        (&["vault", "backup", &file], PASSPHRASE),
        (&["vault", "unlock", "--recovery"], recovery_words()),
    ];
    for (arguments, first) in entry_points {
        for (entered, told) in bad_passphrases().into_iter().filter(|(_, told)| !told.contains("text")).step_by(3) {
            let input = [first.as_bytes(), b"\n", &entered].concat();
            let done = home.run_with(arguments, &input, |_| {}).expect_code(2);
            assert!(done.stderr.contains(told), "{arguments:?} {told}: {}", done.said());
        }
    }
    assert_eq!(stored_files(&home), before, "nothing was changed");
    assert!(!home.path("backup.aside").exists());
}

#[test]
fn r015_no_passphrase_ever_locks_an_open_vault() {
    let home = Home::new().with_open_vault();
    let agent = home.agent();
    for (entered, told) in bad_passphrases() {
        let done = home.run_with(&["vault", "unlock"], &entered, |_| {});
        assert!(done.code == 2 || done.code == 3, "{told}: {}: {}", done.code, done.said());
        home.run(&["secret", "list"]).expect_code(0);
    }
    assert_eq!(home.agent(), agent, "the same agent holds it");
    let log = home.run(&["audit", "tail", "--json"]).expect_code(0).stdout;
    assert!(!log.contains("\"lock\""), "{log}");
}

#[test]
fn a_vault_is_made_private_and_its_words_are_shown_once() {
    let home = Home::new();
    let done = home.answer(&["vault", "init"], &[PASSPHRASE]).expect_code(0);
    let words = words_in(&done.stdout);
    assert_eq!(words.split(' ').count(), 24, "{}", done.stdout);
    for (path, mode) in [
        ("data", 0o700),
        ("data/vault.aside", 0o600),
        ("state/vault.anchor", 0o600),
        ("run", 0o700),
        ("run/agent.sock", 0o600),
        ("data/audit.key", 0o600),
        ("state/audit/audit.jsonl", 0o600),
    ] {
        let found = fs::metadata(home.aside().join(path)).expect("it was made").permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}: {found:o}");
    }
    let status = home.run(&["vault", "status", "--json"]).expect_code(0).json();
    assert_eq!((&status["backend"], &status["vault"]["exists"]), (&"file".into(), &true.into()), "{status}");
    assert_eq!(status["processes"][0]["label"], "agent", "{status}");
    assert!(status["processes"][0]["locksIn"].as_u64().is_some_and(|left| left > 800), "{status}");
    // Nothing tells the words again, and a second vault is not made.
    for arguments in [&["vault", "status"][..], &["vault", "status", "--json"], &["doctor"], &["audit", "tail"]] {
        assert!(!home.run(arguments).said().contains(&words[..30]), "{arguments:?}");
    }
    let before = stored_files(&home);
    refused(home.answer(&["vault", "init"], &[OTHER]), 1, "exists already");
    assert_eq!(stored_files(&home), before);
}

#[test]
fn without_recovery_words_there_are_none() {
    let home = Home::new();
    let done = home.answer(&["vault", "init", "--no-recovery"], &[PASSPHRASE]).expect_code(0);
    assert_eq!(words_in(&done.stdout), "", "{}", done.stdout);
    home.run(&["vault", "lock"]).expect_code(0);
    refused(home.answer(&["vault", "unlock", "--recovery"], &[recovery_words()]), 1, "has no recovery words");
}

#[test]
fn va03_the_same_characters_are_the_same_passphrase_however_they_are_made() {
    let (composed, decomposed) =
        ("drei grüne Bücher überm Öltank", "drei gru\u{308}ne Bu\u{308}cher u\u{308}berm O\u{308}ltank");
    let home = Home::new();
    home.answer(&["vault", "init"], &[decomposed]).expect_code(0);
    home.run(&["vault", "lock"]).expect_code(0);
    home.unlock(composed);
    home.run(&["vault", "lock"]).expect_code(0);
    // A terminal of another system ends its lines otherwise.
    home.run_with(&["vault", "unlock"], format!("{composed}\r\n"), |_| {}).expect_code(0);
}

#[test]
fn without_a_vault_every_command_says_how_to_make_one() {
    let home = Home::with("[vault]\nbackend = \"file\"\n", "");
    let file = home.path("b.aside").display().to_string();
    for arguments in [
        &["secret", "list"][..],
        &["secret", "set", "openai"],
        &["vault", "unlock"],
        &["vault", "unlock", "--recovery"],
        &["vault", "passphrase"],
        &["vault", "rekey"],
        &["vault", "clear"],
        &["vault", "backup", &file],
    ] {
        let done = home.answer(arguments, &[KEY, KEY]);
        refused(done, 4, "there is no vault at");
    }
    let doctor = home.run(&["doctor"]).stdout;
    assert!(doctor.contains("there is no vault") && doctor.contains("aside vault init"), "{doctor}");
    let status = home.run(&["vault", "status"]).expect_code(0).stdout;
    assert!(status.contains("there is no vault") && status.contains("next: "), "{status}");
    assert!(home.agent().is_none());
}
