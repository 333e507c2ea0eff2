//! The cases that are a story each.

use aside_secret::Secret;
use aside_vault::{KeyError, KeyName, NewKey, Patience, Slot};
use futures_util::future::join_all;

use super::{Bench, CANARY, Case, HERE, case, now, quiet};

const CURRENT: Slot = Slot::Current;
const PREVIOUS: Slot = Slot::Previous;

pub(super) fn all() -> Vec<Case> {
    let mut cases = missing();
    cases.extend(slots());
    cases.extend(removed());
    cases.extend(elsewhere());
    cases.extend(listed());
    cases.extend(several());
    cases.extend(handles());
    cases.extend(added());
    cases.extend(kept_for_the_program());
    cases
}

/// A value that must show nowhere.
fn secret(what: &str) -> String {
    format!("{CANARY}-{what}")
}

fn missing() -> Vec<Case> {
    vec![
        case("what was never stored is missing, with its place and the next step", async |b: Bench| {
            let name = b.name("p", HERE);
            let error = b.fails(&name, CURRENT).await;
            let KeyError::Missing { place } = &error else { panic!("{error:?}") };
            let place = place.to_string();
            assert!(place.contains(&name.to_string()), "{place}");
            assert_eq!(error.hint(), format!("store it with: aside secret set {}", name.provider));
        }),
        case("a person who asks for what is missing is told the same", async |b: Bench| {
            let name = b.name("p", HERE);
            let error = quiet(b.store.get(&name, CURRENT, Patience::Person).await, CANARY);
            assert!(matches!(error, KeyError::Missing { .. }), "{error}");
        }),
        case("a person who asks gets what a request gets", async |b: Bench| {
            let name = b.name("p", HERE);
            let key = NewKey { name: name.clone(), slot: CURRENT, value: Secret::new(b"one".to_vec()) };
            b.store.set(vec![key], Patience::Person).await.expect("it is stored");
            let found = b.store.get(&name, CURRENT, Patience::Person).await.expect("it is there");
            assert_eq!(found.expose(), b"one");
            assert_eq!(b.store.list(Patience::Person).await, b.store.list(Patience::Request).await);
            b.store.delete(&name, CURRENT, Patience::Person).await.expect("it is removed");
        }),
        case("a key is there again and again", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "one").await;
            for _ in 0..10 {
                assert_eq!(b.get(&name).await.as_deref(), Some("one"));
            }
        }),
    ]
}

fn slots() -> Vec<Case> {
    vec![
        case("the value in use and the one before are two", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "new").await;
            assert_eq!(b.take(&name, PREVIOUS).await, None, "the one before is not the one in use");
            b.put(&name, PREVIOUS, "old").await;
            assert_eq!(b.get(&name).await.as_deref(), Some("new"));
            assert_eq!(b.take(&name, PREVIOUS).await.as_deref(), Some("old"));
        }),
        case("the value before is not used where there is none in use", async |b: Bench| {
            let name = b.name("p", HERE);
            b.put(&name, PREVIOUS, "old").await;
            let error = b.fails(&name, CURRENT).await;
            assert!(matches!(error, KeyError::Missing { .. }), "{error}");
        }),
        case("each of the two is replaced alone", async |b: Bench| {
            let name = b.name("p", HERE);
            b.batch([(&name, CURRENT, "1"), (&name, PREVIOUS, "2")]).await;
            b.set(&name, "3").await;
            assert_eq!(b.take(&name, PREVIOUS).await.as_deref(), Some("2"));
            b.put(&name, PREVIOUS, "4").await;
            assert_eq!(b.get(&name).await.as_deref(), Some("3"));
        }),
        case("each of the two is removed alone", async |b: Bench| {
            let name = b.name("p", HERE);
            for (gone, stays) in [(CURRENT, PREVIOUS), (PREVIOUS, CURRENT)] {
                b.batch([(&name, CURRENT, "one"), (&name, PREVIOUS, "one")]).await;
                b.delete(&name, gone).await.expect("it is there");
                assert_eq!((b.take(&name, gone).await, b.take(&name, stays).await.as_deref()), (None, Some("one")));
            }
        }),
        case("a rotation and its way back", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "old").await;
            b.batch([(&name, PREVIOUS, "old"), (&name, CURRENT, "new")]).await;
            assert_eq!(b.get(&name).await.as_deref(), Some("new"));
            b.set(&name, "old").await;
            b.delete(&name, PREVIOUS).await.expect("it is there");
            assert_eq!((b.get(&name).await.as_deref(), b.take(&name, PREVIOUS).await), (Some("old"), None));
        }),
    ]
}

fn removed() -> Vec<Case> {
    vec![
        case("what is removed is missing", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "one").await;
            b.delete(&name, CURRENT).await.expect("it is there");
            assert_eq!(b.get(&name).await, None);
        }),
        case("what was never stored cannot be removed", async |b: Bench| {
            for slot in [CURRENT, PREVIOUS] {
                let error = quiet(b.delete(&b.name("p", HERE), slot).await, CANARY);
                assert!(matches!(error, KeyError::Missing { .. }), "{error}");
            }
        }),
        case("what is removed cannot be removed again", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, &secret("one")).await;
            b.delete(&name, CURRENT).await.expect("it is there");
            let error = quiet(b.delete(&name, CURRENT).await, CANARY);
            assert!(matches!(error, KeyError::Missing { .. }), "{error}");
        }),
        case("what is removed can be stored again", async |b: Bench| {
            let name = b.name("p", HERE);
            for value in ["one", "two", "three"] {
                b.set(&name, value).await;
                assert_eq!(b.get(&name).await.as_deref(), Some(value));
                b.delete(&name, CURRENT).await.expect("it is there");
            }
            assert_eq!(b.list().await, []);
        }),
    ]
}

fn elsewhere() -> Vec<Case> {
    vec![
        case("a changed address is told with the address that has the key", async |b: Bench| {
            let (old, new) = (b.name("p", HERE), b.name("p", "https://evil.example"));
            b.set(&old, &secret("one")).await;
            let error = b.fails(&new, CURRENT).await;
            assert_eq!(error, KeyError::Elsewhere { name: new.clone(), origins: vec![old.origin.clone()] });
            let provider = &new.provider;
            assert_eq!(
                error.to_string(),
                format!(
                    "the key of `{provider}` was stored for `{}` and `base_url` is now `{}`: nothing is sent there \
                     until you say so",
                    old.origin, new.origin
                )
            );
            assert!(error.hint().contains(&format!("`aside secret rebind {provider}`")), "{}", error.hint());
            assert!(error.hint().contains(&format!("`aside secret set {provider}`")), "{}", error.hint());
        }),
        case("all addresses that have keys are told", async |b: Bench| {
            let names = ["https://a.example", "https://b.example", "http://localhost:1"].map(|at| b.name("p", at));
            for name in &names {
                b.set(name, &secret("one")).await;
            }
            let KeyError::Elsewhere { origins, .. } = b.fails(&b.name("p", HERE), CURRENT).await else { panic!() };
            let mut expected = names.map(|name| name.origin).to_vec();
            expected.sort();
            assert_eq!(origins, expected);
        }),
        case("the value before is no reason to tell of another address", async |b: Bench| {
            let (old, new) = (b.name("p", HERE), b.name("p", "https://b.example"));
            b.put(&old, PREVIOUS, "old").await;
            assert!(matches!(b.fails(&new, CURRENT).await, KeyError::Missing { .. }));
            b.set(&old, "one").await;
            assert!(matches!(b.fails(&new, PREVIOUS).await, KeyError::Missing { .. }));
        }),
        case("another provider's address is not told", async |b: Bench| {
            b.set(&b.name("p-2", "https://b.example"), "one").await;
            assert!(matches!(b.fails(&b.name("p", HERE), CURRENT).await, KeyError::Missing { .. }));
        }),
    ]
}

fn listed() -> Vec<Case> {
    vec![
        case("the list is sorted by name and slot and has each once", async |b: Bench| {
            let mut expected = Vec::new();
            for provider in ["b", "a", "c"] {
                for address in [HERE, "http://localhost:1"] {
                    let name = b.name(provider, address);
                    b.batch([(&name, PREVIOUS, "old"), (&name, CURRENT, "new")]).await;
                    expected.extend([(name.clone(), CURRENT), (name, PREVIOUS)]);
                }
            }
            expected.sort();
            let listed: Vec<_> = b.list().await.into_iter().map(|key| (key.name, key.slot)).collect();
            assert_eq!(listed, expected);
        }),
        case("the list has no values", async |b: Bench| {
            b.set(&b.name("p", HERE), &secret("one")).await;
            assert!(!format!("{:?}", b.list().await).contains(CANARY));
        }),
        case("reading changes nothing that is listed", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "one").await;
            let before = b.list().await;
            assert_eq!(b.get(&name).await.as_deref(), Some("one"));
            assert_eq!(b.list().await, before);
        }),
        case("the time of storing is the time of storing", async |b: Bench| {
            let name = b.name("p", HERE);
            let before = now();
            b.batch([(&name, CURRENT, "new"), (&name, PREVIOUS, "old")]).await;
            let after = now();
            for key in b.list().await {
                match key.stored_at {
                    Some(at) => assert!(b.tells_time && (before..=after).contains(&at), "{before} {at} {after}"),
                    None => assert!(!b.tells_time, "the place tells when"),
                }
            }
        }),
        case("a value that is replaced gets the new time", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "one").await;
            let first = b.list().await[0].stored_at;
            b.set(&name, "two").await;
            let second = b.list().await[0].stored_at;
            assert!(second >= first && second.is_some() == b.tells_time, "{first:?} {second:?}");
        }),
    ]
}

fn several() -> Vec<Case> {
    vec![
        case("several keys are stored at once", async |b: Bench| {
            let names: Vec<_> = (0..10).map(|number| b.name(&format!("p{number}"), HERE)).collect();
            b.batch(names.iter().map(|name| (name, CURRENT, name.provider.as_str()))).await;
            for name in &names {
                assert_eq!(b.get(name).await.as_ref(), Some(&name.provider));
            }
        }),
        case("no keys are stored without an error", async |b: Bench| {
            b.batch([]).await;
            assert_eq!(b.list().await, []);
        }),
        case("of two values for one name the later is kept", async |b: Bench| {
            let name = b.name("p", HERE);
            b.batch([(&name, CURRENT, "one"), (&name, CURRENT, "two")]).await;
            assert_eq!(b.get(&name).await.as_deref(), Some("two"));
            assert_eq!(b.list().await.len(), 1);
        }),
        case("two hundred keys are all there", async |b: Bench| {
            let names: Vec<_> = (0..200).map(|number| b.name(&format!("p{number}"), HERE)).collect();
            b.batch(names.iter().map(|name| (name, CURRENT, name.provider.as_str()))).await;
            assert_eq!(b.list().await.len(), names.len());
            for name in names.iter().step_by(17) {
                assert_eq!(b.get(name).await.as_ref(), Some(&name.provider));
            }
        }),
        case("eight tasks store at once and nothing is lost", async |b: Bench| {
            let store = async |task: usize| {
                let b = b.again();
                for round in 0..5 {
                    let name = b.name(&format!("t{task}r{round}"), HERE);
                    b.set(&name, &name.provider).await;
                }
            };
            join_all((0..8).map(store)).await;
            let listed = b.list().await;
            assert_eq!(listed.len(), 40);
            for key in listed {
                assert_eq!(b.get(&key.name).await.as_ref(), Some(&key.name.provider));
            }
        }),
        case("eight tasks store under one name and one of their values is there", async |b: Bench| {
            let name = b.name("p", HERE);
            let values: Vec<_> = (0..8).map(|task| format!("value-{task}")).collect();
            join_all(values.iter().map(async |value| b.again().set(&name, value).await)).await;
            let found = b.get(&name).await.expect("it is there");
            assert!(values.contains(&found), "{found}");
            assert_eq!(b.list().await.len(), 1);
        }),
        case("who reads while it is replaced gets the old value or the new one", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, "0").await;
            let (reader, writer) = (b.again(), b.again());
            let write = async {
                for round in 1..=10 {
                    writer.set(&name, &round.to_string()).await;
                }
            };
            let read = async {
                for _ in 0..20 {
                    reader.get(&name).await.expect("there is always a value");
                }
            };
            futures_util::join!(write, read);
            assert_eq!(b.get(&name).await.as_deref(), Some("10"));
        }),
    ]
}

fn handles() -> Vec<Case> {
    vec![
        case("what one stores the other sees, replaced and removed too", async |b: Bench| {
            let (name, other) = (b.name("p", HERE), b.again());
            assert_eq!(other.get(&name).await, None);
            for value in ["one", "two"] {
                b.set(&name, value).await;
                assert_eq!(other.get(&name).await.as_deref(), Some(value));
            }
            assert_eq!(b.list().await, other.list().await);
            other.delete(&name, CURRENT).await.expect("it is there");
            assert_eq!((b.get(&name).await, b.list().await), (None, Vec::new()));
        }),
        case("who opens it later sees what is there", async |b: Bench| {
            let name = b.name("p", HERE);
            b.batch([(&name, CURRENT, "new"), (&name, PREVIOUS, "old")]).await;
            let later = b.again();
            assert_eq!(later.list().await, b.list().await);
            assert_eq!(later.get(&name).await.as_deref(), Some("new"));
            assert_eq!(later.take(&name, PREVIOUS).await.as_deref(), Some("old"));
        }),
        case("a call that is given up harms none that comes after", async |b: Bench| {
            let name: KeyName = b.name("p", HERE);
            b.set(&name, "one").await;
            for _ in 0..5 {
                let mut given_up = b.store.get(&name, CURRENT, Patience::Request);
                let _ = futures_util::poll!(given_up.as_mut());
                drop(given_up);
            }
            assert_eq!(b.get(&name).await.as_deref(), Some("one"));
        }),
    ]
}

fn added() -> Vec<Case> {
    vec![
        case("what is added where nothing is, is there", async |b: Bench| {
            let name = b.name("p", HERE);
            for (slot, value) in [(CURRENT, "one"), (PREVIOUS, "two")] {
                b.add(&name, slot, value).await.expect("nothing is there");
                assert_eq!(b.take(&name, slot).await.as_deref(), Some(value));
            }
        }),
        case("what is added where something is, changes nothing", async |b: Bench| {
            let name = b.name("p", HERE);
            b.set(&name, &secret("kept")).await;
            let error = quiet(b.add(&name, CURRENT, &secret("late")).await, CANARY);
            assert!(matches!(error, KeyError::Occupied { .. }), "{error}");
            assert!(error.to_string().contains(&name.to_string()), "{error}");
            assert_eq!(b.get(&name).await, Some(secret("kept")));
        }),
        case("of several that are added at once, one is kept", async |b: Bench| {
            let name = b.name("p", HERE);
            let benches: Vec<_> = (0..4).map(|_| b.again()).collect();
            let adding = benches.iter().enumerate().map(async |(number, bench)| {
                let value = format!("value-{number}");
                (bench.add(&name, CURRENT, &value).await, value)
            });
            let done = join_all(adding).await;
            let kept: Vec<_> = done.iter().filter(|(added, _)| added.is_ok()).map(|(_, value)| value.clone()).collect();
            assert_eq!(kept.len(), 1, "{done:?}");
            assert_eq!(b.get(&name).await, Some(kept[0].clone()));
            for (added, _) in done.iter().filter(|(added, _)| added.is_err()) {
                assert!(matches!(added, Err(KeyError::Occupied { .. })), "{added:?}");
            }
        }),
    ]
}

fn kept_for_the_program() -> Vec<Case> {
    vec![case("what the program keeps for itself has lines and spaces, and is in no list", async |b: Bench| {
        let (name, text) = (KeyName::conversations(), "first line 1\nsecond line 2");
        b.add(&name, CURRENT, text).await.expect("nothing is there");
        assert_eq!(b.take(&name, CURRENT).await.as_deref(), Some(text));
        assert_eq!(b.again().take(&name, CURRENT).await.as_deref(), Some(text));
        let error = b.add(&name, CURRENT, "another").await.expect_err("something is there");
        assert!(error.to_string().starts_with("the key of the conversations in the "), "{error}");
        b.set(&name, "replaced 1").await;
        assert_eq!(b.take(&name, CURRENT).await.as_deref(), Some("replaced 1"));
        let all = b.store.list(Patience::Request).await.expect("a list");
        assert!(all.iter().all(|key| key.name != name), "{all:?}");
        b.delete(&name, CURRENT).await.expect("it is there");
        assert_eq!(b.take(&name, CURRENT).await, None);
    })]
}
