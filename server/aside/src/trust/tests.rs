//! What is trusted, what is not, and what a damaged file means.
#![expect(clippy::disallowed_methods, reason = "tests make the folders and files that are looked at")]

use std::fs;

use aside_config::{Brought, Layers, merge};

use super::*;

struct Kit {
    root: tempfile::TempDir,
    trust: Trust,
}

impl Kit {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("the temporary folder is writable");
        let trust = Trust::new(&root.path().join("state"));
        Self { root, trust }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.root.path().join(name);
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        folder
    }

    fn add(&self, folder: &Path, brought: &Brought) {
        self.trust.add(folder, Fingerprint::of(brought), Timestamp::UNIX_EPOCH).expect("it can be written");
    }

    fn verdict(&self, folder: &Path, brought: &Brought) -> Verdict {
        self.trust.verdict(folder, brought).expect("it can be read")
    }

    fn write(&self, text: &str) {
        fs::write(self.folder("state").join("trust.json"), text).expect("the temporary folder is writable");
    }
}

/// What a workspace with these settings brings.
fn brought(toml: &str) -> Brought {
    let layers = Layers { workspace_file: Some((".aside.toml".into(), toml.to_owned())), ..Layers::default() };
    merge(&layers).brought
}

#[test]
fn trust_is_for_one_folder_and_what_it_brought() {
    let kit = Kit::new();
    let (folder, one) = (kit.folder("work"), brought("[actions.a]\nprompt = \"One.\""));
    let other = brought("[actions.a]\nprompt = \"Two.\"");
    assert_eq!(kit.verdict(&folder, &one), Verdict::Unknown);
    kit.add(&folder, &one);
    assert_eq!(kit.verdict(&folder, &one), Verdict::Trusted);
    assert_eq!(kit.verdict(&folder, &other), Verdict::Changed);
    assert_eq!(kit.verdict(&folder, &Brought::default()), Verdict::Changed);
    assert_eq!(kit.verdict(&kit.folder("work/below"), &one), Verdict::Unknown);
    assert_eq!(kit.verdict(kit.root.path(), &one), Verdict::Unknown);
    kit.add(&folder, &other);
    assert_eq!(kit.verdict(&folder, &one), Verdict::Changed);
    assert_eq!(kit.trust.list().expect("it can be read").len(), 1);
}

#[test]
fn every_part_of_an_action_counts() {
    let base = "[actions.a]\nprompt = \"One.\"\n";
    let of = |toml: &str| Fingerprint::of(&brought(toml));
    for more in [
        "title = \"x\"",
        "scope = \"file\"",
        "answers = \"chat\"",
        "kind = \"source\"",
        "languages = [\"c\"]",
        "ask = true",
    ] {
        assert_ne!(of(base), of(&format!("{base}{more}")), "{more}");
    }
    assert_ne!(of(base), of("[actions.b]\nprompt = \"One.\"\n"));
    assert_eq!(of(base), of(&format!("# a remark\n[complete]\nenabled = false\n{base}ask = false")));
}

#[cfg(unix)]
#[test]
fn a_folder_is_the_same_through_a_link() {
    let kit = Kit::new();
    let (folder, brought) = (kit.folder("work"), Brought::default());
    let link = kit.root.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).expect("links can be made");
    kit.add(&link, &brought);
    assert_eq!(kit.verdict(&folder, &brought), Verdict::Trusted);
    assert_eq!(kit.trust.list().expect("it can be read")[0].folder, folder.canonicalize().expect("it is there"));
}

#[test]
fn a_folder_that_is_gone_can_be_taken_out() {
    let kit = Kit::new();
    let folder = kit.folder("work").canonicalize().expect("it is there");
    kit.add(&folder, &Brought::default());
    fs::remove_dir(&folder).expect("it is empty");
    assert_eq!(kit.trust.list().expect("it can be read").len(), 1);
    assert!(kit.trust.remove(&folder).expect("it can be written"));
    assert!(!kit.trust.remove(&folder).expect("it can be read"));
    assert_eq!(kit.trust.list().expect("it can be read"), []);
}

#[test]
fn a_damaged_file_trusts_nobody_and_is_not_overwritten() {
    for text in [
        "",
        "{",
        "[]",
        "{\"version\":1}",
        "{\"version\":1,\"trusted\":[{\"folder\":\"/x\",\"actions\":\"\",\"at\":\"2026-01-01T00:00:00Z\"}]}",
        "{\"version\":1,\"trusted\":[{\"folder\":\"x\",\"actions\":\"\",\"at\":\"2026-01-01T00:00:00Z\"}]}",
        "{\"version\":2,\"trusted\":[]}",
    ] {
        let kit = Kit::new();
        kit.write(text);
        let folder = kit.folder("work");
        let error = kit.trust.verdict(&folder, &Brought::default()).expect_err("nobody is trusted");
        assert!(error.to_string().ends_with("no workspace is trusted"), "{error}");
        let content = Fingerprint::of(&Brought::default());
        assert!(kit.trust.add(&folder, content, Timestamp::UNIX_EPOCH).is_err(), "{text}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let trusted = |name: &str| Trusted {
        folder: PathBuf::from(name),
        content: Fingerprint::of(&Brought::default()),
        at: Timestamp::UNIX_EPOCH,
    };
    let all = vec![trusted("/a \"b\"\n"), trusted("/ü")];
    assert_eq!(format::read(&format::written(&all), Path::new("x")).expect("it is whole"), all);
}
