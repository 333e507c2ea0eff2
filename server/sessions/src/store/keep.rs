//! Keeping the store in order: which programs have it open, what has had its time, which folders moved, and another key for all
//! of it. Owns those transactions; the rules are `retention`'s and `moved`'s.

use rusqlite::params;

use super::{
    book::{Book, hex, integer},
    head::{Found, Head},
};
use crate::{
    SessionError, SessionId,
    format::{StoreRow, WorkspaceRow},
    owner::Owner,
    retention::{Candidate, InUse, Plan, Rule, Verdict, plan},
    seal::Sealer,
};

impl Book<'_> {
    /// Notes that this program has the store open. Gives whether one that is gone had it open, and never said that it closed it.
    pub(super) fn enter_opener(&self) -> rusqlite::Result<bool> {
        let mut statement = self.tx.prepare_cached("SELECT owner, since FROM openers")?;
        let openers = statement.query_map((), |row| Ok((Owner::of(row.get_ref(0)?), integer(row.get_ref(1)?))))?;
        let openers = openers.collect::<rusqlite::Result<Vec<_>>>()?;
        let lives = |owner: &Owner| self.here.sees(owner, self.at, self.at);
        let living: Vec<_> = openers.iter().filter(|(owner, _)| owner.as_ref().is_some_and(lives)).collect();
        let unclean = living.len() < openers.len();
        if unclean {
            self.tx.prepare_cached("DELETE FROM openers")?.execute(())?;
        }
        let mut insert = self.tx.prepare_cached("INSERT OR REPLACE INTO openers (owner, since) VALUES (?1, ?2)")?;
        for (owner, since) in living {
            insert.execute(params![owner.as_ref().map(Owner::encode), since.unwrap_or_default()])?;
        }
        insert.execute(params![self.here.encode(), self.at.as_microsecond()])?;
        if unclean {
            let delete = "DELETE FROM readers WHERE owner NOT IN (SELECT owner FROM openers)";
            self.tx.prepare_cached(delete)?.execute(())?;
        }
        Ok(unclean)
    }

    /// Notes that this program closes the store.
    pub(super) fn leave_opener(&self) -> rusqlite::Result<()> {
        for delete in ["DELETE FROM openers WHERE owner = ?1", "DELETE FROM readers WHERE owner = ?1"] {
            self.tx.prepare_cached(delete)?.execute([self.here.encode()])?;
        }
        Ok(())
    }

    /// Moves what has had its time to the trash and out of it. `live` are the sessions that are open here. With `dry` it is only
    /// planned.
    pub(super) fn clean(&self, rule: Rule, live: &[SessionId], dry: bool) -> Result<Plan, SessionError> {
        let heads = self.heads("ORDER BY updated, id", &[])?;
        let mut candidates = Vec::new();
        for found in &heads {
            // One that cannot be read is for a person to decide about.
            let Found::Good(head) = found else { continue };
            candidates.push(self.candidate(head, live)?);
        }
        let store = self.store()?;
        let planned = plan(&candidates, rule, self.at, store.looked.map(super::head::time));
        if dry {
            return Ok(planned);
        }
        if planned.verdict == Verdict::Act {
            for id in &planned.trash {
                self.trash(*id)?;
            }
            for id in &planned.purge {
                self.remove(*id)?;
            }
        }
        if let Some(looked) = planned.record {
            self.change(|store| store.looked = Some(looked.as_microsecond()))?;
        }
        Ok(planned)
    }

    fn candidate(&self, head: &Head, live: &[SessionId]) -> rusqlite::Result<Candidate> {
        let running = head
            .turn
            .as_ref()
            .is_some_and(|open| open.owner.as_ref() == Some(self.here) || open.lives(self.here, self.at));
        let open = live.contains(&head.id) || self.read_elsewhere(head.id)?;
        let in_use = if running { Some(InUse::Running) } else { open.then_some(InUse::Open) };
        let imported = head.imported.then_some(head.created);
        Ok(Candidate { id: head.id, updated: head.updated, imported, trashed: head.trashed, in_use })
    }

    /// Where conversations are: each folder with its mark and how many it has.
    pub(super) fn places(&self) -> rusqlite::Result<Vec<(WorkspaceRow, u64)>> {
        let count = "SELECT count(*) FROM sessions WHERE workspace = ?1 AND +trashed IS NULL";
        let mut places = Vec::new();
        for (id, row) in self.workspaces()? {
            let sessions: i64 = self.tx.prepare_cached(count)?.query_row([id], |row| row.get(0))?;
            places.push((row, sessions.unsigned_abs()));
        }
        Ok(places)
    }

    /// Seals everything anew under `other`: all or nothing.
    ///
    /// # Errors
    /// A session is damaged: what does not open cannot be sealed again.
    pub(super) fn rekey(&self, other: &Sealer) -> Result<u64, SessionError> {
        let new = Book { sealer: other, changes: self.changes.clone(), ..*self };
        let store = self.store()?;
        for (id, row) in self.workspaces()? {
            new.write_workspace(&id, &row)?;
        }
        let heads = self.heads("ORDER BY id", &[])?;
        // The record of the store is made anew by the heads that are saved from here on.
        new.write_store(&StoreRow { changes: store.changes, looked: store.looked, ..StoreRow::default() })?;
        let count = heads.len() as u64;
        for found in heads {
            let (id, _) = found.names();
            let Found::Good(mut head) = found else { return Err(SessionError::Damaged { id }) };
            self.reseal_under(&new, &mut head)?;
            head.forget_print();
            new.save(&mut head)?;
        }
        // Outside of the database the number has to be vouched for by the new key as well.
        self.take_changes(&new);
        Ok(count)
    }

    /// Seals a session's rows and title under another store's key; a passphrase of its own stays what it was.
    fn reseal_under(&self, new: &Book<'_>, head: &mut Head) -> Result<(), SessionError> {
        let title = self.title(head);
        let plain = new.sealer.session(head.id);
        let entered = head
            .lock
            .as_ref()
            .map(|lock| self.entered.key_of(self.sealer, &lock.salt).ok_or(SessionError::Protected { id: head.id }));
        let key =
            entered.transpose()?.map_or_else(|| new.sealer.session(head.id), |entered| plain.with_passphrase(&entered));
        self.reseal(head, &key)?;
        if let Some(lock) = &mut head.lock {
            lock.title = hex(&key.seal_title(head.id, &title)?);
        }
        Ok(())
    }
}
