//! What went wrong with the key of the conversations, told with the next step. Owns the sentences; decides nothing.

use std::{io, path::Path};

use aside_secret::NoRandomness;
use aside_sessions::{DataKey, KeyFault, KeyFaultKind, KeyId, KeyPlace};
use aside_storage::StorageError;
use aside_vault::{KeyError, audit::AuditError};

use super::format::NotKeys;

/// How a lost key comes back.
const RESTORE: &str = "bring it back from its recovery words: `aside session key restore`";

/// A fault of `place`, or of none.
pub(super) fn fault(
    kind: KeyFaultKind,
    place: impl Into<Option<KeyPlace>>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> KeyFault {
    KeyFault { kind, place: place.into(), message: message.into(), hint: hint.into() }
}

/// What became of the lock under which the key is made and moved, wherever it is kept.
pub(super) fn of_lock(error: &StorageError) -> KeyFault {
    KeyFault { place: None, ..of_file(error) }
}

/// What became of the key file or its folder.
pub(super) fn of_file(error: &StorageError) -> KeyFault {
    let kind = match error {
        StorageError::WrongKind { .. } | StorageError::TooLarge { .. } => KeyFaultKind::Damaged,
        StorageError::Symlink { .. }
        | StorageError::ForeignOwner { .. }
        | StorageError::HardLinked { .. }
        | StorageError::OpenToOthers { .. }
        | StorageError::OpenFolder { .. }
        | StorageError::Exists { .. } => KeyFaultKind::Denied,
        StorageError::LockUnsupported { .. } => KeyFaultKind::ReadOnly,
        StorageError::LockBusy { .. } => KeyFaultKind::Unavailable,
        StorageError::Io { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => KeyFaultKind::Denied,
            io::ErrorKind::ReadOnlyFilesystem => KeyFaultKind::ReadOnly,
            _ => KeyFaultKind::Unavailable,
        },
    };
    let hint = match kind {
        KeyFaultKind::Damaged => format!("{RESTORE}; what is there is kept beside it"),
        _ => error.hint(),
    };
    fault(kind, KeyPlace::File, format!("the key of the conversations: {error}"), hint)
}

/// A key file that holds something else.
pub(super) fn damaged_file(path: &Path, not_keys: NotKeys) -> KeyFault {
    let message = format!("the key file `{}` {not_keys}", path.display());
    fault(KeyFaultKind::Damaged, KeyPlace::File, message, format!("{RESTORE}; what is there is kept beside it"))
}

/// A stored value that is something else.
pub(super) fn damaged_value(place: KeyPlace, not_keys: NotKeys) -> KeyFault {
    let message = format!("the key of the conversations in the {} {not_keys}", place.name());
    fault(KeyFaultKind::Damaged, place, message, format!("{RESTORE}; what is there is kept beside it"))
}

/// What became of the key in the keyring or the vault. What is missing is told, too: the caller knows whether that is a fault.
pub(super) fn of_store(place: KeyPlace, error: &KeyError) -> KeyFault {
    let (kind, hint) = match error {
        KeyError::Missing { .. } | KeyError::Elsewhere { .. } => (KeyFaultKind::Missing, RESTORE.to_owned()),
        KeyError::Locked { .. } => (KeyFaultKind::Locked, "unlock the keyring and try again".to_owned()),
        KeyError::Timeout { .. } => (
            KeyFaultKind::Locked,
            "answer the keyring's question for its password if there is one, and try again".to_owned(),
        ),
        KeyError::Unattended { .. } => (KeyFaultKind::Locked, "ask for it yourself".to_owned()),
        KeyError::GateLocked { .. } | KeyError::VaultLocked { .. } => (KeyFaultKind::Locked, error.hint()),
        KeyError::Refused(refusal) => (refused(&refusal.code), error.hint()),
        KeyError::Absent { .. } | KeyError::Unavailable { .. } => (
            KeyFaultKind::Unavailable,
            format!("start or mend the keyring; if it is gone for good, set `sessions.key = \"file\"` and {RESTORE}"),
        ),
        KeyError::ReadOnly { .. } => (KeyFaultKind::ReadOnly, error.hint()),
        KeyError::Occupied { .. } => (KeyFaultKind::Denied, "nothing was changed; try again".to_owned()),
        KeyError::Unusable { .. } | KeyError::Command { .. } => {
            (KeyFaultKind::Damaged, format!("look at it with the keyring's own tools, and {RESTORE}"))
        }
    };
    let message = match error {
        KeyError::GateLocked { .. } | KeyError::VaultLocked { .. } | KeyError::Locked { .. } => {
            format!("the key of the conversations cannot be read: {error}")
        }
        _ => error.to_string(),
    };
    fault(kind, place, message, hint)
}

/// What a refusal of the vault means.
fn refused(code: &str) -> KeyFaultKind {
    match code {
        "vault-damaged" | "vault-altered" => KeyFaultKind::Damaged,
        "vault-denied" | "vault-unsafe-file" => KeyFaultKind::Denied,
        "vault-read-only" | "vault-lock-unavailable" => KeyFaultKind::ReadOnly,
        "vault-key-changed" => KeyFaultKind::Locked,
        _ => KeyFaultKind::Unavailable,
    }
}

/// It has to be recorded and cannot be.
pub(super) fn unrecorded(error: &AuditError) -> KeyFault {
    let message = format!("the key of the conversations was not touched, because that cannot be recorded: {error}");
    fault(KeyFaultKind::Unavailable, None, message, error.hint())
}

/// It is not in the key file at `file`, and another place cannot be looked into, for the reason of `other`.
pub(super) fn not_found(file: &Path, other: KeyFault) -> KeyFault {
    let message =
        format!("the key of the conversations is not in `{}`, and elsewhere: {}", file.display(), other.message);
    KeyFault { message, ..other }
}

/// There is no vault file.
pub(super) fn no_vault() -> KeyFault {
    let message = "the key of the conversations belongs into the vault, and there is none";
    let hint = "make one with `aside vault init`, or set `sessions.key` to another place";
    fault(KeyFaultKind::Unavailable, KeyPlace::Vault, message, hint)
}

/// There is a vault file, and the settings leave it out.
pub(super) fn vault_left_out() -> KeyFault {
    let message = "the key of the conversations may be in the vault, which `vault.backend = \"keyring\"` leaves out";
    let hint = "set `vault.backend` to \"auto\" or \"file\"; or choose another place with `sessions.key`";
    fault(KeyFaultKind::Unavailable, KeyPlace::Vault, message, hint)
}

/// The settings say another place than the one where there is a key file.
pub(super) fn elsewhere(setting: KeyPlace) -> KeyFault {
    let message =
        format!("the key of the conversations is in its file, and `sessions.key` says `{}`", setting.as_str());
    let hint =
        format!("`aside session key move {}` takes it there, or set `sessions.key = \"file\"`", setting.as_str());
    fault(KeyFaultKind::Missing, setting, message, hint)
}

/// The settings say another place than the one that is wanted.
pub(super) fn not_the_place(setting: KeyPlace, wanted: KeyPlace) -> KeyFault {
    let (setting, name) = (setting.as_str(), wanted.name());
    let message = format!("`sessions.key` is `{setting}`: a key in the {name} would not be found");
    let hint = format!("set `sessions.key` to \"{}\" or \"auto\" first", wanted.as_str());
    fault(KeyFaultKind::Denied, wanted, message, hint)
}

/// No key is kept.
pub(super) fn nowhere(place: KeyPlace) -> KeyFault {
    fault(KeyFaultKind::Missing, place, "no key of conversations is kept", format!("if there was one, {RESTORE}"))
}

/// What was stored does not read back.
pub(super) fn not_read_back(place: KeyPlace) -> KeyFault {
    let message = format!("the {} does not give back the key that was just stored in it", place.name());
    fault(KeyFaultKind::Unavailable, place, message, "try again; `aside doctor` looks at the place")
}

/// Another key is kept than the one that is to be.
pub(super) fn another(place: KeyPlace, kept: &[DataKey], wanted: &[DataKey]) -> KeyFault {
    let message = format!(
        "the {} keeps another key: {} is there, and {} was to be; nothing was changed",
        place.name(),
        ids(kept.iter().map(DataKey::id)),
        ids(wanted.iter().map(DataKey::id))
    );
    fault(KeyFaultKind::Denied, place, message, "`aside session key status` tells which key is in use")
}

/// There is no room for the damaged value.
pub(super) fn no_room(place: KeyPlace) -> KeyFault {
    let message = format!("the {} holds a damaged key, and an earlier one that was kept", place.name());
    let hint = "nothing is deleted: look at both with the keyring's own tools, and remove the one that is of no use";
    fault(KeyFaultKind::Damaged, place, message, hint)
}

/// The system gives no random bytes.
pub(super) fn no_random(error: &NoRandomness) -> KeyFault {
    let message = format!("no key of conversations can be made: {error}");
    fault(KeyFaultKind::Unavailable, None, message, "close other programs and try again")
}

/// A program error that must not become a lost key.
pub(super) fn not_so_many(count: usize) -> KeyFault {
    let message = format!("{count} keys of conversations cannot be kept at once");
    fault(KeyFaultKind::ReadOnly, None, message, "nothing was changed")
}

fn ids(keys: impl Iterator<Item = KeyId>) -> String {
    keys.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}
