//! What editors may do about keys: see how they stand, lock them, list, delete and test them. Owns the trait and its words; no
//! value of a key ever passes here, in either direction.

use futures_util::{
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt as _},
};
use serde_json::Value;

/// Why it is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A code of the table in `docs/protocol.md`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The next step.
    pub hint: String,
}

/// What happened to the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEvent {
    /// They are open again.
    Opened,
    /// They are locked, for this reason.
    Locked(Refused),
    /// Something a person did was refused because they are locked. Told once for each lock.
    Needed(Refused),
}

/// The keys, as far as an editor may know them. Implemented above this crate.
pub trait KeyDesk: Send + Sync + 'static {
    /// The answer to `aside/vault/status`: an object.
    fn status(&self) -> BoxFuture<'_, Value>;

    /// Locks the keys in every process of this user. The answer to `aside/vault/lock`: the new status.
    fn lock(&self) -> BoxFuture<'_, Result<Value, Refused>>;

    /// The answer to `aside/secret/list`: `{ secrets }`, without values.
    fn list(&self) -> BoxFuture<'_, Result<Value, Refused>>;

    /// Removes the key of a provider, for its own address or for `origin`. The answer to `aside/secret/delete`.
    fn delete(&self, provider: String, origin: Option<String>) -> BoxFuture<'_, Result<Value, Refused>>;

    /// Asks the provider whether it takes its key. The answer to `aside/secret/test`.
    fn test(&self, provider: String) -> BoxFuture<'_, Result<Value, Refused>>;

    /// What happens to the keys from now on.
    fn events(&self) -> BoxStream<'static, KeyEvent> {
        stream::pending().boxed()
    }
}
