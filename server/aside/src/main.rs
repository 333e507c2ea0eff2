//! The program `aside`: reads the command line, runs one command, ends with its exit code.
//!
//! This crate is the wiring: it alone names the concrete types of all others and plugs them into each other's traits. It
//! also owns what a terminal user sees, the log and the doctor. Features, protocols and storage live below.

mod agent;
mod ask;
mod check;
mod cli;
mod command;
mod corpus;
mod crash;
mod custom;
mod failure;
mod git;
mod host;
mod keys;
mod logs;
mod models;
mod pace;
mod papers;
mod processes;
mod secrets;
mod terminal;
mod trust;
mod upkeep;
mod variables;
mod wiring;
mod workspace;

use std::process::ExitCode;

use aside_secret::stack;

/// Nothing that was freed can be read again.
#[global_allocator]
static ALLOCATOR: aside_secret::WipingAllocator = aside_secret::WipingAllocator;

fn main() -> ExitCode {
    aside_secret::harden::process();
    crash::tell_in_one_line();
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    #[expect(unsafe_code, reason = "takes keys out of the environment, as long as that is sound")]
    // SAFETY: no thread was started yet.
    stack::clean(|| unsafe { variables::take(&cli.asked) });
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => failure.show(),
    }
}
