//! Keys in memory, for tests: what every other store is compared with. Nothing outlives it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, PoisonError},
};

use aside_secret::Secret;
use futures_util::future::{BoxFuture, ready};

use crate::{
    KeyError, KeyInfo, KeyName, KeyStore, NewKey, Patience, Place, Slot,
    store::{explain_missing, of_providers},
};

/// A store that forgets everything with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<(KeyName, Slot), Secret>>);

impl MemoryStore {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<(KeyName, Slot), Secret>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn missing(name: &KeyName) -> KeyError {
    KeyError::Missing { place: place(name) }
}

fn place(name: &KeyName) -> Place {
    Place::Keyring { provider: name.provider.clone(), origin: name.origin.clone() }
}

impl KeyStore for MemoryStore {
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        let found = self.with(|keys| keys.get(&(name.clone(), slot)).map(|value| Secret::new(value.expose().to_vec())));
        Box::pin(async move {
            match found {
                Some(value) => Ok(value),
                None => Err(explain_missing(self, name, slot, missing(name)).await),
            }
        })
    }

    fn set(&self, keys: Vec<NewKey>, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        self.with(|stored| stored.extend(keys.into_iter().map(|key| ((key.name, key.slot), key.value))));
        Box::pin(ready(Ok(())))
    }

    fn add(&self, key: NewKey, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        let place = place(&key.name);
        let added = self.with(|stored| match stored.entry((key.name, key.slot)) {
            Entry::Vacant(free) => {
                free.insert(key.value);
                Ok(())
            }
            Entry::Occupied(_) => Err(KeyError::Occupied { place }),
        });
        Box::pin(ready(added))
    }

    fn delete<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        let removed = self.with(|keys| keys.remove(&(name.clone(), slot)));
        Box::pin(ready(removed.map(drop).ok_or_else(|| missing(name))))
    }

    fn list(&self, _: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        let info = |(name, slot): &(KeyName, Slot)| KeyInfo { name: name.clone(), slot: *slot, stored_at: None };
        Box::pin(ready(Ok(of_providers(self.with(|keys| keys.keys().map(info).collect())))))
    }
}
