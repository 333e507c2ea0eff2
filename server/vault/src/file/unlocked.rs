//! An open vault. Owns the data key while it is open, the order of every change (lock, read again, compare, apply, write, remember)
//! and noticing what other processes did meanwhile. Values are opened one by one when they are asked for and never kept.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aside_secret::{Secret, SecretKey};
use aside_storage::private::{FileLock, Held, is_anything, remove};

use super::{
    Backup, Files, New, Note, Opener, Recovery, VaultError,
    anchor::{Anchor, Verdict},
    content::{Content, Draft, header},
    disk::{Keep, Remembered},
    format::{Header, PassphraseWrap},
    keys::{entry_key, key_id, unwrap, wrap},
    next,
};
use crate::{KeyInfo, KeyName, NewKey, Passphrase, RecoveryWords, Slot};

/// What to do with a vault that is older than it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rollback {
    Refused,
    Accepted,
}

/// An open vault. Dropping it wipes its key. All its methods may be called from several threads; one works at a time.
pub struct Unlocked {
    files: Files,
    data: SecretKey,
    state: Mutex<State>,
}

/// The file as it was last read.
struct State {
    held: Held,
    content: Content,
    notes: Vec<Note>,
}

/// What a change of the passphrase left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassphraseChanged {
    /// Backups that the old passphrase opened, and that are gone.
    pub removed: Vec<Backup>,
    /// Older backups that are still there: another passphrase opens them, or nothing does.
    pub remaining: Vec<Backup>,
}

impl State {
    fn of(held: Held, data: &SecretKey) -> Result<Self, VaultError> {
        let header = header(held.bytes())?;
        if header.key_id != key_id(data) {
            return Err(VaultError::KeyChanged);
        }
        let content = Content::open(held.bytes(), data)?;
        let notes = if held.was_open_to_others() { vec![Note::ClosedToOthers] } else { Vec::new() };
        Ok(Self { held, content, notes })
    }

    fn note(&mut self, notes: Vec<Note>) {
        for note in notes {
            tracing::warn!("{note}");
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

impl Unlocked {
    /// Opens the vault, and brings right what is not: a missing anchor, weak parameters.
    pub(super) fn open(files: &Files, opener: Opener<'_>, rollback: Rollback) -> Result<Self, VaultError> {
        let remembered = files.remembered()?;
        let held = files.hold()?;
        let data = unwrap(&header(held.bytes())?, opener)?;
        let state = State::of(held, &data)?;
        let vault = Self { files: files.clone(), data, state: Mutex::new(state) };
        if rollback == Rollback::Accepted {
            vault.change(Rollback::Accepted, Keep::Automatic, |_| Ok(()))?;
            return Ok(vault);
        }
        let (verdict, from) = {
            let header = &vault.state().content.header;
            (vault.judge(&remembered, header)?, header.passphrase.kdf)
        };
        let mut notes = Vec::new();
        if verdict == Verdict::Foreign {
            let missing = remembered == Remembered::Nothing;
            notes.push(if missing { Note::AnchorMissing } else { Note::AnchorForeign });
        }
        if let Opener::Passphrase(passphrase) = opener
            && !from.is_current()
        {
            notes.push(match vault.upgrade(passphrase) {
                Ok(()) => Note::KdfUpgraded { from },
                Err(error) => Note::KdfNotUpgraded { from, reason: error.to_string() },
            });
        } else if verdict != Verdict::Newest
            && let Err(error) = vault.anchor()
        {
            notes.push(Note::AnchorNotWritten { reason: error.to_string() });
        }
        vault.state().note(notes);
        Ok(vault)
    }

    /// The vault that was just written and is still locked.
    pub(super) fn written(files: &Files, data: SecretKey, notes: Vec<Note>) -> Result<Self, VaultError> {
        let mut state = State::of(files.hold()?, &data)?;
        state.note(notes);
        Ok(Self { files: files.clone(), data, state: Mutex::new(state) })
    }

    /// The value under a name and slot. [`VaultError::NoKey`] when there is none.
    pub fn get(&self, name: &KeyName, slot: Slot) -> Result<Secret, VaultError> {
        let state = self.fresh()?;
        state.content.get(state.held.bytes(), &(name.clone(), slot), &self.data)
    }

    /// What is stored, sorted by name and slot. No value is opened.
    pub fn list(&self) -> Result<Vec<KeyInfo>, VaultError> {
        Ok(self.fresh()?.content.infos())
    }

    /// Stores all of `keys` in one write, each replacing what is under its name and slot; or none. `now` is in seconds since 1970.
    pub fn set(&self, keys: Vec<NewKey>, now: i64) -> Result<(), VaultError> {
        if keys.is_empty() {
            return Ok(());
        }
        let key = entry_key(&self.data);
        self.change(Rollback::Refused, Keep::Automatic, |draft| {
            keys.into_iter().try_for_each(|one| draft.put((one.name, one.slot), &one.value, now, &key))
        })
    }

    /// Stores `key` where nothing is under its name and slot; [`VaultError::Occupied`] where something is, and nothing is written.
    pub fn add(&self, key: NewKey, now: i64) -> Result<(), VaultError> {
        let sealing = entry_key(&self.data);
        self.change(Rollback::Refused, Keep::Automatic, |draft| {
            let id = (key.name, key.slot);
            if draft.has(&id) {
                return Err(VaultError::Occupied { name: id.0 });
            }
            draft.put(id, &key.value, now, &sealing)
        })
    }

    /// Removes the value under a name and slot. [`VaultError::NoKey`] when there is none.
    pub fn delete(&self, name: &KeyName, slot: Slot) -> Result<(), VaultError> {
        self.change(Rollback::Refused, Keep::Automatic, |draft| {
            if draft.remove(&(name.clone(), slot)) { Ok(()) } else { Err(VaultError::NoKey { name: name.clone() }) }
        })
    }

    /// Changes the passphrase; the old one, or the recovery words, must open the vault. The data key and the words stay: whoever
    /// has an older copy of the file and its passphrase can still find the data key, which only [`Unlocked::rekey`] changes.
    ///
    /// Backups that the old passphrase opens are removed, after one under the new passphrase is written.
    pub fn change_passphrase<'a>(
        &self,
        old: impl Into<Opener<'a>>,
        new: &Passphrase,
    ) -> Result<PassphraseChanged, VaultError> {
        new.check_new()?;
        let old = old.into();
        let (lock, mut state) = self.begin(Rollback::Refused)?;
        let before = state.content.header.clone();
        unwrap(&before, old)?;
        let older = self.files.backups()?;
        let mut draft = state.content.draft(state.held.bytes(), next(before.generation)?);
        draft.header.passphrase = wrap(&self.data, &before.id, new)?;
        let (bytes, generation) = (draft.to_bytes(&self.data)?, draft.header.generation);
        let anchor = Anchor::of(&draft.header, &self.data);
        let mut notes = self.files.commit(&lock, None, (&bytes, &anchor))?;
        // From here on the passphrase is the new one: what fails is told, and is no error.
        let saved = self.files.keep == 0
            || match self.files.save(&lock, &bytes, generation, Keep::Automatic) {
                Ok(_) => true,
                Err(error) => {
                    notes.push(Note::BackupsNotPruned { reason: error.to_string() });
                    false
                }
            };
        let gone = |backup: &Backup| saved && opens(backup, &before, old) && remove(&backup.path).is_ok();
        let older = older.into_iter().filter(|backup| is_anything(&backup.path).unwrap_or(true));
        let (removed, remaining) = older.partition(gone);
        self.reload(&mut state, notes)?;
        Ok(PassphraseChanged { removed, remaining })
    }

    /// A new data key, with all values sealed anew under it, and new recovery words if there were some. The passphrase stays.
    /// Whoever else has the vault open gets [`VaultError::KeyChanged`].
    pub fn rekey(&self, passphrase: &Passphrase) -> Result<(Self, Option<RecoveryWords>), VaultError> {
        self.replace(passphrase, Keep::Automatic, |state, before, recovery| {
            let new = New::with_id(before.id, passphrase, recovery)?;
            let header = Header { created: before.created, ..new.header.clone() };
            let draft = state.content.resealed((state.held.bytes(), &self.data), header, &new.data, |_| true)?;
            Ok((new, draft))
        })
    }

    /// A vault without a provider's key, with a new id, salt and data key, in the place of this one, whose passphrase it keeps, with
    /// new recovery words if there were some. What was there is kept among the backups, sealed as it was. What the program keeps for
    /// itself is taken along: clearing the keys of providers must not make conversations unreadable.
    pub fn clear(&self, passphrase: &Passphrase, now: i64) -> Result<(Self, Option<RecoveryWords>), VaultError> {
        self.cleared(passphrase, now, |name| !name.is_of_a_provider())
    }

    /// The same with nothing at all in it.
    pub fn clear_everything(
        &self,
        passphrase: &Passphrase,
        now: i64,
    ) -> Result<(Self, Option<RecoveryWords>), VaultError> {
        self.cleared(passphrase, now, |_| false)
    }

    fn cleared(
        &self,
        passphrase: &Passphrase,
        now: i64,
        stays: fn(&KeyName) -> bool,
    ) -> Result<(Self, Option<RecoveryWords>), VaultError> {
        self.replace(passphrase, Keep::Replaced, |state, _, recovery| {
            let new = New::make(passphrase, recovery)?;
            let header = Header { created: now, ..new.header.clone() };
            let draft = state.content.resealed((state.held.bytes(), &self.data), header, &new.data, stays)?;
            Ok((new, draft))
        })
    }

    /// The vault as a file of its own, with its own passphrase, data key and id, to be kept elsewhere. It has no recovery words.
    pub fn backup(&self, passphrase: &Passphrase, now: i64) -> Result<Vec<u8>, VaultError> {
        passphrase.check_new()?;
        let new = New::make(passphrase, Recovery::None)?;
        let state = self.fresh()?;
        let header = Header { generation: state.content.header.generation, created: now, ..new.header };
        let draft = state.content.resealed((state.held.bytes(), &self.data), header, &new.data, |_| true)?;
        draft.to_bytes(&new.data)
    }

    /// What a person should know of the vault, from opening it and from writes since.
    pub fn notes(&self) -> Vec<Note> {
        self.state().notes.clone()
    }

    /// The number of the vault's newest write.
    pub fn generation(&self) -> Result<u64, VaultError> {
        Ok(self.fresh()?.content.header.generation)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced as a whole: a thread that panicked left the one before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file as it is now.
    fn fresh(&self) -> Result<MutexGuard<'_, State>, VaultError> {
        let mut state = self.state();
        self.refresh(&mut state, Rollback::Refused)?;
        Ok(state)
    }

    /// Reads the file again if it is another one than was read.
    fn refresh(&self, state: &mut State, rollback: Rollback) -> Result<(), VaultError> {
        if state.held.is_still_at(&self.files.vault) {
            return Ok(());
        }
        let remembered = self.files.remembered()?;
        let mut read = State::of(self.files.hold()?, &self.data)?;
        if rollback == Rollback::Refused {
            self.judge(&remembered, &read.content.header)?;
            let (found, expected) = (&read.content.header, &state.content.header);
            if found.id == expected.id && found.generation < expected.generation {
                return Err(VaultError::RolledBack { found: found.generation, expected: expected.generation });
            }
        }
        read.note(std::mem::take(&mut state.notes));
        *state = read;
        Ok(())
    }

    /// What is remembered of the vault with this header; an older state and a forged memory are errors.
    fn judge(&self, remembered: &Remembered, header: &Header) -> Result<Verdict, VaultError> {
        let damaged = || VaultError::AnchorDamaged { path: self.files.anchor.clone() };
        match remembered {
            Remembered::Nothing => Ok(Verdict::Foreign),
            Remembered::Damaged => Err(damaged()),
            Remembered::This(anchor) => match anchor.judge(header, &self.data) {
                Verdict::Forged => Err(damaged()),
                Verdict::Older { expected } => Err(VaultError::RolledBack { found: header.generation, expected }),
                verdict => Ok(verdict),
            },
        }
    }

    /// Begins a change: locks the vault and reads what others wrote. Whoever only reads waits for a write in this process, but never
    /// for one in another.
    fn begin(&self, rollback: Rollback) -> Result<(FileLock, MutexGuard<'_, State>), VaultError> {
        let lock = self.files.lock()?;
        let mut state = self.state();
        self.refresh(&mut state, rollback)?;
        Ok((lock, state))
    }

    /// Applies a change and writes the next state.
    fn change(
        &self,
        rollback: Rollback,
        keep: Keep,
        apply: impl FnOnce(&mut Draft<'_>) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let (lock, mut state) = self.begin(rollback)?;
        let before = state.content.header.generation;
        let highest = match rollback {
            Rollback::Refused => before,
            Rollback::Accepted => self.files.highest(Some(state.held.bytes()))?,
        };
        let mut draft = state.content.draft(state.held.bytes(), next(highest)?);
        apply(&mut draft)?;
        let bytes = draft.to_bytes(&self.data)?;
        let anchor = Anchor::of(&draft.header, &self.data);
        let notes = self.files.commit(&lock, Some((state.held.bytes(), before, keep)), (&bytes, &anchor))?;
        self.reload(&mut state, notes)
    }

    /// Puts a vault with another data key in the place of this one.
    fn replace(
        &self,
        passphrase: &Passphrase,
        keep: Keep,
        make: impl FnOnce(&State, &Header, Recovery) -> Result<(New, Draft<'static>), VaultError>,
    ) -> Result<(Self, Option<RecoveryWords>), VaultError> {
        let (lock, state) = self.begin(Rollback::Refused)?;
        let before = &state.content.header;
        unwrap(before, passphrase.into())?;
        let recovery = if before.recovery.is_some() { Recovery::Words } else { Recovery::None };
        let (new, mut draft) = make(&state, before, recovery)?;
        draft.header.generation = next(before.generation)?;
        let bytes = draft.to_bytes(&new.data)?;
        // Nothing is thrown away before its successor is known to open.
        Content::open(&bytes, &new.data)?.verify(&bytes, &new.data)?;
        let anchor = Anchor::of(&draft.header, &new.data);
        let old = (state.held.bytes(), before.generation, keep);
        let notes = self.files.commit(&lock, Some(old), (&bytes, &anchor))?;
        Ok((Self::written(&self.files, new.data, notes)?, new.words))
    }

    /// Wraps the data key anew with the current parameters.
    fn upgrade(&self, passphrase: &Passphrase) -> Result<(), VaultError> {
        let (lock, mut state) = self.begin(Rollback::Refused)?;
        let before = state.content.header.clone();
        if before.passphrase.kdf.is_current() {
            return Ok(());
        }
        let mut draft = state.content.draft(state.held.bytes(), next(before.generation)?);
        draft.header.passphrase = wrap(&self.data, &before.id, passphrase)?;
        let bytes = draft.to_bytes(&self.data)?;
        let anchor = Anchor::of(&draft.header, &self.data);
        let old = (state.held.bytes(), before.generation, Keep::Automatic);
        let notes = self.files.commit(&lock, Some(old), (&bytes, &anchor))?;
        self.reload(&mut state, notes)
    }

    /// Remembers the present state as the newest.
    fn anchor(&self) -> Result<(), VaultError> {
        let (lock, state) = self.begin(Rollback::Refused)?;
        self.files.remember(&lock, &Anchor::of(&state.content.header, &self.data))
    }

    /// Reads back what was written.
    fn reload(&self, state: &mut State, notes: Vec<Note>) -> Result<(), VaultError> {
        let mut read = State::of(self.files.hold()?, &self.data)?;
        read.notes = std::mem::take(&mut state.notes);
        read.note(notes);
        *state = read;
        Ok(())
    }
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Unlocked").field("vault", &self.files.vault).finish_non_exhaustive()
    }
}

/// Whether what opened the vault with this header opens a backup, too.
fn opens(backup: &Backup, header: &Header, opener: Opener<'_>) -> bool {
    let Some(other) = backup.read().ok().and_then(|bytes| super::content::header(&bytes).ok()) else { return false };
    // The same wrap, as of most backups: no key needs to be derived.
    let same = |wrap: &PassphraseWrap| *wrap == header.passphrase;
    same(&other.passphrase) || matches!(opener, Opener::Passphrase(_)) && unwrap(&other, opener).is_ok()
}
