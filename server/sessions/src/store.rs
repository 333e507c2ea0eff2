//! Sessions on disk.
//!
//! Owns the sealed database of sessions: what is one transaction, which limits are checked inside it, and whose turn a running
//! turn is. Rows are only ever added; the head of a session sums them up so that a list needs no rows. What rows mean is
//! `transcript`'s, how their content is spelled is `format`'s, how it is sealed is `seal`'s, and no transaction waits for anything
//! but the disk.

mod access;
mod adopt;
mod anchor;
mod book;
mod exchange;
mod head;
mod keep;
mod ledger;
mod life;
mod news;
mod outage;
mod page;
mod passage;
mod protect;
mod rekey;
mod rows;
mod schema;
mod seen;
mod turns;
mod verify;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use aside_storage::database::{Checked, Database};
use jiff::Timestamp;

use crate::{
    Attachment, Damage, DataKeys, Opened, Options, Page, SessionError, SessionId, SessionInfo, State, StoredMessage,
    TurnId, WorkspaceId,
    format::{Kind, Record},
    owner::Owner,
    retention::{Plan, Rule},
    seal::Sealer,
    transcript::{Row, transcript},
};
use access::Access;
use anchor::Anchor;
use book::{Book, Site};
pub(crate) use exchange::{Begun, Hold};
use head::{Found, Head};
pub(crate) use ledger::{Ledger, Running};
pub(crate) use news::News;
pub(crate) use page::Cursor;
use passage::Undone;
use protect::Entered;
use seen::Seen;
pub(crate) use turns::{Kept, left};
pub use verify::Verified;

/// A message to put on disk before it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnId,
    pub(crate) text: String,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) model: String,
    /// The number of an earlier question that this one is asked instead of.
    pub(crate) replaces: Option<u64>,
}

impl Question {
    /// As a message that stands before row `end`.
    fn message(self, end: u64) -> StoredMessage {
        let row = Row {
            n: end.saturating_sub(1),
            turn: Some(self.turn),
            at: Timestamp::now(),
            kind: Kind::User,
            record: Some(Record::User { text: self.text, attachments: self.attachments }),
        };
        transcript([row], None).messages.remove(0)
    }
}

/// A session to make.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    pub(crate) workspace: WorkspaceId,
    pub(crate) title: Option<String>,
    pub(crate) model: Option<String>,
    /// What its folder is recognised by when it was moved.
    pub(crate) mark: Option<String>,
}

/// What the store holds at most, and how much it reads for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) sessions: u64,
    pub(crate) session_bytes: u64,
    pub(crate) history_bytes: usize,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) sessions: u64,
    pub(crate) rows: u64,
    /// Of the sealed rows; `None` while the key is not at hand.
    pub(crate) bytes: Option<u64>,
}

/// Where the store is, and what it needs.
pub(crate) struct Place {
    pub(crate) database: PathBuf,
    pub(crate) anchor: PathBuf,
    pub(crate) entered: PathBuf,
    pub(crate) keys: Arc<dyn DataKeys>,
}

/// What a check of the file found, and when.
type LastCheck = (Timestamp, Result<Checked, String>);

/// The store of one process. Cheap to clone; opens nothing before the first use.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    site: Arc<Site>,
    ledger: Arc<Ledger>,
    access: Arc<Access>,
    anchor: Arc<Anchor>,
    // A plain lock, held for a copy.
    limits: Arc<Mutex<Limits>>,
    /// Why nothing may be written, since the store was looked over.
    older: Arc<Mutex<Option<&'static str>>>,
    /// Whether other programs know that this one has the store open.
    entered: Arc<AtomicBool>,
    /// Whether there was a database.
    found: Arc<AtomicBool>,
    /// What the last check of the file found, and when.
    checked: Arc<Mutex<Option<LastCheck>>>,
}

impl Store {
    pub(crate) fn new(place: Place, options: &Options) -> Self {
        Self {
            database: Database::new(place.database, schema::MIGRATIONS),
            site: Arc::new(Site { here: Owner::current(), entered: Entered::new(place.entered) }),
            ledger: Arc::default(),
            access: Arc::new(Access::new(place.keys)),
            anchor: Arc::new(Anchor::new(place.anchor)),
            limits: Arc::new(Mutex::new(Limits::of(options))),
            older: Arc::default(),
            entered: Arc::default(),
            found: Arc::default(),
            checked: Arc::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    fn site(&self) -> &Site {
        &self.site
    }

    /// Lets go of the key, and of the passphrases that were entered.
    pub(crate) fn lock(&self) {
        self.access.lock();
        if let Err(error) = self.site.entered.clear() {
            tracing::warn!(%error, "sessions with a passphrase may still be open to other programs");
        }
    }

    /// What runs and what is unsaved in this process.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The key, and where it is kept.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Other bounds from now on.
    pub(crate) fn set_limits(&self, options: &Options) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Limits::of(options);
    }

    fn limits(&self) -> Limits {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks through the file while everything else goes on: a program that had it open ended without closing it.
    fn check_behind(&self) {
        let store = self.clone();
        tokio::spawn(async move {
            // What was found is kept for whoever asks how the store is doing.
            let _ = store.check().await;
        });
    }

    /// Looks through the file for damage.
    pub(crate) async fn check(&self) -> Result<Checked, SessionError> {
        let checked = self.database.check().await;
        if let Ok(found) = &checked
            && !found.is_whole()
        {
            tracing::error!(problems = ?found.problems, "the database of conversations is damaged");
        }
        let kept = checked.as_ref().map(Clone::clone).map_err(ToString::to_string);
        *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some((Timestamp::now(), kept));
        Ok(checked?)
    }

    /// What the last check found, and when.
    pub(crate) fn checked(&self) -> Option<LastCheck> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn create(&self, new: NewSession) -> Result<SessionInfo, SessionError> {
        let (id, limits, kept) = (SessionId::fresh(), self.limits(), new.clone());
        let path = new.workspace.as_str().to_owned();
        match self.write(move |book| book.create(id, new, &limits)).await {
            Ok(head) => Ok(head.info(path, State::Idle)),
            Err(error) => self.create_in_memory(id, kept, error),
        }
    }

    /// The workspace a session belongs to.
    pub(crate) async fn workspace_of(&self, id: SessionId) -> Result<WorkspaceId, SessionError> {
        Ok(WorkspaceId::stored(self.session(id).await?.workspace))
    }

    /// The session without its messages.
    pub(crate) async fn session(&self, id: SessionId) -> Result<SessionInfo, SessionError> {
        if let Some(info) = self.in_memory(id) {
            return Ok(info);
        }
        let before = self.ledger.running();
        let read = self.read(move |book| Seen::of(book, Found::Good(Box::new(book.head(id)?))));
        read.await?.map(|seen| self.info(seen, &before)).ok_or(SessionError::Unknown { id })
    }

    /// Up to `limit` sessions behind `after`, newest first.
    pub(crate) async fn list(
        &self,
        workspace: Option<WorkspaceId>,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Page, SessionError> {
        let before = self.ledger.running();
        let older = self.older();
        // On the first page, above all that is on disk.
        let mut sessions = if after.is_none() { self.all_in_memory() } else { Vec::new() };
        sessions.retain(|info| workspace.as_ref().is_none_or(|workspace| workspace.as_str() == info.workspace));
        let read = self.read(move |book| {
            let key = match &workspace {
                Some(workspace) => match book.workspace(workspace.as_str())? {
                    // It may be one whose record was altered.
                    None => return older.map_or(Ok(Default::default()), |what| Err(SessionError::Older { what })),
                    known => known,
                },
                None => None,
            };
            let (heads, cursor) = book.page(key.as_ref(), limit, after)?;
            Ok((Seen::all(book, heads)?, cursor))
        });
        let (seen, cursor) = read.await?.unwrap_or_default();
        sessions.extend(seen.into_iter().map(|seen| self.info(seen, &before)));
        Ok(Page { sessions, cursor: cursor.map(|cursor| cursor.to_string()) })
    }

    /// What is in the trash, the last thrown away first, with when.
    pub(crate) async fn trashed(&self) -> Result<Vec<(SessionInfo, Timestamp)>, SessionError> {
        let read = self.read(|book| {
            let heads = book.heads("WHERE trashed IS NOT NULL ORDER BY trashed DESC, id DESC", &[])?;
            Seen::all(book, heads)
        });
        let seen = read.await?.unwrap_or_default();
        Ok(seen.into_iter().map(|seen| (seen.trashed(), seen)).map(|(at, seen)| (self.info(seen, &[]), at)).collect())
    }

    /// Up to `limit` messages before number `before`, or the last ones.
    pub(crate) async fn open(&self, id: SessionId, limit: usize, before: Option<u64>) -> Result<Opened, SessionError> {
        if let Some(session) = self.in_memory(id) {
            let messages = if before.is_none() { self.pending_messages(id, 0, None) } else { Vec::new() };
            return Ok(Opened { session, messages, before: None, damage: Vec::new() });
        }
        let running = self.ledger.running();
        let read = self.read(move |book| {
            let head = book.head(id)?;
            let (page, next) = (book.message_rows(&head, limit, before)?, head.next);
            Ok((Seen::of(book, Found::Good(Box::new(head)))?, page, next))
        });
        let (seen, page, next) = read.await?.ok_or(SessionError::Unknown { id })?;
        let open_turn = seen.turn();
        let mut session = self.info(seen, &running);
        let answering = open_turn.filter(|_| session.state == State::Running);
        let mut read = transcript(page.rows.rows, answering);
        if before.is_none() && session.unsaved {
            let last = read.messages.pop();
            read.messages.extend(self.pending_messages(id, next, last));
        }
        if read.damaged || !page.rows.damage.is_empty() {
            session.state = State::Damaged;
        }
        Ok(Opened { session, messages: read.messages, before: page.before, damage: page.rows.damage })
    }

    pub(crate) async fn rename(&self, id: SessionId, title: String) -> Result<SessionInfo, SessionError> {
        self.changed(id, move |book| book.rename(id, title)).await
    }

    /// Puts a session into the trash.
    pub(crate) async fn trash(&self, id: SessionId) -> Result<(), SessionError> {
        if self.in_memory(id).is_none() {
            self.there(id).await?;
            self.write(move |book| book.trash(id)).await?;
        }
        self.ledger.forget(id);
        Ok(())
    }

    /// Takes a session out of the trash.
    pub(crate) async fn restore(&self, id: SessionId) -> Result<SessionInfo, SessionError> {
        let limits = self.limits();
        self.changed(id, move |book| book.restore(id, &limits)).await
    }

    /// Removes a session for good.
    pub(crate) async fn remove(&self, id: SessionId) -> Result<(), SessionError> {
        self.there(id).await?;
        self.write(move |book| book.remove(id)).await?;
        self.fold_away().await;
        Ok(())
    }

    /// Takes out of the log what is overwritten in the database itself.
    async fn fold_away(&self) {
        match self.database.fold().await {
            Ok(true) => {}
            Ok(false) => tracing::info!("what was removed stays in the log until other programs let go of it"),
            Err(error) => tracing::warn!(%error, "what was removed stays in the log until it is folded"),
        }
    }

    /// A new session with what `id` holds up to and with the turn of message `n`, or all of it.
    pub(crate) async fn fork(&self, id: SessionId, n: Option<u64>) -> Result<SessionInfo, SessionError> {
        let limits = self.limits();
        self.changed(id, move |book| book.fork(id, n, &limits)).await
    }

    /// A new session that begins with `summary` instead of what `id` holds before message `from`.
    pub(crate) async fn compact(
        &self,
        id: SessionId,
        from: u64,
        text: String,
        model: String,
    ) -> Result<SessionInfo, SessionError> {
        let limits = self.limits();
        let summary = Record::Summary { text, model };
        self.changed(id, move |book| book.compact(id, from, &summary, &limits)).await
    }

    /// A new session with all of `id` that can be read, and what was wrong.
    pub(crate) async fn recover(&self, id: SessionId) -> Result<(SessionInfo, Vec<Damage>), SessionError> {
        let limits = self.limits();
        self.there(id).await?;
        let written = self.write(move |book| {
            let (head, damage) = book.recover(id, &limits)?;
            Ok((Seen::of(book, Found::Good(Box::new(head)))?, damage))
        });
        let (seen, damage) = written.await?;
        Ok((self.info(seen, &[]), damage))
    }

    /// A new session of messages that came from a file.
    pub(crate) async fn import(
        &self,
        new: NewSession,
        messages: Vec<StoredMessage>,
    ) -> Result<SessionInfo, SessionError> {
        let limits = self.limits();
        let path = new.workspace.as_str().to_owned();
        let head = self.write(move |book| book.import(new, messages, &limits)).await?;
        Ok(head.info(path, State::Idle))
    }

    /// Brings the database up to date, and seals what is in clear.
    pub(crate) async fn migrate(&self) -> Result<(), SessionError> {
        self.read(|_| Ok(())).await.map(drop)
    }

    /// How many ranges of a session's rows were taken back.
    pub(crate) async fn hidden(&self, id: SessionId) -> Result<usize, SessionError> {
        if self.in_memory(id).is_some() {
            return Ok(0);
        }
        let hidden = self.read(move |book| Ok(book.head(id)?.hidden.len())).await?;
        hidden.ok_or(SessionError::Unknown { id })
    }

    /// Notes whether this program has a session open, if the key is at hand.
    pub(crate) async fn note_reader(&self, id: SessionId, reads: bool) -> Result<(), SessionError> {
        let Some(sealer) = self.access.at_hand() else { return Ok(()) };
        self.write_with(sealer, move |book| Ok(book.note_reader(id, reads)?)).await.map_err(Undone::error)
    }

    /// Gives the conversations of the folder `from` to the folder `to`.
    pub(crate) async fn move_workspace(
        &self,
        from: String,
        to: WorkspaceId,
        mark: Option<String>,
    ) -> Result<u64, SessionError> {
        self.write(move |book| book.move_workspace(&from, &to, mark)).await
    }

    /// `None` where there is no database yet.
    pub(crate) async fn count(&self) -> Result<Option<Count>, SessionError> {
        let counted = self.database.read::<_, SessionError>(|tx| {
            let number = |select| tx.query_row(select, (), |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            let sessions = number("SELECT count(*) FROM sessions WHERE trashed IS NULL")?;
            Ok(Count { sessions, rows: number("SELECT count(*) FROM events")?, bytes: None })
        });
        let Some(count) = counted.await? else {
            return if self.found.load(Ordering::SeqCst) { Err(self.missing()) } else { Ok(None) };
        };
        let Some(sealer) = self.access.at_hand() else { return Ok(Some(count)) };
        let bytes = match self.read_with(&sealer, |book| book.store().map(|store| store.bytes)).await {
            Err(Undone::OtherKey(_)) => None,
            bytes => bytes?,
        };
        Ok(Some(Count { bytes, ..count }))
    }

    /// Moves what has had its time to the trash and out of it; `live` are the sessions that are open here.
    pub(crate) async fn clean(
        &self,
        rule: Rule,
        live: Vec<SessionId>,
        dry: bool,
    ) -> Result<Option<Plan>, SessionError> {
        if self.read(|_| Ok(())).await?.is_none() {
            return Ok(None);
        }
        let planned = if dry {
            self.read(move |book| book.clean(rule, &live, true)).await?
        } else {
            Some(self.write(move |book| book.clean(rule, &live, false)).await?)
        };
        Ok(planned)
    }

    /// The folders that have conversations, what each was known by, and how many it has.
    pub(crate) async fn places(&self) -> Result<Vec<(String, Option<String>, u64)>, SessionError> {
        let places = self.read(|book| Ok(book.places()?)).await?.unwrap_or_default();
        Ok(places.into_iter().map(|(row, sessions)| (row.path, row.mark, sessions)).collect())
    }

    /// Writes down outside of the database what is still to be, and closes it.
    pub(crate) async fn close(&self) {
        if self.entered.swap(false, Ordering::SeqCst)
            && let Some(sealer) = self.access.at_hand()
        {
            // That it was not said costs the next program a check.
            let _ = self.leave(&sealer).await;
        }
        if let Some(sealer) = self.access.at_hand() {
            self.anchor.settle(&sealer).await;
        }
        self.database.close().await;
    }

    async fn leave(&self, sealer: &Arc<Sealer>) -> Result<(), SessionError> {
        let (sealer, site, at) = (Arc::clone(sealer), Arc::clone(&self.site), Timestamp::now());
        self.database.write(move |tx| Ok(Book::new(tx, &sealer, &site, at).leave_opener()?)).await
    }

    /// A writer creates what is missing, and changing must not.
    async fn there(&self, id: SessionId) -> Result<(), SessionError> {
        let found = self.read(move |book| Ok(book.found_head(id)?)).await?.flatten();
        found.map(drop).ok_or(SessionError::Unknown { id })
    }

    async fn changed(
        &self,
        id: SessionId,
        work: impl FnOnce(&Book<'_>) -> Result<Head, SessionError> + Send + 'static,
    ) -> Result<SessionInfo, SessionError> {
        let before = self.ledger.running();
        self.there(id).await?;
        let seen = self.write(move |book| Seen::of(book, Found::Good(Box::new(work(book)?)))).await?;
        Ok(self.info(seen, &before))
    }
}

impl Limits {
    fn of(options: &Options) -> Self {
        Self {
            sessions: options.max_sessions,
            session_bytes: options.max_session_bytes,
            history_bytes: options.history_bytes,
        }
    }
}

#[cfg(test)]
mod tests;
