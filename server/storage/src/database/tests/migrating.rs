//! Steps, backups and versions.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// The first version, and a step that brings it to the second one.
fn stepped(
    scene: &Scene,
    step: impl Fn(&Transaction<'_>) -> Result<(), StepError> + Send + Sync + 'static,
) -> Database {
    Database::with_migrations(scene.path(), vec![Migration::Sql(FIRST), Migration::step(step)])
}

fn louder(tx: &Transaction<'_>) -> Result<(), StepError> {
    let mut texts = tx.prepare("SELECT n, text FROM notes")?;
    let texts: Vec<(i64, String)> =
        texts.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (n, text) in texts {
        tx.execute("UPDATE notes SET text = ?2 WHERE n = ?1", (n, text.to_uppercase()))?;
    }
    Ok(())
}

/// A scene whose database has the first version and one note.
async fn old() -> Scene {
    let scene = Scene::new();
    let database = Database::new(scene.path(), &[FIRST]);
    add(&database, "one").await.expect("written");
    database.close().await;
    scene
}

fn names(scene: &Scene) -> Vec<String> {
    let names = fs::read_dir(scene.path().parent().expect("a folder")).expect("listed");
    let mut names: Vec<_> = names.map(|one| one.expect("named").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn bytes(scene: &Scene) -> Vec<u8> {
    fs::read(scene.path()).expect("read")
}

#[tokio::test]
async fn a_step_sees_what_is_there_and_changes_it_once() {
    let scene = old().await;
    for _ in 0..2 {
        let database = stepped(&scene, louder);
        assert_eq!(texts(&database).await.expect("read"), Some(vec!["ONE".to_owned()]));
        add(&database, "two").await.expect("written");
        add(&database, "three").await.expect("written");
        database
            .write::<_, DatabaseError>(|tx| Ok(tx.execute("DELETE FROM notes WHERE text <> 'ONE'", ())?))
            .await
            .expect("written");
        database.close().await;
    }
}

#[tokio::test]
async fn a_step_that_fails_is_told_in_its_words_and_leaves_the_file_until_it_succeeds() {
    let scene = old().await;
    let before = bytes(&scene);
    let tries = Arc::new(AtomicUsize::new(0));
    let count = tries.clone();
    let database = stepped(&scene, move |tx| {
        louder(tx)?;
        if count.fetch_add(1, Ordering::Relaxed) < 2 {
            let (message, hint) = ("the keys are locked".to_owned(), "unlock them: aside vault unlock".to_owned());
            return Err(StepError { code: "locked", message, hint, source: None });
        }
        Ok(())
    });
    let error = refusal(&database).await;
    assert_eq!((error.code(), error.hint().as_str()), ("locked", "unlock them: aside vault unlock"));
    assert!(error.to_string().contains("version 2: the keys are locked"), "{error}");
    assert!(!error.is_outage());
    database.close().await;
    assert_eq!((bytes(&scene), names(&scene)), (before, vec!["notes.db".to_owned()]));
    assert_eq!(texts(&database).await.expect("the third try"), Some(vec!["ONE".to_owned()]));
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_steps_statement_that_fails_has_the_code_of_a_statement() {
    let scene = old().await;
    let database = stepped(&scene, |tx| Ok(tx.execute("INSERT INTO nowhere VALUES (1)", ()).map(drop)?));
    let error = refusal(&database).await;
    assert_eq!(error.code(), "storage-failed");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_step_that_panics_leaves_the_file() {
    let scene = old().await;
    let before = bytes(&scene);
    let database = stepped(&scene, |_| panic!("a defect"));
    assert!(matches!(texts(&database).await, Err(DatabaseError::Panicked)));
    database.close().await;
    assert_eq!(bytes(&scene), before);
}

#[tokio::test]
async fn before_a_migration_the_old_state_is_copied_privately() {
    let scene = old().await;
    let database = stepped(&scene, louder);
    assert_eq!(database.backups().expect("listed"), []);
    add(&database, "two").await.expect("written");
    let backups = database.backups().expect("listed");
    let [backup] = &backups[..] else { panic!("{backups:?}") };
    assert_eq!((backup.version(), backup.path()), (1, scene.path().with_file_name("notes.db.v1.bak").as_path()));
    assert!(backup.bytes() > 0 && backup.made().is_some());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(backup.path()).expect("there")) & 0o777, 0o600);
    // It is a database of its own, as it was.
    let restored = Database::new(backup.path().to_owned(), &[FIRST]);
    assert_eq!(texts(&restored).await.expect("read"), Some(vec!["one".to_owned()]));
    restored.close().await;
    database.close().await;
    assert_eq!(names(&scene), ["notes.db", "notes.db.v1.bak"]);

    assert!(database.remove_backup(backup).expect("removed"));
    assert!(!database.remove_backup(backup).expect("gone before"));
    assert_eq!(names(&scene), ["notes.db"]);
}

#[tokio::test]
async fn a_backup_holds_what_was_only_in_the_log() {
    let scene = Scene::new();
    let first = Database::new(scene.path(), &[FIRST]);
    add(&first, "in the log").await.expect("written");
    let database = stepped(&scene, louder);
    assert_eq!(texts(&database).await.expect("read"), Some(vec!["IN THE LOG".to_owned()]));
    let backup = database.backups().expect("listed").pop().expect("one");
    let restored = Database::new(backup.path().to_owned(), &[FIRST]);
    assert_eq!(texts(&restored).await.expect("read"), Some(vec!["in the log".to_owned()]));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_whose_name_is_no_text_is_a_folder() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let scene = Scene::new();
    let path = scene.0.path().join(OsStr::from_bytes(b"caf\xE9 ?%")).join("notes.db");
    let first = Database::new(path.clone(), &[FIRST]);
    add(&first, "one").await.expect("written");
    first.close().await;
    let database = Database::new(path, &[FIRST, SECOND]);
    assert_eq!(database.versions().expect("told"), Some(Versions { found: 1, known: 2 }));
    add(&database, "two").await.expect("written");
    assert_eq!(database.backups().expect("listed").len(), 1);
}

#[tokio::test]
async fn no_backup_is_made_of_a_new_database_nor_where_none_is_wanted() {
    let scene = Scene::new();
    add(&scene.database(), "one").await.expect("written");
    assert_eq!(scene.database().backups().expect("listed"), []);
    let scene = old().await;
    add(&scene.database().without_backups(), "two").await.expect("written");
    assert_eq!(scene.database().backups().expect("listed"), []);
}

#[tokio::test]
async fn only_backups_of_this_database_are_listed() {
    let scene = old().await;
    let folder = scene.path().parent().expect("a folder").to_owned();
    let strangers = [
        "notes.db.v01.bak",
        "notes.db.v.bak",
        "notes.db.v2.bak.new",
        "other.db.v1.bak",
        ".notes.db.v1.bak.new",
        "notes.db.v-1.bak",
    ];
    for name in strangers {
        fs::write(folder.join(name), "").expect("written");
    }
    fs::create_dir(folder.join("notes.db.v3.bak")).expect("made");
    for version in [10, 2] {
        fs::write(folder.join(format!("notes.db.v{version}.bak")), "").expect("written");
    }
    let found: Vec<_> = scene.database().backups().expect("listed").iter().map(Backup::version).collect();
    assert_eq!(found, [2, 10]);
}

#[tokio::test]
async fn what_a_killed_backup_left_is_replaced() {
    let scene = old().await;
    fs::write(scene.path().with_file_name(".notes.db.v1.bak.new"), "half").expect("written");
    fs::write(scene.path().with_file_name(".notes.db.v1.bak.new-journal"), "half").expect("written");
    fs::write(scene.path().with_file_name("notes.db.v1.bak"), "older").expect("written");
    add(&scene.database(), "two").await.expect("written");
    let backup = scene.database().backups().expect("listed").pop().expect("one");
    let restored = Database::new(backup.path().to_owned(), &[FIRST]);
    assert_eq!(texts(&restored).await.expect("read"), Some(vec!["one".to_owned()]));
    assert!(!names(&scene).iter().any(|name| name.starts_with('.')));
}

#[tokio::test]
async fn in_a_rollback_journal_a_large_migration_is_copied_too() {
    let scene = Scene::new();
    let remote = |database: Database| database.on(FileSystem::Network("nfs"));
    let first = remote(Database::new(scene.path(), &[FIRST]));
    let fill = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
                INSERT INTO notes (text) SELECT printf('%0500d', i) FROM n";
    first.write::<_, DatabaseError>(move |tx| Ok(tx.execute(fill, ())?)).await.expect("written");
    first.close().await;
    let database = remote(stepped(&scene, |tx| Ok(tx.execute("UPDATE notes SET text = text || 'x'", ()).map(drop)?)));
    assert_eq!(texts(&database).await.expect("read").map(|texts| texts.len()), Some(4000));
    let backup = database.backups().expect("listed").pop().expect("one");
    let restored = texts(&Database::new(backup.path().to_owned(), &[FIRST])).await.expect("read").expect("there");
    assert!(restored.len() == 4000 && restored.iter().all(|text| !text.ends_with('x')));
}

#[test]
fn many_that_start_at_once_step_once_and_make_one_backup() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let scene = runtime().block_on(old());
    let (start, steps) = (Barrier::new(6), Arc::new(AtomicUsize::new(0)));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let steps = steps.clone();
                let database = stepped(&scene, move |tx| {
                    steps.fetch_add(1, Ordering::Relaxed);
                    louder(tx)
                });
                start.wait();
                assert_eq!(runtime().block_on(texts(&database)).expect("read"), Some(vec!["ONE".to_owned()]));
            });
        }
    });
    assert_eq!(steps.load(Ordering::Relaxed), 1);
    assert_eq!(scene.database().backups().expect("listed").len(), 1);
}

#[tokio::test]
async fn versions_are_told_and_nothing_is_touched() {
    let scene = Scene::new();
    assert_eq!(scene.database().versions().expect("nothing is there"), None);
    assert_eq!(fs::read_dir(scene.0.path()).expect("listed").count(), 0);

    let scene = old().await;
    let (before, listed) = (bytes(&scene), names(&scene));
    assert_eq!(scene.database().versions().expect("told"), Some(Versions { found: 1, known: 2 }));
    assert_eq!((bytes(&scene), names(&scene)), (before, listed));

    add(&scene.database().without_backups(), "two").await.expect("written");
    let older = Database::new(scene.path(), &[FIRST]);
    assert_eq!(older.versions().expect_err("newer").code(), "storage-newer");
}

#[tokio::test]
async fn versions_are_told_beside_a_writer_and_after_one_that_was_killed() {
    let scene = Scene::new();
    let writer = Database::new(scene.path(), &[FIRST]);
    add(&writer, "one").await.expect("written");
    let known = Versions { found: 1, known: 2 };
    assert_eq!(scene.database().versions().expect("told"), Some(known), "the version is only in the log");
    add(&writer, "two").await.expect("the writer still has its locks");

    for beside in [&["-wal"][..], &["-wal", "-shm"]] {
        let killed = Scene::new();
        private::ensure_dir(killed.path().parent().expect("a folder")).expect("made");
        for ending in [""].iter().chain(beside) {
            fs::copy(connection::beside(&scene.path(), ending), connection::beside(&killed.path(), ending))
                .expect("copied");
        }
        let log = || fs::read(connection::beside(&killed.path(), "-wal")).expect("read");
        let (before, listed) = ((bytes(&killed), log()), names(&killed));
        assert_eq!(killed.database().versions().expect("told"), Some(known), "{beside:?}");
        assert_eq!(((bytes(&killed), log()), names(&killed)), (before, listed), "{beside:?}");
        assert!(texts(&killed.database()).await.expect("read").is_some(), "{beside:?}");
    }
}

#[tokio::test]
async fn versions_are_told_of_a_transaction_that_is_to_be_rolled_back() {
    let scene = Scene::new();
    let remote = Database::new(scene.path(), &[FIRST]).on(FileSystem::Network("nfs"));
    add(&remote, "one").await.expect("written");
    let killed = Scene::new();
    private::ensure_dir(killed.path().parent().expect("a folder")).expect("made");
    let (from, to) = (scene.path(), killed.path());
    // A copy taken in the middle of a transaction that has changed the version and spilled.
    let taken = move |tx: &Transaction<'_>| -> Result<(), DatabaseError> {
        tx.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; PRAGMA user_version = 2;")?;
        for _ in 0..200 {
            tx.execute("INSERT INTO notes (text) VALUES (printf('%04000d', 1))", ())?;
        }
        for ending in ["", "-journal"] {
            fs::copy(connection::beside(&from, ending), connection::beside(&to, ending)).expect("copied");
        }
        Ok(())
    };
    remote.write(taken).await.expect("written");
    let before = bytes(&killed);
    assert_eq!(killed.database().versions().expect("told"), Some(Versions { found: 1, known: 2 }));
    assert_eq!((bytes(&killed), names(&killed)), (before, vec!["notes.db".to_owned(), "notes.db-journal".to_owned()]));
    let texts = texts(&Database::new(killed.path(), &[FIRST]).on(FileSystem::Network("nfs"))).await.expect("read");
    assert_eq!(texts, Some(vec!["one".to_owned()]));
}

#[tokio::test]
async fn versions_of_what_is_not_ours_are_refused() {
    let scene = Scene::new();
    private::ensure_dir(scene.path().parent().expect("a folder")).expect("made");
    rusqlite::Connection::open(scene.path()).expect("opened").execute_batch("CREATE TABLE theirs (x)").expect("made");
    assert_eq!(scene.database().versions().expect_err("foreign").code(), "storage-foreign");
    fs::write(scene.path(), "no database, but long enough to have a header ".repeat(100)).expect("written");
    assert_eq!(scene.database().versions().expect_err("damaged").code(), "storage-damaged");
}
