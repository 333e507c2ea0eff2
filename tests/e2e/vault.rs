//! The vault file from a terminal, on a machine without a keyring: made, filled, changed, copied, lost and brought back.

mod copies;
mod making;
mod passphrase;
mod records;
mod rotation;
mod stored;
mod terminal;

use std::{collections::BTreeMap, fs, path::Path};

use aside_test_support::{Finished, Home, ModelServer, settings_with_key};
use serde_json::Value;

/// Shaped like no real issuer's, so that nothing but knowing it can hide it.
const KEY: &str = "test-key-Zq81vX0pLm3";
const NEW_KEY: &str = "test-key-9bTr5KwYc2d";

/// A home whose provider `work` is `server` and takes a stored key.
fn home_of(server: &ModelServer) -> Home {
    Home::with(&settings_with_key("openai", &server.url("/v1"), "keyring"), "")
}

/// What `aside secret list --json` gives.
fn listed(home: &Home) -> Vec<Value> {
    let listed = home.run(&["secret", "list", "--json"]).expect_code(0).json();
    listed.as_array().expect("a list").clone()
}

/// The providers of the keys that are listed.
fn providers(home: &Home) -> Vec<String> {
    listed(home).iter().map(|one| one["provider"].as_str().expect("a name").to_owned()).collect()
}

/// Every file below the home's data with its bytes, but what is written whenever anything is asked.
fn stored_files(home: &Home) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let data = home.aside().join("data");
    walk(&data, &mut |path| {
        let name = path.strip_prefix(&data).expect("it lies there").display().to_string();
        // `.aside-…` becomes one of the audit files in a moment.
        if ["audit.", "sessions.", ".aside-"].iter().all(|other| !name.starts_with(other)) {
            found.insert(name, fs::read(path).expect("the file is readable"));
        }
    });
    found
}

/// Calls `each` with every file below `folder`.
fn walk(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), each);
        } else {
            each(&entry.path());
        }
    }
}

/// The command failed with `code` and said this, and a next step.
#[track_caller]
fn refused(done: Finished, code: i32, told: &str) {
    let done = done.expect_code(code);
    assert!(done.stderr.contains(told), "it does not say `{told}`:\n{}", done.said());
    assert!(done.stderr.contains("next: "), "no next step:\n{}", done.stderr);
}
