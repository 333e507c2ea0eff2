//! How sessions come, change as a whole and go. Owns the transactions and their limits; turns are `turns`'s.

use rusqlite::params;

use super::{
    Limits, NewSession,
    book::{Book, hex, sorted},
    head::{Head, OpenTurn},
};
use crate::{
    Damage, SessionError, SessionId, StoredMessage, TurnId, WorkspaceId,
    format::{Kind, Record},
    owner::Owner,
    seal::{RowPlace, WorkspaceKey},
    turn::{Closing, Outcome},
};

/// How many sessions a refusal names as candidates for deletion.
const CANDIDATES: usize = 3;

/// From where to where rows are taken over into another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) end: u64,
}

impl Book<'_> {
    /// Makes a session.
    pub(super) fn create(&self, id: SessionId, new: NewSession, limits: &Limits) -> Result<Head, SessionError> {
        let NewSession { workspace, title, model, mark } = new;
        let workspace = self.enter_workspace(workspace.as_str(), mark)?;
        self.check_number(&workspace, limits)?;
        let mut head = Head::new(id, workspace, model, self.at);
        if let Some(title) = title {
            self.entitle(&mut head, title)?;
        }
        self.save(&mut head)?;
        Ok(head)
    }

    /// Whether one more session fits: all of the workspace count, whatever happens in them.
    fn check_number(&self, workspace: &WorkspaceKey, limits: &Limits) -> Result<(), SessionError> {
        let count = "SELECT count(*) FROM sessions WHERE workspace = ?1 AND trashed IS NULL";
        let there: i64 = self.tx.prepare_cached(count)?.query_row([workspace], |row| row.get(0))?;
        if there.unsigned_abs() < limits.sessions {
            return Ok(());
        }
        let select = "SELECT id FROM sessions WHERE workspace = ?1 AND trashed IS NULL ORDER BY updated, id LIMIT ?2";
        let mut oldest = self.tx.prepare_cached(select)?;
        let oldest =
            oldest.query_map(params![workspace, CANDIDATES as i64], |row| row.get(0).map(SessionId::stored))?;
        Err(SessionError::TooMany { max: limits.sessions, oldest: oldest.collect::<Result<_, _>>()? })
    }

    fn entitle(&self, head: &mut Head, title: String) -> Result<(), SessionError> {
        let key = self.key(head)?;
        self.set_title(head, &title)?;
        self.add(head, &key, None, &Record::Title { title }).map(drop)
    }

    /// Gives a session a title.
    pub(super) fn rename(&self, id: SessionId, title: String) -> Result<Head, SessionError> {
        let mut head = self.head(id)?;
        self.entitle(&mut head, title)?;
        self.save(&mut head)?;
        Ok(head)
    }

    /// Puts a session into the trash, unless another process is answering in it.
    pub(super) fn trash(&self, id: SessionId) -> Result<(), SessionError> {
        let mut head = self.head(id)?;
        self.check_free(&head)?;
        head.turn = None;
        head.trashed = Some(self.at);
        self.save(&mut head)
    }

    /// Takes a session out of the trash.
    pub(super) fn restore(&self, id: SessionId, limits: &Limits) -> Result<Head, SessionError> {
        let mut head = self.any_head(id)?;
        if head.trashed.take().is_some() {
            self.check_number(&head.workspace, limits)?;
            self.save(&mut head)?;
        }
        Ok(head)
    }

    /// Removes a session for good, in the trash or not. One whose head cannot be read is removed as well.
    pub(super) fn remove(&self, id: SessionId) -> Result<(), SessionError> {
        let head = self.readable_head(id)?;
        self.check_free(&head)?;
        self.purge(&head)
    }

    fn check_free(&self, head: &Head) -> Result<(), SessionError> {
        let open = head.turn.as_ref().filter(|open| open.lives(self.here, self.at));
        open.map_or(Ok(()), |_| Err(SessionError::Busy { id: head.id, elsewhere: true }))
    }

    /// A new session with what `id` holds up to and with the turn of message `n`, or all of it.
    pub(super) fn fork(&self, id: SessionId, n: Option<u64>, limits: &Limits) -> Result<Head, SessionError> {
        let head = self.head(id)?;
        self.check_number(&head.workspace, limits)?;
        let end = match n {
            None => head.next,
            Some(n) => self.end_of_turn(&head, n)?,
        };
        let mut copy = Head::new(SessionId::fresh(), head.workspace, head.model.clone(), self.at);
        self.begin_copy(&head, &mut copy)?;
        self.take_over(&head, Span { from: 0, end }, &mut copy)?;
        self.save(&mut copy)?;
        Ok(copy)
    }

    /// A new session that begins with a summary of what `id` holds before message `from`, and goes on with the rest of it.
    pub(super) fn compact(
        &self,
        id: SessionId,
        from: u64,
        summary: &Record,
        limits: &Limits,
    ) -> Result<Head, SessionError> {
        let head = self.head(id)?;
        self.check_free(&head)?;
        self.check_number(&head.workspace, limits)?;
        let mut copy = Head::new(SessionId::fresh(), head.workspace, head.model.clone(), self.at);
        self.begin_copy(&head, &mut copy)?;
        let key = self.key(&copy)?;
        self.add(&mut copy, &key, None, summary)?;
        copy.messages += 1;
        self.take_over(&head, Span { from, end: head.next }, &mut copy)?;
        self.save(&mut copy)?;
        Ok(copy)
    }

    /// A new session with every row of `id` that can be read. Gives it and what was wrong.
    pub(super) fn recover(&self, id: SessionId, limits: &Limits) -> Result<(Head, Vec<Damage>), SessionError> {
        let mut head = self.readable_head(id)?;
        self.check_number(&head.workspace, limits)?;
        let (known, there) = (head.next, self.next_of_rows(id)?);
        // Rows that an older head does not know of are as good as the others.
        head.next = known.max(there);
        let mut copy = Head::new(SessionId::fresh(), head.workspace, head.model.clone(), self.at);
        self.begin_copy(&head, &mut copy)?;
        let mut damage = self.take_over(&head, Span { from: 0, end: head.next }, &mut copy)?;
        if !head.whole {
            damage.push(Damage::Head);
        }
        if there > known {
            damage.push(Damage::Surplus { n: known });
        }
        self.save(&mut copy)?;
        Ok((copy, sorted(damage)))
    }

    /// What a copy has of the session it is made of: also the passphrase.
    fn begin_copy(&self, head: &Head, copy: &mut Head) -> Result<(), SessionError> {
        copy.imported = head.imported;
        copy.lock.clone_from(&head.lock);
        self.set_title(copy, &continued(&self.title(head)))
    }

    /// The row behind the turn that message `n` belongs to.
    fn end_of_turn(&self, head: &Head, n: u64) -> Result<u64, SessionError> {
        let opens = self.rows(head, n, n.saturating_add(1))?.rows.into_iter().find(|row| row.n == n);
        let kind = opens.map(|row| row.kind);
        let next = match kind {
            Some(Kind::User) => {
                self.opening_from(head, n + 1)?.map_or(Ok(None), |answer| self.opening_from(head, answer + 1))
            }
            Some(Kind::Answer | Kind::Summary) => self.opening_from(head, n + 1),
            _ => return Err(SessionError::UnknownMessage { id: head.id, n, question: false }),
        };
        Ok(next?.unwrap_or(head.next))
    }

    /// Copies the visible rows of a span that can be read. Gives what is wrong with the others.
    fn take_over(&self, head: &Head, span: Span, copy: &mut Head) -> Result<Vec<Damage>, SessionError> {
        let key = self.key(copy)?;
        let damage = self.each_row(head, span.from, span.end, |row, place| {
            let Some(record) = row.record.filter(|_| !head.hides(row.n)) else { return Ok(()) };
            if matches!(row.kind, Kind::Title | Kind::Rewind) {
                return Ok(());
            }
            copy.messages += u64::from(row.kind.opens());
            copy.cut = match &record {
                Record::Answer { .. } => true,
                Record::End(closing) => closing.outcome.reason == crate::End::Interrupted,
                _ => copy.cut,
            };
            let place =
                RowPlace { workspace: copy.workspace, session: copy.id, n: copy.next, previous: copy.last, ..*place };
            self.put(copy, &key, place, &record.encode())
        })?;
        // A copy is as new as it is, not as what is in it.
        copy.updated = self.at;
        Ok(damage)
    }

    /// A new session of messages that came from a file.
    pub(super) fn import(
        &self,
        new: NewSession,
        messages: Vec<StoredMessage>,
        limits: &Limits,
    ) -> Result<Head, SessionError> {
        let mut head = self.create(SessionId::fresh(), new, limits)?;
        head.imported = true;
        let key = self.key(&head)?;
        let mut turn = TurnId::fresh();
        for message in messages {
            if message.role == aside_model::Role::User {
                turn = TurnId::fresh();
            }
            for record in records_of(&message) {
                let kind = record.kind();
                let place = RowPlace {
                    workspace: head.workspace,
                    session: head.id,
                    n: head.next,
                    kind: kind.code(),
                    turn: (kind != Kind::Summary).then_some(turn),
                    at: message.at.as_microsecond(),
                    previous: head.last,
                };
                self.put(&mut head, &key, place, &record.encode())?;
            }
            head.messages += 1;
            head.model = message.model.or(head.model);
        }
        if head.bytes > limits.session_bytes {
            return Err(SessionError::Full { id: head.id, bytes: head.bytes, max: limits.session_bytes });
        }
        head.updated = self.at;
        self.save(&mut head)?;
        Ok(head)
    }

    /// Gives the folder of one workspace to another path: it was moved. Its conversations go with it.
    pub(super) fn move_workspace(
        &self,
        from: &str,
        to: &WorkspaceId,
        mark: Option<String>,
    ) -> Result<u64, SessionError> {
        let Some(id) = self.workspace(from)? else { return Ok(0) };
        let count = "SELECT count(*) FROM sessions WHERE workspace = ?1 AND trashed IS NULL";
        let sessions: i64 = self.tx.prepare_cached(count)?.query_row([id], |row| row.get(0))?;
        if let Some(there) = self.workspace(to.as_str())? {
            let taken: i64 = self.tx.prepare_cached(count)?.query_row([there], |row| row.get(0))?;
            if taken > 0 {
                return Err(SessionError::WorkspaceTaken {
                    path: to.as_str().to_owned(),
                    sessions: taken.unsigned_abs(),
                });
            }
            // Only the trash is left of it: its name goes to the one that comes.
            let gone = crate::format::WorkspaceRow { path: format!("{}\u{0}{}", to.as_str(), hex(&there)), mark: None };
            self.write_workspace(&there, &gone)?;
        }
        self.write_workspace(&id, &crate::format::WorkspaceRow { path: to.as_str().to_owned(), mark })?;
        Ok(sessions.unsigned_abs())
    }

    /// A session that was opened here is noted, so that other programs know; and that it is not open any more.
    pub(super) fn note_reader(&self, id: SessionId, reads: bool) -> rusqlite::Result<()> {
        let note = if reads {
            "INSERT OR IGNORE INTO readers (session, owner) VALUES (?1, ?2)"
        } else {
            "DELETE FROM readers WHERE session = ?1 AND owner = ?2"
        };
        self.tx.prepare_cached(note)?.execute(params![id.bytes(), self.here.encode()]).map(drop)
    }

    /// Whether a living program other than this one has the session open.
    pub(super) fn read_elsewhere(&self, id: SessionId) -> rusqlite::Result<bool> {
        let mut statement = self.tx.prepare_cached("SELECT owner FROM readers WHERE session = ?1")?;
        let owners = statement.query_map([id.bytes()], |row| Ok(Owner::of(row.get_ref(0)?)))?;
        for open in owners {
            let open = open?;
            let open = OpenTurn { turn: TurnId::stored([0; 16]), owner: open, seen: self.at };
            if open.lives(self.here, self.at) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The rows that an imported message is made of.
fn records_of(message: &StoredMessage) -> Vec<Record> {
    let model = message.model.clone().unwrap_or_default();
    match message.role {
        aside_model::Role::User => {
            vec![Record::User { text: message.text.clone(), attachments: message.attachments.clone() }]
        }
        aside_model::Role::System => vec![Record::Summary { text: message.text.clone(), model }],
        aside_model::Role::Assistant => {
            let outcome = Outcome { reason: message.state.end(), error: message.error.clone() };
            let closing = Closing { text: message.text.clone(), outcome, usage: message.usage };
            vec![Record::Answer { model }, Record::End(closing)]
        }
    }
}

fn continued(title: &str) -> String {
    const MARK: &str = " (continued)";
    if title.ends_with(MARK) || title.is_empty() { title.to_owned() } else { format!("{title}{MARK}") }
}
