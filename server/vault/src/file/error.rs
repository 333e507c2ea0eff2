//! How the vault file fails. Owns one vocabulary: each variant is something the caller or a person does differently. No message
//! holds a value or a passphrase.

use std::{io, path::PathBuf};

use aside_storage::{
    StorageError,
    sealed::{KdfError, SealError},
};

use super::format::Broken;
use crate::{BadPassphrase, KeyName};

/// Why the vault did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no vault.
    #[error("there is no vault at `{path}`", path = path.display())]
    NotThere {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Something is there already, a vault or not.
    #[error("`{path}` exists already", path = path.display())]
    AlreadyThere {
        /// Where.
        path: PathBuf,
    },
    /// The passphrase or the recovery words open nothing: they are others, or the header's wrapped key was changed.
    #[error("the passphrase or the recovery words do not open the vault")]
    WrongPassphrase,
    /// The vault has no recovery words.
    #[error("this vault has no recovery words")]
    NoRecovery,
    /// The text cannot be a passphrase, or is too weak to be a new one.
    #[error("{0}")]
    BadPassphrase(#[from] BadPassphrase),
    /// The bytes of the file were changed by accident.
    #[error("the vault file is damaged: {what}")]
    Damaged {
        /// The rest of the sentence.
        what: &'static str,
    },
    /// Somebody changed the file: its checksum fits, what it seals does not.
    #[error("the vault file was altered: {what}")]
    Altered {
        /// The rest of the sentence.
        what: &'static str,
    },
    /// A later version wrote it.
    #[error("the vault file has format {version}, which this version of Aside does not know")]
    Newer {
        /// The file's format.
        version: u16,
    },
    /// The file asks for a key derivation that is too weak or too expensive.
    #[error("the vault file's key derivation is refused: {0}")]
    KdfRefused(#[from] KdfError),
    /// An older state of the vault stands in its place.
    #[error("the vault file is older than it was: generation {found}, where {expected} was written before")]
    RolledBack {
        /// The file's generation.
        found: u64,
        /// The newest known.
        expected: u64,
    },
    /// What remembers the newest generation is unusable.
    #[error("`{path}`, which remembers the vault's newest state, is damaged", path = path.display())]
    AnchorDamaged {
        /// Which file.
        path: PathBuf,
    },
    /// The vault has another data key than it was unlocked with: it was re-keyed, cleared or restored meanwhile.
    #[error("the vault has a new key since it was unlocked")]
    KeyChanged,
    /// Nothing is stored under this name.
    #[error("the key of {name} in the vault does not exist")]
    NoKey {
        /// Which key.
        name: KeyName,
    },
    /// Something is stored under this name already, and was to be kept.
    #[error("the key of {name} in the vault exists already")]
    Occupied {
        /// Which key.
        name: KeyName,
    },
    /// More than a vault takes.
    #[error("{what}")]
    TooLarge {
        /// What is too large, and how large it may be: a whole sentence.
        what: &'static str,
    },
    /// Another process kept the vault locked all the time.
    #[error("the vault is being changed by another process: {0}")]
    LockBusy(#[source] StorageError),
    /// The file system has no locks: the vault can be read, not changed.
    #[error("the vault cannot be changed where it lies: {0}")]
    LockUnavailable(#[source] StorageError),
    /// The system gives no random bytes or no memory for a key.
    #[error("no key can be made: {0}")]
    NoRandom(String),
    /// The file or its folder cannot be used.
    #[error("{0}")]
    Storage(#[source] StorageError),
}

impl VaultError {
    /// A short name of the kind, which never changes: for logs, JSON and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotThere { .. } => "vault-not-there",
            Self::AlreadyThere { .. } => "vault-already-there",
            Self::WrongPassphrase => "vault-wrong-passphrase",
            Self::NoRecovery => "vault-no-recovery",
            Self::BadPassphrase(_) => "vault-bad-passphrase",
            Self::Damaged { .. } => "vault-damaged",
            Self::Altered { .. } => "vault-altered",
            Self::Newer { .. } => "vault-newer",
            Self::KdfRefused(_) => "vault-kdf-refused",
            Self::RolledBack { .. } => "vault-rolled-back",
            Self::AnchorDamaged { .. } => "vault-anchor-damaged",
            Self::KeyChanged => "vault-key-changed",
            Self::NoKey { .. } => "vault-no-key",
            Self::Occupied { .. } => "vault-key-already-there",
            Self::TooLarge { .. } => "vault-too-large",
            Self::LockBusy(_) => "vault-lock-busy",
            Self::LockUnavailable(_) => "vault-lock-unavailable",
            Self::NoRandom(_) => "vault-no-random",
            Self::Storage(StorageError::TooLarge { .. }) => "vault-too-large",
            Self::Storage(error) => match error.io().map(io::Error::kind) {
                Some(io::ErrorKind::ReadOnlyFilesystem) => "vault-read-only",
                Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => "vault-disk-full",
                Some(io::ErrorKind::PermissionDenied) => "vault-denied",
                Some(_) => "vault-disk",
                None => "vault-unsafe-file",
            },
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        let fixed = match self {
            Self::NotThere { .. } => {
                "make one with: aside vault init; or bring a backup back with: aside vault restore FILE"
            }
            Self::AlreadyThere { .. } => "unlock it with: aside vault unlock",
            Self::WrongPassphrase => {
                "try again with: aside vault unlock; if it is forgotten: aside vault unlock --recovery"
            }
            Self::NoRecovery => "unlock it with its passphrase: aside vault unlock",
            Self::BadPassphrase(error) => return error.hint(),
            Self::Damaged { .. } | Self::Altered { .. } => "bring back the last good state with: aside vault restore",
            Self::Newer { .. } => "update Aside, or bring back an older state with: aside vault restore",
            Self::KdfRefused(_) => "bring back a state of your own with: aside vault restore",
            Self::RolledBack { .. } | Self::AnchorDamaged { .. } => {
                "if you put this file there yourself, say so with: aside vault unlock --accept-older; \
                 if not, bring back the last good state with: aside vault restore"
            }
            Self::KeyChanged => "unlock it again with: aside vault unlock",
            Self::NoKey { name } => return format!("store it with: aside secret set {}", name.provider),
            Self::Occupied { .. } => "use what is there, or remove it first",
            Self::TooLarge { .. } => "remove what is no longer used with: aside secret delete",
            Self::NoRandom(_) => "close other programs and try again",
            Self::LockBusy(error) | Self::LockUnavailable(error) | Self::Storage(error) => return error.hint(),
        };
        fixed.to_owned()
    }
}

/// Equal when a person would be told the same.
impl PartialEq for VaultError {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.to_string() == other.to_string()
    }
}

impl Eq for VaultError {}

impl From<StorageError> for VaultError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::LockBusy { .. } => Self::LockBusy(error),
            StorageError::LockUnsupported { .. } => Self::LockUnavailable(error),
            error => Self::Storage(error),
        }
    }
}

impl From<Broken> for VaultError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Damaged(what) => Self::Damaged { what },
            Broken::Altered(what) => Self::Altered { what },
            Broken::Newer(version) => Self::Newer { version },
        }
    }
}

impl From<SealError> for VaultError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandom => Self::NoRandom(error.to_string()),
            SealError::TooLong => Self::TooLarge { what: "there is too much to seal at once" },
        }
    }
}
