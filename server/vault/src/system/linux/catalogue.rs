//! What the Secret Service tells of its items, and what they are called. It opens no session, so it can neither read nor
//! write a value, and it calls nothing that would ask the person for a password.

use std::{collections::HashMap, thread, time::Duration};

use zbus::{
    blocking::fdo::DBusProxy,
    blocking::{Connection, Proxy, proxy::Builder},
    fdo::RequestNameFlags,
    names::BusName,
    proxy::CacheProperties,
    zvariant::OwnedObjectPath,
};

use super::super::{Fault, KeyInfo, Slot, reason, service};

const BUS_NAME: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";

/// The name on the bus that belongs to whoever makes a new item. It is given back when its owner ends, however it ends.
const MAKING: &str = "aside.Making";

/// How often and how long making a new item waits for another to be done. An item takes some 20 ms; who takes a whole second
/// hangs, and is not waited for: at worst there are two items then, which is told.
const WAITS: usize = 100;
const WAIT: Duration = Duration::from_millis(10);

/// A connection without a session.
pub(super) struct Catalogue(Connection);

/// The collection that new items go to.
struct Collection {
    locked: bool,
    /// Whether it shows that it has items. GNOME Keyring does so when it is locked, KeePassXC does not.
    shows_items: bool,
}

impl Catalogue {
    /// Connects to the session's bus, on which there must be a keyring or a program that the bus can start as one.
    pub(super) fn connect() -> Result<Self, Fault> {
        let connection = Connection::session().map_err(|error| Fault::Absent(reason(&error)))?;
        let bus = DBusProxy::new(&connection).map_err(|error| broken(&error))?;
        let keyring = BusName::from_static_str(BUS_NAME).expect("it is a name");
        let named = bus.name_has_owner(keyring).map_err(|error| broken(&error.into()))?;
        // A bus that does not say what it could start is asked by using the keyring.
        let known = named || bus.list_activatable_names().is_ok_and(|names| names.iter().any(|name| *name == BUS_NAME));
        drop(bus);
        if known { Ok(Self(connection)) } else { Err(Fault::Absent(format!("nobody is `{BUS_NAME}` on this bus"))) }
    }

    /// Fails unless the default collection is there and open.
    pub(super) fn is_open(&self) -> Result<(), Fault> {
        if self.default_collection()?.locked { Err(locked()) } else { Ok(()) }
    }

    /// Fails unless an item that is not found is known not to be there.
    pub(super) fn shows_its_items(&self) -> Result<(), Fault> {
        let found = self.default_collection()?;
        if found.locked && !found.shows_items { Err(locked()) } else { Ok(()) }
    }

    /// Our keys, sorted, each once. Fails where the keyring does not show their names while it is locked.
    pub(super) fn list(&self) -> Result<Vec<KeyInfo>, Fault> {
        // Before the search, which makes KeePassXC ask for its password when it is locked.
        self.shows_its_items()?;
        let mut keys = Vec::new();
        for slot in [Slot::Current, Slot::Previous] {
            let service = service(slot);
            let (open, closed): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = self
                .at(SERVICE_PATH, "Service")?
                .call("SearchItems", &HashMap::from([("service", service)]))
                .map_err(|error| broken(&error))?;
            for item in open.iter().chain(&closed) {
                let attributes: HashMap<String, String> =
                    self.at(item.as_str(), "Item")?.get_property("Attributes").map_err(|error| broken(&error))?;
                // GNOME Keyring knows only hashes of a locked item's attributes until it was open once.
                if attributes.get("service").map(String::as_str) != Some(service) {
                    return Err(locked());
                }
                keys.extend(super::info(slot, &attributes));
            }
        }
        keys.sort();
        keys.dedup_by(|one, other| (&one.name, one.slot) == (&other.name, other.slot));
        Ok(keys)
    }

    /// Does `work` while no other process of this session makes a new item, and tells it whether that is certain.
    pub(super) fn alone<T>(&self, work: impl FnOnce(bool) -> T) -> T {
        let mut certainly = false;
        for _ in 0..WAITS {
            match self.0.request_name_with_flags(MAKING, RequestNameFlags::DoNotQueue.into()) {
                Err(zbus::Error::NameTaken) => thread::sleep(WAIT),
                Ok(_) => {
                    certainly = true;
                    break;
                }
                // A bus that gives no names gives none to the others either.
                Err(_) => break,
            }
        }
        let done = work(certainly);
        drop(self.0.release_name(MAKING));
        done
    }

    /// Gives an item these attributes and no others.
    pub(super) fn name(&self, item: &str, attributes: HashMap<String, String>) -> Result<(), Fault> {
        self.at(item, "Item")?.set_property("Attributes", attributes).map_err(|error| broken(&error.into()))
    }

    fn default_collection(&self) -> Result<Collection, Fault> {
        let path: OwnedObjectPath =
            self.at(SERVICE_PATH, "Service")?.call("ReadAlias", &"default").map_err(|error| broken(&error))?;
        if path.as_str() == "/" {
            return Err(Fault::Broken("it has no default collection to keep keys in".to_owned()));
        }
        let collection = self.at(path.as_str(), "Collection")?;
        let locked = collection.get_property("Locked").map_err(|error| broken(&error))?;
        let items: Vec<OwnedObjectPath> = collection.get_property("Items").map_err(|error| broken(&error))?;
        Ok(Collection { locked, shows_items: !items.is_empty() })
    }

    /// One object of the service, of which nothing is remembered.
    fn at<'a>(&self, path: &'a str, interface: &str) -> Result<Proxy<'a>, Fault> {
        Builder::new(&self.0)
            .cache_properties(CacheProperties::No)
            .destination(BUS_NAME)
            .and_then(|proxy| proxy.path(path)?.interface(format!("org.freedesktop.Secret.{interface}"))?.build())
            .map_err(|error| broken(&error))
    }
}

fn broken(error: &zbus::Error) -> Fault {
    Fault::Broken(reason(error))
}

fn locked() -> Fault {
    Fault::Locked("it was not opened".to_owned())
}
