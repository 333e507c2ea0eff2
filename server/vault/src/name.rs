//! Which key: the provider's name and the only place its key may be sent to. Owns the pair and nothing of where it is kept.

use std::fmt;

use crate::Origin;

/// What people see in their keyring; a provider's name has no capital letter.
const CONVERSATIONS: &str = "Conversations";

/// What a key is stored under: a provider and an origin. The same provider at another address is another key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// Settings name of the provider.
    pub provider: String,
    /// The only place the key may be sent to.
    pub origin: Origin,
}

impl KeyName {
    /// The key of `provider` for `origin`.
    pub fn new(provider: impl Into<String>, origin: Origin) -> Self {
        Self { provider: provider.into(), origin }
    }

    /// What the key of the conversations is stored under: no provider has that name, and no request can go there.
    pub fn conversations() -> Self {
        Self::new(CONVERSATIONS, Origin::nowhere("conversations"))
    }

    /// Whether it is the key of a provider, to be sent to it, rather than one that the program keeps for itself.
    pub fn is_of_a_provider(&self) -> bool {
        self.origin.is_web()
    }
}

/// How a key is told: the same for a name and for its parts.
pub(crate) fn told(provider: &str, origin: &Origin, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    if origin.is_web() {
        write!(formatter, "`{provider}` for `{origin}`")
    } else {
        formatter.write_str("the conversations")
    }
}

impl fmt::Display for KeyName {
    /// `` `provider` for `scheme://host:port` ``, or `the conversations`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        told(&self.provider, &self.origin, formatter)
    }
}

/// Which of a key's two values: a rotated key keeps its old one for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The value in use.
    Current,
    /// The value before the last rotation.
    Previous,
}
