//! Reading in pages: lists of sessions and messages of one. Owns the order and the cursors.

use std::{fmt, str::FromStr};

use rusqlite::{ToSql, Transaction, params};

use super::{
    Count,
    head::{self, Head, time},
};
use crate::{
    SessionError, SessionId, TurnId, WorkspaceId,
    format::{Kind, Record},
    transcript::Row,
};

/// A place in the list of sessions: behind the session that was updated then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    updated: i64,
    id: SessionId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.updated, self.id)
    }
}

impl FromStr for Cursor {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (updated, id) = text.split_once('.').ok_or(SessionError::BadCursor)?;
        let updated = updated.parse().map_err(|_| SessionError::BadCursor)?;
        Ok(Self { updated, id: id.parse().map_err(|_| SessionError::BadCursor)? })
    }
}

/// Up to `limit` heads behind `after`, newest first, and where the next page begins.
pub(super) fn heads(
    tx: &Transaction<'_>,
    workspace: Option<&WorkspaceId>,
    limit: usize,
    after: Option<Cursor>,
) -> rusqlite::Result<(Vec<Head>, Option<Cursor>)> {
    let newest = Cursor { updated: i64::MAX, id: SessionId::stored([0xff; 16]) };
    let after = after.unwrap_or(newest);
    // One more than asked for tells whether there is a next page.
    let more = limit as i64 + 1;
    let mut values: Vec<&dyn ToSql> = vec![&after.updated, after.id.bytes(), &more];
    let workspace = workspace.map(WorkspaceId::as_str);
    let of_workspace = if let Some(workspace) = &workspace {
        values.push(workspace);
        "workspace = ?4 AND"
    } else {
        ""
    };
    let choice = format!("WHERE {of_workspace} (updated, id) < (?1, ?2) ORDER BY updated DESC, id DESC LIMIT ?3");
    let mut heads = head::chosen(tx, &choice, &values)?;
    let cut = heads.len() > limit;
    heads.truncate(limit);
    let last = heads.last().filter(|_| cut);
    let cursor = last.map(|head| Cursor { updated: head.updated.as_microsecond(), id: head.id });
    Ok((heads, cursor))
}

/// Numbers of the rows that open a message, newest first.
pub(super) const OPENINGS: &str = "SELECT n FROM events WHERE session = ?1 AND n < ?2 AND kind IN ('user', 'answer') \
                                   ORDER BY n DESC LIMIT ?3";

/// Rows of one page of messages.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Asks for the page before.
    pub(super) before: Option<u64>,
}

/// The rows of the last `limit` messages before number `before`.
pub(super) fn rows(tx: &Transaction<'_>, id: SessionId, limit: usize, before: Option<u64>) -> rusqlite::Result<Rows> {
    // A number beyond what the store can hold is behind every row.
    let before = before.map_or(i64::MAX, |n| i64::try_from(n).unwrap_or(i64::MAX));
    let mut openings = tx.prepare_cached(OPENINGS)?;
    let numbers = openings.query_map(params![id.bytes(), before, limit as i64 + 1], |row| row.get::<_, i64>(0))?;
    let mut numbers = numbers.collect::<rusqlite::Result<Vec<_>>>()?;
    let cut = numbers.len() > limit;
    numbers.truncate(limit);
    let Some(first) = numbers.last().copied() else { return Ok(Rows { rows: Vec::new(), before: None }) };
    Ok(Rows { rows: between(tx, id, first, before)?, before: cut.then_some(first.unsigned_abs()) })
}

/// All rows from number `first` on and before `end`, in order.
pub(super) fn between(tx: &Transaction<'_>, id: SessionId, first: i64, end: i64) -> rusqlite::Result<Vec<Row>> {
    let select = "SELECT n, turn, kind, at, payload FROM events WHERE session = ?1 AND n >= ?2 AND n < ?3 ORDER BY n";
    let mut rows = Vec::new();
    let mut statement = tx.prepare_cached(select)?;
    let mut found = statement.query(params![id.bytes(), first, end])?;
    while let Some(row) = found.next()? {
        let kind: String = row.get(2)?;
        // A kind of a later version says nothing that this one could show.
        let Some(kind) = Kind::from_text(&kind) else { continue };
        let payload = row.get_ref(4)?.as_blob()?;
        rows.push(Row {
            n: row.get::<_, i64>(0)?.unsigned_abs(),
            turn: row.get::<_, Option<[u8; 16]>>(1)?.map(TurnId::stored),
            at: time(row.get(3)?),
            kind,
            record: Record::decode(kind, payload),
        });
    }
    Ok(rows)
}

pub(super) fn count(tx: &Transaction<'_>) -> rusqlite::Result<Count> {
    tx.query_row("SELECT count(*), coalesce(sum(bytes), 0) FROM sessions", (), |row| {
        Ok(Count { sessions: row.get::<_, i64>(0)?.unsigned_abs(), bytes: row.get::<_, i64>(1)?.unsigned_abs() })
    })
}
