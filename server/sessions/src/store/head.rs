//! The head of a session: the one row that is updated. Owns how it is read, first written and saved, and what it adds to the
//! sum of all heads.

use std::collections::{HashMap, hash_map::Entry};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::book::{Book, fixed, integer};
use crate::{
    SessionError, SessionId, SessionInfo, State, TurnId,
    format::{HeadRow, LockRow, Sum},
    owner::Owner,
    seal::{HeadPlace, Link, START, WorkspaceKey},
};

/// A session's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: SessionId,
    pub(super) workspace: WorkspaceKey,
    pub(super) title: String,
    pub(super) model: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) trashed: Option<Timestamp>,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// The number of the next row.
    pub(super) next: u64,
    /// What the next row is linked to.
    pub(super) last: Link,
    /// Whether the last answer was cut off.
    pub(super) cut: bool,
    pub(super) imported: bool,
    /// The passphrase of its own, if it has one.
    pub(super) lock: Option<LockRow>,
    /// Rows that were taken back: from, and up to.
    pub(super) hidden: Vec<(u64, u64)>,
    /// The turn that has no end yet.
    pub(super) turn: Option<OpenTurn>,
    /// Whether this is what was sealed, and not what stands in for a head that cannot be read.
    pub(super) whole: bool,
    /// What it adds to the sum, and its bytes, as it stands in the database.
    stored: Option<(Sum, u64)>,
}

/// A turn without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenTurn {
    pub(super) turn: TurnId,
    /// `None` when what is stored cannot be read.
    pub(super) owner: Option<Owner>,
    pub(super) seen: Timestamp,
}

/// A head as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It can be read.
    Good(Box<Head>),
    /// It cannot.
    Bad(HeadPlace),
}

impl Found {
    /// The session and its workspace.
    pub(super) fn names(&self) -> (SessionId, WorkspaceKey) {
        match self {
            Self::Good(head) => (head.id, head.workspace),
            Self::Bad(place) => (place.session, place.workspace),
        }
    }
}

impl OpenTurn {
    /// Whether another owner than `here` still works on it.
    pub(super) fn lives(&self, here: &Owner, now: Timestamp) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner != here && here.sees(owner, self.seen, now))
    }
}

const COLUMNS: &str = "id, workspace, updated, trashed, owner, seen, sealed";

impl Head {
    /// The head of a session without messages.
    pub(super) fn new(id: SessionId, workspace: WorkspaceKey, model: Option<String>, at: Timestamp) -> Self {
        Self {
            id,
            workspace,
            title: String::new(),
            model,
            created: at,
            updated: at,
            trashed: None,
            messages: 0,
            bytes: 0,
            next: 0,
            last: START,
            cut: false,
            imported: false,
            lock: None,
            hidden: Vec::new(),
            turn: None,
            whole: true,
            stored: None,
        }
    }

    /// As others see it.
    pub(super) fn info(self, workspace: String, state: State) -> SessionInfo {
        SessionInfo {
            id: self.id,
            title: self.title,
            workspace,
            created: self.created,
            updated: self.updated,
            messages: self.messages,
            bytes: self.bytes,
            model: self.model,
            state,
            elsewhere: false,
            unsaved: false,
            imported: self.imported,
            protected: self.lock.is_some(),
        }
    }

    /// What it added to the sum does not count any more.
    pub(super) fn forget_print(&mut self) {
        self.stored = None;
    }

    /// Whether row `n` was taken back.
    pub(super) fn hides(&self, n: u64) -> bool {
        self.hidden.iter().any(|(from, to)| (*from..*to).contains(&n))
    }

    fn place(&self) -> HeadPlace {
        HeadPlace {
            session: self.id,
            workspace: self.workspace,
            updated: self.updated.as_microsecond(),
            trashed: self.trashed.map(Timestamp::as_microsecond),
        }
    }

    fn row(&self) -> HeadRow {
        HeadRow {
            title: self.title.clone(),
            model: self.model.clone(),
            created: self.created.as_microsecond(),
            messages: self.messages,
            bytes: self.bytes,
            next: self.next,
            last: self.last,
            cut: self.cut,
            imported: self.imported,
            hidden: self.hidden.clone(),
            turn: self.turn.as_ref().map(|open| open.turn),
            lock: self.lock.clone(),
        }
    }

    /// Whether another program answers in it.
    pub(super) fn is_answered_elsewhere(&self, book: &Book<'_>) -> bool {
        self.turn.as_ref().is_some_and(|open| open.lives(book.here, book.at))
    }
}

/// A row of `sessions` as it stands there.
struct Stored {
    place: HeadPlace,
    owner: Option<Owner>,
    seen: Option<i64>,
    sealed: Vec<u8>,
}

impl Stored {
    /// What is not what was written there reads as nothing, and so does not open beside the envelope.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let place = HeadPlace {
            session: SessionId::stored(fixed(row.get_ref("id")?).unwrap_or_default()),
            workspace: fixed(row.get_ref("workspace")?).unwrap_or_default(),
            updated: integer(row.get_ref("updated")?).unwrap_or_default(),
            trashed: integer(row.get_ref("trashed")?),
        };
        let owner = Owner::of(row.get_ref("owner")?);
        let sealed = row.get_ref("sealed")?.as_blob().unwrap_or_default().to_owned();
        Ok(Self { place, owner, seen: integer(row.get_ref("seen")?), sealed })
    }
}

impl Book<'_> {
    /// The head of session `id`. One in the trash is not there.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(super) fn head(&self, id: SessionId) -> Result<Head, SessionError> {
        let head = self.any_head(id)?;
        if head.trashed.is_some() { Err(SessionError::Unknown { id }) } else { Ok(head) }
    }

    /// The head of session `id`, also from the trash.
    pub(super) fn any_head(&self, id: SessionId) -> Result<Head, SessionError> {
        match self.found_head(id)?.ok_or(SessionError::Unknown { id })? {
            Found::Good(head) => Ok(*head),
            Found::Bad(_) => Err(SessionError::Damaged { id }),
        }
    }

    pub(super) fn found_head(&self, id: SessionId) -> rusqlite::Result<Option<Found>> {
        let select = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
        let stored = self.tx.prepare_cached(&select)?.query_row([id.bytes()], Stored::read).optional()?;
        Ok(stored.map(|stored| self.open_head(stored)))
    }

    /// Heads chosen by the end of a statement, its parameters being `params`.
    pub(super) fn heads(&self, choice: &str, params: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<Vec<Found>> {
        let mut statement = self.tx.prepare_cached(&format!("SELECT {COLUMNS} FROM sessions {choice}"))?;
        let found = statement.query_map(params, |row| Ok(self.open_head(Stored::read(row)?)))?;
        found.collect()
    }

    fn open_head(&self, stored: Stored) -> Found {
        let Stored { place, owner, seen, sealed } = stored;
        let plain = self.sealer.open_head(&place, &sealed).ok();
        let Some(row) = plain.and_then(|plain| HeadRow::decode(plain.expose())) else { return Found::Bad(place) };
        let print = Sum::of(self.sealer.print(&place, &sealed));
        Found::Good(Box::new(Head {
            id: place.session,
            workspace: place.workspace,
            title: row.title,
            model: row.model,
            created: time(row.created),
            updated: time(place.updated),
            trashed: place.trashed.map(time),
            messages: row.messages,
            bytes: row.bytes,
            next: row.next,
            last: row.last,
            cut: row.cut,
            imported: row.imported,
            lock: row.lock,
            hidden: row.hidden,
            turn: row.turn.map(|turn| OpenTurn { turn, owner, seen: time(seen.unwrap_or_default()) }),
            whole: true,
            stored: Some((print, row.bytes)),
        }))
    }

    /// Writes a head, new or changed.
    pub(super) fn save(&self, head: &mut Head) -> Result<(), SessionError> {
        let place = head.place();
        let sealed = self.sealer.seal_head(&place, &head.row().encode())?;
        let print = Sum::of(self.sealer.print(&place, &sealed));
        let owner = head.turn.as_ref().and_then(|open| open.owner.as_ref()).map(Owner::encode);
        let seen = head.turn.as_ref().map(|open| open.seen.as_microsecond());
        let replace = "INSERT INTO sessions (id, workspace, updated, trashed, owner, seen, sealed) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET \
                       workspace = excluded.workspace, updated = excluded.updated, trashed = excluded.trashed, \
                       owner = excluded.owner, seen = excluded.seen, sealed = excluded.sealed";
        let values = params![head.id.bytes(), place.workspace, place.updated, place.trashed, owner, seen, sealed];
        self.tx.prepare_cached(replace)?.execute(values)?;
        let (before, after) = (head.stored, head.bytes);
        self.change(|store| {
            if let Some((print, bytes)) = before {
                store.sum.subtract(print);
                store.bytes = store.bytes.saturating_sub(bytes);
            }
            store.sum.add(print);
            store.bytes += after;
        })?;
        head.stored = Some((print, after));
        Ok(())
    }

    /// The head of a session, or where it cannot be read, as much of one as its rows tell.
    pub(super) fn readable_head(&self, id: SessionId) -> Result<Head, SessionError> {
        match self.found_head(id)?.ok_or(SessionError::Unknown { id })? {
            Found::Good(head) => Ok(*head),
            Found::Bad(place) => {
                let workspace = self.workspace_of_rows(id)?.unwrap_or(place.workspace);
                let mut head = Head::new(id, workspace, None, time(place.updated));
                head.next = self.next_of_rows(id)?;
                head.whole = false;
                Ok(head)
            }
        }
    }

    /// The number behind the last row of a session.
    pub(super) fn next_of_rows(&self, id: SessionId) -> rusqlite::Result<u64> {
        let last = "SELECT coalesce(max(n) + 1, 0) FROM events WHERE session = ?1 AND typeof(n) = 'integer' \
                    AND n < 9223372036854775807";
        let next = self.tx.prepare_cached(last)?.query_row([id.bytes()], |row| row.get::<_, i64>(0))?;
        Ok(next.max(0).unsigned_abs())
    }

    /// The workspace that the rows of a session are sealed for, whatever its head says: the one under which one of them opens.
    fn workspace_of_rows(&self, id: SessionId) -> Result<Option<WorkspaceKey>, SessionError> {
        for (workspace, _) in self.workspaces()? {
            let mut head = Head::new(id, workspace, None, self.at);
            head.next = u64::MAX;
            let mut opens = false;
            self.each_sealed(&head, |_, _| {
                opens = true;
                Ok(())
            })?;
            if opens {
                return Ok(Some(workspace));
            }
        }
        Ok(None)
    }

    /// Removes a session for good.
    pub(super) fn purge(&self, head: &Head) -> Result<(), SessionError> {
        for delete in [
            "DELETE FROM events WHERE session = ?1",
            "DELETE FROM readers WHERE session = ?1",
            "DELETE FROM sessions WHERE id = ?1",
        ] {
            self.tx.prepare_cached(delete)?.execute([head.id.bytes()])?;
        }
        // What an altered head added to the sum is not known: it is made anew of the others.
        let Some((print, bytes)) = head.stored else { return self.sum_anew() };
        self.change(|store| {
            store.sum.subtract(print);
            store.bytes = store.bytes.saturating_sub(bytes);
        })
    }

    /// The sum over the heads as they stand in the database, and their bytes.
    pub(super) fn sum(&self) -> rusqlite::Result<(Sum, u64)> {
        let mut statement = self.tx.prepare_cached(&format!("SELECT {COLUMNS} FROM sessions"))?;
        let mut rows = statement.query(())?;
        let (mut sum, mut bytes) = (Sum::default(), 0);
        while let Some(row) = rows.next()? {
            let stored = Stored::read(row)?;
            sum.add(Sum::of(self.sealer.print(&stored.place, &stored.sealed)));
            if let Found::Good(head) = self.open_head(stored) {
                bytes += head.bytes;
            }
        }
        Ok((sum, bytes))
    }

    /// Makes the sum over the heads anew.
    pub(super) fn sum_anew(&self) -> Result<(), SessionError> {
        let (sum, bytes) = self.sum()?;
        self.change(|store| (store.sum, store.bytes) = (sum, bytes))
    }

    /// Notes a sign of life of our own open turn.
    pub(super) fn beat(&self, id: SessionId) -> rusqlite::Result<()> {
        let update = "UPDATE sessions SET seen = ?3 WHERE id = ?1 AND owner = ?2";
        let values = params![id.bytes(), self.here.encode(), self.at.as_microsecond()];
        self.tx.prepare_cached(update)?.execute(values).map(drop)
    }

    /// Where the sessions of `heads` belong, each folder read once.
    pub(super) fn paths(&self, heads: &[Found]) -> rusqlite::Result<HashMap<WorkspaceKey, String>> {
        let mut paths = HashMap::new();
        for found in heads {
            let (_, id) = found.names();
            if let Entry::Vacant(unknown) = paths.entry(id) {
                unknown.insert(self.place(&id)?.map(|row| row.path).unwrap_or_default());
            }
        }
        Ok(paths)
    }
}

/// A stored time. One that no clock can have shown reads as 1970.
pub(super) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
