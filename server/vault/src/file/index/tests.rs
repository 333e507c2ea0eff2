//! The index, with names and bytes of all kinds.

use proptest::{collection::vec, prelude::*};

use super::*;

fn index_strategy() -> impl Strategy<Value = (Index, Vec<u8>)> {
    let entry = ("[a-zäß\\-]{0,12}", 1_u16..5, any::<bool>(), any::<i64>(), any::<u64>(), 0_usize..90);
    vec(entry, 0..20).prop_map(|raw| {
        let mut index = Index::new();
        for (provider, port, previous, stored_at, generation, length) in raw {
            let origin = Origin::of(&format!("https://host.example:{port}")).expect("an address");
            let slot = if previous { Slot::Previous } else { Slot::Current };
            index.insert((KeyName::new(provider, origin), slot), Entry { stored_at, generation, place: 0..length });
        }
        let mut start = 0;
        for entry in index.values_mut() {
            entry.place = start..start + entry.place.len();
            start = entry.place.end;
        }
        (index, vec![7; start])
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((index, entries) in index_strategy()) {
        let bytes = to_bytes(&index, &entries);
        prop_assert_eq!(parse(&bytes, &entries), Some(index));
        for length in 0..bytes.len() {
            prop_assert_eq!(parse(&bytes[..length], &entries), None);
        }
        let more = [bytes.as_slice(), b"x"].concat();
        prop_assert_eq!(parse(&more, &entries), None);
        let changed = [entries.as_slice(), b"x"].concat();
        prop_assert_eq!(parse(&bytes, &changed), None);
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_is_read_is_written_the_same(
        bytes in vec(any::<u8>(), 0..200),
        entries in vec(any::<u8>(), 0..50),
    ) {
        let begun = [digest(&entries).as_slice(), &bytes].concat();
        if let Some(index) = parse(&begun, &entries) {
            let written = to_bytes(&index, &entries);
            prop_assert_eq!(written.as_slice(), begun);
        }
    }
}

#[test]
fn an_index_that_claims_more_than_it_has_is_refused_without_allocating() {
    for count in [1_u32, 100_000, 100_001, u32::MAX] {
        let bytes = [digest(b"").as_slice(), &count.to_le_bytes()].concat();
        assert_eq!(parse(&bytes, b""), None, "{count}");
    }
}

#[test]
fn names_out_of_order_twice_or_in_another_spelling_are_refused() {
    let entry = |provider: &str, origin: &str, slot: u8| {
        let mut out = Vec::new();
        put_text(&mut out, provider);
        put_text(&mut out, origin);
        out.push(slot);
        out.extend_from_slice(&[0; 20]);
        out
    };
    let origin = "https://a.example:443";
    let read = |entries: &[Vec<u8>]| {
        let count = u32::try_from(entries.len()).expect("few").to_le_bytes();
        parse(&[digest(b"").as_slice(), &count, &entries.concat()].concat(), b"").is_some()
    };
    assert!(read(&[entry("a", origin, 0), entry("a", origin, 1), entry("b", origin, 0)]));
    for wrong in [
        vec![entry("b", origin, 0), entry("a", origin, 0)],
        vec![entry("a", origin, 0), entry("a", origin, 0)],
        vec![entry("a", origin, 1), entry("a", origin, 0)],
        vec![entry("a", origin, 2)],
        vec![entry("a", "https://a.example", 0)],
        vec![entry("a", "https://A.example:443", 0)],
        vec![entry("a", "nowhere", 0)],
    ] {
        assert!(!read(&wrong), "{wrong:?}");
    }
}

#[test]
fn what_a_value_is_bound_to_differs_in_every_part() {
    let name = |provider: &str, host: &str| {
        KeyName::new(provider, Origin::of(&format!("https://{host}")).expect("an address"))
    };
    let id = (name("a", "one.example"), Slot::Current);
    let all = [
        associated(&[1; 16], &id, 1),
        associated(&[2; 16], &id, 1),
        associated(&[1; 16], &id, 2),
        associated(&[1; 16], &(id.0.clone(), Slot::Previous), 1),
        associated(&[1; 16], &(name("b", "one.example"), Slot::Current), 1),
        associated(&[1; 16], &(name("a", "two.example"), Slot::Current), 1),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}
