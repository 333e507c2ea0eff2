//! Why there is no key, told to a person with the next step. No message holds a value.

use std::{fmt, time::Duration};

use crate::{BadOrigin, Origin, system};

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
    /// The environment variable of this name.
    Variable(String),
    /// Nowhere yet: the address the key is for is none.
    Address,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring { provider, origin } => {
                write!(formatter, "the key of `{provider}` for `{origin}` in the keyring")
            }
            Self::Variable(name) => write!(formatter, "the environment variable `{name}`"),
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
    /// The keyring is locked and was not opened.
    #[error("the keyring is locked: {reason}")]
    Locked {
        /// What the keyring said.
        reason: String,
    },
    /// The keyring did not answer in time; it may be asking for its password.
    #[error("the keyring did not answer within {} ms", after.as_millis())]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// There is no keyring, or it broke.
    #[error("the keyring cannot be used: {reason}")]
    Unavailable {
        /// What went wrong.
        reason: String,
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

impl KeyError {
    /// The next step.
    pub fn hint(&self) -> String {
        const ANOTHER_WAY: &str = "or take the key from an environment variable with `key = \"env:NAME\"`";
        match self {
            Self::Missing { place: Place::Keyring { provider, origin } } => {
                format!("store it with: {}", system::store_command(provider, origin))
            }
            Self::Missing { place: Place::Variable(name) } => {
                format!("set `{name}` where the editor is started, or use `key = \"keyring\"`")
            }
            Self::Locked { .. } => format!("unlock the keyring and try again, {ANOTHER_WAY}"),
            Self::Timeout { .. } => {
                format!("answer the keyring's question for its password if there is one, and try again, {ANOTHER_WAY}")
            }
            Self::Unavailable { .. } => format!("{}, {ANOTHER_WAY}", system::START_A_KEYRING),
            Self::Unusable { place: Place::Keyring { provider, origin }, .. } => {
                format!("store it again with: {}", system::store_command(provider, origin))
            }
            Self::Unusable { place: Place::Variable(name), .. } => {
                format!("set `{name}` to the key alone, as its issuer shows it")
            }
            Self::Missing { place: Place::Address } | Self::Unusable { place: Place::Address, .. } => {
                "correct the provider's `base_url`".to_owned()
            }
        }
    }
}

impl From<BadOrigin> for KeyError {
    fn from(error: BadOrigin) -> Self {
        Self::Unusable { place: Place::Address, reason: format!("cannot be used: {error}") }
    }
}
