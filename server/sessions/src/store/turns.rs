//! The writes of a conversation, each one transaction. Owns their order and what they refuse.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    Question,
    head::{self, Head, OpenTurn},
    page,
};
use crate::{
    End, SessionError, SessionId, StoredMessage, TurnError, TurnId,
    format::Record,
    owner::Owner,
    title,
    transcript::transcript,
    turn::{Closing, Outcome},
};

/// What became of a row that was added to a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is on disk.
    Kept,
    /// The turn is no longer open there: the session was deleted, or continued elsewhere.
    Lost,
}

/// Puts a question on disk, opens its answer, and gives the conversation up to and with the question.
pub(super) fn begin(
    tx: &Transaction<'_>,
    here: &Owner,
    question: Question,
    at: Timestamp,
) -> Result<Vec<StoredMessage>, SessionError> {
    let Question { session, turn, text, attachments, model, backlog } = question;
    let head = head::of(tx, session)?;
    if let Some(open) = &head.turn {
        if open.lives(here, at) {
            return Err(SessionError::Busy { id: session, elsewhere: true });
        }
        close_left(tx, session, open, backlog, at)?;
    }
    let title = if head.title.is_empty() { title::taken(&text) } else { head.title };
    let asked = add(tx, session, Some(turn), &Record::User { text, attachments }, at)?;
    add(tx, session, Some(turn), &Record::Answer { model: model.clone() }, at)?;
    let update = "UPDATE sessions SET messages = messages + 2, cut = 0, title = ?2, model = ?3, turn = ?4, owner = ?5, \
                  seen = ?6 WHERE id = ?1";
    let values = params![session.bytes(), title, model, turn.bytes(), here.encode(), at.as_microsecond()];
    tx.prepare_cached(update)?.execute(values)?;
    Ok(transcript(page::between(tx, session, 0, asked + 1)?, None).messages)
}

/// Closes a turn whose owner is gone: with what this process still has of it, or as interrupted.
fn close_left(
    tx: &Transaction<'_>,
    session: SessionId,
    open: &OpenTurn,
    backlog: Option<(TurnId, Closing)>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let closing = match backlog {
        Some((turn, closing)) if turn == open.turn => closing,
        _ => {
            let message = "the program that gave this answer went away";
            let error = TurnError::new("interrupted", message, "ask again; what had come is kept");
            let outcome = Outcome { reason: End::Interrupted, error: Some(error) };
            Closing { text: String::new(), outcome, usage: None }
        }
    };
    append(tx, session, open.turn, &Record::End(closing), at).map(drop)
}

/// Adds a row to an open turn; an end closes it.
pub(super) fn append(
    tx: &Transaction<'_>,
    session: SessionId,
    turn: TurnId,
    record: &Record,
    at: Timestamp,
) -> rusqlite::Result<Kept> {
    let select = "SELECT 1 FROM sessions WHERE id = ?1 AND turn = ?2";
    let open = tx.prepare_cached(select)?.query_row([session.bytes(), turn.bytes()], |_| Ok(())).optional()?;
    if open.is_none() {
        return Ok(Kept::Lost);
    }
    add(tx, session, Some(turn), record, at)?;
    if let Record::End(closing) = record {
        let update = "UPDATE sessions SET turn = NULL, owner = NULL, seen = NULL, cut = ?2 WHERE id = ?1";
        tx.prepare_cached(update)?.execute(params![session.bytes(), closing.outcome.reason == End::Interrupted])?;
    } else {
        beat(tx, session, turn, at)?;
    }
    Ok(Kept::Kept)
}

/// Notes a sign of life of an open turn's owner.
pub(super) fn beat(tx: &Transaction<'_>, session: SessionId, turn: TurnId, at: Timestamp) -> rusqlite::Result<()> {
    let update = "UPDATE sessions SET seen = ?3 WHERE id = ?1 AND turn = ?2";
    tx.prepare_cached(update)?.execute(params![session.bytes(), turn.bytes(), at.as_microsecond()]).map(drop)
}

/// Gives a session a title.
pub(super) fn rename(tx: &Transaction<'_>, id: SessionId, title: String, at: Timestamp) -> Result<(), SessionError> {
    head::of(tx, id)?;
    tx.prepare_cached("UPDATE sessions SET title = ?2 WHERE id = ?1")?.execute(params![id.bytes(), title])?;
    add(tx, id, None, &Record::Title { title }, at)?;
    Ok(())
}

/// Deletes a session and its rows, unless another process is answering in it.
pub(super) fn delete(tx: &Transaction<'_>, here: &Owner, id: SessionId, at: Timestamp) -> Result<(), SessionError> {
    let Head { turn, .. } = head::of(tx, id)?;
    if turn.is_some_and(|open| open.lives(here, at)) {
        return Err(SessionError::Busy { id, elsewhere: true });
    }
    tx.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.bytes()])?;
    Ok(())
}

/// Adds a row under the session's next number, which it gives.
fn add(
    tx: &Transaction<'_>,
    session: SessionId,
    turn: Option<TurnId>,
    record: &Record,
    at: Timestamp,
) -> rusqlite::Result<i64> {
    let payload = record.encode();
    // A clock that was set back must not move a session back in the list.
    let update = "UPDATE sessions SET next = next + 1, bytes = bytes + ?2, updated = max(updated, ?3) WHERE id = ?1 \
                  RETURNING next - 1";
    let at = at.as_microsecond();
    let n =
        tx.prepare_cached(update)?.query_row(params![session.bytes(), payload.len() as i64, at], |row| row.get(0))?;
    let insert = "INSERT INTO events (session, n, turn, kind, at, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let turn = turn.as_ref().map(TurnId::bytes);
    tx.prepare_cached(insert)?.execute(params![session.bytes(), n, turn, record.kind().as_str(), at, payload])?;
    Ok(n)
}
