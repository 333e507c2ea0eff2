//! From a passphrase to a key. Owns the two functions, their parameters and the bounds of those; checks no passphrase.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aside_secret::{Secret, SecretKey};
use hmac::Hmac;
use sha2::Sha256;
use zeroize::Zeroize;

/// How a passphrase becomes a key. What is read from a file is checked by [`Kdf::derive`] before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kdf {
    /// Argon2id, version 0x13 (RFC 9106).
    Argon2id {
        /// Memory in KiB.
        memory_kib: u32,
        /// How many times it is gone over.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// PBKDF2 with HMAC-SHA256 (RFC 8018).
    Pbkdf2Sha256 {
        /// Iterations.
        iterations: u32,
    },
}

/// Parameters that are too weak to trust or too large to run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    /// Outside what is accepted.
    #[error("{kdf} is outside of what is accepted ({accepted})")]
    Refused {
        /// What was asked for.
        kdf: Kdf,
        /// The bounds, for a person.
        accepted: &'static str,
    },
    /// The machine has not enough memory.
    #[error("{kdf} needs more memory than there is")]
    NoMemory {
        /// What was asked for.
        kdf: Kdf,
    },
}

const ARGON2: &str = "Argon2id with 8 MiB to 1 GiB, 1 to 16 passes and 1 to 16 lanes";
const PBKDF2: &str = "PBKDF2 with 100,000 to 10,000,000 iterations";

impl Kdf {
    /// What is written: Argon2id with 64 MiB, three passes and one lane, the second choice of RFC 9106 (section 4) with the
    /// lanes a single thread fills. Nothing weaker is ever written.
    pub const CURRENT: Self = Self::Argon2id { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Whether it is at least as strong as [`Kdf::CURRENT`].
    pub fn is_current(self) -> bool {
        matches!(self, Self::Argon2id { memory_kib: 65_536.., passes: 3.., .. })
    }

    /// Whether the parameters are accepted from a file. Costs nothing.
    pub fn check(self) -> Result<(), KdfError> {
        let accepted = match self {
            Self::Argon2id { memory_kib: 8_192..=1_048_576, passes: 1..=16, lanes: 1..=16 }
            | Self::Pbkdf2Sha256 { iterations: 100_000..=10_000_000 } => return Ok(()),
            Self::Argon2id { .. } => ARGON2,
            Self::Pbkdf2Sha256 { .. } => PBKDF2,
        };
        Err(KdfError::Refused { kdf: self, accepted })
    }

    /// The key of `passphrase` with `salt`. Takes about a third of a second with [`Kdf::CURRENT`]: not for an async thread. The
    /// memory it used is overwritten.
    pub fn derive(self, passphrase: &Secret, salt: &[u8; 32]) -> Result<SecretKey, KdfError> {
        self.check()?;
        self.run(passphrase.expose(), salt)
    }

    /// Without the bounds, for the published vectors.
    pub(super) fn run(self, passphrase: &[u8], salt: &[u8]) -> Result<SecretKey, KdfError> {
        match self {
            Self::Pbkdf2Sha256 { iterations } => Ok(SecretKey::fill(|key| {
                pbkdf2::pbkdf2::<Hmac<Sha256>>(passphrase, salt, iterations, key)
                    .expect("HMAC takes a key of any length");
            })),
            Self::Argon2id { memory_kib, passes, lanes } => {
                let params = Params::new(memory_kib, passes, lanes, Some(32))
                    .map_err(|_| KdfError::Refused { kdf: self, accepted: ARGON2 })?;
                let mut memory = Vec::new();
                memory.try_reserve_exact(params.block_count()).map_err(|_| KdfError::NoMemory { kdf: self })?;
                memory.resize(params.block_count(), Block::new());
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                let mut result = Ok(());
                let key = SecretKey::fill(|key| {
                    result = argon2.hash_password_into_with_memory(passphrase, salt, key, &mut memory[..]);
                });
                // The key is the exclusive or of a few of these blocks.
                memory.zeroize();
                result.map(|()| key).map_err(|_| KdfError::Refused { kdf: self, accepted: ARGON2 })
            }
        }
    }
}

impl fmt::Display for Kdf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2id { memory_kib, passes, lanes } => {
                let plural = if *lanes == 1 { "" } else { "s" };
                write!(formatter, "Argon2id with {memory_kib} KiB, {passes} passes and {lanes} lane{plural}")
            }
            Self::Pbkdf2Sha256 { iterations } => write!(formatter, "PBKDF2 with {iterations} iterations"),
        }
    }
}
