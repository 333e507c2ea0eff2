//! Another passphrase, another data key, recovery words, and an empty vault: what opens it before and after.

use std::fs;

use aside_test_support::{
    Home,
    vault::{OTHER, PASSPHRASE, recovery_words, words_in},
};

use super::{KEY, providers, refused, stored_files};

/// A home with one stored key in an open vault.
fn filled() -> Home {
    let home = Home::new().with_open_vault();
    home.store("openai", KEY);
    home
}

/// Locks the vault and checks what opens it.
#[track_caller]
fn opens(home: &Home, with: &str, not_with: &str) {
    home.run(&["vault", "lock"]).expect_code(0);
    refused(home.answer(&["vault", "unlock"], &[not_with]), 3, "do not open the vault");
    refused(home.run(&["secret", "list"]), 3, "locked");
    home.unlock(with);
}

#[test]
fn another_passphrase_opens_the_vault_and_the_old_one_nothing_any_more() {
    let home = filled();
    let agent = home.agent();
    let done = home.answer(&["vault", "passphrase"], &[PASSPHRASE, OTHER]).expect_code(0);
    assert!(done.stdout.contains("the passphrase is changed"), "{}", done.stdout);
    assert_eq!(home.agent(), agent);
    assert_eq!(providers(&home), ["openai"], "the agent stays open");
    // Neither do the copies that were kept before.
    for entry in fs::read_dir(home.aside().join("data/backups")).expect("a folder").flatten() {
        let path = entry.path().display().to_string();
        let done = home.answer(&["vault", "restore", "--dry-run", &path], &[PASSPHRASE]).expect_code(3);
        assert!(done.stderr.contains("do not open the vault"), "{path}: {}", done.said());
    }
    opens(&home, OTHER, PASSPHRASE);
    assert_eq!(providers(&home), ["openai"]);
}

#[test]
fn without_the_present_passphrase_nothing_changes() {
    let home = filled();
    let before = stored_files(&home);
    let file = home.path("b.aside").display().to_string();
    for (arguments, lines) in [
        (&["vault", "passphrase"][..], &[OTHER, OTHER][..]),
        (&["vault", "rekey"], &[OTHER]),
        (&["vault", "backup", &file], &[OTHER, OTHER]),
        (&["vault", "clear"], &["clear the vault", OTHER]),
        (&["vault", "restore", "--generation", "1", "--yes"], &[OTHER]),
    ] {
        refused(home.answer(arguments, lines), 3, "do not open the vault");
    }
    assert_eq!(stored_files(&home), before);
    assert_eq!(providers(&home), ["openai"], "and it is still open");
}

#[test]
fn a_new_data_key_changes_every_byte_and_the_recovery_words() {
    let home = filled();
    let before = fs::read(home.vault_file()).expect("a vault");
    let done = home.answer(&["vault", "rekey"], &[PASSPHRASE]).expect_code(0);
    let words = words_in(&done.stdout);
    assert_eq!(words.split(' ').count(), 24, "{}", done.stdout);
    assert!(done.stdout.contains("The old recovery words open this vault no longer"), "{}", done.stdout);
    let after = fs::read(home.vault_file()).expect("a vault");
    let tail = &before[before.len() - 64..];
    assert!(!after.windows(16).any(|window| tail.windows(16).any(|old| old == window)), "nothing is sealed as before");
    assert_eq!(providers(&home), ["openai"], "the agent has the new key");
    refused(home.answer(&["vault", "unlock", "--recovery"], &[recovery_words(), OTHER]), 3, "do not open the vault");
    home.answer(&["vault", "unlock", "--recovery"], &[&words, OTHER]).expect_code(0);
    opens(&home, OTHER, PASSPHRASE);
}

#[test]
fn recovery_words_open_a_forgotten_vault_for_a_new_passphrase() {
    let home = filled();
    home.run(&["vault", "lock"]).expect_code(0);
    let before = stored_files(&home);
    let words = recovery_words();
    let swapped = {
        let mut all: Vec<_> = words.split(' ').collect();
        all.swap(0, 1);
        all.join(" ")
    };
    let misspelled = words.replacen(words.split(' ').nth(2).expect("24 words"), "plumm", 1);
    let missing = words.rsplit_once(' ').expect("24 words").0;
    for (entered, told) in [
        ("", "0 words were entered"),
        (missing, "23 words were entered; recovery words are 24"),
        (&misspelled, "word 3 is not one of the list"),
        (&swapped, "fit together"),
    ] {
        let done = home.answer(&["vault", "unlock", "--recovery"], &[entered, OTHER]);
        assert!(!done.said().contains("plumm") && !done.said().contains(missing), "repeated: {}", done.said());
        refused(done, 2, told);
    }
    let foreign = format!("{}art", "abandon ".repeat(23));
    refused(home.answer(&["vault", "unlock", "--recovery"], &[&foreign, OTHER]), 3, "do not open the vault");
    assert_eq!(stored_files(&home), before, "nothing was changed");
    // As they stand on paper: any case, any space.
    let typed = words.to_uppercase().replace(' ', "  ");
    home.answer(&["vault", "unlock", "--recovery"], &[&typed, OTHER]).expect_code(0);
    assert_eq!(providers(&home), ["openai"]);
    opens(&home, OTHER, PASSPHRASE);
    // The words are still the ones.
    home.answer(&["vault", "unlock", "--recovery"], &[words, PASSPHRASE]).expect_code(0);
}

#[test]
fn clearing_takes_a_phrase_and_leaves_a_copy_that_can_be_brought_back() {
    let home = filled();
    let before = stored_files(&home);
    for phrase in ["", "yes", "clear", "Clear the vault"] {
        refused(home.answer(&["vault", "clear"], &[phrase, PASSPHRASE]), 1, "not confirmed");
    }
    assert_eq!(stored_files(&home), before);
    let done = home.answer(&["vault", "clear"], &["clear the vault", PASSPHRASE]).expect_code(0);
    assert_eq!(words_in(&done.stdout).split(' ').count(), 24, "{}", done.stdout);
    assert_eq!(providers(&home), Vec::<String>::new());
    let copies = home.run(&["vault", "restore", "--list"]).expect_code(0).stdout;
    let copy = copies.lines().find(|line| line.contains("replaced as a whole")).expect("a copy");
    let generation = copy.split_whitespace().next().expect("a number");
    home.answer(&["vault", "restore", "--yes", "--generation", generation], &[PASSPHRASE]).expect_code(0);
    assert_eq!(providers(&home), ["openai"]);
    opens(&home, PASSPHRASE, OTHER);
}
