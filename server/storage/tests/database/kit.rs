//! What is done to a database, what it then must hold, and the look at what is left of it.

use std::path::{Path, PathBuf};

use aside_storage::database::{Database, DatabaseError, Migration};

/// What can be done.
pub(crate) const DEEDS: [&str; 6] = ["insert", "update", "delete", "migrate", "fold", "large"];
/// The newest version of the schema.
const NEWEST: usize = 4;

/// The rows, oldest first.
pub(crate) type Rows = Vec<String>;

/// Where the database of a home is.
pub(crate) fn path(home: &Path) -> PathBuf {
    home.join("data/notes.db")
}

/// The database of a home, for a program that knows the schema up to `version`.
pub(crate) fn database(path: PathBuf, version: usize) -> Database {
    let first = "CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";
    let mut migrations = vec![Migration::Sql(first)];
    migrations.resize_with(version, || {
        Migration::step(|tx| Ok(tx.execute("UPDATE notes SET text = text || '+'", ()).map(drop)?))
    });
    Database::with_migrations(path, migrations)
}

/// The database of a home with the version it has; with the first one where there is none.
pub(crate) fn as_found(path: PathBuf) -> Result<(Database, usize), DatabaseError> {
    let version = database(path.clone(), NEWEST).versions()?.map_or(1, |versions| versions.found.max(1));
    Ok((database(path, version), version))
}

/// What the row of the deed with this number says.
pub(crate) fn text(deed: &str, number: usize) -> String {
    let text = format!("{deed} {number}");
    if deed == "large" { text.repeat(8_000) } else { text }
}

/// What the rows are after each of the deeds, with what they were before.
pub(crate) fn expected(before: &[String], deeds: &[&str]) -> Vec<Rows> {
    let mut states = vec![before.to_vec()];
    for (number, deed) in deeds.iter().enumerate() {
        let mut rows = states.last().cloned().unwrap_or_default();
        match *deed {
            "insert" | "large" => rows.push(text(deed, number)),
            "update" => rows.iter_mut().take(1).for_each(|row| *row = text(deed, number)),
            "delete" => drop(rows.pop()),
            "migrate" => rows.iter_mut().for_each(|row| row.push('+')),
            "fold" => {}
            other => panic!("{other}"),
        }
        states.push(rows);
    }
    states
}

pub(crate) async fn rows(database: &Database) -> Result<Rows, DatabaseError> {
    let select = "SELECT text FROM notes ORDER BY n";
    let rows = database.read::<_, DatabaseError>(move |tx| {
        Ok(tx.prepare(select)?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?)
    });
    Ok(rows.await?.unwrap_or_default())
}

pub(crate) async fn insert(database: &Database, text: String) -> Result<(), DatabaseError> {
    database.write(move |tx| Ok(tx.execute("INSERT INTO notes (text) VALUES (?1)", [text]).map(drop)?)).await
}

pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Looks at what is left in `home`: it opens, is whole, holds what was acknowledged or the one deed more that was begun, and
/// works. Gives what is wrong, or the rows.
pub(crate) fn examine(home: &Path, states: &[Rows], acknowledged: usize) -> Result<Rows, String> {
    wait(look(path(home), states, acknowledged)).map_err(|error| error.to_string())?
}

async fn look(path: PathBuf, states: &[Rows], acknowledged: usize) -> Result<Result<Rows, String>, DatabaseError> {
    let (database, _) = as_found(path)?;
    let found = rows(&database).await?;
    let may_be = &states[acknowledged..states.len().min(acknowledged + 2)];
    if !may_be.contains(&found) {
        return Ok(Err(format!("{acknowledged} acknowledged, and these rows: {}", short(&found))));
    }
    for one in [Ok(database.clone())].into_iter().chain(backups(&database)?) {
        let one = one?;
        let problems = quick_check(&one).await?;
        if problems != ["ok"] {
            return Ok(Err(format!("{}: {problems:?}", one.path().display())));
        }
    }
    insert(&database, "after".to_owned()).await?;
    let mut after = found.clone();
    after.push("after".to_owned());
    let now = rows(&database).await?;
    Ok(if now == after { Ok(found) } else { Err(format!("after one more write: {}", short(&now))) })
}

type Opened = Result<Database, DatabaseError>;

fn backups(database: &Database) -> Result<impl Iterator<Item = Opened> + use<>, DatabaseError> {
    Ok(database.backups()?.into_iter().map(|backup| {
        let found = self::database(backup.path().to_owned(), NEWEST).versions()?.map(|versions| versions.found);
        assert_eq!(found, Some(backup.version()), "a backup has the version in its name");
        Ok(self::database(backup.path().to_owned(), backup.version()))
    }))
}

/// By the reader's connection: thousands of databases are looked at here.
async fn quick_check(database: &Database) -> Result<Vec<String>, DatabaseError> {
    let found = database.read::<_, DatabaseError>(|tx| {
        Ok(tx.prepare("PRAGMA quick_check")?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?)
    });
    Ok(found.await?.unwrap_or_else(|| vec!["ok".to_owned()]))
}

fn short(rows: &[String]) -> String {
    rows.iter().map(|row| row.chars().take(20).collect::<String>()).collect::<Vec<_>>().join(", ")
}

/// This program, told to do something to the database of a home.
pub(crate) fn child(home: &Path, task: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("this program has a path");
    let words = [
        "env",
        &format!("ASIDE_TEST_HOME={}", home.display()),
        &format!("ASIDE_TEST_TASK={task}"),
        &program.display().to_string(),
        "child::does_as_told",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    words.map(str::to_owned).into()
}

/// How many deeds a child has said to be done.
pub(crate) fn acknowledged(said: &str) -> usize {
    said.matches("DONE").count()
}

/// A home, and a database of the first version in it that these deeds were done to and that was closed.
pub(crate) fn home(deeds: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    if !deeds.is_empty() {
        wait(crate::child::deeds(home.path(), deeds, |_| {})).expect("done");
        wait(async { as_found(path(home.path())).expect("it opens").0.close().await });
    }
    home
}
