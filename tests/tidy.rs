//! The rules of the repository that no compiler checks: who may import whom, how large things may grow, what every file
//! begins with. Each test is one rule; its failure lists every place that breaks it.

mod tidy {
    //! Reading the repository: its files, and Rust source without comments, texts and tests.
    pub(crate) mod files;
    pub(crate) mod source;
}

use std::{collections::BTreeMap, fs};

use aside_test_support::binary::repository;
use tidy::{
    files::{Manifest, crates, read, rust_files},
    source::{Source, functions},
};

/// The most lines of a file, and of a function.
const FILE_LINES: usize = 800;
const FUNCTION_LINES: usize = 100;

/// Which of our crates each crate may import. `aside`, which plugs everything together, may import all.
const IMPORTS: [(&str, &[&str]); 11] = [
    ("secret", &[]),
    ("text", &[]),
    ("model", &["secret"]),
    ("config", &["secret"]),
    ("storage", &["secret"]),
    ("vault", &["secret", "storage"]),
    ("providers", &["secret", "model"]),
    ("sessions", &["secret", "model", "storage"]),
    ("index", &[]),
    ("assist", &["text", "model", "sessions", "index"]),
    ("lsp", &["assist", "sessions", "index", "config", "text", "model", "secret"]),
];

/// Packages that only these crates may import: each is one effect or one format that has one owner.
const OWNERS: [(&str, &[&str]); 16] = [
    ("reqwest", &["providers"]),
    ("rustls", &["providers"]),
    ("hyper", &[]),
    ("tower-lsp", &["lsp"]),
    ("tower-service", &["lsp"]),
    ("keyring", &["vault"]),
    ("zbus-secret-service-keyring-store", &["vault"]),
    ("zbus", &["vault"]),
    ("apple-native-keyring-store", &["vault"]),
    ("windows-native-keyring-store", &["vault"]),
    ("rusqlite", &["storage", "sessions"]),
    ("ropey", &["text"]),
    ("ignore", &["index"]),
    ("clap", &["aside"]),
    ("anyhow", &["aside"]),
    ("tracing-subscriber", &["aside"]),
];

/// Packages that a crate must do without, so that it stays what it is.
const WITHOUT: [(&str, &[&str]); 4] = [
    ("secret", &["serde", "serde_json", "tokio"]),
    ("text", &["tokio", "serde"]),
    ("model", &["tokio", "serde_json"]),
    ("config", &["tokio"]),
];

/// Who reads the bytes of a secret, and in how many places. `expose` is the only door.
const EXPOSED: &[(&str, usize)] = &[
    ("server/aside/src/ask.rs", 1),
    ("server/aside/src/command/secret.rs", 1),
    ("server/aside/src/command/secret/import.rs", 1),
    ("server/aside/src/command/words.rs", 1),
    ("server/aside/src/keys/conversations/file.rs", 2),
    ("server/aside/src/keys/conversations/format.rs", 3),
    ("server/aside/src/variables.rs", 2),
    ("server/providers/src/http.rs", 1),
    ("server/sessions/src/key.rs", 2),
    ("server/sessions/src/seal.rs", 2),
    ("server/sessions/src/store/book.rs", 2),
    ("server/sessions/src/store/head.rs", 1),
    ("server/sessions/src/store/protect.rs", 2),
    ("server/storage/src/sealed.rs", 3),
    ("server/storage/src/sealed/kdf.rs", 1),
    ("server/vault/src/agent/message.rs", 3),
    ("server/vault/src/audit/key.rs", 1),
    ("server/vault/src/environment.rs", 1),
    ("server/vault/src/file/content.rs", 3),
    ("server/vault/src/file/keys.rs", 3),
    ("server/vault/src/file/restore.rs", 2),
    ("server/vault/src/keyring.rs", 5),
    ("server/vault/src/memory.rs", 1),
    ("server/vault/src/passphrase.rs", 4),
    ("server/vault/src/recovery.rs", 2),
    ("server/vault/src/value.rs", 1),
];

/// The only files with `unsafe`: the wiping allocator, locked pages, and taking keys out of the environment.
const UNSAFE: [&str; 5] = [
    "server/aside/src/main.rs",
    "server/aside/src/variables.rs",
    "server/secret/src/allocator.rs",
    "server/secret/src/environment.rs",
    "server/secret/src/page.rs",
];

/// What may lie at the top of the repository besides dotfiles.
const TOP: [&str; 11] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "docs",
    "editors",
    "server",
    "target",
    "tests",
];

#[track_caller]
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn crates_import_downwards_only() {
    let allowed: BTreeMap<_, _> = IMPORTS.into_iter().collect();
    let mut broken = Vec::new();
    for Manifest { name, ours, .. } in crates() {
        match allowed.get(name.as_str()) {
            _ if name == "aside" => {}
            None => broken.push(format!("`{name}` is not in the table of tests/tidy.rs")),
            Some(allowed) => {
                let wrong = ours.iter().filter(|import| !allowed.contains(&import.as_str()));
                broken.extend(wrong.map(|import| format!("`{name}` imports `{import}`")));
            }
        }
    }
    none("a crate imports only what stands below it (docs/architecture.md)", &broken);
}

#[test]
fn each_effect_has_its_owner() {
    let mut broken = Vec::new();
    for Manifest { name, others, .. } in crates() {
        for (package, owners) in OWNERS {
            if others.contains(package) && !owners.contains(&name.as_str()) {
                broken.push(format!("`{name}` imports `{package}`, which belongs to {owners:?}"));
            }
        }
        for (_, without) in WITHOUT.iter().filter(|(known, _)| *known == name) {
            let wrong = without.iter().filter(|package| others.contains(**package));
            broken.extend(wrong.map(|package| format!("`{name}` does without `{package}`")));
        }
        let metrics = others.iter().filter(|package| package.contains("prometheus") || package.starts_with("metrics"));
        broken.extend(metrics.map(|package| format!("`{name}` imports the metrics library `{package}`")));
    }
    none("an effect has one owner", &broken);
}

#[test]
fn every_crate_is_on_the_map() {
    let map = fs::read_to_string(repository().join("docs/architecture.md")).unwrap_or_default();
    let missing = crates().into_iter().filter(|one| !map.contains(&format!("| `{}` |", one.name)));
    let broken: Vec<_> = missing.map(|one| format!("`{}` has no row in docs/architecture.md", one.name)).collect();
    none("every crate is on the map", &broken);
}

#[test]
fn the_security_page_names_what_exists() {
    let page = fs::read_to_string(repository().join("docs/security.md")).expect("the page is readable");
    let sources: Vec<_> = rust_files().iter().map(|path| read(path)).collect();
    let mut broken = Vec::new();
    for word in page.split('`').skip(1).step_by(2) {
        let is_test = word.matches('_').count() >= 3 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_path = ["server/", "tests/", "docs/"].iter().any(|top| word.starts_with(top));
        let known = if is_test {
            sources.iter().any(|source| source.contains(&format!("fn {word}(")))
        } else {
            !is_path || repository().join(word).exists()
        };
        if !known {
            broken.push(format!("`{word}`"));
        }
    }
    none("what docs/security.md names exists", &broken);
}

#[test]
fn every_file_says_what_it_owns() {
    let silent = rust_files().into_iter().filter(|path| !read(path).starts_with("//! "));
    none("a file begins with `//!`", &silent.collect::<Vec<_>>());
}

#[test]
fn no_file_and_no_function_is_too_long() {
    let mut broken = Vec::new();
    for path in rust_files() {
        let source = Source::of(&read(&path));
        let lines = source.lines();
        if lines > FILE_LINES {
            broken.push(format!("{path} has {lines} lines, more than {FILE_LINES}"));
        }
        for (name, line, length) in functions(&source) {
            if length > FUNCTION_LINES {
                broken.push(format!("{path}:{line}: `{name}` has {length} lines, more than {FUNCTION_LINES}"));
            }
        }
    }
    none("files and functions stay readable", &broken);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    let mut broken = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test(path)) {
        let found = Source::of(&read(&path)).without_tests().find(".unwrap()");
        broken.extend(found.into_iter().map(|line| format!("{path}:{line}")));
    }
    none("`unwrap` is for tests; elsewhere `expect` says why it holds", &broken);
}

#[test]
fn secrets_are_exposed_where_the_list_says() {
    let mut found: Vec<(String, usize)> = Vec::new();
    for path in rust_files().into_iter().filter(|path| !is_test(path) && !path.starts_with("server/secret/")) {
        let count = Source::of(&read(&path)).without_tests().find(".expose()").len();
        if count > 0 {
            found.push((path, count));
        }
    }
    let expected: Vec<_> = EXPOSED.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, expected, "whoever reads the bytes of a secret is on the list in tests/tidy.rs");
}

#[test]
fn unsafe_code_stands_where_the_list_says() {
    let uses = |path: &String| {
        let source = Source::of(&read(path)).without_tests();
        ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|word| !source.find(word).is_empty())
    };
    let found: Vec<_> =
        rust_files().into_iter().filter(|path| path.contains("/src/") && !is_test(path)).filter(uses).collect();
    assert_eq!(found, UNSAFE, "whoever needs `unsafe` is on the list in tests/tidy.rs");
}

#[test]
fn nothing_listens_on_the_network_and_only_the_http_client_connects() {
    let sockets = ["TcpListener", "TcpStream", "TcpSocket", "UdpSocket", "UnixListener", "UnixDatagram"];
    // The sockets in the runtime folder, which only their owner may enter: what processes of one user say to each other about keys.
    let private = "server/vault/src/agent/socket.rs";
    let mut broken = Vec::new();
    for path in rust_files().into_iter().filter(|path| path.starts_with("server/") && !is_test(path)) {
        let source = Source::of(&read(&path)).without_tests();
        let allowed = |socket: &str| socket.starts_with("Unix") && path == private;
        for socket in sockets.into_iter().filter(|socket| !allowed(socket)) {
            broken.extend(source.find(socket).into_iter().map(|line| format!("{path}:{line}: `{socket}`")));
        }
    }
    none(
        "nothing opens a socket but the HTTP client in `providers` and the private ones of `vault` (docs/security.md)",
        &broken,
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not break its own rule.
    let words =
        [["to", "do!"], ["unimple", "mented!"], ["TO", "DO"], ["FIX", "ME"], ["#[al", "low("], ["#[ig", "nore]"]];
    let mut broken = Vec::new();
    for path in rust_files() {
        for (number, line) in read(&path).lines().enumerate() {
            let found = words.iter().map(|halves| halves.concat()).find(|word| line.contains(word));
            broken.extend(found.map(|word| format!("{path}:{}: `{word}`", number + 1)));
            // What a test runs in a process of its own looks like a test that is left out.
            if line.trim_start().starts_with("#[ignore =") && !line.contains("run by") && !line.contains("the child of")
            {
                broken.push(format!("{path}:{}: a test that is left out", number + 1));
            }
        }
    }
    none("nothing is left for later, skipped or waved through", &broken);
}

#[test]
fn no_file_is_forgotten() {
    let all = rust_files();
    let mut broken = Vec::new();
    for path in all.iter().filter(|path| !["lib.rs", "main.rs"].iter().any(|root| path.ends_with(root))) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = name.trim_end_matches(".rs");
        if name == "mod" {
            broken.push(format!("{path}: a module `foo` lives in `foo.rs`, its children in `foo/`"));
        }
        let parents = [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")];
        let declared = parents.iter().filter(|parent| all.contains(parent)).any(|parent| {
            let text = read(parent);
            text.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};")))
        });
        // Cargo compiles what lies directly in these as programs of their own.
        let program = folder == "tests" || ["/tests", "/benches", "/examples"].iter().any(|one| folder.ends_with(one));
        if !declared && (!program || folder.contains("/src/")) {
            broken.push(format!("{path}: no module declares it"));
        }
    }
    none("every file is compiled", &broken);
}

#[test]
fn the_top_of_the_repository_holds_what_it_should() {
    let entries = fs::read_dir(repository()).expect("the repository is readable").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strange = names.filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()));
    none("nothing else lies at the top", &strange.collect::<Vec<_>>());
}

/// Whether all of a file is tests.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}
