//! Bringing a backup back. Owns what is verified before anything is replaced, and telling what would change; the backup can be an
//! automatic one, an explicit one, or a copy of the vault that somebody made.

use aside_secret::SecretKey;
use aside_storage::private::Held;

use super::{
    Files, Opener, Unlocked, VaultError,
    anchor::Anchor,
    content::{Content, header},
    disk::Keep,
    format::LARGEST,
    keys::{entry_key, unwrap, wrap},
    next,
};
use crate::{KeyInfo, KeyName, Slot};

/// What restoring a backup would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The write whose state the backup is.
    pub generation: u64,
    /// When the vault in the backup was made, or the backup itself where it was made as one: seconds since 1970.
    pub created: i64,
    /// What is in the backup. Every value was opened.
    pub keys: Vec<KeyInfo>,
    /// What would change; `None` when there is no vault, or it does not open with what opens the backup.
    pub changes: Option<Changes>,
}

/// How a backup differs from the present vault. Each is sorted by name and slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Only in the backup.
    pub added: Vec<(KeyName, Slot)>,
    /// In both with different values.
    pub changed: Vec<(KeyName, Slot)>,
    /// Only in the present vault: they would be gone.
    pub removed: Vec<(KeyName, Slot)>,
    /// How many are the same in both.
    pub same: usize,
}

/// A vault that is open: its bytes, what they hold, and its key.
type Open<'a> = (&'a [u8], &'a Content, &'a SecretKey);

pub(super) fn plan(files: &Files, bytes: &[u8], opener: Opener<'_>) -> Result<Plan, VaultError> {
    // Whatever is wrong with the present vault, a plan can be made.
    let present = files.hold_if_there().ok().flatten();
    let opened = present.as_ref().and_then(|held| Some((held.bytes(), open(held.bytes(), opener).ok()?)));
    compare(bytes, opener, opened.as_ref().map(|(bytes, (content, data))| (*bytes, content, data)))
}

/// Opens a backup, verifies all of it, and compares it with the present vault.
fn compare(bytes: &[u8], opener: Opener<'_>, present: Option<Open<'_>>) -> Result<Plan, VaultError> {
    let (content, data) = open(bytes, opener)?;
    let changes = present.map(|present| changes((bytes, &content, &data), present)).transpose()?;
    let (generation, created) = (content.header.generation, content.header.created);
    Ok(Plan { generation, created, keys: content.infos(), changes })
}

/// Replaces the vault by a backup.
pub(super) fn restore(files: &Files, bytes: &[u8], opener: Opener<'_>) -> Result<Unlocked, VaultError> {
    let (content, data) = open(bytes, opener)?;
    let mut wrapped = content.header.passphrase.clone();
    if let Opener::Passphrase(passphrase) = opener
        && !wrapped.kdf.is_current()
    {
        wrapped = wrap(&data, &content.header.id, passphrase)?;
    }
    let lock = files.lock_new()?;
    let present = files.hold_if_there()?;
    let highest = files.highest(present.as_ref().map(Held::bytes))?.max(content.header.generation);
    let mut draft = content.draft(bytes, next(highest)?);
    draft.header.passphrase = wrapped;
    let after = draft.to_bytes(&data)?;
    let before = present.as_ref().map(|held| (held.bytes(), highest, Keep::Replaced));
    let notes = files.commit(&lock, before, (&after, &Anchor::of(&draft.header, &data)))?;
    Unlocked::written(files, data, notes)
}

fn open(bytes: &[u8], opener: Opener<'_>) -> Result<(Content, SecretKey), VaultError> {
    if bytes.len() as u64 > LARGEST {
        return Err(VaultError::TooLarge { what: "the backup has more than 64 MiB" });
    }
    let data = unwrap(&header(bytes)?, opener)?;
    let content = Content::open(bytes, &data)?;
    content.verify(bytes, &data)?;
    Ok((content, data))
}

fn changes(backup: Open<'_>, present: Open<'_>) -> Result<Changes, VaultError> {
    let ((bytes, content, data), (now_bytes, now, now_data)) = (backup, present);
    let (key, now_key) = (entry_key(data), entry_key(now_data));
    let mut found = Changes::default();
    for (id, entry) in &content.index {
        match now.index.get(id) {
            None => found.added.push(id.clone()),
            Some(other) => {
                let [one, two] = [content.value(bytes, id, entry, &key)?, now.value(now_bytes, id, other, &now_key)?];
                if one.expose() == two.expose() {
                    found.same += 1;
                } else {
                    found.changed.push(id.clone());
                }
            }
        }
    }
    found.removed = now.index.keys().filter(|id| !content.index.contains_key(id)).cloned().collect();
    Ok(found)
}
