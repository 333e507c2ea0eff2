//! One file per command; here is which command runs what.

mod agent;
mod audit;
mod chat;
mod complete;
mod config;
mod doctor;
mod lsp;
mod migrate;
mod secret;
mod session;
mod trust;
mod try_out;
mod vault;
mod words;

use std::{path::Path, process::ExitCode};

use aside_secret::stack;
use aside_vault::audit::By;

use crate::{
    cli::{Asked, Cli, Command},
    failure::Failure,
    terminal,
    wiring::{self, App},
    workspace,
};

/// Mistakes in the settings that are told before the work begins.
const WARNINGS: usize = 3;

/// Runs the command of `cli`.
///
/// # Errors
/// Whatever makes the command fail, with the exit code to end with.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Lsp(args) => lsp::run(&cli.asked, &args),
        Command::Try(args) => try_out::run(&cli.asked, &args),
        Command::Chat(args) => block_on(chat::run(&warned(here(&cli.asked)?), args)),
        Command::Complete(args) => complete::run(&cli.asked, &args),
        Command::Session(args) => block_on(session::run(&warned(here(&cli.asked)?), &cli.asked, args)),
        Command::Migrate { dry_run, json } => block_on(migrate::run(&warned(here(&cli.asked)?), dry_run, json)),
        Command::Secret(args) => block_on(secret::run(&warned(here(&cli.asked)?), &cli.asked, args)),
        Command::Vault(args) => block_on(vault::run(&warned(here(&cli.asked)?), &cli.asked, args)),
        Command::Agent => agent::run(&cli.asked),
        Command::Config(args) => config::run(&here(&cli.asked)?, &args),
        Command::Trust(args) => {
            trust::run(&here(&cli.asked)?, &args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Audit(args) => audit::run(&here(&cli.asked)?, &args),
        Command::Doctor(args) => block_on(doctor::run(&here(&cli.asked)?, args.json)),
    }
}

/// The program wired for the workspace of the current folder.
fn here(asked: &Asked) -> Result<App, Failure> {
    App::new(asked, Some(&current_root()?), By::Cli)
}

/// Says on standard error what is wrong with the settings: a mistake that is told nowhere looks like a broken program.
fn warned(app: App) -> App {
    let problems = &app.current.load().loaded.problems;
    for problem in problems.iter().take(WARNINGS) {
        terminal::complain(&terminal::visible(&format!("warning: {problem}")));
    }
    if problems.len() > WARNINGS {
        let more = problems.len() - WARNINGS;
        terminal::complain(&format!("warning: {more} more mistakes in the settings: `aside config check` lists them"));
    }
    app
}

fn current_root() -> Result<std::path::PathBuf, Failure> {
    Ok(workspace::root_of(&wiring::absolute(Path::new("."))?))
}

fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = wiring::runtime()?;
    let ended = runtime.block_on(stack::clean_future(command));
    wiring::wind_down(runtime);
    ended
}
