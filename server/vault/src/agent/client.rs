//! Asking the agent, and every other process that holds keys.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use aside_secret::Secret;
use aside_storage::{StorageError, socket};
use futures_util::future::join_all;
use tokio::{net::UnixStream, sync::watch, time::timeout};

use super::{
    connection::{Connection, Failure},
    message::{ProcessStatus, Refusal, Reply, Request},
    store::unreached,
    terms::{Unreached, Word},
};
use crate::LockReason;

/// The agent's socket in the runtime folder.
pub(super) const AGENT: &str = "agent.sock";

/// How long an answer may take that needs no passphrase.
const SOON: Duration = Duration::from_secs(2);
/// How long a change may take, which waits for other processes that write.
const A_CHANGE: Duration = Duration::from_secs(20);
/// How long an answer may take that needs one: the key derivation, and the delay after wrong ones.
const WITH_PASSPHRASE: Duration = Duration::from_secs(60);

/// The agent as seen from another process. Cheap to clone; connects at each question.
#[derive(Debug, Clone)]
pub struct AgentClient {
    sockets: Vec<PathBuf>,
}

impl AgentClient {
    /// The agent that listens in the first of these runtime folders in which one does.
    pub fn new(folders: &[PathBuf]) -> Self {
        Self { sockets: folders.iter().map(|folder| folder.join(AGENT)).collect() }
    }

    /// How it stands.
    pub async fn status(&self) -> Result<ProcessStatus, Unreached> {
        match self.ask(&Request::Status).await? {
            Reply::Status(status) => Ok(status),
            _ => Err(strange()),
        }
    }

    /// Whether one listens; connects and says nothing.
    pub async fn is_running(&self) -> bool {
        for socket in &self.sockets {
            if connect(socket).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// Tells it that a person used a key that this process had kept.
    pub async fn touch(&self) {
        // An agent that is gone has nothing to keep open.
        let _ = self.ask(&Request::Touch).await;
    }

    /// Stays connected as `label` and hears of every lock; the first thing heard is how it stands. Keep the receiver: the agent
    /// locks when the last `editor` is gone, and does not end while anybody is there. It says locked when the agent is gone.
    pub async fn attach(&self, label: &str, editor: bool) -> Result<watch::Receiver<Option<LockReason>>, Unreached> {
        let mut connection = self.connect().await?;
        connection.ask(&Request::Attach { label: label.to_owned(), editor }).await.map_err(broken)?;
        let first = timeout(SOON, connection.reply()).await.map_err(|_| Unreached::Timeout(SOON))?.map_err(broken)?;
        let Reply::Changed(state) = first else { return Err(strange()) };
        let (tell, heard) = watch::channel(state);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    said = connection.reply() => match said {
                        Ok(Reply::Changed(state)) => {
                            tell.send_replace(state);
                        }
                        _ => break,
                    },
                    // Nobody listens any more: hang up.
                    () = tell.closed() => return,
                }
            }
            tell.send_replace(Some(LockReason::Vault));
        });
        Ok(heard)
    }

    /// Opens the vault with `passphrase`, at an agent that runs.
    ///
    /// # Errors
    /// The passphrase is not the one ([`super::RefusalKind::WrongPassphrase`], answered the later the more wrong ones came), or the vault
    /// cannot be opened.
    pub async fn unlock(&self, passphrase: Secret) -> Result<(), Refusal> {
        match self.ask(&Request::Unlock(passphrase)).await {
            Ok(Reply::Done) => Ok(()),
            Ok(Reply::Refused(refusal)) => Err(refusal),
            Ok(_) => Err(unreached(&strange())),
            Err(error) => Err(unreached(&error)),
        }
    }

    pub(super) async fn ask(&self, request: &Request) -> Result<Reply, Unreached> {
        for socket in &self.sockets {
            match ask(socket, request).await {
                Err(Unreached::NotRunning) => {}
                other => return other,
            }
        }
        Err(Unreached::NotRunning)
    }

    async fn connect(&self) -> Result<Connection, Unreached> {
        for socket in &self.sockets {
            match connect(socket).await {
                Err(Unreached::NotRunning) => {}
                other => return other,
            }
        }
        Err(Unreached::NotRunning)
    }
}

/// How every process of this user stands that holds keys, the agent first, looked for in `folders`. Sockets that nobody listens
/// at are taken away.
pub async fn processes(folders: &[PathBuf]) -> Result<Vec<ProcessStatus>, StorageError> {
    let sockets = sockets(folders)?;
    let asked = sockets.iter().map(|path| async move { (path, ask(path, &Request::Status).await) });
    let mut found = Vec::new();
    for (path, answer) in join_all(asked).await {
        match answer {
            Ok(Reply::Status(status)) => found.push(status),
            Err(Unreached::NotRunning) => abandoned(path),
            Ok(_) | Err(_) => {}
        }
    }
    found.sort_by_key(|status| (status.label != "agent", status.pid));
    Ok(found)
}

/// Tells every process of this user that holds keys, the agent first and then all at once. Gives how many did as told, and what
/// stood in the way of the others.
pub async fn tell_all(folders: &[PathBuf], word: Word) -> Result<(usize, Vec<String>), StorageError> {
    let (agents, others): (Vec<_>, Vec<_>) = sockets(folders)?.into_iter().partition(|path| path.ends_with(AGENT));
    let (mut told, mut failed) = (0, Vec::new());
    // Who is locked must not be opened again by an agent that is not yet.
    let agents = if word == Word::Lock { agents } else { Vec::new() };
    for group in [agents, others] {
        let asked = group.iter().map(|path| async move { (path, ask(path, &word.request()).await) });
        for (path, answer) in join_all(asked).await {
            match answer {
                Ok(Reply::Done) => told += 1,
                Err(Unreached::NotRunning) => abandoned(path),
                Ok(_) => failed.push(format!("`{}` does not do it", path.display())),
                Err(error) => failed.push(format!("`{}`: {error}", path.display())),
            }
        }
    }
    Ok((told, failed))
}

impl Word {
    fn request(self) -> Request {
        match self {
            Self::Lock => Request::Lock,
            // The agent is opened by its passphrase, and keeps no key by itself: it is not told.
            Self::Wake => Request::Wake,
            Self::Forget => Request::Forget,
        }
    }
}

fn sockets(folders: &[PathBuf]) -> Result<Vec<PathBuf>, StorageError> {
    let mut found = Vec::new();
    for folder in folders {
        found.extend(socket::list(folder)?);
    }
    Ok(found)
}

/// Nobody listens there: whoever did was killed.
fn abandoned(path: &Path) {
    if let Err(error) = socket::remove(path) {
        tracing::debug!(%error, "a socket that nobody listens at stays");
    }
}

async fn ask(path: &Path, request: &Request) -> Result<Reply, Unreached> {
    let limit = match request {
        Request::Unlock(_) => WITH_PASSPHRASE,
        Request::Set(_) | Request::Delete { .. } => A_CHANGE,
        _ => SOON,
    };
    let asked = async {
        match ask_once(path, request).await {
            // It may have ended just now: then the next connection is refused.
            Err(Failed::HungUp) => ask_once(path, request).await,
            other => other,
        }
    };
    match timeout(limit, asked).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(Failed::HungUp)) => Err(Unreached::Broken("it hung up".to_owned())),
        Ok(Err(Failed::Otherwise(error))) => Err(error),
        Err(_) => Err(Unreached::Timeout(limit)),
    }
}

/// How one try fails.
enum Failed {
    HungUp,
    Otherwise(Unreached),
}

async fn ask_once(path: &Path, request: &Request) -> Result<Reply, Failed> {
    let failed = |failure| match failure {
        Failure::Ended => Failed::HungUp,
        other => Failed::Otherwise(broken(other)),
    };
    let mut connection = connect(path).await.map_err(Failed::Otherwise)?;
    connection.ask(request).await.map_err(failed)?;
    connection.reply().await.map_err(failed)
}

async fn connect(path: &Path) -> Result<Connection, Unreached> {
    match UnixStream::connect(path).await {
        Ok(stream) => Connection::checked(stream).map_err(broken),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            Err(Unreached::NotRunning)
        }
        Err(error) => Err(Unreached::Broken(error.to_string())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits `map_err`")]
fn broken(failure: Failure) -> Unreached {
    Unreached::Broken(failure.to_string())
}

fn strange() -> Unreached {
    Unreached::Broken("it answers something else".to_owned())
}
