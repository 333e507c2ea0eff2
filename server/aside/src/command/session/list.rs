//! `aside session list`: what there is, here or everywhere, or in the trash.

use aside_sessions::{Page, SessionInfo, State};
use serde_json::Value;

use super::{folder, here_unless, info_json, plural};
use crate::{
    command::current_root,
    failure::Failure,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

pub(super) async fn list(app: &App, all: bool, resumable: bool, limit: u32, json: bool) -> Result<(), Failure> {
    let sessions =
        if resumable { resumable_ones(app, all, limit).await? } else { page(app, all, limit, None).await?.sessions };
    if json {
        terminal::json(&sessions.iter().map(info_json).collect::<Vec<_>>());
        return Ok(());
    }
    if sessions.is_empty() {
        terminal::line("no conversations here yet: start one with `aside chat`, or in your editor");
        return offer_moved(app).await;
    }
    sessions.iter().for_each(|info| show(info, all, None));
    Ok(())
}

async fn page(app: &App, all: bool, limit: u32, cursor: Option<&str>) -> Result<Page, Failure> {
    Ok(app.sessions.list(here_unless(all)?.as_ref(), limit, cursor).await?)
}

/// The first `limit` that no other program has open.
async fn resumable_ones(app: &App, all: bool, limit: u32) -> Result<Vec<SessionInfo>, Failure> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = page(app, all, limit, cursor.as_deref()).await?;
        found.extend(page.sessions.into_iter().filter(|info| !info.elsewhere));
        cursor = page.cursor;
        if cursor.is_none() || found.len() >= limit as usize {
            found.truncate(limit as usize);
            return Ok(found);
        }
    }
}

pub(super) async fn trash(app: &App, limit: u32, json: bool) -> Result<(), Failure> {
    let mut trashed = app.sessions.trashed().await?;
    trashed.truncate(limit as usize);
    if json {
        let with_time = trashed.iter().map(|(info, at)| {
            let mut value = info_json(info);
            value["trashed"] = Value::String(at.to_string());
            value
        });
        terminal::json(&with_time.collect::<Vec<_>>());
        return Ok(());
    }
    if trashed.is_empty() {
        terminal::line("the trash is empty");
    }
    for (info, at) in &trashed {
        show(info, true, Some(&format!("thrown away {}", at.strftime("%Y-%m-%d %H:%M UTC"))));
    }
    Ok(())
}

fn show(info: &SessionInfo, with_folder: bool, note: Option<&str>) {
    let state = (info.state != State::Idle).then(|| info.state.as_str());
    let flags = [
        state,
        (info.elsewhere && info.state != State::Running).then_some("open elsewhere"),
        info.unsaved.then_some("not saved"),
        info.imported.then_some("imported"),
    ];
    let flags: String = flags.into_iter().flatten().map(|flag| format!("  [{flag}]")).collect();
    let mut detail = format!("{}, {}", plural(info.messages, "message"), info.updated.strftime("%Y-%m-%d %H:%M UTC"));
    if with_folder {
        detail = format!("{detail}, {}", folder(&info.workspace));
    }
    if let Some(note) = note {
        detail = format!("{detail}, {note}");
    }
    let title = visible(&info.title);
    terminal::line(&format!("{}  {title}{flags}  {}", info.id, styled(Style::Dim, &visible(&detail))));
}

/// Says that this folder may be one that was elsewhere before.
async fn offer_moved(app: &App) -> Result<(), Failure> {
    for moved in app.sessions.moved(&current_root()?).await? {
        terminal::line(&visible(&format!(
            "{} of {}, which is gone, may be this folder's: `aside session relink '{}'` brings them here",
            plural(moved.sessions, "conversation"),
            folder(&moved.path),
            moved.path
        )));
    }
    Ok(())
}
