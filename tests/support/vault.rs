//! A vault file that is there before a test begins, and the answers that commands want about it.
//!
//! Making one takes two key derivations on purpose; it is made once for each test process and copied.

use std::{fs, os::unix::fs::DirBuilderExt, path::Path, sync::OnceLock};

use crate::{Finished, Home};

/// What opens the vault of [`Home::with_vault`].
pub const PASSPHRASE: &str = "plum anchor quiet violin harbor";
/// Another one that is strong enough.
pub const OTHER: &str = "seven grey lanterns above the quay";

/// A vault's two files and its recovery words.
struct Made {
    vault: Vec<u8>,
    anchor: Vec<u8>,
    words: String,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let home = Home::new();
        let done = home.answer(&["vault", "init"], &[PASSPHRASE]).expect_code(0);
        let read = |path: &str| fs::read(home.aside().join(path)).expect("the vault was made");
        Made { vault: read("data/vault.aside"), anchor: read("state/vault.anchor"), words: words_in(&done.stdout) }
    })
}

/// The recovery words of the vault of [`Home::with_vault`].
pub fn recovery_words() -> &'static str {
    &made().words
}

/// The recovery words in what a command printed: lines that begin with a number, without it.
pub fn words_in(output: &str) -> String {
    let numbered = |line: &str| {
        let mut words = line.split_whitespace();
        words.next()?.parse::<u32>().ok()?;
        Some(words.map(str::to_owned).collect::<Vec<_>>())
    };
    output.lines().filter_map(numbered).flatten().collect::<Vec<_>>().join(" ")
}

impl Home {
    /// Puts an empty vault into this home that [`PASSPHRASE`] opens; it is locked.
    #[must_use]
    pub fn with_vault(self) -> Self {
        let made = made();
        for (path, bytes) in [("data/vault.aside", &made.vault), ("state/vault.anchor", &made.anchor)] {
            let path = self.aside().join(path);
            private_folder(path.parent().expect("a file has a folder"));
            fs::write(&path, bytes).expect("the home is writable");
            close(&path);
        }
        self
    }

    /// The same, unlocked: an agent holds it, which ends with this home.
    #[must_use]
    pub fn with_open_vault(self) -> Self {
        let home = self.with_vault();
        home.unlock(PASSPHRASE);
        home
    }

    /// Unlocks the vault in a terminal.
    #[track_caller]
    pub fn unlock(&self, passphrase: &str) {
        self.answer(&["vault", "unlock"], &[passphrase]).expect_code(0);
    }

    /// Stores a key in a terminal.
    #[track_caller]
    pub fn store(&self, provider: &str, value: &str) {
        self.answer(&["secret", "set", provider], &[value]).expect_code(0);
    }

    /// Runs `aside` with one line of input for each question.
    pub fn answer(&self, arguments: &[&str], lines: &[&str]) -> Finished {
        self.run_with(arguments, lines.iter().map(|line| format!("{line}\n")).collect::<String>(), |_| {})
    }

    /// The vault's file.
    pub fn vault_file(&self) -> std::path::PathBuf {
        self.aside().join("data/vault.aside")
    }
}

fn private_folder(path: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).expect("the home is writable");
}

fn close(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
}
