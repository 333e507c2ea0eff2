//! The keys of a vault: the random data key, what is derived from it, and its wraps under a passphrase and under recovery words.
//! Owns the labels and what each wrap is bound to; knows nothing of entries and files.

use aside_secret::SecretKey;
use aside_storage::sealed::{self, Kdf, subkey};

use super::{
    VaultError,
    format::{Header, PassphraseWrap, SealedKey, VERSION, put_kdf},
};
use crate::{Passphrase, RecoveryWords};

/// What opens a vault.
#[derive(Clone, Copy)]
pub enum Opener<'a> {
    /// The passphrase.
    Passphrase(&'a Passphrase),
    /// The recovery words.
    Words(&'a RecoveryWords),
}

impl<'a> From<&'a Passphrase> for Opener<'a> {
    fn from(passphrase: &'a Passphrase) -> Self {
        Self::Passphrase(passphrase)
    }
}

impl<'a> From<&'a RecoveryWords> for Opener<'a> {
    fn from(words: &'a RecoveryWords) -> Self {
        Self::Words(words)
    }
}

/// A new random key.
pub(super) fn random_key() -> Result<SecretKey, VaultError> {
    SecretKey::random().map_err(|error| VaultError::NoRandom(error.to_string()))
}

/// The key that seals the index.
pub(super) fn index_key(data: &SecretKey) -> SecretKey {
    subkey(data, "aside/vault/v1/index")
}

/// The key that seals the values.
pub(super) fn entry_key(data: &SecretKey) -> SecretKey {
    subkey(data, "aside/vault/v1/entry")
}

/// The key that vouches for the anchor.
pub(super) fn anchor_key(data: &SecretKey) -> SecretKey {
    subkey(data, "aside/vault/v1/anchor")
}

/// What tells this data key from others, in the clear.
pub(super) fn key_id(data: &SecretKey) -> [u8; 16] {
    let derived = subkey(data, "aside/vault/v1/key-id");
    let (id, _) = derived.expose().split_first_chunk().expect("32 bytes are more than 16");
    *id
}

/// The data key under a passphrase, with a new salt and the current function. Nothing weaker is written.
pub(super) fn wrap(data: &SecretKey, id: &[u8; 16], passphrase: &Passphrase) -> Result<PassphraseWrap, VaultError> {
    wrap_with(data, id, passphrase, Kdf::CURRENT)
}

pub(super) fn wrap_with(
    data: &SecretKey,
    id: &[u8; 16],
    passphrase: &Passphrase,
    kdf: Kdf,
) -> Result<PassphraseWrap, VaultError> {
    let salt = sealed::random()?;
    let key = kdf.derive(passphrase.secret(), &salt)?;
    let key = seal_key(&key, &passphrase_binding(id, kdf, &salt), data)?;
    Ok(PassphraseWrap { kdf, salt, key })
}

/// The data key under recovery words.
pub(super) fn wrap_words(data: &SecretKey, id: &[u8; 16], words: &RecoveryWords) -> Result<SealedKey, VaultError> {
    seal_key(&words.key(), &words_binding(id), data)
}

/// The data key of the vault with this header.
pub(super) fn unwrap(header: &Header, opener: Opener<'_>) -> Result<SecretKey, VaultError> {
    let data = match opener {
        Opener::Passphrase(passphrase) => {
            let PassphraseWrap { kdf, salt, key } = &header.passphrase;
            open_key(&kdf.derive(passphrase.secret(), salt)?, &passphrase_binding(&header.id, *kdf, salt), key)?
        }
        Opener::Words(words) => {
            let key = header.recovery.as_ref().ok_or(VaultError::NoRecovery)?;
            open_key(&words.key(), &words_binding(&header.id), key)?
        }
    };
    if key_id(&data) != header.key_id {
        return Err(VaultError::Altered { what: "its header names another key than it holds" });
    }
    Ok(data)
}

fn seal_key(key: &SecretKey, associated: &[u8], data: &SecretKey) -> Result<SealedKey, VaultError> {
    let sealed = sealed::seal(key, associated, data.expose())?;
    Ok(sealed.try_into().expect("a sealed key has a fixed length"))
}

fn open_key(key: &SecretKey, associated: &[u8], sealed: &SealedKey) -> Result<SecretKey, VaultError> {
    let opened = sealed::open(key, associated, sealed).map_err(|_| VaultError::WrongPassphrase)?;
    Ok(SecretKey::from_slice(opened.expose()).expect("a sealed key has a fixed length"))
}

fn passphrase_binding(id: &[u8; 16], kdf: Kdf, salt: &[u8; 32]) -> Vec<u8> {
    let mut out = binding(id, 1);
    put_kdf(&mut out, kdf);
    out.extend_from_slice(salt);
    out
}

fn words_binding(id: &[u8; 16]) -> Vec<u8> {
    binding(id, 2)
}

fn binding(id: &[u8; 16], kind: u8) -> Vec<u8> {
    let mut out = VERSION.to_le_bytes().to_vec();
    out.extend_from_slice(id);
    out.push(kind);
    out
}
