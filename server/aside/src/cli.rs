//! The command line: what can be said, and the words that explain it. What a command does stands in `command`.

mod session;
mod trust;

use std::{path::PathBuf, process::ExitCode};

use aside_model::ModelRef;
use aside_secret::is_key_shaped;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::{
    session::{ExportFormat, Session, SessionKey, SessionKeyPlace},
    trust::Trust,
};
use crate::terminal;

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

/// What was said on this process's command line; or the exit code, after help was shown or what is wrong was told.
pub(crate) fn read() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        let told = error.render().to_string();
        // It quotes what was typed: a key that was given as an argument must not end up in a log of the terminal as well.
        if is_key_shaped(&told) {
            terminal::complain(&told);
        } else {
            // Nobody reads any more: there is nothing left to tell.
            let _ = error.print();
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
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
    /// List, show, search, copy and remove conversations
    #[command(subcommand)]
    Session(Session),
    /// Bring what is kept up to date with this version; every other command does the same when it is first needed
    Migrate {
        /// Say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Store, list, test and rotate provider keys
    #[command(subcommand)]
    Secret(Secret),
    /// Lock and unlock the keys, and look after the vault file
    #[command(subcommand)]
    Vault(Vault),
    /// Say which workspaces may bring actions of their own
    #[command(subcommand)]
    Trust(Trust),
    /// Check and show settings
    #[command(subcommand)]
    Config(Config),
    /// Read and check the record of what was done with keys
    #[command(subcommand)]
    Audit(Audit),
    /// Check everything and say what to do
    Doctor(Json),
    /// Hold the unlocked vault for all editors and terminals; started when it is needed
    #[command(hide = true)]
    Agent,
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
    /// Ask for the rest of the last answer, which was cut off
    #[arg(long = "continue", conflicts_with_all = ["text", "new", "files"])]
    pub(crate) resume: bool,
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

/// Values are read from the terminal or from standard input, never from the command line.
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Store the key of a provider for its address
    Set {
        /// A provider of the settings
        #[arg(value_name = "PROVIDER")]
        provider: String,
    },
    /// List what is stored, without values
    List(Json),
    /// Remove the key of a provider
    Delete {
        /// The provider
        #[arg(value_name = "PROVIDER")]
        provider: String,
        /// The address it was stored for, when that is not the provider's present one
        #[arg(long, value_name = "URL")]
        origin: Option<String>,
    },
    /// Ask a provider whether it takes its stored key
    Test {
        /// The provider
        #[arg(value_name = "PROVIDER")]
        provider: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Replace a key by a new one that the provider takes; the old one is kept for a while
    Rotate {
        /// The provider
        #[arg(value_name = "PROVIDER")]
        provider: String,
        /// Take the last rotation back
        #[arg(long, conflicts_with = "no_test")]
        back: bool,
        /// Replace it without asking the provider
        #[arg(long)]
        no_test: bool,
    },
    /// Store many keys: lines `PROVIDER=KEY` or `OPENAI_API_KEY=KEY`, from a file or standard input
    Import {
        /// The file; `-` is standard input
        #[arg(value_name = "FILE", required_unless_present = "from")]
        file: Option<PathBuf>,
        /// Copy all keys from the other place instead
        #[arg(long, value_name = "PLACE", conflicts_with = "file")]
        from: Option<Place>,
    },
    /// Use the key that a provider had at another address for the address it has now
    Rebind {
        /// The provider
        #[arg(value_name = "PROVIDER")]
        provider: String,
        /// The address it was stored for, when there are several
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// A place where keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// The keyring of the operating system
    Keyring,
    /// The vault file
    File,
}

/// A passphrase is read from the terminal, or from standard input line by line.
#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Show where keys are kept, whether they are locked, and who holds some
    Status(Json),
    /// Make a vault file, protected by a passphrase; keys are kept in it from then on
    Init {
        /// Print no recovery words
        #[arg(long)]
        no_recovery: bool,
    },
    /// Unlock the keys
    Unlock {
        /// Unlock with the recovery words instead of the passphrase, and set a new passphrase
        #[arg(long)]
        recovery: bool,
        /// Take the vault file as it is, though it is older than it was
        #[arg(long, conflicts_with = "recovery")]
        accept_older: bool,
    },
    /// Lock the keys in every editor and terminal
    Lock,
    /// Change the passphrase
    Passphrase,
    /// Make a new data key and seal everything anew
    Rekey,
    /// Write a sealed copy of the vault with a passphrase of its own
    Backup {
        /// The file to write; nothing is overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a copy back: of `backup`, or one that was kept automatically
    Restore {
        /// A file of `aside vault backup`
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// One of the automatic copies
        #[arg(long, value_name = "N", conflicts_with = "file")]
        generation: Option<u64>,
        /// List the automatic copies, as without FILE
        #[arg(long, conflicts_with_all = ["file", "generation"])]
        list: bool,
        /// Print the list as JSON
        #[arg(long, conflicts_with_all = ["file", "generation"])]
        json: bool,
        /// Check the copy and say what would change; change nothing
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Restore a copy without the present key of the conversations, which cannot be read then
        #[arg(long)]
        conversations: bool,
    },
    /// Remove every provider's key; a sealed copy is kept, and so is the key of the conversations
    Clear {
        /// Remove the key of the conversations as well, which cannot be read then but with its recovery words
        #[arg(long)]
        conversations: bool,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Print the last records, oldest first
    Tail {
        /// At most this many
        #[arg(short = 'n', long = "count", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        count: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say whether the log is as it was written; fails when it is not
    Verify(Json),
    /// Sum up what was done, and what of it is out of the ordinary
    Report {
        /// Of so many days up to now
        #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
