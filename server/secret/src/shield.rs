//! A secret at rest in memory: sealed, so that no scan, partial leak or side channel finds it, as OpenSSH shields its keys.
//!
//! The value is encrypted with XChaCha20-Poly1305 under the SHA-256 of a random prekey of 16 KiB: whoever wants it must read
//! all of the prekey without one wrong bit, and the value itself. Prekey and ciphertext are wiped when dropped.

use std::fmt;

use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256, digest::Output};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{NoRandomness, Secret, key::randomize};

/// Bytes of the prekey, as OpenSSH has it (`SSHKEY_SHIELD_PREKEY_LEN`).
const PREKEY: usize = 16 * 1024;
/// Every shielding has a key of its own, which seals one text: the nonce need not differ.
const NONCE: [u8; 24] = [0; 24];
/// Why unsealing cannot fail: both parts are ours and do not change.
const INTACT: &str = "nobody changes a shielded secret in memory";

/// A secret that is sealed while nobody uses it. `Debug` shows `[redacted]`.
pub struct Shielded {
    prekey: Zeroizing<Box<[u8]>>,
    ciphertext: Zeroizing<Box<[u8]>>,
    tag: Tag,
}

impl Shielded {
    /// Seals `secret`, which is wiped.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new(secret: Secret) -> Result<Self, NoRandomness> {
        let mut prekey = Zeroizing::new(vec![0; PREKEY].into_boxed_slice());
        randomize(&mut prekey)?;
        let mut ciphertext: Zeroizing<Box<[u8]>> = Zeroizing::new(secret.expose().into());
        drop(secret);
        let nonce = XNonce::from(NONCE);
        let tag = cipher(&prekey).encrypt_inout_detached(&nonce, &[], ciphertext.as_mut().into());
        let tag = tag.expect("a secret is far shorter than the cipher's limit of 256 GiB");
        Ok(Self { prekey, ciphertext, tag })
    }

    /// The value, for the moment of its use. Takes some tens of microseconds.
    pub fn reveal(&self) -> Secret {
        let mut bytes = self.ciphertext.clone();
        let nonce = XNonce::from(NONCE);
        let opened = cipher(&self.prekey).decrypt_inout_detached(&nonce, &[], bytes.as_mut().into(), &self.tag);
        opened.expect(INTACT);
        Secret::from_box(bytes)
    }
}

impl fmt::Debug for Shielded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

fn cipher(prekey: &[u8]) -> XChaCha20Poly1305 {
    let mut key = Output::<Sha256>::default();
    let mut hash = Sha256::new();
    hash.update(prekey);
    hash.finalize_into(&mut key);
    let cipher = XChaCha20Poly1305::new(&key);
    key.as_mut_slice().zeroize();
    cipher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shielded_comes_back_and_lies_nowhere_meanwhile() {
        for length in [0, 1, 31, 32, 33, 8192] {
            let value: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let shielded = Shielded::new(Secret::new(value.clone())).expect("randomness");
            assert_eq!(shielded.reveal().expose(), value);
            assert_eq!(shielded.reveal().expose(), value, "a second time");
            assert!(length < 16 || **shielded.ciphertext != *value);
            assert_eq!(format!("{shielded:?}"), "[redacted]");
        }
    }

    #[test]
    fn every_shielding_has_a_key_of_its_own() {
        let shield = || Shielded::new(Secret::new(b"the same value".to_vec())).expect("randomness");
        let (one, two) = (shield(), shield());
        assert_ne!(**one.ciphertext, **two.ciphertext);
        assert_ne!(**one.prekey, **two.prekey);
    }

    #[test]
    #[should_panic(expected = "nobody changes a shielded secret in memory")]
    fn one_wrong_bit_of_the_prekey_opens_nothing() {
        let mut shielded = Shielded::new(Secret::new(b"value".to_vec())).expect("randomness");
        shielded.prekey[PREKEY - 1] ^= 1;
        shielded.reveal();
    }
}
