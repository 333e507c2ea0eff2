//! The operating system's keyring: how a key's item is named there, and how a person stores one with their own tools. Every
//! call here may block for ever and belongs on the thread of `keyring`; how each system is spoken to is in its own module.
//!
//! Linux finds an item of the Secret Service by the attributes `service`, `provider` and `origin`, so that `secret-tool`
//! can store it; macOS by service and account, Windows by target name, since they have nothing else.

use ::keyring::Error;
use zeroize::Zeroize as _;

use crate::{KeyInfo, KeyName, Origin, Slot};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
use windows as platform;

/// The service of all items that are in use.
const SERVICE: &str = "aside";

/// The service of values that were replaced: nobody who looks for `aside` finds them.
const SERVICE_OF_PREVIOUS: &str = "aside previous";

/// What to do where there is no keyring.
#[cfg(target_os = "linux")]
pub(crate) const START_A_KEYRING: &str =
    "start a keyring (GNOME Keyring, KWallet or KeePassXC) in this session and open or make its default collection";
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

/// Why the keyring did not do as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No such item.
    Missing,
    /// There is an item, and it was to be kept.
    Occupied,
    /// Locked, and not opened when asked.
    Locked(String),
    /// There is no keyring and no program that would be one.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only on Linux can there be no keyring at all"))]
    Absent(String),
    /// The keyring broke.
    Broken(String),
    /// The item is there and is not one value, or a value cannot be kept there.
    Unusable(String),
}

/// A connection to a keyring.
pub(crate) trait Store {
    /// The bytes stored under `name`. Asks the person for the keyring's password where it is locked. The caller wipes them.
    fn get(&self, name: &KeyName, slot: Slot) -> Result<Vec<u8>, Fault>;

    /// Puts `value` under `name`, in place of what is there; `now` is the time, in seconds since 1970. Asks as `get` does.
    fn set(&self, name: &KeyName, slot: Slot, value: &[u8], now: i64) -> Result<(), Fault>;

    /// Puts `value` under `name` where nothing is; [`Fault::Occupied`] where something is. Asks as `get` does. Where the system has no
    /// way to do both at once, two that come at the same moment are not told apart.
    fn add(&self, name: &KeyName, slot: Slot, value: &[u8], now: i64) -> Result<(), Fault> {
        match self.get(name, slot) {
            Err(Fault::Missing) => self.set(name, slot, value, now),
            Err(fault) => Err(fault),
            Ok(mut there) => {
                there.zeroize();
                Err(Fault::Occupied)
            }
        }
    }

    /// Removes everything under `name`. Asks as `get` does.
    fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), Fault>;

    /// What is stored; reads no value. Only where `ask` is set may it bring up the keyring's question for its password;
    /// otherwise a keyring that does not show its items is [`Fault::Locked`].
    fn list(&self, ask: bool) -> Result<Vec<KeyInfo>, Fault>;

    /// How many keys are in use. Brings up no question: a locked keyring is [`Fault::Locked`].
    fn count(&self) -> Result<usize, Fault>;
}

/// Connects to this machine's keyring.
pub(crate) fn connect() -> Result<Box<dyn Store>, Fault> {
    platform::connect()
}

/// The service under which the values of `slot` lie.
fn service(slot: Slot) -> &'static str {
    match slot {
        Slot::Current => SERVICE,
        Slot::Previous => SERVICE_OF_PREVIOUS,
    }
}

/// A key's name as one text: `provider scheme://host:port`. No origin has a space, so it can be told apart again.
fn account(name: &KeyName) -> String {
    format!("{} {}", name.provider, name.origin)
}

/// The key that `provider` and `origin` name; none where `get` would not find it under the name given back.
fn stored_name(provider: &str, origin: &str) -> Option<KeyName> {
    let origin = Origin::shown_as(origin)?;
    (!provider.is_empty()).then(|| KeyName::new(provider, origin))
}

/// What a failure of the keyring means. Values that came with it are wiped.
fn fault(error: Error) -> Fault {
    match error {
        Error::NoEntry => Fault::Missing,
        Error::NoStorageAccess(_) => Fault::Locked(reason(&error)),
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            Fault::Unusable("is not text".to_owned())
        }
        Error::TooLong(_, most) => Fault::Unusable(format!("is longer than the {most} bytes the keyring takes")),
        Error::Ambiguous(items) => ambiguous(items.len()),
        _ => Fault::Broken(reason(&error)),
    }
}

/// Several values under one name: nobody knows which is meant.
fn ambiguous(items: usize) -> Fault {
    Fault::Unusable(format!("is there {items} times"))
}

/// The innermost cause, which is the one that says something; short and without anything that looks like a key.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    let text = text.strip_prefix("SS error: ").or_else(|| text.strip_prefix("SS Error: ")).unwrap_or(&text);
    aside_secret::redact(text).chars().take(200).collect()
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod platform {
    //! No keyring is known here.

    use super::{Fault, Store};

    pub(super) fn connect() -> Result<Box<dyn Store>, Fault> {
        Err(Fault::Absent("no keyring is known on this operating system".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_found_again_is_listed() {
        for (provider, origin, listed) in [
            ("work", "https://api.example.com:443", true),
            ("work", "https://api.example.com", false),
            ("work", "HTTPS://api.example.com:443", false),
            ("work", "https://api.example.com:443/v1", false),
            ("work", "", false),
            ("", "https://api.example.com:443", false),
            ("Conversations", "aside:conversations", true),
        ] {
            let name = stored_name(provider, origin);
            assert_eq!(
                name.map(|name| name.origin.to_string() == origin),
                listed.then_some(true),
                "{provider} {origin}"
            );
        }
    }

    #[test]
    fn a_value_that_came_with_an_error_is_not_told() {
        let error = fault(Error::BadEncoding(b"sk-made-up".to_vec()));
        assert_eq!(error, Fault::Unusable("is not text".to_owned()));
    }

    #[test]
    fn the_library_s_marks_are_left_out_of_a_reason() {
        let dismissed = Error::NoStorageAccess("SS error: prompt dismissed".into());
        assert_eq!(fault(dismissed), Fault::Locked("prompt dismissed".to_owned()));
    }
}
