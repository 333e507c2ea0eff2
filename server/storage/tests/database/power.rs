//! A power cut at any moment of any three deeds leaves a database that opens, is whole, and holds what was acknowledged.

use aside_test_support::{
    power::{Recording, State},
    real,
};

use crate::kit::{DEEDS, acknowledged, child, examine, expected, path};

/// What is wrong with a state, if anything is.
fn defect(state: &State, deeds: &[&str]) -> Option<String> {
    let defect = examine(state.path(), &expected(&[], deeds), acknowledged(&state.said)).err()?;
    Some(format!("{deeds:?}, {}: {defect}", state.label))
}

fn record(task: &str) -> Recording {
    let home = tempfile::tempdir().expect("a folder");
    // The index of the log is memory that is shared: the first one to open it makes it anew.
    let recording = Recording::of(&child(home.path(), task), home.path()).without(|path| path.ends_with("-shm"));
    assert!(path(home.path()).exists());
    recording
}

/// Does the deed after a first insert, and then each pair of deeds, or two of six for each second one unless every one is asked for.
/// What happens until the last deed is the same for many sequences, and is looked at in the first one of them.
fn sequences_from(first: &str) {
    if real::program("strace").is_none() {
        return;
    }
    let every = std::env::var_os("ASIDE_TEST_EVERY").is_some();
    let number = |deed: &str| DEEDS.iter().position(|one| *one == deed).unwrap_or_default();
    let (mut states, mut defects) = (0, Vec::new());
    for second in DEEDS {
        for third in DEEDS {
            if !every && number(third) != 0 && number(third) != (number(first) + number(second)) % DEEDS.len() {
                continue;
            }
            let deeds = ["insert", first, second, third];
            let is_first = |deed: &str| deed == DEEDS[0];
            let from = match (is_first(first), is_first(second), is_first(third)) {
                (true, true, true) => 0,
                (_, true, true) => 1,
                (_, _, true) => 2,
                _ => 3,
            };
            let recording = record(&deeds.join(","));
            for state in recording.states(|said| Some(acknowledged(said)).filter(|number| *number >= from)) {
                states += 1;
                defects.extend(defect(&state, &deeds));
            }
        }
    }
    println!("{first} and two more: {states} states");
    assert!(defects.is_empty(), "{} of {states}:\n{}", defects.len(), defects.join("\n"));
    assert!(states > 300, "{states}");
}

#[test]
fn a_power_cut_after_an_insert_loses_nothing_acknowledged() {
    sequences_from("insert");
}

#[test]
fn a_power_cut_after_an_update_loses_nothing_acknowledged() {
    sequences_from("update");
}

#[test]
fn a_power_cut_after_a_deletion_loses_nothing_acknowledged() {
    sequences_from("delete");
}

#[test]
fn a_power_cut_after_a_migration_loses_nothing_acknowledged() {
    sequences_from("migrate");
}

#[test]
fn a_power_cut_after_folding_loses_nothing_acknowledged() {
    sequences_from("fold");
}

#[test]
fn a_power_cut_after_a_large_insert_loses_nothing_acknowledged() {
    sequences_from("large");
}

#[test]
fn a_database_that_does_not_wait_for_the_disk_is_caught() {
    if real::program("strace").is_none() {
        return;
    }
    let recording = record("careless,3");
    let defects: Vec<_> =
        recording.states(|said| Some(acknowledged(said))).filter_map(|state| defect(&state, &["insert"; 3])).collect();
    println!("{} defects", defects.len());
    assert!(defects.iter().any(|defect| defect.contains("acknowledged, and these rows")), "{defects:?}");
}
