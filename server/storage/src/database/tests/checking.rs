//! Looking for damage, and folding the log.

use super::*;

const FILL: &str = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                    INSERT INTO notes (text) SELECT printf('%0500d', i) FROM n";

async fn fill(database: &Database) {
    database.write::<_, DatabaseError>(|tx| Ok(tx.execute(FILL, ())?)).await.expect("written");
}

#[tokio::test]
async fn a_whole_database_is_whole_and_one_that_is_not_there_too() {
    let scene = Scene::new();
    assert!(scene.database().check().await.expect("checked").is_whole());
    assert_eq!(fs::read_dir(scene.0.path()).expect("listed").count(), 0);
    let database = scene.database();
    add(&database, "one").await.expect("written");
    assert_eq!(database.check().await.expect("checked").problems, Vec::<String>::new());
}

#[tokio::test]
async fn damage_is_told_in_few_words() {
    let scene = Scene::new();
    let database = scene.database();
    fill(&database).await;
    database.close().await;
    let mut bytes = fs::read(scene.path()).expect("read");
    for page in (100..200).map(|page| page * 4096) {
        bytes[page..page + 64].fill(0xA5);
    }
    fs::write(scene.path(), bytes).expect("written");
    let checked = database.check().await.expect("checked");
    assert!(!checked.is_whole() && checked.problems.len() <= 10, "{checked:?}");
}

#[tokio::test]
async fn closing_ends_a_check_that_runs() {
    let scene = Scene::new();
    let database = scene.database();
    fill(&database).await;
    let mut ended = 0;
    // Whether the check has begun when it is closed is up to the threads: each way it ends.
    for _ in 0..20 {
        let (checked, ()) = tokio::join!(database.check(), database.close());
        match checked {
            Err(DatabaseError::Closed) => ended += 1,
            other => assert!(other.expect("ended before").is_whole()),
        }
    }
    assert!(ended > 0);
    assert!(database.check().await.expect("the next one runs").is_whole());
}

#[test]
fn a_check_that_runs_is_interrupted_whenever_the_closing_comes() {
    let scene = Scene::new();
    let connection = connection::bare(&scene.made()).expect("opened");
    connection.execute_batch(FIRST).expect("made");
    let checks = Checks::default();
    checks.end();
    // Asked for before the closing, begun after it.
    let error = checks.run(&connection, 0).expect_err("interrupted");
    assert_eq!(DatabaseError::from(error).code(), "storage-closed");
    assert_eq!(checks.run(&connection, 1).expect("runs"), Vec::<String>::new());
}

#[tokio::test]
async fn a_check_delays_neither_writer_nor_reader() {
    let scene = Scene::new();
    let database = scene.database();
    fill(&database).await;
    // A check that waits for as long as the test wants.
    let (go, going) = std::sync::mpsc::channel::<()>();
    database.shared.checker.submit(Box::new(move |_| going.recv().expect("told"))).expect("queued");
    let work = async {
        add(&database, "beside it").await.expect("written");
        assert_eq!(texts(&database).await.expect("read").map(|texts| texts.len()), Some(20_002));
        go.send(()).expect("it waits");
    };
    let (checked, ()) = tokio::join!(database.check(), work);
    assert!(checked.expect("checked").is_whole());
}

#[tokio::test]
async fn folding_empties_the_log() {
    let scene = Scene::new();
    let database = scene.database();
    assert!(database.fold().await.expect("nothing is there"));
    assert!(!scene.path().exists());
    add(&database, "one").await.expect("written");
    let log = || fs::metadata(connection::beside(&scene.path(), "-wal")).expect("there").len();
    assert!(log() > 0);
    assert!(database.fold().await.expect("folded"));
    assert_eq!(log(), 0);
    let remote = Scene::new();
    let database = remote.database().on(FileSystem::Network("nfs"));
    add(&database, "one").await.expect("written");
    assert!(database.fold().await.expect("nothing to fold"));
}
