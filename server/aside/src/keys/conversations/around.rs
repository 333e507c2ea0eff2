//! What the key of the conversations needs of the program: the settings, the gate, the two stores and the audit log. Owns the trait,
//! so that every rule can be tried with stores in memory; the program's own keys are one implementation.

use std::sync::Arc;

use aside_config::SessionKey;
use aside_secret::Secret;
use aside_vault::{
    By, KeyError, KeyName, KeyStore as _, KeyringState, LockReason, NewKey, Patience, Slot,
    audit::{AuditError, Record},
};
use futures_util::future::BoxFuture;

use crate::keys::{Kept, KeyService};

/// Who asks for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// A person did something that needs it: a place may ask for its password.
    Person,
    /// Somebody looks how things are: nothing is asked and nothing is opened for it.
    Look,
}

impl Asking {
    fn by(self) -> By {
        match self {
            Self::Person => By::Person,
            Self::Look => By::Background,
        }
    }
}

/// What the vault file is to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VaultUse {
    /// There is none.
    None,
    /// There is one, and the settings leave it out.
    LeftOut,
    /// Keys are kept in it.
    InUse,
}

/// The rest of the program, as the key of the conversations sees it.
pub(super) trait Around: Send + Sync {
    /// The place that the settings say.
    fn choice(&self) -> SessionKey;

    /// Whether there is a vault to keep it in.
    fn vault(&self) -> VaultUse;

    /// How long a store may take.
    fn patience(&self) -> Patience;

    /// Whether keys may be used now.
    fn admit(&self, asking: Asking) -> BoxFuture<'_, Result<(), KeyError>>;

    /// The value in a store, if keys may be used now and nothing locks meanwhile.
    fn get(&self, kept: Kept, slot: Slot, asking: Asking) -> BoxFuture<'_, Result<Secret, KeyError>>;

    /// Stores a value, replacing what is there.
    fn set(&self, kept: Kept, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>>;

    /// Stores a value where there is none.
    fn add(&self, kept: Kept, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>>;

    /// Removes a value.
    fn delete(&self, kept: Kept, slot: Slot) -> BoxFuture<'_, Result<(), KeyError>>;

    /// Before something is done that has to be recorded.
    fn begin(&self, begun: Record) -> BoxFuture<'_, Result<(), AuditError>>;

    /// How it ended.
    fn end(&self, ended: Record);
}

fn new(slot: Slot, value: Secret) -> NewKey {
    NewKey { name: KeyName::conversations(), slot, value }
}

impl Around for Arc<KeyService> {
    fn choice(&self) -> SessionKey {
        self.place().session_key()
    }

    fn vault(&self) -> VaultUse {
        match (self.place().vault_exists(), self.place().kept()) {
            (false, _) => VaultUse::None,
            (true, Kept::Keyring) => VaultUse::LeftOut,
            (true, Kept::File) => VaultUse::InUse,
        }
    }

    fn patience(&self) -> Patience {
        if self.is_attended() { Patience::Person } else { Patience::Request }
    }

    fn admit(&self, asking: Asking) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move { self.enter(asking.by()).await.map(drop) })
    }

    fn get(&self, kept: Kept, slot: Slot, asking: Asking) -> BoxFuture<'_, Result<Secret, KeyError>> {
        Box::pin(async move {
            let pass = self.enter(asking.by()).await?;
            if asking == Asking::Look
                && kept == Kept::Keyring
                && let KeyringState::Closed(error) = self.place().ring().probe().await
            {
                // Reading would ask for its password.
                return Err(error);
            }
            let name = KeyName::conversations();
            let value = match kept {
                Kept::Keyring => self.place().ring().get(&name, slot, Around::patience(self)).await?,
                Kept::File => self.place().vault().get_by(&name, slot, asking.by()).await?,
            };
            if self.gate().holds(pass) {
                return Ok(value);
            }
            Err(self.locked(self.gate().state().locked.unwrap_or(LockReason::Asked)))
        })
    }

    fn set(&self, kept: Kept, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.enter(By::Person).await?;
            self.place().store_of(kept).set(vec![new(slot, value)], Around::patience(self)).await
        })
    }

    fn add(&self, kept: Kept, slot: Slot, value: Secret) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.enter(By::Person).await?;
            self.place().store_of(kept).add(new(slot, value), Around::patience(self)).await
        })
    }

    fn delete(&self, kept: Kept, slot: Slot) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            self.enter(By::Person).await?;
            self.place().store_of(kept).delete(&KeyName::conversations(), slot, Around::patience(self)).await
        })
    }

    fn begin(&self, begun: Record) -> BoxFuture<'_, Result<(), AuditError>> {
        Box::pin(KeyService::begin(self, begun))
    }

    fn end(&self, ended: Record) {
        KeyService::end(self, ended);
    }
}
