//! What people do with a vault, and what it refuses.

use std::{fs, os::unix::fs::symlink};

use aside_secret::Secret;
use aside_vault::{FileVault, Files, KeyError, KeyName, NewKey, Recovery, Slot, VaultError};

use crate::kit::{Home, NOW, OTHER, PASSPHRASE, all, files, first_values, key, name, passphrase, put, values, words};

#[test]
fn what_one_process_stores_another_reads() {
    let home = Home::new();
    let (one, two) = (home.open().expect("opened"), home.open().expect("opened"));
    assert_eq!(all(&one), first_values());
    one.set(vec![key("mistral", "sk-1")], NOW + 1).expect("stored");
    two.set(vec![key("mistral", "sk-2"), key("work", "")], NOW + 2).expect("stored");
    let both = values(&[("anthropic", "sk-made-up-1"), ("mistral", "sk-2"), ("openai", "sk-made-up-2"), ("work", "")]);
    assert_eq!((all(&one), all(&two)), (both.clone(), both));
    one.delete(&name("mistral"), Slot::Current).expect("removed");
    let error = two.get(&name("mistral"), Slot::Current).expect_err("gone");
    assert_eq!(error, VaultError::NoKey { name: name("mistral") });
    assert_eq!(error.hint(), "store it with: aside secret set mistral");
    assert!(matches!(KeyError::from(error), KeyError::Missing { .. }));
    let before = home.vault_bytes();
    two.delete(&name("mistral"), Slot::Current).expect_err("gone");
    two.delete(&name("openai"), Slot::Previous).expect_err("never there");
    two.set(Vec::new(), NOW).expect("nothing to do");
    assert_eq!(home.vault_bytes(), before, "nothing was written");
    let listed = two.list().expect("listed");
    let times: Vec<_> = listed.iter().map(|info| (info.name.provider.as_str(), info.stored_at)).collect();
    assert_eq!(times, [("anthropic", Some(NOW)), ("openai", Some(NOW)), ("work", Some(NOW + 2))]);
}

#[test]
fn the_old_value_of_a_rotated_key_has_its_own_slot() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let previous = NewKey { slot: Slot::Previous, ..key("openai", "sk-old") };
    vault.set(vec![key("openai", "sk-new"), previous], NOW).expect("stored");
    let value = |slot| vault.get(&name("openai"), slot).expect("there").expose().to_vec();
    assert_eq!((value(Slot::Current), value(Slot::Previous)), (b"sk-new".to_vec(), b"sk-old".to_vec()));
    let slots: Vec<_> = vault.list().expect("listed").iter().map(|info| info.slot).collect();
    assert_eq!(slots, [Slot::Current, Slot::Current, Slot::Previous]);
}

#[test]
fn values_of_every_length_and_byte_are_kept_exactly() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    for value in [Vec::new(), vec![0], b"a\nb\0c\r\n".to_vec(), vec![0xff; 64 << 10]] {
        let new = NewKey { value: Secret::new(value.clone()), ..key("x", "") };
        vault.set(vec![new], NOW).expect("stored");
        assert_eq!(vault.get(&name("x"), Slot::Current).expect("there").expose(), value);
    }
    let before = home.vault_bytes();
    for length in [(64 << 10) + 1, 1 << 20] {
        let large = NewKey { value: Secret::new(vec![b'x'; length]), ..key("y", "") };
        let error = vault.set(vec![key("z", "sk-z"), large], NOW).expect_err("too long");
        assert_eq!(error.code(), "vault-too-large");
    }
    assert_eq!(home.vault_bytes(), before, "all or none");
}

#[test]
fn what_cannot_be_a_passphrase_or_does_not_open_changes_nothing() {
    let home = Home::new();
    let before = (home.vault_bytes(), home.names());
    let wrong = passphrase(OTHER);
    assert_eq!(FileVault::unlock(&home.files, &wrong).map(drop), Err(VaultError::WrongPassphrase));
    let vault = home.open().expect("opened");
    for result in [
        vault.change_passphrase(&wrong, &wrong).map(drop),
        vault.rekey(&wrong).map(drop),
        vault.clear(&wrong, NOW).map(drop),
    ] {
        assert_eq!(result, Err(VaultError::WrongPassphrase));
    }
    let weak = passphrase("password");
    for result in [
        vault.change_passphrase(&words(), &weak).map(drop),
        vault.backup(&weak, NOW).map(drop),
        FileVault::create(&Home::empty().files, &weak, Recovery::None, NOW).map(drop),
    ] {
        assert_eq!(result.expect_err("refused").code(), "vault-bad-passphrase");
    }
    let names: Vec<_> = home.names().into_iter().filter(|name| name != "data/vault.lock").collect();
    assert_eq!((home.vault_bytes(), names), before);
}

#[test]
fn a_vault_is_made_where_nothing_is_and_only_there() {
    let home = Home::empty();
    let create = |files: &Files| FileVault::create(files, &passphrase(PASSPHRASE), Recovery::None, NOW);
    assert!(!FileVault::exists(&home.files).expect("looked"));
    assert_eq!(FileVault::peek(&home.files).expect_err("none").code(), "vault-not-there");
    let error = FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect_err("none");
    assert!(error.code() == "vault-not-there" && error.hint().contains("aside vault init"), "{error}");
    assert!(home.names().is_empty(), "looking creates nothing");
    let (vault, words) = create(&home.files).expect("made");
    assert!(words.is_none() && vault.list().expect("listed").is_empty() && vault.notes().is_empty());
    let info = FileVault::peek(&home.files).expect("a vault");
    assert_eq!((info.generation, info.created, info.recovery), (1, NOW, false));
    let nowords = FileVault::unlock_with_words(&home.files, &crate::kit::words());
    assert_eq!(nowords.map(drop), Err(VaultError::NoRecovery));
    let before = home.vault_bytes();
    assert_eq!(create(&home.files).map(drop).expect_err("there").code(), "vault-already-there");
    assert_eq!(home.vault_bytes(), before);
    // Whatever it is.
    fs::remove_file(&home.files.vault).expect("removed");
    symlink("nowhere", &home.files.vault).expect("linked");
    assert_eq!(create(&home.files).map(drop).expect_err("a link").code(), "vault-already-there");
    fs::remove_file(&home.files.vault).expect("removed");
    put(&home.files.vault, b"");
    assert_eq!(create(&home.files).map(drop).expect_err("a file").code(), "vault-already-there");
    fs::remove_file(&home.files.vault).expect("removed");
    let (vault, _) = create(&home.files).expect("made again");
    assert_eq!(vault.generation().expect("read"), 2, "numbers are not used twice");
}

#[test]
fn two_that_make_a_vault_at_once_make_one() {
    let home = Home::empty();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let files = home.files.clone();
            std::thread::spawn(move || {
                FileVault::create(&files, &passphrase(PASSPHRASE), Recovery::None, NOW).map(drop)
            })
        })
        .collect();
    let made: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 1, "{made:?}");
    FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("it opens");
}

#[test]
fn a_new_passphrase_opens_and_the_old_one_opens_nothing_any_more() {
    let home = Home::new();
    let (vault, other) = (home.open().expect("opened"), home.open().expect("opened"));
    vault.set(vec![key("work", "sk-work")], NOW).expect("stored");
    vault.set(vec![key("work", "sk-later")], NOW).expect("stored");
    assert_eq!(home.files.backups().expect("listed").len(), 2);
    let changed = vault.change_passphrase(&passphrase(PASSPHRASE), &passphrase(OTHER)).expect("changed");
    assert_eq!((changed.removed.len(), changed.remaining.len()), (2, 0));
    assert_eq!(FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).map(drop), Err(VaultError::WrongPassphrase));
    let opened = FileVault::unlock(&home.files, &passphrase(OTHER)).expect("the new one opens");
    assert_eq!(opened.notes(), []);
    let backups = home.files.backups().expect("listed");
    assert_eq!(backups.len(), 1, "one under the new passphrase");
    let old = FileVault::restore_plan(&home.files, &backups[0].read().expect("read"), &passphrase(PASSPHRASE));
    assert_eq!(old.map(drop), Err(VaultError::WrongPassphrase));
    // Whoever had it open has it open, and the words are the same.
    assert_eq!(all(&other), all(&opened));
    home.open().expect("the words open it");
    // Forgotten: the words give a new one.
    vault.change_passphrase(&words(), &passphrase(PASSPHRASE)).expect("changed");
    FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("opened");
}

#[test]
fn backups_that_another_passphrase_opens_are_kept_and_told() {
    let mut home = Home::new();
    home.files.keep = 2;
    let vault = home.open().expect("opened");
    vault.change_passphrase(&words(), &passphrase(OTHER)).expect("changed");
    put(&home.files.backups.join("replaced-00000000000000000001.aside"), b"not a vault");
    put(&home.files.backups.join("notes.txt"), b"not ours");
    let changed = vault.change_passphrase(&passphrase(OTHER), &passphrase(PASSPHRASE)).expect("changed");
    assert_eq!((changed.removed.len(), changed.remaining.len()), (1, 1), "{changed:?}");
    assert!(home.files.backups.join("notes.txt").exists());
}

#[test]
fn a_new_data_key_keeps_everything_and_ends_what_was_open() {
    let home = Home::new();
    let (vault, other) = (home.open().expect("opened"), home.open().expect("opened"));
    let before = FileVault::peek(&home.files).expect("a vault");
    let (new, new_words) = vault.rekey(&passphrase(PASSPHRASE)).expect("done");
    let new_words = new_words.expect("there were some");
    assert_eq!(all(&new), first_values());
    for old in [&vault, &other] {
        assert_eq!(old.get(&name("openai"), Slot::Current).map(drop), Err(VaultError::KeyChanged));
        assert_eq!(old.set(vec![key("x", "y")], NOW), Err(VaultError::KeyChanged));
        assert_eq!(old.list().map(drop), Err(VaultError::KeyChanged));
    }
    assert_eq!(home.open().map(drop), Err(VaultError::WrongPassphrase), "the old words");
    let opened = FileVault::unlock_with_words(&home.files, &new_words).expect("the new words");
    assert_eq!((all(&opened), opened.notes()), (first_values(), Vec::new()));
    let after = FileVault::peek(&home.files).expect("a vault");
    assert_eq!((after.id, after.created, after.generation), (before.id, before.created, before.generation + 1));
    FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("the same passphrase");
}

#[test]
fn a_cleared_vault_is_another_one_and_the_old_one_is_kept() {
    let mut home = Home::new();
    home.files.keep = 0;
    let vault = home.open().expect("opened");
    let before = FileVault::peek(&home.files).expect("a vault");
    let (empty, new_words) = vault.clear(&passphrase(PASSPHRASE), NOW + 9).expect("cleared");
    assert!(empty.list().expect("listed").is_empty() && new_words.is_some());
    assert_eq!(vault.list().map(drop), Err(VaultError::KeyChanged));
    let after = FileVault::peek(&home.files).expect("a vault");
    assert_ne!(after.id, before.id);
    assert_eq!((after.created, after.generation), (NOW + 9, before.generation + 1));
    empty.set(vec![key("new", "sk-new")], NOW).expect("stored");
    let backups = home.files.backups().expect("listed");
    assert_eq!(backups.iter().map(|one| one.replaced).collect::<Vec<_>>(), [true], "kept though nothing else is");
    let restored = FileVault::restore(&home.files, &backups[0].read().expect("read"), &words()).expect("restored");
    assert_eq!(all(&restored), first_values());
}

#[test]
fn what_the_program_keeps_for_itself_outlives_a_clearing_that_does_not_mean_it() {
    let home = Home::new();
    let own = KeyName::conversations();
    let text = || Secret::new(b"one 1\ntwo 2".to_vec());
    let vault = home.open().expect("opened");
    vault.add(NewKey { name: own.clone(), slot: Slot::Current, value: text() }, NOW).expect("nothing is there");
    let again = vault.add(NewKey { name: own.clone(), slot: Slot::Current, value: text() }, NOW);
    assert_eq!(again.map_err(|error| error.code()), Err("vault-key-already-there"));
    let generation = vault.generation().expect("opened");
    let (cleared, _) = vault.clear(&passphrase(PASSPHRASE), NOW).expect("cleared");
    assert_eq!(cleared.get(&own, Slot::Current).expect("kept").expose(), text().expose());
    assert_eq!(cleared.list().expect("listed").len(), 1);
    assert_eq!(cleared.generation(), Ok(generation + 1), "nothing was written in between");
    let (empty, _) = cleared.clear_everything(&passphrase(PASSPHRASE), NOW).expect("cleared");
    assert_eq!(empty.get(&own, Slot::Current).map(drop), Err(VaultError::NoKey { name: own }));
    assert!(empty.list().expect("listed").is_empty());
}

#[test]
fn a_vault_that_is_removed_while_it_is_open_is_not_there() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    fs::remove_dir_all(home.at("data")).expect("removed");
    for result in [
        vault.get(&name("openai"), Slot::Current).map(drop),
        vault.list().map(drop),
        vault.set(vec![key("a", "b")], NOW),
        vault.delete(&name("openai"), Slot::Current),
        vault.rekey(&passphrase(PASSPHRASE)).map(drop),
    ] {
        assert_eq!(result.expect_err("gone").code(), "vault-not-there");
    }
    assert!(!home.at("data").exists(), "nothing was made in its place");
}

#[test]
fn the_clock_decides_nothing() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    for now in [i64::MAX, i64::MIN, 0, NOW - 86_400, NOW + 315_360_000] {
        vault.set(vec![key("openai", &format!("sk-{now}"))], now).expect("stored");
        assert_eq!(all(&vault)["openai"], format!("sk-{now}"));
    }
    assert_eq!(home.files.backups().expect("listed").len(), 3);
    assert_eq!(all(&home.open().expect("opened")).len(), 2);
}

#[test]
fn no_error_is_without_a_code_and_a_next_step() {
    let home = Home::new();
    let storage = aside_storage::private::read(&home.at("data"), 1).expect_err("a folder");
    for error in [
        VaultError::NotThere { path: home.at("x") },
        VaultError::AlreadyThere { path: home.at("x") },
        VaultError::WrongPassphrase,
        VaultError::NoRecovery,
        VaultError::Damaged { what: "x" },
        VaultError::Altered { what: "x" },
        VaultError::Newer { version: 2 },
        VaultError::RolledBack { found: 1, expected: 2 },
        VaultError::AnchorDamaged { path: home.at("x") },
        VaultError::KeyChanged,
        VaultError::TooLarge { what: "x" },
        VaultError::NoRandom("x".to_owned()),
        VaultError::from(storage),
    ] {
        assert!(error.code().starts_with("vault-") && error.hint().len() > 20, "{error}: {}", error.hint());
        assert_eq!(KeyError::from(VaultError::KeyChanged).hint(), VaultError::KeyChanged.hint());
    }
    assert_eq!(files(home.path()).keep, 3);
}
