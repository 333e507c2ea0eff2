//! Looking the store over: that it is not older than it was, that no head was exchanged, that every row is in its place. Owns
//! what is compared with what, and what a person may accept.

use std::sync::{Arc, PoisonError};

use super::{
    Store,
    book::{Book, sorted},
    head::Found,
};
use crate::{Damage, SessionError, SessionId, seal::Sealer};

pub(super) const BACK: &str = "the whole database is an earlier state of itself";
const EXCHANGED: &str = "a conversation was removed, added or put back from outside";
pub(super) const GONE: &str = "there were conversations, and now there is no database, or an empty one";
const RECORD: &str = "the record of the whole database was altered";
const FOLDER: &str = "the record of a folder was altered";
const FILE: &str = "the file of the database is damaged";
const ALONE: &str = "nothing outside of the database says how new it has to be: an older copy would not be noticed";

/// What was found when everything was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sessions looked at, those in the trash included.
    pub sessions: u64,
    /// Rows looked at.
    pub rows: u64,
    /// What is wrong, by session.
    pub damaged: Vec<(SessionId, Vec<Damage>)>,
    /// Sessions with a passphrase of their own that was not entered: their rows were not looked at.
    pub locked: Vec<SessionId>,
    /// Rows of no session.
    pub strays: u64,
    /// What does not fit the store as a whole.
    pub whole: Option<&'static str>,
}

impl Store {
    /// Compares the heads with their sum, and the number of changes with what was written down elsewhere. What does not fit
    /// stands in the way of writing from now on.
    pub(super) async fn look_over(&self, sealer: &Arc<Sealer>) -> Result<(), SessionError> {
        let found = self.whole(sealer).await?.0;
        if let Some(what) = found {
            tracing::error!(what, "the conversations are not as this program left them; nothing is written");
        }
        *self.older.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    /// What does not fit the store as a whole, and whether it is vouched for from outside.
    async fn whole(&self, sealer: &Arc<Sealer>) -> Result<(Option<&'static str>, bool), SessionError> {
        // First: another program may go on while we look.
        let written = self.written(sealer).await;
        let outside = written.unwrap_or_default();
        let found = self.read_with(sealer, move |book| fits(book, outside)).await?;
        // Without a database, what was written down says that there was one.
        Ok((found.unwrap_or((outside > 0).then_some(BACK)), written.is_some()))
    }

    /// How many changes are written down outside of the database, if they are.
    async fn written(&self, sealer: &Arc<Sealer>) -> Option<u64> {
        let (anchor, held) = (Arc::clone(&self.anchor), Arc::clone(sealer));
        match tokio::task::spawn_blocking(move || anchor.read(&held)).await {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => {
                tracing::warn!(%error, "an older copy of the conversations would not be noticed");
                None
            }
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    /// Reads every row of one session or of all.
    pub(crate) async fn verify(&self, only: Option<SessionId>) -> Result<Verified, SessionError> {
        let read = match self.read(move |book| verify(book, only)).await {
            Err(SessionError::Older { what }) => return Ok(Verified { whole: Some(what), ..Verified::default() }),
            read => read?.unwrap_or_default(),
        };
        let Some(sealer) = self.access.at_hand() else { return Ok(read) };
        // What this program has changed is vouched for before it is asked.
        self.anchor.settle(&sealer).await;
        let (whole, anchored) = self.whole(&sealer).await?;
        let whole = match whole {
            None if only.is_none() && !self.check().await?.is_whole() => Some(FILE),
            None if read.whole.is_some() => read.whole,
            None => (!anchored).then_some(ALONE),
            some => some,
        };
        Ok(Verified { whole, ..read })
    }

    /// Takes the store as it is: what a person put back is what counts from now on.
    pub(crate) async fn accept(&self) -> Result<(), SessionError> {
        let Some(sealer) = self.to_accept().await? else { return Ok(()) };
        // More than anybody has seen.
        let written = self.written(&sealer).await.unwrap_or_default().max(self.anchor.known());
        let changes = self.write_with(Arc::clone(&sealer), move |book| {
            book.accept(written)?;
            Ok(book.changes().unwrap_or_default())
        });
        let changes = changes.await?;
        let anchor = Arc::clone(&self.anchor);
        let accepted = tokio::task::spawn_blocking(move || anchor.accept(changes, &sealer)).await;
        match accepted {
            Ok(accepted) => accepted
                .map_err(|error| SessionError::Store(aside_storage::database::DatabaseError::Open(error.into())))?,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
        *self.older.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// The key, where there is something to accept: a database, or that there is none any more.
    async fn to_accept(&self) -> Result<Option<Arc<Sealer>>, SessionError> {
        match self.opened().await? {
            None if self.was_there().await => self.opened_to_write().await.map(Some),
            opened => Ok(opened),
        }
    }

    /// Whether something outside of the database tells of one.
    pub(super) async fn was_there(&self) -> bool {
        let anchor = Arc::clone(&self.anchor);
        tokio::task::spawn_blocking(move || anchor.is_there()).await.unwrap_or(false)
    }

    /// Why nothing may be written, if so.
    pub(crate) fn older(&self) -> Option<&'static str> {
        *self.older.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fits(book: &Book<'_>, written: u64) -> Result<Option<&'static str>, SessionError> {
    let store = match book.store() {
        Err(SessionError::Altered { .. }) => return Ok(Some(RECORD)),
        other => other?,
    };
    if store.changes < written {
        return Ok(Some(BACK));
    }
    if book.sum()?.0 != store.sum {
        return Ok(Some(EXCHANGED));
    }
    Ok((!book.lost_workspaces()?.is_empty()).then_some(FOLDER))
}

fn verify(book: &Book<'_>, only: Option<SessionId>) -> Result<Verified, SessionError> {
    let heads = match only {
        Some(id) => vec![book.found_head(id)?.ok_or(SessionError::Unknown { id })?],
        None => book.heads("ORDER BY id", &[])?,
    };
    let mut verified = Verified::default();
    for found in heads {
        let (id, _) = found.names();
        let head = book.readable_head(id)?;
        if !book.is_open(&head) {
            verified.locked.push(id);
            continue;
        }
        let mut opens = Vec::new();
        let mut damage = book.each_row(&head, 0, u64::MAX, |row, _| {
            verified.rows += 1;
            opens.extend((row.kind.opens() && !head.hides(row.n)).then_some(row.n));
            Ok(())
        })?;
        // Pages are found by an index, which is not sealed.
        let found_by_index = book.openings(&head, u64::MAX, usize::MAX);
        if !found_by_index.is_ok_and(|found| found.iter().rev().eq(&opens)) {
            verified.whole = Some(FILE);
        }
        if matches!(found, Found::Bad(_)) {
            damage.push(Damage::Head);
        }
        verified.sessions += 1;
        if !damage.is_empty() {
            verified.damaged.push((id, sorted(damage)));
        }
    }
    let strays = "SELECT count(*) FROM events WHERE session NOT IN (SELECT id FROM sessions) OR n < 0";
    verified.strays = book.tx.query_row(strays, (), |row| row.get::<_, i64>(0))?.unsigned_abs();
    Ok(verified)
}
