//! The file with the log's key: 32 random bytes, made once, never replaced.

use aside_secret::SecretKey;
use aside_storage::{chain, private, sealed::digest};
use zeroize::Zeroizing;

use super::{AuditError, AuditFiles, chain::Keys};

/// What the file begins with: its kind and version.
const MAGIC: &[u8; 8] = b"asideak1";
/// Bytes of the checksum behind the key.
const CHECK: usize = 8;
const LENGTH: usize = MAGIC.len() + 32 + CHECK;

/// The keys of the log; `None` where no key was made yet.
pub(super) fn read(files: &AuditFiles) -> Result<Option<Keys>, AuditError> {
    let Some(bytes) = chain::read_small(&files.key, LENGTH)?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let damaged = || AuditError::KeyDamaged { key: files.key.clone() };
    Ok(Some(Keys::of(&parse(&bytes).ok_or_else(damaged)?)))
}

/// The same, made where there is none yet. Only for a log without records.
pub(super) fn read_or_make(files: &AuditFiles) -> Result<Keys, AuditError> {
    if let Some(keys) = read(files)? {
        return Ok(keys);
    }
    if let Some(folder) = files.key.parent() {
        private::ensure_dir(folder)?;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(SecretKey::random()?.expose());
    let sum = digest(&bytes);
    bytes.extend_from_slice(&sum[..CHECK]);
    // Made by another process meanwhile: then that one is the key.
    let _by_us = chain::create_small(&files.key, &bytes)?;
    read(files)?.ok_or_else(|| AuditError::KeyMissing { key: files.key.clone() })
}

fn parse(bytes: &[u8]) -> Option<SecretKey> {
    let (body, sum) = bytes.split_at_checked(LENGTH - CHECK)?;
    let fits = sum == &digest(body)[..CHECK];
    let secret = body.strip_prefix(MAGIC)?;
    if fits { SecretKey::from_slice(secret) } else { None }
}
