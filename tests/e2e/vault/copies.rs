//! Copies of the vault: written with their own passphrase, brought back here or elsewhere; and a file that is older, damaged or
//! something else.

use std::{fs, os::unix::fs::PermissionsExt as _};

use aside_test_support::{
    Home,
    vault::{OTHER, PASSPHRASE},
};

use super::{KEY, NEW_KEY, providers, refused, stored_files};

fn filled() -> Home {
    let home = Home::new().with_open_vault();
    home.store("openai", KEY);
    home
}

#[test]
fn a_backup_with_its_own_passphrase_is_restored_on_another_machine() {
    let home = filled();
    let file = home.path("keys.backup");
    let name = file.display().to_string();
    let done = home.answer(&["vault", "backup", &name], &[PASSPHRASE, OTHER]).expect_code(0);
    assert!(done.stdout.contains(&name), "{}", done.stdout);
    let bytes = fs::read(&file).expect("it was written");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    refused(home.answer(&["vault", "backup", &name], &[PASSPHRASE, OTHER]), 2, "exists already");
    assert_eq!(fs::read(&file).expect("a file"), bytes, "nothing was overwritten");
    refused(home.answer(&["vault", "backup", "no/such/folder"], &[PASSPHRASE, OTHER]), 1, "no/such");

    let elsewhere = Home::new();
    refused(elsewhere.answer(&["vault", "restore", &name, "--dry-run"], &[PASSPHRASE]), 3, "do not open the vault");
    let planned = elsewhere.answer(&["vault", "restore", &name, "--dry-run"], &[OTHER]).expect_code(0).stdout;
    for part in ["is whole: 1 keys", "`openai` for `https://api.openai.com:443`", "nothing was changed"] {
        assert!(planned.contains(part), "`{part}` is missing: {planned}");
    }
    refused(elsewhere.answer(&["vault", "restore", &name], &[OTHER, "no"]), 1, "not confirmed");
    assert!(stored_files(&elsewhere).is_empty() && elsewhere.agent().is_none(), "nothing was made");
    elsewhere.answer(&["vault", "restore", &name], &[OTHER, "restore"]).expect_code(0);
    assert_eq!(providers(&elsewhere), ["openai"]);
    elsewhere.run(&["vault", "lock"]).expect_code(0);
    elsewhere.unlock(OTHER);
    // The one at home is as it was.
    home.run(&["vault", "lock"]).expect_code(0);
    home.unlock(PASSPHRASE);
}

#[test]
fn what_would_change_is_told_and_a_dry_run_changes_nothing() {
    let home = filled();
    home.store("openai", NEW_KEY);
    home.store("mistral", KEY);
    home.store("anthropic", KEY);
    home.run(&["secret", "delete", "anthropic"]).expect_code(0);
    let listed = home.run(&["vault", "restore", "--list"]).expect_code(0).stdout;
    let generations: Vec<_> =
        listed.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok()).collect();
    assert_eq!(generations, [5, 4, 3, 2, 1], "five are kept: {listed}");
    assert_eq!(home.run(&["vault", "restore"]).expect_code(0).stdout, listed);
    let before = stored_files(&home);
    let plan = |generation: &str| {
        let arguments = ["vault", "restore", "--dry-run", "--generation", generation];
        home.answer(&arguments, &[PASSPHRASE]).expect_code(0).stdout
    };
    let (second, fifth) = (plan("2"), plan("5"));
    assert!(second.contains("changes  `openai`") && second.contains("removes  `mistral`"), "{second}");
    assert!(fifth.contains("adds     `anthropic`") && fifth.contains("2 stay as they are"), "{fifth}");
    assert_eq!(stored_files(&home), before);
    refused(home.answer(&["vault", "restore", "--generation", "77"], &[PASSPHRASE]), 4, "no copy of generation 77");
    refused(home.answer(&["vault", "restore", "none.backup"], &[PASSPHRASE]), 4, "none.backup");
    home.write("text.backup", "this is no vault, however long it may be");
    refused(home.answer(&["vault", "restore", "text.backup"], &[PASSPHRASE]), 1, "");
    assert_eq!(stored_files(&home), before);
    home.answer(&["vault", "restore", "--yes", "--generation", "2"], &[PASSPHRASE]).expect_code(0);
    assert_eq!(providers(&home), ["openai"]);
}

#[test]
fn an_older_file_in_the_vaults_place_is_refused_until_the_person_says_it_is_theirs() {
    let home = filled();
    let older = fs::read(home.vault_file()).expect("a vault");
    home.store("mistral", KEY);
    home.run(&["vault", "lock"]).expect_code(0);
    fs::write(home.vault_file(), &older).expect("written");
    let refusal = home.answer(&["vault", "unlock"], &[PASSPHRASE]);
    assert!(refusal.stderr.contains("--accept-older"), "{}", refusal.stderr);
    refused(refusal, 1, "the vault file is older than it was");
    refused(home.answer(&["vault", "unlock", "--accept-older"], &["yes", PASSPHRASE]), 1, "not confirmed");
    refused(home.answer(&["vault", "unlock", "--accept-older"], &["accept", OTHER]), 3, "do not open the vault");
    refused(home.answer(&["vault", "unlock"], &[PASSPHRASE]), 1, "the vault file is older than it was");
    home.answer(&["vault", "unlock", "--accept-older"], &["accept", PASSPHRASE]).expect_code(0);
    assert_eq!(providers(&home), ["openai"]);
    home.run(&["vault", "lock"]).expect_code(0);
    home.unlock(PASSPHRASE);
}

#[test]
fn whatever_stands_in_the_vaults_place_is_told_and_left_alone() {
    let home = filled();
    home.run(&["vault", "lock"]).expect_code(0);
    let vault = home.vault_file();
    let good = fs::read(&vault).expect("a vault");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, what) in [
        (flipped(good.len() / 2), "a flipped bit"),
        (flipped(3), "another magic"),
        (good[..good.len() - 1].to_vec(), "a cut end"),
        (Vec::new(), "nothing"),
        ([&good[..], b"x"].concat(), "an added byte"),
        (b"not a vault at all".to_vec(), "a text"),
    ] {
        fs::write(&vault, &bytes).expect("written");
        let refusal = home.answer(&["vault", "unlock"], &[PASSPHRASE]);
        assert!(refusal.stderr.contains("aside vault restore"), "{what}: {}", refusal.stderr);
        refused(refusal, 1, "the vault file");
        refused(home.answer(&["vault", "init"], &[OTHER]), 1, "exists already");
        assert!(home.run(&["vault", "status"]).expect_code(0).stdout.contains("aside vault restore"), "{what}");
        let doctor = home.run(&["doctor", "--json"]).expect_code(1).json();
        let row = doctor.as_array().expect("rows").iter().find(|row| row["name"] == "vault").expect("a row");
        assert_eq!(row["result"], "bad", "{what}: {row}");
        assert_eq!(fs::read(&vault).expect("a file"), bytes, "{what} is left alone");
    }
    let listed = home.run(&["vault", "restore", "--list"]).expect_code(0).stdout;
    let newest = listed.split_whitespace().next().expect("a copy");
    home.answer(&["vault", "restore", "--yes", "--generation", newest], &[PASSPHRASE]).expect_code(0);
    // The copy is the state before the last write.
    assert_eq!(providers(&home), Vec::<String>::new());
}

#[test]
fn a_link_a_folder_and_a_file_for_all_are_no_vault() {
    let home = filled();
    home.run(&["vault", "lock"]).expect_code(0);
    let (vault, aside) = (home.vault_file(), home.path("moved"));
    fs::rename(&vault, &aside).expect("moved");
    std::os::unix::fs::symlink(&aside, &vault).expect("a link");
    home.answer(&["vault", "unlock"], &[PASSPHRASE]).expect_code(1);
    fs::remove_file(&vault).expect("removed");
    fs::create_dir(&vault).expect("a folder");
    home.answer(&["vault", "unlock"], &[PASSPHRASE]).expect_code(1);
    fs::remove_dir(&vault).expect("removed");
    fs::hard_link(&aside, &vault).expect("a link");
    home.answer(&["vault", "unlock"], &[PASSPHRASE]).expect_code(1);
    fs::remove_file(&aside).expect("removed");
    fs::set_permissions(&vault, fs::Permissions::from_mode(0o644)).expect("a mode");
    let done = home.answer(&["vault", "unlock"], &[PASSPHRASE]);
    let mode = fs::metadata(&vault).expect("a file").permissions().mode() & 0o777;
    assert!(done.code == 1 || mode == 0o600, "either refused or closed: {} {mode:o}", done.said());
    fs::set_permissions(&vault, fs::Permissions::from_mode(0o600)).expect("a mode");
    home.unlock(PASSPHRASE);
    assert_eq!(providers(&home), ["openai"]);
}
