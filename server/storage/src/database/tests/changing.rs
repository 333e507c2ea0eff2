//! The watch over changes.

use std::time::Duration;

use tokio::{sync::oneshot, time::timeout};

use super::*;

/// Much longer than a change may take to be told, for a busy machine.
const LONG: Duration = Duration::from_secs(10);

/// The ways to watch, and the journals.
fn ways(scene: &Scene) -> [Database; 2] {
    [scene.database(), scene.database().on(FileSystem::Network("nfs"))]
}

/// Waits until `database` has this many notes, by nothing but its changes.
async fn until(changes: &mut Changes, database: &Database, count: usize) {
    let mut found = 0;
    let told = timeout(LONG, async {
        while found != count {
            changes.changed().await;
            found = texts(database).await.expect("read").map_or(0, |texts| texts.len());
        }
    });
    told.await.unwrap_or_else(|_| panic!("{found} of {count}"));
}

#[tokio::test]
async fn what_others_commit_is_told_whatever_the_journal() {
    for journal in 0..2 {
        let scene = Scene::new();
        let [ours, theirs] = [0, 1].map(|_| ways(&scene)[journal].clone());
        add(&theirs, "0").await.expect("written");
        assert!(texts(&ours).await.expect("read").is_some());
        let mut changes = ours.changes();
        for count in 3..13 {
            add(&theirs, "n").await.expect("written");
            until(&mut changes, &ours, count).await;
        }
    }
}

#[tokio::test]
async fn a_change_is_told_although_nobody_was_waiting() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.database(), scene.database());
    let mut changes = ours.changes();
    add(&theirs, "one").await.expect("written");
    timeout(LONG, changes.changed()).await.expect("told");
}

#[tokio::test]
async fn the_making_removing_and_replacing_of_a_database_is_told() {
    for journal in 0..2 {
        let scene = Scene::new();
        let [ours, theirs] = [0, 1].map(|_| ways(&scene)[journal].clone());
        let mut changes = ours.changes();
        add(&theirs, "one").await.expect("written");
        until(&mut changes, &ours, 2).await;
        for database in [&ours, &theirs] {
            database.close().await;
        }
        fs::remove_dir_all(scene.path().parent().expect("a folder")).expect("removed");
        until(&mut changes, &ours, 0).await;
        for text in ["one", "two"] {
            add(&theirs, text).await.expect("written");
        }
        until(&mut changes, &ours, 3).await;
    }
}

#[tokio::test]
async fn a_log_that_was_folded_away_and_made_again_is_watched() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.database(), scene.database());
    let mut changes = ours.changes();
    for count in 2..5 {
        add(&theirs, "n").await.expect("written");
        until(&mut changes, &ours, count).await;
        for database in [&theirs, &ours] {
            database.close().await;
        }
        assert!(!connection::beside(&scene.path(), "-wal").exists());
    }
}

#[tokio::test]
async fn a_commit_that_takes_long_is_told_once_it_counts() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.database(), scene.database());
    add(&theirs, "one").await.expect("written");
    assert!(texts(&ours).await.expect("read").is_some());
    let mut changes = ours.changes();
    let (go, going) = std::sync::mpsc::channel::<()>();
    let (spilled, written) = oneshot::channel();
    let write = theirs.write::<_, DatabaseError>(move |tx| {
        // The pages reach the log long before the commit.
        tx.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1;")?;
        tx.execute("INSERT INTO notes (text) VALUES (printf('%0100000d', 1))", ())?;
        spilled.send(()).expect("somebody waits");
        going.recv().expect("told");
        Ok(())
    });
    let watch = async {
        written.await.expect("written");
        timeout(LONG, changes.changed()).await.expect("the first sign");
        timeout(Duration::from_millis(300), changes.changed()).await.expect_err("nothing was committed");
        go.send(()).expect("it waits");
        until(&mut changes, &ours, 3).await;
    };
    let (result, ()) = tokio::join!(write, watch);
    result.expect("written");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_while_nothing_happens() {
    for journal in 0..2 {
        let scene = Scene::new();
        let ours = ways(&scene)[journal].clone();
        add(&ours, "one").await.expect("written");
        assert!(texts(&ours).await.expect("read").is_some());
        let mut changes = ours.changes();
        timeout(Duration::from_secs(3600), changes.changed()).await.expect_err("told of nothing");
    }
}

#[tokio::test]
async fn reading_is_no_change() {
    let scene = Scene::new();
    let ours = scene.database();
    add(&ours, "one").await.expect("written");
    assert!(texts(&ours).await.expect("read").is_some());
    let mut changes = ours.changes();
    for _ in 0..3 {
        assert!(texts(&ours).await.expect("read").is_some());
        timeout(Duration::from_millis(150), changes.changed()).await.expect_err("told of a reader");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_watch_starts_no_thread_and_leaves_no_handle() {
    let scene = Scene::new();
    let ours = scene.database();
    add(&ours, "one").await.expect("written");
    let watches = |changes: &Changes| format!("{changes:?}").contains("Notices(");
    let mut changes = ours.changes();
    assert!(watches(&changes), "{changes:?}");
    timeout(Duration::from_millis(1), changes.changed()).await.expect_err("nothing happens");
    let elsewhere = ours.clone().on(FileSystem::Network("nfs")).changes();
    assert!(!watches(&elsewhere), "{elsewhere:?}");
}
