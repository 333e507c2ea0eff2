//! The key that conversations are sealed under, and the trait by which this crate asks for it.
//!
//! Owns what a key and its id are and how asking for one fails. It does not know where keys are kept: whoever implements
//! [`DataKeys`] does, and answers for never losing one.

use std::fmt;

use aside_secret::{NoRandomness, SecretKey};
use aside_storage::sealed::subkey;
use futures_util::future::BoxFuture;

/// The use of the key that gives its id.
const ID_LABEL: &str = "aside/sessions/v1/key-id";

/// The most keys that may be kept at once: the one in use, and those that are being replaced by it.
pub const MOST_KEYS: usize = 4;

/// A key that conversations are sealed under. No Clone; `Debug` shows its id only; wiped when it is dropped.
pub struct DataKey {
    key: SecretKey,
    id: KeyId,
}

impl DataKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        SecretKey::random().map(Self::of)
    }

    /// The key of these bytes. Wiping them is up to the caller.
    pub fn from_bytes(bytes: &[u8; SecretKey::LENGTH]) -> Self {
        Self::of(SecretKey::fill(|key| key.copy_from_slice(bytes)))
    }

    /// The same from a key that is in its page already.
    pub fn of(key: SecretKey) -> Self {
        let id = KeyId::of(&key);
        Self { key, id }
    }

    /// The same key once more, in a page of its own.
    pub(crate) fn copy_of(other: &Self) -> Self {
        Self::from_bytes(other.key.expose())
    }

    /// What it is called. Tells nothing of its bytes.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What to seal and open with.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DataKey({})", self.id)
    }
}

/// What a key is called, so that what was sealed under it can be told from what was not. Derived from the key, one way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; Self::LENGTH]);

impl KeyId {
    /// How many bytes it has.
    pub const LENGTH: usize = 16;

    fn of(key: &SecretKey) -> Self {
        let derived = subkey(key, ID_LABEL);
        let mut id = [0; Self::LENGTH];
        id.copy_from_slice(&derived.expose()[..Self::LENGTH]);
        Self(id)
    }

    /// The id of these bytes, as they were stored.
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be stored.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    /// 32 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

/// Where a key can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    /// In the keyring of the operating system.
    Keyring,
    /// In the vault file.
    Vault,
    /// In a file of its own.
    File,
}

impl KeyPlace {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Keyring, Self::Vault, Self::File];

    /// The word for it in settings, protocols and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Vault => "vault",
            Self::File => "file",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyring => "keyring of the system",
            Self::Vault => "vault",
            Self::File => "key file",
        }
    }
}

/// The keys that are kept, and where.
#[derive(Debug)]
pub struct Kept {
    /// Where they are; where the first one would be made while there is none.
    pub place: KeyPlace,
    /// All of them, the newest last. Empty when certainly none is kept.
    pub keys: Vec<DataKey>,
}

impl Kept {
    /// The key that is sealed with.
    pub fn newest(&self) -> Option<&DataKey> {
        self.keys.last()
    }
}

/// What is the matter with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFaultKind {
    /// There is none where it should be.
    Missing,
    /// It is there, or may be, and a person has to unlock the place first.
    Locked,
    /// Something is there, and it is no key.
    Damaged,
    /// It may not be read, or must not be used because others could have read or changed it.
    Denied,
    /// The place does not work now.
    Unavailable,
    /// Nothing can be stored there.
    ReadOnly,
}

/// Why the key could not be had or stored. No part of it tells a byte of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KeyFault {
    /// What is the matter.
    pub kind: KeyFaultKind,
    /// Where, when it is one place.
    pub place: Option<KeyPlace>,
    /// One sentence.
    pub message: String,
    /// The next step.
    pub hint: String,
}

impl KeyFault {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self.kind {
            KeyFaultKind::Missing => "session-key-missing",
            KeyFaultKind::Locked => "locked",
            KeyFaultKind::Damaged => "session-key-damaged",
            KeyFaultKind::Denied => "session-key-denied",
            KeyFaultKind::Unavailable => "session-key-unavailable",
            KeyFaultKind::ReadOnly => "session-key-read-only",
        }
    }
}

/// Where the key of the conversations comes from.
///
/// What is kept is never overwritten but by [`DataKeys::replace`], however damaged it is, and no key is ever given out that is
/// not kept. Dropping a future gives up waiting, not the work.
pub trait DataKeys: Send + Sync {
    /// Every key that is kept. Empty when certainly none is; where that cannot be told it is a fault. Never makes one.
    fn read(&self) -> BoxFuture<'_, Result<Kept, KeyFault>>;

    /// The same, and makes the first key where there is none. Two processes that call it at once get the same key. It returns when
    /// what was stored has been read back and is the same. Only to be called when nothing was ever sealed.
    fn ensure(&self) -> BoxFuture<'_, Result<Kept, KeyFault>>;

    /// Replaces what is kept by exactly these keys, 1 to [`MOST_KEYS`], the newest last, in the place where they are.
    fn replace(&self, keys: Vec<DataKey>) -> BoxFuture<'_, Result<(), KeyFault>>;
}

/// A key that lives as long as this value: for conversations that are not to outlive it.
#[derive(Debug)]
pub struct PassingKey(DataKey);

impl PassingKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        DataKey::random().map(Self)
    }

    fn kept(&self) -> Kept {
        Kept { place: KeyPlace::File, keys: vec![DataKey::copy_of(&self.0)] }
    }
}

impl DataKeys for PassingKey {
    fn read(&self) -> BoxFuture<'_, Result<Kept, KeyFault>> {
        Box::pin(async { Ok(self.kept()) })
    }

    fn ensure(&self) -> BoxFuture<'_, Result<Kept, KeyFault>> {
        Box::pin(async { Ok(self.kept()) })
    }

    fn replace(&self, _: Vec<DataKey>) -> BoxFuture<'_, Result<(), KeyFault>> {
        let fault = KeyFault {
            kind: KeyFaultKind::ReadOnly,
            place: None,
            message: "the key of passing conversations cannot be replaced".to_owned(),
            hint: "begin anew".to_owned(),
        };
        Box::pin(async { Err(fault) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_derived_one_way_and_never_changes() {
        let key = DataKey::from_bytes(&[7; 32]);
        assert_eq!(key.id().to_string(), "5658ec7e715272221684c74866ffcd1f");
        assert_eq!(DataKey::from_bytes(&[7; 32]).id(), key.id());
        assert_ne!(DataKey::from_bytes(&[8; 32]).id(), key.id());
        assert_eq!(KeyId::from_bytes(*key.id().as_bytes()), key.id());
        assert!(!format!("{key:?}").contains("0707"), "{key:?}");
    }

    #[test]
    fn a_thousand_keys_are_all_different() {
        let ids: std::collections::BTreeSet<_> =
            (0..1000).map(|_| DataKey::random().expect("randomness").id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
