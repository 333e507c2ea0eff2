//! How many changes the store has had, written down outside of it, so that an older copy of the whole file is noticed.
//!
//! Owns the file and when it is written: behind the changes, once a second at most, and at the end. So what is put back may be
//! up to a second old without being noticed; nothing waits for it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use aside_storage::{StorageError, private};

use crate::seal::Sealer;

/// How long changes gather before they are written down.
const PACE: Duration = Duration::from_secs(1);
/// How long to wait for another program that writes it.
const PATIENCE: Duration = Duration::from_secs(2);
const FORMAT: &str = "aside-sessions-anchor-1";
const MAX_BYTES: u64 = 256;

/// The file, and what is to be written to it.
#[derive(Debug)]
pub(super) struct Anchor {
    path: PathBuf,
    latest: AtomicU64,
    written: AtomicU64,
    scheduled: AtomicBool,
}

impl Anchor {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, latest: AtomicU64::new(0), written: AtomicU64::new(0), scheduled: AtomicBool::new(false) }
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many changes this program knows of.
    pub(super) fn known(&self) -> u64 {
        self.latest.load(Ordering::SeqCst)
    }

    /// Whether anything was ever written down.
    pub(super) fn is_there(&self) -> bool {
        matches!(private::read(&self.path, MAX_BYTES), Ok(Some(_)))
    }

    /// The number that stands there, if `sealer` vouches for it.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(&self, sealer: &Sealer) -> Result<Option<u64>, StorageError> {
        let Some(bytes) = private::read(&self.path, MAX_BYTES)? else { return Ok(None) };
        Ok(std::str::from_utf8(&bytes).ok().and_then(|text| parse(text, sealer)))
    }

    /// The store has had `changes`: this is written down soon.
    pub(super) fn note(self: &Arc<Self>, changes: u64, sealer: &Arc<Sealer>) {
        self.latest.fetch_max(changes, Ordering::SeqCst);
        if self.scheduled.swap(true, Ordering::SeqCst) {
            return;
        }
        let (anchor, sealer) = (Arc::clone(self), Arc::clone(sealer));
        tokio::spawn(async move {
            tokio::time::sleep(PACE).await;
            anchor.scheduled.store(false, Ordering::SeqCst);
            anchor.settle(&sealer).await;
        });
    }

    /// Writes down what there is to write, now.
    pub(super) async fn settle(self: &Arc<Self>, sealer: &Arc<Sealer>) {
        let (anchor, sealer) = (Arc::clone(self), Arc::clone(sealer));
        let written = tokio::task::spawn_blocking(move || anchor.write(&sealer)).await;
        if let Ok(Err(error)) = written {
            // The next change tries again; until then an older copy of the store would not be noticed.
            tracing::warn!(%error, "how many changes the conversations had is not written down");
        }
    }

    fn write(&self, sealer: &Sealer) -> Result<(), StorageError> {
        let latest = self.latest.load(Ordering::SeqCst);
        if self.written.load(Ordering::SeqCst) >= latest {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private::ensure_dir(folder)?;
        let lock = private::FileLock::exclusive(&self.path.with_extension("lock"), PATIENCE)?;
        // Another program may know of more.
        if self.read(sealer)?.is_none_or(|there| there < latest) {
            private::replace_locked(&self.path, line(latest, sealer).as_bytes(), &lock)?;
        }
        self.written.fetch_max(latest, Ordering::SeqCst);
        Ok(())
    }

    /// Writes the latest number anew, vouched for by another key.
    pub(super) async fn renew(self: &Arc<Self>, sealer: &Arc<Sealer>) {
        self.written.store(0, Ordering::SeqCst);
        self.settle(sealer).await;
    }

    /// Puts `changes` there, whatever stands there: a person has accepted what the store is now.
    pub(super) fn accept(&self, changes: u64, sealer: &Sealer) -> Result<(), StorageError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private::ensure_dir(folder)?;
        let lock = private::FileLock::exclusive(&self.path.with_extension("lock"), PATIENCE)?;
        private::replace_locked(&self.path, line(changes, sealer).as_bytes(), &lock)
    }
}

fn line(changes: u64, sealer: &Sealer) -> String {
    let mac: String = sealer.vouch(changes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{FORMAT} {} {changes} {mac}\n", sealer.id())
}

fn parse(text: &str, sealer: &Sealer) -> Option<u64> {
    let changes = text.split(' ').nth(2)?.parse().ok()?;
    // What does not read back to the byte is not ours; the comparison of a public number needs no constant time.
    let mac = text.trim_end().rsplit_once(' ')?.1;
    let mut found = [0; 32];
    for (byte, at) in found.iter_mut().zip((0..mac.len()).step_by(2)) {
        *byte = u8::from_str_radix(mac.get(at..at + 2)?, 16).ok()?;
    }
    (sealer.vouched(changes, &found) && text == line(changes, sealer)).then_some(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataKey;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(DataKey::from_bytes(&[byte; 32]))
    }

    #[test]
    fn only_what_the_key_vouches_for_is_read() {
        let written = line(7, &sealer(1));
        assert_eq!(parse(&written, &sealer(1)), Some(7));
        assert_eq!(parse(&written, &sealer(2)), None, "another key");
        for other in [written.replacen(" 7 ", " 6 ", 1), written.trim_end().to_owned(), String::new(), "a b c d".into()]
        {
            assert_eq!(parse(&other, &sealer(1)), None, "{other:?}");
        }
    }

    #[test]
    fn the_number_never_goes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (anchor, sealer) = (Anchor::new(folder.path().join("state/sessions.anchor")), sealer(1));
        assert_eq!(anchor.read(&sealer).expect("read"), None);
        for (latest, there) in [(5, 5), (9, 9)] {
            anchor.latest.store(latest, Ordering::SeqCst);
            anchor.write(&sealer).expect("written");
            assert_eq!(anchor.read(&sealer).expect("read"), Some(there));
        }
        let behind = Anchor::new(anchor.path.clone());
        behind.latest.store(3, Ordering::SeqCst);
        behind.write(&sealer).expect("written");
        assert_eq!(anchor.read(&sealer).expect("read"), Some(9), "a program that knows less changes nothing");
        anchor.accept(2, &sealer).expect("accepted");
        assert_eq!(anchor.read(&sealer).expect("read"), Some(2));
    }
}
