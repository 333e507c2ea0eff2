//! The head of a session: the one row that is updated. Owns how it is read and first written.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::{SessionError, SessionId, SessionInfo, State, TurnId, WorkspaceId, owner::Owner};

/// A session's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: SessionId,
    pub(super) workspace: WorkspaceId,
    pub(super) title: String,
    pub(super) model: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// Whether the last answer was cut off.
    pub(super) cut: bool,
    /// The turn that has no end yet.
    pub(super) turn: Option<OpenTurn>,
}

/// A turn without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenTurn {
    pub(super) turn: TurnId,
    /// `None` when what is stored cannot be read.
    pub(super) owner: Option<Owner>,
    pub(super) seen: Timestamp,
}

impl OpenTurn {
    /// Whether another owner than `here` still works on it.
    pub(super) fn lives(&self, here: &Owner, now: Timestamp) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner != here && here.sees(owner, self.seen, now))
    }
}

const COLUMNS: &str = "id, workspace, title, model, created, updated, messages, bytes, cut, turn, owner, seen";

impl Head {
    /// The head of a session without messages.
    pub(super) fn new(id: SessionId, workspace: WorkspaceId, model: Option<String>, at: Timestamp) -> Self {
        let title = String::new();
        Self { id, workspace, title, model, created: at, updated: at, messages: 0, bytes: 0, cut: false, turn: None }
    }

    /// As others see it.
    pub(super) fn info(self, state: State) -> SessionInfo {
        SessionInfo {
            id: self.id,
            title: self.title,
            workspace: self.workspace.as_str().to_owned(),
            created: self.created,
            updated: self.updated,
            messages: self.messages,
            bytes: self.bytes,
            model: self.model,
            state,
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let turn: Option<[u8; 16]> = row.get("turn")?;
        let owner: Option<String> = row.get("owner")?;
        let seen: Option<i64> = row.get("seen")?;
        Ok(Self {
            id: SessionId::stored(row.get("id")?),
            workspace: WorkspaceId::stored(row.get("workspace")?),
            title: row.get("title")?,
            model: row.get("model")?,
            created: time(row.get("created")?),
            updated: time(row.get("updated")?),
            messages: row.get::<_, i64>("messages")?.unsigned_abs(),
            bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
            cut: row.get("cut")?,
            turn: turn.map(|turn| OpenTurn {
                turn: TurnId::stored(turn),
                owner: owner.as_deref().and_then(Owner::decode),
                seen: time(seen.unwrap_or_default()),
            }),
        })
    }
}

/// The head of session `id`.
pub(super) fn of(tx: &Transaction<'_>, id: SessionId) -> Result<Head, SessionError> {
    let select = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1");
    let head = tx.prepare_cached(&select)?.query_row([id.bytes()], Head::read).optional()?;
    head.ok_or(SessionError::Unknown { id })
}

/// Heads chosen by the end of a statement, its parameters being `params`.
pub(super) fn chosen(
    tx: &Transaction<'_>,
    choice: &str,
    params: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Vec<Head>> {
    tx.prepare_cached(&format!("SELECT {COLUMNS} FROM sessions {choice}"))?.query_map(params, Head::read)?.collect()
}

/// Writes the head of a new session.
pub(super) fn insert(tx: &Transaction<'_>, head: &Head) -> rusqlite::Result<()> {
    let insert = "INSERT INTO sessions (id, workspace, title, model, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (id, created, updated) = (head.id.bytes(), head.created.as_microsecond(), head.updated.as_microsecond());
    let values = params![id, head.workspace.as_str(), head.title, head.model, created, updated];
    tx.prepare_cached(insert)?.execute(values).map(drop)
}

/// A stored time. One that no clock can have shown reads as 1970.
pub(super) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
