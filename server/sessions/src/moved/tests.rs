//! Real folders that are renamed, linked, copied, replaced; and fingerprints of systems that tell less.

use std::{fs, time::SystemTime};

use proptest::prelude::*;

use super::*;

/// A place for folders.
struct Disk(tempfile::TempDir);

#[expect(clippy::disallowed_methods, reason = "a test makes its own folders")]
impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("there").join(name)
    }

    fn make(&self, name: &str) -> Known {
        fs::create_dir(self.path(name)).expect("made");
        self.known(name)
    }

    /// A folder with a repository that was made at some time.
    fn repository(&self, name: &str, made: SystemTime) -> Known {
        fs::create_dir_all(self.path(name).join(".git")).expect("made");
        let description = fs::File::create(self.path(name).join(".git/description")).expect("made");
        description.set_modified(made).expect("set");
        self.known(name)
    }

    /// The folder `name` as it is remembered.
    fn known(&self, name: &str) -> Known {
        let path = self.path(name);
        let then = Fingerprint::of(&path).expect("a folder");
        Known { workspace: WorkspaceId::of(Some(&path)), now: Some(then.clone()), path, then }
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("renamed");
    }

    fn remove(&self, name: &str) {
        fs::remove_dir_all(self.path(name)).expect("removed");
    }

    /// What is offered where `name` is opened.
    fn offered(&self, name: &str, known: &[Known]) -> Vec<WorkspaceId> {
        let looked: Vec<_> = known.iter().map(|one| Known { now: Fingerprint::of(&one.path), ..one.clone() }).collect();
        candidates(&self.path(name), &Fingerprint::of(&self.path(name)).expect("a folder"), &looked)
    }
}

fn made(second: u64) -> SystemTime {
    UNIX_EPOCH + std::time::Duration::new(1_700_000_000 + second, 123_456_789)
}

#[test]
fn a_renamed_folder_is_offered_its_conversations() {
    let disk = Disk::new();
    let (old, other) = (disk.make("old"), disk.make("other"));
    disk.rename("old", "new");
    let known = [other, old];
    assert_eq!(disk.offered("new", &known), [WorkspaceId::stored(disk.path("old").to_string_lossy().into_owned())]);
    assert!(disk.offered("other", &known).is_empty());
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_the_folder_and_nothing_was_moved() {
    let disk = Disk::new();
    let real = disk.make("real");
    std::os::unix::fs::symlink(disk.path("real"), disk.path("link")).expect("linked");
    let through = Fingerprint::of(&disk.path("link")).expect("a folder");
    assert_eq!(through, real.then);
    assert!(disk.offered("link", &[real]).is_empty());
}

#[test]
fn a_copy_is_offered_nothing_while_its_original_is_there() {
    let disk = Disk::new();
    let original = disk.repository("original", made(0));
    disk.repository("copy", made(0));
    assert!(disk.offered("copy", std::slice::from_ref(&original)).is_empty());
    // Moved to another disk: a copy, and the original is gone.
    disk.remove("original");
    assert_eq!(disk.offered("copy", std::slice::from_ref(&original)), [original.workspace]);
}

#[test]
fn a_clone_is_another_folder_even_when_the_original_is_gone() {
    let disk = Disk::new();
    let original = disk.repository("original", made(0));
    disk.repository("clone", made(1));
    disk.remove("original");
    assert!(disk.offered("clone", &[original]).is_empty());
}

#[test]
fn a_folder_that_replaces_a_deleted_one_is_another() {
    let disk = Disk::new();
    let old = disk.repository("work", made(0));
    disk.remove("work");
    let new = disk.repository("work", made(50));
    assert_eq!(likeness(&old.then, &new.then), Likeness::Different);
    let plain = disk.make("plain");
    disk.remove("plain");
    // Where the system tells births, the number that was given anew misleads nobody.
    if disk.make("plain").then.born.is_some() {
        assert_eq!(likeness(&plain.then, &disk.known("plain").then), Likeness::Different);
    }
}

#[test]
fn a_moved_folder_is_offered_although_another_took_its_path() {
    let disk = Disk::new();
    let old = disk.repository("work", made(0));
    disk.rename("work", "elsewhere");
    disk.repository("work", made(9));
    assert_eq!(disk.offered("elsewhere", std::slice::from_ref(&old)), [old.workspace]);
}

#[test]
fn the_surest_comes_first() {
    let disk = Disk::new();
    let (twin, old) = (disk.repository("twin", made(0)), disk.repository("old", made(0)));
    disk.remove("twin");
    disk.rename("old", "new");
    assert_eq!(disk.offered("new", &[twin.clone(), old.clone()]), [old.workspace, twin.workspace]);
}

#[test]
fn what_is_no_folder_has_no_fingerprint() {
    let disk = Disk::new();
    assert_eq!(Fingerprint::of(&disk.path("absent")), None);
    disk.repository("work", made(0));
    assert_eq!(Fingerprint::of(&disk.path("work").join(".git/description")), None);
}

#[test]
fn fingerprints_that_tell_less_are_believed_less() {
    let whole = Fingerprint { place: Some((1, 2)), born: Some(3), git: Some(4), name: "a".to_owned() };
    let with = |change: fn(&mut Fingerprint)| {
        let mut changed = whole.clone();
        change(&mut changed);
        changed
    };
    let check = |one: &Fingerprint, other: &Fingerprint, expected| {
        assert_eq!(likeness(one, other), expected, "{one:?} {other:?}");
        assert_eq!(likeness(other, one), expected, "{other:?} {one:?}");
    };
    check(&whole, &whole, Likeness::Same);
    check(&whole, &with(|one| one.name = "b".to_owned()), Likeness::Same);
    check(&whole, &with(|one| one.git = Some(9)), Likeness::Same);
    check(&whole, &with(|one| one.place = Some((7, 2))), Likeness::Likely);
    check(&whole, &with(|one| (one.place, one.git) = (Some((7, 8)), None)), Likeness::Different);
    check(&whole, &with(|one| (one.place, one.born) = (Some((7, 8)), Some(9))), Likeness::Likely);
    check(&whole, &with(|one| (one.born, one.git) = (Some(8), Some(9))), Likeness::Different);
    check(&whole, &with(|one| (one.born, one.git) = (None, Some(9))), Likeness::Different);
    check(&whole, &with(|one| (one.born, one.git) = (None, None)), Likeness::Likely);
    check(&whole, &with(|one| one.born = None), Likeness::Same);
    check(&whole, &with(|one| (one.place, one.git) = (None, None)), Likeness::Likely);
    let named = |name: &str| Fingerprint { place: None, born: None, git: None, name: name.to_owned() };
    check(&named("a"), &named("a"), Likeness::Different);
}

#[test]
fn a_mark_is_the_same_to_what_a_file_system_keeps_of_it() {
    let exact = 1_700_000_000_123_456_789;
    for kept in [exact, 1_700_000_000_123_456_700, 1_700_000_000_123_456_000, 1_700_000_000_000_000_000] {
        assert!(is_same_mark(exact, kept) && is_same_mark(kept, exact), "{kept}");
    }
    for other in [exact + 1, 1_700_000_000_123_457_000, 1_700_000_001_000_000_000, 1_700_000_000_100_000_001] {
        assert!(!is_same_mark(exact, other) && !is_same_mark(other, exact), "{other}");
    }
}

proptest! {
    #[test]
    fn a_fingerprint_reads_back_as_written(
        place in any::<Option<(u64, u64)>>(),
        born in any::<Option<u64>>(),
        git in any::<Option<u64>>(),
        name in any::<String>(),
    ) {
        let one = Fingerprint { place, born, git, name };
        prop_assert_eq!(Fingerprint::decode(&one.encode()), Some(one));
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        prop_assert_eq!(Fingerprint::decode(&text), None);
    }
}
