//! A question and the rows of its answer, on disk or in memory where the disk takes nothing. Owns what an answer that is running is
//! sealed with, and what of the conversation is read for a model.

use std::sync::Arc;

use super::{Kept, Question, Store, book::Book, passage::Undone};
use crate::{SessionError, SessionId, StoredMessage, TurnId, format::Record, seal::Sealer};

/// What an answer that is running is sealed with, however long that takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hold(Option<Arc<Sealer>>);

/// A question that may be answered.
#[derive(Debug)]
pub(crate) struct Begun {
    session: SessionId,
    /// What the answer is sealed with.
    pub(crate) hold: Hold,
    history: History,
}

/// Where the conversation so far is.
#[derive(Debug)]
enum History {
    /// In the rows before number `end`, with the question as the last of them.
    OnDisk { end: u64, question: Question },
    /// Here, as far as it could be read.
    InMemory(Vec<StoredMessage>),
}

impl Store {
    /// Puts a question on disk and opens its answer; in memory, where the disk takes nothing.
    pub(crate) async fn begin(&self, question: Question) -> Result<Begun, SessionError> {
        let (id, kept) = (question.session, question.clone());
        match self.try_begin(question).await {
            Ok(end) => {
                let history = History::OnDisk { end, question: kept };
                Ok(Begun { session: id, hold: Hold(self.access.at_hand()), history })
            }
            Err(error) => {
                let history = History::InMemory(self.begin_in_memory(kept, error).await?);
                Ok(Begun { session: id, hold: Hold(None), history })
            }
        }
    }

    async fn try_begin(&self, question: Question) -> Result<u64, SessionError> {
        let (id, limits) = (question.session, self.limits());
        let pending = self.ledger.waiting(id);
        let rows = pending.as_ref().map_or(0, |pending| pending.rows.len());
        let begun = self.write(move |book| {
            if let Some(pending) = pending {
                book.settle(id, pending, &limits)?;
            }
            book.begin(question, &limits)
        });
        let end = begun.await?;
        self.ledger.saved(id, rows);
        Ok(end)
    }

    /// The last part of the conversation up to and with the question that began, as much as is read for a model. Where that cannot
    /// be read any more, the question alone, and why.
    pub(crate) async fn history(&self, begun: Begun) -> (Vec<StoredMessage>, Option<SessionError>) {
        let Begun { session, hold, history } = begun;
        let (end, question) = match history {
            History::InMemory(messages) => return (messages, None),
            History::OnDisk { end, question } => (end, question),
        };
        let limits = self.limits();
        let work = move |book: &Book<'_>| book.history(&book.head(session)?, end, limits.history_bytes);
        let read = match (self.access.at_hand(), hold.0) {
            (None, Some(held)) => self.read_with(&held, work).await.map_err(Undone::error),
            _ => self.read(work).await,
        };
        match read {
            Ok(Some(messages)) => (messages, None),
            Ok(None) => (vec![question.message(end)], Some(SessionError::Unknown { id: session })),
            Err(error) => (vec![question.message(end)], Some(error)),
        }
    }

    /// Adds a row to a running turn; an end closes it. After a save that was refused `from` says where in the answer its text
    /// begins: what was kept all the same is not written twice.
    pub(crate) async fn append(
        &self,
        id: SessionId,
        turn: TurnId,
        record: Record,
        of: (Option<usize>, Hold),
    ) -> Result<Kept, SessionError> {
        let (from, hold) = of;
        let (pending, limits) = (self.ledger.waiting(id), self.limits());
        let rows = pending.as_ref().map_or(0, |pending| pending.rows.len());
        let work = move |book: &Book<'_>| {
            if let Some(pending) = pending {
                book.settle(id, pending, &limits)?;
            }
            book.append(id, turn, record, from)
        };
        let kept = match hold.0 {
            Some(held) if self.access.at_hand().is_none() => {
                self.write_with(held, work).await.map_err(Undone::error)?
            }
            _ => self.write(work).await?,
        };
        self.ledger.saved(id, rows);
        Ok(kept)
    }

    /// Gives a sign of life for a running turn.
    pub(crate) async fn beat(&self, id: SessionId, hold: &Hold) -> Result<(), SessionError> {
        let Some(sealer) = self.access.at_hand().or_else(|| hold.0.clone()) else { return Ok(()) };
        self.write_with(sealer, move |book| Ok(book.beat(id)?)).await.map_err(Undone::error)
    }
}
