//! The command line: what can be said, and the words that explain it. What a command does stands in `command`.

use std::path::PathBuf;

use aside_model::ModelRef;
use clap::{Args, Parser, Subcommand};

/// AI assistance for any editor, with the models you choose.
#[derive(Debug, Parser)]
#[command(
    name = "aside",
    version,
    about = "AI assistance for any editor, with the models you choose",
    disable_help_subcommand = true,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) asked: Asked,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Asked {
    /// Set a setting for this run, as `key=value` (may be repeated)
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub(crate) set: Vec<String>,
    /// Keep conversations in this folder for this run
    #[arg(long, value_name = "FOLDER", global = true)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Speak the Language Server Protocol on stdin and stdout: what editors start
    Lsp(Lsp),
    /// See the main features at work in a workspace, as an editor would use them
    Try(Try),
    /// Ask a question, or hold a conversation when TEXT is missing
    Chat(Chat),
    /// Print the inline completion at a place
    Complete(Complete),
    /// List and show conversations
    #[command(subcommand)]
    Session(Session),
    /// Check and show settings
    #[command(subcommand)]
    Config(Config),
    /// Check everything and say what to do
    Doctor(Json),
}

#[derive(Debug, Args)]
pub(crate) struct Lsp {
    /// Accepted for clients that always pass it; stdio is the only transport
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
    /// End when this process ends, besides the one that `initialize` names
    #[arg(long = "clientProcessId", value_name = "PID", hide = true)]
    pub(crate) client_process_id: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    /// The workspace to open
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// The model for chat and completion, as `provider/model`
    #[arg(long, value_name = "MODEL", conflicts_with = "local")]
    pub(crate) model: Option<ModelRef>,
    /// Use a model server found on this machine (Ollama, llama.cpp, LM Studio)
    #[arg(long)]
    pub(crate) local: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// The question; standard input goes along as an attachment, or is the question when this is missing
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Continue this session instead of the workspace's latest
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    pub(crate) session: Option<String>,
    /// Start a new session
    #[arg(long)]
    pub(crate) new: bool,
    /// The model to ask, as `provider/model`
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<ModelRef>,
    /// Attach a file (may be repeated)
    #[arg(long = "file", value_name = "PATH")]
    pub(crate) files: Vec<PathBuf>,
    /// Print one JSON object per event
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Complete {
    /// Line and column count from 1, the column in characters
    #[arg(value_name = "FILE:LINE:COLUMN")]
    pub(crate) place: String,
    /// Print what would be sent, to whom, and what is left out; sends nothing
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List this workspace's conversations, newest first
    List {
        /// Those of every workspace
        #[arg(long)]
        all: bool,
        /// At most this many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print one conversation
    Show {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say what is wrong with the settings
    Check(Json),
    /// Print every setting, its value and where it came from
    Show(Json),
    /// Print the JSON schema of the settings file
    Schema,
    /// Print where the settings file and the data are
    Path(Json),
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
