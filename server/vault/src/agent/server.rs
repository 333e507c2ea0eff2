//! The agent: one process that holds the unlocked vault for all of a user's editors and terminals.
//!
//! Owns when it starts, locks and ends, what a wrong passphrase costs, and that there is only one. It writes the vault only as it
//! is told; what a vault is, is `file`'s.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aside_secret::{Secret, stack};
use aside_storage::{StorageError, private::FileLock, socket};
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex as AsyncMutex, watch};

use super::{
    client::AGENT,
    message::{Refusal, RefusalKind, Reply, Request},
    socket::{Serves, bind, serve, status},
    terms::{AgentEnd, AgentEvent, AgentOptions, Deaf, KEY_CHANGED, OpenVault, Opens},
    tries::Tries,
};
use crate::{By, Gate, GateState, LockReason, Policy};

/// What makes sure that there is one agent, in the runtime folder.
const LOCK: &str = "agent.lock";
/// How long a new agent waits for an old one that is ending.
const PATIENCE: Duration = Duration::from_secs(3);
/// A locked agent without clients ends after this.
const LINGER: Duration = Duration::from_secs(20);
/// The same after wrong passphrases: they are to slow down the next one.
const LINGER_AFTER_WRONG: Duration = Duration::from_secs(600);
/// Who the agent says it is.
const LABEL: &str = "agent";

/// The agent.
pub struct Agent {
    gate: Arc<Gate>,
    vault: Arc<Vault>,
    opens: Arc<Opens>,
    policy: Box<dyn Fn() -> Policy + Send + Sync>,
    /// Held while a passphrase is tried and while its answer waits: one try at a time.
    tries: AsyncMutex<Tries>,
    /// Held while somebody comes or goes, and while the last one's going locks.
    clients: Mutex<Clients>,
    counted: watch::Sender<u32>,
    on_event: Arc<dyn Fn(AgentEvent) + Send + Sync>,
}

/// Who is attached.
#[derive(Debug, Default)]
struct Clients {
    all: u32,
    editors: u32,
}

/// The open vault, if it is open. Held for a look or a swap only: what is done with a vault is done with a handle of its own.
#[derive(Default)]
struct Vault {
    open: Mutex<Option<Arc<dyn OpenVault>>>,
    /// What a person should know of it, as it was at the last change.
    notes: Mutex<Vec<String>>,
}

impl Vault {
    fn handle(&self) -> Option<Arc<dyn OpenVault>> {
        locked_for(&self.open).clone()
    }

    /// Gives whether one was open.
    fn close(&self) -> bool {
        locked_for(&self.notes).clear();
        locked_for(&self.open).take().is_some()
    }
}

fn locked_for<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Agent").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Agent {
    /// Serves until it is locked and nobody needs it. To be run inside a runtime with threads that may block.
    ///
    /// # Errors
    /// It cannot listen.
    pub async fn run(options: AgentOptions) -> Result<AgentEnd, Deaf> {
        aside_storage::private::ensure_dir(&options.folder)?;
        let Some(_only) = only_one(&options.folder.join(LOCK)).await? else { return Ok(AgentEnd::AnotherRuns) };
        let path = options.folder.join(AGENT);
        let listener = bind(&path)?;
        let AgentOptions { policy, opens, on_event, on_ready, .. } = options;
        let agent = Arc::new(Self::new(policy, opens, on_event));
        (agent.on_event)(AgentEvent::Started);
        on_ready();
        tokio::select! {
            () = serve(listener, Arc::clone(&agent) as Arc<dyn Serves>) => {}
            () = Arc::clone(&agent.gate).drive() => {}
            () = agent.unneeded() => {}
        }
        let removed = socket::remove(&path);
        agent.gate.lock(LockReason::LastClient);
        (agent.on_event)(AgentEvent::Ended);
        removed?;
        Ok(AgentEnd::Idle)
    }

    fn new(
        policy: Box<dyn Fn() -> Policy + Send + Sync>,
        opens: Opens,
        on_event: Box<dyn Fn(AgentEvent) + Send + Sync>,
    ) -> Self {
        let (vault, on_event) = (Arc::new(Vault::default()), Arc::<dyn Fn(AgentEvent) + Send + Sync>::from(on_event));
        let (held, hears) = (Arc::clone(&vault), Arc::clone(&on_event));
        let on_change = move |state: GateState| {
            if let Some(reason) = state.locked
                && held.close()
            {
                hears(AgentEvent::Locked(reason));
            }
        };
        Self {
            gate: Arc::new(Gate::new(policy(), false, Box::new(on_change))),
            vault,
            opens: Arc::new(opens),
            policy,
            tries: AsyncMutex::default(),
            clients: Mutex::default(),
            counted: watch::Sender::new(0),
            on_event,
        }
    }

    /// Returns when it was locked and without clients for a while.
    async fn unneeded(&self) {
        let (mut changes, mut counted) = (self.gate.changes(), self.counted.subscribe());
        loop {
            let needed = changes.borrow_and_update().locked.is_none() || *counted.borrow_and_update() > 0;
            let changed = async {
                tokio::select! {
                    _ = changes.changed() => {}
                    _ = counted.changed() => {}
                }
            };
            // While one is being tried, somebody needs it.
            let linger = match self.tries.try_lock() {
                Ok(tries) if tries.is_none() => LINGER,
                Ok(_) | Err(_) => LINGER_AFTER_WRONG,
            };
            if needed {
                changed.await;
            } else if tokio::time::timeout(linger, changed).await.is_err() && self.tries.try_lock().is_ok() {
                return;
            }
        }
    }

    async fn unlock(&self, passphrase: Secret) -> Reply {
        let mut tries = self.tries.lock().await;
        let opens = Arc::clone(&self.opens);
        let opened = tokio::task::spawn_blocking(move || stack::clean(|| opens(passphrase))).await;
        match opened {
            Ok(Ok(vault)) => {
                tries.right();
                let notes = vault.notes();
                let vault = Arc::from(vault);
                self.gate.set_policy((self.policy)());
                self.gate.unlock_with(|| {
                    *locked_for(&self.vault.open) = Some(vault);
                    *locked_for(&self.vault.notes) = notes;
                });
                (self.on_event)(AgentEvent::Unlocked);
                Reply::Done
            }
            Ok(Err(refusal)) => {
                if refusal.kind == RefusalKind::WrongPassphrase {
                    (self.on_event)(AgentEvent::WrongPassphrase);
                    tokio::time::sleep(tries.wrong()).await;
                }
                Reply::Refused(refusal)
            }
            Err(_) => Reply::Refused(failed("internal", "the vault could not be opened", "look into the log")),
        }
    }

    /// Does something with the open vault, off the runtime's workers.
    async fn open<T: Send + 'static>(
        &self,
        by: By,
        work: impl FnOnce(&dyn OpenVault) -> Result<T, Refusal> + Send + 'static,
        reply: impl FnOnce(T) -> Reply,
    ) -> Reply {
        let pass = match self.gate.admit(by) {
            Ok(pass) => pass,
            Err(reason) => return Reply::Refused(locked(reason)),
        };
        let Some(vault) = self.vault.handle() else { return Reply::Refused(locked(LockReason::NotOpened)) };
        let done = tokio::task::spawn_blocking(move || stack::clean(|| (work(vault.as_ref()), vault.notes())));
        let done = done.await.map(|(done, notes)| {
            if self.gate.holds(pass) {
                *locked_for(&self.vault.notes) = notes;
            }
            done
        });
        match done {
            Ok(Ok(value)) if self.gate.holds(pass) => reply(value),
            Ok(Ok(_)) => Reply::Refused(locked(self.gate.state().locked.unwrap_or(LockReason::Asked))),
            Ok(Err(refusal)) => {
                // Somebody made another data key: what this agent holds opens nothing any more.
                if refusal.code == KEY_CHANGED {
                    self.gate.lock(LockReason::Vault);
                }
                Reply::Refused(refusal)
            }
            Err(_) => Reply::Refused(failed("internal", "the vault could not be used", "look into the log")),
        }
    }

    async fn reply(&self, request: Request) -> Reply {
        match request {
            Request::Status => {
                let notes = locked_for(&self.vault.notes).clone();
                let clients = locked_for(&self.clients).all;
                Reply::Status(status(LABEL, self.gate.state(), clients, notes))
            }
            Request::Lock => {
                self.gate.lock(LockReason::Asked);
                Reply::Done
            }
            Request::Unlock(passphrase) => self.unlock(passphrase).await,
            Request::Get { name, slot, by } => self.open(by, move |vault| vault.get(&name, slot), Reply::Value).await,
            Request::Set(keys) => self.open(By::Person, move |vault| vault.set(keys), |()| Reply::Done).await,
            Request::Add(key) => self.open(By::Person, move |vault| vault.add(key), |()| Reply::Done).await,
            Request::Delete { name, slot } => {
                self.open(By::Person, move |vault| vault.delete(&name, slot), |()| Reply::Done).await
            }
            Request::List => self.open(By::Background, |vault| vault.list(), Reply::Keys).await,
            Request::Touch => match self.gate.admit(By::Person) {
                Ok(_) => Reply::Done,
                Err(reason) => Reply::Refused(locked(reason)),
            },
            Request::Wake | Request::Forget | Request::Attach { .. } => {
                Reply::Refused(failed("internal", "that is not for the agent", ""))
            }
        }
    }
}

impl Serves for Agent {
    fn answer(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.reply(request))
    }

    fn attached(&self, _: &str, editor: bool) -> Option<watch::Receiver<GateState>> {
        let mut clients = locked_for(&self.clients);
        clients.all += 1;
        clients.editors += u32::from(editor);
        self.counted.send_replace(clients.all);
        Some(self.gate.changes())
    }

    fn detached(&self, editor: bool) {
        let mut clients = locked_for(&self.clients);
        clients.all -= 1;
        clients.editors -= u32::from(editor);
        // A command in a terminal comes and goes: the vault that was unlocked for the next ones stays open.
        if editor && clients.editors == 0 {
            self.gate.lock(LockReason::LastClient);
        }
        self.counted.send_replace(clients.all);
    }
}

fn locked(reason: LockReason) -> Refusal {
    Refusal {
        kind: RefusalKind::Locked,
        code: "locked".to_owned(),
        message: reason.sentence().to_owned(),
        hint: "run `aside vault unlock` in a terminal".to_owned(),
    }
}

fn failed(code: &str, message: &str, hint: &str) -> Refusal {
    Refusal { kind: RefusalKind::Failed, code: code.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
}

/// The right to be the agent, or `None` when another one keeps it.
async fn only_one(path: &std::path::Path) -> Result<Option<FileLock>, StorageError> {
    let path = path.to_owned();
    let locked = tokio::task::spawn_blocking(move || FileLock::exclusive(&path, PATIENCE)).await;
    match locked {
        Ok(Ok(lock)) => Ok(Some(lock)),
        Ok(Err(StorageError::LockBusy { .. })) | Err(_) => Ok(None),
        Ok(Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
