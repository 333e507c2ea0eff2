//! Something else in the place of the vault: refused by what it is, never followed, never waited for.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use aside_vault::{FileVault, Note, Slot, VaultError};
use rustix::fs::{CWD, FileType, mknodat};

use crate::kit::{Home, NOW, all, first_values, key, name, put, say_skipped, words};

/// Every door to the vault, and what it says.
fn doors(home: &Home) -> Vec<VaultError> {
    let bytes = Home::new().vault_bytes();
    [
        FileVault::peek(&home.files).map(drop),
        home.open().map(drop),
        FileVault::accept_rollback(&home.files, &words()).map(drop),
        FileVault::restore(&home.files, &bytes, &words()).map(drop),
    ]
    .map(|result| result.expect_err("refused"))
    .into()
}

fn place(path: &Path, target: &Path, what: &str) {
    match what {
        "a symbolic link" => symlink(target, path).expect("linked"),
        "a dangling link" => symlink("nowhere", path).expect("linked"),
        "a hard link" => fs::hard_link(target, path).expect("linked"),
        "a folder" => fs::create_dir(path).expect("made"),
        "a pipe" => mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).expect("made"),
        _ => drop(std::os::unix::net::UnixListener::bind(path).expect("bound")),
    }
}

#[test]
fn what_is_not_plainly_the_users_own_file_is_refused_and_not_followed() {
    for (what, sentence) in [
        ("a symbolic link", "is a symbolic link"),
        ("a dangling link", "is a symbolic link"),
        ("a hard link", "has 2 names"),
        ("a folder", "is not a file"),
        ("a pipe", "is not a file"),
        ("a socket", "is not a file"),
    ] {
        let home = Home::new();
        let target = home.at("target");
        fs::rename(&home.files.vault, &target).expect("moved");
        let before = fs::read(&target).expect("read");
        place(&home.files.vault, &target, what);
        let start = Instant::now();
        for error in doors(&home) {
            assert!(error.to_string().contains(sentence), "{what}: {error}");
            assert_eq!(error.code(), if what == "a socket" { error.code() } else { "vault-unsafe-file" }, "{what}");
            assert!(error.hint().contains("vault.aside"), "{what}: {}", error.hint());
        }
        assert!(start.elapsed() < Duration::from_secs(2), "{what}: nobody waits");
        assert_eq!(fs::read(&target).expect("read"), before, "{what}");
    }
}

#[test]
fn a_link_in_the_place_of_the_anchor_the_lock_or_a_backup_is_not_followed() {
    for what in ["a symbolic link", "a hard link"] {
        let home = Home::new();
        let vault = home.open().expect("opened");
        let target = home.at("precious");
        put(&target, b"precious");
        fs::remove_file(&home.files.lock).ok();
        place(&home.files.lock, &target, what);
        assert_eq!(vault.set(vec![key("a", "b")], NOW).expect_err("refused").code(), "vault-unsafe-file", "{what}");
        fs::remove_file(&home.files.lock).expect("removed");
        let generation = vault.generation().expect("read");
        fs::create_dir(&home.files.backups).expect("made");
        let backup = home.files.backups.join(format!("auto-{generation:020}.aside"));
        place(&backup, &target, what);
        assert_eq!(vault.set(vec![key("a", "b")], NOW).expect_err("refused").code(), "vault-unsafe-file", "{what}");
        fs::remove_file(&backup).expect("removed");
        fs::remove_file(&home.files.anchor).expect("removed");
        place(&home.files.anchor, &target, what);
        assert_eq!(home.open().expect_err("refused").code(), "vault-unsafe-file", "{what}");
        assert_eq!(fs::read(&target).expect("read"), b"precious", "{what}");
        assert_eq!(all(&vault), first_values(), "{what}");
    }
}

#[test]
fn a_vault_that_others_could_read_is_closed_to_them_and_told() {
    let home = Home::new();
    fs::set_permissions(&home.files.vault, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert_eq!(home.open().expect("opened").notes(), [Note::ClosedToOthers]);
    let mode = fs::metadata(&home.files.vault).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(home.open().expect("opened").notes(), []);
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    for mode in [0o777, 0o720, 0o1777] {
        fs::set_permissions(home.at("data"), fs::Permissions::from_mode(mode)).expect("a mode");
        for result in [home.open().map(drop), vault.set(vec![key("a", "b")], NOW)] {
            let error = result.expect_err("refused");
            assert!(error.to_string().contains("can be written by other users"), "{mode:o}: {error}");
            assert!(error.hint().contains("chmod go-w"), "{}", error.hint());
        }
    }
    fs::set_permissions(home.at("data"), fs::Permissions::from_mode(0o755)).expect("a mode");
    home.open().expect("others may look at the names");
}

#[test]
fn another_users_vault_is_refused() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    if std::os::unix::fs::chown(&home.files.vault, Some(12_345), None).is_err() {
        return say_skipped("another user's vault", "only root can give a file away");
    }
    for error in doors(&home) {
        assert!(error.to_string().contains("belongs to user 12345"), "{error}");
    }
    vault.set(vec![key("a", "b")], NOW).expect_err("refused");
    std::os::unix::fs::chown(&home.files.vault, Some(0), None).expect("given back");
    std::os::unix::fs::chown(home.at("data"), Some(12_345), None).expect("given away");
    assert!(home.open().expect_err("refused").to_string().contains("belongs to user 12345"));
}

#[test]
fn a_file_larger_than_any_vault_is_not_read() {
    let home = Home::new();
    let file = fs::File::create(&home.files.vault).expect("made");
    file.set_len(200 << 30).expect("sparse");
    drop(file);
    let start = Instant::now();
    for error in doors(&home) {
        assert_eq!(error.code(), "vault-too-large");
    }
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_thousand_swaps_while_it_is_read_give_no_wrong_value() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let good = home.vault_bytes();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let foreign = Home::new();
    foreign.open().expect("opened").set(vec![key("openai", "sk-foreign")], NOW).expect("stored");
    put(&home.at("other"), &foreign.vault_bytes());
    let done = AtomicBool::new(false);
    let (mut right, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let next = home.at("data/next");
            for round in 0..1_000 {
                match round % 5 {
                    1 => symlink(home.at("other"), &next).expect("linked"),
                    2 => place(&next, &next, "a pipe"),
                    3 => put(&next, &flipped),
                    4 => put(&next, &good[..good.len() - 40]),
                    _ => put(&next, &good),
                }
                fs::rename(&next, &home.files.vault).expect("swapped");
            }
            put(&next, &good);
            fs::rename(&next, &home.files.vault).expect("swapped");
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            match vault.get(&name("openai"), Slot::Current) {
                Ok(value) => {
                    assert_eq!(value.expose(), b"sk-made-up-2", "only ever its own value");
                    right += 1;
                }
                Err(error) => {
                    let known = ["vault-unsafe-file", "vault-damaged", "vault-disk", "vault-not-there"];
                    assert!(known.contains(&error.code()), "{}: {error}", error.code());
                    refused += 1;
                }
            }
        }
    });
    println!("1,001 swaps: {right} right reads, {refused} refused");
    assert!(right > 0 && refused > 0);
    assert_eq!(all(&vault), first_values());
}
