//! The vault file as bytes, version 1. Owns the layout, both ways; opens no envelope, derives no key and touches no disk. Whatever
//! the bytes are, they are read or refused: nothing is allocated that the file is not large enough for.
//!
//! All numbers are little-endian.
//!
//! ```text
//! header   8  "ASIDEVLT"
//!          2  version: 1
//!          4  length of the header, from the first byte of the file
//!         16  vault id: random
//!         16  key id: tells data keys apart, and tells nothing of them
//!          8  generation: one more with every write
//!          8  created: seconds since 1970
//!          1  number of key wraps, then each: the data key, sealed
//!               1  kind: 1 passphrase, 2 recovery words
//!               passphrase only:
//!                 1  function: 1 Argon2id, then memory in KiB (4), passes (4), lanes (4)
//!                              2 PBKDF2-HMAC-SHA256, then iterations (4)
//!                32  salt
//!              72  the data key under the key of the passphrase or the words
//! index    4  its length, then the sealed index; its associated data is the whole header
//! entries     the sealed values one after another; where each begins stands in the index
//! end     32  SHA-256 of everything before
//! ```
//!
//! The end is the same in every version to come: what fails it is damaged, whatever else it is.

use aside_storage::sealed::{Kdf, OVERHEAD, digest};

use super::bytes::Reader;

/// The most bytes of a vault file: 64 MiB.
pub(super) const LARGEST: u64 = 64 << 20;

/// The version that is written.
pub(super) const VERSION: u16 = 1;

const MAGIC: &[u8; 8] = b"ASIDEVLT";
const DIGEST: usize = 32;
/// Where the fields after the header's length begin.
const FIXED: usize = 14;

/// The data key in an envelope.
pub(super) type SealedKey = [u8; 32 + OVERHEAD];

/// What stands in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: [u8; 16],
    pub(super) key_id: [u8; 16],
    pub(super) generation: u64,
    pub(super) created: i64,
    pub(super) passphrase: PassphraseWrap,
    pub(super) recovery: Option<SealedKey>,
}

/// The data key under a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PassphraseWrap {
    pub(super) kdf: Kdf,
    pub(super) salt: [u8; 32],
    pub(super) key: SealedKey,
}

/// Why bytes are no vault file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The disk, a transfer or an editor changed them.
    Damaged(&'static str),
    /// They fit their checksum and are none the less nothing that we write.
    Altered(&'static str),
    /// A later Aside wrote them.
    Newer(u16),
}

/// A vault file's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) header: Header,
    /// The header as it stands in the file: the index's associated data.
    pub(super) head: &'a [u8],
    pub(super) index: &'a [u8],
    pub(super) entries: &'a [u8],
}

impl Header {
    /// The header as it stands in the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(512);
        fields.extend_from_slice(&self.id);
        fields.extend_from_slice(&self.key_id);
        fields.extend_from_slice(&self.generation.to_le_bytes());
        fields.extend_from_slice(&self.created.to_le_bytes());
        fields.push(1 + u8::from(self.recovery.is_some()));
        fields.push(1);
        put_kdf(&mut fields, self.passphrase.kdf);
        fields.extend_from_slice(&self.passphrase.salt);
        fields.extend_from_slice(&self.passphrase.key);
        if let Some(key) = &self.recovery {
            fields.push(2);
            fields.extend_from_slice(key);
        }
        let length = u32::try_from(FIXED + fields.len()).expect("a header is a few hundred bytes");
        [MAGIC.as_slice(), &VERSION.to_le_bytes(), &length.to_le_bytes(), &fields].concat()
    }

    fn parse(fields: &[u8]) -> Option<Self> {
        let mut rest = Reader(fields);
        let (id, key_id) = (rest.array()?, rest.array()?);
        let (generation, created) = (rest.u64()?, rest.i64()?);
        let wraps = rest.u8()?;
        if !matches!(wraps, 1 | 2) || rest.u8()? != 1 {
            return None;
        }
        let passphrase = PassphraseWrap { kdf: kdf(&mut rest)?, salt: rest.array()?, key: rest.array()? };
        let recovery = match wraps {
            2 if rest.u8()? == 2 => Some(rest.array()?),
            2 => return None,
            _ => None,
        };
        rest.is_done().then_some(Self { id, key_id, generation, created, passphrase, recovery })
    }
}

/// A key derivation function with its parameters, as it stands in the header.
pub(super) fn put_kdf(out: &mut Vec<u8>, kdf: Kdf) {
    let (id, numbers) = match kdf {
        Kdf::Argon2id { memory_kib, passes, lanes } => (1, vec![memory_kib, passes, lanes]),
        Kdf::Pbkdf2Sha256 { iterations } => (2, vec![iterations]),
    };
    out.push(id);
    out.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
}

fn kdf(rest: &mut Reader<'_>) -> Option<Kdf> {
    match rest.u8()? {
        1 => Some(Kdf::Argon2id { memory_kib: rest.u32()?, passes: rest.u32()?, lanes: rest.u32()? }),
        2 => Some(Kdf::Pbkdf2Sha256 { iterations: rest.u32()? }),
        _ => None,
    }
}

/// Takes a vault file apart. Nothing is opened: that its parts belong together is for whoever has the key.
pub(super) fn parse(bytes: &[u8]) -> Result<Parts<'_>, Broken> {
    if bytes.is_empty() {
        return Err(Broken::Damaged("it is empty"));
    }
    let (all, end) = bytes.split_last_chunk::<DIGEST>().ok_or(Broken::Damaged("it is too short"))?;
    let mut rest = Reader(all);
    if rest.take(MAGIC.len()) != Some(MAGIC) {
        return Err(Broken::Damaged("it does not begin like a vault"));
    }
    if digest(all) != *end {
        return Err(Broken::Damaged("its checksum does not fit"));
    }
    match rest.u16() {
        Some(VERSION) => {}
        Some(version) if version > VERSION => return Err(Broken::Newer(version)),
        _ => return Err(Broken::Altered("its version never existed")),
    }
    let length = rest.u32().and_then(|length| usize::try_from(length).ok());
    let header = length.and_then(|length| rest.take(length.checked_sub(FIXED)?)).and_then(Header::parse);
    let header = header.ok_or(Broken::Altered("its header is none of ours"))?;
    let head = &all[..all.len() - rest.0.len()];
    let index = rest.long().ok_or(Broken::Altered("its index has no place"))?;
    Ok(Parts { header, head, index, entries: rest.0 })
}

/// Puts a vault file together; `head` is [`Header::to_bytes`]. `None` when the index is longer than its length can say.
pub(super) fn assemble(head: &[u8], index: &[u8], entries: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(index.len()).ok()?.to_le_bytes();
    let mut bytes = Vec::with_capacity(head.len() + length.len() + index.len() + entries.len() + DIGEST);
    for part in [head, &length, index, entries] {
        bytes.extend_from_slice(part);
    }
    let end = digest(&bytes);
    bytes.extend_from_slice(&end);
    Some(bytes)
}

#[cfg(test)]
pub(super) mod tests;
