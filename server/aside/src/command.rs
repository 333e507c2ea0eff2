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
    cli::{Asked, Cli, Command},
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
        Command::Lsp(args) => lsp::run(&cli.asked, &args),
        Command::Try(args) => try_out::run(&cli.asked, &args),
        Command::Chat(args) => block_on(chat::run(&here(&cli.asked)?, args)),
        Command::Complete(args) => complete::run(&cli.asked, &args),
        Command::Session(args) => block_on(session::run(&here(&cli.asked)?, args)),
        Command::Config(args) => config::run(&here(&cli.asked)?, &args),
        Command::Doctor(args) => block_on(doctor::run(&here(&cli.asked)?, args.json)),
    }
}

/// The program wired for the workspace of the current folder.
fn here(asked: &Asked) -> Result<App, Failure> {
    App::new(asked, Some(&current_root()?))
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
