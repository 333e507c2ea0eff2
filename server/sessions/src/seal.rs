//! How rows and heads are sealed: the keys, and what each envelope is bound to.
//!
//! Owns the labels and the layout of associated data, as `docs/formats.md` describes them. Pure: what is sealed where is the
//! store's. Every key here comes from one data key; a session has a key of its own, so that rows cannot change places.

use aside_secret::{Secret, SecretKey};
use aside_storage::sealed::{self, SealError, Unopened};

use crate::{DataKey, KeyId, SessionId, TurnId};

const HEADS: &str = "aside/sessions/v1/heads";
const NAMES: &str = "aside/sessions/v1/workspace-names";
const STATE: &str = "aside/sessions/v1/state";

const ROW: &[u8] = b"aside/sessions/v1/row";
const CHAIN: &[u8] = b"aside/sessions/v1/chain";
const HEAD: &[u8] = b"aside/sessions/v1/head";
const WORKSPACE: &[u8] = b"aside/sessions/v1/workspace";
const STORE: &[u8] = b"aside/sessions/v1/store";
const PRINT: &[u8] = b"aside/sessions/v1/print";
const ANCHOR: &[u8] = b"aside/sessions/v1/anchor";
const PROTECTED: &[u8] = b"aside/sessions/v1/protected";
const TITLE: &[u8] = b"aside/sessions/v1/title";
const PASSED: &[u8] = b"aside/sessions/v1/passphrase";

/// The identity of a workspace in the database: random, so that it tells nothing and outlives a move of the folder.
pub(crate) type WorkspaceKey = [u8; 16];

/// What one row says of all before it: SHA-256.
pub(crate) type Link = [u8; 32];

/// What stands before the first row.
pub(crate) const START: Link = [0; 32];

/// The keys of the store, while it may be read. Wiped when the last holder lets go.
#[derive(Debug)]
pub(crate) struct Sealer {
    data: DataKey,
    heads: SecretKey,
    names: SecretKey,
    state: SecretKey,
}

/// The key of one session's rows.
#[derive(Debug)]
pub(crate) struct SessionKey(SecretKey);

/// Where a row stands: what its envelope is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) workspace: WorkspaceKey,
    pub(crate) session: SessionId,
    pub(crate) n: u64,
    pub(crate) kind: u8,
    pub(crate) turn: Option<TurnId>,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) previous: Link,
}

/// What of a head stands beside its envelope, and is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadPlace {
    pub(crate) session: SessionId,
    pub(crate) workspace: WorkspaceKey,
    /// Microseconds since 1970.
    pub(crate) updated: i64,
    pub(crate) trashed: Option<i64>,
}

impl Sealer {
    pub(crate) fn new(data: DataKey) -> Self {
        let key = |label| sealed::subkey(data.key(), label);
        let (heads, names, state) = (key(HEADS), key(NAMES), key(STATE));
        Self { data, heads, names, state }
    }

    /// Which key everything here is sealed under.
    pub(crate) fn id(&self) -> KeyId {
        self.data.id()
    }

    /// The key of the rows of session `id`.
    pub(crate) fn session(&self, id: SessionId) -> SessionKey {
        SessionKey(sealed::subkey(self.data.key(), &format!("aside/sessions/v1/session/{id}")))
    }

    pub(crate) fn seal_head(&self, place: &HeadPlace, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.heads, &place.associated(self.id()), plain)
    }

    pub(crate) fn open_head(&self, place: &HeadPlace, envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.heads, &place.associated(self.id()), envelope)
    }

    /// What stands in the database for a folder's path, so that it is found without being readable.
    pub(crate) fn tag(&self, path: &str) -> WorkspaceKey {
        first_half(sealed::mac(&self.names, &[path.as_bytes()]))
    }

    pub(crate) fn seal_workspace(&self, id: &WorkspaceKey, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.names, &bound(WORKSPACE, &[id]), plain)
    }

    pub(crate) fn open_workspace(&self, id: &WorkspaceKey, envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.names, &bound(WORKSPACE, &[id]), envelope)
    }

    pub(crate) fn seal_state(&self, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.state, &bound(STORE, &[self.id().as_bytes()]), plain)
    }

    pub(crate) fn open_state(&self, envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.state, &bound(STORE, &[self.id().as_bytes()]), envelope)
    }

    /// What a passphrase gave, for the file of those that were entered.
    pub(crate) fn seal_passed(&self, salt: &[u8; 32], entered: &SecretKey) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.state, &bound(PASSED, &[salt]), entered.expose())
    }

    pub(crate) fn open_passed(&self, salt: &[u8; 32], envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.state, &bound(PASSED, &[salt]), envelope)
    }

    /// What a head adds to the sum of all heads. Only who has the key can tell it.
    pub(crate) fn print(&self, place: &HeadPlace, envelope: &[u8]) -> [u8; 32] {
        sealed::mac(&self.state, &[PRINT, &place.associated(self.id()), envelope])
    }

    /// What vouches for the number of changes that stands outside the database.
    pub(crate) fn vouch(&self, changes: u64) -> [u8; 32] {
        sealed::mac(&self.state, &[ANCHOR, &changes.to_le_bytes()])
    }

    /// Whether `found` is what [`vouch`](Self::vouch) gives.
    pub(crate) fn vouched(&self, changes: u64, found: &[u8; 32]) -> bool {
        sealed::verify(&self.state, &[ANCHOR, &changes.to_le_bytes()], found)
    }
}

impl SessionKey {
    /// The key of the same session with what its passphrase gave.
    pub(crate) fn with_passphrase(&self, entered: &SecretKey) -> Self {
        let mixed = SecretKey::fill(|key| *key = sealed::mac(&self.0, &[PROTECTED, entered.expose()]));
        Self(mixed)
    }

    pub(crate) fn seal_title(&self, id: SessionId, title: &str) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.0, &bound(TITLE, &[id.bytes()]), title.as_bytes())
    }

    pub(crate) fn open_title(&self, id: SessionId, envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.0, &bound(TITLE, &[id.bytes()]), envelope)
    }

    pub(crate) fn seal(&self, place: &RowPlace, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        sealed::seal(&self.0, &place.associated(), plain)
    }

    pub(crate) fn open(&self, place: &RowPlace, envelope: &[u8]) -> Result<Secret, Unopened> {
        sealed::open(&self.0, &place.associated(), envelope)
    }
}

impl RowPlace {
    fn associated(&self) -> Vec<u8> {
        let turn = self.turn.map_or([0; 16], |turn| *turn.bytes());
        let (n, at) = (self.n.to_le_bytes(), self.at.to_le_bytes());
        // Everything behind the label has a fixed length: no two places give the same bytes.
        bound(ROW, &[&self.workspace, self.session.bytes(), &n, &[self.kind], &turn, &at, &self.previous])
    }

    /// What the next row is bound to.
    pub(crate) fn link(&self, envelope: &[u8]) -> Link {
        sealed::digest(&bound(CHAIN, &[&self.associated(), envelope]))
    }
}

impl HeadPlace {
    fn associated(&self, key: KeyId) -> Vec<u8> {
        let (there, at) = (u8::from(self.trashed.is_some()), self.trashed.unwrap_or_default().to_le_bytes());
        let updated = self.updated.to_le_bytes();
        bound(HEAD, &[key.as_bytes(), self.session.bytes(), &self.workspace, &updated, &[there], &at])
    }
}

fn bound(label: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let length = label.len() + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut all = Vec::with_capacity(length);
    all.extend_from_slice(label);
    parts.iter().for_each(|part| all.extend_from_slice(part));
    all
}

fn first_half(whole: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(DataKey::from_bytes(&[byte; 32]))
    }

    fn place() -> RowPlace {
        let (session, turn) = (SessionId::stored([2; 16]), Some(TurnId::stored([3; 16])));
        RowPlace { workspace: [1; 16], session, n: 4, kind: 3, turn, at: 5, previous: [6; 32] }
    }

    #[test]
    fn a_row_opens_in_its_own_place_only() {
        let key = sealer(1).session(place().session);
        let envelope = key.seal(&place(), b"words").expect("sealed");
        assert_eq!(key.open(&place(), &envelope).expect("opens").expose(), b"words");
        let elsewhere = [
            RowPlace { workspace: [9; 16], ..place() },
            RowPlace { session: SessionId::stored([9; 16]), ..place() },
            RowPlace { n: 9, ..place() },
            RowPlace { kind: 9, ..place() },
            RowPlace { turn: None, ..place() },
            RowPlace { at: 9, ..place() },
            RowPlace { previous: [9; 32], ..place() },
        ];
        for other in elsewhere {
            assert!(key.open(&other, &envelope).is_err(), "{other:?}");
            assert_ne!(other.link(&envelope), place().link(&envelope));
        }
        assert!(
            sealer(1).session(SessionId::stored([9; 16])).open(&place(), &envelope).is_err(),
            "another session's key"
        );
        assert!(sealer(2).session(place().session).open(&place(), &envelope).is_err(), "another data key");
    }

    #[test]
    fn a_head_opens_beside_its_own_columns_only() {
        let place = HeadPlace { session: SessionId::stored([2; 16]), workspace: [1; 16], updated: 3, trashed: None };
        let envelope = sealer(1).seal_head(&place, b"head").expect("sealed");
        assert_eq!(sealer(1).open_head(&place, &envelope).expect("opens").expose(), b"head");
        for other in [
            HeadPlace { session: SessionId::stored([9; 16]), ..place },
            HeadPlace { workspace: [9; 16], ..place },
            HeadPlace { updated: 9, ..place },
            HeadPlace { trashed: Some(0), ..place },
        ] {
            assert!(sealer(1).open_head(&other, &envelope).is_err(), "{other:?}");
            assert_ne!(sealer(1).print(&other, &envelope), sealer(1).print(&place, &envelope));
        }
        assert_ne!(sealer(2).print(&place, &envelope), sealer(1).print(&place, &envelope));
    }

    /// Conversations of years hang on these bytes: a change of labels or layout is a new format.
    #[test]
    fn labels_and_layout_are_as_documented() {
        let sealer = sealer(7);
        let id = SessionId::stored([2; 16]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&sealer.tag("/work")), "756e75a8f147c592dd3b075ead71efe3");
        assert_eq!(hex(&sealer.vouch(1)[..8]), "061ea5a256f108ff");
        assert_eq!(hex(&place().link(b"envelope")[..8]), "33b93a91372f92b3");
        let head = HeadPlace { session: id, workspace: [1; 16], updated: 3, trashed: Some(4) };
        assert_eq!(hex(&sealer.print(&head, b"envelope")[..8]), "afb58626e598ad79");
    }
}
