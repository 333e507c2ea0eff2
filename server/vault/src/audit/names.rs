//! From the hashes in the log back to the keys that are known.

use std::collections::BTreeMap;

use super::{chain::Keys, format::SLOTS};
use crate::{KeyName, Slot};

/// The known keys by what stands for them in the log.
pub(super) struct Names(BTreeMap<String, (KeyName, Slot)>);

impl Names {
    /// Those of `known`; none where there are no keys to hash with.
    pub(super) fn of(known: &[KeyName], keys: Option<&Keys>) -> Self {
        let each = known.iter().flat_map(|name| SLOTS.map(|slot| (name, slot)));
        let hashed = |keys: &Keys| each.map(|(name, slot)| (keys.name(name, slot), (name.clone(), slot))).collect();
        Self(keys.map_or_else(BTreeMap::new, hashed))
    }

    /// The name behind `id`, where it is known: `` `work` for `https://…` ``.
    pub(super) fn name(&self, id: &str) -> Option<String> {
        let (name, slot) = self.0.get(id)?;
        Some(match slot {
            Slot::Current => name.to_string(),
            Slot::Previous => format!("the replaced key of {name}"),
        })
    }
}
