//! Actions that a workspace brings: used only where somebody trusts it, and only as they were then.

use std::fs;

use aside_test_support::{Home, Terminal};
use serde_json::Value;

const ACTIONS: &str = "[actions.german]\nprompt = \"Translate {{ code }} to German.\"\n";

/// A home whose workspace brings an action.
fn home() -> Home {
    let home = Home::new();
    home.write(".aside.toml", ACTIONS);
    home
}

fn is_in_force(home: &Home) -> bool {
    let shown = home.run(&["config", "show", "--json"]).expect_code(0).json();
    shown.as_array().expect("a list").iter().any(|one| one["key"] == "actions.german.prompt")
}

/// What `aside config check` says of the actions; it is no mistake.
fn note(home: &Home) -> Option<String> {
    let told = home.run(&["config", "check", "--json"]).expect_code(0).json();
    let note = |one: &Value| (one["kind"] == "note").then(|| format!("{} {}", one["message"], one["hint"]));
    told.as_array().expect("a list").iter().find_map(note)
}

fn states(home: &Home) -> Vec<String> {
    let listed = home.run(&["trust", "list", "--json"]).expect_code(0).json();
    let state = |one: &Value| one["state"].as_str().expect("a word").to_owned();
    listed.as_array().expect("a list").iter().map(state).collect()
}

#[test]
fn actions_of_a_workspace_count_once_it_is_trusted_and_as_they_were() {
    let home = home();
    assert!(!is_in_force(&home));
    let told = note(&home).expect("it is told");
    assert!(told.contains("the action `german` of this workspace is not used: the workspace is not trusted"), "{told}");
    assert!(told.contains("aside trust add"), "{told}");

    let added = home.run(&["trust", "add", "--yes"]).expect_code(0);
    assert!(added.stdout.contains("actions.german.prompt = \"Translate {{ code }} to German.\""), "{}", added.stdout);
    assert!(is_in_force(&home) && note(&home).is_none());
    assert_eq!(states(&home), ["in-use"]);

    home.write(".aside.toml", &ACTIONS.replace("German", "Klingon"));
    assert!(!is_in_force(&home));
    assert!(note(&home).expect("it is told").contains("they are not those that you trusted"));
    assert_eq!(states(&home), ["changed"]);
    home.run(&["trust", "add", "--yes"]).expect_code(0);
    assert!(is_in_force(&home));

    home.run(&["trust", "remove"]).expect_code(0);
    assert!(!is_in_force(&home));
    home.run(&["trust", "remove"]).expect_code(4);
}

#[test]
fn nobody_trusts_a_workspace_by_accident() {
    let home = home();
    let refused = home.run(&["trust", "add"]).expect_code(2);
    assert!(
        refused.stderr.contains("nobody can be asked here") && refused.stderr.contains("--yes"),
        "{}",
        refused.stderr
    );
    home.run(&["trust", "add", "/nowhere", "--yes"]).expect_code(4);
    assert_eq!(states(&home), Vec::<String>::new());
}

#[test]
fn a_person_sees_what_a_workspace_brings_before_the_question() {
    let home = home();
    let Some(mut terminal) = Terminal::start(&home, &["trust", "add"]) else { return };
    terminal.shows("actions.german.prompt");
    terminal.shows("Type `y` to go on:");
    terminal.enter("no");
    let done = terminal.ends().expect_code(1);
    assert!(done.stdout.contains("not confirmed; nothing was changed"), "{}", done.stdout);
    assert!(!is_in_force(&home));
    let Some(mut terminal) = Terminal::start(&home, &["trust", "add"]) else { return };
    terminal.shows("Type `y` to go on:");
    terminal.enter("y");
    terminal.ends().expect_code(0);
    assert!(is_in_force(&home));
}

#[test]
fn a_trusted_folder_that_is_gone_harms_nobody() {
    let home = home();
    let other = home.path("other");
    fs::create_dir(&other).expect("the workspace is writable");
    let name = other.to_str().expect("the path is text");
    home.run(&["trust", "add", "--yes", "--json", name]).expect_code(0);
    fs::remove_dir(&other).expect("it is empty");
    assert_eq!(states(&home), ["missing"]);
    assert!(home.run(&["trust", "list"]).expect_code(0).stdout.contains("no longer there"));
    let removed = home.run(&["trust", "remove", "--json", name]).expect_code(0).json();
    assert_eq!(removed["removed"], true);
}

#[test]
fn a_damaged_file_trusts_nobody_and_says_so() {
    let home = home();
    home.run(&["trust", "add", "--yes"]).expect_code(0);
    let file = home.aside().join("state/trust.json");
    fs::write(&file, "{").expect("the home is writable");
    assert!(!is_in_force(&home));
    assert!(note(&home).expect("it is told").contains("trust.json` is damaged"));
    let failed = home.run(&["trust", "list"]).expect_code(1);
    assert!(failed.stderr.contains("is damaged") && failed.stderr.contains("next: remove"), "{}", failed.stderr);
}
