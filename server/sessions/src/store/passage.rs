//! Running work in transactions under the key that the database has. Owns that the key is asked for first, that the store is looked
//! over before anything is written, and that work is begun anew when another program has just changed the key.

use std::sync::{Arc, atomic::Ordering};

use aside_storage::database::DatabaseError;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::{
    Store,
    book::{self, Book},
    verify,
};
use crate::{SessionError, seal::Sealer};

impl Store {
    /// Runs `work` on one snapshot. `None` where there is nothing yet: reading creates nothing.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        mut work: impl FnOnce(&Book<'_>) -> Result<T, SessionError> + Send + 'static,
    ) -> Result<Option<T>, SessionError> {
        for _ in 0..TRIES {
            let sealer = match self.opened().await? {
                Some(sealer) => sealer,
                None if self.was_there().await => return Err(SessionError::Older { what: verify::GONE }),
                None => return Ok(None),
            };
            match self.read_with(&sealer, work).await {
                Err(Undone::OtherKey(again)) => {
                    self.access.lock();
                    work = again;
                }
                Err(Undone::Failed(error)) => return Err(error),
                Ok(None) if self.found.load(Ordering::SeqCst) => return Err(self.missing()),
                Ok(read) => return Ok(read),
            }
        }
        Err(OTHER_KEY)
    }

    /// The same for what nobody asked for: it never asks for the key. `None` also where that is not at hand.
    pub(super) async fn read_quietly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Book<'_>) -> Result<T, SessionError> + Send + 'static,
    ) -> Result<Option<T>, SessionError> {
        let Some(sealer) = self.access.at_hand() else { return Ok(None) };
        self.read_with(&sealer, work).await.map_err(Undone::error)
    }

    pub(super) async fn read_with<T, W>(&self, sealer: &Arc<Sealer>, work: W) -> Result<Option<T>, Undone<W>>
    where
        T: Send + 'static,
        W: FnOnce(&Book<'_>) -> Result<T, SessionError> + Send + 'static,
    {
        let (sealer, site, at) = (Arc::clone(sealer), Arc::clone(&self.site), Timestamp::now());
        let read = self.database.read(move |tx: &Transaction<'_>| {
            if is_other_key(tx, &sealer)? {
                return Err(Undone::OtherKey(work));
            }
            work(&Book::new(tx, &sealer, &site, at)).map_err(Undone::Failed)
        });
        let read = read.await?;
        if read.is_some() {
            self.found.store(true, Ordering::SeqCst);
        }
        Ok(read)
    }

    /// Runs `work` in one transaction, and notes outside of the database that it changed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnOnce(&Book<'_>) -> Result<T, SessionError> + Send + 'static,
    ) -> Result<T, SessionError> {
        for _ in 0..TRIES {
            let sealer = self.opened_to_write().await?;
            if let Some(what) = self.older() {
                return Err(SessionError::Older { what });
            }
            match self.write_with(sealer, work).await {
                Err(Undone::OtherKey(again)) => {
                    self.access.lock();
                    work = again;
                }
                Err(Undone::Failed(error)) => return Err(error),
                Ok(value) => return Ok(value),
            }
        }
        Err(OTHER_KEY)
    }

    pub(super) async fn write_with<T, W>(&self, sealer: Arc<Sealer>, work: W) -> Result<T, Undone<W>>
    where
        T: Send + 'static,
        W: FnOnce(&Book<'_>) -> Result<T, SessionError> + Send + 'static,
    {
        let (held, site, at) = (Arc::clone(&sealer), Arc::clone(&self.site), Timestamp::now());
        let enters = !self.entered.load(Ordering::SeqCst);
        let known = self.anchor.known();
        let transaction = move |tx: &Transaction<'_>| {
            if is_other_key(tx, &held)? {
                return Err(Undone::OtherKey(work));
            }
            let book = Book::new(tx, &held, &site, at);
            let value = work(&book).map_err(Undone::Failed)?;
            if book.changes().is_some_and(|changes| changes <= known) {
                return Err(Undone::Failed(SessionError::Older { what: verify::BACK }));
            }
            let unclean = enters && book.enter_opener()?;
            Ok((value, book.changes(), unclean))
        };
        // What it held comes back with it, or a person decides.
        let was_there = self.found.load(Ordering::SeqCst);
        let written =
            if was_there { self.database.update(transaction).await } else { self.database.write(transaction).await };
        let (value, changes, unclean) = written?;
        self.found.store(true, Ordering::SeqCst);
        if enters {
            self.entered.store(true, Ordering::SeqCst);
        }
        if unclean {
            self.check_behind();
        }
        if let Some(changes) = changes {
            self.anchor.note(changes, &sealer);
        }
        Ok(value)
    }

    pub(super) fn missing(&self) -> SessionError {
        DatabaseError::Missing { path: self.database.path().to_owned() }.into()
    }

    /// The key for reading; `None` where there is nothing to read. Before it is at hand, the store is looked over.
    pub(super) async fn opened(&self) -> Result<Option<Arc<Sealer>>, SessionError> {
        if let Some(sealer) = self.access.at_hand() {
            return Ok(Some(sealer));
        }
        let _one_at_a_time = self.access.one_at_a_time().await;
        if let Some(sealer) = self.access.at_hand() {
            return Ok(Some(sealer));
        }
        for _ in 0..TRIES {
            let Some(open) = self.access.ask(&self.database, &self.site).await? else { return Ok(None) };
            match self.look_over(&open.sealer).await {
                Err(SessionError::Altered { what: KEY }) => {}
                looked => return looked.map(|()| Some(self.access.keep(open))),
            }
        }
        Err(OTHER_KEY)
    }

    /// The key for writing: the first time, one is made.
    pub(super) async fn opened_to_write(&self) -> Result<Arc<Sealer>, SessionError> {
        if let Some(sealer) = self.opened().await? {
            return Ok(sealer);
        }
        let _one_at_a_time = self.access.one_at_a_time().await;
        if let Some(sealer) = self.access.at_hand() {
            return Ok(sealer);
        }
        let open = self.access.first().await?;
        self.look_over(&open.sealer).await?;
        Ok(self.access.keep(open))
    }
}

/// How often work is begun anew because another program has just changed the key.
const TRIES: usize = 5;

pub(super) const KEY: &str = "the key of the database";
pub(super) const OTHER_KEY: SessionError = SessionError::Altered { what: KEY };

/// Work that was not done. Under the key that the database has now it may be.
pub(super) enum Undone<W> {
    Failed(SessionError),
    OtherKey(W),
}

impl<W> Undone<W> {
    /// Where nothing is begun anew.
    pub(super) fn error(self) -> SessionError {
        match self {
            Self::Failed(error) => error,
            Self::OtherKey(_) => OTHER_KEY,
        }
    }
}

impl<W> From<DatabaseError> for Undone<W> {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl<W> From<rusqlite::Error> for Undone<W> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<W> From<Undone<W>> for SessionError {
    fn from(undone: Undone<W>) -> Self {
        match undone {
            Undone::Failed(error) => error,
            Undone::OtherKey(_) => OTHER_KEY,
        }
    }
}

/// What is sealed under another key must not be taken for damaged.
fn is_other_key(tx: &Transaction<'_>, sealer: &Sealer) -> rusqlite::Result<bool> {
    Ok(book::key_of(tx)?.is_some_and(|key| key != sealer.id()))
}
