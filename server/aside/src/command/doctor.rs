//! `aside doctor`: every check, its result, its next step.

use std::process::ExitCode;

use crate::{
    check::{self, Check, Outcome},
    failure::Failure,
    terminal::{self, Style, styled},
    wiring::App,
};

/// Runs all checks; fails when one of them does.
pub(crate) async fn run(app: &App, json: bool) -> Result<ExitCode, Failure> {
    // Whoever runs this sits at a terminal: models may be asked with their keys.
    // That keys are locked is told by the checks that need one.
    let _locked_or_not = app.keys.person_is_here().await;
    // For the same reason the key of the conversations is asked for here; that it cannot be had is told by its check.
    let _readable_or_not = app.sessions.list(None, 1, None).await;
    let checks = check::all(app).await;
    if json {
        terminal::json(&checks);
    } else {
        terminal::line(&format!("aside {}", env!("CARGO_PKG_VERSION")));
        checks.iter().for_each(show);
    }
    let bad = checks.iter().filter(|check| check.result == Outcome::Bad).count();
    if !json {
        terminal::line(&match bad {
            0 => styled(Style::Good, "everything works"),
            1 => styled(Style::Bad, "1 check failed"),
            _ => styled(Style::Bad, &format!("{bad} checks failed")),
        });
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(check: &Check) {
    let mark = match check.result {
        Outcome::Good => styled(Style::Good, "✓"),
        Outcome::Note => styled(Style::Warn, "·"),
        Outcome::Bad => styled(Style::Bad, "✗"),
    };
    terminal::line(&format!("{mark} {:14} {}", check.name, terminal::visible(&check.detail)));
    if let Some(next) = &check.next {
        terminal::line(&format!("  {:14} {}", "", styled(Style::Dim, &terminal::visible(next))));
    }
}
