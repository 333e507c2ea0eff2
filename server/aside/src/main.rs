//! The program `aside`: reads the command line, runs one command, ends with its exit code.
//!
//! This crate is the wiring: it alone names the concrete types of all others and plugs them into each other's traits. It
//! also owns what a terminal user sees, the log and the doctor. Features, protocols and storage live below.

mod check;
mod cli;
mod command;
mod corpus;
mod failure;
mod host;
mod keys;
mod logs;
mod models;
mod pace;
mod terminal;
mod wiring;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => failure.show(),
    }
}
