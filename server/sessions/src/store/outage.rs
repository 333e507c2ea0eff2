//! Going on while the disk does not take anything, and saving when it does again.
//!
//! Owns what of a session is only in memory: how it is made, shown beside what is on disk, and written down later in one
//! transaction, all or nothing. What was refused and when to try again is decided above.

use aside_model::Role;
use jiff::Timestamp;

use super::{
    Limits, NewSession, Question, Store,
    book::Book,
    head::{Head, OpenTurn},
    ledger::{Pending, PendingRow},
};
use crate::{
    SessionError, SessionId, SessionInfo, State, StoredMessage, TurnId,
    format::Record,
    title,
    transcript::{Row, transcript},
    turn::Closing,
};

impl Store {
    /// A session that is only in memory, because of `error`.
    pub(super) fn create_in_memory(
        &self,
        id: SessionId,
        new: NewSession,
        error: SessionError,
    ) -> Result<SessionInfo, SessionError> {
        let pending = Pending { new: Some((new, Timestamp::now())), rows: Vec::new() };
        if error.is_outage() && self.ledger().hold_back(id, pending) {
            tracing::warn!(%error, "a conversation goes on in memory");
            return self.in_memory(id).ok_or(error);
        }
        Err(error)
    }

    /// A question that is only in memory, because of `error`. Gives the conversation as far as it can be read.
    pub(super) async fn begin_in_memory(
        &self,
        question: Question,
        error: SessionError,
    ) -> Result<Vec<StoredMessage>, SessionError> {
        let Question { session, turn, text, attachments, model, replaces } = question;
        if !error.is_outage() || replaces.is_some() {
            return Err(error);
        }
        let at = Timestamp::now();
        let rows = [Record::User { text, attachments }, Record::Answer { model }];
        let rows = rows.map(|record| PendingRow { turn, record, at, from: 0 }).into();
        // What can still be read is read: a full disk is no reason to forget.
        let before = self.open(session, HISTORY, None).await.map(|opened| opened.messages);
        if !self.ledger().hold_back(session, Pending { new: None, rows }) {
            return Err(error);
        }
        tracing::warn!(%error, "a conversation goes on in memory");
        let mut waiting = self.pending_messages(session, 0, None);
        let asked = waiting.iter().rposition(|message| message.role == Role::User).unwrap_or_default();
        waiting.truncate(asked + 1);
        match before {
            Ok(messages) => Ok(messages.into_iter().chain(waiting.pop()).collect()),
            // At least what was said since the disk went away.
            Err(_) => Ok(waiting),
        }
    }

    /// The end of an answer, whose text begins there at byte `from`, held back for a disk that takes it.
    pub(crate) fn hold_back_end(&self, session: SessionId, turn: TurnId, closing: Closing, from: usize) {
        let row = PendingRow { turn, record: Record::End(closing), at: Timestamp::now(), from };
        if !self.ledger().hold_back(session, Pending { new: None, rows: vec![row] }) {
            tracing::error!("an answer is lost: the disk does not take it, and there is no room for it in memory");
        }
    }

    /// Writes down what waits of a session, if the disk takes it.
    pub(crate) async fn flush(&self, id: SessionId) -> Result<(), SessionError> {
        let Some(pending) = self.ledger().waiting(id) else { return Ok(()) };
        let (rows, limits) = (pending.rows.len(), self.limits());
        self.write(move |book| book.settle(id, pending, &limits).map(drop)).await?;
        self.ledger().saved(id, rows);
        Ok(())
    }

    /// The same, unless the key would have to be asked for.
    pub(crate) async fn flush_quietly(&self, id: SessionId) -> Result<(), SessionError> {
        // Where there is no database yet, there is no key at hand either: that one may be made.
        let nothing_yet = self.database().read::<_, SessionError>(|_| Ok(())).await?.is_none();
        if nothing_yet || self.access().at_hand().is_some() { self.flush(id).await } else { Ok(()) }
    }

    /// The session that is only in memory.
    pub(super) fn in_memory(&self, id: SessionId) -> Option<SessionInfo> {
        let pending = self.ledger().waiting(id)?;
        let (new, created) = pending.new.clone()?;
        let mut info = SessionInfo {
            id,
            title: new.title.unwrap_or_default(),
            workspace: new.workspace.as_str().to_owned(),
            created,
            updated: created,
            messages: 0,
            bytes: 0,
            model: new.model,
            state: State::Idle,
            elsewhere: false,
            unsaved: true,
            imported: false,
            protected: false,
        };
        self.add_pending(&mut info, &pending);
        Some(info)
    }

    /// All sessions that are only in memory, the newest first.
    pub(super) fn all_in_memory(&self) -> Vec<SessionInfo> {
        let mut all: Vec<_> = self.ledger().unsaved_ids().into_iter().filter_map(|id| self.in_memory(id)).collect();
        all.sort_unstable_by_key(|info| std::cmp::Reverse((info.updated, info.id)));
        all
    }

    /// Adds what waits for the disk to what is known of a session.
    pub(super) fn with_pending(&self, mut info: SessionInfo) -> SessionInfo {
        if let Some(pending) = self.ledger().waiting(info.id) {
            info.unsaved = true;
            self.add_pending(&mut info, &pending);
        }
        info
    }

    fn add_pending(&self, info: &mut SessionInfo, pending: &Pending) {
        for PendingRow { turn, record, at, .. } in &pending.rows {
            info.updated = info.updated.max(*at);
            match record {
                Record::User { text, .. } => {
                    info.messages += 1;
                    if info.title.is_empty() {
                        info.title = title::taken(text);
                    }
                }
                Record::Answer { model } => {
                    info.messages += 1;
                    info.model = Some(model.clone());
                    info.state = if self.ledger().runs(*turn) { State::Running } else { State::Interrupted };
                }
                Record::End(_) => info.state = State::Idle,
                _ => {}
            }
        }
    }

    /// The messages that wait for the disk, as they follow row `next`.
    pub(super) fn pending_messages(&self, id: SessionId, next: u64, last: Option<StoredMessage>) -> Vec<StoredMessage> {
        let Some(pending) = self.ledger().waiting(id) else { return last.into_iter().collect() };
        let running = pending.rows.iter().map(|row| row.turn).find(|turn| self.ledger().runs(*turn));
        let rows = pending.rows.into_iter().zip(next..).map(|(row, n)| Row {
            n,
            turn: Some(row.turn),
            at: row.at,
            kind: row.record.kind(),
            record: Some(row.record),
        });
        let rows: Vec<Row> = rows.collect();
        // The end of an answer whose beginning is on disk.
        let split = rows.iter().position(|row| row.kind.opens()).unwrap_or(rows.len());
        let mut messages: Vec<StoredMessage> = last.map(|last| with_end(last, &rows[..split])).into_iter().collect();
        messages.extend(transcript(rows.into_iter().skip(split), running).messages);
        messages
    }
}

/// How many messages go along with a question that cannot be saved.
const HISTORY: usize = 200;

/// An answer with the end that waits for the disk.
fn with_end(mut last: StoredMessage, rows: &[Row]) -> StoredMessage {
    for row in rows {
        match &row.record {
            Some(Record::Part { text }) => last.text.push_str(text),
            Some(Record::End(closing)) => {
                last.text.push_str(&closing.text);
                last.usage = closing.usage;
                last.state = crate::transcript::state_of(closing.outcome.reason);
                last.error.clone_from(&closing.outcome.error);
            }
            _ => {}
        }
    }
    last
}

impl Book<'_> {
    /// Writes down all that waited of session `id`. Gives its head, saved. What the disk refused it may have kept all the same:
    /// nothing is written twice.
    pub(super) fn settle(&self, id: SessionId, pending: Pending, limits: &Limits) -> Result<Head, SessionError> {
        let Pending { new, rows } = pending;
        let new = new.filter(|_| !matches!(self.found_head(id), Ok(Some(_))));
        let mut head = match new {
            // What was promised is kept: a limit that was reached meanwhile does not take a conversation.
            Some((new, created)) => {
                let no_limit = Limits { sessions: u64::MAX, ..*limits };
                let mut head = self.create(id, new, &no_limit)?;
                head.created = created;
                head
            }
            None => self.head(id)?,
        };
        let key = self.key(&head)?;
        for PendingRow { turn, mut record, at, from } in rows {
            if matches!(record, Record::User { .. } | Record::Answer { .. }) && self.has(&head, turn, record.kind())? {
                continue;
            }
            if let Record::User { text, .. } = &record {
                self.make_way(&mut head, turn)?;
                if self.title(&head).is_empty() {
                    self.set_title(&mut head, &title::taken(text))?;
                }
            } else if head.turn.as_ref().is_none_or(|open| open.turn != turn) {
                // Somebody else has closed it: its end came too late.
                continue;
            }
            if matches!(record, Record::End(_)) {
                record = self.without_kept(&head, turn, record, from)?;
            }
            head.messages += u64::from(record.kind().opens());
            match &record {
                Record::User { .. } => {
                    head.turn = Some(OpenTurn { turn, owner: Some(self.here.clone()), seen: self.at });
                }
                Record::Answer { model } => head.model = Some(model.clone()),
                Record::End(closing) => {
                    head.cut = closing.outcome.reason == crate::End::Interrupted;
                    head.turn = None;
                }
                _ => {}
            }
            self.add_at(&mut head, &key, (Some(turn), at), &record)?;
        }
        self.save(&mut head)?;
        Ok(head)
    }

    /// Closes a turn that stands open before another one.
    fn make_way(&self, head: &mut Head, turn: TurnId) -> Result<(), SessionError> {
        let Some(open) = head.turn.as_ref().filter(|open| open.turn != turn) else { return Ok(()) };
        if open.lives(self.here, self.at) {
            return Err(SessionError::Busy { id: head.id, elsewhere: true });
        }
        self.close_left(head)
    }
}
