//! What the other tests have done in a process of its own.

use std::{io::Write as _, path::Path};

use aside_secret::Secret;
use aside_vault::{FileVault, RecoveryWords, Unlocked, VaultError};

use crate::{
    kit::{NOW, OTHER, PASSPHRASE, files, key, name, passphrase},
    many,
};

/// Marks the begin of what is asked in a trace of system calls.
pub(crate) const BEGIN: &str = "/nonexistent/aside-vault-begins";

#[test]
#[ignore = "the child of the other tests"]
fn does_as_told() {
    let variable = |name: &str| std::env::var(name).expect("told by the parent");
    let (home, task) = (variable("ASIDE_TEST_HOME"), variable("ASIDE_TEST_TASK"));
    let result = run(Path::new(&home), &task);
    println!("\nANSWER {}", result.map_or_else(|error| format!("{}: {error}", error.code()), |()| "done".to_owned()));
}

fn run(home: &Path, task: &str) -> Result<(), VaultError> {
    let files = files(home);
    let words = std::fs::read(home.join("words")).expect("the words are in the home");
    let words = RecoveryWords::parse(Secret::new(words)).expect("words");
    let open = || FileVault::unlock_with_words(&files, &words);
    if let Some(number) = task.strip_prefix("many ") {
        many::work(&files, &open()?, number.parse().expect("a number"));
        return Ok(());
    }
    if task == "restore" {
        let backup = files.backups()?.pop().expect("a backup");
        begin();
        return FileVault::restore(&files, &backup.read()?, &words).map(drop);
    }
    if task == "unlock" {
        return FileVault::unlock(&files, &passphrase(PASSPHRASE)).map(drop);
    }
    let vault = open()?;
    begin();
    change(&vault, task, &words)
}

fn change(vault: &Unlocked, task: &str, words: &RecoveryWords) -> Result<(), VaultError> {
    match task {
        "get" => vault.get(&name("openai"), aside_vault::Slot::Current).map(drop),
        "set" => vault.set(vec![key("mistral", "sk-new-1"), key("openai", "sk-new-2")], NOW),
        "set large" => vault.set((0..40).map(|number| key(&format!("n{number}"), &"x".repeat(4_000))).collect(), NOW),
        "delete" => vault.delete(&name("openai"), aside_vault::Slot::Current),
        "passphrase" => vault.change_passphrase(words, &passphrase(OTHER)).map(drop),
        "rekey" => vault.rekey(&passphrase(PASSPHRASE)).map(drop),
        "clear" => vault.clear(&passphrase(PASSPHRASE), NOW).map(drop),
        other => panic!("{other}"),
    }
}

/// Before the task begins, this thread makes every call more often than the program's first thread does in all: `strace` counts
/// for each thread, and kills whichever comes to the number.
fn begin() {
    let nothing = Path::new("/nonexistent/aside-nothing");
    let mut file = tempfile::tempfile().expect("a file without a name");
    let mode = file.metadata().expect("it is open").permissions();
    for _ in 0..100 {
        std::fs::File::open(nothing).expect_err("nothing is there");
        std::fs::rename(nothing, nothing).expect_err("nothing is there");
        std::fs::remove_file(nothing).expect_err("nothing is there");
        file.write_all(b"x").expect("written");
        file.sync_all().expect("written");
        file.sync_data().expect("written");
        file.set_len(0).expect("cut");
        file.set_permissions(mode.clone()).expect("a mode");
        // Where there are no locks, that is for the task to meet.
        drop(file.lock());
    }
    std::fs::File::open(BEGIN).expect_err("nothing is there");
}
