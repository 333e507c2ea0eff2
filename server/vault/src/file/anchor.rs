//! The anchor: which state of the vault is the newest, kept outside of the folder of the vault. Owns its layout and the question
//! whether a vault is older than it was; touches no disk.
//!
//! ```text
//!   8  "ASIDEANC"     2  version: 1
//!  16  vault id      16  key id      8  generation
//!  32  HMAC-SHA256 of these under a key that is derived from the data key
//!  32  SHA-256 of everything before
//! ```
//!
//! Who can write both files and remove the anchor can bring back an older vault; the missing anchor is reported then.

use std::cmp::Ordering;

use aside_secret::SecretKey;
use aside_storage::sealed::{digest, mac, verify};

use super::{bytes::Reader, format::Header, keys::anchor_key};

/// How large an anchor is.
pub(super) const SIZE: usize = 114;
const MAGIC: &[u8; 8] = b"ASIDEANC";
const VERSION: u16 = 1;

/// A vault's newest known state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    id: [u8; 16],
    key_id: [u8; 16],
    pub(super) generation: u64,
    mac: [u8; 32],
}

/// What an anchor says of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the newest known state.
    Newest,
    /// It is newer: whoever wrote it was stopped before the anchor was written, or could not write it.
    Newer,
    /// It is older than one that was.
    Older {
        /// The generation that was.
        expected: u64,
    },
    /// It is another vault.
    Foreign,
    /// The anchor claims to be of this vault and key, and was not made with it.
    Forged,
}

impl Anchor {
    /// The anchor of the vault with this header and data key.
    pub(super) fn of(header: &Header, data: &SecretKey) -> Self {
        let Header { id, key_id, generation, .. } = *header;
        let mac = mac(&anchor_key(data), &[&id, &key_id, &generation.to_le_bytes()]);
        Self { id, key_id, generation, mac }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let generation = self.generation.to_le_bytes();
        let fields = [MAGIC.as_slice(), &VERSION.to_le_bytes(), &self.id, &self.key_id, &generation, &self.mac];
        let mut bytes = fields.concat();
        let end = digest(&bytes);
        bytes.extend_from_slice(&end);
        bytes
    }

    /// `None` when the bytes are no anchor.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (all, end) = bytes.split_last_chunk::<32>()?;
        let mut rest = Reader(all);
        if digest(all) != *end || rest.take(MAGIC.len())? != MAGIC || rest.u16()? != VERSION {
            return None;
        }
        let anchor = Self { id: rest.array()?, key_id: rest.array()?, generation: rest.u64()?, mac: rest.array()? };
        rest.is_done().then_some(anchor)
    }

    /// What it says of the vault with this header and data key.
    ///
    /// After a new data key, an anchor that was written with the one before can no longer be verified: its generation counts
    /// all the same, since claiming a higher one only makes the vault ask.
    pub(super) fn judge(&self, header: &Header, data: &SecretKey) -> Verdict {
        if self.id != header.id {
            return Verdict::Foreign;
        }
        let known = self.key_id == header.key_id;
        if known && !verify(&anchor_key(data), &[&self.id, &self.key_id, &self.generation.to_le_bytes()], &self.mac) {
            return Verdict::Forged;
        }
        match header.generation.cmp(&self.generation) {
            Ordering::Less => Verdict::Older { expected: self.generation },
            Ordering::Equal if known => Verdict::Newest,
            // The same generation with another key: written by a process that did not see the other.
            Ordering::Equal | Ordering::Greater => Verdict::Newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use aside_storage::sealed::Kdf;

    use super::*;
    use crate::file::{format::PassphraseWrap, keys::key_id};

    fn header(data: &SecretKey, id: u8, generation: u64) -> Header {
        let passphrase = PassphraseWrap { kdf: Kdf::CURRENT, salt: [0; 32], key: [0; 72] };
        Header { id: [id; 16], key_id: key_id(data), generation, created: 0, passphrase, recovery: None }
    }

    #[test]
    fn an_anchor_tells_older_newer_foreign_and_forged() {
        let data = SecretKey::fill(|key| key.fill(1));
        let other = SecretKey::fill(|key| key.fill(2));
        let anchor = Anchor::of(&header(&data, 1, 5), &data);
        for (header, data, expected) in [
            (header(&data, 1, 5), &data, Verdict::Newest),
            (header(&data, 1, 6), &data, Verdict::Newer),
            (header(&data, 1, 4), &data, Verdict::Older { expected: 5 }),
            (header(&data, 2, 4), &data, Verdict::Foreign),
            (header(&other, 1, 6), &other, Verdict::Newer),
            (header(&other, 1, 4), &other, Verdict::Older { expected: 5 }),
        ] {
            assert_eq!(anchor.judge(&header, data), expected, "{header:?}");
        }
        let forged = Anchor { generation: 3, ..anchor };
        assert_eq!(forged.judge(&header(&data, 1, 4), &data), Verdict::Forged);
    }

    #[test]
    fn only_whole_anchors_are_read() {
        let data = SecretKey::fill(|key| key.fill(1));
        let anchor = Anchor::of(&header(&data, 1, 5), &data);
        let bytes = anchor.to_bytes();
        assert_eq!((bytes.len(), Anchor::parse(&bytes)), (SIZE, Some(anchor)));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Anchor::parse(&changed), None, "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(Anchor::parse(&bytes[..length]), None, "{length} bytes");
        }
        assert_eq!(Anchor::parse(&[bytes.as_slice(), b"x"].concat()), None);
    }
}
