//! `aside migrate`: brings what is kept up to date. Every use does the same; this does it while somebody watches.

use std::process::ExitCode;

use aside_sessions::Versions;
use serde_json::json;

use crate::{
    failure::Failure,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// Says which versions there are, and migrates unless it is `dry`.
pub(crate) async fn run(app: &App, dry: bool, json: bool) -> Result<ExitCode, Failure> {
    let versions = if dry { app.sessions.versions().await? } else { app.sessions.migrate().await? };
    app.sessions.shutdown().await;
    let database = app.paths.data.join("sessions.db");
    if json {
        terminal::json(&json!({
            "database": database, "found": versions.map(|one| one.found), "known": versions.map(|one| one.known),
            "migrated": versions.is_some_and(|one| !dry && one.found < one.known),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    terminal::line(&visible(&match versions {
        None => "there are no conversations yet: nothing to migrate".to_owned(),
        Some(Versions { found, known }) if found == known => {
            format!("`{}` is up to date (version {known})", database.display())
        }
        Some(Versions { found, known }) if dry => {
            format!("`{}` would be brought from version {found} to {known}; nothing was changed", database.display())
        }
        Some(Versions { found, known }) => {
            format!("{} `{}` was brought from version {found} to {known}", styled(Style::Good, "✓"), database.display())
        }
    }));
    Ok(ExitCode::SUCCESS)
}
