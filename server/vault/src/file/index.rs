//! The index of a vault file, once opened: what is stored and where. Owns its layout, both ways, and what each entry's value is
//! bound to; opens and seals nothing.
//!
//! ```text
//!         32  SHA-256 of the file's entries, all of them
//!          4  how many there are, then each, sorted by name and slot:
//!               2  length, then the provider's name
//!               2  length, then the origin: `scheme://host:port`, or `aside:what` for what is never sent
//!               1  slot: 0 current, 1 previous
//!               8  stored at: seconds since 1970
//!               8  the generation it was stored with
//!               4  length of its sealed value
//! ```

use std::{collections::BTreeMap, ops::Range};

use aside_storage::sealed::{OVERHEAD, digest};
use zeroize::Zeroizing;

use super::{
    bytes::{Reader, put_text},
    format::VERSION,
};
use crate::{KeyName, Origin, Slot};

/// The most entries.
pub(super) const MOST: usize = 100_000;
/// The most bytes of one value: 64 KiB.
pub(super) const LONGEST_VALUE: usize = 64 << 10;
/// The most bytes of a provider's name and of an origin.
pub(super) const LONGEST_NAME: usize = 4 << 10;

/// Which entry.
pub(super) type Id = (KeyName, Slot);

/// One entry without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) stored_at: i64,
    pub(super) generation: u64,
    /// Its sealed value in the file's entries.
    pub(super) place: Range<usize>,
}

/// All entries by name and slot.
pub(super) type Index = BTreeMap<Id, Entry>;

/// The index of these entries; their places are behind each other from 0 in the map's order.
pub(super) fn to_bytes(index: &Index, entries: &[u8]) -> Zeroizing<Vec<u8>> {
    let size: usize = index.keys().map(|(name, _)| name.provider.len() + name.origin.to_string().len() + 25).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(36 + size));
    out.extend_from_slice(&digest(entries));
    out.extend_from_slice(&u32::try_from(index.len()).expect("the number of entries is bounded").to_le_bytes());
    for ((name, slot), entry) in index {
        put_text(&mut out, &name.provider);
        put_text(&mut out, &name.origin.to_string());
        out.push(slot_byte(*slot));
        out.extend_from_slice(&entry.stored_at.to_le_bytes());
        out.extend_from_slice(&entry.generation.to_le_bytes());
        out.extend_from_slice(&u32::try_from(entry.place.len()).expect("a value is bounded").to_le_bytes());
    }
    out
}

/// Reads an index for these entries. `None` when it is not exactly what [`to_bytes`] gives for them.
pub(super) fn parse(bytes: &[u8], entries: &[u8]) -> Option<Index> {
    let mut rest = Reader(bytes);
    if rest.array()? != digest(entries) {
        return None;
    }
    let count = usize::try_from(rest.u32()?).ok().filter(|count| *count <= MOST)?;
    let mut index = Index::new();
    let mut start = 0_usize;
    for _ in 0..count {
        let (provider, address) = (rest.text()?, rest.text()?);
        let id = (KeyName::new(provider, Origin::shown_as(address)?), slot(rest.u8()?)?);
        let (stored_at, generation) = (rest.i64()?, rest.u64()?);
        let length = usize::try_from(rest.u32()?).ok().filter(|length| *length <= LONGEST_VALUE + OVERHEAD)?;
        let place = start..start.checked_add(length).filter(|end| *end <= entries.len())?;
        start = place.end;
        // Sorted, so that no entry hides another.
        if index.last_key_value().is_some_and(|(last, _)| *last >= id) {
            return None;
        }
        index.insert(id, Entry { stored_at, generation, place });
    }
    (rest.is_done() && start == entries.len()).then_some(index)
}

/// What an entry's sealed value is bound to: this vault, this name and slot, and the write it came with.
pub(super) fn associated(vault: &[u8; 16], (name, slot): &Id, generation: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(vault);
    put_text(&mut out, &name.provider);
    put_text(&mut out, &name.origin.to_string());
    out.push(slot_byte(*slot));
    out.extend_from_slice(&generation.to_le_bytes());
    out
}

fn slot_byte(slot: Slot) -> u8 {
    match slot {
        Slot::Current => 0,
        Slot::Previous => 1,
    }
}

fn slot(byte: u8) -> Option<Slot> {
    match byte {
        0 => Some(Slot::Current),
        1 => Some(Slot::Previous),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
