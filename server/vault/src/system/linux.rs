//! The Secret Service, over D-Bus: items of one value and some attributes, by which they are found.
//!
//! Ours have `service`, `provider` and `origin`, as `secret-tool` gives them, and `stored_at`. Values go through the keyring
//! project's store, which opens what is locked by asking the person. What can be told without asking, the [`Catalogue`] tells.

mod catalogue;

use std::{collections::HashMap, sync::Arc};

use ::keyring::{Entry, api::CredentialStoreApi as _};
use zbus_secret_service_keyring_store::{Store as SecretService, cred::Wrapper};

use super::{Fault, KeyInfo, KeyName, Slot, Store, account, ambiguous, fault, service, stored_name};
use crate::store::of_providers;
use catalogue::Catalogue;

/// The attribute that says when the value was stored, in seconds since 1970.
const STORED_AT: &str = "stored_at";

/// The attribute that the store needs to make an item. Items that people made do not have it.
const USERNAME: &str = "username";

/// The attribute and its value that `secret-tool` gives to its items and looks for when it replaces one.
const SCHEMA: (&str, &str) = ("xdg:schema", "org.freedesktop.Secret.Generic");

/// What KeePassXC shows as attributes and are other parts of its entries: it takes them back from nobody.
const OF_KEEPASSXC: [&str; 6] = ["Title", "UserName", "URL", "Notes", "Path", "Uuid"];

struct Linux {
    service: Arc<SecretService>,
    catalogue: Catalogue,
}

/// Connects to the session's Secret Service.
pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
    let catalogue = Catalogue::connect()?;
    let service = SecretService::new().map_err(fault)?;
    Ok(Box::new(Linux { service, catalogue }))
}

impl Linux {
    /// The items with all these attributes. Opens the locked ones: the keyring asks the person for its password.
    fn search(&self, attributes: &[(&str, &str)]) -> Result<Vec<Entry>, Fault> {
        let attributes: HashMap<_, _> = attributes.iter().copied().collect();
        self.service.search(&attributes).map_err(fault)
    }

    fn find(&self, name: &KeyName, slot: Slot) -> Result<Vec<Entry>, Fault> {
        let origin = name.origin.to_string();
        let found = self.search(&[("service", service(slot)), ("provider", &name.provider), ("origin", &origin)])?;
        if found.is_empty() {
            // KeePassXC finds nothing when it is locked and was not opened: that is no answer.
            self.catalogue.shows_its_items()?;
        }
        Ok(found)
    }

    /// Items that were made and not yet named: what a crash between the two steps of `create` leaves.
    fn unnamed(&self, name: &KeyName, slot: Slot) -> Result<Vec<Entry>, Fault> {
        let made = self.search(&[("service", service(slot)), (USERNAME, &account(name))])?;
        Ok(made.into_iter().filter(is_unnamed).collect())
    }

    /// The store makes items in two steps: with service and user name, then the other attributes. In between the item is
    /// found by nobody who looks for a key; the next `set` takes it up, the next `delete` removes it.
    fn create(&self, name: &KeyName, slot: Slot, value: &[u8], stored_at: &str) -> Result<(), Fault> {
        let label = match slot {
            Slot::Current => format!("Aside: {}", name.provider),
            Slot::Previous => format!("Aside: {} (previous)", name.provider),
        };
        let label = HashMap::from([("label", label.as_str())]);
        let item = self.service.build(service(slot), &account(name), Some(&label)).map_err(fault)?;
        item.set_secret(value).map_err(fault)?;
        let item = item.get_credential().map_err(fault)?;
        let origin = name.origin.to_string();
        let named =
            self.name(&item, &[SCHEMA, ("provider", &name.provider), ("origin", &origin), (STORED_AT, stored_at)]);
        if named.is_err() {
            // It was not stored then. If it stays for now, it is as after a crash.
            drop(item.delete_credential());
        }
        named
    }

    /// One step, so that there is the old value or the new one at every moment.
    fn replace(&self, item: &Entry, value: &[u8], stored_at: &str) -> Result<(), Fault> {
        item.set_secret(value).map_err(fault)?;
        if let Err(fault) = self.name(item, &[(STORED_AT, stored_at)]) {
            tracing::warn!(reason = ?fault, "a key was replaced, and the keyring did not take note of when");
        }
        Ok(())
    }

    /// Adds attributes to an item's own. The store could do so too, but KeePassXC refuses all it would send.
    fn name(&self, item: &Entry, attributes: &[(&str, &str)]) -> Result<(), Fault> {
        let path = item.as_any().downcast_ref::<Wrapper>().map(Wrapper::get_path);
        let path = path.ok_or_else(|| Fault::Broken("its items have no path".to_owned()))?;
        let mut all = item.get_attributes().map_err(fault)?;
        all.retain(|attribute, _| !OF_KEEPASSXC.contains(&attribute.as_str()));
        all.extend(attributes.iter().map(|(attribute, value)| ((*attribute).to_owned(), (*value).to_owned())));
        self.catalogue.name(&path, all)
    }
}

fn is_unnamed(item: &Entry) -> bool {
    item.get_attributes().is_ok_and(|attributes| !attributes.contains_key("provider"))
}

impl Store for Linux {
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Vec<u8>, Fault> {
        match self.find(name, slot)?.as_slice() {
            [] => Err(Fault::Missing),
            [item] => item.get_secret().map_err(fault),
            several => Err(ambiguous(several.len())),
        }
    }

    fn set(&self, name: &KeyName, slot: Slot, value: &[u8], now: i64) -> Result<(), Fault> {
        let stored_at = now.to_string();
        let replaced = |items: &[Entry]| match items {
            [] => Ok(false),
            [item] => self.replace(item, value, &stored_at).map(|()| true),
            several => Err(ambiguous(several.len())),
        };
        if replaced(&self.find(name, slot)?)? {
            return Ok(());
        }
        // Two who find nothing and make an item each would leave two.
        self.catalogue.alone(|_| {
            if replaced(&self.find(name, slot)?)? { Ok(()) } else { self.create(name, slot, value, &stored_at) }
        })
    }

    fn add(&self, name: &KeyName, slot: Slot, value: &[u8], now: i64) -> Result<(), Fault> {
        let free = || if self.find(name, slot)?.is_empty() { Ok(()) } else { Err(Fault::Occupied) };
        free()?;
        self.catalogue.alone(|certainly| {
            if !certainly {
                // It may be waiting for a password: what it makes then must not be one of two.
                return Err(Fault::Locked("another program is storing something in it".to_owned()));
            }
            free()?;
            self.create(name, slot, value, &now.to_string())
        })
    }

    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Fault> {
        let mut items = self.find(name, slot)?;
        items.extend(self.unnamed(name, slot)?);
        if items.is_empty() {
            return Err(Fault::Missing);
        }
        items.iter().try_for_each(|item| match item.delete_credential().map_err(fault) {
            Err(Fault::Missing) => Ok(()),
            other => other,
        })
    }

    fn list(&self, ask: bool) -> Result<Vec<KeyInfo>, Fault> {
        match self.catalogue.list() {
            Err(Fault::Locked(_)) if ask => {
                for slot in [Slot::Current, Slot::Previous] {
                    self.search(&[("service", service(slot))])?;
                }
                self.catalogue.list()
            }
            other => other,
        }
    }

    fn count(&self) -> Result<usize, Fault> {
        self.catalogue.is_open()?;
        Ok(of_providers(self.catalogue.list()?).iter().filter(|key| key.slot == Slot::Current).count())
    }
}

/// What an item's attributes say of a key; none when it is not one of ours.
fn info(slot: Slot, attributes: &HashMap<String, String>) -> Option<KeyInfo> {
    let name = stored_name(attributes.get("provider")?, attributes.get("origin")?)?;
    let stored_at = attributes.get(STORED_AT).and_then(|seconds| seconds.parse().ok());
    Some(KeyInfo { name, slot, stored_at })
}
