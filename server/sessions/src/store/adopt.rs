//! Sealing what was kept in clear before conversations were sealed. Owns the reading of the old tables, once; they are gone
//! afterwards, their pages overwritten as far as SQLite and the disk do so.

use std::sync::Arc;

use aside_storage::database::{Database, DatabaseError};
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    book::{Book, Site},
    head::{Head, OpenTurn, time},
};
use crate::{
    SessionError, SessionId, TurnId,
    format::Kind,
    owner::Owner,
    seal::{RowPlace, Sealer},
};

/// The version that kept conversations in clear.
const IN_CLEAR: usize = 1;

/// Whether there are old tables with something in them, or that were never looked at.
pub(super) fn waiting(tx: &Transaction<'_>) -> rusqlite::Result<bool> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'plain_sessions'";
    if tx.prepare_cached(there)?.query_row((), |row| row.get::<_, i64>(0))? == 0 {
        return Ok(false);
    }
    tx.query_row("SELECT EXISTS (SELECT 1 FROM plain_sessions)", (), |row| row.get(0))
}

/// Seals all that is in clear, in one transaction.
pub(super) async fn seal_all(database: &Database, sealer: &Arc<Sealer>, site: &Arc<Site>) -> Result<(), SessionError> {
    let (sealer, site, at) = (Arc::clone(sealer), Arc::clone(site), Timestamp::now());
    let sealed = database.write::<_, SessionError>(move |tx| {
        // Another program may have been faster.
        if !waiting(tx)? {
            return Ok(0);
        }
        let sealed = seal(&Book::new(tx, &sealer, &site, at))?;
        tx.execute_batch("DROP TABLE plain_events; DROP TABLE plain_sessions;")?;
        Ok(sealed)
    });
    let sealed = sealed.await?;
    if sealed > 0 {
        // What was dropped still stands in the log.
        database.fold().await?;
        tracing::info!(sealed, "conversations that were kept in clear are sealed now");
    }
    Ok(())
}

/// Removes the copies in clear that were made before the migration: they have served their end. One that cannot be removed now is
/// by the next program that opens the store.
pub(super) async fn forget_copies(database: &Database) {
    let database = database.clone();
    let removing = tokio::task::spawn_blocking(move || {
        for backup in database.backups()?.into_iter().filter(|backup| backup.version() == IN_CLEAR) {
            database.remove_backup(&backup)?;
        }
        Ok::<_, DatabaseError>(())
    });
    match removing.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "a copy of the conversations from before they were sealed is still there");
        }
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

fn seal(book: &Book<'_>) -> Result<usize, SessionError> {
    let columns = "id, workspace, title, model, created, updated, messages, cut, turn, owner, seen";
    let mut statement = book.tx.prepare(&format!("SELECT {columns} FROM plain_sessions ORDER BY id"))?;
    let mut rows = statement.query(())?;
    let mut sealed = 0;
    while let Some(row) = rows.next()? {
        let path: String = row.get("workspace")?;
        let workspace = book.enter_workspace(&path, None)?;
        let mut head = Head::new(SessionId::stored(row.get("id")?), workspace, row.get("model")?, book.at);
        head.title = row.get("title")?;
        head.created = time(row.get("created")?);
        head.updated = time(row.get("updated")?);
        head.messages = row.get::<_, i64>("messages")?.unsigned_abs();
        head.cut = row.get("cut")?;
        let (owner, seen): (Option<String>, Option<i64>) = (row.get("owner")?, row.get("seen")?);
        head.turn = row.get::<_, Option<[u8; 16]>>("turn")?.map(|turn| OpenTurn {
            turn: TurnId::stored(turn),
            owner: owner.as_deref().and_then(Owner::decode),
            seen: time(seen.unwrap_or_default()),
        });
        seal_rows(book, &mut head)?;
        book.save(&mut head)?;
        sealed += 1;
    }
    Ok(sealed)
}

fn seal_rows(book: &Book<'_>, head: &mut Head) -> Result<(), SessionError> {
    let key = book.key(head)?;
    let select = "SELECT n, turn, kind, at, payload FROM plain_events WHERE session = ?1 ORDER BY n";
    let mut statement = book.tx.prepare_cached(select)?;
    let mut rows = statement.query(params![head.id.bytes()])?;
    while let Some(row) = rows.next()? {
        // A kind that this version does not know said nothing that it could have shown.
        let Some(kind) = kind_of(&row.get::<_, String>(2)?) else { continue };
        let place = RowPlace {
            workspace: head.workspace,
            session: head.id,
            // Numbers were without gaps, and are from here on.
            n: head.next,
            kind: kind.code(),
            turn: row.get::<_, Option<[u8; 16]>>(1)?.map(TurnId::stored),
            at: row.get(3)?,
            previous: head.last,
        };
        let plain: Vec<u8> = row.get(4)?;
        book.put(head, &key, place, &plain)?;
    }
    Ok(())
}

fn kind_of(word: &str) -> Option<Kind> {
    match word {
        "user" => Some(Kind::User),
        "answer" => Some(Kind::Answer),
        "part" => Some(Kind::Part),
        "end" => Some(Kind::End),
        "title" => Some(Kind::Title),
        _ => None,
    }
}
