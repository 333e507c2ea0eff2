//! What the other tests have done in a process of its own.

use std::path::Path;

use aside_storage::database::DatabaseError;

use crate::kit::{as_found, database, insert, path, rows, text, wait};

#[test]
#[ignore = "the child of the other tests"]
fn does_as_told() {
    let variable = |name: &str| std::env::var(name).expect("told by the parent");
    let (home, task) = (variable("ASIDE_TEST_HOME"), variable("ASIDE_TEST_TASK"));
    let home = Path::new(&home);
    // In one piece, so that it is one call.
    let say = |number: usize| println!("\nDONE {number}");
    let words: Vec<_> = task.split(',').collect();
    let result = match words[..] {
        ["careless", number] => careless(home, number.parse().expect("a number"), say),
        ["watch"] => wait(watch(home)),
        _ => wait(deeds(home, &words, say)),
    };
    let answer = |error: DatabaseError| format!("{} {}: {error}", error.code(), error.is_outage());
    println!("\nANSWER {}", result.map_or_else(answer, |()| "done".to_owned()));
}

/// Does what is to be done, and says so after each deed.
pub(crate) async fn deeds(home: &Path, deeds: &[&str], say: impl Fn(usize)) -> Result<(), DatabaseError> {
    let (mut database, mut version) = as_found(path(home))?;
    for (number, deed) in deeds.iter().enumerate() {
        let text = text(deed, number);
        let change = |statement: &'static str, text: String| {
            database.write::<_, DatabaseError>(move |tx| Ok(tx.execute(statement, [text]).map(drop)?))
        };
        match *deed {
            "insert" | "large" => insert(&database, text).await?,
            "update" => change("UPDATE notes SET text = ?1 WHERE n = (SELECT min(n) FROM notes)", text).await?,
            "delete" => change("DELETE FROM notes WHERE n = (SELECT max(n) FROM notes) AND ?1 <> ''", text).await?,
            "migrate" => {
                database.close().await;
                version += 1;
                database = self::database(path(home), version);
                rows(&database).await?;
            }
            "fold" => {
                database.fold().await?;
                database.close().await;
            }
            "read" => drop(rows(&database).await?),
            other => panic!("{other}"),
        }
        say(number);
    }
    Ok(())
}

/// Inserts without ever waiting for the disk: what the test of the test must find.
fn careless(home: &Path, number: usize, say: impl Fn(usize)) -> Result<(), DatabaseError> {
    let (database, _) = as_found(path(home))?;
    wait(async {
        rows(&database).await?;
        insert(&database, text("insert", 0)).await?;
        database.close().await;
        Ok::<_, DatabaseError>(())
    })?;
    say(0);
    let connection = rusqlite::Connection::open(path(home))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    for number in 1..number {
        connection.execute("INSERT INTO notes (text) VALUES (?1)", [text("insert", number)])?;
        say(number);
    }
    Ok(())
}

/// Waits for a change that it makes itself, through another connection.
async fn watch(home: &Path) -> Result<(), DatabaseError> {
    let [ours, theirs] = [(); 2].map(|()| as_found(path(home)).expect("it opens").0);
    let mut changes = ours.changes();
    insert(&theirs, "theirs".to_owned()).await?;
    while rows(&ours).await?.last().is_none_or(|last| last != "theirs") {
        changes.changed().await;
    }
    changes.changed().await;
    Ok(())
}
