//! Vaults in folders of their own, made quickly: one is made with its passphrase, all others are copies of it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use aside_secret::Secret;
use aside_vault::{
    FileVault, Files, KeyName, NewKey, Origin, Passphrase, Recovery, RecoveryWords, Slot, Unlocked, VaultError,
};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";
pub(crate) const OTHER: &str = "seven purple otters juggle";
/// Some moment, in seconds since 1970.
pub(crate) const NOW: i64 = 1_760_000_000;

/// Names and values.
pub(crate) type Values = BTreeMap<String, String>;

pub(crate) fn passphrase(text: &str) -> Passphrase {
    Passphrase::parse(Secret::new(text.as_bytes().to_vec())).expect("a passphrase")
}

pub(crate) fn name(provider: &str) -> KeyName {
    KeyName::new(provider, Origin::of("https://api.example.com").expect("an address"))
}

pub(crate) fn key(provider: &str, value: &str) -> NewKey {
    NewKey { name: name(provider), slot: Slot::Current, value: Secret::new(value.as_bytes().to_vec()) }
}

pub(crate) fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// All that is in a vault.
pub(crate) fn all(vault: &Unlocked) -> Values {
    let one = |name: &KeyName, slot| {
        let value = vault.get(name, slot).expect("it is listed");
        (name.provider.clone(), String::from_utf8(value.expose().to_vec()).expect("text"))
    };
    vault.list().expect("listed").iter().map(|info| one(&info.name, info.slot)).collect()
}

/// A folder with what belongs to one vault. Removed when dropped.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    pub(crate) files: Files,
}

/// What the one vault that is made consists of.
struct Template {
    words: Vec<u8>,
    vault: Vec<u8>,
    anchor: Vec<u8>,
}

fn template() -> &'static Template {
    static MADE: OnceLock<Template> = OnceLock::new();
    MADE.get_or_init(|| {
        let home = Home::empty();
        let (vault, words) =
            FileVault::create(&home.files, &passphrase(PASSPHRASE), Recovery::Words, NOW).expect("made");
        vault.set(vec![key("anthropic", "sk-made-up-1"), key("openai", "sk-made-up-2")], NOW).expect("stored");
        Template {
            words: words.expect("wanted").words().expose().to_vec(),
            vault: fs::read(&home.files.vault).expect("written"),
            anchor: fs::read(&home.files.anchor).expect("written"),
        }
    })
}

/// What is in the vault of [`Home::new`].
pub(crate) fn first_values() -> Values {
    values(&[("anthropic", "sk-made-up-1"), ("openai", "sk-made-up-2")])
}

impl Home {
    /// A home without a vault.
    pub(crate) fn empty() -> Self {
        Self::beneath(&std::env::temp_dir())
    }

    fn beneath(parent: &Path) -> Self {
        let folder = tempfile::tempdir_in(parent).expect("a folder");
        let files = files(folder.path());
        Self { folder, files }
    }

    /// A home with a vault, where nothing was saved yet. [`words`] and [`PASSPHRASE`] open it.
    pub(crate) fn new() -> Self {
        let home = Self::empty();
        let Template { words, vault, anchor } = template();
        for folder in ["data", "state"] {
            fs::create_dir(home.at(folder)).expect("made");
            fs::set_permissions(home.at(folder), fs::Permissions::from_mode(0o700)).expect("a mode");
        }
        put(&home.files.vault, vault);
        put(&home.files.anchor, anchor);
        put(&home.at("words"), words);
        home
    }

    /// Somewhere in this home.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The vault, opened with its words.
    pub(crate) fn open(&self) -> Result<Unlocked, VaultError> {
        FileVault::unlock_with_words(&self.files, &words())
    }

    pub(crate) fn vault_bytes(&self) -> Vec<u8> {
        fs::read(&self.files.vault).expect("the vault is there")
    }

    /// The names of all files in this home.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.path(), self.path(), &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().expect("a kind").is_dir() {
            walk(root, &entry.path(), found);
        } else {
            found.push(entry.path().strip_prefix(root).expect("below").to_string_lossy().into_owned());
        }
    }
}

/// The files of a vault in a home.
pub(crate) fn files(home: &Path) -> Files {
    Files { keep: 3, ..Files::in_folders(&home.join("data"), &home.join("state")) }
}

/// A private file with these bytes.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// The words of the vault of [`Home::new`].
pub(crate) fn words() -> RecoveryWords {
    RecoveryWords::parse(Secret::new(template().words.clone())).expect("words")
}

/// This program, told to do one thing in a home; see `child`.
pub(crate) fn child(home: &Path, task: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("this program has a path");
    let home = home.to_string_lossy().into_owned();
    let mut line: Vec<String> =
        ["env", &format!("ASIDE_TEST_HOME={home}"), &format!("ASIDE_TEST_TASK={task}")].map(str::to_owned).into();
    line.push(program.to_string_lossy().into_owned());
    line.extend(["child::does_as_told", "--exact", "--ignored", "--nocapture", "--test-threads=1"].map(str::to_owned));
    line
}

/// A command from its words.
pub(crate) fn command(line: &[String]) -> Command {
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    command
}

/// Whether these programs are here; says so when the test is skipped.
pub(crate) fn has(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<_> =
        programs.iter().filter(|program| Command::new(program).arg("--version").output().is_err()).collect();
    if missing.is_empty() {
        return true;
    }
    skip(test, &format!("missing {missing:?}"));
    false
}

/// Says why a test is skipped; fails it where real parts are required.
fn skip(test: &str, reason: &str) {
    assert!(std::env::var_os("ASIDE_REQUIRE_REAL").is_none_or(|value| value != "1"), "{test}: {reason}");
    say_skipped(test, reason);
}

/// Says why a test is skipped that not every user can run.
pub(crate) fn say_skipped(test: &str, reason: &str) {
    // Not `eprintln!`: the test runner would keep that to itself.
    drop(std::io::stderr().write_all(format!("skipped: {test}: {reason}\n").as_bytes()));
}
