//! Moving the key, and bringing it back from its words.

use std::fs;

use super::super::*;
use super::kit::{Bench, Mood, ids, key, line, set_mode, write};

fn bench() -> Bench {
    let bench = Bench::new(SessionKey::Auto);
    bench.world.state().vault = VaultUse::InUse;
    bench
}

#[tokio::test]
async fn a_key_moves_from_every_place_to_every_other_and_is_nowhere_else_then() {
    for from in KeyPlace::ALL {
        for to in KeyPlace::ALL {
            let bench = bench();
            let text = line(&[1, 2]);
            match store_of(from) {
                Some(store) => bench.plant(store, &text).await,
                None => write(&bench.path(), format!("{text}\n")),
            }
            let moved = bench.keys().move_to(to).await.expect("moved");
            let expected = if from == to { Moved::AlreadyThere } else { Moved::From(vec![from]) };
            assert_eq!(moved, expected, "{from:?} {to:?}");
            let kept = bench.keys().read().await.expect("kept");
            assert_eq!((kept.place, ids(&kept)), (to, vec![key(1).id(), key(2).id()]));
            let there = [
                bench.held(Store::Keyring, Slot::Current).await.is_some(),
                bench.held(Store::File, Slot::Current).await.is_some(),
                bench.path().exists(),
            ];
            assert_eq!(there.into_iter().filter(|there| *there).count(), 1, "{from:?} {to:?}");
            assert_eq!(bench.keys().move_to(to).await, Ok(Moved::AlreadyThere));
        }
    }
}

#[tokio::test]
async fn a_move_that_was_interrupted_is_finished_by_the_next() {
    let bench = bench();
    let text = line(&[1]);
    bench.plant(Store::Keyring, &text).await;
    bench.plant(Store::File, &text).await;
    write(&bench.path(), format!("{text}\n"));
    let moved = bench.keys().move_to(KeyPlace::Vault).await.expect("moved");
    assert_eq!(moved, Moved::From(vec![KeyPlace::File, KeyPlace::Keyring]));
    assert_eq!(bench.keys().read().await.expect("kept").place, KeyPlace::Vault);
    assert_eq!((bench.path().exists(), bench.held(Store::Keyring, Slot::Current).await), (false, None));
}

#[tokio::test]
async fn a_move_that_cannot_be_done_changes_nothing() {
    let bench = bench();
    bench.plant(Store::Keyring, &line(&[1])).await;
    write(&bench.path(), format!("{}\n", line(&[2])));
    for to in KeyPlace::ALL {
        let fault = bench.keys().move_to(to).await.expect_err("there are two");
        for id in [key(1).id(), key(2).id()] {
            assert!(fault.message.contains(&id.to_string()), "{to:?}: {fault:?}");
        }
    }
    fs::remove_file(bench.path()).expect("removed");
    for (mood, kind) in [(Mood::Locked, KeyFaultKind::Locked), (Mood::Forgetful, KeyFaultKind::Unavailable)] {
        bench.world.state().safe_is = mood;
        let fault = bench.keys().move_to(KeyPlace::Vault).await.expect_err("it is not well");
        assert_eq!(fault.kind, kind, "{fault:?}");
        assert_eq!(bench.held(Store::Keyring, Slot::Current).await, Some(line(&[1])), "{mood:?}");
    }
    bench.world.state().choice = SessionKey::Keyring;
    let fault = bench.keys().move_to(KeyPlace::File).await.expect_err("it would not be found");
    assert!(fault.message.contains("`sessions.key` is `keyring`"), "{fault:?}");
    assert!(bench.snapshot().is_empty());
    let empty = Bench::new(SessionKey::Auto);
    assert_eq!(empty.keys().move_to(KeyPlace::File).await.map_err(|fault| fault.kind), Err(KeyFaultKind::Missing));
}

#[tokio::test]
async fn a_lost_key_comes_back_where_the_settings_say() {
    for (choice, ring, place) in [
        (SessionKey::Auto, Mood::Well, KeyPlace::Keyring),
        (SessionKey::Auto, Mood::Absent, KeyPlace::File),
        (SessionKey::File, Mood::Well, KeyPlace::File),
        (SessionKey::Keyring, Mood::Well, KeyPlace::Keyring),
    ] {
        let bench = Bench::new(choice);
        bench.world.state().ring_is = ring;
        assert_eq!(bench.keys().restore(key(1)).await, Ok(Restored::Stored(place, None)), "{choice:?} {ring:?}");
        assert_eq!(ids(&bench.keys().read().await.expect("kept")), [key(1).id()]);
        assert_eq!(bench.keys().restore(key(1)).await, Ok(Restored::AlreadyThere(place)));
        let fault = bench.keys().restore(key(2)).await.expect_err("another is kept");
        assert_eq!(fault.kind, KeyFaultKind::Denied);
        assert!(fault.message.contains(&key(1).id().to_string()) && fault.message.contains(&key(2).id().to_string()));
        assert_eq!(ids(&bench.keys().read().await.expect("kept")), [key(1).id()]);
    }
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_never_deleted() {
    for (number, damaged) in ["", "rubbish\n", "\0\0\0"].into_iter().enumerate() {
        let bench = Bench::new(SessionKey::Auto);
        write(&bench.path(), damaged);
        write(&bench.path().with_extension("key.damaged-1"), "an earlier one");
        let aside = bench.path().with_extension("key.damaged-2");
        let restored = bench.keys().restore(key(1)).await.expect("restored");
        assert_eq!(restored, Restored::Stored(KeyPlace::File, Some(aside.clone())), "{number}");
        assert_eq!(fs::read(aside).expect("kept"), damaged.as_bytes());
        assert_eq!(ids(&bench.keys().read().await.expect("kept")), [key(1).id()]);
    }
    let bench = Bench::new(SessionKey::Auto);
    fs::create_dir(bench.path()).expect("made");
    bench.keys().restore(key(1)).await.expect("restored");
    assert!(bench.path().with_extension("key.damaged-1").is_dir());
}

#[tokio::test]
async fn a_file_that_may_be_whole_is_not_put_aside() {
    let bench = Bench::new(SessionKey::Auto);
    write(&bench.path(), format!("{}\n", line(&[1])));
    set_mode(&bench.path(), 0o644);
    let before = bench.snapshot();
    let fault = bench.keys().restore(key(2)).await.expect_err("refused");
    assert_eq!((fault.kind, bench.snapshot() == before), (KeyFaultKind::Denied, true), "{fault:?}");
}

#[tokio::test]
async fn a_damaged_value_of_a_store_is_kept_as_the_one_before() {
    let bench = bench();
    bench.plant(Store::File, "rubbish").await;
    assert_eq!(bench.keys().restore(key(1)).await, Ok(Restored::Stored(KeyPlace::Vault, None)));
    assert_eq!(bench.held(Store::File, Slot::Previous).await.as_deref(), Some("rubbish"));
    assert_eq!(ids(&bench.keys().read().await.expect("kept")), [key(1).id()]);
    // There is room for one.
    bench.plant(Store::File, "more rubbish").await;
    let fault = bench.keys().restore(key(1)).await.expect_err("nothing is deleted");
    assert_eq!(fault.kind, KeyFaultKind::Damaged);
    assert_eq!(bench.held(Store::File, Slot::Current).await.as_deref(), Some("more rubbish"));
}
