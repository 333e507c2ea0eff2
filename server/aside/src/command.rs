//! One file per command; here is which command runs what.

mod chat;
mod complete;
mod config;
mod doctor;
mod lsp;
mod session;
mod try_out;

use std::{path::Path, process::ExitCode};

use crate::{
    cli::{Cli, Command},
    failure::Failure,
    wiring::{self, App},
    workspace,
};

/// Runs the command of `cli`.
///
/// # Errors
/// Whatever makes the command fail, with the exit code to end with.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Lsp(args) => lsp::run(&cli.set, &args),
        Command::Try(args) => try_out::run(&cli.set, &args),
        Command::Chat(args) => block_on(chat::run(&here(&cli.set)?, args)),
        Command::Complete(args) => complete::run(&cli.set, &args),
        Command::Session(args) => block_on(session::run(&here(&cli.set)?, args)),
        Command::Config(args) => config::run(&here(&cli.set)?, &args),
        Command::Doctor(args) => block_on(doctor::run(&here(&cli.set)?, args.json)),
    }
}

/// The program wired for the workspace of the current folder.
fn here(set: &[String]) -> Result<App, Failure> {
    App::new(set, Some(&current_root()?))
}

fn current_root() -> Result<std::path::PathBuf, Failure> {
    Ok(workspace::root_of(&wiring::absolute(Path::new("."))?))
}

fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = wiring::runtime()?;
    let ended = runtime.block_on(command);
    wiring::wind_down(runtime);
    ended
}
