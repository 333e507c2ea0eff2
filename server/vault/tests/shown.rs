//! What is shown of the types that hold secrets: nothing. Each is formatted here, and each is found here: one that is added
//! and not formatted fails the test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aside_secret::{Secret, SecretBuffer, SecretKey, Shielded};
use aside_vault::{
    By, Ended, FileVault, Files, Gate, KeyName, KeyStore, MemoryStore, NewKey, Origin, Passphrase, Patience, Policy,
    Ran, Recovery, Reopen, Slot,
};
use zeroize::Zeroizing;

/// Where secrets are handled.
const CRATES: [&str; 4] = ["secret", "storage", "vault", "providers"];

/// What holds the bytes of a secret. A type with one of these inside holds a secret.
const HOLDERS: [&str; 10] = [
    "Secret",
    "SecretBuffer",
    "SecretKey",
    "Shielded",
    "Zeroizing",
    "Mnemonic",
    "HeaderValue",
    "Passphrase",
    "NewKey",
    "Page",
];

/// Of these the bytes are shown by a derived `Debug`.
const BARE: [&str; 2] = ["Mnemonic", "HeaderValue"];

/// Types of a crate's own that hold secrets and can be formatted: their parts show nothing, and these are public.
const INSIDE: [&str; 2] = ["Reply", "Request"];

const CANARY: &[u8; 32] = b"Zq81vX0pLm3Tz5uQwE7hR2kdNc6YbJ9a";

/// A definition of a type: its name, what stands above it, and its fields.
struct Definition {
    name: String,
    attributes: String,
    fields: String,
    file: String,
}

impl Definition {
    fn mentions(&self, names: &[&str]) -> bool {
        let words: BTreeSet<_> = self.fields.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        names.iter().any(|name| words.contains(name))
    }

    fn derives_debug(&self) -> bool {
        self.attributes.contains("Debug")
    }
}

/// Every type of these crates, and the whole text.
fn sources() -> (Vec<Definition>, String) {
    let mut files = Vec::new();
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates lie side by side").to_owned();
    CRATES.iter().for_each(|name| collect(&server.join(name).join("src"), &mut files));
    let (mut definitions, mut all) = (Vec::new(), String::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        all.push_str(text);
        let mut lines = text.lines().peekable();
        let mut attributes = String::new();
        while let Some(line) = lines.next() {
            let code = line.split("//").next().unwrap_or_default().trim_end();
            let words: Vec<_> = code.split([' ', '<', '(', '{', ';']).filter(|word| !word.is_empty()).collect();
            let at = words.iter().position(|word| ["struct", "enum"].contains(word));
            match at.and_then(|at| words.get(at + 1)) {
                Some(name) if !line.starts_with(' ') => {
                    let mut fields = code.to_owned();
                    while !fields.ends_with([';', '}']) || fields.ends_with(" }") && !fields.ends_with("\n}") {
                        let Some(next) = lines.next() else { break };
                        fields.push('\n');
                        fields.push_str(next.split("//").next().unwrap_or_default().trim_end());
                        if next == "}" {
                            break;
                        }
                    }
                    let file = file.display().to_string();
                    definitions.push(Definition { name: (*name).to_owned(), attributes, fields, file });
                    attributes = String::new();
                }
                _ if code.starts_with("#[") || attributes.ends_with(",\n") => attributes.push_str(&format!("{code}\n")),
                _ if code.is_empty() => {}
                _ => attributes.clear(),
            }
        }
    }
    assert!(definitions.len() > 100, "the definitions are found");
    (definitions, all)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// A value of each type that holds a secret and can be formatted, with its name.
fn values(folder: &Path) -> Vec<(&'static str, String)> {
    let secret = || Secret::new(CANARY.to_vec());
    let key = || SecretKey::from_slice(CANARY).expect("32 bytes");
    let mut buffer = SecretBuffer::with_capacity(64);
    buffer.extend(CANARY).expect("room");
    let passphrase = || Passphrase::parse(secret()).expect("a passphrase");
    let name = || KeyName::new("work", Origin::of("https://api.example.com").expect("an address"));
    let new = || NewKey { name: name(), slot: Slot::Current, value: secret() };
    let memory = MemoryStore::default();
    futures_util::future::FutureExt::now_or_never(memory.set(vec![new()], Patience::Person))
        .expect("at once")
        .expect("stored");
    let policy = Policy { idle: Duration::MAX, absolute: Duration::MAX, reopen: Reopen::OnUse };
    let gate = Gate::new(policy, true, Box::new(|_| {}));
    assert!(gate.keep(gate.admit(By::Person).expect("open"), name(), &secret()));
    let said = || Zeroizing::new(CANARY.to_vec());
    let ran = Ran { ended: Ended::Exited(0), stdout: said(), stderr: said() };
    let files = Files::in_folders(folder, folder);
    let (unlocked, _) = FileVault::create(&files, &passphrase(), Recovery::Words, 0).expect("made");
    unlocked.set(vec![new()], 0).expect("stored");
    let shown = |value: &dyn std::fmt::Debug| format!("{value:?}\n{value:#?}");
    vec![
        ("Secret", shown(&secret())),
        ("SecretBuffer", shown(&buffer)),
        ("SecretKey", shown(&key())),
        ("Shielded", shown(&Shielded::new(secret()).expect("randomness"))),
        ("Passphrase", shown(&passphrase())),
        ("NewKey", shown(&new())),
        ("MemoryStore", shown(&memory)),
        ("Ran", shown(&ran)),
        ("Gate", shown(&gate)),
        ("Unlocked", shown(&unlocked)),
    ]
}

#[test]
fn me09_no_type_that_holds_a_secret_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = format!("{:?}", &CANARY[..8]);
    let forms = [std::str::from_utf8(&CANARY[..8]).expect("ASCII"), numbers.trim_matches(['[', ']'])];
    for (name, shown) in values(folder.path()) {
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(forms.iter().all(|form| !shown.contains(form)), "`{name}` shows what it holds: {shown}");
    }
}

#[test]
fn me09_every_type_that_holds_a_secret_and_can_be_shown_is_among_those() {
    let (definitions, all) = sources();
    let implements =
        |name: &str| all.contains(&format!("Debug for {name} ")) || all.contains(&format!("Debug for {name}<"));
    let found: BTreeSet<_> = definitions
        .iter()
        .filter(|one| HOLDERS.contains(&one.name.as_str()) || one.mentions(&HOLDERS))
        .filter(|one| one.derives_debug() || implements(&one.name))
        .map(|one| one.name.as_str())
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let values = values(folder.path());
    // What a gate holds stands in a private type that cannot be shown.
    let expected = values.iter().map(|(name, _)| *name).chain(INSIDE).filter(|name| *name != "Gate");
    assert_eq!(found, expected.collect(), "what holds a secret is formatted in this file");
}

#[test]
fn me09_bare_bytes_of_a_secret_are_in_no_type_that_derives_how_it_is_shown() {
    let (definitions, _) = sources();
    let broken = definitions.iter().filter(|one| one.mentions(&BARE) && one.derives_debug());
    let broken: Vec<_> = broken.map(|one| format!("{} in {}", one.name, one.file)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
