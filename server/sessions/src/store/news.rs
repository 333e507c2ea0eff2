//! What came into a session since a row, for those who follow it. Owns nothing but the reading.

use super::Store;
use crate::{SessionError, SessionId, TurnId, transcript::Row};

/// Rows since a number, and where the session stands.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) rows: Vec<Row>,
    /// The number of the row that comes next.
    pub(crate) next: u64,
    /// The turn that has no end, and whether its program lives.
    pub(crate) open: Option<(TurnId, bool)>,
}

impl Store {
    /// What came into session `id` from row `since` on; `None` while the key is not at hand.
    pub(crate) async fn news(&self, id: SessionId, since: u64) -> Result<Option<News>, SessionError> {
        self.read_quietly(move |book| {
            let head = book.head(id)?;
            let rows = if since < head.next { book.rows(&head, since, head.next)?.rows } else { Vec::new() };
            let open = head
                .turn
                .as_ref()
                .map(|open| (open.turn, open.owner.as_ref() == Some(book.here) || open.lives(book.here, book.at)));
            Ok(News { rows, next: head.next, open })
        })
        .await
    }

    /// From which row a reader that just read the session follows it: the beginning of another program's open turn, or the end.
    pub(crate) async fn follow_from(&self, id: SessionId) -> Result<u64, SessionError> {
        let read = self.read(move |book| {
            let head = book.head(id)?;
            let theirs = head.turn.as_ref().is_some_and(|open| open.lives(book.here, book.at));
            // A question and the answer to it.
            let openings = if theirs { book.openings(&head, head.next, 2)? } else { Vec::new() };
            Ok(openings.last().copied().unwrap_or(head.next))
        });
        read.await?.ok_or(SessionError::Unknown { id })
    }
}
