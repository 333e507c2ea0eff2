//! The vault file as a place for keys: every call goes to the agent, which holds it unlocked.

use aside_secret::Secret;
use futures_util::future::BoxFuture;

use super::{
    AgentClient,
    message::{Refusal, RefusalKind, Reply, Request},
    terms::Unreached,
};
use crate::{
    By, KeyError, KeyInfo, KeyName, KeyStore, NewKey, Patience, Place, Slot,
    store::{explain_missing, of_providers},
};

/// The keys in the vault file, by way of the agent. It never starts one: no agent means that the vault is locked.
#[derive(Debug, Clone)]
pub struct AgentStore {
    agent: AgentClient,
}

impl AgentStore {
    /// The store behind `agent`.
    pub fn new(agent: AgentClient) -> Self {
        Self { agent }
    }

    /// The same as [`KeyStore::get`], with who is asking: what runs in the background does not keep the vault open.
    pub async fn get_by(&self, name: &KeyName, slot: Slot, by: By) -> Result<Secret, KeyError> {
        match self.ask(Request::Get { name: name.clone(), slot, by }, Some(name)).await {
            Ok(Reply::Value(value)) => Ok(value),
            Ok(_) => Err(strange()),
            Err(error) => Err(explain_missing(self, name, slot, error).await),
        }
    }

    async fn ask(&self, request: Request, name: Option<&KeyName>) -> Result<Reply, KeyError> {
        match self.agent.ask(&request).await {
            Ok(Reply::Refused(refusal)) => Err(told(refusal, name)),
            Ok(reply) => Ok(reply),
            Err(Unreached::NotRunning) => Err(KeyError::VaultLocked { reason: "nothing holds it open".to_owned() }),
            Err(error) => Err(KeyError::Refused(unreached(&error))),
        }
    }

    async fn done(&self, request: Request, name: Option<&KeyName>) -> Result<(), KeyError> {
        match self.ask(request, name).await? {
            Reply::Done => Ok(()),
            _ => Err(strange()),
        }
    }
}

impl KeyStore for AgentStore {
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        Box::pin(self.get_by(name, slot, By::Person))
    }

    fn set(&self, keys: Vec<NewKey>, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(self.done(Request::Set(keys), None))
    }

    fn add(&self, key: NewKey, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(async move {
            let name = key.name.clone();
            self.done(Request::Add(key), Some(&name)).await
        })
    }

    fn delete<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        Box::pin(self.done(Request::Delete { name: name.clone(), slot }, Some(name)))
    }

    fn list(&self, _: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        Box::pin(async {
            match self.ask(Request::List, None).await? {
                Reply::Keys(keys) => Ok(of_providers(keys)),
                _ => Err(strange()),
            }
        })
    }
}

fn told(refusal: Refusal, name: Option<&KeyName>) -> KeyError {
    match (refusal.kind, name) {
        (RefusalKind::Missing, Some(name)) => KeyError::Missing { place: Place::Vault(name.clone()) },
        (RefusalKind::Occupied, Some(name)) => KeyError::Occupied { place: Place::Vault(name.clone()) },
        (RefusalKind::Locked, _) => KeyError::VaultLocked { reason: refusal.message },
        _ => KeyError::Refused(refusal),
    }
}

pub(super) fn unreached(error: &Unreached) -> Refusal {
    let (code, hint) = match error {
        Unreached::NotRunning => ("agent-not-running", "run `aside vault unlock` in a terminal"),
        Unreached::Timeout(_) | Unreached::Broken(_) => {
            ("agent-broken", "run `aside vault lock` and then `aside vault unlock` in a terminal")
        }
        Unreached::Place(_) => ("agent-unreachable", "`aside doctor` tells what is wrong with the runtime folder"),
    };
    let hint = match error {
        Unreached::Place(error) => error.hint(),
        _ => hint.to_owned(),
    };
    Refusal { kind: RefusalKind::Failed, code: code.to_owned(), message: error.to_string(), hint }
}

fn strange() -> KeyError {
    KeyError::Refused(unreached(&Unreached::Broken("it answers something else".to_owned())))
}
