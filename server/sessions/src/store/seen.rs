//! A session as others see it: its head with what stands elsewhere about it. Owns the judgement whether it runs, and where.

use jiff::Timestamp;

use super::{
    Store,
    book::Book,
    head::{self, Found, Head},
};
use crate::{SessionError, SessionInfo, State, TurnId};

/// A head with what stands elsewhere in the database about its session.
pub(super) struct Seen {
    found: Found,
    path: String,
    read_elsewhere: bool,
    title: String,
    is_open: bool,
}

impl Seen {
    pub(super) fn of(book: &Book<'_>, found: Found) -> Result<Self, SessionError> {
        let seen = Self::all(book, vec![found])?.pop();
        Ok(seen.expect("one in, one out"))
    }

    pub(super) fn all(book: &Book<'_>, heads: Vec<Found>) -> Result<Vec<Self>, SessionError> {
        let paths = book.paths(&heads)?;
        let seen = heads.into_iter().map(|found| {
            let (id, workspace) = found.names();
            let path = paths.get(&workspace).cloned().unwrap_or_default();
            let (title, is_open) = match &found {
                Found::Good(head) => (book.title(head), head.lock.is_none() || book.is_open(head)),
                Found::Bad(_) => (String::new(), false),
            };
            Ok(Self { read_elsewhere: book.read_elsewhere(id)?, found, path, title, is_open })
        });
        seen.collect()
    }

    pub(super) fn turn(&self) -> Option<TurnId> {
        match &self.found {
            Found::Good(head) => head.turn.as_ref().map(|open| open.turn),
            Found::Bad(_) => None,
        }
    }

    pub(super) fn trashed(&self) -> Timestamp {
        match &self.found {
            Found::Good(head) => head.trashed,
            Found::Bad(place) => place.trashed.map(head::time),
        }
        .unwrap_or_default()
    }
}

impl Store {
    /// Sees whether a session runs: by the ledger for our own turns, by its process for others.
    pub(super) fn info(&self, seen: Seen, running_before: &[TurnId]) -> SessionInfo {
        let Seen { found, path, read_elsewhere, title, is_open } = seen;
        let head = match found {
            Found::Good(head) => *head,
            Found::Bad(place) => {
                let stand_in = Head::new(place.session, place.workspace, None, head::time(place.updated));
                return stand_in.info(path, State::Damaged);
            }
        };
        let mut elsewhere = read_elsewhere;
        let state = match &head.turn {
            None if head.cut => State::Interrupted,
            None => State::Idle,
            // A turn of ours may have begun or ended while the head was read.
            Some(open) if open.owner.as_ref() == Some(&self.site.here) => {
                let runs = running_before.contains(&open.turn) || self.ledger.runs(open.turn);
                if runs { State::Running } else { State::Interrupted }
            }
            Some(open) if open.lives(&self.site.here, Timestamp::now()) => {
                elsewhere = true;
                State::Running
            }
            Some(_) => State::Interrupted,
        };
        let state = if is_open { state } else { State::Locked };
        self.with_pending(SessionInfo { elsewhere, title, ..head.info(path, state) })
    }
}
