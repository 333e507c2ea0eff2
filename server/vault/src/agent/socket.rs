//! Listening on a private socket: where it lies, how many may talk at once, how long they may think. What is answered belongs to
//! whoever listens.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aside_storage::socket;
use futures_util::future::BoxFuture;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{
    connection::{Connection, Failure},
    message::{BadMessage, ProcessStatus, Refusal, RefusalKind, Reply, Request},
    terms::Deaf,
};
use crate::{Gate, GateState, LockReason};

/// The most connections at once; further ones wait.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a socket's name ends with.
pub(super) const SUFFIX: &str = ".sock";

/// What a listening process answers.
pub(super) trait Serves: Send + Sync + 'static {
    /// The reply to a request other than `Attach`.
    fn answer(&self, request: Request) -> BoxFuture<'_, Reply>;

    /// A client stays connected; what it gets to hear. `None` where nobody may stay.
    fn attached(&self, label: &str, editor: bool) -> Option<watch::Receiver<GateState>>;

    /// A client that stayed is gone.
    fn detached(&self, editor: bool);
}

/// Binds the socket at `path`, which must not be another living process's.
pub(super) fn bind(path: &Path) -> Result<UnixListener, Deaf> {
    if path.as_os_str().len() > socket::LONGEST_PATH {
        return Err(Deaf::TooLong(path.to_owned()));
    }
    socket::make_room(path)?;
    let listener = UnixListener::bind(path).map_err(|error| Deaf::Bind(path.to_owned(), error))?;
    socket::close_to_others(path)?;
    Ok(listener)
}

/// Serves everybody of the same user until it is dropped.
pub(super) async fn serve(listener: UnixListener, serves: Arc<dyn Serves>) {
    let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(seat) = Arc::clone(&seats).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let serves = Arc::clone(&serves);
                tokio::spawn(async move {
                    let _seat = seat;
                    if let Err(failure) = converse(stream, serves.as_ref()).await {
                        tracing::debug!(%failure, "a connection about keys ended");
                    }
                });
            }
            // Out of descriptors: those that are open will close.
            Err(error) => {
                tracing::warn!(%error, "a connection about keys could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, serves: &dyn Serves) -> Result<(), Failure> {
    let mut connection = Connection::checked(stream)?;
    loop {
        let request = match timeout(PATIENCE, connection.request()).await {
            Ok(Err(Failure::Ended)) | Err(_) => return Ok(()),
            // Another version, most likely: it is told, and does not think that nobody is here.
            Ok(Err(Failure::Message(bad))) => {
                connection.answer(&Reply::Refused(misunderstood(bad))).await?;
                return Err(bad.into());
            }
            Ok(request) => request?,
        };
        match request {
            Request::Attach { label, editor } => match serves.attached(&label, editor) {
                Some(changes) => {
                    let heard = stay(&mut connection, changes).await;
                    serves.detached(editor);
                    return heard;
                }
                None => connection.answer(&Reply::Done).await?,
            },
            request => connection.answer(&serves.answer(request).await).await?,
        }
    }
}

fn misunderstood(bad: BadMessage) -> Refusal {
    Refusal {
        kind: RefusalKind::Failed,
        code: "agent-version".to_owned(),
        message: format!("another version of Aside runs: {bad}"),
        hint: "close the editors that were started before the update, and run `aside vault lock`".to_owned(),
    }
}

/// Tells a client of every change until it hangs up.
async fn stay(connection: &mut Connection, mut changes: watch::Receiver<GateState>) -> Result<(), Failure> {
    loop {
        let locked = changes.borrow_and_update().locked;
        connection.answer(&Reply::Changed(locked)).await?;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = connection.hung_up() => return Ok(()),
        }
    }
}

/// A process other than the agent that holds keys: it can be asked how it stands, told to lock, and told that a person unlocked.
pub struct Listener;

impl Listener {
    /// Listens in `folder` for `gate` under the name `label`. To be called inside a runtime.
    ///
    /// # Errors
    /// The folder is not private or cannot be made so, or the system refuses: then this process locks at its own limits only.
    pub fn start(folder: &Path, label: &str, gate: Arc<Gate>) -> Result<Listening, Deaf> {
        let path = folder.join(format!("{}{SUFFIX}", std::process::id()));
        let listener = bind(&path)?;
        let holder = Arc::new(Holder { label: label.to_owned(), gate });
        Ok(Listening { path, task: tokio::spawn(serve(listener, holder)) })
    }
}

/// As long as it is kept, a process listens.
pub struct Listening {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        // What is left is taken away by whoever finds that nobody listens.
        let _ = socket::remove(&self.path);
    }
}

struct Holder {
    label: String,
    gate: Arc<Gate>,
}

impl Serves for Holder {
    fn answer(&self, request: Request) -> BoxFuture<'_, Reply> {
        let reply = match request {
            Request::Status => Reply::Status(status(&self.label, self.gate.state(), 0, Vec::new())),
            Request::Lock => {
                self.gate.lock(LockReason::Asked);
                Reply::Done
            }
            Request::Wake => {
                self.gate.unlock();
                Reply::Done
            }
            Request::Forget => {
                self.gate.forget();
                Reply::Done
            }
            _ => Reply::Refused(Refusal {
                kind: RefusalKind::Failed,
                code: "not-the-agent".to_owned(),
                message: "this process holds no vault".to_owned(),
                hint: String::new(),
            }),
        };
        Box::pin(std::future::ready(reply))
    }

    fn attached(&self, _: &str, _: bool) -> Option<watch::Receiver<GateState>> {
        None
    }

    fn detached(&self, _: bool) {}
}

/// How this process stands.
pub(super) fn status(label: &str, state: GateState, clients: u32, notes: Vec<String>) -> ProcessStatus {
    ProcessStatus {
        pid: std::process::id(),
        label: label.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        locked: state.locked,
        left: state.left,
        clients,
        notes,
    }
}
