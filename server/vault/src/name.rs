//! Which key: the provider's name and the only place its key may be sent to. Owns the pair and nothing of where it is kept.

use std::fmt;

use crate::Origin;

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
}

impl fmt::Display for KeyName {
    /// `` `provider` for `scheme://host:port` ``
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` for `{}`", self.provider, self.origin)
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
