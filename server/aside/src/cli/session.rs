//! What can be said to `aside session`, and the words that explain it.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Json;

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List this workspace's conversations, newest first
    List {
        /// Those of every workspace
        #[arg(long)]
        all: bool,
        /// Leave out what is open or answering in another program
        #[arg(long)]
        resumable: bool,
        /// What is in the trash, of every workspace, with when it came there
        #[arg(long, conflicts_with_all = ["all", "resumable"])]
        trash: bool,
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
    /// Find messages that have all the words of TEXT
    Search {
        /// Words, in any order and case; what stands in double quotes is looked for as it is
        #[arg(value_name = "TEXT")]
        text: String,
        /// In the conversations of every workspace
        #[arg(long)]
        all: bool,
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Sum up what was said in the last hours
    Digest {
        /// So many hours up to now
        #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=744))]
        hours: u32,
        /// In the conversations of every workspace
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write one conversation out, to standard output or a file
    Export {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Markdown is for people; `aside session import` reads JSON
        #[arg(long, value_name = "FORMAT", default_value = "markdown")]
        format: ExportFormat,
        /// The file to write, which only you may read
        #[arg(short = 'o', long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if there is one
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Take a conversation in that was exported as JSON; it is marked as imported
    Import {
        /// The file; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Its title here, instead of the file's
        #[arg(long, value_name = "TITLE")]
        title: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a conversation another title
    Rename {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Up to 200 characters
        #[arg(value_name = "TITLE")]
        title: String,
    },
    /// Begin a new conversation with what another holds
    Fork {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Up to and with the turn of message N, as `aside session show --json` numbers them
        #[arg(long, value_name = "N")]
        at: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Begin a new conversation with a summary of another's older part, which a model writes
    Compact {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Questions that stay as they are, with their answers
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
        keep: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put conversations into the trash
    Delete {
        /// The sessions' ids, or the beginnings of them
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Remove them for good, in the trash or not
        #[arg(long)]
        forever: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Take a conversation out of the trash
    Restore {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Move what has had its time to the trash, and what is there long enough out of it; it happens by itself once a day
    Clean {
        /// Say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read everything and say what is damaged; fails when something is
    Verify {
        /// This session alone
        #[arg(value_name = "ID", conflicts_with = "accept")]
        id: Option<String>,
        /// Take the conversations as they are, though older than they were: you have put a copy back
        #[arg(long)]
        accept: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Begin a new conversation with all that can be read of a damaged one
    Recover {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give the conversations of a folder that was moved to where it is now
    Relink {
        /// Where it was
        #[arg(value_name = "FROM")]
        from: PathBuf,
        /// Where it is; the workspace of the current folder when this is missing
        #[arg(value_name = "TO")]
        to: Option<PathBuf>,
    },
    /// Give one conversation a passphrase of its own, on top of the key of all
    Protect {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Take that passphrase away
    Unprotect {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Open a conversation with its passphrase, here and in editors, until it is locked
    Unlock {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Lock a conversation that has a passphrase
    Lock {
        /// The session's id, or the beginning of it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Look after the key that conversations are sealed under
    #[command(subcommand)]
    Key(SessionKey),
}

/// How a conversation is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// For people
    Markdown,
    /// For programs
    Json,
}

/// The key that conversations are sealed under. Its words come from the terminal or from standard input.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionKey {
    /// Show where the key is kept, whether it can be read, and what to do next
    Status(Json),
    /// Show the key as 24 recovery words, in a terminal only
    Words,
    /// Bring the key back from its recovery words; a key that can be read is never replaced
    Restore,
    /// Keep the key in another place
    Move {
        /// Where to
        #[arg(value_name = "PLACE")]
        place: SessionKeyPlace,
    },
    /// Make a new key and seal every conversation under it; the old key opens nothing any more
    Rekey,
}

/// A place where the key of the conversations is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SessionKeyPlace {
    /// The keyring of the operating system
    Keyring,
    /// The vault file
    Vault,
    /// A key file beside the conversations, which protects copies of them and nothing else
    File,
}
