//! A program around the key whose keyring and vault do as they are told.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use aside_config::SessionKey;
use aside_secret::Secret;
use aside_storage::{StorageError, private};
use aside_vault::{
    KeyInfo, KeyStore, LockReason, MemoryStore, NewKey, Place, Reopen,
    audit::{AuditError, Outcome},
};
use futures_util::future::ready;

use super::super::*;

/// How a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// There is no keyring in this session.
    Absent,
    Locked,
    Broken,
    /// It says that it stored something, and did not.
    Forgetful,
}

/// What can be changed while it is used.
pub(super) struct State {
    pub(super) choice: SessionKey,
    pub(super) vault: VaultUse,
    pub(super) ring_is: Mood,
    pub(super) safe_is: Mood,
    /// Whether the gate is locked.
    pub(super) locked: bool,
    /// Whether nothing can be recorded.
    pub(super) unrecorded: bool,
    pub(super) records: Vec<(What, Outcome)>,
}

/// The program around the key.
pub(super) struct World {
    pub(super) ring: Box<dyn KeyStore>,
    pub(super) safe: Box<dyn KeyStore>,
    state: Mutex<State>,
}

impl World {
    /// A keyring that is well, and no vault.
    pub(super) fn new(choice: SessionKey) -> Arc<Self> {
        Self::with(choice, Box::new(MemoryStore::default()), Box::new(MemoryStore::default()))
    }

    pub(super) fn with(choice: SessionKey, ring: Box<dyn KeyStore>, safe: Box<dyn KeyStore>) -> Arc<Self> {
        let state = State {
            choice,
            vault: VaultUse::None,
            ring_is: Mood::Well,
            safe_is: Mood::Well,
            locked: false,
            unrecorded: false,
            records: Vec::new(),
        };
        Arc::new(Self { ring, safe, state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics here")
    }

    fn store(&self, store: Store) -> (&dyn KeyStore, Mood) {
        match store {
            Store::Keyring => (self.ring.as_ref(), self.state().ring_is),
            Store::File => (self.safe.as_ref(), self.state().safe_is),
        }
    }

    /// The store, if it gives anything.
    fn usable(&self, store: Store) -> Result<(&dyn KeyStore, Mood), KeyError> {
        let reason = "made up".to_owned();
        match (self.store(store), store) {
            ((_, Mood::Absent), _) => Err(KeyError::Absent { reason }),
            ((_, Mood::Locked), Store::Keyring) => Err(KeyError::Locked { reason }),
            ((_, Mood::Locked), Store::File) => Err(KeyError::VaultLocked { reason }),
            ((_, Mood::Broken), _) => Err(KeyError::Unavailable { reason }),
            (usable, _) => Ok(usable),
        }
    }

    fn gate(&self) -> Result<(), KeyError> {
        let locked = KeyError::GateLocked { reason: LockReason::Asked, reopen: Reopen::Explicit };
        if self.state().locked { Err(locked) } else { Ok(()) }
    }
}

fn new(slot: Slot, value: Secret) -> NewKey {
    NewKey { name: KeyName::conversations(), slot, value }
}

impl Around for World {
    fn choice(&self) -> SessionKey {
        self.state().choice
    }

    fn vault(&self) -> VaultUse {
        self.state().vault
    }

    fn patience(&self) -> Patience {
        Patience::Request
    }

    fn admit(&self, _: Asking) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(ready(self.gate()))
    }

    fn get(&self, store: Store, slot: Slot, _: Asking) -> BoxFuture<'_, Result<Secret, KeyError>> {
        Box::pin(async move {
            self.gate()?;
            self.usable(store)?.0.get(&KeyName::conversations(), slot, Patience::Request).await
        })
    }

    fn set(&self, store: Store, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.gate()?;
            match self.usable(store)? {
                (_, Mood::Forgetful) => Ok(()),
                (store, _) => store.set(vec![new(slot, value)], Patience::Request).await,
            }
        })
    }

    fn add(&self, store: Store, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.gate()?;
            match self.usable(store)? {
                (_, Mood::Forgetful) => Ok(()),
                (store, _) => store.add(new(slot, value), Patience::Request).await,
            }
        })
    }

    fn delete(&self, store: Store, slot: Slot) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.gate()?;
            self.usable(store)?.0.delete(&KeyName::conversations(), slot, Patience::Request).await
        })
    }

    fn begin(&self, begun: Record) -> BoxFuture<'_, Result<(), AuditError>> {
        let full = || AuditError::Storage(StorageError::Exists { path: "audit.jsonl".into() });
        let refused = self.state().unrecorded;
        assert_eq!(begun.key, Some(KeyName::conversations()));
        Box::pin(ready(if refused { Err(full()) } else { Ok(()) }))
    }

    fn end(&self, ended: Record) {
        self.state().records.push((ended.what, ended.outcome));
    }
}

/// A data folder and a program around it.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) world: Arc<World>,
}

impl Bench {
    pub(super) fn new(choice: SessionKey) -> Self {
        Self::around(World::new(choice))
    }

    pub(super) fn around(world: Arc<World>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("data")).expect("made");
        set_mode(&folder.path().join("data"), 0o700);
        Self { folder, world }
    }

    /// The key as another process would see it.
    pub(super) fn keys(&self) -> ConversationKeys {
        keys_in(self.folder.path(), Arc::clone(&self.world))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("data/sessions.key")
    }

    /// Puts text where the keyring or the vault keeps the key.
    pub(super) async fn plant(&self, store: Store, text: &str) {
        let value = Secret::new(text.as_bytes().to_vec());
        let (store, _) = self.world.store(store);
        store.set(vec![new(Slot::Current, value)], Patience::Request).await.expect("stored");
    }

    /// What a store holds.
    pub(super) async fn held(&self, store: Store, slot: Slot) -> Option<String> {
        let (store, _) = self.world.store(store);
        let value = store.get(&KeyName::conversations(), slot, Patience::Request).await.ok()?;
        Some(String::from_utf8_lossy(value.expose()).into_owned())
    }

    /// Everything in the data folder: names, modes and bytes.
    pub(super) fn snapshot(&self) -> BTreeMap<String, (u32, u64, Option<Vec<u8>>)> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(self.folder.path().join("data")).expect("a folder").flatten() {
            let metadata = entry.path().symlink_metadata().expect("it is there");
            let small = metadata.is_file() && metadata.len() < 1 << 20;
            let bytes = small.then(|| fs::read(entry.path()).unwrap_or_default());
            let name = entry.file_name().to_string_lossy().into_owned();
            found.insert(name, (metadata.mode(), metadata.len(), bytes));
        }
        found.remove("sessions.key.lock");
        found
    }
}

pub(super) fn keys_in(home: &Path, world: Arc<World>) -> ConversationKeys {
    ConversationKeys::over(world, &home.join("data"), &home.join("state"))
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

pub(super) fn key(byte: u8) -> DataKey {
    DataKey::from_bytes(&[byte; 32])
}

/// The text of keys as a store holds it.
pub(super) fn line(bytes: &[u8]) -> String {
    let keys: Vec<_> = bytes.iter().map(|byte| key(*byte)).collect();
    String::from_utf8(format::text(&keys, End::None).expose().to_vec()).expect("ASCII")
}

/// A private file with this text.
pub(super) fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).expect("written");
    set_mode(path, 0o600);
}

pub(super) fn ids(kept: &Kept) -> Vec<KeyId> {
    kept.keys.iter().map(DataKey::id).collect()
}

/// A store in a folder, for several processes: each value a file, made or replaced as a whole, on a thread that may wait.
pub(super) struct FolderStore(pub(super) PathBuf);

impl FolderStore {
    async fn at<T: Send + 'static>(
        &self,
        slot: Slot,
        work: impl FnOnce(&Path) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, KeyError> {
        let path = self.0.join(if slot == Slot::Current { "current" } else { "previous" });
        let done = tokio::task::spawn_blocking(move || work(&path)).await.expect("no panic");
        done.map_err(|error| match error {
            StorageError::Exists { .. } => KeyError::Occupied { place: Place::Vault(KeyName::conversations()) },
            error => KeyError::Unavailable { reason: error.to_string() },
        })
    }
}

fn missing() -> KeyError {
    KeyError::Missing { place: Place::Vault(KeyName::conversations()) }
}

impl KeyStore for FolderStore {
    fn get<'a>(&'a self, _: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        Box::pin(async move { self.at(slot, |path| private::read_secret(path, 4096)).await?.ok_or_else(missing) })
    }

    fn set(&self, keys: Vec<NewKey>, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            for NewKey { slot, value, .. } in keys {
                self.at(slot, move |path| private::write_atomic(path, value.expose())).await?;
            }
            Ok(())
        })
    }

    fn add(&self, key: NewKey, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(self.at(key.slot, move |path| {
            let lock = FileLock::exclusive(&path.with_extension("lock"), Duration::from_secs(10))?;
            private::create_locked(path, key.value.expose(), &lock)
        }))
    }

    fn delete<'a>(&'a self, _: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        Box::pin(async move { if self.at(slot, private::remove).await? { Ok(()) } else { Err(missing()) } })
    }

    fn list(&self, _: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}
