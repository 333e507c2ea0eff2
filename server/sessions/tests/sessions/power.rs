//! A power cut at any moment of any three deeds leaves conversations that open, are whole, and hold what was acknowledged.
#![cfg(target_os = "linux")]

use aside_test_support::{power::Recording, real};

use crate::deeds::{Plains, acknowledged, child, every, examine, expected};

const DEEDS: [&str; 6] = ["create", "append", "trash", "compact", "restore", "rekey"];

/// Does the deeds after two first ones; what happens before the last of them is looked at elsewhere. Gives how many states there
/// were.
async fn after(deeds: [&str; 3], stride: usize) -> usize {
    let all = [&["create", "append", "create"][..], &deeds, &["append"]].concat();
    let home = tempfile::tempdir().expect("a folder");
    let recording = Recording::of(&child(home.path(), &all.join(",")), home.path());
    let states = expected(&Plains::new(), &all);
    let (mut count, mut defects) = (0, Vec::new());
    let states_there = recording.states(|said| Some(acknowledged(said)).filter(|done| *done >= 3));
    for state in states_there.step_by(stride) {
        count += 1;
        let defect = examine(state.path(), &states, acknowledged(&state.said)).await.err();
        defects.extend(defect.map(|defect| format!("{all:?}, {}: {defect}", state.label)));
    }
    assert!(defects.is_empty(), "{} of {count}:\n{}", defects.len(), defects.join("\n"));
    count
}

#[tokio::test]
async fn a_power_cut_after_any_three_deeds_loses_nothing_acknowledged() {
    if real::program("strace").is_none() {
        return;
    }
    let every = every();
    let sequences = DEEDS
        .iter()
        .flat_map(|one| DEEDS.iter().flat_map(move |two| DEEDS.iter().map(move |three| [*one, *two, *three])));
    let mut states = 0;
    let some = [["append", "rekey", "trash"], ["compact", "create", "rekey"]];
    for deeds in sequences.filter(|deeds| every || some.contains(deeds)) {
        states += after(deeds, if every { 1 } else { 60 }).await;
    }
    println!("{states} states");
    assert!(states > 20, "{states}");
}
