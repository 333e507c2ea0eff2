//! Two programs that have one session open: each sees all that the other does, in order and soon, also when it is killed.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use aside_sessions::{End, Event, Options, SessionId, Sessions, State};

use crate::{
    crash::{Process, tell},
    deeds,
    kit::{Reader, Script, fresh, quick},
    many::listener,
};

const PIECES: usize = 5;

/// Everything is written down as it comes, so that the other program may see it.
fn hasty() -> Options {
    Options { checkpoint_bytes: 1, ..Options::default() }
}

/// The clock that two processes share, in microseconds.
fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000
}

/// The child: joins, gives an answer in pieces as it is told to, then tells what it is told by the other one.
pub(crate) async fn talk(home: &Path, id: SessionId) {
    let sessions = deeds::sessions(home);
    sessions.set_options(hasty());
    let mut reader = listener(&sessions, id).await;
    let (script, say) = Script::say("theirs");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    // Nothing here may stand still while this waits.
    std::thread::spawn(move || std::io::stdin().lines().try_for_each(|line| sender.send(line.expect("text"))));
    tell("joined");
    lines.recv().await.expect("told to go on");
    sessions.send(id, say).await.expect("said");
    tell(&format!("asked {}", now()));
    for number in 0..PIECES {
        lines.recv().await.expect("told to go on");
        script.text(&format!("piece {number} "));
        while !matches!(reader.next().await, Event::Delta(_)) {}
        tell(&format!("said {}", now()));
    }
    lines.recv().await.expect("told to go on");
    script.end();
    while !matches!(reader.next().await, Event::End { .. }) {}
    tell(&format!("ended {}", now()));
    loop {
        let event = reader.next().await;
        tell(&format!("{} {event:?}", now()));
        if matches!(event, Event::End { .. }) {
            break;
        }
    }
    sessions.shutdown().await;
    tell("closed");
    lines.recv().await.expect("told to go on");
}

fn time(said: &str) -> u64 {
    said.split(' ').find_map(|word| word.parse().ok()).expect("a time")
}

async fn opened() -> (tempfile::TempDir, Sessions, SessionId, Process) {
    let home = tempfile::tempdir().expect("a folder");
    let sessions = deeds::sessions(home.path());
    sessions.set_options(hasty());
    let id = fresh(&sessions).await;
    let mut child = Process::start(&format!("talk {id}"), home.path());
    assert_eq!(child.hear(), "joined");
    (home, sessions, id, child)
}

async fn state(sessions: &Sessions, id: SessionId) -> (bool, State) {
    let info = sessions.open(id, 10, None).await.expect("opened").session;
    (info.elsewhere, info.state)
}

/// Waits for the next event, and tells when it came.
async fn next(reader: &mut Reader) -> (u64, Event) {
    let event = tokio::time::timeout(Duration::from_secs(20), reader.next()).await.expect("told in time");
    (now(), event)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_in_one_session_see_each_other_soon_and_in_order() {
    let (_home, sessions, id, mut child) = opened().await;
    assert_eq!(state(&sessions, id).await, (true, State::Idle), "it is open there");
    let mut reader = listener(&sessions, id).await;
    let mut delays = Vec::new();
    child.line();
    let asked = time(&child.hear());
    let (at, event) = next(&mut reader).await;
    assert_eq!(event, Event::Asked { text: "theirs".to_owned(), model: "test/scripted".to_owned() });
    delays.push(at.saturating_sub(asked));
    assert_eq!(state(&sessions, id).await, (true, State::Running));
    for number in 0..PIECES {
        child.line();
        let said = time(&child.hear());
        let (at, event) = next(&mut reader).await;
        assert_eq!(event, Event::Delta(format!("piece {number} ")));
        delays.push(at.saturating_sub(said));
    }
    child.line();
    let ended = time(&child.hear());
    let (at, event) = next(&mut reader).await;
    assert_eq!(event, Event::End { reason: End::Complete, error: None });
    delays.push(at.saturating_sub(ended));

    // And the other way round.
    sessions.send(id, quick("ours", "said here")).await.expect("said");
    let mut told = String::new();
    while !told.contains("End {") {
        let heard = child.hear();
        delays.extend(told.is_empty().then(|| now().saturating_sub(time(&heard))));
        told.push_str(heard.split_once(' ').expect("a time and an event").1);
    }
    let order = ["Asked", "ours", "said here", "End { reason: Complete"].map(|word| told.find(word));
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{told}");

    assert_eq!(child.hear(), "closed");
    assert_eq!(state(&sessions, id).await, (false, State::Idle), "it is closed there");
    child.kill();
    // All but the slowest: a busy machine is not a defect.
    delays.sort_unstable();
    println!("after microseconds: {delays:?}");
    assert!(delays[delays.len() / 2] < 200_000, "{delays:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_in_the_middle_is_seen_to_be_gone() {
    let (_home, sessions, id, mut child) = opened().await;
    let mut reader = listener(&sessions, id).await;
    child.line();
    child.hear();
    child.line();
    child.hear();
    assert!(matches!(next(&mut reader).await.1, Event::Asked { .. }));
    assert_eq!(next(&mut reader).await.1, Event::Delta("piece 0 ".to_owned()));
    child.kill();
    let killed = Instant::now();
    assert_eq!(state(&sessions, id).await, (false, State::Interrupted));
    sessions.send(id, quick("ours", "1")).await.expect("it blocks nobody");
    let told = loop {
        if let Event::End { reason, .. } = next(&mut reader).await.1 {
            break reason;
        }
    };
    assert_eq!(told, End::Interrupted, "first theirs");
    assert_eq!(reader.turn().await.text(), "1", "then ours, from number 0");
    assert!(killed.elapsed() < Duration::from_secs(5), "nothing was waited for");
}
