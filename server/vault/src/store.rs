//! Where keys are kept: what every such place can do. Owns the trait; each place has its own module, and one conformance
//! suite (`tests/stores/conformance.rs`) holds for all of them.

use aside_secret::Secret;
use futures_util::future::BoxFuture;

use crate::{KeyError, KeyName, Origin, Slot};

/// How long a store may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A request waits: the store's own short limit.
    Request,
    /// A person sits at a terminal and may be entering a password: two minutes, or until they give up.
    Person,
}

/// What is known of a stored key without its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyInfo {
    /// Which key.
    pub name: KeyName,
    /// Which of its values.
    pub slot: Slot,
    /// When it was stored, in seconds since 1970 (UTC); `None` where the place does not tell.
    pub stored_at: Option<i64>,
}

/// One key to store.
#[derive(Debug)]
pub struct NewKey {
    /// Which key.
    pub name: KeyName,
    /// Which of its values.
    pub slot: Slot,
    /// The value, checked by [`crate::check_value`].
    pub value: Secret,
}

/// A place where keys are kept.
///
/// Every error names the place and the next step; none holds a value. A store that is locked, missing or damaged says so: it
/// never answers like an empty one. Dropping a future gives up waiting, not the work.
pub trait KeyStore: Send + Sync {
    /// The value stored under `name`. [`KeyError::Missing`] when there is none.
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, patience: Patience) -> BoxFuture<'a, Result<Secret, KeyError>>;

    /// Stores all of `keys`, each replacing what is under its name and slot. A place that can do so stores all or none; the
    /// others stop at the first that fails. [`KeyError::ReadOnly`] where nothing can be stored.
    fn set(&self, keys: Vec<NewKey>, patience: Patience) -> BoxFuture<'_, Result<(), KeyError>>;

    /// Stores `key` where nothing is under its name and slot; [`KeyError::Occupied`] where something is, which stays as it is. Of
    /// several that add at once, one succeeds.
    fn add(&self, key: NewKey, patience: Patience) -> BoxFuture<'_, Result<(), KeyError>>;

    /// Removes the value under `name`. [`KeyError::Missing`] when there is none.
    fn delete<'a>(&'a self, name: &'a KeyName, slot: Slot, patience: Patience) -> BoxFuture<'a, Result<(), KeyError>>;

    /// What is stored of providers, sorted by name and slot. No value is read. What the program keeps for itself is not listed, so
    /// that whoever goes through the keys of providers leaves it alone.
    fn list(&self, patience: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>>;
}

/// `keys` without what the program keeps for itself.
pub(crate) fn of_providers(mut keys: Vec<KeyInfo>) -> Vec<KeyInfo> {
    keys.retain(|key| key.name.is_of_a_provider());
    keys
}

/// Says of a key in use that is missing whether the same provider has one for another address: then its address was
/// changed, and what is stored is not sent to the new one until a person says so.
///
/// Every store's `get` passes its failures through here; other failures come back as they are. Asks no one for a password.
pub(crate) async fn explain_missing(store: &dyn KeyStore, name: &KeyName, slot: Slot, error: KeyError) -> KeyError {
    if slot != Slot::Current || !matches!(error, KeyError::Missing { .. }) {
        return error;
    }
    let Ok(keys) = store.list(Patience::Request).await else { return error };
    let elsewhere = keys.into_iter().filter(|key| key.slot == Slot::Current && key.name.provider == name.provider);
    let origins: Vec<Origin> = elsewhere.map(|key| key.name.origin).filter(|origin| *origin != name.origin).collect();
    if origins.is_empty() { error } else { KeyError::Elsewhere { name: name.clone(), origins } }
}
