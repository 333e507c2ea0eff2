//! How one record vouches for the one before: a keyed hash over the code of the one before and the record itself.

use std::fmt::Write as _;

use aside_secret::SecretKey;
use aside_storage::sealed::{mac, subkey};

use crate::{KeyName, Slot};

/// A record's code.
pub(super) type Code = [u8; 32];

/// What the first record follows.
pub(super) const GENESIS: Code = [0; 32];

/// The keys that one secret of 32 random bytes gives, one for each purpose.
pub(super) struct Keys {
    chain: SecretKey,
    names: SecretKey,
    head: SecretKey,
}

impl Keys {
    /// The keys of this secret.
    pub(super) fn of(secret: &SecretKey) -> Self {
        Self {
            chain: subkey(secret, "aside/audit/v1/chain"),
            names: subkey(secret, "aside/audit/v1/names"),
            head: subkey(secret, "aside/audit/v1/head"),
        }
    }

    /// The code of the record `body` (without its own code) that follows a record with the code `previous`.
    pub(super) fn record(&self, previous: &Code, body: &[&[u8]]) -> Code {
        mac(&self.chain, &[previous, &body.concat()])
    }

    /// The code of the head `body`.
    pub(super) fn head(&self, body: &[u8]) -> Code {
        mac(&self.head, &[body])
    }

    /// What stands for a key in the log: 16 hexadecimal digits.
    pub(super) fn name(&self, name: &KeyName, slot: Slot) -> String {
        let slot = match slot {
            Slot::Current => "current",
            Slot::Previous => "previous",
        };
        let origin = name.origin.to_string();
        let code = mac(&self.names, &[name.provider.as_bytes(), origin.as_bytes(), slot.as_bytes()]);
        hex(&code[..8])
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

/// The code that these 64 lower-case hexadecimal digits spell.
pub(super) fn code(text: &[u8]) -> Option<Code> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut code = GENESIS;
    if text.len() != code.len() * 2 {
        return None;
    }
    for (byte, pair) in code.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(code)
}
