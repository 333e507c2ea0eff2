//! What every place has to do, and which place it is.

use super::super::*;
use super::kit::{Bench, Mood, ids, key, line, write};
use aside_vault::audit::Outcome;

/// A bench whose key is kept in each of the places.
fn benches() -> Vec<(KeyPlace, Bench)> {
    let choices = [SessionKey::Keyring, SessionKey::Vault, SessionKey::File];
    let benches = choices.into_iter().map(|choice| {
        let bench = Bench::new(choice);
        bench.world.state().vault = VaultUse::InUse;
        (chosen(choice).expect("a place"), bench)
    });
    benches.collect()
}

/// What every [`DataKeys`] does, whatever is behind it; `again` gives it as another process has it. Nothing is kept at first.
pub(super) async fn conforms(place: KeyPlace, again: impl Fn() -> ConversationKeys) {
    let none = again().read().await.expect("certainly none");
    assert_eq!((none.place, none.keys.len()), (place, 0));
    assert_eq!(again().read().await.expect("reading makes none").keys.len(), 0);
    let fault = again().replace(vec![key(1)]).await.expect_err("there is nothing to replace");
    assert_eq!(fault.kind, KeyFaultKind::Missing, "{fault:?}");
    // The first, by several at once.
    let all: Vec<_> = (0..8).map(|_| again()).collect();
    let made = futures_util::future::join_all(all.iter().map(DataKeys::ensure)).await;
    let made: Vec<_> = made.into_iter().map(|kept| ids(&kept.expect("made"))).collect();
    assert!(made.iter().all(|ids| ids.len() == 1 && *ids == made[0]), "{place:?}: {made:?}");
    let kept = again().read().await.expect("kept");
    assert_eq!((kept.place, ids(&kept)), (place, made[0].clone()));
    assert_eq!(ids(&again().ensure().await.expect("kept")), made[0], "never another");
    // Rekeyed: both while it runs, then the new one.
    let old = kept.keys.into_iter().next().expect("one");
    let new = key(9).id();
    again().replace(vec![old, key(9)]).await.expect("replaced");
    assert_eq!(ids(&again().read().await.expect("kept")), [made[0][0], new], "the newest last");
    again().replace(vec![key(9)]).await.expect("replaced");
    assert_eq!(ids(&again().read().await.expect("kept")), [new]);
    // What cannot be kept changes nothing.
    for keys in [Vec::new(), (1..=5).map(key).collect()] {
        let fault = again().replace(keys).await.expect_err("not so many");
        assert_eq!(fault.kind, KeyFaultKind::ReadOnly, "{fault:?}");
    }
    assert_eq!(ids(&again().read().await.expect("kept")), [new]);
}

#[tokio::test]
async fn every_place_makes_the_key_once_keeps_it_and_replaces_it() {
    for (place, bench) in benches() {
        conforms(place, || bench.keys()).await;
        let records = bench.world.state().records.clone();
        assert!(records.contains(&(What::Set, Outcome::Done)) && records.contains(&(What::Rotate, Outcome::Done)));
        assert_eq!(records.iter().filter(|(what, _)| *what == What::Set).count(), 1, "{place:?}: {records:?}");
    }
}

#[tokio::test]
async fn a_damaged_key_is_a_fault_and_stays_as_it_is() {
    for (place, bench) in benches() {
        let broken = line(&[1]).replace("0101", "0102");
        match store_of(place) {
            Some(store) => bench.plant(store, &broken).await,
            None => write(&bench.path(), format!("{broken}\n")),
        }
        let before = (bench.snapshot(), bench.held(Store::Keyring, Slot::Current).await);
        for result in [
            bench.keys().read().await.map(drop),
            bench.keys().ensure().await.map(drop),
            bench.keys().replace(vec![key(1)]).await,
        ] {
            let fault = result.expect_err("damaged");
            assert_eq!((fault.kind, fault.place), (KeyFaultKind::Damaged, Some(place)), "{fault:?}");
            assert!(fault.hint.contains("aside session key restore"), "{fault:?}");
            assert!(!format!("{fault:?}").contains("0101"), "{fault:?}");
        }
        assert_eq!((bench.snapshot(), bench.held(Store::Keyring, Slot::Current).await), before);
    }
}

#[tokio::test]
async fn a_lock_is_a_fault_whichever_the_place_and_makes_no_key() {
    for (place, bench) in benches() {
        bench.world.state().locked = true;
        for result in [bench.keys().read().await, bench.keys().ensure().await] {
            let fault = result.map(drop).expect_err("locked");
            assert_eq!((fault.kind, fault.code()), (KeyFaultKind::Locked, "locked"), "{place:?}: {fault:?}");
            assert!(fault.hint.contains("aside vault unlock"), "{fault:?}");
        }
        bench.world.state().locked = false;
        assert!(bench.keys().read().await.expect("open").keys.is_empty(), "{place:?}");
    }
}

#[tokio::test]
async fn what_does_not_read_back_is_no_key() {
    for (place, bench) in benches() {
        bench.world.state().ring_is = Mood::Forgetful;
        bench.world.state().safe_is = Mood::Forgetful;
        if place != KeyPlace::File {
            let fault = bench.keys().ensure().await.map(drop).expect_err("forgotten");
            assert!(fault.message.contains("does not give back"), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_a_change_of_the_key_and_not_the_first_one() {
    for (place, bench) in benches() {
        bench.world.state().unrecorded = true;
        let first = bench.keys().ensure().await.expect("nothing is taken away by it").keys;
        let other = vec![DataKey::random().expect("randomness")];
        let fault = bench.keys().replace(other).await.expect_err("not recorded");
        assert_eq!(fault.kind, KeyFaultKind::Unavailable, "{fault:?}");
        let kept = bench.keys().read().await.expect("open").keys;
        assert_eq!(kept.first().map(DataKey::id), first.first().map(DataKey::id), "{place:?}");
    }
}

/// A bench of the automatic choice.
fn auto(vault: VaultUse, ring: Mood, safe: Mood) -> Bench {
    let bench = Bench::new(SessionKey::Auto);
    {
        let mut state = bench.world.state();
        (state.vault, state.ring_is, state.safe_is) = (vault, ring, safe);
    }
    bench
}

#[tokio::test]
async fn the_first_key_goes_where_it_is_safest_and_nothing_weaker_is_chosen_silently() {
    use KeyFaultKind::{Locked, Unavailable};
    use KeyPlace::{File, Keyring, Vault};
    for (vault, ring, safe, expected) in [
        (VaultUse::None, Mood::Well, Mood::Well, Ok(Keyring)),
        (VaultUse::None, Mood::Absent, Mood::Well, Ok(File)),
        (VaultUse::None, Mood::Locked, Mood::Well, Err(Locked)),
        (VaultUse::None, Mood::Broken, Mood::Well, Err(Unavailable)),
        (VaultUse::InUse, Mood::Well, Mood::Well, Ok(Vault)),
        (VaultUse::InUse, Mood::Absent, Mood::Well, Ok(Vault)),
        (VaultUse::InUse, Mood::Well, Mood::Locked, Err(Locked)),
        (VaultUse::InUse, Mood::Absent, Mood::Locked, Err(Locked)),
        (VaultUse::InUse, Mood::Locked, Mood::Well, Err(Locked)),
        (VaultUse::LeftOut, Mood::Well, Mood::Well, Ok(Keyring)),
        (VaultUse::LeftOut, Mood::Absent, Mood::Well, Ok(File)),
    ] {
        let bench = auto(vault, ring, safe);
        let made = bench.keys().ensure().await;
        let told = format!("{vault:?} {ring:?} {safe:?}: {made:?}");
        assert_eq!(made.map(|kept| kept.place).map_err(|fault| fault.kind), expected, "{told}");
        assert_eq!(bench.path().exists(), expected == Ok(File), "{told}");
    }
}

#[tokio::test]
async fn a_key_that_is_kept_somewhere_is_found_there() {
    let bench = auto(VaultUse::InUse, Mood::Well, Mood::Well);
    let (text, id) = (line(&[1]), key(1).id());
    bench.plant(Store::Keyring, &text).await;
    for place in [KeyPlace::Keyring, KeyPlace::Vault, KeyPlace::File] {
        match store_of(place) {
            Some(store) => bench.plant(store, &text).await,
            None => write(&bench.path(), format!("{text}\n")),
        }
        for kept in [bench.keys().read().await, bench.keys().ensure().await] {
            let kept = kept.expect("found");
            assert_eq!((kept.place, ids(&kept)), (place, vec![id]));
        }
    }
    // The file needs neither of the other two.
    bench.world.state().ring_is = Mood::Broken;
    bench.world.state().safe_is = Mood::Locked;
    assert_eq!(bench.keys().read().await.expect("found").place, KeyPlace::File);
}

#[tokio::test]
async fn what_cannot_be_looked_into_is_not_taken_for_empty() {
    use KeyFaultKind::{Locked, Unavailable};
    for (vault, ring, safe, expected) in [
        (VaultUse::None, Mood::Absent, Mood::Well, Unavailable),
        (VaultUse::None, Mood::Broken, Mood::Well, Unavailable),
        (VaultUse::None, Mood::Locked, Mood::Well, Locked),
        (VaultUse::InUse, Mood::Well, Mood::Locked, Locked),
        (VaultUse::LeftOut, Mood::Well, Mood::Well, Unavailable),
    ] {
        let bench = auto(vault, ring, safe);
        let fault = bench.keys().read().await.map(drop).expect_err("it cannot be told");
        assert_eq!(fault.kind, expected, "{vault:?} {ring:?} {safe:?}: {fault:?}");
        assert!(!fault.hint.is_empty() && bench.snapshot().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_setting_that_overlooks_a_key_file_is_told_and_makes_no_second_key() {
    for choice in [SessionKey::Keyring, SessionKey::Vault] {
        let bench = Bench::new(choice);
        bench.world.state().vault = VaultUse::InUse;
        write(&bench.path(), format!("{}\n", line(&[1])));
        for result in [bench.keys().read().await, bench.keys().ensure().await] {
            let fault = result.map(drop).expect_err("elsewhere");
            assert_eq!(fault.kind, KeyFaultKind::Missing);
            assert!(fault.hint.contains(&format!("aside session key move {}", choice.as_str())), "{fault:?}");
        }
        assert_eq!(bench.held(Store::Keyring, Slot::Current).await, None);
    }
}

#[tokio::test]
async fn looking_tells_how_it_stands_and_makes_nothing() {
    let bench = auto(VaultUse::None, Mood::Well, Mood::Well);
    let standing = bench.keys().standing().await;
    assert_eq!((standing.place, standing.keys.len(), standing.is_locked()), (Some(KeyPlace::Keyring), 0, false));
    bench.world.state().ring_is = Mood::Absent;
    assert_eq!(bench.keys().standing().await.place, Some(KeyPlace::File));
    bench.world.state().ring_is = Mood::Locked;
    assert!(bench.keys().standing().await.is_locked());
    assert!(bench.snapshot().is_empty());
    bench.world.state().ring_is = Mood::Well;
    let made = ids(&bench.keys().ensure().await.expect("made"));
    let standing = bench.keys().standing().await;
    assert_eq!((&standing.keys, standing.words_shown), (&made, false));
    assert!(standing.next().is_some_and(|next| next.contains("key words")), "{standing:?}");
    bench.keys().words_were_shown(made[0]);
    let standing = bench.keys().standing().await;
    assert_eq!((standing.words_shown, standing.next()), (true, None));
}
