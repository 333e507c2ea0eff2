//! Where keys are kept by the settings in force: the keyring of the system, or the vault file by way of its agent.

use std::{
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::Duration,
};

use aside_config::{Backend, SessionKey, Settings};
use aside_secret::Secret;
use aside_vault::{
    AgentClient, AgentStore, By, FileVault, Files, KeyError, KeyName, KeyRing, KeyStore, Moment, Patience, Policy,
    Reopen, Slot,
};

use super::reopen;

/// The file that says that a person unlocked the keys, for processes that start soon after.
const UNLOCKED: &str = "unlocked";

/// Where keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In the operating system's keyring.
    Keyring,
    /// In the vault file.
    File,
}

impl Kept {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "vault",
        }
    }

    /// The word for it in settings and protocols.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

/// What the settings say about keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeySettings {
    backend: Backend,
    policy: Policy,
    keyring_timeout: Duration,
    backups: usize,
    session_key: SessionKey,
    /// Where each provider's key comes from and goes to: when it changes, kept keys are read again.
    providers: Vec<(String, String, String)>,
}

impl KeySettings {
    /// What `settings` say.
    pub(crate) fn of(settings: &Settings) -> Self {
        let vault = &settings.vault;
        let source = |(name, provider): (&String, &aside_config::Provider)| {
            (name.clone(), provider.base_url.clone(), provider.key.to_string())
        };
        Self {
            backend: vault.backend,
            policy: Policy { idle: vault.idle_lock, absolute: vault.absolute_lock, reopen: reopen(vault.unlock) },
            keyring_timeout: settings.keyring.timeout,
            backups: vault.backups as usize,
            session_key: settings.sessions.key,
            providers: settings.providers.iter().map(source).collect(),
        }
    }
}

/// The places where keys are kept.
pub(crate) struct KeyPlace {
    settings: RwLock<KeySettings>,
    ring: KeyRing,
    agent: AgentClient,
    store: AgentStore,
    /// Where sockets lie: the first is where this process puts its own, all are looked into.
    folders: Vec<PathBuf>,
    files: Files,
}

impl KeyPlace {
    /// The places by `settings`; `folders` are those of sockets, this process's own first; `files` those of the vault.
    pub(crate) fn new(settings: KeySettings, folders: Vec<PathBuf>, files: Files) -> Self {
        let agent = AgentClient::new(&folders);
        Self {
            ring: KeyRing::new(settings.keyring_timeout),
            store: AgentStore::new(agent.clone()),
            settings: RwLock::new(settings),
            agent,
            folders,
            files,
        }
    }

    /// Other settings from now on. Gives whether keys may come from elsewhere now.
    pub(crate) fn set(&self, settings: KeySettings) -> bool {
        let mut now = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        let changed = now.backend != settings.backend || now.providers != settings.providers;
        *now = settings;
        changed
    }

    /// Where keys are kept now: where the settings say, or by default in the vault file once there is one.
    pub(crate) fn kept(&self) -> Kept {
        match self.settings.read().unwrap_or_else(PoisonError::into_inner).backend {
            Backend::Keyring => Kept::Keyring,
            Backend::File => Kept::File,
            Backend::Auto if self.vault_exists() => Kept::File,
            Backend::Auto => Kept::Keyring,
        }
    }

    /// Where the key of the conversations is kept by the settings.
    pub(crate) fn session_key(&self) -> SessionKey {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).session_key
    }

    /// The rules of the lock. A locked vault file is opened by its passphrase only, whatever the settings say.
    pub(crate) fn policy(&self) -> Policy {
        let policy = self.settings.read().unwrap_or_else(PoisonError::into_inner).policy;
        match self.kept() {
            Kept::File => Policy { reopen: Reopen::Explicit, ..policy },
            Kept::Keyring => policy,
        }
    }

    /// Whether a process that starts now may use keys at once: unless they are to be unlocked explicitly, or were a moment ago.
    pub(crate) fn starts_open(&self) -> bool {
        let policy = self.policy();
        match (self.kept(), policy.reopen) {
            // The vault is asked at the first use.
            (Kept::File, _) | (_, Reopen::OnUse) => true,
            (Kept::Keyring, Reopen::Explicit) => unlocked_since(&self.marker()).is_some_and(|age| age < policy.idle),
        }
    }

    /// Leaves word that a person unlocked the keys now.
    pub(crate) fn leave_unlocked(&self) -> Result<(), aside_storage::StorageError> {
        aside_storage::private::ensure_dir(self.runtime())?;
        let Moment { boot, awake } = aside_vault::now();
        let moment = format!("{} {} {}\n", boot_id(), boot.as_millis(), awake.as_millis());
        aside_storage::private::write_atomic(&self.marker(), moment.as_bytes())
    }

    /// Takes that word back.
    pub(crate) fn leave_locked(&self) -> Result<(), aside_storage::StorageError> {
        aside_storage::private::remove(&self.marker()).map(drop)
    }

    /// The stored value of `name`.
    pub(crate) async fn stored(
        &self,
        name: &KeyName,
        slot: Slot,
        by: By,
        patience: Patience,
    ) -> Result<Secret, KeyError> {
        match self.kept() {
            Kept::Keyring => KeyStore::get(&self.ring, name, slot, patience).await,
            Kept::File => self.store.get_by(name, slot, by).await,
        }
    }

    /// The place where keys are kept now.
    pub(crate) fn store(&self) -> &dyn KeyStore {
        self.store_of(self.kept())
    }

    /// One of the two places.
    pub(crate) fn store_of(&self, kept: Kept) -> &dyn KeyStore {
        match kept {
            Kept::Keyring => &self.ring,
            Kept::File => &self.store,
        }
    }

    /// The keyring.
    pub(crate) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The vault file.
    pub(crate) fn vault(&self) -> &AgentStore {
        &self.store
    }

    /// The agent.
    pub(crate) fn agent(&self) -> &AgentClient {
        &self.agent
    }

    /// Whether an agent holds the vault open.
    pub(crate) async fn agent_is_open(&self) -> bool {
        self.agent.status().await.is_ok_and(|status| status.locked.is_none())
    }

    /// The folder in which this process's socket lies.
    pub(crate) fn runtime(&self) -> &Path {
        self.folders.first().map_or(Path::new("."), PathBuf::as_path)
    }

    /// All folders in which sockets of this user's processes lie.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Whether anything stands where the vault belongs. What cannot be told counts as something: it must not be passed over.
    pub(crate) fn vault_exists(&self) -> bool {
        FileVault::exists(&self.files).unwrap_or(true)
    }

    /// The vault's files, with as many older states kept as the settings say.
    pub(crate) fn files(&self) -> Files {
        let keep = self.settings.read().unwrap_or_else(PoisonError::into_inner).backups;
        Files { keep, ..self.files.clone() }
    }

    fn marker(&self) -> PathBuf {
        self.runtime().join(UNLOCKED)
    }
}

/// How long ago that word was left, in this boot of the machine and without a sleep since.
fn unlocked_since(marker: &Path) -> Option<Duration> {
    let text = aside_storage::private::read(marker, 256).ok()??;
    unlocked_for(&String::from_utf8(text).ok()?, &boot_id(), aside_vault::now())
}

fn unlocked_for(word: &str, boot_now: &str, now: Moment) -> Option<Duration> {
    let mut parts = word.split_ascii_whitespace();
    let boot_then = parts.next()?;
    let mut time = || Some(Duration::from_millis(parts.next()?.parse().ok()?));
    let then = Moment { boot: time()?, awake: time()? };
    if boot_then != boot_now || now.slept_since(then) {
        return None;
    }
    now.boot.checked_sub(then.boot)
}

/// What tells one start of the machine from another; the same always where the platform does not tell.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| "-".to_owned(), |id| id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: u64, awake: u64) -> Moment {
        Moment { boot: Duration::from_secs(boot), awake: Duration::from_secs(awake) }
    }

    #[test]
    fn an_unlocking_counts_in_its_own_boot_until_the_machine_sleeps() {
        let word = "boot-1 100000 90000\n";
        assert_eq!(unlocked_for(word, "boot-1", at(160, 150)), Some(Duration::from_secs(60)));
        assert_eq!(unlocked_for(word, "boot-2", at(160, 150)), None, "another boot");
        assert_eq!(unlocked_for(word, "boot-1", at(160, 100)), None, "it slept");
        assert_eq!(unlocked_for(word, "boot-1", at(60, 50)), None, "written in the future");
        for broken in ["", "boot-1", "boot-1 1", "boot-1 x y", "boot-1 1 y"] {
            assert_eq!(unlocked_for(broken, "boot-1", at(160, 150)), None, "{broken:?}");
        }
    }
}
