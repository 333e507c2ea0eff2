//! Keys from environment variables: for machines without a keyring, such as CI. Reads no environment itself; the wiring
//! passes the lookup.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    sync::{Mutex, PoisonError},
};

use aside_secret::Secret;

use crate::{KeyError, Place, value};

/// Names that were warned about: once in a process is enough.
static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The key in the environment variable `name`, which `lookup` reads. Warns in the log, once for each name.
///
/// Unset and empty are [`KeyError::Missing`]; a value that cannot be a key is [`KeyError::Unusable`].
pub fn from_env(name: &str, lookup: impl FnOnce(&str) -> Option<OsString>) -> Result<Secret, KeyError> {
    let place = || Place::Variable(name.to_owned());
    let Some(value) = lookup(name).filter(|value| !value.is_empty()) else {
        return Err(KeyError::Missing { place: place() });
    };
    let secret = value::into_secret(value.into_encoded_bytes())
        .map_err(|problem| KeyError::Unusable { place: place(), reason: problem.to_string() })?;
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned()) {
        tracing::warn!(
            variable = name,
            "a provider key comes from the environment, where every program started from there can read it; the keyring is safer"
        );
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_gives_its_checked_value() {
        let key = from_env("WORK_KEY", |name| (name == "WORK_KEY").then(|| "sk-1\n".into())).expect("a key");
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
            let error = from_env("WORK_KEY", |_| value.map(OsString::from)).expect_err("no key");
            assert_eq!(error.to_string(), message);
            assert!(error.hint().contains("set `WORK_KEY`"), "{}", error.hint());
        }
    }
}
