//! Another key for all conversations. Owns the order in which keys and database change, so that at every moment the key that the
//! database needs is kept, and that no two programs do it at once.

use std::{path::Path, sync::Arc, time::Duration};

use aside_storage::{StorageError, database::OpenError, private, sealed::SealError};

use super::{Store, passage::OTHER_KEY};
use crate::{DataKey, KeyId, SessionError, seal::Sealer};

/// How long to wait for another program that does the same.
const PATIENCE: Duration = Duration::from_secs(30);

impl Store {
    /// Seals everything under a new key. Gives it and the number of sessions.
    pub(crate) async fn rekey(&self) -> Result<(KeyId, u64), SessionError> {
        let Some(old) = self.read(|book| Ok(book.sealer.id())).await? else { return Err(SessionError::Nothing) };
        // Of two that do it at once, each would forget the key of the other.
        let _alone = self.alone().await?;
        let random = || DataKey::random().map_err(|_| SessionError::Seal(SealError::NoRandom));
        // First the place has both: whatever happens from here on, what the database needs is there.
        let new = random()?;
        let (id, copy) = (new.id(), DataKey::copy_of(&new));
        let mut keys = self.access.keys().read().await?.keys;
        keys.retain(|key| key.id() == old);
        if keys.is_empty() {
            return Err(OTHER_KEY);
        }
        keys.push(new);
        self.access.keys().replace(keys).await?;
        let other = Arc::new(Sealer::new(copy));
        let anew = Arc::clone(&other);
        let sessions = self.write(move |book| book.rekey(&anew)).await?;
        self.access.lock();
        let mut keys = self.access.keys().read().await?.keys;
        keys.retain(|key| key.id() == id);
        self.access.keys().replace(keys).await?;
        self.anchor.renew(&other).await;
        // What was sealed under the old key must not stay in the log.
        self.database.fold().await?;
        Ok((id, sessions))
    }

    async fn alone(&self) -> Result<private::FileLock, SessionError> {
        let path = self.anchor.path().with_extension("rekey");
        let locked = tokio::task::spawn_blocking(move || {
            private::ensure_dir(path.parent().unwrap_or(Path::new(".")))?;
            private::FileLock::exclusive(&path, PATIENCE)
        });
        match locked.await {
            Ok(locked) => locked.map_err(refused),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

fn refused(error: StorageError) -> SessionError {
    SessionError::Store(OpenError::from(error).into())
}
