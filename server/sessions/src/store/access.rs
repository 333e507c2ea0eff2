//! The way to the sealed store: which key it is sealed under, and whether that key is at hand.
//!
//! Owns when the key is asked for, that a key which does not fit is never used, and that a lock takes it away. Where the key is
//! kept is `key`'s door; what it seals is `seal`'s.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_storage::database::Database;
use rusqlite::Transaction;
use tokio::sync::Notify;

use super::{
    adopt,
    book::{self, Site},
};
use crate::{DataKey, DataKeys, Kept, KeyFault, KeyFaultKind, KeyId, KeyPlace, SessionError, seal::Sealer};

/// The key of one store, while it may be used.
pub(crate) struct Access {
    keys: Arc<dyn DataKeys>,
    // A plain lock, held for one look or one change.
    open: Mutex<Option<Open>>,
    /// Tells those who wait for it that the key came.
    came: Notify,
    opening: tokio::sync::Mutex<()>,
}

/// The key at hand, and where it was found.
pub(super) struct Open {
    pub(super) sealer: Arc<Sealer>,
    place: KeyPlace,
}

impl Open {
    fn new(place: KeyPlace, key: DataKey) -> Self {
        Self { sealer: Arc::new(Sealer::new(key)), place }
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    pub(crate) fn new(keys: Arc<dyn DataKeys>) -> Self {
        Self { keys, open: Mutex::default(), came: Notify::new(), opening: tokio::sync::Mutex::default() }
    }

    /// The place where the key is kept.
    pub(crate) fn keys(&self) -> &dyn DataKeys {
        &*self.keys
    }

    /// Lets go of the key; the next use asks for it again.
    pub(crate) fn lock(&self) {
        *self.open() = None;
    }

    /// The key, if it is at hand.
    pub(crate) fn at_hand(&self) -> Option<Arc<Sealer>> {
        self.open().as_ref().map(|open| Arc::clone(&open.sealer))
    }

    /// Where the key at hand was found.
    pub(crate) fn place(&self) -> Option<KeyPlace> {
        self.open().as_ref().map(|open| open.place)
    }

    /// Returns once the key is at hand. Does not ask for it.
    pub(crate) async fn unlocked(&self) {
        loop {
            let came = self.came.notified();
            if self.at_hand().is_some() {
                return;
            }
            came.await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One at a time asks for the key: whoever waited looks first whether it is at hand.
    pub(super) async fn one_at_a_time(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.opening.lock().await
    }

    /// The key that the database is sealed under; `None` where there is nothing to read. It is not at hand before it is
    /// [kept](Self::keep).
    ///
    /// # Errors
    /// The key cannot be had, or is another one.
    pub(super) async fn ask(&self, database: &Database, site: &Arc<Site>) -> Result<Option<Open>, SessionError> {
        let Some(mut there) = There::read(database).await? else { return Ok(None) };
        let open = loop {
            let asked = match there {
                There { key: Some(id), .. } => fitting(self.keys.read().await?, id),
                // The row that names it is gone, and what it opens is not.
                There { sealed: true, .. } => newest(self.keys.read().await?),
                There { waiting: true, .. } => Ok(self.first().await?),
                _ => return Ok(None),
            };
            // Another program may have changed the key between the two looks.
            match (asked, There::read(database).await?) {
                (Err(_), Some(now)) if now.key != there.key => there = now,
                (asked, _) => break asked?,
            }
        };
        if there.waiting {
            adopt::seal_all(database, &open.sealer, site).await?;
        }
        adopt::forget_copies(database).await;
        Ok(Some(open))
    }

    /// A key for a database that has none yet.
    pub(super) async fn first(&self) -> Result<Open, SessionError> {
        Ok(newest(self.keys.ensure().await?)?)
    }

    /// From now on the key is at hand.
    pub(super) fn keep(&self, open: Open) -> Arc<Sealer> {
        let sealer = Arc::clone(&open.sealer);
        *self.open() = Some(open);
        self.came.notify_waiters();
        sealer
    }
}

/// What a database tells before it is opened with a key.
#[derive(Debug, Clone, Copy)]
struct There {
    key: Option<KeyId>,
    /// Whether anything is sealed.
    sealed: bool,
    /// Whether something waits in clear.
    waiting: bool,
}

impl There {
    async fn read(database: &Database) -> Result<Option<Self>, SessionError> {
        database.read::<_, SessionError>(|tx| Ok(Self::of(tx)?)).await
    }

    fn of(tx: &Transaction<'_>) -> rusqlite::Result<Self> {
        let sealed = "SELECT EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM events)";
        let sealed = tx.prepare_cached(sealed)?.query_row((), |row| row.get(0))?;
        Ok(Self { key: book::key_of(tx)?, sealed, waiting: adopt::waiting(tx)? })
    }
}

/// The newest key there is.
fn newest(kept: Kept) -> Result<Open, KeyFault> {
    let Kept { place, keys } = kept;
    keys.into_iter().next_back().map(|key| Open::new(place, key)).ok_or_else(|| missing(place))
}

/// The key `id` among those that are kept.
fn fitting(kept: Kept, id: KeyId) -> Result<Open, KeyFault> {
    let Kept { place, keys } = kept;
    let found: Vec<String> = keys.iter().map(|key| key.id().to_string()).collect();
    if let Some(key) = keys.into_iter().find(|key| key.id() == id) {
        return Ok(Open::new(place, key));
    }
    if found.is_empty() {
        return Err(missing(place));
    }
    Err(KeyFault {
        kind: KeyFaultKind::Missing,
        place: Some(place),
        message: format!(
            "the conversations are sealed under key {id}, and in the {} is key {}",
            place.as_str(),
            found.join(", ")
        ),
        hint: "put the right key back, or enter its words: `aside session key restore`".to_owned(),
    })
}

fn missing(place: KeyPlace) -> KeyFault {
    KeyFault {
        kind: KeyFaultKind::Missing,
        place: Some(place),
        message: format!("the key of the conversations is not in the {} any more", place.as_str()),
        hint: "put it back from a backup, or enter its words: `aside session key restore`".to_owned(),
    }
}
