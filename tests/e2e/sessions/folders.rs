//! Whose conversations are whose: one workspace by several names, a folder that moved, programs side by side.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use aside_test_support::{Client, Finished, Home, protocol::Listed};
use serde_json::{Value, json};

use super::{listed, talked};

fn uri(path: &Path) -> String {
    url::Url::from_file_path(path).expect("absolute").to_string()
}

#[test]
fn what_one_editor_has_open_is_not_offered_to_another_through_another_link() {
    let home = Home::new();
    let links = [home.path("../one"), home.path("../two")];
    for link in &links {
        symlink(home.workspace(), link).expect("a link");
    }
    let mut first = Client::of(&home).connect();
    let session = first.new_session(&uri(&links[0]));
    let mut second = Client::of(&home).connect();
    let there = json!({ "workspace": uri(&links[1]) });
    let all: Listed = second.request("aside/chat/list", &there);
    assert_eq!((all.sessions.len(), &all.sessions[0].id), (1, &session.id), "it is one workspace");
    assert!(all.sessions[0].elsewhere);
    let resumable = json!({ "workspace": uri(&links[1]), "resumable": true });
    let offered: Listed = second.request("aside/chat/list", &resumable);
    assert_eq!(offered.sessions, []);
    assert!(listed(&home, &["--resumable"]).is_empty() && listed(&home, &[]).len() == 1);
    let mine: Listed = first.request("aside/chat/list", &resumable);
    assert_eq!(mine.sessions.len(), 1, "what this server has open is its own");
    first.shutdown();
    let offered: Listed = second.request("aside/chat/list", &resumable);
    assert_eq!(offered.sessions.len(), 1, "it is free again");
    assert_eq!(listed(&home, &["--resumable"]).len(), 1);
    second.shutdown();
}

/// Runs `aside` in a folder.
fn run_in(home: &Home, folder: &Path, arguments: &[&str]) -> Finished {
    home.run_with(arguments, "", |command: &mut Command| {
        command.current_dir(folder);
    })
}

#[test]
fn a_folder_that_moved_is_offered_its_conversations_and_takes_them_when_asked() {
    let home = Home::new();
    let (before, after) = (home.path("before"), home.path("after"));
    fs::create_dir(&before).expect("a folder");
    run_in(&home, &before, &["chat", "--new", "what is here"]).expect_code(0);
    fs::rename(&before, &after).expect("moved");
    let offer = run_in(&home, &after, &["session", "list"]).expect_code(0).stdout;
    assert!(offer.contains("aside session relink") && offer.contains(before.to_str().expect("a path")), "{offer}");
    let mut client = Client::of(&home).connect();
    let list: Value = client.request("aside/chat/list", json!({ "workspace": uri(&after) }));
    assert_eq!(list, json!({ "sessions": [], "moved": [{ "from": uri(&before), "sessions": 1 }] }));
    client.shutdown();

    let from = before.display().to_string();
    run_in(&home, &after, &["session", "relink", &from]).expect_code(0);
    let here = run_in(&home, &after, &["session", "list", "--json"]).expect_code(0).json();
    assert_eq!((here.as_array().map(Vec::len), &here[0]["workspace"]), (Some(1), &json!(after)), "{here}");
    run_in(&home, &after, &["session", "relink", &from]).expect_code(4);
}

#[test]
fn conversations_of_two_folders_are_never_mixed() {
    let home = Home::new();
    let other = home.path("../other");
    fs::create_dir(&other).expect("a folder");
    let mine = talked(&home, "mine");
    run_in(&home, &other, &["chat", "--new", "theirs"]).expect_code(0);
    let from = other.canonicalize().expect("there").display().to_string();
    let refused = home.run(&["session", "relink", &from]).expect_code(1);
    assert!(refused.stderr.contains("not mixed") && refused.stderr.contains("next:"), "{}", refused.stderr);
    let here = listed(&home, &[]);
    assert_eq!((here.len(), &here[0]["id"]), (1, &json!(mine)));
    assert_eq!(listed(&home, &["--all"]).len(), 2);
}
