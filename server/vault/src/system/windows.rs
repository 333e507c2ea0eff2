//! The Credential Manager: an item is found by its target name, `aside PROVIDER ORIGIN`, and replaced in one step.

use std::{collections::HashMap, str, sync::Arc};

use ::keyring::{Entry, api::CredentialStoreApi as _};
use windows_native_keyring_store::Store as Credentials;

use super::{Fault, KeyInfo, KeyName, Slot, Store, account, fault, service, stored_name};
use crate::store::of_providers;

struct Windows(Arc<Credentials>);

/// Opens the user's credentials; reads nothing yet.
pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
    // So that a search gives the target back in two parts: what is before its last space, and the origin.
    let divided = HashMap::from([("divider", " ")]);
    let store = Credentials::new_with_configuration(&divided).map_err(fault)?;
    Ok(Box::new(Windows(store)))
}

impl Windows {
    fn item(&self, name: &KeyName, slot: Slot) -> Result<Entry, Fault> {
        let target = format!("{} {}", service(slot), account(name));
        let modifiers = HashMap::from([("target", target.as_str())]);
        self.0.build(service(slot), &name.provider, Some(&modifiers)).map_err(fault)
    }
}

/// The key that a target names. `aside previous https://…` is the key in use of a provider `previous`.
fn key(before: &str, origin: &str) -> Option<KeyInfo> {
    [Slot::Previous, Slot::Current].into_iter().find_map(|slot| {
        let provider = before.strip_prefix(service(slot))?.strip_prefix(' ')?;
        // Credentials keep a time; this store does not say it.
        Some(KeyInfo { name: stored_name(provider, origin)?, slot, stored_at: None })
    })
}

impl Store for Windows {
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Vec<u8>, Fault> {
        // Windows' own tools store UTF-16, which only this call undoes.
        self.item(name, slot)?.get_password().map(String::into_bytes).map_err(fault)
    }

    fn set(&self, name: &KeyName, slot: Slot, value: &[u8], _: i64) -> Result<(), Fault> {
        let value = str::from_utf8(value).map_err(|_| Fault::Unusable("is not text".to_owned()))?;
        self.item(name, slot)?.set_password(value).map_err(fault)
    }

    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Fault> {
        self.item(name, slot)?.delete_credential().map_err(fault)
    }

    /// The Credential Manager is open as long as the person is logged in: nothing is asked.
    fn list(&self, _: bool) -> Result<Vec<KeyInfo>, Fault> {
        let items = self.0.search(&HashMap::from([("pattern", "^aside ")])).map_err(fault)?;
        let targets = items.iter().filter_map(Entry::get_specifiers);
        let mut keys: Vec<_> = targets.filter_map(|(origin, before)| key(&before, &origin)).collect();
        keys.sort();
        Ok(keys)
    }

    fn count(&self) -> Result<usize, Fault> {
        Ok(of_providers(self.list(false)?).iter().filter(|key| key.slot == Slot::Current).count())
    }
}
