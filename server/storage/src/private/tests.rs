//! Private files on a real file system.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

use std::{
    fs::Permissions,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
    time::{Duration, Instant},
};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").mode() & 0o777
}

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        path
    }
}

#[test]
fn every_directory_made_on_the_way_is_for_its_owner_only() {
    let scene = Scene::new();
    ensure_dir(&scene.at("a/b/c")).expect("made");
    for path in ["a", "a/b", "a/b/c"] {
        assert_eq!(mode(&scene.at(path)), 0o700, "{path}");
    }
    ensure_dir(&scene.at("a/b/c")).expect("made before");
}

#[test]
fn an_open_directory_is_closed_to_others() {
    let scene = Scene::new();
    fs::create_dir(scene.at("a")).expect("made");
    fs::set_permissions(scene.at("a"), Permissions::from_mode(0o755)).expect("a mode");
    ensure_dir(&scene.at("a")).expect("ours");
    assert_eq!(mode(&scene.at("a")), 0o700);
}

#[test]
fn a_link_or_a_file_is_no_directory() {
    let scene = Scene::new();
    fs::create_dir(scene.at("a")).expect("made");
    symlink(scene.at("a"), scene.at("link")).expect("linked");
    scene.file("file", 0o600);
    assert!(matches!(ensure_dir(&scene.at("link")), Err(StorageError::Symlink { .. })));
    assert!(matches!(ensure_dir(&scene.at("file")), Err(StorageError::WrongKind { wanted: "directory", .. })));
    let error = ensure_dir(&scene.at("file/below")).expect_err("a file is in the way");
    assert!(error.to_string().contains("file/below"), "{error}");
}

#[test]
fn a_replaced_file_has_the_new_bytes_and_is_private() {
    let scene = Scene::new();
    for path in [scene.at("new"), scene.file("loose", 0o644)] {
        write_atomic(&path, b"bytes").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"bytes");
        assert_eq!(mode(&path), 0o600);
    }
    let names: Vec<_> =
        fs::read_dir(scene.0.path()).expect("listed").map(|one| one.expect("named").file_name()).collect();
    assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
}

#[test]
fn a_missing_directory_is_named() {
    let scene = Scene::new();
    let error = write_atomic(&scene.at("gone/file"), b"bytes").expect_err("no directory");
    assert!(error.to_string().contains("gone"), "{error}");
    assert!(!scene.at("gone").exists());
}

#[test]
fn appending_goes_to_the_end_and_tightens_a_loose_file() {
    let scene = Scene::new();
    let path = scene.file("log", 0o644);
    open_append(&path).expect("opened").write_all(b" new").expect("written");
    assert_eq!(fs::read(&path).expect("read"), b"old new");
    assert_eq!(mode(&path), 0o600);
    let fresh = scene.at("fresh");
    open_append(&fresh).expect("made");
    assert_eq!(mode(&fresh), 0o600);
}

#[test]
fn what_is_not_plainly_our_own_file_is_refused() {
    let scene = Scene::new();
    let target = scene.file("target", 0o600);
    symlink(&target, scene.at("link")).expect("linked");
    symlink(scene.at("nowhere"), scene.at("dangling")).expect("linked");
    fs::hard_link(scene.file("first", 0o600), scene.at("second")).expect("linked");
    fs::create_dir(scene.at("folder")).expect("made");
    rustix::fs::mknodat(rustix::fs::CWD, scene.at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a pipe");

    for name in ["link", "dangling", "second", "folder", "pipe"] {
        let path = scene.at(name);
        for (door, result) in [
            ("append", open_append(&path).map(drop)),
            ("replace", write_atomic(&path, b"x")),
            ("settle", settle(&path).map(drop)),
            ("read", read(&path, 100).map(drop)),
            ("lock", FileLock::exclusive(&path, Duration::ZERO).map(drop)),
        ] {
            let error = result.expect_err(name);
            assert!(
                matches!(
                    (name, &error),
                    ("link" | "dangling", StorageError::Symlink { .. })
                        | ("second", StorageError::HardLinked { links: 2, .. })
                        | ("folder" | "pipe", StorageError::WrongKind { .. })
                ),
                "{name} {door}: {error}"
            );
        }
    }
    assert_eq!(fs::read(target).expect("read"), b"old");
    assert!(!scene.at("nowhere").exists());
}

#[test]
fn another_users_file_is_refused() {
    let error = facts::ours(Path::new("/data/x"), 1000, 1001).expect_err("another user");
    assert_eq!(error.to_string(), "`/data/x` belongs to user 1000, not to you");
    facts::ours(Path::new("/data/x"), 1000, 1000).expect("ours");
}

#[test]
fn reading_gives_the_bytes_and_creates_nothing() {
    let scene = Scene::new();
    assert_eq!(read(&scene.at("none"), 100).expect("nothing is there"), None);
    assert_eq!(read(&scene.at("gone/none"), 100).expect("nothing is there"), None);
    assert!(list(scene.0.path()).expect("listed").is_empty());
    assert_eq!(read(&scene.file("a", 0o600), 3).expect("read"), Some(b"old".to_vec()));
    let error = read(&scene.at("a"), 2).expect_err("too large");
    assert!(matches!(error, StorageError::TooLarge { bytes: 3, max: 2, .. }), "{error}");
}

#[test]
fn a_file_that_others_could_read_is_closed_and_told() {
    let scene = Scene::new();
    let path = scene.file("loose", 0o644);
    assert!(hold(&path, 100).expect("read").expect("there").was_open_to_others());
    assert_eq!(mode(&path), 0o600);
    assert!(!hold(&path, 100).expect("read").expect("there").was_open_to_others());
}

#[test]
fn nothing_is_read_from_a_folder_that_others_can_write() {
    let scene = Scene::new();
    let path = scene.file("a", 0o600);
    fs::set_permissions(scene.0.path(), Permissions::from_mode(0o777)).expect("a mode");
    for result in [read(&path, 100).map(drop), {
        let lock = FileLock::exclusive(&scene.at("lock"), Duration::ZERO).expect("locked");
        replace_locked(&path, b"new", &lock)
    }] {
        let error = result.expect_err("refused");
        assert!(matches!(error, StorageError::OpenFolder { mode: 0o777, .. }), "{error}");
        assert!(error.hint().contains("chmod go-w"), "{}", error.hint());
    }
    assert_eq!(fs::read(&path).expect("read"), b"old");
}

#[test]
fn what_was_read_knows_whether_it_is_still_there() {
    let scene = Scene::new();
    let path = scene.file("a", 0o600);
    let held = hold(&path, 100).expect("read").expect("there");
    assert!(held.is_still_at(&path));
    write_atomic(&path, b"old").expect("written");
    assert!(!held.is_still_at(&path), "the same bytes in another file");
    let held = hold(&path, 100).expect("read").expect("there");
    fs::write(&path, "older").expect("written");
    assert!(!held.is_still_at(&path), "changed where it lies");
    remove(&path).expect("removed");
    assert!(!held.is_still_at(&path), "gone");
}

#[test]
fn a_file_is_created_once_and_nothing_is_overwritten() {
    let scene = Scene::new();
    create(&scene.at("a"), b"first").expect("made");
    assert_eq!((fs::read(scene.at("a")).expect("read"), mode(&scene.at("a"))), (b"first".to_vec(), 0o600));
    symlink(scene.at("nowhere"), scene.at("link")).expect("linked");
    for name in ["a", "link"] {
        assert!(matches!(create(&scene.at(name), b"second"), Err(StorageError::Exists { .. })), "{name}");
        assert!(is_anything(&scene.at(name)).expect("looked"));
    }
    assert!(!is_anything(&scene.at("nowhere")).expect("looked"));
    assert_eq!(fs::read(scene.at("a")).expect("read"), b"first");
    assert_eq!((remove(&scene.at("link")).expect("gone"), remove(&scene.at("link")).expect("gone")), (true, false));
    assert_eq!(list(scene.0.path()).expect("listed"), [scene.at("a")]);
}

#[test]
fn a_locked_replace_takes_away_what_a_killed_one_left() {
    let scene = Scene::new();
    let lock = FileLock::exclusive(&scene.at("lock"), Duration::ZERO).expect("locked");
    scene.file(".a.new", 0o600);
    for bytes in ["one", "two"] {
        replace_locked(&scene.at("a"), bytes.as_bytes(), &lock).expect("replaced");
        assert_eq!(fs::read_to_string(scene.at("a")).expect("read"), bytes);
    }
    assert_eq!(list(scene.0.path()).expect("listed"), [scene.at("a"), scene.at("lock")]);
    assert_eq!(mode(&scene.at("a")), 0o600);
}

#[test]
fn a_lock_is_held_by_one_and_waited_for_a_bounded_time() {
    let scene = Scene::new();
    let path = scene.at("lock");
    let first = FileLock::exclusive(&path, Duration::ZERO).expect("locked");
    let start = Instant::now();
    let error = FileLock::exclusive(&path, Duration::from_millis(20)).expect_err("held");
    assert!(matches!(error, StorageError::LockBusy { .. }), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(20));
    // Removed while it is held: who comes then locks the new file, and knows it.
    fs::remove_file(&path).expect("removed");
    let second = FileLock::exclusive(&path, Duration::ZERO).expect("another file");
    drop(first);
    FileLock::exclusive(&path, Duration::ZERO).expect_err("the second holds it");
    drop(second);
    FileLock::exclusive(&path, Duration::ZERO).expect("free");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_secret_is_read_from_a_closed_file_and_nothing_is_mended() {
    let scene = Scene::new();
    assert!(read_secret(&scene.at("none"), 10).expect("nothing is there").is_none());
    let closed = scene.file("closed", 0o600);
    assert_eq!(read_secret(&closed, 3).expect("ours").expect("there").expose(), b"old");
    assert!(matches!(read_secret(&closed, 2), Err(StorageError::TooLarge { bytes: 3, max: 2, .. })));
    for loose in [0o640, 0o604, 0o620, 0o602, 0o644] {
        let path = scene.file("loose", loose);
        let error = read_secret(&path, 10).expect_err("others may have read it");
        assert!(matches!(error, StorageError::OpenToOthers { .. }), "{loose:o}: {error}");
        assert!(error.hint().contains("chmod 600"), "{}", error.hint());
        assert_eq!(mode(&path), loose, "it stays as it is");
    }
}

#[test]
fn a_file_is_made_under_its_lock_where_nothing_is_and_nowhere_else() {
    let scene = Scene::new();
    let lock = FileLock::exclusive(&scene.at("lock"), Duration::ZERO).expect("locked");
    fs::write(scene.at(".key.new"), "left behind").expect("written");
    let path = scene.at("key");
    create_locked(&path, b"first", &lock).expect("made");
    assert_eq!((fs::read(&path).expect("read"), mode(&path)), (b"first".to_vec(), 0o600));
    assert!(matches!(create_locked(&path, b"second", &lock), Err(StorageError::Exists { .. })));
    symlink(scene.at("nowhere"), scene.at("link")).expect("linked");
    assert!(matches!(create_locked(&scene.at("link"), b"x", &lock), Err(StorageError::Exists { .. })));
    assert_eq!(fs::read(&path).expect("read"), b"first");
    assert!(!scene.at(".key.new").exists() && !scene.at(".link.new").exists() && !scene.at("nowhere").exists());
}

#[test]
fn what_is_put_aside_overwrites_nothing() {
    let scene = Scene::new();
    let lock = FileLock::exclusive(&scene.at("lock"), Duration::ZERO).expect("locked");
    for number in 1..=3 {
        let path = scene.file("key", 0o600);
        fs::write(&path, number.to_string()).expect("written");
        let aside = put_aside(&path, &lock).expect("moved");
        assert_eq!(aside, scene.at(&format!("key.damaged-{number}")));
        assert!(!path.exists());
    }
    for number in 1..=3 {
        let kept = fs::read(scene.at(&format!("key.damaged-{number}"))).expect("kept");
        assert_eq!(kept, number.to_string().into_bytes());
    }
}
