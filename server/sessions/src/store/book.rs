//! One transaction on the sealed tables, with all that its statements need. Owns the row that sums the whole store up, and the
//! workspaces; heads are `head`'s, rows are `rows`'s.

use std::cell::Cell;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params, types::ValueRef};

use super::protect::Entered;
use crate::{
    Damage, KeyId, SessionError,
    format::{StoreRow, WorkspaceRow},
    owner::Owner,
    seal::{Sealer, WorkspaceKey},
};

/// A transaction, the keys it works with, who works, and when.
pub(super) struct Book<'a> {
    pub(super) tx: &'a Transaction<'a>,
    pub(super) sealer: &'a Sealer,
    pub(super) here: &'a Owner,
    /// Where the passphrases of single sessions are, once entered.
    pub(super) entered: &'a Entered,
    pub(super) at: Timestamp,
    /// How many changes the store has had, once this transaction has made one.
    pub(super) changes: Cell<Option<u64>>,
}

/// What every transaction of this program has in common.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) here: Owner,
    pub(super) entered: Entered,
}

/// Which key the store is sealed under; `None` when nothing was ever sealed.
pub(super) fn key_of(tx: &Transaction<'_>) -> rusqlite::Result<Option<KeyId>> {
    let select = "SELECT key FROM store";
    let key = tx.prepare_cached(select)?.query_row((), |row| Ok(fixed(row.get_ref(0)?))).optional()?;
    Ok(key.flatten().map(KeyId::from_bytes))
}

impl<'a> Book<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>, sealer: &'a Sealer, site: &'a Site, at: Timestamp) -> Self {
        Self { tx, sealer, here: &site.here, entered: &site.entered, at, changes: Cell::default() }
    }

    /// How many changes the store has had, if this transaction has made one.
    pub(super) fn changes(&self) -> Option<u64> {
        self.changes.get()
    }

    /// What `other` changed in the same transaction is a change of this one as well.
    pub(super) fn take_changes(&self, other: &Self) {
        self.changes.set(other.changes());
    }

    /// What sums the store up.
    ///
    /// # Errors
    /// It does not open: it was altered, or belongs to another database.
    pub(super) fn store(&self) -> Result<StoreRow, SessionError> {
        let select = "SELECT sealed FROM store";
        let blob = |row: &Row<'_>| Ok(row.get_ref(0)?.as_blob().unwrap_or_default().to_owned());
        let sealed = self.tx.prepare_cached(select)?.query_row((), blob).optional()?;
        let Some(sealed) = sealed else { return Ok(StoreRow::default()) };
        let plain =
            self.sealer.open_state(&sealed).map_err(|_| SessionError::Altered { what: "the store's own record" })?;
        StoreRow::decode(plain.expose()).ok_or(SessionError::Altered { what: "the store's own record" })
    }

    /// Changes what sums the store up, and counts the change.
    pub(super) fn change(&self, change: impl FnOnce(&mut StoreRow)) -> Result<(), SessionError> {
        let mut store = self.store()?;
        change(&mut store);
        store.changes += 1;
        self.write_store(&store)
    }

    /// Writes what sums the store up.
    pub(super) fn write_store(&self, store: &StoreRow) -> Result<(), SessionError> {
        self.changes.set(Some(store.changes));
        let sealed = self.sealer.seal_state(&store.encode())?;
        let replace = "INSERT INTO store (one, key, sealed) VALUES (1, ?1, ?2) \
                       ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed, key = excluded.key";
        self.tx.prepare_cached(replace)?.execute(params![self.sealer.id().as_bytes(), sealed])?;
        Ok(())
    }

    /// The id of the workspace at `path`, if it has one.
    pub(super) fn workspace(&self, path: &str) -> rusqlite::Result<Option<WorkspaceKey>> {
        // By the table alone, which the sign sees to: an index that is damaged would hide a folder, and nobody would know.
        let select = "SELECT id FROM workspaces WHERE +tag = ?1";
        self.tx.prepare_cached(select)?.query_row([self.sealer.tag(path)], |row| row.get(0)).optional()
    }

    /// The id of the workspace at `path`, which is entered if it is new.
    pub(super) fn enter_workspace(&self, path: &str, mark: Option<String>) -> Result<WorkspaceKey, SessionError> {
        if let Some(known) = self.workspace(path)? {
            return Ok(known);
        }
        let id = aside_storage::sealed::random::<16>()?;
        self.write_workspace(&id, &WorkspaceRow { path: path.to_owned(), mark })?;
        Ok(id)
    }

    /// Writes where a workspace is.
    pub(super) fn write_workspace(&self, id: &WorkspaceKey, row: &WorkspaceRow) -> Result<(), SessionError> {
        let sealed = self.sealer.seal_workspace(id, &row.encode())?;
        let replace = "INSERT INTO workspaces (id, tag, sealed) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (id) DO UPDATE SET tag = excluded.tag, sealed = excluded.sealed";
        self.tx.prepare_cached(replace)?.execute(params![id, self.sealer.tag(&row.path), sealed])?;
        Ok(())
    }

    /// Where a workspace is; `None` when what is kept of it cannot be read.
    pub(super) fn place(&self, id: &WorkspaceKey) -> rusqlite::Result<Option<WorkspaceRow>> {
        let select = "SELECT sealed FROM workspaces WHERE id = ?1";
        let blob = |row: &Row<'_>| Ok(row.get_ref(0)?.as_blob().unwrap_or_default().to_owned());
        let sealed = self.tx.prepare_cached(select)?.query_row([id], blob).optional()?;
        let plain = sealed.and_then(|sealed| self.sealer.open_workspace(id, &sealed).ok());
        Ok(plain.and_then(|plain| WorkspaceRow::decode(plain.expose())))
    }

    /// The workspaces of which the record was altered or is gone, with what can be read of it.
    pub(super) fn lost_workspaces(&self) -> rusqlite::Result<Vec<(WorkspaceKey, Option<WorkspaceRow>)>> {
        let select = "SELECT id, tag FROM workspaces UNION SELECT workspace, NULL FROM sessions \
                      WHERE workspace NOT IN (SELECT id FROM workspaces)";
        let mut statement = self.tx.prepare_cached(select)?;
        let all = statement.query_map((), |row| Ok((fixed::<16>(row.get_ref(0)?), fixed::<16>(row.get_ref(1)?))))?;
        let mut lost = Vec::new();
        for one in all {
            // An id that is none belongs to no session that can be read.
            let (Some(id), tag) = one? else { continue };
            let row = self.place(&id)?;
            if row.as_ref().is_none_or(|row| tag != Some(self.sealer.tag(&row.path))) {
                lost.push((id, row));
            }
        }
        Ok(lost)
    }

    /// Takes what stands in the database as what belongs there: its heads, and folders whose records were altered, under
    /// another name where theirs is lost. `written` is how many changes are written down elsewhere.
    pub(super) fn accept(&self, written: u64) -> Result<(), SessionError> {
        let lost = self.lost_workspaces()?;
        // Two may have each other's: first nobody has one of these.
        for (id, _) in &lost {
            self.tx.execute("UPDATE workspaces SET tag = id WHERE id = ?1", [id])?;
        }
        for (id, row) in lost {
            let row = match row {
                Some(row) if self.workspace(&row.path)?.is_none() => row,
                _ => WorkspaceRow { path: format!("lost+found/{}", hex(&id)), mark: None },
            };
            self.write_workspace(&id, &row)?;
        }
        let store = match self.store() {
            Err(SessionError::Altered { .. }) => StoreRow::default(),
            other => other?,
        };
        let (sum, bytes) = self.sum()?;
        self.write_store(&StoreRow { sum, bytes, changes: store.changes.max(written) + 1, ..store })
    }

    /// All workspaces that can be read.
    pub(super) fn workspaces(&self) -> rusqlite::Result<Vec<(WorkspaceKey, WorkspaceRow)>> {
        let mut statement = self.tx.prepare_cached("SELECT id FROM workspaces")?;
        let ids = statement.query_map((), |row| Ok(fixed(row.get_ref(0)?)))?;
        let mut found = Vec::new();
        for id in ids.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten() {
            found.extend(self.place(&id)?.map(|row| (id, row)));
        }
        Ok(found)
    }
}

/// Exactly this many bytes, if they are there: a column of another length was altered.
pub(super) fn fixed<const N: usize>(value: ValueRef<'_>) -> Option<[u8; N]> {
    value.as_blob_or_null().ok().flatten().and_then(|bytes| bytes.try_into().ok())
}

/// A number, if it is one.
pub(super) fn integer(value: ValueRef<'_>) -> Option<i64> {
    value.as_i64_or_null().ok().flatten()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Damage in the order of the rows, each once.
pub(super) fn sorted(mut damage: Vec<Damage>) -> Vec<Damage> {
    damage.sort_unstable();
    damage.dedup();
    damage
}
