//! Key files that are none, or that others could have had: each its fault, and not a byte changed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown, symlink},
    path::Path,
};

use aside_config::SessionKey;
use aside_sessions::{DataKeys as _, KeyFaultKind};
use aside_test_support::real::is_root;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::kit::{Bench, Mood, line, set_mode, write};

type Break = fn(&Path);

/// A key file, as it should be.
fn good(path: &Path) {
    write(path, format!("{}\n", line(&[7])));
}

fn mode(path: &Path, mode: u32) {
    good(path);
    set_mode(path, mode);
}

/// What can stand where the key file belongs, and what that is.
const WAYS: &[(&str, KeyFaultKind, Break)] = &[
    ("an empty file", KeyFaultKind::Damaged, |path| write(path, "")),
    ("a truncated file", KeyFaultKind::Damaged, |path| write(path, &line(&[7])[..50])),
    ("one changed digit", KeyFaultKind::Damaged, |path| write(path, line(&[7]).replace("0707", "0708") + "\n")),
    ("NUL bytes", KeyFaultKind::Damaged, |path| write(path, [0; 96])),
    ("bytes that are no text", KeyFaultKind::Damaged, |path| write(path, [0xff; 96])),
    ("a key and more", KeyFaultKind::Damaged, |path| write(path, line(&[7]) + "\n#\n")),
    ("two gigabytes of nothing", KeyFaultKind::Damaged, |path| {
        write(path, "");
        let file = fs::File::options().write(true).open(path).expect("opened");
        file.set_len(2 << 30).expect("a sparse file");
    }),
    ("a folder", KeyFaultKind::Damaged, |path| fs::create_dir(path).expect("made")),
    ("a pipe", KeyFaultKind::Damaged, |path| {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("made");
    }),
    ("a link to a key", KeyFaultKind::Denied, |path| {
        good(&path.with_extension("other"));
        symlink(path.with_extension("other"), path).expect("linked");
    }),
    ("a link to nowhere", KeyFaultKind::Denied, |path| symlink("nowhere", path).expect("linked")),
    ("a second name", KeyFaultKind::Denied, |path| {
        good(path);
        fs::hard_link(path, path.with_extension("other")).expect("linked");
    }),
    ("a file that the group may read", KeyFaultKind::Denied, |path| mode(path, 0o640)),
    ("a file that all may read", KeyFaultKind::Denied, |path| mode(path, 0o644)),
    ("a file that others may write", KeyFaultKind::Denied, |path| mode(path, 0o602)),
    ("a folder that others may write", KeyFaultKind::Denied, |path| {
        good(path);
        set_mode(path.parent().expect("a folder"), 0o777);
    }),
];

#[tokio::test]
async fn whatever_stands_in_its_place_is_a_fault_and_stays_and_no_key_is_made() {
    for (what, kind, break_it) in WAYS {
        let bench = Bench::new(SessionKey::Auto);
        bench.world.state().ring_is = Mood::Absent;
        break_it(&bench.path());
        let folder = bench.path().parent().expect("a folder").to_owned();
        let before = (bench.snapshot(), fs::metadata(&folder).expect("a folder").mode());
        for result in [bench.keys().read().await, bench.keys().ensure().await] {
            let fault = result.map(drop).expect_err(what);
            assert_eq!(fault.kind, *kind, "{what}: {fault:?}");
            let told = format!("{fault:?} {}", fault.hint);
            assert!(!told.contains("0707") && !fault.hint.is_empty(), "{what}: {told}");
        }
        assert!(bench.keys().standing().await.fault.is_some_and(|fault| fault.kind == *kind), "{what}");
        let after = (bench.snapshot(), fs::metadata(&folder).expect("a folder").mode());
        assert_eq!(after, before, "{what}: nothing is changed");
    }
}

#[tokio::test]
async fn another_users_file_is_refused() {
    if !is_root("file of another user") {
        return;
    }
    let bench = Bench::new(SessionKey::Auto);
    good(&bench.path());
    chown(bench.path(), Some(65_534), None).expect("given away");
    let fault = bench.keys().ensure().await.map(drop).expect_err("foreign");
    assert_eq!(fault.kind, KeyFaultKind::Denied);
    assert!(fault.message.contains("belongs to user 65534"), "{fault:?}");
}

#[tokio::test]
async fn a_new_key_file_is_its_owners_from_the_first_moment_whatever_the_umask() {
    let bench = Bench::new(SessionKey::File);
    let before = rustix::process::umask(Mode::empty());
    let made = bench.keys().ensure().await;
    rustix::process::umask(before);
    made.expect("made");
    assert_eq!(fs::metadata(bench.path()).expect("made").mode() & 0o7777, 0o600);
    assert_eq!(bench.snapshot().len(), 1, "nothing else is left");
    assert_eq!(fs::read(bench.path()).expect("readable").len(), 96);
}
