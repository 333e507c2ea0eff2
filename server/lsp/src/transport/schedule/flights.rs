//! The requests that are being handled, by the client's id.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tower_lsp::jsonrpc::Id;

use super::Number;

/// Most requests handled at once.
pub(super) const MAX_FLIGHTS: usize = 512;

/// Cheap to clone; whoever removes an entry answers the request.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Id, Number>>>);

impl Flights {
    fn map(&self) -> MutexGuard<'_, HashMap<Id, Number>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn contains(&self, id: &Id) -> bool {
        self.map().contains_key(id)
    }

    pub(super) fn is_full(&self) -> bool {
        self.map().len() >= MAX_FLIGHTS
    }

    pub(super) fn add(&self, id: Id, number: Number) {
        self.map().insert(id, number);
    }

    /// Takes the entry of `id`.
    pub(super) fn take(&self, id: &Id) -> Option<Number> {
        self.map().remove(id)
    }

    /// Removes the entry of `id` if it is still that of `number`: an id may be used again once it is answered.
    pub(super) fn remove(&self, id: &Id, number: Number) -> bool {
        match self.map().entry(id.clone()) {
            Entry::Occupied(entry) if *entry.get() == number => {
                entry.remove();
                true
            }
            Entry::Occupied(_) | Entry::Vacant(_) => false,
        }
    }
}
