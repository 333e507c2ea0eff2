//! The files of the repository, and what the manifests say.

use std::{collections::BTreeSet, fs, path::Path};

use aside_test_support::binary::repository;
use toml::{Table, Value};

/// One crate of the server.
pub(crate) struct Manifest {
    /// The folder's name.
    pub(crate) name: String,
    /// Our crates that it imports, also for its tests, without their prefix.
    pub(crate) ours: BTreeSet<String>,
    /// Other packages that it imports, by the name it uses.
    pub(crate) others: BTreeSet<String>,
}

/// All crates of the server.
pub(crate) fn crates() -> Vec<Manifest> {
    let folders = fs::read_dir(repository().join("server")).expect("the server's crates are here").flatten();
    let mut names: Vec<String> = folders
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "the server has crates");
    names.into_iter().map(manifest).collect()
}

fn manifest(name: String) -> Manifest {
    let table: Table = read(&format!("server/{name}/Cargo.toml")).parse().expect("a manifest is TOML");
    let mut imports = BTreeSet::new();
    let mut tests = BTreeSet::new();
    let targets = table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for part in targets.filter_map(Value::as_table).chain([&table]) {
        imports.extend(packages(part, "dependencies"));
        imports.extend(packages(part, "build-dependencies"));
        tests.extend(packages(part, "dev-dependencies"));
    }
    let is_ours = |package: &String| package.starts_with("aside-");
    let ours = imports.iter().chain(&tests).filter(|one| is_ours(one) && *one != "aside-test-support");
    let ours = ours.map(|package| package.trim_start_matches("aside-").to_owned()).collect();
    imports.retain(|package| !is_ours(package));
    Manifest { name, ours, others: imports }
}

fn packages(table: &Table, section: &str) -> Vec<String> {
    table.get(section).and_then(Value::as_table).map(|section| section.keys().cloned().collect()).unwrap_or_default()
}

/// A file's text by its path in the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// The Rust files of the repository, as sorted paths with `/`.
pub(crate) fn rust_files() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["server", "tests", "editors"] {
        walk(&repository().join(folder), folder, &mut found);
    }
    found.sort();
    found
}

fn walk(folder: &Path, path: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        let kind = entry.file_type().expect("an entry has a kind");
        if kind.is_dir() && !["target", "node_modules", "fixtures"].contains(&name.as_str()) {
            walk(&entry.path(), &path, found);
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}
