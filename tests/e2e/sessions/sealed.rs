//! What lies on the disk: sealed, under a key that can be changed and locked away, and checked.

use std::{fs, path::Path};

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai, settings};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{listed, said, talked};

/// The schema of the first version, which kept everything in clear.
const VERSION_1: &str = "
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16), workspace TEXT NOT NULL, title TEXT NOT NULL, model TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, messages INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0, cut INTEGER NOT NULL DEFAULT 0, turn BLOB, owner TEXT, seen INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_newest ON sessions (updated, id);
CREATE INDEX sessions_of_workspace ON sessions (workspace, updated, id);
CREATE TABLE events (
    session BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, n INTEGER NOT NULL, turn BLOB, kind TEXT NOT NULL,
    at INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (session, n)
) STRICT;
CREATE INDEX events_that_open ON events (session, n) WHERE kind IN ('user', 'answer');
PRAGMA application_id = 0x41736964;
PRAGMA user_version = 1;
";
/// Words that stand in it.
const TITLE: &str = "pelican-title";
const QUESTION: &str = "pelican-question";
const ANSWER: &str = "pelican-answer";
const ID: [u8; 16] = [0x01, 0x9a, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];
const TURN: [u8; 16] = [0x01, 0x9a, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2];

/// A database as the first version left it.
fn in_clear(home: &Home) {
    let data = home.aside().join("data");
    fs::create_dir_all(&data).expect("the home is writable");
    let database = Connection::open(data.join("sessions.db")).expect("a database");
    database.pragma_update(None, "journal_mode", "wal").expect("a log");
    database.execute_batch(VERSION_1).expect("the schema");
    let at = 1_760_000_000_000_000_i64;
    let workspace = home.workspace().display().to_string();
    let session = "INSERT INTO sessions (id, workspace, title, model, created, updated, messages, next) \
                   VALUES (?1, ?2, ?3, 'work/m', ?4, ?4, 2, 3)";
    database.execute(session, params![ID, workspace, TITLE, at]).expect("a session");
    let rows: [(&str, Value); 3] = [
        ("user", json!({ "text": QUESTION })),
        ("answer", json!({ "model": "work/m" })),
        ("end", json!({ "text": ANSWER, "reason": "complete" })),
    ];
    for (n, (kind, payload)) in rows.into_iter().enumerate() {
        let event = "INSERT INTO events (session, n, turn, kind, at, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let n = i64::try_from(n).expect("few");
        database.execute(event, params![ID, n, TURN, kind, at, payload.to_string().into_bytes()]).expect("a row");
    }
}

/// Files below `folder` that hold one of the words.
fn files_with_words(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with_words(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let holds = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        if [TITLE, QUESTION, ANSWER].into_iter().any(holds) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn what_an_older_version_kept_in_clear_is_sealed_at_first_use_and_no_word_of_it_stays() {
    let home = Home::new();
    in_clear(&home);
    assert!(!files_with_words(&home.aside()).is_empty(), "it is in clear");
    let would = home.run(&["migrate", "--dry-run", "--json"]).expect_code(0).json();
    assert_eq!((&would["found"], &would["known"], &would["migrated"]), (&json!(1), &json!(2), &json!(false)));
    assert!(!files_with_words(&home.aside()).is_empty(), "a dry run changes nothing");

    let sessions = listed(&home, &[]);
    assert_eq!((sessions.len(), &sessions[0]["title"]), (1, &json!(TITLE)));
    let id = sessions[0]["id"].as_str().expect("an id");
    let expected = [("user", QUESTION), ("assistant", ANSWER)].map(|(role, text)| (role.to_owned(), text.to_owned()));
    assert_eq!(said(&home, id), expected);
    assert_eq!(files_with_words(&home.aside()), Vec::<String>::new());
    let now = home.run(&["migrate", "--dry-run"]).expect_code(0).stdout;
    assert!(now.contains("up to date"), "{now}");
}

#[test]
fn a_migration_on_request_seals_as_well() {
    let home = Home::new();
    assert!(home.run(&["migrate"]).expect_code(0).stdout.contains("nothing to migrate"));
    in_clear(&home);
    let done = home.run(&["migrate", "--json"]).expect_code(0).json();
    assert_eq!((&done["found"], &done["migrated"]), (&json!(1), &json!(true)));
    assert_eq!(files_with_words(&home.aside()), Vec::<String>::new());
    assert_eq!(listed(&home, &[]).len(), 1);
}

#[test]
fn no_word_of_a_conversation_lies_on_the_disk() {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    server.once(openai::CHAT, openai::chat(&[ANSWER]));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.request::<Value>("aside/chat/rename", json!({ "session": session.id, "title": TITLE }));
    assert_eq!(client.converse(&session.id, QUESTION).text, ANSWER);
    assert_eq!(files_with_words(&home.aside()), Vec::<String>::new(), "while it is open");
    client.shutdown();
    assert_eq!(files_with_words(&home.aside()), Vec::<String>::new());
}

#[test]
fn a_conversation_with_a_passphrase_opens_with_that_only_in_terminals_and_editors() {
    const PASSPHRASE: &str = "correct horse battery staple";
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    server.always(openai::CHAT, openai::chat(&[ANSWER]));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri()).id;
    assert_eq!(client.converse(&session, QUESTION).text, ANSWER);
    let enter =
        |command: &str, typed: &str| home.run_with(&["session", command, &session], format!("{typed}\n"), |_| {});
    enter("protect", "1234").expect_code(2);
    let done = enter("protect", PASSPHRASE).expect_code(0);
    assert!(!done.stdout.contains(PASSPHRASE) && !done.stderr.contains(PASSPHRASE));
    assert_eq!(said(&home, &session)[1].1, ANSWER, "it was just entered");

    enter("lock", "").expect_code(0);
    let refused = home.run(&["session", "show", &session]).expect_code(3);
    assert!(refused.stderr.contains("aside session unlock"), "{}", refused.stderr);
    let refused = client.refused("aside/chat/send", json!({ "session": session, "text": "go on" }));
    assert_eq!(refused.kind(), "session-locked");
    let info = &listed(&home, &["--all"])[0];
    assert_eq!((&info["state"], &info["title"]), (&json!("locked"), &json!("")), "{info}");
    assert!(!home.run(&["session", "search", "pelican"]).stdout.contains("pelican-answer"));
    enter("unlock", "correct horse battery stable").expect_code(3);
    enter("unlock", PASSPHRASE).expect_code(0);
    assert_eq!(client.converse(&session, "go on").text, ANSWER, "the editor needs no restart");

    home.run(&["vault", "lock"]);
    home.run(&["session", "show", &session]).expect_code(3);
    enter("unprotect", PASSPHRASE).expect_code(0);
    assert_eq!(said(&home, &session).len(), 4);
    client.shutdown();
}

#[test]
fn conversations_under_a_locked_vault_end_with_the_exit_code_of_a_lock() {
    let home = Home::new().with_open_vault();
    talked(&home, "what is here");
    home.run(&["vault", "lock"]).expect_code(0);
    let cases: &[&[&str]] = &[
        &["session", "list"],
        &["session", "search", "what"],
        &["session", "clean"],
        &["session", "verify"],
        &["session", "digest"],
        &["session", "list", "--trash"],
    ];
    for arguments in cases {
        let locked = home.run(arguments);
        assert!(locked.code == 3 && locked.stderr.contains("next:"), "`{}`: {}", arguments.join(" "), locked.said());
    }
    let mut client = Client::of(&home).connect();
    assert_eq!(client.refused("aside/chat/list", json!({})).kind(), "locked");
    client.tolerate("window/showMessage");
    client.shutdown();
}

#[test]
fn another_key_opens_everything_and_the_old_one_nothing() {
    let home = Home::new();
    let id = talked(&home, "what is here");
    let messages = said(&home, &id);
    let key = || home.run(&["session", "key", "status", "--json"]).expect_code(0).json()["keys"].clone();
    let before = key();
    let done = home.run(&["session", "key", "rekey"]).expect_code(0).stdout;
    assert!(done.contains("1 conversation is sealed") && done.contains("recovery words"), "{done}");
    let after = key();
    assert!(after != before && after.as_array().is_some_and(|keys| keys.len() == 1), "{before} {after}");
    assert_eq!(said(&home, &id), messages);
    home.run(&["session", "verify"]).expect_code(0);
    let tail = home.run(&["audit", "tail"]).expect_code(0).stdout;
    assert!(tail.contains("rotate"), "{tail}");
    home.run(&["audit", "verify"]).expect_code(0);
    let nothing = Home::new();
    nothing.run(&["session", "key", "rekey"]).expect_code(4);
}

#[test]
fn damage_is_told_plainly_and_what_is_left_is_saved() {
    let home = Home::new();
    let id = talked(&home, "what is here");
    home.run(&["chat", "and what else"]).expect_code(0);
    assert!(home.run(&["session", "verify"]).expect_code(0).stdout.contains("as they were written"));
    let database = Connection::open(home.aside().join("data/sessions.db")).expect("a database");
    let wipe = "UPDATE events SET sealed = zeroblob(length(sealed)) WHERE n = 0";
    assert_eq!(database.execute(wipe, ()).expect("changed"), 1);
    drop(database);

    let told = home.run(&["session", "verify"]).expect_code(1);
    assert!(told.stderr.contains(&id) && told.stderr.contains("altered"), "{}", told.said());
    let told = home.run(&["session", "verify", "--json"]).expect_code(1).json();
    assert_eq!((&told["whole"], &told["damaged"][0]["session"]), (&json!(false), &json!(id)));
    let shown = home.run(&["session", "show", &id]).expect_code(0);
    assert!(shown.stderr.contains("damaged: row 0") && shown.stdout.contains("and what else"), "{}", shown.said());
    let mut client = Client::of(&home).connect();
    let opened: Value = client.request("aside/chat/open", json!({ "session": id }));
    assert_eq!((&opened["damage"][0]["code"], &opened["damage"][0]["n"]), (&json!("altered"), &json!(0)), "{opened}");
    client.shutdown();

    let saved = home.run(&["session", "recover", &id, "--json"]).expect_code(0).json();
    let new = saved["session"]["id"].as_str().expect("an id");
    assert!(said(&home, new).iter().any(|(_, text)| text == "and what else"));
    home.run(&["session", "verify", new]).expect_code(0);
}

#[test]
fn an_older_copy_is_noticed_and_taken_only_when_a_person_says_so() {
    let home = Home::new();
    let id = talked(&home, "what is here");
    let database = home.aside().join("data/sessions.db");
    let copy = fs::read(&database).expect("readable");
    home.run(&["chat", "and what else"]).expect_code(0);
    for beside in ["sessions.db-wal", "sessions.db-shm"] {
        drop(fs::remove_file(database.with_file_name(beside)));
    }
    fs::write(&database, copy).expect("put back");
    let refused = home.run(&["session", "rename", &id, "t"]).expect_code(1);
    assert!(refused.stderr.contains("--accept"), "{}", refused.stderr);
    let doctor = home.run(&["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("nothing is written"), "{}", doctor.stdout);
    home.run(&["session", "verify"]).expect_code(1);
    assert_eq!(said(&home, &id).len(), 2, "it can be read");
    home.run(&["session", "verify", "--accept"]).expect_code(0);
    home.run(&["session", "rename", &id, "t"]).expect_code(0);
}
