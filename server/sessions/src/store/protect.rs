//! Sessions with a passphrase of their own, on top of the key of all conversations.
//!
//! Owns how a passphrase becomes part of a session's key, and where the sessions that are open now are remembered: in one private
//! file of the runtime folder, sealed, so that every program of the user has them open until a lock. That folder is in memory on
//! most systems and is gone with the login; what stands there is of no use without the key of all conversations.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use aside_secret::{Secret, SecretKey};
use aside_storage::{
    StorageError,
    private::{self, FileLock},
    sealed::{self, Kdf},
};

use super::{
    Store,
    book::{Book, hex},
    head::Head,
};
use crate::{
    SessionError, SessionId,
    format::{LockRow, OpenedRow},
    seal::{RowPlace, START, Sealer, SessionKey},
};

/// How long to wait for another program that opens or locks a session.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most that is read of the file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The file that says which passphrases were entered.
#[derive(Debug, Clone)]
pub(super) struct Entered(PathBuf);

impl Entered {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// What the passphrase with this salt gave, if it was entered and nothing was locked since.
    pub(super) fn key_of(&self, sealer: &Sealer, salt: &[u8; 32]) -> Option<SecretKey> {
        let row = self.read().ok()?.keys.remove(&hex(salt))?;
        let opened = sealer.open_passed(salt, &bytes(&row)?).ok()?;
        SecretKey::from_slice(opened.expose())
    }

    fn put(&self, sealer: &Sealer, salt: &[u8; 32], key: &SecretKey) -> Result<(), SessionError> {
        let sealed = sealer.seal_passed(salt, key)?;
        self.change(|row| _ = row.keys.insert(hex(salt), hex(&sealed))).map_err(stored)
    }

    fn take(&self, salt: &[u8; 32]) -> Result<(), SessionError> {
        self.change(|row| _ = row.keys.remove(&hex(salt))).map_err(stored)
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) -> Result<bool, StorageError> {
        private::remove(&self.0)
    }

    fn read(&self) -> Result<OpenedRow, StorageError> {
        let bytes = private::read(&self.0, MAX_BYTES)?;
        // What cannot be read opens nothing.
        Ok(bytes.and_then(|bytes| OpenedRow::decode(&bytes)).unwrap_or(OpenedRow { keys: BTreeMap::new() }))
    }

    fn change(&self, change: impl FnOnce(&mut OpenedRow)) -> Result<(), StorageError> {
        private::ensure_dir(self.0.parent().unwrap_or(Path::new(".")))?;
        let lock = FileLock::exclusive(&self.0.with_extension("lock"), PATIENCE)?;
        let mut row = self.read()?;
        change(&mut row);
        private::replace_locked(&self.0, &row.encode(), &lock)
    }
}

impl Book<'_> {
    /// The key of a session's rows.
    ///
    /// # Errors
    /// It has a passphrase of its own, which was not entered.
    pub(super) fn key(&self, head: &Head) -> Result<SessionKey, SessionError> {
        let plain = self.sealer.session(head.id);
        let Some(lock) = &head.lock else { return Ok(plain) };
        let entered = self.entered.key_of(self.sealer, &lock.salt).ok_or(SessionError::Protected { id: head.id })?;
        Ok(plain.with_passphrase(&entered))
    }

    /// Whether a session's rows can be read now.
    pub(super) fn is_open(&self, head: &Head) -> bool {
        self.key(head).is_ok()
    }

    /// The title of a session, as far as it may be read.
    pub(super) fn title(&self, head: &Head) -> String {
        let Some(lock) = &head.lock else { return head.title.clone() };
        let opened = self.key(head).ok().and_then(|key| key.open_title(head.id, &bytes(&lock.title)?).ok());
        opened.and_then(|title| String::from_utf8(title.expose().to_vec()).ok()).unwrap_or_default()
    }

    /// Puts a title where it belongs.
    pub(super) fn set_title(&self, head: &mut Head, title: &str) -> Result<(), SessionError> {
        if head.lock.is_none() {
            title.clone_into(&mut head.title);
            return Ok(());
        }
        let sealed = self.key(head)?.seal_title(head.id, title)?;
        if let Some(lock) = &mut head.lock {
            lock.title = hex(&sealed);
        }
        Ok(())
    }

    /// Seals a session under a passphrase, whose key is `entered`, or with `None` under the key of all again.
    fn protect(&self, id: SessionId, salt: &[u8; 32], entered: Option<&SecretKey>) -> Result<Head, SessionError> {
        let mut head = self.head(id)?;
        if head.turn.is_some() {
            return Err(SessionError::Busy { id, elsewhere: head.is_answered_elsewhere(self) });
        }
        let title = self.title(&head);
        let plain = self.sealer.session(id);
        let key = match entered {
            Some(entered) => plain.with_passphrase(entered),
            None => plain,
        };
        self.reseal(&mut head, &key)?;
        head.lock = match entered {
            Some(_) => Some(LockRow::new(Kdf::CURRENT, *salt, hex(&key.seal_title(id, &title)?))),
            None => None,
        };
        head.title = if entered.is_some() { String::new() } else { title };
        self.save(&mut head)?;
        Ok(head)
    }

    /// Seals the rows of a session anew under `key`. The head is to be saved afterwards.
    ///
    /// # Errors
    /// The session is damaged: what does not open cannot be sealed again.
    pub(super) fn reseal(&self, head: &mut Head, key: &SessionKey) -> Result<(), SessionError> {
        let mut link = START;
        let update = "UPDATE events SET previous = ?3, sealed = ?4 WHERE session = ?1 AND n = ?2";
        let damaged = self.each_sealed(head, |place, plain| {
            let place = RowPlace { previous: link, ..*place };
            let sealed = key.seal(&place, plain)?;
            let values = rusqlite::params![head.id.bytes(), super::rows::number(place.n), place.previous, sealed];
            self.tx.prepare_cached(update)?.execute(values)?;
            link = place.link(&sealed);
            Ok(())
        })?;
        head.last = link;
        if damaged { Err(SessionError::Damaged { id: head.id }) } else { Ok(()) }
    }
}

impl Store {
    /// Gives a session a passphrase of its own, which is entered by that.
    pub(crate) async fn protect(&self, id: SessionId, passphrase: Secret) -> Result<(), SessionError> {
        self.there(id).await?;
        let salt = sealed::random::<32>()?;
        let entered = derived(Kdf::CURRENT, passphrase, salt).await?;
        // Under the key that the database has in that moment.
        self.write(move |book| {
            book.protect(id, &salt, Some(&entered))?;
            book.entered.put(book.sealer, &salt, &entered)
        })
        .await?;
        // What was sealed without the passphrase must not stay in the log.
        self.fold_away().await;
        Ok(())
    }

    /// Takes the passphrase of a session that is open away.
    pub(crate) async fn unprotect(&self, id: SessionId) -> Result<(), SessionError> {
        self.there(id).await?;
        self.write(move |book| book.protect(id, &[0; 32], None).map(drop)).await
    }

    /// Opens a session with its passphrase, for every program of the user, until a lock.
    pub(crate) async fn enter(&self, id: SessionId, passphrase: Secret) -> Result<(), SessionError> {
        let Some(lock) = self.lock_of(id).await? else { return Ok(()) };
        let entered = derived(lock.kdf(), passphrase, lock.salt).await?;
        let title = bytes(&lock.title).ok_or(SessionError::Damaged { id })?;
        let opened = self.read(move |book| {
            let key = book.sealer.session(id).with_passphrase(&entered);
            key.open_title(id, &title).map_err(|_| SessionError::WrongPassphrase { id })?;
            book.entered.put(book.sealer, &lock.salt, &entered)
        });
        opened.await?.ok_or(SessionError::Unknown { id })
    }

    /// Locks one session again.
    pub(crate) async fn leave_session(&self, id: SessionId) -> Result<(), SessionError> {
        match self.lock_of(id).await? {
            Some(lock) => self.site().entered.take(&lock.salt),
            None => Ok(()),
        }
    }

    async fn lock_of(&self, id: SessionId) -> Result<Option<LockRow>, SessionError> {
        let lock = self.read(move |book| Ok(book.head(id)?.lock)).await?;
        lock.ok_or(SessionError::Unknown { id })
    }
}

/// Off the runtime's workers: it takes a third of a second.
async fn derived(kdf: Kdf, passphrase: Secret, salt: [u8; 32]) -> Result<SecretKey, SessionError> {
    match tokio::task::spawn_blocking(move || kdf.derive(&passphrase, &salt)).await {
        Ok(derived) => derived.map_err(SessionError::Passphrase),
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

fn stored(error: StorageError) -> SessionError {
    SessionError::Store(aside_storage::database::DatabaseError::Open(error.into()))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
