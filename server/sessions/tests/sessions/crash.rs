//! Real processes: killed in the middle of an answer, started all at once, and two at work on one database.
//!
//! The test binary starts itself again; what the child does is told by its environment.
#![expect(clippy::disallowed_methods, reason = "the tests start and kill processes of their own")]

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use aside_sessions::{MessageState, Options, SessionError, SessionId, Sessions, State, WorkspaceId};

use crate::kit::{HeldKeys, Place, Reader, Script, fresh, home, one, quick, read, until};
use crate::{disk, many, together};

const ROLE: &str = "ASIDE_TEST_ROLE";
const DATABASE: &str = "ASIDE_TEST_DATABASE";
/// Tells our lines from the test harness's.
const MARK: &str = "child: ";

/// This binary once more, in a role.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(role: &str, database: &Path) -> Self {
        let line = line();
        let mut child = Command::new(&line[0])
            .args(&line[1..])
            .envs([(ROLE, role.as_ref()), (DATABASE, database.as_os_str())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    /// The next thing the child says.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            let line = self.lines.next().expect("the child lives").expect("text");
            // The harness may have begun the line.
            if let Some((_, said)) = line.split_once(MARK) {
                return said.to_owned();
            }
        }
    }

    /// Lets the child go on, for the last time.
    pub(crate) fn go(&mut self) {
        self.line();
        drop(self.child.stdin.take());
    }

    /// Lets the child go on.
    pub(crate) fn line(&mut self) {
        self.child.stdin.as_mut().expect("piped").write_all(b"go\n").expect("it listens");
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("collected");
    }
}

/// This binary as a child; its role is told by its environment.
pub(crate) fn line() -> Vec<String> {
    let program = env::current_exe().expect("this binary").display().to_string();
    let words = ["--exact", "crash::a_child_plays_its_role", "--nocapture", "--test-threads=1"].map(str::to_owned);
    [program].into_iter().chain(words).collect()
}

/// Not a test of its own: what the processes that the tests start do. Alone, it passes.
#[tokio::test]
async fn a_child_plays_its_role() {
    let (Ok(role), Some(database)) = (env::var(ROLE), env::var_os(DATABASE)) else { return };
    let words: Vec<_> = role.split(' ').collect();
    let id = |word: &str| word.parse().expect("an id");
    match words[..] {
        ["write", number] => return many::write(Path::new(&database), number, None).await,
        ["write", session, number] => return many::write(Path::new(&database), number, Some(id(session))).await,
        ["chat", session, mend] => return disk::chat(Path::new(&database), id(session), mend).await,
        ["look", session] => return disk::look(Path::new(&database), id(session)).await,
        ["pieces", session] => return disk::pieces(Path::new(&database), id(session)).await,
        ["talk", session] => return together::talk(Path::new(&database), id(session)).await,
        _ => {}
    }
    let options = Options { checkpoint_bytes: 1024, ..Options::default() };
    let sessions = Sessions::new(home(database.into(), HeldKeys::of(1)), options);
    match role.as_str() {
        "answer" => answer_forever(&sessions).await,
        "start" => start_with_others(&sessions).await,
        "list" => match sessions.list(None, 10, None).await {
            Ok(page) => tell(&format!("listed {}", page.sessions.len())),
            Err(error) => tell(&format!("{}: {error}", error.code())),
        },
        other => panic!("no role `{other}`"),
    }
}

pub(crate) fn tell(what: &str) {
    writeln!(std::io::stdout(), "{MARK}{what}").expect("the parent listens");
}

async fn answer_forever(sessions: &Sessions) {
    let id = fresh(sessions).await;
    let (script, say) = Script::say("Tell me everything");
    sessions.send(id, say).await.expect("said");
    script.text(&"word ".repeat(500));
    let saved = until(sessions, id, |text, _| !text.is_empty()).await;
    tell(&format!("{id} {}", saved.len()));
    std::future::pending::<()>().await;
}

async fn start_with_others(sessions: &Sessions) {
    tell("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("told to go");
    let id = fresh(sessions).await;
    for number in 0..5 {
        let mut reader = Reader::of(sessions, id).await;
        sessions.send(id, quick(&format!("question {number}"), "answer")).await.expect("said");
        reader.turn().await;
    }
    sessions.shutdown().await;
    tell(&id.to_string());
}

fn session_in(line: &str) -> (SessionId, usize) {
    let (id, saved) = line.split_once(' ').expect("an id and a length");
    (id.parse().expect("an id"), saved.parse().expect("a length"))
}

#[tokio::test]
async fn what_was_saved_of_an_answer_survives_a_kill_and_the_session_goes_on() {
    let place = Place::new();
    let mut other = Process::start("answer", &place.database());
    let (id, saved) = session_in(&other.hear());

    let sessions = place.sessions();
    let opened = sessions.open(id, 10, None).await.expect("opened");
    assert_eq!((opened.session.state, opened.messages[1].state), (State::Running, MessageState::Streaming));
    for busy in
        [sessions.send(id, quick("two", "2")).await.map(drop), sessions.stop(id).await, sessions.delete(id).await]
    {
        assert!(matches!(busy, Err(SessionError::Busy { elsewhere: true, .. })), "it answers elsewhere");
    }

    other.kill();

    let opened = sessions.open(id, 10, None).await.expect("opened");
    let [asked, answered] = &opened.messages[..] else { panic!("{opened:?}") };
    assert_eq!((asked.text.as_str(), asked.state), ("Tell me everything", MessageState::Complete));
    assert_eq!((opened.session.state, answered.state), (State::Interrupted, MessageState::Interrupted));
    assert!(saved >= 1024 && answered.text.len() >= saved, "{} of {saved}", answered.text.len());
    assert!("word ".repeat(500).starts_with(&answered.text));
    let listed = sessions.list(None, 10, None).await.expect("listed").sessions;
    assert_eq!((listed.len(), listed[0].state), (1, State::Interrupted));

    let half = answered.text.clone();
    let (script, say) = Script::say("Go on");
    sessions.send(id, say).await.expect("said");
    script.text("done");
    script.end();
    until(&sessions, id, |_, state| state == MessageState::Complete).await;
    assert_eq!(script.history(), ["Tell me everything", half.as_str(), "Go on"]);
    assert_eq!(read(&sessions, id).await[1], (half, MessageState::Interrupted), "it stays marked");
    assert_eq!(sessions.list(None, 10, None).await.expect("listed").sessions[0].state, State::Idle);
}

#[tokio::test]
async fn a_process_that_was_killed_and_not_yet_collected_blocks_nobody() {
    let place = Place::new();
    let mut other = Process::start("answer", &place.database());
    let (id, _) = session_in(&other.hear());
    other.child.kill().expect("killed");
    // Its end shows in its closed output, while nobody has collected it: its number is still taken.
    while let Some(Ok(_)) = other.lines.next() {}
    let sessions = place.sessions();
    until(&sessions, id, |_, state| state == MessageState::Interrupted).await;
    sessions.send(id, quick("Go on", "done")).await.expect("said");
    until(&sessions, id, |text, state| (text, state) == ("done", MessageState::Complete)).await;
    other.kill();
}

#[tokio::test(start_paused = true)]
async fn a_quiet_answer_gives_signs_of_life() {
    let (place, sessions, id) = one().await;
    let (script, say) = Script::say("Think long");
    sessions.send(id, say).await.expect("said");
    let database = rusqlite::Connection::open(place.database()).expect("opened");
    let seen = || database.query_row("SELECT seen FROM sessions", (), |row| row.get::<_, i64>(0)).expect("running");
    let begun = seen();
    while seen() == begun {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    sessions.stop(id).await.expect("stopped");
    script.closed().await;
}

#[tokio::test]
async fn processes_that_start_at_once_in_a_fresh_directory_all_work_and_see_each_other() {
    let place = Place::new();
    let mut others: Vec<_> = (0..4).map(|_| Process::start("start", &place.database())).collect();
    for other in &mut others {
        assert_eq!(other.hear(), "ready");
    }
    for other in &mut others {
        other.go();
    }
    let mut made: Vec<SessionId> = others.iter_mut().map(|other| other.hear().parse().expect("an id")).collect();
    for mut other in others {
        assert!(other.child.wait().expect("ended").success());
    }
    let sessions = place.sessions();
    let page = sessions.list(Some(&WorkspaceId::of(None)), 10, None).await.expect("listed");
    let mut listed: Vec<SessionId> = page.sessions.iter().map(|session| session.id).collect();
    made.sort();
    listed.sort();
    assert_eq!(listed, made);
    for id in made {
        let messages = read(&sessions, id).await;
        assert_eq!(messages.len(), 10);
        assert!(messages.iter().all(|(_, state)| *state == MessageState::Complete));
    }
}

/// The binary in the role of a reader, as a user who is not root: root ignores mode bits.
#[cfg(unix)]
pub(crate) fn list_as_somebody(database: &Path) -> String {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};

    // The binary itself must be reachable for that user.
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let binary = folder.path().join("reader");
    std::fs::copy(env::current_exe().expect("this binary"), &binary).expect("copied");
    let mut command = Command::new(&binary);
    command
        .args(["--exact", "crash::a_child_plays_its_role", "--nocapture", "--test-threads=1"])
        .envs([(ROLE, "list".as_ref()), (DATABASE, database.as_os_str())]);
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().expect("ran");
    let output = String::from_utf8(output.stdout).expect("text");
    let said = output.lines().find_map(|line| line.split_once(MARK)).map(|(_, said)| said.to_owned());
    said.unwrap_or_else(|| panic!("the child said nothing: {output}"))
}
