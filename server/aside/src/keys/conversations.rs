//! The key of the conversations: where it is kept, and how it gets there without ever being lost.
//!
//! Owns which place is looked into, that the first key is made once however many processes want one, that nothing that is kept is
//! overwritten by another key, and that whatever was stored is read back before it counts. What is done with the key is the
//! conversations' own business; how a place keeps what it is given is the vault crate's.
//!
//! Everything that changes something holds one lock between processes, in a task of its own: whoever gives up waiting gives up
//! neither the lock nor the work.

mod around;
mod fault;
mod file;
mod format;
mod moving;
mod shown;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aside_config::SessionKey;
use aside_secret::stack;
use aside_sessions::{DataKey, DataKeys, Kept, KeyFault, KeyFaultKind, KeyId, KeyPlace, MOST_KEYS};
use aside_storage::private::FileLock;
use aside_vault::{
    KeyError, KeyName, Patience, Slot,
    audit::{Record, What},
};
use futures_util::future::BoxFuture;

pub(crate) use self::moving::{Moved, Restored};
use self::{
    around::{Around, Asking, VaultUse},
    file::KeyFile,
    format::End,
    shown::Shown,
};
use super::{Kept as Store, KeyService};

/// How long making or moving the key waits for another process that does the same. Longer where a person sits in front of it: the
/// other may be waiting for them.
const WAIT: Duration = Duration::from_secs(10);
const WAIT_IN_PERSON: Duration = Duration::from_secs(150);

/// The key of the conversations. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ConversationKeys {
    around: Arc<dyn Around>,
    file: KeyFile,
    shown: Shown,
}

/// How the key stands, for people. Looking asks nobody for a password.
#[derive(Debug)]
pub(crate) struct Standing {
    /// What the settings say.
    pub(crate) choice: SessionKey,
    /// Where it is, or where it would be made.
    pub(crate) place: Option<KeyPlace>,
    /// The keys that are kept, the newest last.
    pub(crate) keys: Vec<KeyId>,
    /// Why that cannot be told.
    pub(crate) fault: Option<KeyFault>,
    /// The key file, whether or not it is in use.
    pub(crate) file: PathBuf,
    /// Whether the newest key's recovery words were shown.
    pub(crate) words_shown: bool,
}

impl Standing {
    /// How it stands, one sentence.
    pub(crate) fn told(&self) -> String {
        match (&self.fault, self.place) {
            (Some(fault), _) => fault.message.clone(),
            (None, Some(KeyPlace::File)) if !self.keys.is_empty() => format!(
                "the key of the conversations is in `{}`: that protects copies of them that are made without it, and nothing else",
                self.file.display()
            ),
            (None, Some(place)) if self.keys.is_empty() => {
                format!("there is no key of conversations yet; the first one will be in the {}", place.name())
            }
            (None, Some(place)) => format!("the key of the conversations is in the {}", place.name()),
            (None, None) => "there is no key of conversations yet".to_owned(),
        }
    }

    /// The next step, where there is one.
    pub(crate) fn next(&self) -> Option<String> {
        match &self.fault {
            Some(fault) => Some(fault.hint.clone()),
            None if self.keys.is_empty() => None,
            None if !self.words_shown => {
                Some("`aside session key words` shows the words that bring it back when it is lost".to_owned())
            }
            None if self.place == Some(KeyPlace::File) => Some(
                "`aside session key move keyring` or `move vault` keeps it where a copy of the disk does not open it"
                    .to_owned(),
            ),
            None => None,
        }
    }

    /// Whether a person has to unlock something first.
    pub(crate) fn is_locked(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.kind == KeyFaultKind::Locked)
    }
}

/// What a look into one place gives.
enum Seen {
    /// These are kept there.
    Keys(Vec<DataKey>),
    /// Certainly none.
    Nothing,
    /// The place itself is not there, or left out.
    NoPlace(KeyFault),
}

/// What a look into all places gives.
struct Search {
    kept: Option<Kept>,
    /// Places that are not there now and might hold it elsewhere, in another session or with other settings.
    unseen: Vec<(KeyPlace, KeyFault)>,
}

impl Search {
    fn lacks(&self, place: KeyPlace) -> Option<&KeyFault> {
        self.unseen.iter().find(|(unseen, _)| *unseen == place).map(|(_, fault)| fault)
    }
}

impl ConversationKeys {
    /// The key of this user's conversations, with the key file in `data` and what was shown in `state`. Touches nothing.
    pub(crate) fn new(keys: &Arc<KeyService>, data: &Path, state: &Path) -> Self {
        Self::over(Arc::new(Arc::clone(keys)), data, state)
    }

    fn over(around: Arc<dyn Around>, data: &Path, state: &Path) -> Self {
        Self { around, file: KeyFile::in_folder(data), shown: Shown::in_folder(state) }
    }

    /// How it stands.
    pub(crate) async fn standing(&self) -> Standing {
        let (choice, file) = (self.around.choice(), self.file.path());
        let (place, keys, fault) = match self.search(Asking::Look).await {
            Ok(Search { kept: Some(kept), .. }) => {
                (Some(kept.place), kept.keys.iter().map(DataKey::id).collect(), None)
            }
            Ok(search) => match self.place_of_first(&search) {
                Ok(place) => (Some(place), Vec::new(), None),
                Err(fault) => (fault.place, Vec::new(), Some(fault)),
            },
            Err(fault) => (fault.place, Vec::new(), Some(fault)),
        };
        let words_shown = keys.last().is_some_and(|newest| self.shown.has(*newest));
        Standing { choice, place, keys, fault, file, words_shown }
    }

    /// Remembers that the recovery words of this key were shown.
    pub(crate) fn words_were_shown(&self, key: KeyId) {
        if let Err(error) = self.shown.remember(key) {
            tracing::warn!(%error, "that recovery words were shown is not remembered");
        }
    }

    /// Keys whose recovery words were shown here, when there are some and this one is not among them.
    pub(crate) fn other_words_shown(&self, key: KeyId) -> Vec<String> {
        let ids = self.shown.ids();
        if ids.contains(&key.to_string()) { Vec::new() } else { ids }
    }

    /// The places in the order in which they are looked into.
    fn order(&self) -> Vec<KeyPlace> {
        match (chosen(self.around.choice()), self.around.vault()) {
            (Some(place), _) => vec![place],
            (None, VaultUse::None) => vec![KeyPlace::File, KeyPlace::Keyring],
            (None, VaultUse::LeftOut | VaultUse::InUse) => vec![KeyPlace::File, KeyPlace::Vault, KeyPlace::Keyring],
        }
    }

    /// Looks for the key until it is found.
    async fn search(&self, asking: Asking) -> Result<Search, KeyFault> {
        let mut unseen = Vec::new();
        for place in self.order() {
            match self.look_into(place, asking).await? {
                Seen::Keys(keys) => return Ok(Search { kept: Some(Kept { place, keys }), unseen }),
                Seen::Nothing => {}
                Seen::NoPlace(fault) => unseen.push((place, fault)),
            }
        }
        match chosen(self.around.choice()) {
            Some(place) if place != KeyPlace::File && self.file.is_there()? => Err(fault::elsewhere(place)),
            _ => Ok(Search { kept: None, unseen }),
        }
    }

    async fn look_into(&self, place: KeyPlace, asking: Asking) -> Result<Seen, KeyFault> {
        let Some(store) = store_of(place) else {
            self.around.admit(asking).await.map_err(|error| fault::of_store(place, &error))?;
            let file = self.file.clone();
            return Ok(blocking(move || file.read()).await?.map_or(Seen::Nothing, Seen::Keys));
        };
        if place == KeyPlace::Vault {
            match self.around.vault() {
                VaultUse::None => return Ok(Seen::NoPlace(fault::no_vault())),
                VaultUse::LeftOut => return Ok(Seen::NoPlace(fault::vault_left_out())),
                VaultUse::InUse => {}
            }
        }
        match self.around.get(store, Slot::Current, asking).await {
            Ok(text) => match format::parse(&text, End::None) {
                Ok(keys) => Ok(Seen::Keys(keys)),
                Err(not_keys) => Err(fault::damaged_value(place, not_keys)),
            },
            Err(KeyError::Missing { .. } | KeyError::Elsewhere { .. }) => Ok(Seen::Nothing),
            Err(error @ KeyError::Absent { .. }) => Ok(Seen::NoPlace(fault::of_store(place, &error))),
            Err(error) => Err(fault::of_store(place, &error)),
        }
    }

    /// Where the first key is made when `search` found none.
    fn place_of_first(&self, search: &Search) -> Result<KeyPlace, KeyFault> {
        let place = match chosen(self.around.choice()) {
            Some(place) => place,
            None if self.around.vault() == VaultUse::InUse => KeyPlace::Vault,
            // There is none at all; one that is there and does not work would be a fault by now.
            None if search.lacks(KeyPlace::Keyring).is_some() => KeyPlace::File,
            None => KeyPlace::Keyring,
        };
        search.lacks(place).map_or(Ok(place), |fault| Err(fault.clone()))
    }

    async fn look(&self) -> Result<Kept, KeyFault> {
        let search = self.search(Asking::Person).await?;
        if let Some(kept) = search.kept {
            return Ok(kept);
        }
        let place = self.place_of_first(&search)?;
        // Not there now is not the same as not kept.
        match search.unseen.into_iter().next() {
            None => Ok(Kept { place, keys: Vec::new() }),
            Some((_, fault)) if chosen(self.around.choice()).is_none() => {
                Err(fault::not_found(&self.file.path(), fault))
            }
            Some((_, fault)) => Err(fault),
        }
    }

    async fn look_or_make(&self) -> Result<Kept, KeyFault> {
        if let Some(kept) = self.search(Asking::Person).await?.kept {
            return Ok(kept);
        }
        let lock = self.lock().await?;
        let search = self.search(Asking::Person).await?;
        let place = self.place_of_first(&search);
        if let Some(kept) = search.kept {
            return Ok(kept);
        }
        let place = place?;
        let key = DataKey::random().map_err(|error| fault::no_random(&error))?;
        // It takes nothing away from anybody: a log that cannot be written does not keep a person from talking.
        let made = self.put(place, vec![key], &lock).await;
        self.around.end(outcome(What::Set, &made));
        let keys = made?;
        tracing::info!(place = place.as_str(), key = %keys[0].id(), "made the key of the conversations");
        Ok(Kept { place, keys })
    }

    async fn replace_kept(&self, keys: Vec<DataKey>) -> Result<(), KeyFault> {
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(fault::not_so_many(keys.len()));
        }
        let lock = self.lock().await?;
        let search = self.search(Asking::Person).await?;
        let Some(kept) = search.kept else {
            return Err(fault::nowhere(self.place_of_first(&search)?));
        };
        self.recorded(What::Rotate, self.overwrite(kept.place, keys, &lock)).await
    }

    /// Stores keys where none are, and reads them back.
    async fn put(&self, place: KeyPlace, keys: Vec<DataKey>, lock: &Arc<FileLock>) -> Result<Vec<DataKey>, KeyFault> {
        match store_of(place) {
            Some(store) => {
                let added = self.around.add(store, Slot::Current, format::text(&keys, End::None)).await;
                added.map_err(|error| fault::of_store(place, &error))?;
                self.read_back(place, keys).await
            }
            None => {
                let (file, lock) = (self.file.clone(), Arc::clone(lock));
                let keys = blocking(move || file.create(&keys, &lock).map(|()| keys)).await?;
                self.read_back(place, keys).await
            }
        }
    }

    /// Stores keys in place of what is there, and reads them back.
    async fn overwrite(&self, place: KeyPlace, keys: Vec<DataKey>, lock: &Arc<FileLock>) -> Result<(), KeyFault> {
        let keys = match store_of(place) {
            Some(store) => {
                let set = self.around.set(store, Slot::Current, format::text(&keys, End::None)).await;
                set.map_err(|error| fault::of_store(place, &error))?;
                keys
            }
            None => {
                let (file, lock) = (self.file.clone(), Arc::clone(lock));
                blocking(move || file.replace(&keys, &lock).map(|()| keys)).await?
            }
        };
        self.read_back(place, keys).await.map(drop)
    }

    /// Nothing counts as stored before it was read from where it is.
    async fn read_back(&self, place: KeyPlace, keys: Vec<DataKey>) -> Result<Vec<DataKey>, KeyFault> {
        match self.look_into(place, Asking::Person).await? {
            Seen::Keys(found) if is_same(&found, &keys) => Ok(found),
            _ => Err(fault::not_read_back(place)),
        }
    }

    /// Removes the key from a place; gone already is as good.
    async fn remove(&self, place: KeyPlace) -> Result<(), KeyFault> {
        let Some(store) = store_of(place) else {
            let file = self.file.clone();
            return blocking(move || file.remove()).await;
        };
        match self.around.delete(store, Slot::Current).await {
            Ok(()) | Err(KeyError::Missing { .. }) => Ok(()),
            Err(error) => Err(fault::of_store(place, &error)),
        }
    }

    /// The lock under which the key is made, moved and replaced.
    async fn lock(&self) -> Result<Arc<FileLock>, KeyFault> {
        let wait = match self.around.patience() {
            Patience::Request => WAIT,
            Patience::Person => WAIT_IN_PERSON,
        };
        let file = self.file.clone();
        blocking(move || file.lock(wait)).await.map(Arc::new)
    }

    /// Does something with the key that has to be recorded: what cannot be is not begun.
    pub(crate) async fn recorded<T>(
        &self,
        what: What,
        work: impl Future<Output = Result<T, KeyFault>>,
    ) -> Result<T, KeyFault> {
        let begun = Record::begun(what).key(&KeyName::conversations());
        self.around.begin(begun).await.map_err(|error| fault::unrecorded(&error))?;
        let done = work.await;
        self.around.end(outcome(what, &done));
        done
    }
}

fn outcome<T>(what: What, done: &Result<T, KeyFault>) -> Record {
    let record = match done {
        Ok(_) => Record::done(what),
        Err(fault) => Record::failed(what, fault.code()),
    };
    record.key(&KeyName::conversations())
}

impl DataKeys for ConversationKeys {
    fn read(&self) -> BoxFuture<'_, Result<Kept, KeyFault>> {
        Box::pin(self.look())
    }

    fn ensure(&self) -> BoxFuture<'_, Result<Kept, KeyFault>> {
        let this = self.clone();
        to_its_end(async move { this.look_or_make().await })
    }

    fn replace(&self, keys: Vec<DataKey>) -> BoxFuture<'_, Result<(), KeyFault>> {
        let this = self.clone();
        to_its_end(async move { this.replace_kept(keys).await })
    }
}

/// The place that the settings name.
fn chosen(choice: SessionKey) -> Option<KeyPlace> {
    match choice {
        SessionKey::Auto => None,
        SessionKey::Keyring => Some(KeyPlace::Keyring),
        SessionKey::Vault => Some(KeyPlace::Vault),
        SessionKey::File => Some(KeyPlace::File),
    }
}

/// The store that a place is; none for the key file.
fn store_of(place: KeyPlace) -> Option<Store> {
    match place {
        KeyPlace::Keyring => Some(Store::Keyring),
        KeyPlace::Vault => Some(Store::File),
        KeyPlace::File => None,
    }
}

/// Whether these are the same keys in the same order.
fn is_same(one: &[DataKey], other: &[DataKey]) -> bool {
    one.iter().map(DataKey::id).eq(other.iter().map(DataKey::id))
}

/// Runs `work` to its end, whether or not anybody waits for it.
fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, KeyFault>> + Send + 'static,
) -> BoxFuture<'static, Result<T, KeyFault>> {
    Box::pin(async move {
        match tokio::spawn(work).await {
            Ok(done) => done,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    })
}

/// Waits for the disk off the runtime's workers.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyFault> + Send + 'static,
) -> Result<T, KeyFault> {
    match tokio::task::spawn_blocking(|| stack::clean(work)).await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

#[cfg(all(test, unix))]
mod tests;
