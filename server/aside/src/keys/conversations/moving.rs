//! Taking the key from one place to another, and bringing it back from its words. Owns the order of the steps: at every moment the key
//! is in at least one place, and a key that can be read is never replaced by another.

use std::{path::PathBuf, sync::Arc};

use aside_sessions::{DataKey, KeyFault, KeyFaultKind, KeyPlace};
use aside_storage::private::FileLock;
use aside_vault::{KeyError, Slot, audit::What};

use super::{
    Asking, ConversationKeys, End, Seen, VaultUse, blocking, chosen, fault, format, is_same, store_of, to_its_end,
};

/// What a move did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It was there already, and nowhere else.
    AlreadyThere,
    /// It is there now and not in these places any more.
    From(Vec<KeyPlace>),
}

/// What bringing a key back did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// It was kept there already.
    AlreadyThere(KeyPlace),
    /// It is kept there now; what was damaged lies there.
    Stored(KeyPlace, Option<PathBuf>),
}

impl ConversationKeys {
    /// Takes the key to `target`: stored and read back there first, then removed where it was.
    pub(crate) async fn move_to(&self, target: KeyPlace) -> Result<Moved, KeyFault> {
        let this = self.clone();
        to_its_end(async move { this.moved(target).await }).await
    }

    async fn moved(&self, target: KeyPlace) -> Result<Moved, KeyFault> {
        if let Some(setting) = chosen(self.around.choice()).filter(|setting| *setting != target) {
            return Err(fault::not_the_place(setting, target));
        }
        let lock = self.lock().await?;
        let there = match self.look_into(target, Asking::Person).await? {
            Seen::Keys(keys) => Some(keys),
            Seen::Nothing => None,
            Seen::NoPlace(fault) => return Err(fault),
        };
        let mut sources = self.elsewhere(target, there.is_some()).await?;
        if there.is_some() && sources.is_empty() {
            return Ok(Moved::AlreadyThere);
        }
        let Some(first) = there.as_deref().or(sources.first().map(|(_, keys)| keys.as_slice())) else {
            return Err(fault::nowhere(target));
        };
        if let Some((place, other)) = sources.iter().find(|(_, keys)| !is_same(keys, first)) {
            return Err(fault::another(*place, other, first));
        }
        let from: Vec<KeyPlace> = sources.iter().map(|(place, _)| *place).collect();
        let missing = there.is_none().then(|| sources.swap_remove(0).1);
        let steps = async {
            if let Some(keys) = missing {
                self.put(target, keys, &lock).await?;
            }
            for place in &from {
                self.remove(*place).await?;
            }
            Ok(Moved::From(from.clone()))
        };
        self.recorded(What::Move, steps).await
    }

    /// The keys in the places other than `target`. Once a key was found, a place that does not tell is left as it is.
    async fn elsewhere(&self, target: KeyPlace, found: bool) -> Result<Vec<(KeyPlace, Vec<DataKey>)>, KeyFault> {
        let mut sources = Vec::new();
        for place in [KeyPlace::File, KeyPlace::Vault, KeyPlace::Keyring] {
            let passed = place == KeyPlace::Vault && self.around.vault() != VaultUse::InUse;
            if place == target || passed {
                continue;
            }
            match self.look_into(place, Asking::Person).await {
                Ok(Seen::Keys(keys)) => sources.push((place, keys)),
                Ok(Seen::Nothing | Seen::NoPlace(_)) => {}
                Err(fault) if found || !sources.is_empty() => {
                    tracing::info!(%fault, "a place was not looked into for the key of the conversations");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(sources)
    }

    /// Stores `key`, which came from its words, where the settings say. A key that can be read is left alone; what is damaged is put
    /// aside, never deleted.
    pub(crate) async fn restore(&self, key: DataKey) -> Result<Restored, KeyFault> {
        let this = self.clone();
        to_its_end(async move { this.restored(key).await }).await
    }

    async fn restored(&self, key: DataKey) -> Result<Restored, KeyFault> {
        let lock = self.lock().await?;
        let search = match self.search(Asking::Person).await {
            Ok(search) => search,
            Err(KeyFault { kind: KeyFaultKind::Damaged, place: Some(place), .. }) => {
                return self.recorded(What::Import, self.mended(place, key, &lock)).await;
            }
            Err(fault) => return Err(fault),
        };
        let place = self.place_of_first(&search);
        match search.kept {
            Some(kept) if kept.keys.iter().any(|one| one.id() == key.id()) => Ok(Restored::AlreadyThere(kept.place)),
            Some(kept) => Err(fault::another(kept.place, &kept.keys, &[key])),
            None => {
                let place = place?;
                self.recorded(What::Import, self.put(place, vec![key], &lock)).await?;
                Ok(Restored::Stored(place, None))
            }
        }
    }

    /// Puts `key` in the place of something damaged, which is kept.
    async fn mended(&self, place: KeyPlace, key: DataKey, lock: &Arc<FileLock>) -> Result<Restored, KeyFault> {
        let Some(store) = store_of(place) else {
            let (file, held) = (self.file.clone(), Arc::clone(lock));
            let aside = blocking(move || file.put_aside(&held)).await?;
            self.put(place, vec![key], lock).await?;
            return Ok(Restored::Stored(place, Some(aside)));
        };
        let told = |error: KeyError| fault::of_store(place, &error);
        // The fault is the one that there was: what cannot be read cannot be kept.
        let damaged = self.around.get(store, Slot::Current, Asking::Person).await.map_err(told)?;
        if format::parse(&damaged, End::None).is_ok() {
            return Err(fault::not_read_back(place));
        }
        match self.around.add(store, Slot::Previous, damaged).await {
            Ok(()) => {}
            Err(KeyError::Occupied { .. }) => return Err(fault::no_room(place)),
            Err(error) => return Err(told(error)),
        }
        self.overwrite(place, vec![key], lock).await?;
        Ok(Restored::Stored(place, None))
    }
}
