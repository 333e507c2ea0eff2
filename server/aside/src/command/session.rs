//! `aside session`: the conversations that editors and terminals share. One file for each kind of subcommand; here is what they share.

mod change;
mod exchange;
mod find;
mod keep;
mod key;
mod list;
mod protect;
mod show;

use std::{path::Path, process::ExitCode};

use aside_sessions::{Damage, Opened, SessionId, SessionInfo, WorkspaceId};
use serde_json::{Value, json};

use super::current_root;
use crate::{
    cli::{Asked, Session},
    failure::{Exit, Failure},
    wiring::App,
};

/// Messages fetched at a time.
const PAGE: u32 = 200;

/// Runs one of the subcommands, and closes the store.
pub(crate) async fn run(app: &App, asked: &Asked, args: Session) -> Result<ExitCode, Failure> {
    let ended = chosen(app, asked, args).await;
    app.sessions.shutdown().await;
    ended
}

async fn chosen(app: &App, asked: &Asked, args: Session) -> Result<ExitCode, Failure> {
    match args {
        Session::List { trash: true, limit, json, .. } => list::trash(app, limit, json).await?,
        Session::List { all, resumable, limit, json, .. } => list::list(app, all, resumable, limit, json).await?,
        Session::Show { id, json } => show::show(app, &id, json).await?,
        Session::Search { text, all, limit, json } => find::search(app, &text, all, limit, json).await?,
        Session::Digest { hours, all, json } => find::digest(app, hours, all, json).await?,
        Session::Export { id, format, output, force } => {
            exchange::export(app, &id, format, output.as_deref(), force).await?;
        }
        Session::Import { file, title, json } => exchange::import(app, &file, title.as_deref(), json).await?,
        Session::Rename { id, title } => change::rename(app, &id, &title).await?,
        Session::Fork { id, at, json } => change::fork(app, &id, at, json).await?,
        Session::Compact { id, keep, json } => change::compact(app, &id, keep, json).await?,
        Session::Delete { ids, forever, yes } => change::delete(app, &ids, forever, yes).await?,
        Session::Restore { id } => change::restore(app, &id).await?,
        Session::Clean { dry_run, json } => keep::clean(app, dry_run, json).await?,
        Session::Verify { id, accept, json } => return keep::verify(app, id.as_deref(), accept, json).await,
        Session::Recover { id, json } => keep::recover(app, &id, json).await?,
        Session::Relink { from, to } => keep::relink(app, &from, to.as_deref()).await?,
        Session::Protect { id } => protect::protect(app, &id).await?,
        Session::Unprotect { id } => protect::unprotect(app, &id).await?,
        Session::Unlock { id } => protect::unlock(app, &id).await?,
        Session::Lock { id } => protect::lock(app, &id).await?,
        Session::Key(args) => key::run(app, asked, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The workspace of the current folder.
fn here() -> Result<WorkspaceId, Failure> {
    Ok(WorkspaceId::of(Some(&current_root()?)))
}

/// The workspace of the current folder, unless it is about all of them.
fn here_unless(all: bool) -> Result<Option<WorkspaceId>, Failure> {
    if all { Ok(None) } else { here().map(Some) }
}

/// The session whose id is, or begins with, `text`; not one in the trash, unless its whole id is given.
///
/// # Errors
/// No session, or more than one, fits.
pub(crate) async fn find(app: &App, text: &str) -> Result<SessionId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    only(&all(app).await?, text)
}

/// Every session that is not in the trash.
async fn all(app: &App) -> Result<Vec<SessionId>, Failure> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = app.sessions.list(None, 1000, cursor.as_deref()).await?;
        all.extend(page.sessions.iter().map(|info| info.id));
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// Every session in the trash.
async fn all_trashed(app: &App) -> Result<Vec<SessionId>, Failure> {
    Ok(app.sessions.trashed().await?.iter().map(|(info, _)| info.id).collect())
}

/// The same in the trash.
async fn find_trashed(app: &App, text: &str) -> Result<SessionId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    only(&all_trashed(app).await?, text)
}

fn only(all: &[SessionId], text: &str) -> Result<SessionId, Failure> {
    let mut fits = all.iter().filter(|id| text.len() >= 4 && id.to_string().starts_with(text));
    match (fits.next(), fits.next()) {
        (Some(id), None) => Ok(*id),
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::Usage, format!("`{text}` begins more than one session's id"), "give more of it"))
        }
        (None, _) => Err(Failure::new(
            Exit::NotFound,
            format!("there is no session `{text}`"),
            "`aside session list --all` shows their ids, `aside session list --trash` those in the trash",
        )),
    }
}

/// A session with all its messages.
async fn whole(app: &App, id: SessionId) -> Result<Opened, Failure> {
    let mut opened = app.sessions.open(id, PAGE, None).await?;
    while let Some(before) = opened.before {
        let mut earlier = app.sessions.open(id, PAGE, Some(before)).await?;
        earlier.messages.append(&mut opened.messages);
        earlier.damage.append(&mut opened.damage);
        (opened.messages, opened.damage, opened.before) = (earlier.messages, earlier.damage, earlier.before);
    }
    opened.damage.sort_unstable();
    opened.damage.dedup();
    Ok(opened)
}

/// A workspace's folder as it is shown.
fn folder(path: &str) -> String {
    if path.is_empty() { "no folder".to_owned() } else { format!("`{}`", Path::new(path).display()) }
}

fn plural(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn info_json(info: &SessionInfo) -> Value {
    json!({
        "id": info.id.to_string(), "title": info.title, "workspace": info.workspace,
        "created": info.created.to_string(), "updated": info.updated.to_string(),
        "messages": info.messages, "bytes": info.bytes, "model": info.model, "state": info.state.as_str(),
        "elsewhere": info.elsewhere, "unsaved": info.unsaved, "imported": info.imported,
    })
}

fn damage_json(damage: &[Damage]) -> Vec<Value> {
    damage.iter().map(|one| json!({ "code": one.code(), "message": one.to_string() })).collect()
}
