//! The door to all conversations.
//!
//! Owns the checks of what is asked, and the choice between the store (what is written down) and a live session's task (what
//! moves). It holds no conversation itself.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aside_secret::Secret;
use aside_storage::database::Versions;
use futures_util::future::join_all;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Damage, DataKeys, KeyId, KeyPlace, Limiter, Matches, Opened, Options, Outbox, Page, RetryAfter, Say, SessionError,
    SessionId, SessionInfo, State, StoredMessage, TurnId, Verified, WorkspaceId,
    finder::Finder,
    live::{self, Command, Joining},
    moved::{Fingerprint, Known, candidates},
    registry::{Registry, WorkspaceSessions},
    retention::{Plan, Rule},
    store::{Cursor, NewSession, Place, Store},
    title,
};

/// The most sessions or messages on one page.
const MAX_PAGE: u32 = 1000;
/// The longest label of a model, in bytes: a provider and a model of 256 bytes each.
const MAX_MODEL: usize = 513;
/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_millis(800);

/// All conversations of one database. Cheap to clone; nothing is opened, created or started before the first use.
///
/// Dropping the last clone interrupts running answers as [`shutdown`](Self::shutdown) does, without waiting for it.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    // A plain lock, held for a copy: a person may move bounds while the program runs.
    options: Mutex<Arc<Options>>,
    registry: Registry,
    finder: Finder,
    // A plain lock, held for one look.
    limiter: Mutex<Limiter>,
    /// Where this program's own time begins.
    epoch: Instant,
}

/// A folder with conversations that was elsewhere before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub path: String,
    /// How many conversations it has.
    pub sessions: u64,
}

/// The database was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCheck {
    /// When.
    pub at: jiff::Timestamp,
    /// What was found; empty where it is whole.
    pub problems: Vec<String>,
}

/// Where conversations are kept, and the key they are sealed under. Nothing needs to exist.
pub struct Home {
    /// The database.
    pub database: PathBuf,
    /// The file that says how many changes the database had. Apart from the database, so that an older copy of that is noticed.
    pub anchor: PathBuf,
    /// The file that says which passphrases of single sessions were entered: best in a folder that is gone with the login.
    pub entered: PathBuf,
    /// The place of the key.
    pub keys: Arc<dyn DataKeys>,
}

/// How the store of sessions is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The database's path.
    pub database: PathBuf,
    /// Whether it exists yet.
    pub exists: bool,
    /// Sessions in it.
    pub sessions: u64,
    /// Their rows.
    pub rows: u64,
    /// Bytes of the sealed rows; `None` while the key is not at hand.
    pub bytes: Option<u64>,
    /// The key that all of it is sealed under, while it is at hand.
    pub key: Option<KeyId>,
    /// Where that key was found.
    pub place: Option<KeyPlace>,
    /// Why nothing is written: what does not fit what this program left.
    pub older: Option<&'static str>,
    /// What the last look through the file found.
    pub checked: Option<LastCheck>,
    /// Sessions with a task in this process.
    pub live: usize,
    /// Turns that run in this process.
    pub running: usize,
    /// Sessions with an answer that is only in memory because saving failed.
    pub unsaved: usize,
    /// Why the store cannot be read, if so.
    pub error: Option<String>,
    /// The next step when there is an error.
    pub hint: Option<String>,
}

impl Sessions {
    /// The conversations at `home`.
    pub fn new(home: Home, options: Options) -> Self {
        let Home { database, anchor, entered, keys } = home;
        let store = Store::new(Place { database, anchor, entered, keys }, &options);
        let limiter = Mutex::new(Limiter::new(options.resumes));
        let (options, registry) = (Mutex::new(Arc::new(options)), Registry::default());
        let (finder, epoch) = (Finder::default(), Instant::now());
        Self { inner: Arc::new(Inner { store, options, registry, finder, limiter, epoch }) }
    }

    /// Other bounds and paces, from the next message on.
    pub fn set_options(&self, options: Options) {
        self.inner.store.set_limits(&options);
        if self.options().resumes != options.resumes {
            *self.inner.limiter.lock().unwrap_or_else(PoisonError::into_inner) = Limiter::new(options.resumes);
        }
        *self.inner.options.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(options);
    }

    /// Lets go of the key: what is read next asks for it again. An answer that is running is still saved.
    pub fn lock(&self) {
        self.inner.store.lock();
        self.inner.finder.forget();
    }

    /// What [`lock`](Self::lock) does, for somebody who must not keep these conversations alive.
    pub fn locker(&self) -> impl Fn() + Send + Sync + 'static {
        let inner = Arc::downgrade(&self.inner);
        move || {
            if let Some(inner) = inner.upgrade() {
                Self { inner }.lock();
            }
        }
    }

    /// Makes a session. Without a `title` its first message gives it one. `model` is a label, shown until a turn names another.
    pub async fn create(
        &self,
        workspace: &WorkspaceId,
        title: Option<&str>,
        model: Option<&str>,
    ) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        let title = title.map(title::given).transpose()?;
        model.map_or(Ok(()), check_model)?;
        let (mark, model) = (mark_of(workspace).await, model.map(str::to_owned));
        self.inner.store.create(NewSession { workspace: workspace.clone(), title, model, mark }).await
    }

    /// Lists up to `limit` (1 to 1000) sessions of one workspace or of all, most recently changed first, from the start or from
    /// an earlier page's `cursor`. Where there is no database the list is empty, and none is made.
    pub async fn list(
        &self,
        workspace: Option<&WorkspaceId>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page, SessionError> {
        let limit = check_limit(limit)?;
        let cursor = cursor.map(str::parse::<Cursor>).transpose()?;
        self.inner.store.list(workspace.cloned(), limit, cursor).await
    }

    /// Reads a session and up to `limit` (1 to 1000) of its messages: the last ones, or those before number `before`.
    ///
    /// The text of a message that is still streaming is what was saved of it; [`subscribe`](Self::subscribe) gives all of it.
    pub async fn open(&self, id: SessionId, limit: u32, before: Option<u64>) -> Result<Opened, SessionError> {
        self.inner.store.open(id, check_limit(limit)?, before).await
    }

    /// Reads as [`open`](Self::open) does and subscribes `outbox` in one step, so that nothing is missing between the two and
    /// nothing is told that was read as finished. The text of a streaming message is told again from its event number 0.
    pub async fn join(
        &self,
        id: SessionId,
        limit: u32,
        before: Option<u64>,
        outbox: &Arc<dyn Outbox>,
    ) -> Result<Opened, SessionError> {
        let limit = check_limit(limit)?;
        self.check_open()?;
        let home = match self.inner.registry.home_of(id) {
            Some(home) => home,
            None => self.resumed(id, before).await?,
        };
        let (reply, opened) = oneshot::channel();
        self.post(&home, id, Command::Join(Joining { outbox: Arc::downgrade(outbox), limit, before }, reply))?;
        opened.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    /// Tells `outbox` from now on what happens in the session; a running turn is told from its start. Once is enough: asking
    /// again with the same outbox changes nothing. It is held weakly: dropping it ends the subscription.
    pub async fn subscribe(&self, id: SessionId, outbox: &Arc<dyn Outbox>) -> Result<(), SessionError> {
        let home = self.home(id).await?;
        self.post(&home, id, Command::Listen(Arc::downgrade(outbox)))
    }

    /// Says something. Returns when the message is on disk and its answer is about to begin; the answer is told to the
    /// subscribers, and goes on whatever becomes of this future's caller.
    ///
    /// `Busy` while the session answers, here or in another program.
    pub async fn send(&self, id: SessionId, say: Say) -> Result<TurnId, SessionError> {
        say.check(self.options().max_message_chars)?;
        check_model(&say.model)?;
        let home = self.home(id).await?;
        let (reply, said) = oneshot::channel();
        self.post(&home, id, Command::Say(say, reply))?;
        said.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    /// Stops the running answer and waits until what had come is on disk. Nothing happens when none runs; `Busy` when it is
    /// given by another program, which this one cannot stop.
    pub async fn stop(&self, id: SessionId) -> Result<(), SessionError> {
        if let Some(home) = self.inner.registry.home_of(id) {
            let (reply, stopped) = oneshot::channel();
            if home.post_if_live(id, Command::Stop(reply))?.is_none() {
                // A task that ended meanwhile has nothing to stop.
                let _ = stopped.await;
            }
        }
        match self.inner.store.session(id).await?.state {
            State::Running => Err(SessionError::Busy { id, elsewhere: true }),
            _ => Ok(()),
        }
    }

    /// Gives a session a title of 1 to 200 characters.
    pub async fn rename(&self, id: SessionId, title: &str) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        self.inner.store.rename(id, title::given(title)?).await
    }

    /// Puts a session into the trash; a running answer is stopped first. `Busy` while another program answers in it.
    pub async fn delete(&self, id: SessionId) -> Result<(), SessionError> {
        self.check_open()?;
        if let Some(home) = self.inner.registry.home_of(id) {
            let (reply, deleted) = oneshot::channel();
            if home.post_if_live(id, Command::Delete(reply))?.is_none() {
                return deleted.await.unwrap_or(Err(SessionError::ShuttingDown));
            }
        }
        self.inner.store.trash(id).await
    }

    /// Removes a session and all its messages for good, from the trash or from where it is.
    pub async fn remove(&self, id: SessionId) -> Result<(), SessionError> {
        if self.inner.registry.home_of(id).is_some() {
            self.delete(id).await?;
        }
        self.inner.store.remove(id).await
    }

    /// What is in the trash, the last thrown away first, and when it was.
    pub async fn trashed(&self) -> Result<Vec<(SessionInfo, jiff::Timestamp)>, SessionError> {
        self.inner.store.trashed().await
    }

    /// Takes a session out of the trash.
    pub async fn restore(&self, id: SessionId) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        self.inner.store.restore(id).await
    }

    /// Gives a session a passphrase of its own, on top of the key of all. `Busy` while an answer is given in it.
    pub async fn protect(&self, id: SessionId, passphrase: Secret) -> Result<(), SessionError> {
        self.check_open()?;
        self.inner.store.protect(id, passphrase).await
    }

    /// Takes the passphrase of a session that is open away.
    pub async fn unprotect(&self, id: SessionId) -> Result<(), SessionError> {
        self.check_open()?;
        self.inner.store.unprotect(id).await
    }

    /// Opens a session with its passphrase, for all programs of the user, until a lock.
    pub async fn unlock_session(&self, id: SessionId, passphrase: Secret) -> Result<(), SessionError> {
        self.inner.store.enter(id, passphrase).await
    }

    /// Locks a session that has a passphrase of its own.
    pub async fn lock_session(&self, id: SessionId) -> Result<(), SessionError> {
        self.inner.finder.forget();
        self.inner.store.leave_session(id).await
    }

    /// Makes a new session with what `id` holds up to and with the turn of message `n`, or with all of it.
    pub async fn fork(&self, id: SessionId, n: Option<u64>) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        self.inner.store.fork(id, n).await
    }

    /// Makes a new session that begins with the summary `text`, which `model` gave of what `id` holds before message `from`, and
    /// goes on with the rest. `id` stays as it is.
    pub async fn compact(
        &self,
        id: SessionId,
        from: u64,
        text: &str,
        model: &str,
    ) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        self.inner.store.compact(id, from, text.to_owned(), model.to_owned()).await
    }

    /// Makes a new session of all that can be read of `id`, and says what was wrong with the rest.
    pub async fn recover(&self, id: SessionId) -> Result<(SessionInfo, Vec<Damage>), SessionError> {
        self.check_open()?;
        self.inner.store.recover(id).await
    }

    /// Makes a session of messages from elsewhere, which are marked so.
    pub async fn import(
        &self,
        workspace: &WorkspaceId,
        title: &str,
        messages: Vec<StoredMessage>,
    ) -> Result<SessionInfo, SessionError> {
        self.check_open()?;
        let title = Some(title::given(title)?);
        let mark = mark_of(workspace).await;
        let new = NewSession { workspace: workspace.clone(), title, model: None, mark };
        self.inner.store.import(new, messages).await
    }

    /// Which version the database has, and the newest that this program knows; `None` where there is none. Changes nothing.
    pub async fn versions(&self) -> Result<Option<Versions>, SessionError> {
        let database = self.inner.store.database().clone();
        let looked = tokio::task::spawn_blocking(move || database.versions()).await;
        Ok(looked.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?)
    }

    /// Brings the database to the newest version and seals what is still in clear; every other use does the same. Gives what it
    /// was before; `None` where there is none.
    pub async fn migrate(&self) -> Result<Option<Versions>, SessionError> {
        self.check_open()?;
        let before = self.versions().await?;
        if before.is_some() {
            self.inner.store.migrate().await?;
        }
        Ok(before)
    }

    /// Returns once the key is at hand, because somebody used the conversations. Asks for nothing.
    pub async fn unlocked(&self) {
        self.inner.store.access().unlocked().await;
    }

    /// Whether the key is at hand.
    pub fn is_unlocked(&self) -> bool {
        self.inner.store.access().at_hand().is_some()
    }

    /// The longest message, in characters.
    pub(crate) fn longest_message(&self) -> usize {
        self.options().max_message_chars
    }

    /// Reads every row of session `only`, or of all.
    pub async fn verify(&self, only: Option<SessionId>) -> Result<Verified, SessionError> {
        self.inner.store.verify(only).await
    }

    /// Takes the store as it is, although it is not as this program left it: a person has put it so.
    pub async fn accept(&self) -> Result<(), SessionError> {
        self.check_open()?;
        self.inner.store.accept().await
    }

    /// Lets nothing new begin, saves and interrupts what runs, tells everyone, and closes the database; within 800 ms.
    pub async fn shutdown(&self) {
        let ends = self.inner.registry.close().into_iter().map(|mailbox| async move {
            let (reply, ended) = oneshot::channel();
            if mailbox.send(Command::Shutdown(reply)).await.is_ok() {
                let _ = ended.await;
            }
        });
        let all = async {
            join_all(ends).await;
            self.inner.store.close().await;
        };
        if tokio::time::timeout(SHUTDOWN, all).await.is_err() {
            tracing::warn!("sessions were not all saved in time; what was saved of running answers is kept");
        }
    }

    /// How many sessions have a task in this process: those that answer, and those somebody listens to.
    pub fn live(&self) -> usize {
        self.inner.registry.live()
    }

    /// Up to `limit` (1 to 1000) messages of one workspace or of all that have every word of `query`, and every phrase in double
    /// quotes as it is; case does not matter.
    pub async fn search(
        &self,
        workspace: Option<&WorkspaceId>,
        query: &str,
        limit: u32,
    ) -> Result<Matches, SessionError> {
        let limit = check_limit(limit)?;
        self.inner.finder.find(&self.inner.store, workspace, query, limit).await
    }

    /// Moves conversations that have had their time by `rule` to the trash, and those there out of it. With `dry` it is only
    /// planned. `None` where there are none.
    pub async fn clean(&self, rule: Rule, dry: bool) -> Result<Option<Plan>, SessionError> {
        self.check_open()?;
        self.inner.store.clean(rule, self.inner.registry.live_ids(), dry).await
    }

    /// The folders, now gone, whose conversations may be those of `folder`, which has none: it may have been moved.
    pub async fn moved(&self, folder: &Path) -> Result<Vec<Moved>, SessionError> {
        let here = WorkspaceId::of(Some(folder));
        let places = self.inner.store.places().await?;
        if places.iter().any(|(path, _, sessions)| path == here.as_str() && *sessions > 0) {
            return Ok(Vec::new());
        }
        let looking = tokio::task::spawn_blocking(move || moved_to(&here, &places)).await;
        looking.map_err(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    /// Gives the conversations of the folder that was at `from` to `to`: it was moved. Gives how many they are.
    pub async fn relink(&self, from: &str, to: &WorkspaceId) -> Result<u64, SessionError> {
        self.check_open()?;
        let mark = mark_of(to).await;
        self.inner.store.move_workspace(from.to_owned(), to.clone(), mark).await
    }

    /// Seals all conversations under a new key. Gives which, and how many they are.
    pub async fn rekey(&self) -> Result<(KeyId, u64), SessionError> {
        self.check_open()?;
        self.inner.store.rekey().await
    }

    /// Looks through the whole file for damage.
    pub async fn check(&self) -> Result<LastCheck, SessionError> {
        let problems = self.inner.store.check().await?.problems;
        Ok(LastCheck { at: jiff::Timestamp::now(), problems })
    }

    /// Looks how the store is doing. Creates nothing.
    pub async fn health(&self) -> Health {
        let store = &self.inner.store;
        let count = store.count().await;
        let (error, hint) = count.as_ref().err().map(|error| (error.to_string(), error.hint())).unzip();
        let count = count.ok().flatten();
        let known = count.unwrap_or_default();
        Health {
            database: store.database().path().to_owned(),
            exists: count.is_some() || error.is_some(),
            sessions: known.sessions,
            rows: known.rows,
            bytes: known.bytes,
            key: store.access().at_hand().map(|sealer| sealer.id()),
            place: store.access().place(),
            older: store.older(),
            checked: store.checked().map(|(at, found)| LastCheck {
                at,
                problems: found.map_or_else(|error| vec![error], |found| found.problems),
            }),
            live: self.live(),
            running: store.ledger().running().len(),
            unsaved: store.ledger().unsaved(),
            error,
            hint,
        }
    }

    fn options(&self) -> Arc<Options> {
        Arc::clone(&self.inner.options.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The workspace a session belongs to, by its live task or by the store.
    async fn home(&self, id: SessionId) -> Result<Arc<WorkspaceSessions>, SessionError> {
        self.check_open()?;
        if let Some(home) = self.inner.registry.home_of(id) {
            return Ok(home);
        }
        let workspace = self.inner.store.workspace_of(id).await?;
        Ok(self.inner.registry.workspace(&workspace))
    }

    /// The workspace of a session that is opened again, unless that happens too often. A page of one that is open is none.
    async fn resumed(&self, id: SessionId, before: Option<u64>) -> Result<Arc<WorkspaceSessions>, SessionError> {
        let workspace = self.inner.store.workspace_of(id).await?;
        if before.is_none() {
            let mut limiter = self.inner.limiter.lock().unwrap_or_else(PoisonError::into_inner);
            let limit = self.options().resumes.workspace.tokens;
            limiter
                .take(self.inner.epoch.elapsed(), &workspace)
                .map_err(|RetryAfter(retry_after)| SessionError::RateLimited { limit, retry_after })?;
        }
        Ok(self.inner.registry.workspace(&workspace))
    }

    fn post(&self, home: &Arc<WorkspaceSessions>, id: SessionId, command: Command) -> Result<(), SessionError> {
        home.post(id, command, |mailbox| {
            let (store, options) = (self.inner.store.clone(), self.options());
            live::start(live::Start { id, store, options, home: Arc::downgrade(home) }, mailbox);
        })
    }

    fn check_open(&self) -> Result<(), SessionError> {
        if self.inner.registry.is_closed() { Err(SessionError::ShuttingDown) } else { Ok(()) }
    }
}

/// What the folder of a workspace is known by, should it be moved.
async fn mark_of(workspace: &WorkspaceId) -> Option<String> {
    let path = workspace.path()?;
    let looked = tokio::task::spawn_blocking(move || Fingerprint::of(&path)).await;
    looked.ok().flatten().map(|mark| mark.encode())
}

fn moved_to(here: &WorkspaceId, places: &[(String, Option<String>, u64)]) -> Vec<Moved> {
    let Some((folder, fingerprint)) = here.path().and_then(|path| Some((path.clone(), Fingerprint::of(&path)?))) else {
        return Vec::new();
    };
    let known = places.iter().filter(|(_, _, sessions)| *sessions > 0).filter_map(|(path, mark, _)| {
        let workspace = WorkspaceId::stored(path.clone());
        let path = workspace.path()?;
        let (then, now) = (Fingerprint::decode(mark.as_deref()?)?, Fingerprint::of(&path));
        Some(Known { workspace, path, then, now })
    });
    let known: Vec<Known> = known.collect();
    let found = candidates(&folder, &fingerprint, &known);
    let sessions = |path: &str| places.iter().find(|place| place.0 == path).map_or(0, |place| place.2);
    found.iter().map(|one| Moved { path: one.as_str().to_owned(), sessions: sessions(one.as_str()) }).collect()
}

fn check_limit(limit: u32) -> Result<usize, SessionError> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(SessionError::OutOfBounds { field: "limit", value: limit.into(), min: 1, max: MAX_PAGE.into() })
}

fn check_model(model: &str) -> Result<(), SessionError> {
    if model.len() <= MAX_MODEL {
        return Ok(());
    }
    Err(SessionError::TooLong { field: "model", length: model.len(), max: MAX_MODEL, unit: "bytes" })
}
