//! `aside session clean`, `verify`, `recover`, `relink`: keeping what there is in order.

use std::{path::Path, process::ExitCode};

use aside_sessions::{
    Verified, WorkspaceId,
    retention::{InUse, Pause, Plan, Verdict, Why},
};
use serde_json::{Value, json};

use super::{change, damage_json, find, folder, here, info_json, plural, show};
use crate::{
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::{self, App},
};

pub(super) async fn clean(app: &App, dry: bool, json: bool) -> Result<(), Failure> {
    let plan = app.sessions.clean(wiring::retention(&app.settings()), dry).await?;
    if json {
        terminal::json(
            &plan
                .as_ref()
                .map_or_else(|| json!({ "waits": null, "trashed": [], "purged": [], "skipped": [] }), plan_json),
        );
        return Ok(());
    }
    match plan {
        None => terminal::line("there are no conversations yet"),
        Some(Plan { verdict: Verdict::Wait(pause), .. }) => {
            terminal::line(&format!("nothing is done: {}", waits(pause)));
        }
        Some(plan) => told(&plan, dry),
    }
    Ok(())
}

fn told(plan: &Plan, dry: bool) {
    let (trashed, purged) = if dry {
        ("would go to the trash", "would be removed for good")
    } else {
        ("went to the trash", "was removed for good")
    };
    for id in &plan.trash {
        terminal::line(&format!("{id} {trashed}"));
    }
    for id in &plan.purge {
        terminal::line(&format!("{id} {purged}"));
    }
    for (id, why) in &plan.skipped {
        terminal::line(&styled(Style::Dim, &format!("{id} stays: {}", stays(*why))));
    }
    if plan.trash.is_empty() && plan.purge.is_empty() {
        terminal::line("nothing has had its time");
    }
}

fn waits(pause: Pause) -> &'static str {
    match pause {
        Pause::First => {
            "there was no look before this one, to tell by how far the clock can be trusted; the next one, in an hour or later, acts"
        }
        Pause::ClockWentBack => "by this clock the last look is still to come; the next one, in an hour or later, acts",
        Pause::LongAgo => {
            "the last look was more than 8 days ago, or the clock was set forward; the next one, in an hour or later, acts"
        }
        Pause::TooSoon => "the last look was less than an hour ago",
        Pause::Silence => "by this clock nothing was used for longer than anything is kept: it may be ahead",
    }
}

fn stays(why: Why) -> &'static str {
    match why {
        Why::InUse(InUse::Running) => "it is answering",
        Why::InUse(InUse::Open) => "it is open",
        Why::Future => "by this clock it was changed in the future",
        Why::NextTime => "enough was moved for one day; a later look takes it",
    }
}

fn plan_json(plan: &Plan) -> Value {
    let ids = |ids: &[aside_sessions::SessionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let skipped = plan.skipped.iter().map(|(id, why)| json!({ "session": id.to_string(), "why": stays(*why) }));
    let waits = match plan.verdict {
        Verdict::Wait(pause) => Some(waits(pause)),
        Verdict::Act => None,
    };
    json!({ "waits": waits, "trashed": ids(&plan.trash), "purged": ids(&plan.purge), "skipped": skipped.collect::<Vec<_>>() })
}

pub(super) async fn verify(app: &App, id: Option<&str>, accept: bool, json: bool) -> Result<ExitCode, Failure> {
    if accept {
        app.sessions.accept().await?;
    }
    let only = match id {
        Some(text) => Some(find(app, text).await?),
        None => None,
    };
    let file = if only.is_none() { whole_file(app).await? } else { Vec::new() };
    let found = app.sessions.verify(only).await?;
    let is_whole = found.damaged.is_empty() && found.strays == 0 && found.whole.is_none() && file.is_empty();
    if json {
        terminal::json(&verified_json(&found, &file, is_whole));
    } else {
        tell(&found, &file, is_whole, accept);
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with the file as a database.
async fn whole_file(app: &App) -> Result<Vec<String>, Failure> {
    if app.sessions.versions().await?.is_none() {
        return Ok(Vec::new());
    }
    Ok(app.sessions.check().await?.problems)
}

fn tell(found: &Verified, file: &[String], is_whole: bool, accepted: bool) {
    if accepted {
        terminal::line("the conversations are taken as they are");
    }
    for problem in file {
        terminal::complain(&format!("the file is damaged: {problem}"));
    }
    if let Some(what) = found.whole {
        terminal::complain(&format!("the conversations are not as this program left them: {what}"));
        terminal::complain(
            "  next: if you put a copy back yourself, `aside session verify --accept`; else put the newer one back",
        );
    }
    for (id, damage) in &found.damaged {
        terminal::complain(&format!("session {id}:"));
        show::complain(*id, damage);
    }
    if found.strays > 0 {
        terminal::complain(&format!("{} of no session", plural(found.strays, "row")));
    }
    let looked = format!("{}, {}", plural(found.sessions, "conversation"), plural(found.rows, "row"));
    let verdict = if is_whole { styled(Style::Good, "as they were written") } else { styled(Style::Bad, "damaged") };
    terminal::line(&format!("{looked}: {verdict}"));
}

fn verified_json(found: &Verified, file: &[String], is_whole: bool) -> Value {
    let damaged =
        found.damaged.iter().map(|(id, damage)| json!({ "session": id.to_string(), "damage": damage_json(damage) }));
    json!({
        "whole": is_whole, "sessions": found.sessions, "rows": found.rows, "strays": found.strays, "older": found.whole,
        "file": file, "damaged": damaged.collect::<Vec<_>>(),
    })
}

pub(super) async fn recover(app: &App, id: &str, json: bool) -> Result<(), Failure> {
    let (info, damage) = app.sessions.recover(find(app, id).await?).await?;
    if json {
        terminal::json(&json!({ "session": info_json(&info), "damage": damage_json(&damage) }));
        return Ok(());
    }
    change::told(&info, "recovered into", false);
    for one in damage {
        terminal::line(&styled(Style::Dim, &format!("not recovered: {one}")));
    }
    Ok(())
}

pub(super) async fn relink(app: &App, from: &Path, to: Option<&Path>) -> Result<(), Failure> {
    // The folder is gone: its path is taken as it was written down.
    let from = WorkspaceId::of(Some(&wiring::absolute(from)?.components().collect::<std::path::PathBuf>()));
    let to = match to {
        Some(path) if !path.is_dir() => {
            let message = format!("`{}` is no folder", path.display());
            return Err(Failure::new(Exit::NotFound, message, "give the folder where it is now"));
        }
        Some(path) => WorkspaceId::of(Some(&wiring::absolute(path)?)),
        None => here()?,
    };
    let sessions = app.sessions.relink(from.as_str(), &to).await?;
    if sessions == 0 {
        let message = format!("there are no conversations of {}", folder(from.as_str()));
        return Err(Failure::new(Exit::NotFound, message, "`aside session list --all` shows the folder of each"));
    }
    let what = format!(
        "{} of {} belong to {} now",
        plural(sessions, "conversation"),
        folder(from.as_str()),
        folder(to.as_str())
    );
    terminal::line(&format!("{} {}", styled(Style::Good, "✓"), visible(&what)));
    Ok(())
}
