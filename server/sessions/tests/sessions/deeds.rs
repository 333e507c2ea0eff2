//! What is done to conversations by a process that may be killed, what they then must be, and the look at what is left of them.
#![expect(clippy::disallowed_methods, reason = "a child is told by its environment what to do")]

use std::{
    env,
    path::{Path, PathBuf},
};

use aside_model::Role;
use aside_sessions::{
    Home, MessageState, Options, SessionError, SessionId, SessionInfo, Sessions, StoredMessage, WorkspaceId,
    retention::Rule,
};

use crate::{
    file_keys::FileKeys,
    kit::{Reader, quick},
};

/// What can be done, each of it one thing that is acknowledged.
pub(crate) const DEEDS: [&str; 11] =
    ["create", "append", "fork", "compact", "trash", "restore", "remove", "clean", "import", "rekey", "list"];

/// A conversation: its title, whether it is in the trash, and what was said.
pub(crate) type Plain = (String, bool, Vec<String>);
/// All of them, in order.
pub(crate) type Plains = Vec<Plain>;

/// The conversations of a home.
pub(crate) fn sessions(home: &Path) -> Sessions {
    let (database, anchor) = (database(home), home.join("state/sessions.anchor"));
    let entered = anchor.with_extension("open");
    Sessions::new(
        Home { database, anchor, entered, keys: std::sync::Arc::new(FileKeys::new(home)) },
        Options::default(),
    )
}

pub(crate) fn database(home: &Path) -> PathBuf {
    home.join("data/sessions.db")
}

/// Whether all is wanted that the usual run of the tests takes a sample of.
pub(crate) fn every() -> bool {
    env::var_os("ASIDE_TEST_EVERY").is_some()
}

pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// The child of the other tests: does what its environment says.
#[test]
fn does_as_told() {
    let (Ok(home), Ok(task)) = (env::var("ASIDE_TEST_HOME"), env::var("ASIDE_TEST_TASK")) else { return };
    let deeds: Vec<_> = task.split(',').collect();
    // In one piece, so that it is one call.
    let say = |number: usize| println!("\nDONE {number}");
    wait(async {
        let sessions = sessions(Path::new(&home));
        done(&sessions, &deeds, say).await.expect("done");
        sessions.shutdown().await;
    });
    println!("\nENDED");
}

/// This program as a child that does `deeds` in a home.
pub(crate) fn child(home: &Path, deeds: &str) -> Vec<String> {
    let program = env::current_exe().expect("this program has a path");
    let words = [
        "env",
        &format!("ASIDE_TEST_HOME={}", home.display()),
        &format!("ASIDE_TEST_TASK={deeds}"),
        &program.display().to_string(),
        "deeds::does_as_told",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    words.map(str::to_owned).into()
}

/// How many deeds a child has said to be done.
pub(crate) fn acknowledged(said: &str) -> usize {
    said.matches("DONE").count()
}

/// Does what is to be done, and says so after each deed.
pub(crate) async fn done(sessions: &Sessions, deeds: &[&str], say: impl Fn(usize)) -> Result<(), SessionError> {
    for (number, deed) in deeds.iter().enumerate() {
        one(sessions, deed, number).await?;
        say(number);
    }
    Ok(())
}

async fn one(sessions: &Sessions, deed: &str, number: usize) -> Result<(), SessionError> {
    let none = WorkspaceId::of(None);
    match deed {
        "create" => drop(sessions.create(&none, Some(&format!("made {number}")), None).await?),
        "append" => {
            let id = oldest(sessions).await?;
            let mut reader = Reader::of(sessions, id).await;
            sessions.send(id, quick(&format!("question {number}"), &answer(number))).await?;
            reader.turn().await;
        }
        "fork" => drop(sessions.fork(oldest(sessions).await?, None).await?),
        "compact" => {
            let id = oldest(sessions).await?;
            let opened = sessions.open(id, 1000, None).await?;
            let from = opened.messages.last().map_or(0, |message| message.n + 1);
            sessions.compact(id, from, &format!("summary {number}"), "a/b").await?;
        }
        "trash" => sessions.delete(newest(sessions).await?).await?,
        "restore" => {
            for (info, _) in sessions.trashed().await? {
                sessions.restore(info.id).await?;
            }
        }
        "remove" => sessions.remove(newest(sessions).await?).await?,
        "clean" => drop(sessions.clean(Rule::default(), false).await?),
        "import" => drop(sessions.import(&none, &format!("imported {number}"), messages()).await?),
        "rekey" => drop(sessions.rekey().await?),
        "list" => drop(sessions.list(None, 10, None).await?),
        other => panic!("no deed `{other}`"),
    }
    Ok(())
}

fn answer(number: usize) -> String {
    format!("answer {number} ").repeat(40)
}

fn messages() -> Vec<StoredMessage> {
    let message = |role, text: &str| StoredMessage {
        n: 0,
        role,
        text: text.to_owned(),
        at: "2020-01-01T00:00:00Z".parse().expect("a time"),
        model: None,
        state: MessageState::Complete,
        error: None,
        usage: None,
        attachments: Vec::new(),
    };
    vec![message(Role::User, "asked then"), message(Role::Assistant, "answered then")]
}

async fn all(sessions: &Sessions) -> Result<Vec<SessionInfo>, SessionError> {
    let mut all = sessions.list(None, 1000, None).await?.sessions;
    all.sort_by_key(|info| info.id);
    Ok(all)
}

async fn oldest(sessions: &Sessions) -> Result<SessionId, SessionError> {
    Ok(all(sessions).await?.first().expect("there is one").id)
}

async fn newest(sessions: &Sessions) -> Result<SessionId, SessionError> {
    Ok(all(sessions).await?.last().expect("there is one").id)
}

/// What the conversations are after each of the deeds, with what they were before; `None` between two steps of one deed is said
/// by more than one state.
pub(crate) fn expected(before: &Plains, deeds: &[&str]) -> Vec<Vec<Plains>> {
    let mut states = vec![vec![before.clone()]];
    for (number, deed) in deeds.iter().enumerate() {
        let known = states.last().and_then(|steps| steps.last()).cloned().unwrap_or_default();
        states.push(steps(known, deed, number));
    }
    states
}

/// The states that one deed goes through; the last one is the one that is acknowledged.
fn steps(mut plains: Plains, deed: &str, number: usize) -> Vec<Plains> {
    let mut steps = Vec::new();
    let newest = plains.iter().rposition(|(_, trashed, _)| !trashed);
    match deed {
        "create" => plains.push((format!("made {number}"), false, Vec::new())),
        "append" => {
            plains[0].2.push(format!("question {number}"));
            plains[0].2.push(String::new());
            steps.push(plains.clone());
            *plains[0].2.last_mut().expect("pushed") = answer(number);
        }
        "fork" => {
            let copy = (continued(&plains[0].0), false, plains[0].2.clone());
            plains.push(copy);
        }
        "compact" => {
            let copy = (continued(&plains[0].0), false, vec![format!("summary {number}")]);
            plains.push(copy);
        }
        "trash" => plains[newest.expect("there is one")].1 = true,
        "restore" => {
            // One after the other, the last thrown away first: at most one is in the trash here.
            plains.iter_mut().for_each(|plain| plain.1 = false);
        }
        "remove" => drop(plains.remove(newest.expect("there is one"))),
        "import" => {
            let said = ["asked then", "answered then"].map(str::to_owned).into();
            plains.push((format!("imported {number}"), false, said));
        }
        "clean" | "rekey" | "list" => {}
        other => panic!("no deed `{other}`"),
    }
    steps.push(plains);
    steps
}

fn continued(title: &str) -> String {
    if title.ends_with(" (continued)") { title.to_owned() } else { format!("{title} (continued)") }
}

/// What the conversations of a home are.
async fn plains(sessions: &Sessions) -> Result<Plains, SessionError> {
    let mut infos: Vec<_> = all(sessions).await?.into_iter().map(|info| (info, false)).collect();
    infos.extend(sessions.trashed().await?.into_iter().map(|(info, _)| (info, true)));
    infos.sort_by_key(|(info, _)| info.id);
    let mut plains = Vec::new();
    for (info, trashed) in infos {
        if trashed {
            sessions.restore(info.id).await?;
        }
        let opened = sessions.open(info.id, 1000, None).await?;
        assert_eq!(opened.damage, []);
        let texts = opened.messages.into_iter().map(|message| message.text).collect();
        plains.push((info.title, trashed, texts));
        if trashed {
            sessions.delete(info.id).await?;
        }
    }
    Ok(plains)
}

/// Looks at what is left in `home`: nothing is damaged, what was acknowledged is there, at most the deed that was begun is half
/// done, and it goes on. Gives what is wrong.
pub(crate) async fn examine(home: &Path, states: &[Vec<Plains>], acknowledged: usize) -> Result<Plains, String> {
    let sessions = sessions(home);
    let told = |error: SessionError| format!("{}: {error}", error.code());
    let found = plains(&sessions).await.map_err(told)?;
    let mut may_be = states[acknowledged].last().into_iter().chain(states.get(acknowledged + 1).into_iter().flatten());
    if !may_be.any(|plains| *plains == found) {
        return Err(format!("{acknowledged} acknowledged, and this is there: {found:?}"));
    }
    one(&sessions, "create", 100).await.map_err(told)?;
    one(&sessions, "append", 101).await.map_err(told)?;
    let verified = sessions.verify(None).await.map_err(told)?;
    if !(verified.damaged.is_empty() && verified.strays == 0 && verified.whole.is_none()) {
        return Err(format!("{verified:?}"));
    }
    sessions.shutdown().await;
    Ok(found)
}

/// A home to which these deeds were done, and what it then holds.
pub(crate) async fn home(deeds: &[&str]) -> (tempfile::TempDir, Plains) {
    let home = tempfile::tempdir().expect("a folder");
    let sessions = sessions(home.path());
    done(&sessions, deeds, |_| {}).await.expect("done");
    sessions.shutdown().await;
    let plains = expected(&Plains::new(), deeds).pop().and_then(|mut steps| steps.pop());
    (home, plains.unwrap_or_default())
}
