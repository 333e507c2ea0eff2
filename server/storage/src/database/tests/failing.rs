//! What the disk does, and where it lies.

use rusqlite::ffi;

use super::*;
use crate::StorageError;

fn sqlite(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

fn io(number: i32) -> DatabaseError {
    let source = std::io::Error::from_raw_os_error(number);
    OpenError::from(StorageError::Io { action: "open", path: "/data/notes.db".into(), source }).into()
}

#[test]
fn each_code_of_sqlite_has_its_own_code_and_hint() {
    let mut hints = Vec::new();
    for (number, code, outage) in [
        (ffi::SQLITE_FULL, "storage-full", true),
        (ffi::SQLITE_READONLY, "storage-read-only", true),
        (ffi::SQLITE_READONLY_DBMOVED, "storage-missing", true),
        (ffi::SQLITE_IOERR_FSYNC, "storage-disk", true),
        (ffi::SQLITE_IOERR_UNLOCK, "storage-locks", true),
        (ffi::SQLITE_PERM, "storage-denied", true),
        (ffi::SQLITE_BUSY, "storage-busy", false),
        (ffi::SQLITE_CORRUPT, "storage-damaged", false),
        (ffi::SQLITE_INTERRUPT, "storage-closed", false),
        (ffi::SQLITE_CONSTRAINT, "storage-failed", false),
    ] {
        let error = DatabaseError::from(sqlite(number));
        assert_eq!((error.code(), error.is_outage()), (code, outage), "{number}");
        hints.push(error.hint());
    }
    hints.sort();
    hints.dedup();
    assert_eq!(hints.len(), 10, "{hints:?}");
}

#[cfg(unix)]
#[test]
fn each_answer_of_the_system_has_its_own_code() {
    use rustix::io::Errno;
    for (error, code) in [
        (Errno::NOSPC, "storage-full"),
        (Errno::DQUOT, "storage-full"),
        (Errno::ROFS, "storage-read-only"),
        (Errno::ACCESS, "storage-denied"),
        (Errno::IO, "storage-disk"),
        (Errno::MFILE, "storage-handles"),
        (Errno::NFILE, "storage-handles"),
        (Errno::NOLCK, "storage-locks"),
        (Errno::NOENT, "storage-missing"),
    ] {
        let error = io(error.raw_os_error());
        assert_eq!((error.code(), error.is_outage()), (code, true), "{error}");
    }
    assert!(!io(Errno::NAMETOOLONG.raw_os_error()).is_outage());
}

#[test]
fn each_cause_has_its_own_sentence_code_and_hint() {
    use Cause::{Denied, Failing, Full, Handles, Locks, Missing, ReadOnly};
    let causes = [Full, ReadOnly, Failing, Missing, Denied, Handles, Locks];
    let distinct = |told: &dyn Fn(Cause) -> String| {
        causes.iter().map(|cause| told(*cause)).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(distinct(&|cause| cause.code().to_owned()), causes.len());
    assert_eq!(distinct(&|cause| cause.hint().to_owned()), causes.len());
    assert_eq!(distinct(&|cause| cause.sentence(Path::new("/data/notes.db"))), causes.len());
}

#[test]
fn a_code_with_many_reasons_is_made_exact_by_a_look_at_the_folder() {
    let scene = Scene::new();
    let cause = |path: &Path| DatabaseError::transaction(path, sqlite(ffi::SQLITE_CANTOPEN)).code();
    assert_eq!(cause(&scene.path()), "storage-missing");
    assert_eq!(cause(&scene.made()), "storage-denied", "nothing better is known");
    assert_eq!(DatabaseError::transaction(&scene.made(), sqlite(ffi::SQLITE_BUSY)).code(), "storage-busy");
}

#[tokio::test]
async fn a_folder_removed_in_the_middle_of_a_write_is_told() {
    let scene = Scene::new();
    let database = scene.database();
    add(&database, "one").await.expect("written");
    let folder = scene.path().parent().expect("a folder").to_owned();
    let result: Result<(), DatabaseError> = database
        .write(move |tx| {
            tx.execute("INSERT INTO notes (text) VALUES ('two')", ())?;
            fs::remove_dir_all(folder).expect("removed");
            Ok(())
        })
        .await;
    let error = result.expect_err("nothing of it is left");
    assert_eq!((error.code(), error.is_outage()), ("storage-missing", true), "{error}");
    add(&database, "three").await.expect("written");
    assert_eq!(texts(&database).await.expect("read"), Some(vec!["migrated".to_owned(), "three".to_owned()]));
}

#[test]
fn network_file_systems_are_known_by_their_type() {
    for (number, name) in [(0x6969, "nfs"), (0xFF53_4D42, "cifs"), (0x0102_1997, "9p"), (0x6573_5546, "fuse")] {
        assert_eq!(FileSystem::of_type(number), FileSystem::Network(name));
    }
    // ext4, btrfs, xfs, tmpfs, overlayfs, zfs.
    for number in [0xEF53, 0x9123_683E, 0x5846_5342, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1] {
        assert_eq!(FileSystem::of_type(number), FileSystem::Local, "{number:x}");
    }
}

#[tokio::test]
async fn on_a_network_a_rollback_journal_is_kept_and_told() {
    let scene = Scene::new();
    assert_eq!(scene.database().journal(), Journal::WriteAhead);
    write_and_close(&scene).await;
    let remote = scene.database().on(FileSystem::Network("nfs"));
    assert_eq!(remote.journal(), Journal::Rollback { file_system: "nfs" });
    add(&remote, "two").await.expect("written");
    let mode = |name: &'static str| {
        remote.write::<_, DatabaseError>(move |tx| {
            Ok(tx.pragma_query_value(None, name, |row| row.get_ref(0).map(|value| format!("{value:?}")))?)
        })
    };
    assert!(mode("journal_mode").await.expect("told").contains(&format!("{:?}", b"delete")));
    assert_eq!(mode("synchronous").await.expect("told"), "Integer(3)");
    for ending in ["-wal", "-shm", "-journal"] {
        assert!(!connection::beside(&scene.path(), ending).exists(), "{ending}");
    }
    remote.close().await;
    assert_eq!(texts(&scene.database()).await.expect("back on a local disk").map(|texts| texts.len()), Some(3));
}
