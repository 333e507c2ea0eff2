//! Keys in a file, as a real place keeps them: made by one of many, replaced as a whole, on disk when it is acknowledged.
#![expect(clippy::disallowed_methods, reason = "a place for keys of its own")]

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use aside_sessions::{DataKey, DataKeys, Kept, KeyFault, KeyPlace};
use aside_storage::private::FileLock;

type Reply<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, KeyFault>> + Send + 'a>>;

/// The file `keys` in a folder.
pub(crate) struct FileKeys(PathBuf);

impl FileKeys {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("keys"))
    }

    fn kept(&self) -> Kept {
        let bytes = fs::read(&self.0).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        });
        let bytes = bytes.expect("read");
        let (keys, rest) = bytes.as_chunks::<32>();
        assert!(rest.is_empty(), "half a key");
        Kept { place: KeyPlace::File, keys: keys.iter().map(DataKey::from_bytes).collect() }
    }

    fn put(&self, bytes: &[u8]) {
        let beside = self.0.with_extension(std::process::id().to_string());
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&beside).expect("opened");
        file.write_all(bytes).expect("written");
        file.sync_all().expect("written");
        fs::rename(beside, &self.0).expect("replaced");
        File::open(self.0.parent().expect("a folder")).and_then(|folder| folder.sync_all()).expect("written");
    }
}

impl DataKeys for FileKeys {
    fn read(&self) -> Reply<'_, Kept> {
        Box::pin(async { Ok(self.kept()) })
    }

    fn ensure(&self) -> Reply<'_, Kept> {
        Box::pin(async {
            let alone = FileLock::exclusive(&self.0.with_extension("lock"), Duration::from_secs(10)).expect("locked");
            if self.kept().keys.is_empty() {
                let key = DataKey::random().expect("randomness");
                self.put(key.key().expose());
            }
            drop(alone);
            Ok(self.kept())
        })
    }

    fn replace(&self, keys: Vec<DataKey>) -> Reply<'_, ()> {
        Box::pin(async move {
            let bytes: Vec<u8> = keys.iter().flat_map(|key| *key.key().expose()).collect();
            self.put(&bytes);
            Ok(())
        })
    }
}
