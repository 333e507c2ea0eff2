//! The writes of a turn, each one transaction. Owns their order and what they refuse.

use super::{
    Limits, Question,
    book::Book,
    head::{Head, OpenTurn},
    rows::number,
};
use crate::{
    End, SessionError, SessionId, StoredMessage, TurnError, TurnId,
    format::{Kind, Record},
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

impl Book<'_> {
    /// Puts a question on disk and opens its answer. Gives the number behind the question.
    pub(super) fn begin(&self, question: Question, limits: &Limits) -> Result<u64, SessionError> {
        let Question { session, turn, text, attachments, model, replaces } = question;
        let mut head = self.head(session)?;
        if let Some(open) = &head.turn {
            if open.lives(self.here, self.at) {
                return Err(SessionError::Busy { id: session, elsewhere: true });
            }
            self.close_left(&mut head)?;
        }
        if let Some(n) = replaces {
            self.rewind(&mut head, n)?;
        }
        let asked = Record::User { text, attachments };
        check_room(&head, &asked, limits)?;
        if let (true, Record::User { text, .. }) = (self.title(&head).is_empty(), &asked) {
            self.set_title(&mut head, &title::taken(text))?;
        }
        let key = self.key(&head)?;
        self.add(&mut head, &key, Some(turn), &asked)?;
        let asked = head.next;
        self.add(&mut head, &key, Some(turn), &Record::Answer { model: model.clone() })?;
        head.messages += 2;
        head.cut = false;
        head.model = Some(model);
        head.turn = Some(OpenTurn { turn, owner: Some(self.here.clone()), seen: self.at });
        self.save(&mut head)?;
        Ok(asked)
    }

    /// Closes a turn whose owner is gone.
    pub(super) fn close_left(&self, head: &mut Head) -> Result<(), SessionError> {
        let Some(open) = head.turn.take() else { return Ok(()) };
        let key = self.key(head)?;
        head.cut = true;
        self.add(head, &key, Some(open.turn), &Record::End(left())).map(drop)
    }

    /// Adds a row to an open turn; an end closes it.
    pub(super) fn append(
        &self,
        session: SessionId,
        turn: TurnId,
        record: Record,
        from: Option<usize>,
    ) -> Result<Kept, SessionError> {
        let mut head = match self.head(session) {
            Err(SessionError::Unknown { .. }) => return Ok(Kept::Lost),
            other => other?,
        };
        let Some(open) = head.turn.as_mut().filter(|open| open.turn == turn) else { return Ok(Kept::Lost) };
        open.seen = self.at;
        let record = match from {
            Some(from) => self.without_kept(&head, turn, record, from)?,
            None => record,
        };
        if let Record::End(closing) = &record {
            head.cut = closing.outcome.reason == End::Interrupted;
            head.turn = None;
        }
        let key = self.key(&head)?;
        self.add(&mut head, &key, Some(turn), &record)?;
        self.save(&mut head)?;
        Ok(Kept::Kept)
    }

    /// A part or an end of an answer, whose text begins there at byte `from`, without what is on disk of it already.
    pub(super) fn without_kept(
        &self,
        head: &Head,
        turn: TurnId,
        mut record: Record,
        from: usize,
    ) -> Result<Record, SessionError> {
        let first = "SELECT coalesce(min(n), 0) FROM events WHERE session = ?1 AND turn = ?2";
        let values = rusqlite::params![head.id.bytes(), turn.bytes()];
        let first: i64 = self.tx.prepare_cached(first)?.query_row(values, |row| row.get(0))?;
        let rows = self.rows(head, first.unsigned_abs(), head.next)?.rows;
        let parts = rows.iter().filter(|row| row.turn == Some(turn)).map(|row| match &row.record {
            Some(Record::Part { text }) => text.len(),
            _ => 0,
        });
        let kept = parts.sum::<usize>().saturating_sub(from);
        if let Record::Part { text } | Record::End(Closing { text, .. }) = &mut record {
            let kept = text.floor_char_boundary(kept);
            drop(text.drain(..kept));
        }
        Ok(record)
    }

    /// Whether a turn has a row of this kind on disk.
    pub(super) fn has(&self, head: &Head, turn: TurnId, kind: Kind) -> rusqlite::Result<bool> {
        let there = "SELECT EXISTS (SELECT 1 FROM events WHERE session = ?1 AND turn = ?2 AND kind = ?3)";
        let values = rusqlite::params![head.id.bytes(), turn.bytes(), kind.code()];
        self.tx.prepare_cached(there)?.query_row(values, |row| row.get(0))
    }

    /// Takes back the question in row `n` and everything behind it. The rows stay, hidden.
    fn rewind(&self, head: &mut Head, n: u64) -> Result<(), SessionError> {
        let id = head.id;
        let none = || SessionError::UnknownMessage { id, n, question: true };
        let question = self.rows(head, n, n + 1)?.rows;
        if !question.first().is_some_and(|row| row.n == n && row.kind == Kind::User) {
            return Err(none());
        }
        let hidden = self.openings(head, u64::MAX, usize::MAX)?.iter().filter(|opening| **opening >= n).count() as u64;
        let key = self.key(head)?;
        let row = self.add(head, &key, None, &Record::Rewind { to: n })?;
        head.messages = head.messages.saturating_sub(hidden);
        // What was hidden before and lies within is part of it now.
        head.hidden.retain(|(from, _)| *from < n);
        head.hidden.push((n, row + 1));
        Ok(())
    }

    /// The last messages before row `end`, as many as fit into `bytes` on disk, and at least one.
    pub(super) fn history(&self, head: &Head, end: u64, bytes: usize) -> Result<Vec<StoredMessage>, SessionError> {
        let sizes = "SELECT n, length(sealed) FROM events WHERE session = ?1 AND n < ?2 ORDER BY n DESC";
        let mut statement = self.tx.prepare_cached(sizes)?;
        let mut rows = statement.query(rusqlite::params![head.id.bytes(), number(end)])?;
        let (mut fitting, mut used) = (end, 0);
        while let Some(row) = rows.next()? {
            used += row.get::<_, i64>(1)?.unsigned_abs() as usize;
            if used > bytes {
                break;
            }
            fitting = row.get::<_, i64>(0)?.unsigned_abs();
        }
        // From the first message that is whole in it; else the last one, however long it is.
        let from = match self.opening_from(head, fitting)? {
            Some(n) if n < end => n,
            _ => self.openings(head, end, 1)?.first().copied().unwrap_or(fitting),
        };
        Ok(transcript(self.rows(head, from, end)?.rows, None).messages)
    }
}

fn check_room(head: &Head, record: &Record, limits: &Limits) -> Result<(), SessionError> {
    let bytes = head.bytes + record.encode().len() as u64;
    if bytes <= limits.session_bytes {
        return Ok(());
    }
    Err(SessionError::Full { id: head.id, bytes, max: limits.session_bytes })
}

/// The end of a turn whose program is gone.
pub(crate) fn left() -> Closing {
    let message = "the program that gave this answer went away";
    let error = TurnError::new("interrupted", message, "ask again; what had come is kept");
    let outcome = Outcome { reason: End::Interrupted, error: Some(error) };
    Closing { text: String::new(), outcome, usage: None }
}
