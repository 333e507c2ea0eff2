//! The check of the conversations themselves: that the store can be read, that its file is whole, that nothing in it was altered.
//! Asks for no key: without one, it tells what can be told.

use aside_sessions::{Health, SessionInfo, State};

use super::{Check, Outcome};
use crate::{failure::Failure, wiring::App};

const NAME: &str = "conversations";

/// How the store stands, and every session that is damaged.
pub(super) async fn checks(app: &App) -> Vec<Check> {
    let health = app.sessions.health().await;
    let database = health.database.display().to_string();
    if let Some(error) = &health.error {
        let check = Check::new(NAME, Outcome::Bad, format!("`{database}` cannot be read: {error}"));
        return vec![check.next(health.hint.clone().unwrap_or_default())];
    }
    if !health.exists {
        return vec![Check::new(NAME, Outcome::Good, format!("none yet; they will be in `{database}`"))];
    }
    let mut checks = vec![Check::new(NAME, Outcome::Good, told(&health))];
    checks.extend(file(app).await);
    checks.extend(older(&health));
    checks.extend(unsaved(&health));
    if app.sessions.is_unlocked() {
        checks.extend(damaged(app).await);
    }
    checks
}

fn told(health: &Health) -> String {
    let bytes = health.bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
    let sealed = match (health.key, health.place) {
        (Some(key), Some(place)) => {
            let key: String = key.to_string().chars().take(8).collect();
            format!(", sealed under key {key} from the {}", place.name())
        }
        _ => ", sealed; their key was not asked for".to_owned(),
    };
    format!("{} with {} rows in `{}`{bytes}{sealed}", health.sessions, health.rows, health.database.display())
}

/// The file as a database.
async fn file(app: &App) -> Option<Check> {
    let (problem, next) = match app.sessions.check().await {
        Ok(found) if found.problems.is_empty() => return None,
        Ok(found) => (
            format!("the file is damaged: {}", found.problems.join("; ")),
            "`aside session verify` says which conversations; `aside session recover ID` saves what is left of one",
        ),
        Err(error) => (format!("the file could not be checked: {error}"), "run `aside doctor` again"),
    };
    Some(Check::new(NAME, Outcome::Bad, problem).next(next))
}

fn older(health: &Health) -> Option<Check> {
    let what = health.older?;
    let check = Check::new(NAME, Outcome::Bad, format!("nothing is written: {what}"));
    Some(check.next("if you put a copy back yourself: `aside session verify --accept`; else put the newer one back"))
}

fn unsaved(health: &Health) -> Option<Check> {
    let count = health.unsaved;
    (count > 0).then(|| {
        let check =
            Check::new(NAME, Outcome::Bad, format!("{count} of them could not be saved and are only in memory"));
        check.next("make room on the disk; they are saved with the next message")
    })
}

async fn damaged(app: &App) -> Vec<Check> {
    let check = |info: &SessionInfo| {
        Check::new(NAME, Outcome::Bad, format!("session {} is damaged", info.id)).next(format!(
            "`aside session verify {}` says how; `aside session recover {}` saves what is left",
            info.id, info.id
        ))
    };
    match all(app).await {
        Ok(sessions) => sessions.iter().filter(|info| info.state == State::Damaged).map(check).collect(),
        Err(error) => vec![Check::new(NAME, Outcome::Bad, format!("they cannot be listed: {}", error.sentence()))],
    }
}

async fn all(app: &App) -> Result<Vec<SessionInfo>, Failure> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = app.sessions.list(None, 1000, cursor.as_deref()).await?;
        all.extend(page.sessions);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}
