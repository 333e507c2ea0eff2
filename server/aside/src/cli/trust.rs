//! What can be said to `aside trust`, and the words that explain it.

use std::path::PathBuf;

use clap::Subcommand;

use super::Json;

/// A workspace's `.aside.toml` may bring actions; they are used only where you trust it.
#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Show what a workspace brings, and use it from now on, as it is now
    Add {
        /// The root of the workspace; without it, that of the current folder
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Trust a workspace no longer
    Remove {
        /// The root of the workspace; without it, that of the current folder
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the workspaces that are trusted
    List(Json),
}
