//! Sealed envelopes: the only place with ciphers.
//!
//! Owns how bytes are sealed under a key and opened again ([`seal`], [`open`]), how one key gives others ([`subkey`]), how public
//! bytes are vouched for ([`mac`], [`verify`]), their plain digest ([`digest`]), random bytes ([`random`]), and how a passphrase becomes a key ([`Kdf`]). It
//! knows no file format and keeps no key. Every algorithm is held to its published vectors in the tests.
//!
//! An envelope is a random 24-byte nonce, then the XChaCha20-Poly1305 ciphertext, then its 16-byte tag. What is told apart by the
//! associated data cannot be swapped: whoever seals puts everything there that says which bytes these are.

mod kdf;

use aside_secret::{Secret, SecretKey};
use chacha20poly1305::{AeadInOut, Key, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use kdf::{Kdf, KdfError};

const NONCE: usize = 24;
const TAG: usize = 16;

/// How many bytes an envelope has more than what is in it.
pub const OVERHEAD: usize = NONCE + TAG;

/// Why bytes could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system gives no random bytes.
    #[error("the system's random number generator does not answer")]
    NoRandom,
    /// More than one envelope may hold (256 GiB).
    #[error("there is too much to seal at once")]
    TooLong,
}

/// An envelope that does not open: another key, other associated data, or changed bytes. Which of them cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open")]
pub struct Unopened;

/// Random bytes that need not be secret: a salt, an id. A key is [`SecretKey::random`].
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandom)?;
    Ok(bytes)
}

/// Seals `plain` under `key`, bound to `associated`, which is not part of the result.
pub fn seal(key: &SecretKey, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    seal_with(key, random()?, associated, plain)
}

/// The bytes are encrypted where they end up: no other copy of `plain` is made.
fn seal_with(key: &SecretKey, nonce: [u8; NONCE], associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = &mut sealed[NONCE..];
    let tag = cipher(key)
        .encrypt_inout_detached(&XNonce::from(nonce), associated, body.into())
        .map_err(|_| SealError::TooLong)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] made with the same key and associated data. Nothing is decrypted before the tag is verified.
pub fn open(key: &SecretKey, associated: &[u8], sealed: &[u8]) -> Result<Secret, Unopened> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Unopened)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Unopened)?;
    let mut plain = body.to_vec();
    cipher(key)
        .decrypt_inout_detached(&XNonce::from(*nonce), associated, plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| Unopened)?;
    Ok(Secret::new(plain))
}

fn cipher(key: &SecretKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(<&Key>::from(key.expose()))
}

/// The key that `key` gives for one use: HKDF-SHA256 without salt, with `label` as its info. Different labels give keys that
/// tell nothing of each other.
///
/// A label is ASCII, `aside/<what>/<format version>/<use>`, such as `aside/vault/v1/entry`, and is used for one thing only.
pub fn subkey(key: &SecretKey, label: &str) -> SecretKey {
    let hkdf = Hkdf::<Sha256>::new(None, key.expose());
    SecretKey::fill(|out| hkdf.expand(label.as_bytes(), out).expect("32 bytes are fewer than HKDF can give"))
}

/// HMAC-SHA256 over `parts`, each preceded by its length (8 bytes, little-endian), so that no two lists give the same bytes.
pub fn mac(key: &SecretKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut state = hmac(key.expose());
    for part in parts {
        state.update(&(part.len() as u64).to_le_bytes());
        state.update(part);
    }
    state.finalize().into_bytes().into()
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// Whether `found` is what [`mac`] gives, in a time that does not depend on where they differ.
pub fn verify(key: &SecretKey, parts: &[&[u8]], found: &[u8; 32]) -> bool {
    mac(key, parts).ct_eq(found).into()
}

/// SHA-256: tells damage, not who wrote the bytes.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests;
