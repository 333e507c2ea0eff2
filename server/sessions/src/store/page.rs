//! Reading in pages: lists of sessions and messages of one. Owns the order and the cursors.

use std::{fmt, str::FromStr};

use rusqlite::{ToSql, params};

use super::{
    book::Book,
    head::{Found, Head},
    rows::{Rows, number},
};
use crate::{SessionError, SessionId, seal::WorkspaceKey};

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

/// Numbers of the rows that open a message, newest first.
pub(super) const OPENINGS: &str = "SELECT n FROM events WHERE session = ?1 AND n >= 0 AND n < ?2 AND kind IN (1, 2, 7) \
                                   ORDER BY n DESC";

/// Rows of one page of messages.
pub(super) struct MessageRows {
    pub(super) rows: Rows,
    /// Asks for the page before.
    pub(super) before: Option<u64>,
}

impl Book<'_> {
    /// Up to `limit` heads behind `after`, newest first, and where the next page begins.
    pub(super) fn page(
        &self,
        workspace: Option<&WorkspaceKey>,
        limit: usize,
        after: Option<Cursor>,
    ) -> rusqlite::Result<(Vec<Found>, Option<Cursor>)> {
        let newest = Cursor { updated: i64::MAX, id: SessionId::stored([0xff; 16]) };
        let after = after.unwrap_or(newest);
        // One more than asked for tells whether there is a next page.
        let more = number(limit as u64 + 1);
        let mut values: Vec<&dyn ToSql> = vec![&after.updated, after.id.bytes(), &more];
        let of_workspace = if let Some(workspace) = workspace {
            values.push(workspace);
            "workspace = ?4 AND"
        } else {
            ""
        };
        // By the table alone, which the sign sees to: an index that is damaged would leave one out, and nobody would know.
        let choice = format!(
            "WHERE +trashed IS NULL AND {of_workspace} (updated, id) < (?1, ?2) ORDER BY updated DESC, id DESC LIMIT ?3"
        );
        let mut heads = self.heads(&choice, &values)?;
        let cut = heads.len() > limit;
        heads.truncate(limit);
        let cursor = heads.last().filter(|_| cut).map(cursor_behind);
        Ok((heads, cursor))
    }

    /// The visible rows of the last `limit` messages before number `before`.
    pub(super) fn message_rows(
        &self,
        head: &Head,
        limit: usize,
        before: Option<u64>,
    ) -> Result<MessageRows, SessionError> {
        let before = before.unwrap_or(u64::MAX);
        let mut numbers = self.openings(head, before, limit + 1)?;
        let cut = numbers.len() > limit;
        numbers.truncate(limit);
        // The first page has all that is before it: there may be rows that lost the one that opened them.
        let first = numbers.last().copied().filter(|_| cut).unwrap_or(0);
        // All rows of the last message, wherever `before` stands between it and the next.
        let end = if before == u64::MAX { None } else { self.opening_from(head, before)? };
        Ok(MessageRows { rows: self.rows(head, first, end.unwrap_or(u64::MAX))?, before: cut.then_some(first) })
    }

    /// Numbers of up to `limit` visible rows before `before` that open a message, newest first.
    pub(super) fn openings(&self, head: &Head, before: u64, limit: usize) -> rusqlite::Result<Vec<u64>> {
        let mut statement = self.tx.prepare_cached(OPENINGS)?;
        let numbers = statement.query_map(params![head.id.bytes(), number(before)], |row| row.get::<_, i64>(0))?;
        let visible = numbers.filter_map(|n| match n.map(i64::unsigned_abs) {
            Ok(n) if head.hides(n) || n >= head.next => None,
            other => Some(other),
        });
        visible.take(limit).collect()
    }

    /// The number of the first visible row from `first` on that opens a message.
    pub(super) fn opening_from(&self, head: &Head, first: u64) -> rusqlite::Result<Option<u64>> {
        let select = "SELECT n FROM events WHERE session = ?1 AND n >= ?2 AND kind IN (1, 2, 7) ORDER BY n";
        let mut statement = self.tx.prepare_cached(select)?;
        let numbers = statement.query_map(params![head.id.bytes(), number(first)], |row| row.get::<_, i64>(0))?;
        let mut visible = numbers.filter_map(|n| match n.map(i64::unsigned_abs) {
            Ok(n) if head.hides(n) => None,
            other => Some(other),
        });
        visible.next().transpose()
    }
}

fn cursor_behind(found: &Found) -> Cursor {
    match found {
        Found::Good(head) => Cursor { updated: head.updated.as_microsecond(), id: head.id },
        Found::Bad(place) => Cursor { updated: place.updated, id: place.session },
    }
}
