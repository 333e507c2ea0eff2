//! The login keychain: an item is found by its service and account, and replaced in one step.

use std::{collections::HashMap, sync::Arc};

use ::keyring::{Entry, api::CredentialStoreApi as _};
use apple_native_keyring_store::keychain::Store as Keychain;

use super::{Fault, KeyInfo, KeyName, Slot, Store, account, fault, service, stored_name};
use crate::store::of_providers;

struct Mac(Arc<Keychain>);

/// Opens the user's keychain; reads nothing yet.
pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
    Keychain::new().map(|store| Box::new(Mac(store)) as Box<dyn Store>).map_err(fault)
}

impl Mac {
    fn item(&self, name: &KeyName, slot: Slot) -> Result<Entry, Fault> {
        self.0.build(service(slot), &account(name), None).map_err(fault)
    }

    fn listed(&self, slot: Slot) -> Result<Vec<KeyInfo>, Fault> {
        let items = self.0.search(&HashMap::from([("service", service(slot))])).map_err(fault)?;
        let accounts = items.iter().filter_map(Entry::get_specifiers).map(|(_, account)| account);
        let names = accounts.filter_map(|account| {
            let (provider, origin) = account.rsplit_once(' ')?;
            stored_name(provider, origin)
        });
        // The keychain knows when; this store does not say.
        Ok(names.map(|name| KeyInfo { name, slot, stored_at: None }).collect())
    }
}

impl Store for Mac {
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Vec<u8>, Fault> {
        self.item(name, slot)?.get_secret().map_err(fault)
    }

    fn set(&self, name: &KeyName, slot: Slot, value: &[u8], _: i64) -> Result<(), Fault> {
        self.item(name, slot)?.set_secret(value).map_err(fault)
    }

    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Fault> {
        self.item(name, slot)?.delete_credential().map_err(fault)
    }

    /// Attributes can be read without a question.
    fn list(&self, _: bool) -> Result<Vec<KeyInfo>, Fault> {
        let mut keys = self.listed(Slot::Current)?;
        keys.extend(self.listed(Slot::Previous)?);
        keys.sort();
        Ok(keys)
    }

    fn count(&self) -> Result<usize, Fault> {
        self.listed(Slot::Current).map(|keys| of_providers(keys).len())
    }
}
