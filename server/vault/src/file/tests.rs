//! Files that were changed by accident or on purpose, made with the vault's own parts. What a process does with a vault on a
//! disk is tested in `tests/vault/`.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use aside_secret::{Secret, SecretKey};

use super::{
    content::Content,
    format::{SealedKey, parse, tests::forged},
    keys::{entry_key, unwrap, wrap_with},
    *,
};
use crate::{KeyName, Origin, Slot};

const PASSPHRASE: &str = "correct horse battery staple";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::parse(Secret::new(text.as_bytes().to_vec())).expect("a passphrase")
}

fn words() -> RecoveryWords {
    let text = format!("{}art", "abandon ".repeat(23));
    RecoveryWords::parse(Secret::new(text.into_bytes())).expect("words")
}

fn id(provider: &str) -> (KeyName, Slot) {
    (KeyName::new(provider, Origin::of("https://api.example.com").expect("an address")), Slot::Current)
}

/// A vault in memory, wrapped with words, so that no test waits for a passphrase, and with a wrap that nothing opens.
struct Vault {
    data: SecretKey,
    header: Header,
}

impl Vault {
    fn new() -> Self {
        let data = random_key().expect("random");
        let id = [3; 16];
        let wrap = format::PassphraseWrap { kdf: Kdf::CURRENT, salt: [1; 32], key: [2; 72] };
        let recovery = Some(wrap_words(&data, &id, &words()).expect("wrapped"));
        let header = Header { id, key_id: key_id(&data), generation: 7, created: 1_000, passphrase: wrap, recovery };
        Self { data, header }
    }

    fn bytes(&self, values: &[(&str, &[u8])]) -> Vec<u8> {
        let mut draft = Draft::empty(self.header.clone());
        for (name, value) in values {
            draft.put(id(name), &Secret::new(value.to_vec()), 5, &entry_key(&self.data)).expect("sealed");
        }
        draft.to_bytes(&self.data).expect("a vault")
    }

    /// Everything that opening and reading all of it can find.
    fn open(&self, bytes: &[u8]) -> Result<(), VaultError> {
        let data = unwrap(&content::header(bytes)?, (&words()).into())?;
        let content = Content::open(bytes, &data)?;
        content.verify(bytes, &data)
    }
}

/// About 4 KiB, in a few entries.
fn four_kib(vault: &Vault) -> Vec<u8> {
    let bytes = vault.bytes(&[("anthropic", &[b'a'; 1_200]), ("openai", &[b'b'; 1_200]), ("mistral", &[b'c'; 900])]);
    assert!((3_700..4_400).contains(&bytes.len()), "{}", bytes.len());
    bytes
}

#[test]
fn every_flipped_bit_is_damage() {
    let vault = Vault::new();
    let mut bytes = four_kib(&vault);
    vault.open(&bytes).expect("it opens");
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(content::header(&bytes), Err(format::Broken::Damaged(_))), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    vault.open(&bytes).expect("it opens again");
}

#[test]
fn every_flipped_bit_under_a_recomputed_checksum_is_found() {
    let vault = Vault::new();
    let original = four_kib(&vault);
    let parts = parse(&original).expect("a vault");
    let head = parts.head.len();
    // The passphrase's wrap, which nobody opens here, is part of the header as everything else in it.
    for bit in 0..(original.len() - 32) * 8 {
        let mut bytes = original.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let bytes = forged(&bytes);
        let error = match content::header(&bytes) {
            Err(broken) => VaultError::from(broken),
            // The data key is known, as to a process that has the vault open.
            Ok(_) => Content::open(&bytes, &vault.data).map(drop).expect_err("refused"),
        };
        let expected = match bit / 8 {
            0..8 => matches!(error, VaultError::Damaged { .. }),
            8..10 => matches!(error, VaultError::Newer { .. } | VaultError::Altered { .. }),
            _ => matches!(error, VaultError::Altered { .. }),
        };
        assert!(expected, "bit {bit} (header: {head} bytes): {error:?}");
    }
}

#[test]
fn every_truncation_and_anything_behind_is_damage() {
    let vault = Vault::new();
    let bytes = four_kib(&vault);
    let damaged = |bytes: &[u8]| matches!(content::header(bytes), Err(format::Broken::Damaged(_)));
    for length in 0..bytes.len() {
        assert!(damaged(&bytes[..length]), "{length} bytes");
        assert!(vault.open(&forged(&bytes[..length])).is_err(), "{length} bytes with a checksum");
    }
    let other = Vault::new().bytes(&[("x", b"y")]);
    for behind in [b"x".as_slice(), b"\n", &[0; 32], &[0; 4_096], &bytes, &other] {
        let more = [bytes.as_slice(), behind].concat();
        assert!(damaged(&more), "{} bytes behind", behind.len());
        assert!(matches!(vault.open(&forged(&more)), Err(VaultError::Altered { .. })));
    }
    for zeros in [0, 1, 32, 4_096] {
        assert!(damaged(&vec![0; zeros]));
    }
}

/// The parts of two vaults, put together anew with a fitting checksum.
#[test]
fn parts_of_another_state_or_another_vault_are_found() {
    let vault = Vault::new();
    let now = vault.bytes(&[("openai", b"sk-new"), ("work", b"sk-work")]);
    let mut before =
        Vault { data: SecretKey::from_slice(vault.data.expose()).expect("a key"), header: vault.header.clone() };
    before.header.generation -= 1;
    let old = before.bytes(&[("openai", b"sk-old"), ("work", b"sk-work")]);
    // Another vault that the same words open.
    let other = Vault::new().bytes(&[("openai", b"sk-new"), ("work", b"sk-work")]);
    let parts = |bytes| parse(bytes).expect("a vault");
    let (now, old, other) = (parts(&now), parts(&old), parts(&other));
    for (what, head, index, entries) in [
        ("an older header", old.head, now.index, now.entries),
        ("another vault's header", other.head, now.index, now.entries),
        ("an older index", now.head, old.index, now.entries),
        ("another vault's index", now.head, other.index, now.entries),
        ("older values", now.head, now.index, old.entries),
        ("another vault's values", now.head, now.index, other.entries),
        ("an older index and its values", now.head, old.index, old.entries),
        ("no values", now.head, now.index, &[]),
    ] {
        let bytes = format::assemble(head, index, entries).expect("short");
        assert!(matches!(vault.open(&bytes), Err(VaultError::Altered { .. })), "{what}");
    }
    vault.open(&format::assemble(now.head, now.index, now.entries).expect("short")).expect("its own parts");
}

/// A value under another name, with an index and a digest made for it by somebody who has the index's key: the value itself
/// knows where it belongs.
#[test]
fn a_value_pasted_under_another_name_is_found_by_itself() {
    let vault = Vault::new();
    let bytes = vault.bytes(&[("aaa", b"sk-of-a"), ("bbb", b"sk-of-b")]);
    let content = Content::open(&bytes, &vault.data).expect("opened");
    let swapped = {
        let parts = parse(&bytes).expect("a vault");
        let half = parts.entries.len() / 2;
        let entries = [&parts.entries[half..], &parts.entries[..half]].concat();
        let index = index::to_bytes(&content.index, &entries);
        let index = sealed::seal(&keys::index_key(&vault.data), parts.head, &index).expect("sealed");
        format::assemble(parts.head, &index, &entries).expect("short")
    };
    let content = Content::open(&swapped, &vault.data).expect("its index fits");
    for name in ["aaa", "bbb"] {
        let error = content.get(&swapped, &id(name), &vault.data).expect_err("refused");
        assert_eq!(error, VaultError::Altered { what: "a value is not the one that was stored" });
    }
}

#[test]
fn another_key_id_is_found_and_another_wrap_opens_nothing() {
    let vault = Vault::new();
    let bytes = vault.bytes(&[]);
    let parts = parse(&bytes).expect("a vault");
    let with = |header: Header| format::assemble(&header.to_bytes(), parts.index, parts.entries).expect("short");
    let other = Header { key_id: [9; 16], ..vault.header.clone() };
    assert!(matches!(vault.open(&with(other)), Err(VaultError::Altered { .. })));
    let mut key: SealedKey = vault.header.recovery.expect("words");
    key[40] ^= 1;
    let other = Header { recovery: Some(key), ..vault.header.clone() };
    assert_eq!(vault.open(&with(other)), Err(VaultError::WrongPassphrase));
    let other = Header { recovery: None, ..vault.header.clone() };
    assert_eq!(vault.open(&with(other)), Err(VaultError::NoRecovery));
    let other = Header { id: [9; 16], ..vault.header.clone() };
    assert_eq!(vault.open(&with(other)), Err(VaultError::WrongPassphrase));
}

#[test]
fn a_header_that_asks_for_absurd_work_is_refused_at_once() {
    let vault = Vault::new();
    let bytes = vault.bytes(&[]);
    let parts = parse(&bytes).expect("a vault");
    for kdf in [
        Kdf::Argon2id { memory_kib: 64 << 20, passes: 3, lanes: 1 },
        Kdf::Argon2id { memory_kib: 65_536, passes: 1 << 31, lanes: 1 },
        Kdf::Argon2id { memory_kib: 65_536, passes: 3, lanes: 1 << 24 },
        Kdf::Argon2id { memory_kib: 1_024, passes: 1, lanes: 1 },
        Kdf::Pbkdf2Sha256 { iterations: 1 << 31 },
        Kdf::Pbkdf2Sha256 { iterations: 1_000 },
    ] {
        let wrap = format::PassphraseWrap { kdf, ..vault.header.passphrase.clone() };
        let header = Header { passphrase: wrap, ..vault.header.clone() };
        let bomb = format::assemble(&header.to_bytes(), parts.index, parts.entries).expect("short");
        let start = Instant::now();
        let opened = content::header(&bomb).map_err(VaultError::from);
        let error = opened.and_then(|header| unwrap(&header, (&passphrase(PASSPHRASE)).into())).map(drop);
        assert!(matches!(error, Err(VaultError::KdfRefused(_))), "{error:?}");
        assert!(start.elapsed() < Duration::from_millis(50), "{kdf}: {:?}", start.elapsed());
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let vault = Vault::new();
    let key = entry_key(&vault.data);
    let mut draft = Draft::empty(vault.header.clone());
    let mut put = |id, length| draft.put(id, &Secret::new(vec![b'x'; length]), 0, &key);
    put(id("empty"), 0).expect("no bytes are a value");
    put(id("long"), 64 << 10).expect("exactly 64 KiB");
    assert!(matches!(put(id("longer"), (64 << 10) + 1), Err(VaultError::TooLarge { .. })));
    assert!(matches!(put(id(&"n".repeat(5_000)), 1), Err(VaultError::TooLarge { .. })));
    let bytes = draft.to_bytes(&vault.data).expect("a vault");
    assert_eq!(Content::open(&bytes, &vault.data).expect("opened").index.len(), 2);
    // 64 MiB are 1,024 such values, less what else is in the file.
    let value = Secret::new(vec![0; 64 << 10]);
    for number in 0..1_024 {
        draft.put(id(&number.to_string()), &value, 0, &key).expect("one more");
    }
    assert!(matches!(draft.to_bytes(&vault.data), Err(VaultError::TooLarge { .. })));
}

#[test]
fn no_part_of_a_name_or_value_stands_in_the_clear() {
    let vault = Vault::new();
    let bytes = vault.bytes(&[("anthropic-canary", b"sk-canary-value")]);
    for canary in ["anthropic", "canary", "example", "https"] {
        assert!(!bytes.windows(canary.len()).any(|part| part == canary.as_bytes()), "{canary}");
    }
}

/// Writes the files in `tests/golden`, for a new version of the format. Those that are there stay: they open for ever.
#[test]
#[ignore = "run by hand, once for each version of the format"]
#[expect(clippy::disallowed_methods, reason = "writes the golden files")]
fn golden_files_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    std::fs::create_dir_all(&folder).expect("a folder");
    let argon2 = Kdf::Argon2id { memory_kib: 8_192, passes: 1, lanes: 1 };
    for (name, kdf, recovery) in [
        ("v1-argon2id.aside", Kdf::CURRENT, false),
        ("v1-argon2id-weak.aside", argon2, false),
        ("v1-pbkdf2.aside", Kdf::Pbkdf2Sha256 { iterations: 100_000 }, false),
        ("v1-recovery.aside", Kdf::CURRENT, true),
    ] {
        let data = random_key().expect("random");
        let id = sealed::random().expect("random");
        let header = Header {
            id,
            key_id: key_id(&data),
            generation: 41,
            created: 1_760_000_000,
            passphrase: wrap_with(&data, &id, &passphrase(PASSPHRASE), kdf).expect("wrapped"),
            recovery: recovery.then(|| wrap_words(&data, &id, &words()).expect("wrapped")),
        };
        let bytes = Vault { data, header }.bytes(&[("anthropic", b"sk-made-up-1"), ("openai", b"sk-made-up-2")]);
        let path = folder.join(name);
        if !path.exists() {
            std::fs::write(path, bytes).expect("written");
        }
    }
}
