//! `aside trust`: which workspaces may bring actions. What one brings is shown before it is trusted.

use std::path::{Path, PathBuf};

use aside_config::{Brought, Layer};
use serde_json::{Value, json};

use crate::{
    ask,
    cli::Trust as Args,
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    trust::{Fingerprint, Trusted, Verdict},
    wiring::{self, App},
};

/// Runs one of the subcommands.
///
/// # Errors
/// The folder is not there, was not trusted, or was not confirmed; trust cannot be read or written.
pub(crate) fn run(app: &App, args: &Args) -> Result<(), Failure> {
    match args {
        Args::Add { folder, yes, json } => add(app, &root(folder.as_deref())?, *yes, *json),
        Args::Remove { folder, json } => remove(app, &root(folder.as_deref())?, *json),
        Args::List(args) => list(app, args.json),
    }
}

/// The folder that is meant.
fn root(folder: Option<&Path>) -> Result<PathBuf, Failure> {
    folder.map_or_else(super::current_root, wiring::absolute)
}

fn add(app: &App, folder: &Path, yes: bool, json: bool) -> Result<(), Failure> {
    if !folder.is_dir() {
        let message = format!("`{}` is no folder", folder.display());
        return Err(Failure::new(Exit::NotFound, message, "give the root of a workspace"));
    }
    let loaded = app.load(Some(folder));
    if !json {
        shown(folder, &loaded.brought);
        for problem in loaded.problems.iter().filter(|problem| problem.layer == Layer::Workspace) {
            terminal::complain(&visible(&format!("warning: {problem}")));
        }
    }
    if !yes {
        if !ask::is_possible() {
            let hint = "look at what it brings, then say `--yes`";
            return Err(Failure::new(Exit::Usage, "nobody can be asked here; nothing was changed", hint));
        }
        ask::confirm(&format!("Use this, as it is now, from `{}`?", folder.display()), "y")?;
    }
    app.trust.add(folder, Fingerprint::of(&loaded.brought), jiff::Timestamp::now())?;
    if json {
        let actions: Vec<_> = loaded.brought.actions.keys().collect();
        terminal::json(&json!({ "folder": folder, "actions": actions }));
        return Ok(());
    }
    terminal::line(&visible(&format!("{} `{}` is trusted", styled(Style::Good, "✓"), folder.display())));
    terminal::line(&styled(
        Style::Dim,
        "after a change of its actions say so again; open editors see it when they start",
    ));
    Ok(())
}

fn shown(folder: &Path, brought: &Brought) {
    if brought.is_empty() {
        let text =
            format!("`{}` brings no actions; should it bring some later, you will be asked again", folder.display());
        return terminal::line(&visible(&text));
    }
    terminal::line(&visible(&format!("`{}` brings:", folder.display())));
    for line in brought.written() {
        terminal::line(&visible(&format!("  {line}")));
    }
}

fn remove(app: &App, folder: &Path, json: bool) -> Result<(), Failure> {
    if !app.trust.remove(folder)? {
        let message = format!("`{}` is not trusted", folder.display());
        return Err(Failure::new(Exit::NotFound, message, "`aside trust list` shows those that are"));
    }
    if json {
        terminal::json(&json!({ "folder": folder, "removed": true }));
    } else {
        let text = format!("{} `{}` is trusted no longer", styled(Style::Good, "✓"), folder.display());
        terminal::line(&visible(&text));
    }
    Ok(())
}

/// What is the case with a folder that is trusted.
fn state(app: &App, trusted: &Trusted) -> &'static str {
    if !trusted.folder.is_dir() {
        return "missing";
    }
    match app.trust.verdict(&trusted.folder, &app.load(Some(&trusted.folder)).brought) {
        Ok(Verdict::Trusted) => "in-use",
        _ => "changed",
    }
}

fn list(app: &App, json: bool) -> Result<(), Failure> {
    let all = app.trust.list()?;
    if json {
        let plain = |one: &Trusted| -> Value {
            json!({ "folder": one.folder, "at": one.at.to_string(), "state": state(app, one) })
        };
        terminal::json(&all.iter().map(plain).collect::<Vec<_>>());
        return Ok(());
    }
    if all.is_empty() {
        terminal::line("no workspace is trusted");
    }
    for one in &all {
        let remark = match state(app, one) {
            "missing" => "  no longer there",
            "changed" => "  its actions changed and are not used: `aside trust add` shows them",
            _ => "",
        };
        let since = one.at.strftime("%Y-%m-%d");
        let rest = styled(Style::Dim, &format!("since {since}{remark}"));
        terminal::line(&format!("{}  {rest}", visible(&one.folder.display().to_string())));
    }
    Ok(())
}
