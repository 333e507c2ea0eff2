//! What can be done with stored keys, for the terminal and for editors alike: list, delete, test, rotate, rebind. Owns what each
//! means for a provider of the settings; asks nobody anything and prints nothing.

mod trial;

use std::time::Duration;

use aside_config::{KeySource, Provider};
use aside_model::ModelError;
use aside_secret::Secret;
use aside_vault::{
    KeyError, KeyInfo, KeyName, NewKey, Origin, Patience, Slot,
    audit::{AuditError, Record, What},
};

use crate::wiring::{self, App, Current};

/// Why it is not done.
#[derive(Debug)]
pub(crate) enum SecretError {
    /// No such provider in the settings.
    UnknownProvider {
        /// What was said.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The provider uses no stored key.
    NotStored {
        /// Its name.
        provider: String,
        /// What its `key` says.
        source: String,
    },
    /// The key could not be had, stored or removed.
    Key(KeyError),
    /// The provider does not take the key.
    Refused(ModelError),
    /// Whether the provider takes the key cannot be told.
    Untested(ModelError),
    /// There is nothing to take back.
    NothingReplaced(KeyName),
    /// The key of one address cannot be given to another that has one.
    BoundAlready {
        /// Whose it is.
        from: Box<KeyName>,
        /// What has one.
        to: Box<KeyName>,
    },
    /// It has to be recorded and cannot be; it was not begun.
    Unrecorded(AuditError),
}

impl From<KeyError> for SecretError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl SecretError {
    /// One sentence.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::UnknownProvider { name, .. } => format!("there is no provider `{name}` in the settings"),
            Self::NotStored { provider, source } => {
                format!("`{provider}` uses no stored key: its `key` is `{source}`")
            }
            Self::Key(error) => error.to_string(),
            Self::Refused(error) | Self::Untested(error) => error.to_string(),
            Self::NothingReplaced(name) => format!("the key of {name} has no earlier value that is kept"),
            Self::BoundAlready { to, .. } => format!("there is a key of {to} already; nothing was changed"),
            Self::Unrecorded(error) => error.to_string(),
        }
    }

    /// The next step.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::UnknownProvider { known, .. } => format!("declare it under [providers], or use one of {known}"),
            Self::NotStored { provider, .. } => {
                format!("set `providers.{provider}.key = \"keyring\"` in config.toml to use a stored key")
            }
            Self::Key(error) => error.hint(),
            Self::Refused(error) => error.hint(),
            Self::Untested(error) => {
                format!("{}; `aside secret rotate --no-test` changes a key untested", error.hint())
            }
            Self::NothingReplaced(_) => "an old value is kept for `vault.keep_replaced` after a rotation".to_owned(),
            Self::BoundAlready { from, .. } => format!(
                "if that one is in use, remove the other: aside secret delete {} --origin {}",
                from.provider, from.origin
            ),
            Self::Unrecorded(error) => error.hint(),
        }
    }

    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider { .. } => "unknown-provider",
            Self::NotStored { .. } => "key-read-only",
            Self::Key(error) => error.code(),
            Self::Refused(error) | Self::Untested(error) => error.code(),
            Self::NothingReplaced(_) => "no-key",
            Self::BoundAlready { .. } => "key-elsewhere",
            Self::Unrecorded(_) => "audit-failed",
        }
    }
}

/// A stored key as it is listed.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) info: KeyInfo,
    /// How long ago it was stored, where the place tells.
    pub(crate) age: Option<Duration>,
    /// Whether it is time to rotate it.
    pub(crate) old: bool,
    /// Whether a provider of the settings uses it.
    pub(crate) used: bool,
}

/// The provider of this name in the settings.
pub(crate) fn provider(current: &Current, name: &str) -> Result<Provider, SecretError> {
    let providers = &current.loaded.settings.providers;
    providers.get(name).cloned().ok_or_else(|| {
        let known: Vec<_> = providers.keys().map(String::as_str).collect();
        SecretError::UnknownProvider { name: aside_secret::redact(name).into_owned(), known: known.join(", ") }
    })
}

/// What the key of a provider of the settings is stored under.
pub(crate) fn name_of(current: &Current, name: &str) -> Result<KeyName, SecretError> {
    let provider = provider(current, name)?;
    if provider.key != KeySource::Keyring {
        return Err(SecretError::NotStored { provider: name.to_owned(), source: provider.key.to_string() });
    }
    Ok(KeyName::new(name, Origin::of(&provider.base_url).map_err(KeyError::from)?))
}

/// The same, or the key that the provider has for `origin`: of an address that the settings do not name any more.
pub(crate) fn name_at(current: &Current, name: &str, origin: Option<&str>) -> Result<KeyName, SecretError> {
    match origin {
        Some(origin) => Ok(KeyName::new(name, Origin::of(origin).map_err(KeyError::from)?)),
        None => name_of(current, name),
    }
}

/// Does something that has to be recorded, and records how it ended: what cannot be recorded is not begun.
pub(crate) async fn recorded<T>(
    app: &App,
    what: What,
    name: &KeyName,
    work: impl Future<Output = Result<T, SecretError>>,
) -> Result<T, SecretError> {
    app.keys.begin(Record::begun(what).key(name)).await.map_err(SecretError::Unrecorded)?;
    let done = work.await;
    app.keys.end(match &done {
        Ok(_) => Record::done(what).key(name),
        Err(error) => Record::failed(what, error.code()).key(name),
    });
    done
}

/// Everything that is stored, and what is worth knowing of it. Old values that were kept long enough are left out: see [`purge`].
pub(crate) async fn list(app: &App, patience: Patience) -> Result<Vec<Listed>, SecretError> {
    let stored = app.keys.place().store().list(patience).await?;
    let (current, now) = (app.current.load_full(), wiring::unix_time());
    let listed = stored.into_iter().filter(|info| !is_expired(&current, info, now)).map(|info| {
        let age = age(&info, now);
        let old =
            info.slot == Slot::Current && age.is_some_and(|age| age >= current.loaded.settings.vault.remind_after);
        let used = name_of(&current, &info.name.provider).is_ok_and(|name| name == info.name);
        Listed { info, age, old, used }
    });
    Ok(listed.collect())
}

/// Removes old values that were kept long enough.
pub(crate) async fn purge(app: &App, patience: Patience) -> Result<(), SecretError> {
    let store = app.keys.place().store();
    let (current, now) = (app.current.load_full(), wiring::unix_time());
    for info in store.list(patience).await?.into_iter().filter(|info| is_expired(&current, info, now)) {
        let removed = async { removed(store.delete(&info.name, Slot::Previous, patience).await) };
        recorded(app, What::Delete, &info.name, removed).await?;
    }
    Ok(())
}

fn age(info: &KeyInfo, now: i64) -> Option<Duration> {
    info.stored_at.and_then(|at| u64::try_from(now - at).ok()).map(Duration::from_secs)
}

fn is_expired(current: &Current, info: &KeyInfo, now: i64) -> bool {
    let kept = current.loaded.settings.vault.keep_replaced;
    info.slot == Slot::Previous && age(info, now).is_some_and(|age| age >= kept)
}

/// What is gone already is as good as removed.
fn removed(result: Result<(), KeyError>) -> Result<(), SecretError> {
    match result {
        Ok(()) | Err(KeyError::Missing { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stores a key for the address that its provider has now. Gives its name.
pub(crate) async fn set(app: &App, provider: &str, value: Secret, patience: Patience) -> Result<KeyName, SecretError> {
    let name = name_of(&app.current.load(), provider)?;
    let key = NewKey { name: name.clone(), slot: Slot::Current, value };
    app.keys.place().store().set(vec![key], patience).await?;
    Ok(name)
}

/// Removes a key, and an earlier value of it; one of the two has to be there.
pub(crate) async fn delete(app: &App, name: &KeyName, patience: Patience) -> Result<(), SecretError> {
    let store = app.keys.place().store();
    let current = store.delete(name, Slot::Current, patience).await;
    if let Err(error) = &current
        && !matches!(error, KeyError::Missing { .. })
    {
        return Ok(current?);
    }
    match store.delete(name, Slot::Previous, patience).await {
        Err(KeyError::Missing { .. }) => Ok(current?),
        other => Ok(other?),
    }
}

/// Replaces a key by a new value that the provider takes; the old one is kept for a while.
pub(crate) async fn rotate(
    app: &App,
    provider: &str,
    value: Secret,
    test: bool,
    patience: Patience,
) -> Result<KeyName, SecretError> {
    let name = name_of(&app.current.load(), provider)?;
    let old = app.keys.value(&name, Slot::Current, patience).await?;
    if test {
        trial::takes(app, provider, value.copy()).await?;
    }
    let before = NewKey { name: name.clone(), slot: Slot::Previous, value: old };
    let after = NewKey { name: name.clone(), slot: Slot::Current, value };
    // In this order: a place that stores one at a time never has neither.
    app.keys.place().store().set(vec![before, after], patience).await?;
    Ok(name)
}

/// Takes a rotation back: the earlier value is the current one again, and the other is gone.
pub(crate) async fn roll_back(app: &App, provider: &str, patience: Patience) -> Result<KeyName, SecretError> {
    let name = name_of(&app.current.load(), provider)?;
    purge(app, patience).await?;
    let old = match app.keys.value(&name, Slot::Previous, patience).await {
        Err(KeyError::Missing { .. }) => return Err(SecretError::NothingReplaced(name)),
        other => other?,
    };
    let store = app.keys.place().store();
    store.set(vec![NewKey { name: name.clone(), slot: Slot::Current, value: old }], patience).await?;
    removed(store.delete(&name, Slot::Previous, patience).await)?;
    Ok(name)
}

/// Stores the key that a provider had at another address for the address that it has now, where it must have none. The caller
/// has asked the person.
pub(crate) async fn rebind(app: &App, from: &KeyName, to: &KeyName, patience: Patience) -> Result<(), SecretError> {
    let store = app.keys.place().store();
    if store.list(patience).await?.iter().any(|info| info.name == *to && info.slot == Slot::Current) {
        return Err(SecretError::BoundAlready { from: Box::new(from.clone()), to: Box::new(to.clone()) });
    }
    let value = app.keys.value(from, Slot::Current, patience).await?;
    store.set(vec![NewKey { name: to.clone(), slot: Slot::Current, value }], patience).await?;
    delete(app, from, patience).await
}

/// Whether the provider takes its stored key: how long it took to say so.
pub(crate) async fn test(app: &App, provider: &str, patience: Patience) -> Result<Duration, SecretError> {
    let name = name_of(&app.current.load(), provider)?;
    let value = app.keys.value(&name, Slot::Current, patience).await?;
    trial::takes(app, provider, value).await
}
