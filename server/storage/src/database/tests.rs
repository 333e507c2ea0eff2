//! Databases on a real disk.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

mod changing;
mod checking;
mod failing;
mod migrating;

use std::{fs, sync::Barrier};

use super::*;
use crate::private;

const FIRST: &str = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;";
const SECOND: &str = "ALTER TABLE notes ADD COLUMN more TEXT; INSERT INTO notes (text) VALUES ('migrated');";

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data/notes.db")
    }

    /// The path of an empty file that was made there.
    fn made(&self) -> PathBuf {
        private::ensure_dir(self.path().parent().expect("a folder")).expect("made");
        private::ensure_file(&self.path()).expect("made");
        self.path()
    }

    fn database(&self) -> Database {
        Database::new(self.path(), &[FIRST, SECOND])
    }
}

async fn add(database: &Database, text: &'static str) -> Result<(), DatabaseError> {
    database.write(move |tx| Ok(tx.execute("INSERT INTO notes (text) VALUES (?1)", [text]).map(drop)?)).await
}

async fn write_and_close(scene: &Scene) {
    let database = scene.database();
    add(&database, "one").await.expect("written");
    database.close().await;
}

async fn texts(database: &Database) -> Result<Option<Vec<String>>, DatabaseError> {
    let select = "SELECT text FROM notes ORDER BY n";
    database
        .read(move |tx| Ok(tx.prepare(select)?.query_map((), |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?))
        .await
}

async fn refusal(database: &Database) -> DatabaseError {
    let read = texts(database).await.expect_err("refused to a reader");
    let written = add(database, "x").await.expect_err("refused to a writer");
    assert_eq!(read.code(), written.code());
    written
}

#[tokio::test]
async fn reading_what_is_not_there_gives_nothing_and_creates_nothing() {
    let scene = Scene::new();
    assert_eq!(texts(&scene.database()).await.expect("read"), None);
    assert_eq!(fs::read_dir(scene.0.path()).expect("listed").count(), 0);
}

#[tokio::test]
async fn what_was_written_is_read_also_after_opening_again() {
    let scene = Scene::new();
    let database = scene.database();
    add(&database, "one").await.expect("written");
    let expected = Some(vec!["migrated".to_owned(), "one".to_owned()]);
    assert_eq!(texts(&database).await.expect("read"), expected);
    database.close().await;
    assert!(!scene.path().with_extension("db-wal").exists(), "closing folds the log in");
    assert_eq!(texts(&database).await.expect("opened again"), expected);
    assert_eq!(texts(&scene.database()).await.expect("read"), expected);
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_is_for_its_owner_only() {
    use std::os::unix::fs::MetadataExt;
    let scene = Scene::new();
    let database = scene.database();
    add(&database, "one").await.expect("written");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!(mode(scene.path().parent().expect("a folder")), 0o700);
    let mut names = Vec::new();
    for one in fs::read_dir(scene.path().parent().expect("a folder")).expect("listed") {
        let one = one.expect("named");
        assert_eq!(mode(&one.path()), 0o600, "{one:?}");
        names.push(one.file_name());
    }
    names.sort();
    assert_eq!(names, ["notes.db", "notes.db-shm", "notes.db-wal"]);
}

#[tokio::test]
async fn an_error_rolls_back() {
    let scene = Scene::new();
    let database = scene.database();
    let result: Result<(), DatabaseError> = database
        .write(|tx| {
            tx.execute("INSERT INTO notes (text) VALUES ('half')", ())?;
            tx.execute("INSERT INTO nowhere VALUES (1)", ())?;
            Ok(())
        })
        .await;
    assert_eq!(result.expect_err("no such table").code(), "storage-failed");
    assert_eq!(texts(&database).await.expect("read"), Some(vec!["migrated".to_owned()]));
}

#[tokio::test]
async fn a_panic_rolls_back_and_the_next_use_works() {
    let scene = Scene::new();
    let database = scene.database();
    let result: Result<(), DatabaseError> = database
        .write(|tx| {
            tx.execute("INSERT INTO notes (text) VALUES ('half')", ())?;
            panic!("a defect")
        })
        .await;
    assert!(matches!(result, Err(DatabaseError::Panicked)));
    add(&database, "whole").await.expect("written");
    assert_eq!(texts(&database).await.expect("read"), Some(vec!["migrated".to_owned(), "whole".to_owned()]));
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let scene = Scene::new();
    let database = scene.database();
    add(&database, "one").await.expect("written");
    let result: Result<_, DatabaseError> = database.read(|tx| Ok(tx.execute("DELETE FROM notes", ())?)).await;
    assert_eq!(result.expect_err("a reader").code(), "storage-read-only");
}

#[tokio::test]
async fn connections_are_set_up_to_keep_what_they_acknowledge() {
    let scene = Scene::new();
    let database = scene.database();
    let pragmas = [("journal_mode", "wal"), ("synchronous", "2"), ("secure_delete", "1"), ("temp_store", "2")];
    for (name, wanted) in
        pragmas.into_iter().chain([("trusted_schema", "0"), ("mmap_size", "0"), ("foreign_keys", "1")])
    {
        let found: Result<String, DatabaseError> = database
            .write(move |tx| {
                Ok(tx.pragma_query_value(None, name, |row| {
                    let value = row.get_ref(0)?;
                    Ok(value
                        .as_i64()
                        .map_or_else(|_| value.as_str().unwrap_or("").to_owned(), |number| number.to_string()))
                })?)
            })
            .await;
        assert_eq!(found.expect(name), wanted, "{name}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let scene = Scene::new();
    write_and_close(&scene).await;
    let older = Database::new(scene.path(), &[FIRST]);
    let error = refusal(&older).await;
    assert_eq!(error.code(), "storage-newer");
    assert!(error.to_string().contains("version 2") && error.to_string().contains("up to 1"), "{error}");
    assert!(texts(&scene.database()).await.expect("read").is_some());
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_alone() {
    let scene = Scene::new();
    private::ensure_dir(scene.path().parent().expect("a folder")).expect("made");
    let theirs = rusqlite::Connection::open(scene.path()).expect("opened");
    theirs.execute_batch("CREATE TABLE theirs (x)").expect("made");
    drop(theirs);
    let before = fs::read(scene.path()).expect("read");
    assert_eq!(refusal(&scene.database()).await.code(), "storage-foreign");
    assert_eq!(fs::read(scene.path()).expect("read"), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged_and_left_alone() {
    let scene = Scene::new();
    private::ensure_dir(scene.path().parent().expect("a folder")).expect("made");
    let bytes = "no database, but long enough to have a header ".repeat(100);
    fs::write(scene.path(), &bytes).expect("written");
    let error = refusal(&scene.database()).await;
    assert_eq!(error.code(), "storage-damaged");
    assert!(error.to_string().contains("notes.db"), "{error}");
    assert_eq!(fs::read(scene.path()).expect("read"), bytes.as_bytes());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_place_of_any_of_its_files_is_refused() {
    use std::os::unix::fs::symlink;
    for name in ["notes.db", "notes.db-wal", "notes.db-shm", "notes.db-journal"] {
        let scene = Scene::new();
        let folder = scene.path().parent().expect("a folder").to_owned();
        write_and_close(&scene).await;
        let target = scene.0.path().join("target");
        fs::write(&target, "").expect("written");
        let _ = fs::remove_file(folder.join(name));
        symlink(&target, folder.join(name)).expect("linked");
        let error = refusal(&scene.database()).await;
        assert!(error.to_string().contains("symbolic link"), "{name}: {error}");
        assert_eq!(fs::read(target).expect("read"), b"", "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_on_the_way_to_it_is_followed() {
    let scene = Scene::new();
    fs::create_dir(scene.0.path().join("disk")).expect("made");
    std::os::unix::fs::symlink(scene.0.path().join("disk"), scene.0.path().join("home")).expect("linked");
    let database = Database::new(scene.0.path().join("home/data/notes.db"), &[FIRST]);
    add(&database, "one").await.expect("written");
    assert!(scene.0.path().join("disk/data/notes.db").exists());
}

#[tokio::test]
async fn a_database_that_was_removed_is_made_again_not_written_into_the_void() {
    let scene = Scene::new();
    let database = scene.database();
    add(&database, "one").await.expect("written");
    fs::remove_dir_all(scene.path().parent().expect("a folder")).expect("removed");
    assert_eq!(texts(&database).await.expect("read"), None);
    add(&database, "two").await.expect("written");
    assert_eq!(texts(&database).await.expect("read"), Some(vec!["migrated".to_owned(), "two".to_owned()]));
}

#[test]
fn many_that_start_at_once_migrate_once_and_lose_no_write() {
    const WRITERS: usize = 8;
    const WRITES: usize = 10;
    let scene = Scene::new();
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                let database = scene.database();
                start.wait();
                for _ in 0..WRITES {
                    runtime.block_on(add(&database, "one")).expect("written");
                }
            });
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let texts = runtime.block_on(texts(&scene.database())).expect("read").expect("there");
    assert_eq!(texts.iter().filter(|text| *text == "migrated").count(), 1);
    assert_eq!(texts.iter().filter(|text| *text == "one").count(), WRITERS * WRITES);
}
