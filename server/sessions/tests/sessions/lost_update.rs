//! Two that save at once. What the first one saved is not overwritten by the second one, who had read before: the exact order of
//! events, and many at once.

use std::collections::BTreeSet;

use aside_sessions::{MessageState, SessionError};

use crate::kit::{Place, Reader, Script, fresh, quick, read, until};

#[tokio::test]
async fn what_was_saved_after_somebody_had_read_is_not_lost_when_they_save() {
    let place = Place::new();
    let (one, two) = (place.sessions(), place.sessions());
    let id = fresh(&one).await;
    let mut told = Reader::of(&one, id).await;
    one.send(id, quick("before", "0")).await.expect("said");
    told.turn().await;
    // Both have read the same state.
    let both = [read(&one, id).await, read(&two, id).await];
    assert_eq!(both[0], both[1]);
    // The first one begins to save; the second one wants to meanwhile, and is told.
    let (script, say) = Script::say("of the first");
    one.send(id, say).await.expect("said");
    let refused = two.send(id, quick("of the second", "2")).await.expect_err("it is answering");
    assert!(matches!(refused, SessionError::Busy { elsewhere: true, .. }), "{refused}");
    script.text("1");
    script.end();
    told.turn().await;
    // The second one saves, with what it had read before.
    let mut told = Reader::of(&two, id).await;
    two.send(id, quick("of the second", "2")).await.expect("said");
    told.turn().await;
    for sessions in [one, two, place.sessions()] {
        let said: Vec<_> = read(&sessions, id).await.into_iter().map(|(text, _)| text).collect();
        assert_eq!(said, ["before", "0", "of the first", "1", "of the second", "2"]);
    }
}

/// Each of `count` programs says one thing in the same session, all at once.
async fn all_at_once(count: usize) {
    let place = Place::new();
    let first = place.sessions();
    let id = fresh(&first).await;
    let savers: Vec<_> = (0..count)
        .map(|number| {
            let sessions = place.sessions();
            tokio::spawn(async move {
                let text = number.to_string();
                while let Err(error) = sessions.send(id, quick(&text, &text)).await {
                    assert!(["session-busy", "storage-busy"].contains(&error.code()), "{error}");
                    tokio::task::yield_now().await;
                }
                until(&sessions, id, |_, state| state == MessageState::Complete).await;
                sessions.shutdown().await;
            })
        })
        .collect();
    for saver in savers {
        saver.await.expect("saved");
    }
    let messages = read(&first, id).await;
    assert!(messages.chunks(2).all(|turn| turn[0].0 == turn[1].0), "each answer follows its question: {messages:?}");
    let texts: BTreeSet<_> = messages.iter().map(|(text, _)| text).collect();
    assert_eq!((messages.len(), texts.len()), (2 * count, count), "each once");
}

#[tokio::test]
async fn of_five_that_save_at_once_nothing_is_lost() {
    all_at_once(5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_that_save_at_once_nothing_is_lost() {
    all_at_once(64).await;
}
