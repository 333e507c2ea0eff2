//! What is written down beside the rows: the head of a session, where a workspace is, and what sums the store up.

use std::collections::BTreeMap;

use aside_storage::sealed::Kdf;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{TurnId, seal::Link};

/// The content of a session's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeadRow {
    pub(crate) title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// Microseconds since 1970.
    pub(crate) created: i64,
    pub(crate) messages: u64,
    /// Bytes of its sealed rows.
    pub(crate) bytes: u64,
    /// The number of the next row.
    pub(crate) next: u64,
    /// What the next row is linked to.
    #[serde(with = "hex")]
    pub(crate) last: Link,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) cut: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) imported: bool,
    /// Rows that were taken back: from, and up to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hidden: Vec<(u64, u64)>,
    /// The turn without an end.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "turn")]
    pub(crate) turn: Option<TurnId>,
    /// The passphrase of its own, if it has one; then the title is here and not above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lock: Option<LockRow>,
}

/// How a passphrase opens a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockRow {
    /// Argon2id: memory in KiB, passes, lanes.
    kdf: (u32, u32, u32),
    #[serde(with = "hex")]
    pub(crate) salt: [u8; 32],
    /// The title, sealed under the session's key, in hex: it opens with the right passphrase only.
    pub(crate) title: String,
}

impl LockRow {
    pub(crate) fn new(kdf: Kdf, salt: [u8; 32], title: String) -> Self {
        let kdf = match kdf {
            Kdf::Argon2id { memory_kib, passes, lanes } => (memory_kib, passes, lanes),
            // Never written; what is read back is checked before it is used.
            Kdf::Pbkdf2Sha256 { iterations } => (0, iterations, 0),
        };
        Self { kdf, salt, title }
    }

    pub(crate) fn kdf(&self) -> Kdf {
        let (memory_kib, passes, lanes) = self.kdf;
        Kdf::Argon2id { memory_kib, passes, lanes }
    }
}

/// Which passphrases were entered: by salt, what they gave, sealed; both in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenedRow {
    pub(crate) keys: BTreeMap<String, String>,
}

/// Where a workspace is, and what it is recognised by when it was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceRow {
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<String>,
}

/// What sums the whole store up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreRow {
    /// How often a head was changed.
    pub(crate) changes: u64,
    /// Of all heads.
    pub(crate) sum: Sum,
    /// Bytes of all sealed rows.
    pub(crate) bytes: u64,
    /// When old sessions were last looked for, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) looked: Option<i64>,
}

/// A sum of keyed prints that does not depend on their order: one that is put in, taken out or exchanged changes it, and only
/// who has the key can tell how. Four numbers modulo 2^64, written as 64 hex digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum([u64; 4]);

impl Sum {
    pub(crate) fn of(print: [u8; 32]) -> Self {
        let (parts, _) = print.as_chunks::<8>();
        let mut sum = [0; 4];
        sum.iter_mut().zip(parts).for_each(|(part, bytes)| *part = u64::from_le_bytes(*bytes));
        Self(sum)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(part, other)| *part = part.wrapping_add(other));
    }

    pub(crate) fn subtract(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(part, other)| *part = part.wrapping_sub(other));
    }

    fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (parts, _) = bytes.as_chunks_mut::<8>();
        parts.iter_mut().zip(self.0).for_each(|(bytes, part)| *bytes = part.to_le_bytes());
        bytes
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer).map(Self::of)
    }
}

macro_rules! json {
    ($($row:ty),*) => {$(
        impl $row {
            /// The bytes to seal.
            pub(crate) fn encode(&self) -> Vec<u8> {
                serde_json::to_vec(self).expect("strings and numbers always have a JSON form")
            }

            /// Reads opened bytes; `None` when they are something else.
            pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
                serde_json::from_slice(bytes).ok()
            }
        }
    )*};
}

json!(HeadRow, WorkspaceRow, StoreRow, OpenedRow);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

mod hex {
    use super::{Deserialize, Deserializer, Error, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(D::Error::custom("64 hex digits were expected"));
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(bytes)
    }
}

mod turn {
    use super::{Deserialize, Deserializer, Error, Serializer, TurnId};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(turn: &Option<TurnId>, serializer: S) -> Result<S::Ok, S::Error> {
        match turn {
            Some(turn) => serializer.collect_str(turn),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TurnId>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|()| D::Error::custom("a turn's id was expected"))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> HeadRow {
        HeadRow {
            title: "größe".to_owned(),
            model: Some("a/b".to_owned()),
            created: -1,
            messages: 2,
            bytes: 3,
            next: 4,
            last: [0xab; 32],
            cut: true,
            imported: true,
            hidden: vec![(1, 2)],
            turn: Some(TurnId::fresh()),
            lock: Some(LockRow::new(Kdf::CURRENT, [3; 32], "0102".to_owned())),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let bare =
            HeadRow { model: None, cut: false, imported: false, hidden: Vec::new(), turn: None, lock: None, ..head() };
        for row in [head(), bare] {
            assert_eq!(HeadRow::decode(&row.encode()), Some(row));
        }
        let store = StoreRow { changes: 1, sum: Sum::of([7; 32]), bytes: 2, looked: Some(3) };
        assert_eq!(StoreRow::decode(&store.encode()), Some(store));
        let place = WorkspaceRow { path: "/work".to_owned(), mark: None };
        assert_eq!(WorkspaceRow::decode(&place.encode()), Some(place));
    }

    #[test]
    fn what_is_something_else_is_not_read() {
        for bytes in [&b""[..], b"{}", br#"{"title":1}"#, br#"{"changes":1,"sum":"ab","bytes":0}"#] {
            assert_eq!(HeadRow::decode(bytes), None);
            assert_eq!(StoreRow::decode(bytes), None);
        }
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order_and_takes_back_what_was_put_in() {
        let (a, b) = (Sum::of([0xff; 32]), Sum::of([0x81; 32]));
        let (mut one, mut other) = (Sum::default(), Sum::default());
        one.add(a);
        one.add(b);
        other.add(b);
        other.add(a);
        assert_eq!(one, other);
        one.subtract(a);
        assert_eq!(one, b);
    }
}
