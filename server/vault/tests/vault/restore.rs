//! Backups: those that every write makes, those that a person makes, and bringing them back.

use std::fs;

use aside_vault::{Changes, FileVault, Slot, VaultError};

use crate::kit::{Home, NOW, OTHER, PASSPHRASE, Values, all, first_values, key, name, passphrase, put, values, words};

/// A home whose vault was written a few times, and the state of each generation.
fn written(times: usize) -> (Home, Vec<(u64, Values)>) {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let mut states = vec![(vault.generation().expect("read"), all(&vault))];
    for number in 0..times {
        vault.set(vec![key("openai", &format!("sk-{number}"))], NOW).expect("stored");
        states.push((vault.generation().expect("read"), all(&vault)));
    }
    (home, states)
}

#[test]
fn each_write_keeps_the_state_before_and_the_last_few_stay() {
    let (mut home, states) = written(6);
    let kept = |home: &Home| home.files.backups().expect("listed");
    let generations: Vec<_> = kept(&home).iter().map(|backup| backup.generation).collect();
    let expected: Vec<_> = states.iter().rev().skip(1).take(3).map(|(generation, _)| *generation).collect();
    assert_eq!(generations, expected);
    for backup in kept(&home) {
        let plan = FileVault::restore_plan(&home.files, &backup.read().expect("read"), &words()).expect("a plan");
        assert_eq!((plan.generation, plan.keys.len()), (backup.generation, 2));
    }
    home.files.keep = 0;
    home.open().expect("opened").set(vec![key("a", "b")], NOW).expect("stored");
    assert!(kept(&home).is_empty(), "none are kept");
}

#[test]
fn every_backup_brings_a_destroyed_vault_back() {
    for number in 0..3 {
        for destroyed in ["removed", "empty", "zeros", "random", "cut", "another vault"] {
            let (home, states) = written(4);
            let backup = home.files.backups().expect("listed").remove(number);
            let before = home.vault_bytes();
            let bytes = match destroyed {
                "empty" => Vec::new(),
                "zeros" => vec![0; before.len()],
                "random" => before.iter().enumerate().map(|(at, byte)| byte ^ (at * 31 % 251) as u8 ^ 1).collect(),
                "another vault" => Home::new().vault_bytes(),
                _ => before[..before.len() / 2].to_vec(),
            };
            put(&home.files.vault, &bytes);
            if destroyed == "removed" {
                fs::remove_file(&home.files.vault).expect("removed");
            }
            let restored = FileVault::restore(&home.files, &backup.read().expect("read"), &words()).expect(destroyed);
            let (_, expected) = states.iter().find(|(generation, _)| *generation == backup.generation).expect("known");
            assert_eq!(all(&restored), *expected, "{destroyed}");
            let again = home.open().expect("it opens for others");
            assert_eq!((all(&again), again.notes()), (expected.clone(), Vec::new()), "{destroyed}");
            again.set(vec![key("x", "y")], NOW).expect("and can be written");
            if destroyed != "removed" {
                let kept = home.files.backups().expect("listed").into_iter().find(|one| one.replaced);
                assert_eq!(
                    fs::read(kept.expect("kept").path).expect("read"),
                    bytes,
                    "{destroyed}: it is kept as it was"
                );
            }
        }
    }
}

#[test]
fn a_backup_of_its_own_has_its_own_passphrase_and_opens_anywhere() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let backup = vault.backup(&passphrase(OTHER), NOW + 5).expect("made");
    assert_eq!(
        FileVault::restore_plan(&home.files, &backup, &passphrase(PASSPHRASE)).map(drop),
        Err(VaultError::WrongPassphrase)
    );
    assert_eq!(FileVault::restore_plan(&home.files, &backup, &words()).map(drop), Err(VaultError::NoRecovery));
    let elsewhere = Home::empty();
    let plan = FileVault::restore_plan(&elsewhere.files, &backup, &passphrase(OTHER)).expect("a plan");
    assert_eq!((plan.created, plan.keys.len(), plan.changes), (NOW + 5, 2, None));
    assert!(elsewhere.names().is_empty(), "a plan changes nothing");
    let restored = FileVault::restore(&elsewhere.files, &backup, &passphrase(OTHER)).expect("restored");
    assert_eq!((all(&restored), restored.notes()), (first_values(), Vec::new()));
    assert_ne!(
        FileVault::peek(&elsewhere.files).expect("a vault").id,
        FileVault::peek(&home.files).expect("a vault").id
    );
    // In the place of the vault it came from, whose open handles end.
    FileVault::restore(&home.files, &backup, &passphrase(OTHER)).expect("restored");
    assert_eq!(vault.list().map(drop), Err(VaultError::KeyChanged));
}

#[test]
fn a_plan_tells_what_would_change_and_changes_nothing() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    vault.set(vec![key("only-then", "sk-1"), key("same", "sk-same")], NOW).expect("stored");
    let backup = vault.backup(&passphrase(PASSPHRASE), NOW).expect("made");
    vault.delete(&name("only-then"), Slot::Current).expect("removed");
    vault.set(vec![key("openai", "sk-other"), key("only-now", "sk-2")], NOW).expect("stored");
    let before = (home.vault_bytes(), home.names());
    let plan = FileVault::restore_plan(&home.files, &backup, &passphrase(PASSPHRASE)).expect("a plan");
    let one = |provider| vec![(name(provider), Slot::Current)];
    let expected = Changes { added: one("only-then"), changed: one("openai"), removed: one("only-now"), same: 2 };
    assert_eq!(plan.changes, Some(expected));
    assert_eq!((home.vault_bytes(), home.names()), before);
    let automatic = home.files.backups().expect("listed")[0].read().expect("read");
    let plan = FileVault::restore_plan(&home.files, &automatic, &words()).expect("a plan");
    assert_eq!(plan.changes.expect("the same words open both").removed, one("only-now"));
}

#[test]
fn a_broken_backup_is_refused_and_nothing_is_replaced() {
    let home = Home::new();
    let good = home.vault_bytes();
    let before = (home.vault_bytes(), home.names());
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for (bytes, code) in [
        (Vec::new(), "vault-damaged"),
        (vec![0; 4_096], "vault-damaged"),
        (flipped, "vault-damaged"),
        (good[..good.len() - 1].to_vec(), "vault-damaged"),
        (good.repeat(2), "vault-damaged"),
        (vec![7; (64 << 20) + 1], "vault-too-large"),
    ] {
        for result in [
            FileVault::restore(&home.files, &bytes, &words()).map(drop),
            FileVault::restore_plan(&home.files, &bytes, &words()).map(drop),
        ] {
            assert_eq!(result.expect_err("refused").code(), code);
        }
    }
    assert_eq!((home.vault_bytes(), home.names()), before);
}

#[test]
fn a_restored_old_state_is_the_newest_from_then_on() {
    let (home, states) = written(3);
    let open = home.open().expect("opened");
    let oldest = home.files.backups().expect("listed").pop().expect("some");
    FileVault::restore(&home.files, &oldest.read().expect("read"), &words()).expect("restored");
    assert_eq!(all(&open), states[0].1, "the same data key: what is open stays open");
    assert!(open.generation().expect("read") > states[3].0);
    let all_values = values(&[("anthropic", "sk-made-up-1"), ("openai", "sk-made-up-2")]);
    assert_eq!(all(&home.open().expect("no rollback")), all_values);
}
