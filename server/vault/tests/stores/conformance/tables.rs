//! The cases that are one sentence for many values, names and addresses.

use aside_vault::{KeyError, Slot};

use super::{Bench, CANARY, Case, HERE, case};

/// Pairs of providers that must not be taken for each other.
const PROVIDERS: [(&str, &str); 9] = [
    ("a", "b"),
    ("a", "aa"),
    ("a", "a-"),
    ("a-b", "a_b"),
    ("0", "00"),
    ("current", "previous"),
    ("aside", "aside-previous"),
    ("provider", "origin"),
    ("", "-with-a-name-as-long-as-anybody-will-ever-write-one-into-their-settings-file"),
];

/// Pairs of addresses that are not the same place.
const ADDRESSES: [(&str, &str); 9] = [
    ("https://api.example.com", "http://api.example.com"),
    ("https://api.example.com", "https://api.example.com:8443"),
    ("https://api.example.com", "https://api.example.com.evil.example"),
    ("https://api.example.com", "https://example.com"),
    ("https://api.example.com", "https://api-example.com"),
    ("http://127.0.0.1:11434", "http://127.0.0.1:1143"),
    ("http://127.0.0.1:11434", "http://localhost:11434"),
    ("https://[::1]:8443", "https://[::2]:8443"),
    ("https://bücher.example", "https://bucher.example"),
];

/// Addresses that are the same place.
const SAME: [(&str, &str); 3] = [
    ("https://api.example.com", "https://API.example.com:443/v1?x#y"),
    ("http://localhost", "http://localhost:80/"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
];

/// Values that are told in full.
const VALUES: [&str; 8] =
    ["k", "-rf", "'\"`$(id)`\\", "{\"key\":\"value\"}", "%00%0a%s%n", "a=b;c=d&e", "0000000000", "AAAA+BBBB/CCCC=="];

/// Lengths of values, in bytes; the last is the longest that is a key.
const LENGTHS: [usize; 8] = [2, 16, 64, 255, 256, 1_024, 4_096, 8_192];

/// Lengths of a value and of the one that replaces it.
const REPLACED: [(usize, usize); 4] = [(64, 8_192), (8_192, 1), (64, 64), (15, 16)];

pub(super) fn all() -> Vec<Case> {
    let printable: String = (b'!'..=b'~').map(char::from).collect();
    let values = VALUES.iter().map(|value| (*value).to_owned()).chain([printable]);
    let mut cases: Vec<_> = values
        .map(|value| case(format!("the value {value} comes back"), move |bench| comes_back(bench, value.clone())))
        .collect();
    cases.extend(LENGTHS.map(|length| {
        case(format!("a value of {length} bytes comes back"), move |bench| comes_back(bench, long(length, 'x')))
    }));
    cases.extend(REPLACED.map(|(first, second)| {
        case(format!("{second} bytes replace {first}"), move |bench| replaced(bench, first, second))
    }));
    cases.extend(PROVIDERS.map(|(one, other)| {
        let says = format!("the providers `{one}` and `{other}` have keys of their own");
        case(says, move |bench| apart(bench, (one, HERE), (other, HERE)))
    }));
    cases.extend(ADDRESSES.map(|(one, other)| {
        let says = format!("`{one}` and `{other}` have keys of their own");
        case(says, move |bench| apart(bench, ("p", one), ("p", other)))
    }));
    cases.extend(SAME.map(|(one, other)| {
        case(format!("`{one}` and `{other}` are one place"), move |bench| together(bench, one, other))
    }));
    cases
}

fn long(length: usize, with: char) -> String {
    let value: String = CANARY.chars().chain(std::iter::repeat(with)).take(length).collect();
    assert_eq!(value.len(), length);
    value
}

async fn comes_back(bench: Bench, value: String) {
    let name = bench.name("p", HERE);
    bench.set(&name, &value).await;
    assert!(bench.get(&name).await.as_ref() == Some(&value), "the value comes back as it was");
    bench.put(&name, Slot::Previous, &value).await;
    assert!(bench.take(&name, Slot::Previous).await == Some(value), "the value before comes back as it was");
}

async fn replaced(bench: Bench, first: usize, second: usize) {
    let name = bench.name("p", HERE);
    bench.set(&name, &long(first, '1')).await;
    bench.set(&name, &long(second, '2')).await;
    assert!(bench.get(&name).await == Some(long(second, '2')), "the second value is there");
    assert_eq!(bench.list().await.len(), 1, "and nothing else");
}

async fn apart(bench: Bench, one: (&str, &str), other: (&str, &str)) {
    let (one, other) = (bench.name(one.0, one.1), bench.name(other.0, other.1));
    bench.set(&one, "one").await;
    assert_eq!(bench.get(&other).await, None, "the other has none");
    bench.set(&other, "other").await;
    assert_eq!((bench.get(&one).await.as_deref(), bench.get(&other).await.as_deref()), (Some("one"), Some("other")));
    bench.delete(&one, Slot::Current).await.expect("it is there");
    assert_eq!((bench.get(&one).await, bench.get(&other).await.as_deref()), (None, Some("other")));
    let error = bench.fails(&one, Slot::Current).await;
    let elsewhere = matches!(&error, KeyError::Elsewhere { origins, .. } if *origins == [other.origin.clone()]);
    assert_eq!(elsewhere, one.provider == other.provider, "{error}");
}

async fn together(bench: Bench, one: &str, other: &str) {
    let (one, other) = (bench.name("p", one), bench.name("p", other));
    bench.set(&one, "one").await;
    assert_eq!(bench.get(&other).await.as_deref(), Some("one"));
    bench.set(&other, "other").await;
    assert_eq!(bench.get(&one).await.as_deref(), Some("other"));
    assert_eq!(bench.list().await.len(), 1);
}
