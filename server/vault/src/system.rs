//! The operating system's keyring: how a key's item is found there, and how a person stores one. Every call here may block
//! for ever and belongs on the thread of `keyring`.
//!
//! Linux finds an item of the Secret Service by the attributes `service`, `provider` and `origin`, so that `secret-tool`
//! can store it; macOS by service and account, Windows by target name, since they have nothing else.

use ::keyring::Error;

use crate::Origin;

/// The service all our items have.
pub(crate) const SERVICE: &str = "aside";

/// What to do where there is no keyring.
#[cfg(target_os = "linux")]
pub(crate) const START_A_KEYRING: &str = "start a keyring (GNOME Keyring, KWallet or KeePassXC) in this session";
/// What to do where there is no keyring.
#[cfg(not(target_os = "linux"))]
pub(crate) const START_A_KEYRING: &str = "log in to your desktop session";

/// The line that stores a key where it will be found; it asks for the value.
#[cfg(target_os = "linux")]
pub fn store_command(provider: &str, origin: &Origin) -> String {
    format!("secret-tool store --label='Aside: {provider}' service {SERVICE} provider {provider} origin {origin}")
}

/// The line that stores a key where it will be found; it asks for the value.
#[cfg(target_os = "macos")]
pub fn store_command(provider: &str, origin: &Origin) -> String {
    format!("security add-generic-password -s {SERVICE} -a '{provider} {origin}' -w")
}

/// The line that stores a key where it will be found; it asks for the value.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn store_command(provider: &str, origin: &Origin) -> String {
    format!("cmdkey /generic:\"{SERVICE} {provider} {origin}\" /user:{provider} /pass")
}

/// Why a read gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No such item.
    Missing,
    /// Locked, and not opened when asked.
    Locked(String),
    /// The keyring is not there or broke.
    Broken(String),
    /// The item is there and cannot be read as one value.
    Unreadable(String),
}

/// A connection to a keyring.
pub(crate) trait Store {
    /// The bytes stored for `provider` and `origin`.
    fn read(&self, provider: &str, origin: &Origin) -> Result<Vec<u8>, Fault>;
    /// How many keys of ours there are, where the system can tell.
    fn count(&self) -> Result<Option<usize>, Fault>;
}

/// Connects to this machine's keyring.
pub(crate) fn connect() -> Result<Box<dyn Store>, Fault> {
    platform::connect()
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::NoEntry => Fault::Missing,
        Error::NoStorageAccess(_) => Fault::Locked(reason(error)),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => Fault::Unreadable("is not text".to_owned()),
        Error::Ambiguous(items) => Fault::Unreadable(ambiguous(items.len())),
        _ => Fault::Broken(reason(error)),
    }
}

fn ambiguous(items: usize) -> String {
    format!("is there {items} times; remove all but one")
}

/// The innermost cause, which is the one that says something; short and without anything that looks like a key.
fn reason(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    aside_secret::redact(&innermost.to_string()).chars().take(200).collect()
}

#[cfg(target_os = "linux")]
mod platform {
    //! The Secret Service, over D-Bus.

    use std::{collections::HashMap, sync::Arc};

    use ::keyring::{Entry, api::CredentialStoreApi as _};
    use zbus_secret_service_keyring_store::Store as SecretService;

    use super::{Fault, Origin, SERVICE, Store, ambiguous, fault};

    struct Linux(Arc<SecretService>);

    pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
        SecretService::new().map(|store| Box::new(Linux(store)) as Box<dyn Store>).map_err(|error| fault(&error))
    }

    impl Linux {
        /// Searching opens locked items: the keyring asks the person for its password.
        fn search(&self, attributes: &[(&str, &str)]) -> Result<Vec<Entry>, Fault> {
            let attributes: HashMap<_, _> = attributes.iter().copied().collect();
            self.0.search(&attributes).map_err(|error| fault(&error))
        }
    }

    impl Store for Linux {
        fn read(&self, provider: &str, origin: &Origin) -> Result<Vec<u8>, Fault> {
            let origin = origin.to_string();
            let found = self.search(&[("service", SERVICE), ("provider", provider), ("origin", &origin)])?;
            match found.as_slice() {
                [] => Err(Fault::Missing),
                [item] => item.get_secret().map_err(|error| fault(&error)),
                several => Err(Fault::Unreadable(ambiguous(several.len()))),
            }
        }

        fn count(&self) -> Result<Option<usize>, Fault> {
            self.search(&[("service", SERVICE)]).map(|found| Some(found.len()))
        }
    }
}

#[cfg(target_os = "macos")]
mod platform {
    //! The login keychain.

    use std::{collections::HashMap, sync::Arc};

    use ::keyring::api::CredentialStoreApi as _;
    use apple_native_keyring_store::keychain::Store as Keychain;

    use super::{Fault, Origin, SERVICE, Store, fault};

    struct Mac(Arc<Keychain>);

    pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
        Keychain::new().map(|store| Box::new(Mac(store)) as Box<dyn Store>).map_err(|error| fault(&error))
    }

    impl Store for Mac {
        fn read(&self, provider: &str, origin: &Origin) -> Result<Vec<u8>, Fault> {
            let account = format!("{provider} {origin}");
            let item = self.0.build(SERVICE, &account, None).map_err(|error| fault(&error))?;
            item.get_secret().map_err(|error| fault(&error))
        }

        fn count(&self) -> Result<Option<usize>, Fault> {
            let ours = HashMap::from([("service", SERVICE)]);
            self.0.search(&ours).map(|found| Some(found.len())).map_err(|error| fault(&error))
        }
    }
}

#[cfg(windows)]
mod platform {
    //! The Credential Manager.

    use std::{collections::HashMap, sync::Arc};

    use ::keyring::api::CredentialStoreApi as _;
    use windows_native_keyring_store::Store as Credentials;

    use super::{Fault, Origin, SERVICE, Store, fault};

    struct Windows(Arc<Credentials>);

    pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
        Credentials::new().map(|store| Box::new(Windows(store)) as Box<dyn Store>).map_err(|error| fault(&error))
    }

    impl Windows {
        fn item(&self, provider: &str, target: &str) -> Result<String, Fault> {
            let modifiers = HashMap::from([("target", target)]);
            let item = self.0.build(SERVICE, provider, Some(&modifiers)).map_err(|error| fault(&error))?;
            // Windows' own tools store UTF-16, which only this call undoes.
            item.get_password().map_err(|error| fault(&error))
        }
    }

    impl Store for Windows {
        fn read(&self, provider: &str, origin: &Origin) -> Result<Vec<u8>, Fault> {
            self.item(provider, &format!("{SERVICE} {provider} {origin}")).map(String::into_bytes)
        }

        fn count(&self) -> Result<Option<usize>, Fault> {
            match self.item("probe", "aside probe") {
                Ok(_) | Err(Fault::Missing | Fault::Unreadable(_)) => Ok(None),
                Err(fault) => Err(fault),
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod platform {
    //! No keyring is known here.

    use super::{Fault, Store};

    pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
        Err(Fault::Broken("no keyring is known on this operating system".to_owned()))
    }
}
