//! Sessions with a passphrase of their own, and what is left of what was sealed before.

use super::*;

fn passphrase(text: &str) -> aside_secret::Secret {
    aside_secret::Secret::new(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_session_with_a_passphrase_opens_with_that_only_and_for_every_program_until_a_lock() {
    let scene = Scene::new();
    let (mine, theirs) = (scene.store(), scene.store());
    let session = fresh(&mine).await;
    exchange(&mine, session, "a title that tells", "an answer").await;
    mine.protect(session, passphrase("open sesame")).await.expect("protected");
    assert_eq!(texts(&theirs, session).await[1].0, "an answer", "it was just entered");

    mine.lock();
    let info = theirs.session(session).await.expect("listed");
    assert_eq!((info.title.as_str(), info.state, info.protected), ("", State::Locked, true));
    for error in [
        theirs.open(session, 10, None).await.map(drop).expect_err("locked"),
        theirs.begin(question(session, "two")).await.map(drop).expect_err("locked"),
        theirs.fork(session, None).await.map(drop).expect_err("locked"),
        theirs.rename(session, "three".to_owned()).await.map(drop).expect_err("locked"),
        theirs.unprotect(session).await.expect_err("locked"),
    ] {
        assert_eq!(error.code(), "session-locked");
    }
    assert_eq!(theirs.verify(None).await.expect("verified").locked, [session]);
    let wrong = theirs.enter(session, passphrase("open barley")).await.expect_err("another one");
    assert_eq!(wrong.code(), "wrong-passphrase");
    assert!(theirs.open(session, 10, None).await.is_err(), "and it opened nothing");

    theirs.enter(session, passphrase("open sesame")).await.expect("entered");
    exchange(&mine, session, "two", "another answer").await;
    assert_eq!(mine.session(session).await.expect("there").title, "a title that tells");
    let copy = mine.fork(session, None).await.expect("forked");
    assert!(copy.protected, "what is copied is not laid open");
    let verified = mine.verify(None).await.expect("verified");
    assert_eq!((verified.damaged, verified.whole), (Vec::new(), None));

    mine.rekey().await.expect("sealed anew");
    mine.enter(session, passphrase("open sesame")).await.expect("the passphrase is still the same");
    mine.leave_session(session).await.expect("locked");
    assert_eq!(mine.session(copy.id).await.expect("there").state, State::Locked, "one passphrase, one lock");
    mine.enter(copy.id, passphrase("open sesame")).await.expect("entered");
    mine.unprotect(session).await.expect("unprotected");
    mine.lock();
    assert_eq!(texts(&mine, session).await[3].0, "another answer");
    assert_eq!(mine.session(copy.id).await.expect("there").state, State::Locked);
}

/// The envelopes of all rows there are.
async fn envelopes(store: &Store) -> Vec<Vec<u8>> {
    let read = store.database().read::<_, DatabaseError>(|tx| {
        let mut statement = tx.prepare("SELECT sealed FROM events")?;
        let found = statement.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(found)
    });
    read.await.expect("read").expect("there")
}

#[tokio::test]
async fn what_was_sealed_without_a_passphrase_or_is_removed_stays_in_no_file() {
    let scene = Scene::new();
    let store = scene.store();
    let sessions = [fresh(&store).await, fresh(&store).await];
    for session in sessions {
        exchange(&store, session, "a question that is long enough to be found", "an answer").await;
    }
    let before = envelopes(&store).await;
    let left = || {
        let files = std::fs::read_dir(scene.path().parent().expect("a folder")).expect("listed");
        let bytes: Vec<_> = files.map(|file| std::fs::read(file.expect("a file").path()).expect("read")).collect();
        let stands =
            |one: &&Vec<u8>| bytes.iter().any(|file| file.windows(one.len()).any(|window| window == one.as_slice()));
        before.iter().filter(stands).count()
    };
    assert_eq!(left(), 6, "they are there to be found");
    store.protect(sessions[0], passphrase("open sesame")).await.expect("protected");
    assert_eq!(left(), 3, "only those of the other one");
    store.remove(sessions[1]).await.expect("removed");
    assert_eq!(left(), 0);
}
