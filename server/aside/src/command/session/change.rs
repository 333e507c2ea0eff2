//! `aside session rename`, `fork`, `compact`, `delete`, `restore`: one conversation as a whole.

use aside_sessions::SessionInfo;

use super::{all, all_trashed, find, find_trashed, info_json, only, plural};
use crate::{
    ask,
    failure::Failure,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

pub(super) async fn rename(app: &App, id: &str, title: &str) -> Result<(), Failure> {
    let info = app.sessions.rename(find(app, id).await?, title).await?;
    done(&format!("{} is called `{}` now", info.id, info.title));
    Ok(())
}

pub(super) async fn fork(app: &App, id: &str, at: Option<u64>, json: bool) -> Result<(), Failure> {
    let info = app.sessions.fork(find(app, id).await?, at).await?;
    told(&info, "began", json);
    Ok(())
}

pub(super) async fn compact(app: &App, id: &str, keep: u32, json: bool) -> Result<(), Failure> {
    let id = find(app, id).await?;
    let info = app.chat.compact(id, keep as usize).await?;
    told(&info, "summed up into", json);
    if !json {
        terminal::line(&styled(
            Style::Dim,
            &format!("`aside chat --session {}` goes on; {id} stays as it is", info.id),
        ));
    }
    Ok(())
}

/// Says which session was made.
pub(super) fn told(info: &SessionInfo, how: &str, json: bool) {
    if json {
        return terminal::json(&info_json(info));
    }
    done(&format!("{how} {}  {}, with {}", info.id, info.title, plural(info.messages, "message")));
}

pub(super) async fn delete(app: &App, ids: &[String], forever: bool, yes: bool) -> Result<(), Failure> {
    // All of them first: where one is wrong, nothing is done.
    let mut there = all(app).await?;
    if forever {
        there.extend(all_trashed(app).await?);
    }
    let found = ids.iter().map(|text| only(&there, text)).collect::<Result<Vec<_>, _>>()?;
    if forever && !yes {
        let what = plural(found.len() as u64, "conversation");
        ask::confirm(&format!("{what} will be removed for good."), "delete")?;
    }
    for id in found {
        if forever {
            app.sessions.remove(id).await?;
            done(&format!("{id} is removed for good"));
        } else {
            app.sessions.delete(id).await?;
            done(&format!("{id} is in the trash; `aside session restore {id}` takes it out"));
        }
    }
    Ok(())
}

pub(super) async fn restore(app: &App, id: &str) -> Result<(), Failure> {
    let info = app.sessions.restore(find_trashed(app, id).await?).await?;
    done(&format!("{}  {} is out of the trash", info.id, info.title));
    Ok(())
}

pub(super) fn done(what: &str) {
    terminal::line(&format!("{} {}", styled(Style::Good, "✓"), visible(what)));
}
