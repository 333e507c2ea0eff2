//! A database with conversations in it, as it is now and as it was before, and what can be said of a copy of it that somebody
//! has damaged.
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    thread,
};

use aside_sessions::{DataKeys, Home, MessageState, Options, SessionError, SessionId, Sessions, WorkspaceId};
use rusqlite::Connection;

use crate::kit::{HeldKeys, Place, Reader, quick};

/// What was said in one conversation, by the number of the message.
pub(crate) type Said = BTreeMap<u64, String>;

/// Files as they were, and what is in them.
pub(crate) struct Scene {
    pub(crate) now: Vec<u8>,
    pub(crate) older: Vec<u8>,
    pub(crate) anchor: Vec<u8>,
    /// The older one, in which another conversation went on than in this one.
    other: Vec<u8>,
    /// What was said there.
    other_said: Said,
    /// The database of somebody else, sealed under another key.
    foreign: Vec<u8>,
    /// `a`, `b` and `d` in one folder, `c` in another one.
    pub(crate) names: BTreeMap<&'static str, SessionId>,
    pub(crate) said: BTreeMap<SessionId, Said>,
    pub(crate) folders: BTreeMap<SessionId, String>,
}

/// Made once: it is only ever copied.
pub(crate) static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let made = thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Scene::make())
    });
    made.join().expect("made")
});

/// A copy of the scene.
pub(crate) struct Copy(tempfile::TempDir);

impl Scene {
    async fn make() -> Self {
        let place = Place::new();
        let folders = ["one", "two"].map(|name| {
            let folder = place.root().join(name);
            fs::create_dir(&folder).expect("made");
            WorkspaceId::of(Some(&folder))
        });
        let sessions = place.sessions();
        let mut names = BTreeMap::new();
        for (name, folder) in [("a", 0), ("b", 0), ("c", 1), ("d", 0)] {
            let id = sessions.create(&folders[folder], None, None).await.expect("made").id;
            names.insert(name, id);
            for number in 0..2 {
                exchange(&sessions, id, &format!("{name} question {number}"), &format!("{name} answer {number}")).await;
            }
        }
        sessions.shutdown().await;
        let older = fs::read(place.database()).expect("read");
        let sessions = place.sessions();
        for (name, id) in &names {
            exchange(&sessions, *id, &format!("{name} question 2"), &format!("{name} answer 2")).await;
        }
        let (mut said, mut paths) = (BTreeMap::new(), BTreeMap::new());
        for id in names.values() {
            let opened = sessions.open(*id, 1000, None).await.expect("opened");
            paths.insert(*id, opened.session.workspace);
            said.insert(*id, opened.messages.into_iter().map(|message| (message.n, message.text)).collect());
        }
        sessions.shutdown().await;
        let (now, anchor) = (fs::read(place.database()).expect("read"), fs::read(place.anchor()).expect("read"));
        let (other, other_said) = other(&older, names["d"]).await;
        Self { now, older, anchor, other, other_said, foreign: foreign().await, names, said, folders: paths }
    }

    pub(crate) fn name(&self, id: SessionId) -> &'static str {
        self.names.iter().find(|(_, known)| **known == id).map_or("another", |(name, _)| name)
    }
}

/// The older database, going on in another way.
async fn other(older: &[u8], id: SessionId) -> (Vec<u8>, Said) {
    let place = Place::new();
    fs::create_dir(place.data()).expect("made");
    fs::write(place.database(), older).expect("written");
    let sessions = place.sessions();
    exchange(&sessions, id, "another question", "another answer").await;
    let opened = sessions.open(id, 1000, None).await.expect("opened");
    sessions.shutdown().await;
    let said = opened.messages.into_iter().map(|message| (message.n, message.text)).collect();
    (fs::read(place.database()).expect("read"), said)
}

async fn foreign() -> Vec<u8> {
    let place = Place::new();
    let sessions = place.sessions_of(Options::default(), HeldKeys::of(2));
    let id = sessions.create(&WorkspaceId::of(None), None, None).await.expect("made").id;
    exchange(&sessions, id, "foreign question", "foreign answer").await;
    sessions.shutdown().await;
    fs::read(place.database()).expect("read")
}

async fn exchange(sessions: &Sessions, id: SessionId, question: &str, answer: &str) {
    let mut reader = Reader::of(sessions, id).await;
    sessions.send(id, quick(question, answer)).await.expect("said");
    reader.turn().await;
}

impl Copy {
    /// The scene as it is now, and these bytes for the database.
    pub(crate) fn of(database: &[u8]) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let copy = Self(folder.expect("a folder"));
        fs::create_dir(copy.0.path().join("data")).expect("made");
        fs::write(copy.database(), database).expect("written");
        fs::write(copy.anchor(), &SCENE.anchor).expect("written");
        copy
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.path().join("data/sessions.db")
    }

    pub(crate) fn anchor(&self) -> PathBuf {
        self.0.path().join("sessions.anchor")
    }

    /// Its conversations, read by a program of its own.
    pub(crate) fn sessions(&self) -> Sessions {
        self.sessions_of(HeldKeys::of(1))
    }

    pub(crate) fn sessions_of(&self, keys: Arc<dyn DataKeys>) -> Sessions {
        let (database, anchor) = (self.database(), self.anchor());
        let entered = anchor.with_extension("open");
        Sessions::new(Home { database, anchor, entered, keys }, Options::default())
    }

    /// Does to the database what `statements` say. They may speak of `names`, of an `older` copy, of
    /// that copy gone on in an`other` way, and of `foreign_one`.
    pub(crate) fn alter(&self, statements: &str) {
        let beside = |name: &str, bytes: &[u8]| {
            let path = self.0.path().join(name);
            fs::write(&path, bytes).expect("written");
            path
        };
        let (older, foreign) = (beside("older.db", &SCENE.older), beside("foreign.db", &SCENE.foreign));
        let other = beside("other.db", &SCENE.other);
        let database = Connection::open(self.database()).expect("opened");
        for (name, path) in [("older", &older), ("other", &other), ("foreign_one", &foreign)] {
            database.execute(&format!("ATTACH ?1 AS {name}"), [path.to_str().expect("text")]).expect("attached");
        }
        database.execute("CREATE TEMP TABLE names (name TEXT, id BLOB)", ()).expect("made");
        for (name, id) in &SCENE.names {
            let id = *uuid::Uuid::parse_str(&id.to_string()).expect("an id").as_bytes();
            database.execute("INSERT INTO names VALUES (?1, ?2)", (name, id)).expect("named");
        }
        database.execute_batch(statements).expect("altered");
        drop(database);
        if statements.contains("-- remove the anchor") {
            fs::remove_file(self.anchor()).expect("removed");
        }
        if statements.contains("-- alter the anchor") {
            let altered = String::from_utf8(SCENE.anchor.clone()).expect("text").trim_end().to_owned() + "0\n";
            fs::write(self.anchor(), altered).expect("written");
        }
    }
}

/// What is seen of a copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What a check names: words in order, as the expectations of the damaged databases spell them.
    pub(crate) named: BTreeSet<String>,
    /// The conversations among them.
    pub(crate) damaged: Vec<SessionId>,
    /// The conversations that are listed, and where.
    listed: BTreeMap<SessionId, String>,
    said: BTreeMap<SessionId, Result<Said, &'static str>>,
}

impl Seen {
    /// Looks at everything. What is read must be what was said, whatever happened to it.
    pub(crate) async fn of(sessions: &Sessions) -> Self {
        let mut seen = Self::default();
        match sessions.list(None, 1000, None).await {
            Ok(page) => seen.listed = page.sessions.into_iter().map(|info| (info.id, info.workspace)).collect(),
            Err(error) => seen.refused(&error),
        }
        for folder in SCENE.folders.values().collect::<BTreeSet<_>>() {
            match sessions.list(Some(&WorkspaceId::of(Some(Path::new(folder)))), 1000, None).await {
                Ok(page) => {
                    let there: BTreeSet<_> = page.sessions.into_iter().map(|info| info.id).collect();
                    seen.listed.retain(|id, known| known != folder || there.contains(id));
                }
                Err(error) => seen.in_folder(&error),
            }
        }
        match sessions.verify(None).await {
            Ok(verified) => {
                for (id, damage) in verified.damaged {
                    seen.damaged.push(id);
                    seen.named.extend(damage.iter().map(|one| format!("{} {}", SCENE.name(id), word(*one))));
                }
                seen.named.extend((verified.strays > 0).then(|| format!("strays {}", verified.strays)));
                seen.named.extend(verified.whole.map(|what| format!("whole: {what}")));
            }
            Err(error) => seen.refused(&error),
        }
        for (id, before) in &SCENE.said {
            let opened = sessions.open(*id, 1000, None).await.map_err(|error| error.code());
            let said = opened.map(|opened| {
                let read = |message: aside_sessions::StoredMessage| {
                    let unread = message.text.is_empty() && message.state != MessageState::Complete;
                    (message.n, if unread { String::new() } else { message.text })
                };
                opened.messages.into_iter().map(read).collect::<Said>()
            });
            if let Ok(said) = &said {
                for (n, text) in said.iter().filter(|(_, text)| !text.is_empty()) {
                    // In one that is named, an answer may have lost its beginning, and a row may have been said in a copy.
                    let out_of_place = || before.values().chain(SCENE.other_said.get(n)).any(|known| known == text);
                    let fine = before.get(n) == Some(text) || (seen.damaged.contains(id) && out_of_place());
                    assert!(fine, "nobody said that: {} {n}: {text}: {:?}", SCENE.name(*id), seen.named);
                }
            }
            seen.said.insert(*id, said);
        }
        seen
    }

    /// What is not as it was is told instead of an empty list; a check names it as well.
    fn in_folder(&mut self, error: &SessionError) {
        assert!(!error.code().is_empty() && !error.hint().is_empty(), "{error}");
        self.listed.clear();
    }

    fn refused(&mut self, error: &SessionError) {
        assert!(!error.code().is_empty() && !error.hint().is_empty(), "{error}");
        self.named.insert(format!("refused {}", error.code()));
    }

    /// Whether it is read and listed as it was.
    pub(crate) fn is_untouched(&self, id: SessionId) -> bool {
        self.said.get(&id) == Some(&Ok(SCENE.said[&id].clone())) && self.listed.get(&id) == Some(&SCENE.folders[&id])
    }

    /// Where nothing is named nothing may have changed, and a conversation that is not named is as it was. Where something is
    /// said of the whole, or it is refused, that is what is named.
    pub(crate) fn check(&self, what: &str) {
        let of_all = self.named.iter().any(|word| word.starts_with("whole") || word.starts_with("refused"));
        for id in SCENE.names.values() {
            let fine = self.is_untouched(*id) || self.damaged.contains(id) || of_all;
            assert!(fine, "{what}: `{}` is not as it was, and nothing says so: {self:?}", SCENE.name(*id));
        }
    }
}

fn word(damage: aside_sessions::Damage) -> String {
    use aside_sessions::Damage;
    match damage {
        Damage::Altered { n } => format!("altered {n}"),
        Damage::Missing { from, to } => format!("missing {from}-{to}"),
        Damage::Surplus { n } => format!("surplus {n}"),
        Damage::Head => "head".to_owned(),
    }
}
