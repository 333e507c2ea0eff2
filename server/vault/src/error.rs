//! Why there is no key, told to a person with the next step. No message holds a value.

mod command;

use std::{fmt, time::Duration};

pub use command::CommandFault;

use crate::{BadOrigin, KeyName, LockReason, Origin, Refusal, Reopen, VaultError, name, system};

/// Where a key was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The keyring's item for a provider and an origin.
    Keyring {
        /// Settings name of the provider.
        provider: String,
        /// The only place the key may be sent to.
        origin: Origin,
    },
    /// The sealed vault file's entry of this name.
    Vault(KeyName),
    /// The environment variable of this name.
    Variable(String),
    /// The output of this program.
    Command(String),
    /// Nowhere yet: the address the key is for is none.
    Address,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring { provider, origin } => {
                formatter.write_str("the key of ")?;
                name::told(provider, origin, formatter)?;
                formatter.write_str(" in the keyring")
            }
            Self::Vault(name) => write!(formatter, "the key of {name} in the vault"),
            Self::Variable(name) => write!(formatter, "the environment variable `{name}`"),
            Self::Command(program) => write!(formatter, "the key that `{program}` prints"),
            Self::Address => formatter.write_str("the provider's address"),
        }
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing is stored there.
    #[error("{place} does not exist")]
    Missing {
        /// Where it was looked for.
        place: Place,
    },
    /// Nothing is stored for this address, and the same provider has keys for others: its address was changed.
    #[error(
        "the key of `{}` was stored for {} and `base_url` is now `{}`: nothing is sent there until you say so",
        name.provider, listed(origins), name.origin
    )]
    Elsewhere {
        /// What was asked for.
        name: KeyName,
        /// What the provider's keys were stored for; never empty.
        origins: Vec<Origin>,
    },
    /// Something is stored there already, and was to be kept.
    #[error("{place} exists already")]
    Occupied {
        /// Where.
        place: Place,
    },
    /// The keyring is locked and was not opened.
    #[error("the keyring is locked: {reason}")]
    Locked {
        /// What the keyring said.
        reason: String,
    },
    /// The keys of this process are locked.
    #[error("the keys are locked: {}", reason.sentence())]
    GateLocked {
        /// Why.
        reason: LockReason,
        /// What opens them.
        reopen: Reopen,
    },
    /// Nobody asked for it just now, and reading it might ask a person for a password.
    #[error("the key of {name} was not read, because nobody asked for it just now")]
    Unattended {
        /// Which key.
        name: KeyName,
    },
    /// The vault file is locked.
    #[error("the vault is locked: {reason}")]
    VaultLocked {
        /// Why.
        reason: String,
    },
    /// The agent or the vault refused, in its own words.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The keyring did not answer in time; it may be asking for its password.
    #[error("the keyring did not answer within {} ms", after.as_millis())]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The keyring broke.
    #[error("the keyring cannot be used: {reason}")]
    Unavailable {
        /// What went wrong.
        reason: String,
    },
    /// There is none at all in this session, and no program that would be one.
    #[error("the keyring cannot be used: {reason}")]
    Absent {
        /// How that shows.
        reason: String,
    },
    /// Nothing can be stored or removed there.
    #[error("{place} can only be read")]
    ReadOnly {
        /// Where.
        place: Place,
    },
    /// A program that was to print it did something else.
    #[error("{}", Told(program, fault))]
    Command {
        /// The program.
        program: String,
        /// What it did.
        fault: CommandFault,
    },
    /// There is something, and it is no key.
    #[error("{place} {reason}")]
    Unusable {
        /// Where it is.
        place: Place,
        /// The end of the sentence: why it is no key.
        reason: String,
    },
}

/// The sentence about a program.
struct Told<'a>(&'a str, &'a CommandFault);

impl fmt::Display for Told<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.told(self.0, formatter)
    }
}

impl KeyError {
    /// Whether unlocking is what is missing.
    pub fn is_locked(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::GateLocked { .. }
                | Self::VaultLocked { .. }
                | Self::Unattended { .. }
                | Self::Timeout { .. }
                | Self::Command { fault: CommandFault::TimedOut { .. }, .. }
        )
    }

    /// A stable code for protocols, scripts and the audit record.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "no-key",
            Self::Elsewhere { .. } => "key-elsewhere",
            Self::Occupied { .. } => "key-already-there",
            Self::Locked { .. } | Self::GateLocked { .. } | Self::VaultLocked { .. } | Self::Unattended { .. } => {
                "locked"
            }
            Self::Refused(_) => "vault-failed",
            Self::Timeout { .. } => "keyring-timeout",
            Self::Unavailable { .. } | Self::Absent { .. } => "keyring-unavailable",
            Self::ReadOnly { .. } => "key-read-only",
            Self::Unusable { .. } => "key-unusable",
            Self::Command { .. } => "key-command-failed",
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        const ANOTHER_WAY: &str = "or take the key from an environment variable with `key = \"env:NAME\"`";
        match self {
            Self::Missing { place: Place::Keyring { provider, .. } | Place::Vault(KeyName { provider, .. }) }
            | Self::Unusable { place: Place::Vault(KeyName { provider, .. }), .. } => {
                format!("store it with: aside secret set {provider}")
            }
            Self::Elsewhere { name: KeyName { provider, .. }, .. } => {
                format!("`aside secret rebind {provider}`, or store another key with `aside secret set {provider}`")
            }
            Self::Occupied { .. } => "use what is there, or remove it first".to_owned(),
            Self::Missing { place: Place::Command(program) }
            | Self::Unusable { place: Place::Command(program), .. } => {
                format!("run `{program}` yourself: it has to print the key and nothing else")
            }
            Self::Missing { place: Place::Variable(name) } => {
                format!("set `{name}` where the editor is started, or use `key = \"keyring\"`")
            }
            Self::Unattended { .. } => {
                "nothing: it is read when you next use it; `aside doctor` in a terminal asks now".to_owned()
            }
            Self::GateLocked { reopen: Reopen::OnUse, .. } => {
                "send a message or complete something: that unlocks them".to_owned()
            }
            Self::GateLocked { reopen: Reopen::Explicit, .. } | Self::VaultLocked { .. } => {
                "run `aside vault unlock` in a terminal".to_owned()
            }
            Self::Refused(refusal) => refusal.hint.clone(),
            Self::Command { program, fault } => fault.hint(program),
            Self::Locked { .. } => format!("unlock the keyring and try again, {ANOTHER_WAY}"),
            Self::Timeout { .. } => {
                format!("answer the keyring's question for its password if there is one, and try again, {ANOTHER_WAY}")
            }
            Self::Unavailable { .. } | Self::Absent { .. } => format!(
                "{}, keep the keys in a sealed vault file with `aside vault init`, {ANOTHER_WAY}",
                system::START_A_KEYRING
            ),
            // Storing replaces one value and no more: of several it is not known which is meant.
            Self::Unusable { place: Place::Keyring { provider, .. }, .. } => {
                format!(
                    "remove what is there with `aside secret delete {provider}` and store it again with: aside secret set {provider}"
                )
            }
            Self::Unusable { place: Place::Variable(name), .. } => {
                format!("set `{name}` to the key alone, as its issuer shows it")
            }
            Self::ReadOnly { .. } => {
                "change it where it comes from, or use `key = \"keyring\"` and `aside secret set`".to_owned()
            }
            Self::Missing { place: Place::Address } | Self::Unusable { place: Place::Address, .. } => {
                "correct the provider's `base_url`".to_owned()
            }
        }
    }
}

fn listed(origins: &[Origin]) -> String {
    let quoted: Vec<_> = origins.iter().map(|origin| format!("`{origin}`")).collect();
    quoted.join(" and ")
}

impl From<BadOrigin> for KeyError {
    fn from(error: BadOrigin) -> Self {
        Self::Unusable { place: Place::Address, reason: format!("cannot be used: {error}") }
    }
}

impl From<VaultError> for KeyError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NoKey { name } => Self::Missing { place: Place::Vault(name) },
            VaultError::Occupied { name } => Self::Occupied { place: Place::Vault(name) },
            error => Self::Refused(error.into()),
        }
    }
}
