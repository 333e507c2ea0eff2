//! Lines on a real file system: the lock, the tail, rotation, and small files.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

use super::*;

const SOON: Duration = Duration::from_secs(10);

struct Scene(tempfile::TempDir, LineFiles);

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join("record").join(name);
        let files = LineFiles::new(at("r.jsonl"), at("r.lock"));
        Self(folder, files)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join("record").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        private::ensure_dir(&self.0.path().join("record")).expect("a folder");
        fs::write(self.at(name), text).expect("written");
    }

    /// Every file of the record and its text, oldest first.
    fn all(&self) -> Vec<(String, String)> {
        let (parts, ()) = self.1.look(SOON, || Ok(())).expect("read");
        parts
            .iter()
            .map(|part| {
                let mut text = String::new();
                part.reader().read_to_string(&mut text).expect("text");
                (part.path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text)
            })
            .collect()
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn the_last_whole_line_is_found_and_what_is_torn_is_told_apart() {
    let long = "x".repeat(10_000);
    for (older, text, line, torn) in [
        (None, "", None, ""),
        (None, "one", None, "one"),
        (None, "one\n", Some("one"), ""),
        (None, "\n", Some(""), ""),
        (None, "one\ntwo\nthr", Some("two"), "thr"),
        (Some("old\n"), "", Some("old"), ""),
        (Some("old\n"), "tor", Some("old"), "tor"),
        (None, &format!("one\n{long}\n{long}"), Some(&*long), &*long),
    ] {
        let scene = Scene::new();
        scene.write("r.jsonl", text);
        if let Some(older) = older {
            scene.write("r.jsonl.1", older);
        }
        let tail = scene.1.hold(SOON).expect("held").tail(1 << 20).expect("a tail");
        let expected = Tail { line: line.map(|line| line.as_bytes().to_vec()), torn: torn.as_bytes().to_vec() };
        assert_eq!(tail, expected, "{older:?} {}", text.len());
    }
}

#[test]
fn a_file_without_line_ends_is_not_read_for_ever() {
    let scene = Scene::new();
    scene.write("r.jsonl", &"x".repeat(100_000));
    let error = scene.1.hold(SOON).expect("held").tail(20_000).expect_err("no lines");
    assert!(error.to_string().contains("does not end in lines"), "{error}");
}

#[test]
fn rotation_keeps_every_line_but_the_oldest_files() {
    let scene = Scene::new();
    let held = scene.1.hold(SOON).expect("held");
    for line in ["1\n", "2\n", "3\n", "4\n"] {
        held.append(line.as_bytes()).expect("written");
        if line != "4\n" {
            assert_eq!(held.oldest_after_rotation(2).expect("known").is_some(), line == "3\n");
            held.rotate(2).expect("rotated");
        }
    }
    drop(held);
    assert_eq!(scene.all(), pairs(&[("r.jsonl.2", "2\n"), ("r.jsonl.1", "3\n"), ("r.jsonl", "4\n")]));
}

#[test]
fn a_gap_that_a_killed_rotation_left_is_filled_before_anything_is_dropped() {
    let scene = Scene::new();
    for (name, text) in [("r.jsonl.3", "1\n"), ("r.jsonl.1", "3\n"), ("r.jsonl", "4\n"), ("r.jsonl.01", "x")] {
        scene.write(name, text);
    }
    let held = scene.1.hold(SOON).expect("held");
    assert_eq!(held.oldest_after_rotation(3).expect("known"), None);
    held.rotate(3).expect("rotated");
    drop(held);
    assert_eq!(scene.all(), pairs(&[("r.jsonl.3", "1\n"), ("r.jsonl.2", "3\n"), ("r.jsonl.1", "4\n")]));
}

#[test]
fn fewer_kept_files_drop_all_that_are_too_many() {
    let scene = Scene::new();
    for (name, text) in [("r.jsonl.4", "1\n"), ("r.jsonl.3", "2\n"), ("r.jsonl.1", "3\n"), ("r.jsonl", "4\n")] {
        scene.write(name, text);
    }
    let held = scene.1.hold(SOON).expect("held");
    assert_eq!(held.oldest_after_rotation(1).expect("known"), Some(scene.at("r.jsonl")));
    held.rotate(1).expect("rotated");
    drop(held);
    assert_eq!(scene.all(), pairs(&[("r.jsonl.1", "4\n")]));
}

#[test]
fn a_second_writer_waits_and_then_is_told_who_is_in_the_way() {
    let scene = Scene::new();
    let held = scene.1.hold(SOON).expect("held");
    let error = scene.1.hold(Duration::ZERO).expect_err("held already");
    assert!(error.to_string().contains("r.lock"), "{error}");
    assert_eq!(error.io().map(io::Error::kind), Some(io::ErrorKind::TimedOut));
    assert!(scene.1.look(Duration::ZERO, || Ok(())).is_err(), "a reader does not see half a batch");
    drop(held);
    scene.1.hold(Duration::ZERO).expect("free");
}

#[test]
fn a_lock_file_that_was_removed_is_made_again_and_holds() {
    let scene = Scene::new();
    drop(scene.1.hold(SOON).expect("held"));
    fs::remove_file(scene.at("r.lock")).expect("removed");
    let _held = scene.1.hold(SOON).expect("held");
    assert!(scene.at("r.lock").exists() && scene.1.hold(Duration::ZERO).is_err());
}

#[test]
fn looking_makes_nothing() {
    let scene = Scene::new();
    assert!(scene.all().is_empty());
    scene.1.writable().expect("it could be made");
    assert!(!scene.at("").exists());
}

#[test]
fn a_small_file_is_made_once() {
    let scene = Scene::new();
    let path = scene.0.path().join("small");
    assert_eq!(read_small(&path, 3).expect("nothing there"), None);
    assert!(create_small(&path, b"abc").expect("made"));
    assert!(!create_small(&path, b"xyz").expect("there already"));
    overwrite_small(&path, b"AB").expect("replaced");
    assert_eq!(read_small(&path, 3).expect("read").as_deref(), Some(b"ABc".as_slice()));
    assert_eq!(read_small(&path, 1).expect("read").as_deref(), Some(b"AB".as_slice()), "one byte too many shows");
    assert!(overwrite_small(&scene.0.path().join("none"), b"x").is_err(), "nothing is made by replacing");
}

#[cfg(unix)]
#[test]
fn all_of_it_is_private_and_nothing_is_followed() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    scene.1.hold(SOON).expect("held").append(b"1\n").expect("written");
    let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(scene.at("")), mode(scene.at("r.jsonl")), mode(scene.at("r.lock"))), (0o700, 0o600, 0o600));
    fs::rename(scene.at("r.jsonl"), scene.at("elsewhere")).expect("moved");
    std::os::unix::fs::symlink(scene.at("elsewhere"), scene.at("r.jsonl")).expect("linked");
    assert!(matches!(scene.1.look(SOON, || Ok(())), Err(StorageError::Symlink { .. })));
    assert!(matches!(scene.1.hold(SOON).expect("held").append(b"2\n"), Err(StorageError::Symlink { .. })));
}
