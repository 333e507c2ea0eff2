//! What keeping conversations sealed costs, beside plain SQLite and beside a JSON file that is written anew each time.
//!
//! `cargo run --release -p aside-sessions --example store_cost` prints the table of `docs/performance.md`. Everything is on the disk of
//! the system's temporary folder (`TMPDIR`), durable as the program has it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes files of its own and prints a table"
)]

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aside_model::{EndReason, Role, StreamEvent};
use aside_sessions::{
    Home, MessageState, Options, Outbox, PassingKey, Say, SessionId, Sessions, StoredMessage, TurnEvent, WorkspaceId,
};
use futures_util::{StreamExt, stream};
use rusqlite::Connection;

/// Words of one message: about 200 bytes.
const TEXT: &str = "The borrow checker refuses this because the reference outlives the value it points to; \
    keep the value in a variable that lives as long as the reference does, or return the value itself instead of it.";

/// Hears everything and says nothing.
struct Editor;

impl Outbox for Editor {
    fn ready(&self) -> bool {
        true
    }

    fn send(&self, _: TurnEvent) {}
}

struct Place {
    _folder: tempfile::TempDir,
    root: PathBuf,
    keys: Arc<PassingKey>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        Self { _folder: folder, root, keys: Arc::new(PassingKey::random().expect("randomness")) }
    }

    fn sessions_in(&self, root: &Path) -> Sessions {
        let options = Options { max_sessions: 10_000, max_session_bytes: u64::MAX / 2, ..Options::default() };
        let home = Home {
            database: root.join("data/sessions.db"),
            anchor: root.join("state/sessions.anchor"),
            entered: root.join("run/sessions.open"),
            keys: self.keys.clone(),
        };
        Sessions::new(home, options)
    }

    fn sessions(&self) -> Sessions {
        self.sessions_in(&self.root)
    }
}

fn messages(count: usize) -> Vec<StoredMessage> {
    let message = |n: usize| StoredMessage {
        n: n as u64,
        role: if n.is_multiple_of(2) { Role::User } else { Role::Assistant },
        text: format!("{n}: {TEXT}"),
        at: jiff::Timestamp::now(),
        model: Some("bench/model".to_owned()),
        state: MessageState::Complete,
        error: None,
        usage: None,
        attachments: Vec::new(),
    };
    (0..count).map(message).collect()
}

async fn session_of(sessions: &Sessions, count: usize) -> SessionId {
    sessions.import(&WorkspaceId::of(None), "bench", messages(count)).await.expect("made").id
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("| what | measured | aim |\n|---|---|---|");
    runtime.block_on(async {
        for count in [10, 10_000, 100_000] {
            append(count).await;
        }
        plain_sqlite();
        for count in [10, 10_000] {
            json_file(count);
        }
        reading().await;
        many().await;
        after_a_crash().await;
    });
}

/// A question is acknowledged when it and the beginning of its answer are on disk.
async fn append(count: usize) {
    let place = Place::new();
    let sessions = place.sessions();
    let id = session_of(&sessions, count).await;
    // As an editor has it open.
    let editor: Arc<dyn Outbox> = Arc::new(Editor);
    sessions.join(id, 50, None, &editor).await.expect("opened");
    let mut times = Vec::new();
    for _ in 0..200 {
        let words = [StreamEvent::Text("ok".to_owned()), StreamEvent::End(EndReason::Complete)];
        let answer = move |_| stream::iter(words.map(Ok)).boxed();
        let say = Say {
            text: TEXT.to_owned(),
            attachments: Vec::new(),
            model: "bench/model".to_owned(),
            replaces: None,
            answer: Box::new(answer),
        };
        let start = Instant::now();
        sessions.send(id, say).await.expect("said");
        times.push(start.elapsed());
        // The end of the answer is a write of its own; stopping waits for it.
        sessions.stop(id).await.expect("over");
    }
    row(&format!("a question acknowledged, session of {count} messages"), &mut times, "p50 ≤ 6 ms");
}

/// The same two rows and the update of a head in one durable transaction, without sealing.
fn plain_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut database = Connection::open(folder.path().join("plain.db")).expect("opened");
    database.pragma_update(None, "journal_mode", "WAL").expect("set");
    database.pragma_update(None, "synchronous", "FULL").expect("set");
    database
        .execute_batch(
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, title TEXT, updated INTEGER, next INTEGER);
             CREATE TABLE events (session INTEGER, n INTEGER, kind TEXT, at INTEGER, payload TEXT, UNIQUE (session, n));
             INSERT INTO sessions VALUES (1, 'bench', 0, 0);",
        )
        .expect("made");
    let mut times = Vec::new();
    for n in 0..200 {
        let start = Instant::now();
        let tx = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("begun");
        for (n, kind, text) in [(2 * n, "user", TEXT), (2 * n + 1, "answer", "bench/model")] {
            let insert = "INSERT INTO events VALUES (1, ?1, ?2, 0, ?3)";
            tx.prepare_cached(insert).expect("prepared").execute((n, kind, text)).expect("added");
        }
        let update = "UPDATE sessions SET updated = ?1, next = ?1 WHERE id = 1";
        tx.prepare_cached(update).expect("prepared").execute([n]).expect("updated");
        tx.commit().expect("on disk");
        times.push(start.elapsed());
    }
    row("the same rows in plain SQLite, durable, not sealed", &mut times, "sealed ≤ 1.2 ×");
}

/// As several peers do: the whole conversation is written anew, durably.
fn json_file(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all: Vec<String> = messages(count).into_iter().map(|message| message.text).collect();
    let mut times = Vec::new();
    for _ in 0..50 {
        all.push(TEXT.to_owned());
        let start = Instant::now();
        let (unfinished, path) = (folder.path().join("new"), folder.path().join("session.json"));
        let mut file = File::create(&unfinished).expect("made");
        file.write_all(&serde_json::to_vec(&all).expect("JSON")).expect("written");
        file.sync_all().expect("on disk");
        fs::rename(&unfinished, &path).expect("renamed");
        File::open(folder.path()).expect("opened").sync_all().expect("on disk");
        times.push(start.elapsed());
    }
    row(&format!("a JSON file of {count} messages written anew, durable"), &mut times, "");
}

async fn reading() {
    let place = Place::new();
    let sessions = place.sessions();
    for count in [10_000, 100_000] {
        let id = session_of(&sessions, count).await;
        let before = resident();
        let (mut tail, mut page) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            let start = Instant::now();
            let opened = sessions.open(id, 50, None).await.expect("read");
            tail.push(start.elapsed());
            let start = Instant::now();
            sessions.open(id, 100, opened.before).await.expect("read");
            page.push(start.elapsed());
        }
        row(&format!("tail of 50 messages, session of {count}"), &mut tail, "≤ 30 ms");
        row(&format!("page of 100 messages before it, session of {count}"), &mut page, "≤ 10 ms");
        println!("| memory more after that, session of {count} | {:.1} MB | flat |", megabytes(resident(), before));
    }
}

async fn many() {
    let place = Place::new();
    let sessions = place.sessions();
    for _ in 0..1000 {
        session_of(&sessions, 100).await;
    }
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let page = sessions.list(None, 1000, None).await.expect("listed");
        times.push(start.elapsed());
        assert_eq!(page.sessions.len(), 1000);
    }
    row("list of 1,000 sessions", &mut times, "≤ 20 ms");
    let start = Instant::now();
    sessions.search(None, "borrow checker", 20).await.expect("searched");
    one("first search, 100,000 messages in 1,000 sessions read and opened", start.elapsed(), "");
    let mut times = Vec::new();
    for query in ["outlives variable", "\"instead of it\"", "nothing has this word"].iter().cycle().take(30) {
        let start = Instant::now();
        sessions.search(None, query, 20).await.expect("searched");
        times.push(start.elapsed());
    }
    row("a search after that", &mut times, "");
    let start = Instant::now();
    let verified = sessions.verify(None).await.expect("verified");
    one(&format!("every one of {} rows verified", verified.rows), start.elapsed(), "");
}

/// A program that was killed leaves its log: the next one opens, recovers, looks over and lists.
async fn after_a_crash() {
    let place = Place::new();
    let sessions = place.sessions();
    for _ in 0..100 {
        session_of(&sessions, 100).await;
    }
    let mut times = Vec::new();
    for _ in 0..20 {
        // The files as they are while the program has them open.
        let copy = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(copy.path().join("data")).expect("made");
        for name in ["sessions.db", "sessions.db-wal"] {
            fs::copy(place.root.join("data").join(name), copy.path().join("data").join(name)).expect("copied");
        }
        let start = Instant::now();
        let again = place.sessions_in(copy.path());
        assert_eq!(again.list(None, 200, None).await.expect("listed").sessions.len(), 100);
        times.push(start.elapsed());
        again.shutdown().await;
    }
    row("start after a crash, 100 sessions listed", &mut times, "≤ 200 ms");
}

fn row(what: &str, times: &mut [Duration], aim: &str) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!("| {what} | p50 {:.2} ms, p99 {:.2} ms (n = {}) | {aim} |", at(50), at(99), times.len());
}

fn one(what: &str, time: Duration, aim: &str) {
    println!("| {what} | {:.0} ms | {aim} |", time.as_secs_f64() * 1000.0);
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4096
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for a table")]
fn megabytes(now: u64, before: u64) -> f64 {
    now.saturating_sub(before) as f64 / 1e6
}
