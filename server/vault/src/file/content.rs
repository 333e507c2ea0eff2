//! A vault file that is open: its bytes, its header and its index, with the values still sealed. Owns opening with a data key,
//! giving one value, and making the bytes of the next state; touches no disk.

use std::{borrow::Cow, collections::BTreeMap};

use aside_secret::{Secret, SecretKey};
use aside_storage::sealed::{open, seal};

use super::{
    VaultError,
    format::{self, Broken, Header, LARGEST},
    index::{self, Entry, Id, Index, LONGEST_NAME, LONGEST_VALUE, MOST},
    keys::{entry_key, index_key},
};
use crate::{KeyInfo, KeyName};

const NO_VALUE: VaultError = VaultError::Altered { what: "a value is not the one that was stored" };

/// A vault file's header and index. The bytes stay with whoever read them.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) header: Header,
    pub(super) index: Index,
    /// Where the sealed values begin in the file.
    start: usize,
}

impl Content {
    /// Opens `bytes` with the data key. No value is opened.
    pub(super) fn open(bytes: &[u8], data: &SecretKey) -> Result<Self, VaultError> {
        let parts = format::parse(bytes)?;
        let plain = open(&index_key(data), parts.head, parts.index)
            .map_err(|_| VaultError::Altered { what: "its header and its index do not belong together" })?;
        let index = index::parse(plain.expose(), parts.entries)
            .ok_or(VaultError::Altered { what: "its index and its values do not belong together" })?;
        let start = parts.head.len() + 4 + parts.index.len();
        Ok(Self { header: parts.header, index, start })
    }

    /// The value of an entry; `bytes` are those it was opened from.
    pub(super) fn value(&self, bytes: &[u8], id: &Id, entry: &Entry, key: &SecretKey) -> Result<Secret, VaultError> {
        let associated = index::associated(&self.header.id, id, entry.generation);
        open(key, &associated, self.sealed(bytes, entry)).map_err(|_| NO_VALUE)
    }

    /// The value under a name and slot.
    pub(super) fn get(&self, bytes: &[u8], id: &Id, data: &SecretKey) -> Result<Secret, VaultError> {
        let entry = self.index.get(id).ok_or_else(|| VaultError::NoKey { name: id.0.clone() })?;
        self.value(bytes, id, entry, &entry_key(data))
    }

    /// Opens every value, so that nothing can turn out to be altered later.
    pub(super) fn verify(&self, bytes: &[u8], data: &SecretKey) -> Result<(), VaultError> {
        let key = entry_key(data);
        self.index.iter().try_for_each(|(id, entry)| self.value(bytes, id, entry, &key).map(drop))
    }

    /// What is stored, sorted by name and slot.
    pub(super) fn infos(&self) -> Vec<KeyInfo> {
        let info = |((name, slot), entry): (&Id, &Entry)| KeyInfo {
            name: name.clone(),
            slot: *slot,
            stored_at: Some(entry.stored_at),
        };
        self.index.iter().map(info).collect()
    }

    /// The next state, so far the same as this one but for its generation.
    pub(super) fn draft<'a>(&self, bytes: &'a [u8], generation: u64) -> Draft<'a> {
        let item = |entry: &Entry| Item {
            stored_at: entry.stored_at,
            generation: entry.generation,
            sealed: Cow::Borrowed(self.sealed(bytes, entry)),
        };
        let items = self.index.iter().map(|(id, entry)| (id.clone(), item(entry))).collect();
        Draft { header: Header { generation, ..self.header.clone() }, items }
    }

    /// The values that are wanted, sealed anew under another data key and for another vault id.
    pub(super) fn resealed(
        &self,
        (bytes, data): (&[u8], &SecretKey),
        header: Header,
        new: &SecretKey,
        wanted: impl Fn(&KeyName) -> bool,
    ) -> Result<Draft<'static>, VaultError> {
        let (old_key, new_key) = (entry_key(data), entry_key(new));
        let mut items = BTreeMap::new();
        for (id, entry) in self.index.iter().filter(|(id, _)| wanted(&id.0)) {
            let value = self.value(bytes, id, entry, &old_key)?;
            let item = Item::seal(&header.id, id, (entry.stored_at, entry.generation), &value, &new_key)?;
            items.insert(id.clone(), item);
        }
        Ok(Draft { header, items })
    }

    fn sealed<'a>(&self, bytes: &'a [u8], entry: &Entry) -> &'a [u8] {
        // The index was read for exactly these bytes.
        bytes.get(self.start..).and_then(|entries| entries.get(entry.place.clone())).unwrap_or_default()
    }
}

/// One value of a state that is not written yet.
#[derive(Debug)]
pub(super) struct Item<'a> {
    stored_at: i64,
    generation: u64,
    sealed: Cow<'a, [u8]>,
}

impl Item<'_> {
    /// Seals a value that is stored at a time with a generation.
    pub(super) fn seal(
        vault: &[u8; 16],
        id: &Id,
        (stored_at, generation): (i64, u64),
        value: &Secret,
        key: &SecretKey,
    ) -> Result<Item<'static>, VaultError> {
        let sealed = seal(key, &index::associated(vault, id, generation), value.expose())?;
        Ok(Item { stored_at, generation, sealed: Cow::Owned(sealed) })
    }
}

/// A state of the vault that is not written yet.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) header: Header,
    items: BTreeMap<Id, Item<'a>>,
}

impl Draft<'_> {
    /// A vault with nothing in it.
    pub(super) fn empty(header: Header) -> Self {
        Self { header, items: BTreeMap::new() }
    }

    /// Stores a value, replacing what is under its name and slot.
    pub(super) fn put(&mut self, id: Id, value: &Secret, now: i64, key: &SecretKey) -> Result<(), VaultError> {
        if value.expose().len() > LONGEST_VALUE {
            return Err(VaultError::TooLarge { what: "a value has more than 64 KiB" });
        }
        if id.0.provider.len() > LONGEST_NAME || id.0.origin.to_string().len() > LONGEST_NAME {
            return Err(VaultError::TooLarge { what: "a name has more than 4 KiB" });
        }
        let item = Item::seal(&self.header.id, &id, (now, self.header.generation), value, key)?;
        self.items.insert(id, item);
        Ok(())
    }

    /// Whether there is a value under a name and slot.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.items.contains_key(id)
    }

    /// Removes a value. Gives whether there was one.
    pub(super) fn remove(&mut self, id: &Id) -> bool {
        self.items.remove(id).is_some()
    }

    /// The file of this state.
    pub(super) fn to_bytes(&self, data: &SecretKey) -> Result<Vec<u8>, VaultError> {
        if self.items.len() > MOST {
            return Err(VaultError::TooLarge { what: "there are more than 100,000 keys" });
        }
        let full = || VaultError::TooLarge { what: "the vault would have more than 64 MiB" };
        let mut entries = Vec::with_capacity(self.items.values().map(|item| item.sealed.len()).sum());
        let mut index = Index::new();
        for (id, Item { stored_at, generation, sealed }) in &self.items {
            let start = entries.len();
            entries.extend_from_slice(sealed);
            let place = start..entries.len();
            index.insert(id.clone(), Entry { stored_at: *stored_at, generation: *generation, place });
        }
        if entries.len() as u64 > LARGEST {
            return Err(full());
        }
        let head = self.header.to_bytes();
        let sealed = seal(&index_key(data), &head, &index::to_bytes(&index, &entries))?;
        let bytes = format::assemble(&head, &sealed, &entries).ok_or_else(full)?;
        if bytes.len() as u64 > LARGEST { Err(full()) } else { Ok(bytes) }
    }
}

/// The header of a vault file, read without any key.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Broken> {
    format::parse(bytes).map(|parts| parts.header)
}
