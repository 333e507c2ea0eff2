//! Private files on a real file system.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

use std::{
    fs::Permissions,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
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
