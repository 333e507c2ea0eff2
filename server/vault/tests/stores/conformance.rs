//! What every place that keeps keys has to do, as data: one list of cases, each a sentence, run against any
//! [`KeyStore`]. Which places there are is in `every`.

mod cases;
mod tables;

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use aside_secret::Secret;
use aside_vault::{KeyError, KeyInfo, KeyName, KeyStore, NewKey, Origin, Patience, Slot};
use futures_util::{FutureExt as _, future::BoxFuture};

/// What every value begins with that must show nowhere.
pub(crate) const CANARY: &str = "canary-5d1f";

/// The address that cases use unless they are about addresses.
pub(crate) const HERE: &str = "https://api.example.com";

/// Opens the store again, as another process would.
pub(crate) type Open = Arc<dyn Fn() -> Arc<dyn KeyStore> + Send + Sync>;

/// One case: a sentence, and what has to hold.
pub(crate) struct Case {
    pub(crate) says: String,
    pub(crate) run: Box<dyn Fn(Bench) -> BoxFuture<'static, ()>>,
}

/// A case whose sentence and body are written down.
fn case<F>(says: impl Into<String>, run: impl Fn(Bench) -> F + 'static) -> Case
where
    F: Future<Output = ()> + Send + 'static,
{
    Case { says: says.into(), run: Box::new(move |bench| run(bench).boxed()) }
}

/// Runs every case against a store that is empty and can be written. Tells all cases that do not hold.
pub(crate) async fn check(open: Open, tells_time: bool) {
    let store = open();
    let mut broken = Vec::new();
    let cases: Vec<Case> = cases::all().into_iter().chain(tables::all()).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    for (number, case) in cases.iter().enumerate() {
        let bench =
            Bench { store: Arc::clone(&store), open: Arc::clone(&open), tells_time, prefix: format!("c{number}") };
        if let Err(panic) = AssertUnwindSafe((case.run)(bench.clone())).catch_unwind().await {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            broken.push(format!("{}: {}", case.says, said.unwrap_or_default()));
        }
        bench.clear().await;
    }
    assert!(broken.is_empty(), "{} of {} cases do not hold:\n  {}", broken.len(), cases.len(), broken.join("\n  "));
    println!("{} cases hold", cases.len());
}

/// Checks a store that can only be read and has the one key `name` with `value`.
pub(crate) async fn check_read_only(store: &dyn KeyStore, name: &KeyName, value: &str) {
    let request = Patience::Request;
    for patience in [request, Patience::Person, request] {
        let found = store.get(name, Slot::Current, patience).await.expect("the key is there");
        assert_eq!(found.expose(), value.as_bytes(), "a key is there again and again");
    }
    let elsewhere = KeyName::new(&name.provider, origin("https://elsewhere.example"));
    let other = KeyName::new("somebody-else", name.origin.clone());
    for (name, slot) in [(name, Slot::Previous), (&elsewhere, Slot::Current), (&other, Slot::Current)] {
        let error = quiet(store.get(name, slot, request).await, value);
        assert!(matches!(error, KeyError::Missing { .. }), "{name} {slot:?}: {error}");
    }
    let key = |slot| NewKey { name: name.clone(), slot, value: Secret::new(b"another".to_vec()) };
    for slot in [Slot::Current, Slot::Previous] {
        let error = quiet(store.set(vec![key(slot)], request).await, value);
        assert!(matches!(error, KeyError::ReadOnly { .. }), "set {slot:?}: {error}");
        let error = quiet(store.add(key(slot), request).await, value);
        assert!(matches!(error, KeyError::ReadOnly { .. }), "add {slot:?}: {error}");
        let error = quiet(store.delete(name, slot, request).await, value);
        assert!(matches!(error, KeyError::ReadOnly { .. }), "delete {slot:?}: {error}");
    }
    let found = store.get(name, Slot::Current, request).await.expect("the key is there");
    assert_eq!(found.expose(), value.as_bytes(), "nothing was changed");
    let listed = store.list(request).await.expect("a list");
    let names: Vec<_> = listed.iter().map(|key| (&key.name, key.slot)).collect();
    assert_eq!(names, [(name, Slot::Current)]);
    assert!(!format!("{listed:?}").contains(value), "a list has no value");
}

/// The error, which must not tell the value.
#[track_caller]
fn quiet<T>(result: Result<T, KeyError>, value: &str) -> KeyError {
    let error = result.err().expect("an error");
    let told = format!("{error:?} {error} {}", error.hint());
    assert!(!told.contains(value) && !told.contains(CANARY), "an error tells the value");
    assert!(!error.hint().is_empty(), "{error}: an error has a next step");
    error
}

pub(crate) fn origin(address: &str) -> Origin {
    Origin::of(address).expect("an address")
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

/// What a case works with: the store, and names that no other case uses.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) store: Arc<dyn KeyStore>,
    pub(crate) open: Open,
    pub(crate) tells_time: bool,
    prefix: String,
}

impl Bench {
    /// A bench for one store, outside the suite.
    #[cfg(target_os = "linux")]
    pub(crate) fn of(store: Arc<dyn KeyStore>) -> Self {
        let again = Arc::clone(&store);
        Self { store, open: Arc::new(move || Arc::clone(&again)), tells_time: true, prefix: String::new() }
    }

    /// This case's name for a provider.
    pub(crate) fn provider(&self, provider: &str) -> String {
        format!("{}{provider}", self.prefix)
    }

    pub(crate) fn name(&self, provider: &str, address: &str) -> KeyName {
        KeyName::new(self.provider(provider), origin(address))
    }

    /// The same place, opened again.
    pub(crate) fn again(&self) -> Self {
        Self { store: (self.open)(), ..self.clone() }
    }

    /// Stores the value in use.
    pub(crate) async fn set(&self, name: &KeyName, value: &str) {
        self.put(name, Slot::Current, value).await;
    }

    pub(crate) async fn put(&self, name: &KeyName, slot: Slot, value: &str) {
        self.batch([(name, slot, value)]).await;
    }

    pub(crate) async fn batch<'a>(&self, keys: impl IntoIterator<Item = (&'a KeyName, Slot, &'a str)>) {
        let keys = keys.into_iter().map(|(name, slot, value)| NewKey {
            name: name.clone(),
            slot,
            value: Secret::new(value.as_bytes().to_vec()),
        });
        self.store.set(keys.collect(), Patience::Request).await.expect("it is stored");
    }

    /// The value in use, for comparisons.
    pub(crate) async fn get(&self, name: &KeyName) -> Option<String> {
        self.take(name, Slot::Current).await
    }

    /// The value, or nothing where the store says that there is none.
    pub(crate) async fn take(&self, name: &KeyName, slot: Slot) -> Option<String> {
        match self.store.get(name, slot, Patience::Request).await {
            Ok(value) => Some(String::from_utf8_lossy(value.expose()).into_owned()),
            Err(KeyError::Missing { .. } | KeyError::Elsewhere { .. }) => None,
            Err(error) => panic!("{name} {slot:?}: {error}"),
        }
    }

    /// Why there is no value.
    pub(crate) async fn fails(&self, name: &KeyName, slot: Slot) -> KeyError {
        quiet(self.store.get(name, slot, Patience::Request).await, CANARY)
    }

    pub(crate) async fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), KeyError> {
        self.store.delete(name, slot, Patience::Request).await
    }

    /// What is listed of this case.
    pub(crate) async fn list(&self) -> Vec<KeyInfo> {
        let keys = self.store.list(Patience::Request).await.expect("a list");
        keys.into_iter().filter(|key| key.name.provider.starts_with(&self.prefix)).collect()
    }

    /// Stores the value where there is none.
    pub(crate) async fn add(&self, name: &KeyName, slot: Slot, value: &str) -> Result<(), KeyError> {
        let key = NewKey { name: name.clone(), slot, value: Secret::new(value.as_bytes().to_vec()) };
        self.store.add(key, Patience::Request).await
    }

    async fn clear(&self) {
        for key in self.list().await {
            self.delete(&key.name, key.slot).await.expect("what is listed can be removed");
        }
        assert_eq!(self.list().await, [], "what is removed is not listed");
    }
}
