//! Many writers in many processes: each message that was acknowledged is there once, and each writer's are in order.

use std::{collections::BTreeMap, path::Path};

use aside_sessions::{MessageState, SessionId, Sessions};

use crate::{
    crash::{Process, tell},
    deeds,
    kit::{Reader, fresh, quick, read, until},
};

const PROCESSES: usize = 8;
const WRITERS: usize = 8;
const MESSAGES: usize = 2;

/// The child: some writers that all say something in the same session, or each in its own.
pub(crate) async fn write(home: &Path, number: &str, session: Option<SessionId>) {
    let sessions = deeds::sessions(home);
    let mut line = String::new();
    tell("ready");
    std::io::stdin().read_line(&mut line).expect("told to go");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (sessions, name) = (sessions.clone(), format!("{number}-{writer}"));
            tokio::spawn(async move {
                let id = match session {
                    Some(id) => id,
                    None => fresh(&sessions).await,
                };
                for message in 0..MESSAGES {
                    say(&sessions, id, &format!("{name} {message}")).await;
                    tell(&format!("{id} {name} {message}"));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("written");
    }
    // An end of the program in the middle would interrupt the last answers.
    while sessions.health().await.running > 0 {
        tokio::task::yield_now().await;
    }
    sessions.shutdown().await;
    tell("done");
}

async fn say(sessions: &Sessions, id: SessionId, text: &str) {
    while let Err(error) = sessions.send(id, quick(text, text)).await {
        assert!(["session-busy", "storage-busy"].contains(&error.code()), "{error}");
        tokio::task::yield_now().await;
    }
}

/// Lets all write, and compares what they were told with what is there.
async fn all_write(one_session: bool) {
    let home = tempfile::tempdir().expect("a folder");
    let sessions = deeds::sessions(home.path());
    let id = fresh(&sessions).await;
    let role = if one_session { format!("write {id}") } else { "write".to_owned() };
    let mut children: Vec<_> =
        (0..PROCESSES).map(|number| Process::start(&format!("{role} {number}"), home.path())).collect();
    for child in &mut children {
        assert_eq!(child.hear(), "ready");
    }
    children.iter_mut().for_each(Process::go);
    let mut acknowledged: BTreeMap<SessionId, Vec<(String, String)>> = BTreeMap::new();
    for child in &mut children {
        loop {
            let said = child.hear();
            let words: Vec<_> = said.split(' ').collect();
            let [id, writer, message] = words[..] else { break };
            let id = id.parse().expect("an id");
            acknowledged.entry(id).or_default().push((writer.to_owned(), message.to_owned()));
        }
    }
    assert_eq!(acknowledged.values().map(Vec::len).sum::<usize>(), PROCESSES * WRITERS * MESSAGES);
    for (id, said) in acknowledged {
        until(&sessions, id, |_, state| state != MessageState::Streaming).await;
        let messages = read(&sessions, id).await;
        assert!(messages.chunks(2).all(|turn| turn[0].0 == turn[1].0), "each answer follows its question");
        let there: Vec<_> = messages.iter().step_by(2).map(|(text, _)| text.split_once(' ').expect("two")).collect();
        assert_eq!(there.len(), said.len(), "each once");
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        for (writer, message) in there {
            assert!(said.contains(&(writer.to_owned(), message.to_owned())), "{writer} {message}");
            let before = last.insert(writer, message);
            assert!(before.is_none_or(|before| before < message), "{writer}: {before:?}, then {message}");
        }
    }
    let verified = sessions.verify(None).await.expect("verified");
    assert_eq!((verified.damaged, verified.strays, verified.whole), (Vec::new(), 0, None));
}

#[tokio::test]
async fn sixty_four_writers_in_eight_processes_lose_nothing_in_one_session() {
    all_write(true).await;
}

#[tokio::test]
async fn sixty_four_writers_in_eight_processes_lose_nothing_in_sessions_of_their_own() {
    all_write(false).await;
}

#[tokio::test]
async fn processes_that_start_at_once_without_a_key_make_one() {
    let home = tempfile::tempdir().expect("a folder");
    let mut children: Vec<_> = (0..2).map(|number| Process::start(&format!("write {number}"), home.path())).collect();
    for child in &mut children {
        assert_eq!(child.hear(), "ready");
    }
    children.iter_mut().for_each(Process::go);
    for child in &mut children {
        while child.hear() != "done" {}
    }
    assert_eq!(std::fs::read(home.path().join("keys")).expect("read").len(), 32, "one key");
    let sessions = deeds::sessions(home.path());
    let verified = sessions.verify(None).await.expect("verified");
    assert_eq!((verified.sessions, verified.damaged, verified.whole), (16, Vec::new(), None));
}

/// A reader of one session in a program of its own.
pub(crate) async fn listener(sessions: &Sessions, id: SessionId) -> Reader {
    let reader = Reader::new();
    sessions.join(id, 10, None, &reader.outbox).await.expect("joined");
    reader
}
