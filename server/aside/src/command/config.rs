//! `aside config`: what the settings are, where they came from, what is wrong with them.

use std::process::ExitCode;

use aside_config::Problem;
use serde_json::json;

use crate::{
    cli::Config,
    failure::Failure,
    logs,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// Runs one of the subcommands; `check` fails when something is wrong, not where there is only something to know.
pub(crate) fn run(app: &App, args: &Config) -> Result<ExitCode, Failure> {
    match args {
        Config::Check(args) => Ok(check(app, args.json)),
        Config::Show(args) => {
            show(app, args.json);
            Ok(ExitCode::SUCCESS)
        }
        Config::Schema => {
            terminal::json(&aside_config::schema());
            Ok(ExitCode::SUCCESS)
        }
        Config::Path(args) => {
            path(app, args.json);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(app: &App, json: bool) -> ExitCode {
    let current = app.current.load();
    let (problems, notes) = (&current.loaded.problems, &current.loaded.notes);
    if json {
        let plain = |problem: &Problem, kind: &str| {
            json!({
                "kind": kind, "key": problem.key, "file": problem.file, "line": problem.line, "message": problem.message,
                "hint": problem.hint,
            })
        };
        let problems = problems.iter().map(|problem| plain(problem, "problem"));
        terminal::json(&problems.chain(notes.iter().map(|note| plain(note, "note"))).collect::<Vec<_>>());
    } else if problems.is_empty() {
        let file = &app.paths.config_file;
        let what = if file.exists() { "has no mistakes" } else { "does not exist; defaults are in force" };
        terminal::line(&format!("`{}` {what}", file.display()));
    } else {
        for problem in problems {
            terminal::line(&format!("{} {}", styled(Style::Bad, "✗"), problem.what()));
            terminal::line(&format!("  next: {}", problem.hint));
        }
    }
    if !json {
        for note in notes {
            terminal::line(&format!("{} {}", styled(Style::Warn, "!"), visible(&note.what())));
            terminal::line(&format!("  next: {}", visible(&note.hint)));
        }
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(app: &App, json: bool) {
    let current = app.current.load();
    for note in &current.loaded.notes {
        terminal::complain(&format!("note: {note}"));
    }
    let shown = current.loaded.show();
    if json {
        let plain: Vec<_> =
            shown.iter().map(|one| json!({ "key": one.key, "value": one.value, "origin": one.origin })).collect();
        return terminal::json(&plain);
    }
    let width = shown.iter().map(|one| one.key.len()).max().unwrap_or(0);
    for one in shown {
        let origin = styled(Style::Dim, &format!("# {}", one.origin));
        terminal::line(&format!("{:width$} = {}  {origin}", one.key, one.value));
    }
}

fn path(app: &App, json: bool) {
    let paths = [
        ("settings", app.paths.config_file.clone()),
        ("data", app.paths.data.clone()),
        ("state", app.paths.state.clone()),
        ("cache", app.paths.cache.clone()),
        ("log", logs::path(app)),
    ];
    if json {
        let plain: serde_json::Map<_, _> =
            paths.into_iter().map(|(name, path)| (name.to_owned(), json!(path))).collect();
        return terminal::json(&plain);
    }
    for (name, path) in paths {
        terminal::line(&format!("{name:8} {}", path.display()));
    }
}
