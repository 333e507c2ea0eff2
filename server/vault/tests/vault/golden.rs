//! Vault files of every version that was released. They are never changed: a person's vault opens for ever.

use std::{fs, path::Path, time::Instant};

use aside_secret::Secret;
use aside_storage::sealed::Kdf;
use aside_vault::{FileVault, Note, RecoveryWords, Slot};

use crate::kit::{Home, PASSPHRASE, all, name, passphrase, put, values};

fn home(file: &str) -> Home {
    let home = Home::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    fs::remove_file(&home.files.anchor).expect("removed");
    put(&home.files.vault, &fs::read(path).expect("the golden file is in the repository"));
    home
}

fn golden_values() -> crate::kit::Values {
    values(&[("anthropic", "sk-made-up-1"), ("openai", "sk-made-up-2")])
}

#[test]
fn every_vault_that_was_ever_written_opens() {
    for (file, kdf) in [
        ("v1-argon2id.aside", Kdf::CURRENT),
        ("v1-recovery.aside", Kdf::CURRENT),
        ("v1-argon2id-weak.aside", Kdf::Argon2id { memory_kib: 8_192, passes: 1, lanes: 1 }),
        ("v1-pbkdf2.aside", Kdf::Pbkdf2Sha256 { iterations: 100_000 }),
    ] {
        let home = home(file);
        let info = FileVault::peek(&home.files).expect("a vault");
        assert_eq!((info.version, info.generation, info.created, info.kdf), (1, 41, 1_760_000_000, kdf), "{file}");
        let start = Instant::now();
        let vault = FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect(file);
        println!("{file}: opened in {:?}", start.elapsed());
        assert_eq!(all(&vault), golden_values(), "{file}");
        assert_eq!(vault.list().expect("listed")[0].stored_at, Some(5), "{file}");
        let weak = !kdf.is_current();
        assert_eq!(vault.notes().contains(&Note::KdfUpgraded { from: kdf }), weak, "{file}: {:?}", vault.notes());
        let after = FileVault::peek(&home.files).expect("a vault");
        assert_eq!((after.kdf, after.generation), (Kdf::CURRENT, 41 + u64::from(weak)), "{file}");
        if weak {
            let again = FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("still the same passphrase");
            assert_eq!((all(&again), again.notes()), (golden_values(), Vec::new()), "{file}");
        }
    }
}

#[test]
fn the_golden_recovery_words_open_their_vault() {
    let home = home("v1-recovery.aside");
    let text = format!("{}art", "abandon ".repeat(23));
    let words = RecoveryWords::parse(Secret::new(text.into_bytes())).expect("words");
    let vault = FileVault::unlock_with_words(&home.files, &words).expect("opened");
    assert_eq!(all(&vault), golden_values());
    vault.get(&name("openai"), Slot::Previous).expect_err("only the current slot");
}

#[test]
fn a_weak_vault_that_cannot_be_written_opens_and_says_so() {
    let mut home = home("v1-argon2id-weak.aside");
    // A folder that cannot be made, because a file is in the way.
    home.files.lock = home.at("words").join("vault.lock");
    let vault = FileVault::unlock(&home.files, &passphrase(PASSPHRASE)).expect("opened");
    assert_eq!(all(&vault), golden_values());
    let told = vault.notes().iter().any(|note| matches!(note, Note::KdfNotUpgraded { .. }));
    assert!(told, "{:?}", vault.notes());
}
