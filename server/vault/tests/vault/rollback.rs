//! An older file in the place of the vault, and what remembers the newest one.

use std::fs;

use aside_vault::{FileVault, Note, Slot, VaultError};

use crate::kit::{Home, NOW, PASSPHRASE, all, first_values, key, name, passphrase, put, words};

/// A home whose vault was written twice more, and the two states before.
fn later() -> (Home, [Vec<u8>; 2]) {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let first = home.vault_bytes();
    vault.set(vec![key("openai", "sk-2")], NOW).expect("stored");
    let second = home.vault_bytes();
    vault.set(vec![key("openai", "sk-3")], NOW).expect("stored");
    (home, [first, second])
}

#[test]
fn an_older_vault_is_refused_until_a_person_says_that_they_put_it_there() {
    let (home, [first, second]) = later();
    let open = home.open().expect("opened");
    let newest = open.generation().expect("read");
    for (old, back) in [(&second, 1), (&first, 2)] {
        put(&home.files.vault, old);
        let expected = VaultError::RolledBack { found: newest - back, expected: newest };
        for result in [
            home.open().map(drop),
            open.get(&name("openai"), Slot::Current).map(drop),
            open.set(vec![key("a", "b")], NOW),
            open.rekey(&passphrase(PASSPHRASE)).map(drop),
        ] {
            let error = result.expect_err("refused");
            assert_eq!(error, expected);
            assert!(error.hint().contains("--accept-older"), "{}", error.hint());
        }
        assert_eq!(home.vault_bytes(), *old, "nothing was written");
    }
    let accepted = FileVault::accept_rollback(&home.files, &words()).expect("accepted");
    assert_eq!(all(&accepted), first_values());
    assert!(accepted.generation().expect("read") > newest);
    assert_eq!(all(&home.open().expect("from then on")), first_values());
    put(&home.files.vault, &second);
    assert_eq!(home.open().expect_err("the other old one").code(), "vault-rolled-back");
}

#[test]
fn an_older_vault_from_before_a_new_data_key_is_refused() {
    let (home, [first, _]) = later();
    let last = home.vault_bytes();
    let vault = home.open().expect("opened");
    vault.rekey(&passphrase(PASSPHRASE)).expect("done");
    for old in [first, last] {
        put(&home.files.vault, &old);
        assert_eq!(home.open().expect_err("refused").code(), "vault-rolled-back");
    }
}

#[test]
fn what_is_open_sees_an_older_file_even_when_the_anchor_is_gone() {
    let (home, [first, _]) = later();
    let open = home.open().expect("opened");
    fs::remove_file(&home.files.anchor).expect("removed");
    put(&home.files.vault, &first);
    assert_eq!(open.list().expect_err("refused").code(), "vault-rolled-back");
}

#[test]
fn a_missing_or_foreign_anchor_is_told_and_written_again() {
    let (home, _) = later();
    fs::remove_file(&home.files.anchor).expect("removed");
    assert_eq!(home.open().expect("opened").notes(), [Note::AnchorMissing]);
    assert_eq!(home.open().expect("opened").notes(), []);
    let other = Home::empty();
    FileVault::create(&other.files, &passphrase(PASSPHRASE), aside_vault::Recovery::None, NOW).expect("made");
    put(&home.files.anchor, &fs::read(&other.files.anchor).expect("read"));
    assert_eq!(home.open().expect("opened").notes(), [Note::AnchorForeign]);
    assert_eq!(home.open().expect("opened").notes(), []);
}

#[test]
fn an_anchor_that_was_left_behind_by_a_crash_is_brought_up_to_date() {
    let home = Home::new();
    let anchor = fs::read(&home.files.anchor).expect("read");
    home.open().expect("opened").set(vec![key("a", "b")], NOW).expect("stored");
    let newest = fs::read(&home.files.anchor).expect("read");
    put(&home.files.anchor, &anchor);
    assert_eq!(home.open().expect("opened").notes(), []);
    assert_eq!(fs::read(&home.files.anchor).expect("read"), newest);
}

#[test]
fn a_damaged_anchor_is_an_error_with_a_way_out() {
    let (home, _) = later();
    let anchor = fs::read(&home.files.anchor).expect("read");
    let mut flipped = anchor.clone();
    flipped[45] ^= 1;
    for bytes in [Vec::new(), b"x".to_vec(), flipped, anchor[1..].to_vec(), anchor.repeat(2), vec![0; 9_999]] {
        put(&home.files.anchor, &bytes);
        let error = home.open().expect_err("refused");
        assert_eq!(error.code(), "vault-anchor-damaged");
        assert!(error.hint().contains("--accept-older"), "{}", error.hint());
    }
    let expected = all(&FileVault::accept_rollback(&home.files, &words()).expect("accepted"));
    assert_eq!(expected["openai"], "sk-3");
    assert_eq!(home.open().expect("opened").notes(), []);
}

#[test]
fn an_anchor_that_cannot_be_written_is_told_and_the_write_counts() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    fs::remove_dir_all(home.at("state")).expect("removed");
    put(&home.at("state"), b"a file in the way");
    let error = vault.set(vec![key("a", "b")], NOW);
    assert!(error.is_ok(), "{error:?}");
    let told = vault.notes().iter().any(|note| matches!(note, Note::AnchorNotWritten { .. }));
    assert!(told && all(&vault).contains_key("a"), "{:?}", vault.notes());
}
