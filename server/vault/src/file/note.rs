//! What a person should know of a vault that works none the less. Owns the sentences.

use std::fmt;

use aside_storage::sealed::Kdf;

/// Something that was found or done beside what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The anchor was missing: an older state in place of the vault would not have been seen. It is written again.
    AnchorMissing,
    /// The anchor is of another vault, with the same consequence.
    AnchorForeign,
    /// The anchor could not be written: an older state in place of the vault may not be seen.
    AnchorNotWritten {
        /// What the system said.
        reason: String,
    },
    /// The key was derived with weaker parameters; it is wrapped anew with the current ones.
    KdfUpgraded {
        /// What it was.
        from: Kdf,
    },
    /// It should have been, and could not be written.
    KdfNotUpgraded {
        /// What it is.
        from: Kdf,
        /// What the system said.
        reason: String,
    },
    /// Other users could read the file, which is closed to them now.
    ClosedToOthers,
    /// Older backups could not be removed.
    BackupsNotPruned {
        /// What the system said.
        reason: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnchorMissing => formatter.write_str(
                "nothing remembered the vault's newest state, so that it cannot be told whether this is an older one",
            ),
            Self::AnchorForeign => formatter.write_str(
                "what remembers the newest state is of another vault, so that it cannot be told whether this is an older one",
            ),
            Self::AnchorNotWritten { reason } => {
                write!(formatter, "the vault's newest state could not be remembered: {reason}")
            }
            Self::KdfUpgraded { from } => {
                write!(formatter, "the vault was protected by {from}; now it is by {}", Kdf::CURRENT)
            }
            Self::KdfNotUpgraded { from, reason } => {
                write!(formatter, "the vault is protected by {from}, and could not be changed to {}: {reason}", Kdf::CURRENT)
            }
            Self::ClosedToOthers => {
                formatter.write_str("other users of this machine could read the vault's file; now they cannot")
            }
            Self::BackupsNotPruned { reason } => write!(formatter, "old backups could not be removed: {reason}"),
        }
    }
}
