//! Keys from environment variables: for machines without a keyring, such as CI. Reads no environment itself; the wiring
//! passes the lookup.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use aside_secret::Secret;
use futures_util::future::{BoxFuture, ready};

use crate::{KeyError, KeyInfo, KeyName, KeyStore, NewKey, Patience, Place, Slot, value};

/// Names that were warned about: once in a process is enough.
static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The key in the environment variable `name`, which `lookup` reads. Warns in the log, once for each name.
///
/// Unset and empty are [`KeyError::Missing`]; a value that cannot be a key is [`KeyError::Unusable`].
pub fn from_env(name: &str, lookup: impl FnOnce(&str) -> Option<Secret>) -> Result<Secret, KeyError> {
    let place = || Place::Variable(name.to_owned());
    let Some(value) = lookup(name).filter(|value| !value.is_empty()) else {
        return Err(KeyError::Missing { place: place() });
    };
    let secret = value::into_secret(value.expose().to_vec())
        .map_err(|problem| KeyError::Unusable { place: place(), reason: problem.to_string() })?;
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned()) {
        tracing::warn!(
            variable = name,
            "a provider key comes from the environment, where every program started from there can read it; the keyring is safer"
        );
    }
    Ok(secret)
}

/// Reads one variable of the environment.
type Lookup = Box<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// The key of one provider in one environment variable. Can only be read.
pub struct EnvironmentStore {
    variable: String,
    name: KeyName,
    lookup: Lookup,
}

impl EnvironmentStore {
    /// The key `name` in the environment variable `variable`, which `lookup` reads anew each time.
    pub fn new(
        variable: impl Into<String>,
        name: KeyName,
        lookup: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static,
    ) -> Self {
        Self { variable: variable.into(), name, lookup: Box::new(lookup) }
    }

    fn place(&self) -> Place {
        Place::Variable(self.variable.clone())
    }

    fn read(&self, name: &KeyName, slot: Slot) -> Result<Secret, KeyError> {
        if *name == self.name && slot == Slot::Current {
            from_env(&self.variable, &self.lookup)
        } else {
            Err(KeyError::Missing { place: self.place() })
        }
    }
}

impl KeyStore for EnvironmentStore {
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        Box::pin(ready(self.read(name, slot)))
    }

    fn set(&self, _: Vec<NewKey>, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    fn add(&self, _: NewKey, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    fn delete<'a>(&'a self, _: &'a KeyName, _: Slot, _: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    fn list(&self, _: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        let is_set = (self.lookup)(&self.variable).is_some_and(|value| !value.is_empty());
        let key = KeyInfo { name: self.name.clone(), slot: Slot::Current, stored_at: None };
        Box::pin(ready(Ok(is_set.then_some(key).into_iter().collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_gives_its_checked_value() {
        let key =
            from_env("WORK_KEY", |name| (name == "WORK_KEY").then(|| Secret::new("sk-1\n".into()))).expect("a key");
        assert_eq!(key.expose(), b"sk-1");
    }

    #[test]
    fn unset_empty_and_unusable_are_told_apart_and_no_value_is_told() {
        for (value, message) in [
            (None, "the environment variable `WORK_KEY` does not exist"),
            (Some(""), "the environment variable `WORK_KEY` does not exist"),
            (
                Some("correct horse"),
                "the environment variable `WORK_KEY` has a space or another character that a key cannot have, at byte 7",
            ),
        ] {
            let error = from_env("WORK_KEY", |_| value.map(|value| Secret::new(value.into()))).expect_err("no key");
            assert_eq!(error.to_string(), message);
            assert!(error.hint().contains("set `WORK_KEY`"), "{}", error.hint());
        }
    }
}
