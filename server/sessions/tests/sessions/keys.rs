//! A place for the key that a test holds in its hand. The parent module brings the names.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use super::{DataKey, DataKeys, KeptKeys, KeyFault, KeyFaultKind, KeyPlace};

type Reply<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, KeyFault>> + Send + 'a>>;

/// Keys that are there from the start or come when they are first needed, and can be taken away.
#[derive(Default)]
pub(crate) struct HeldKeys {
    keys: Mutex<Vec<[u8; 32]>>,
    fault: Mutex<Option<KeyFaultKind>>,
    asked: AtomicUsize,
}

impl HeldKeys {
    /// A place with one key.
    pub(crate) fn of(byte: u8) -> Arc<Self> {
        let keys = Self::default();
        keys.put(&[byte]);
        Arc::new(keys)
    }

    /// Puts these keys there.
    pub(crate) fn put(&self, bytes: &[u8]) {
        *self.keys.lock().expect("not poisoned") = bytes.iter().map(|byte| [*byte; 32]).collect();
    }

    /// Nothing can be had from now on, for this reason.
    pub(crate) fn fail(&self, fault: Option<KeyFaultKind>) {
        *self.fault.lock().expect("not poisoned") = fault;
    }

    /// How often the key was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn kept(&self) -> Result<KeptKeys, KeyFault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(kind) = *self.fault.lock().expect("not poisoned") {
            let (message, hint) = ("the key is out of reach".to_owned(), "reach for it".to_owned());
            return Err(KeyFault { kind, place: Some(KeyPlace::File), message, hint });
        }
        let keys = self.keys.lock().expect("not poisoned");
        let keys = keys.iter().map(DataKey::from_bytes).collect();
        Ok(KeptKeys { place: KeyPlace::File, keys })
    }
}

impl DataKeys for HeldKeys {
    fn read(&self) -> Reply<'_, KeptKeys> {
        Box::pin(async { self.kept() })
    }

    fn ensure(&self) -> Reply<'_, KeptKeys> {
        Box::pin(async {
            if self.kept()?.keys.is_empty() {
                self.put(&[7]);
            }
            self.kept()
        })
    }

    fn replace(&self, keys: Vec<DataKey>) -> Reply<'_, ()> {
        Box::pin(async move {
            let bytes = keys.iter().map(|key| *key.key().expose()).collect();
            *self.keys.lock().expect("not poisoned") = bytes;
            Ok(())
        })
    }
}
