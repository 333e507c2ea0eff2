//! Walks through a text word by word: which words are keys by their shape, and which by the name before them.

use std::ops::Range;

use super::shapes::{SHORTEST, begins_with_key, is_telegram};

/// Ends of names that name a secret, in lower case and without `-` and `_`, sorted by nothing.
const SECRET: [&str; 16] = [
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "authtoken",
    "apitoken",
    "accesstoken",
    "bearertoken",
    "refreshtoken",
    "sessiontoken",
    "authorization",
    "credentials",
];

/// Whether `name` is that of a secret: `api_key`, `x-api-key`, `clientSecret`, `token`, `Authorization`. Only what stands
/// behind its last dot counts.
pub fn names_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    if !last.is_ascii() || last.len() > 64 {
        return false;
    }
    let plain: String = last.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    plain == "token" || plain == "bearer" || SECRET.iter().any(|end| plain.ends_with(end))
}

/// The places of key material in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    // The two words before, `=` alone not counted, and where the last one ended.
    let (mut before, mut last, mut ended) = ("", "", 0);
    for (start, word) in words(text) {
        if word.len() < 8 {
            if word.bytes().all(|b| b == b'=') {
                continue;
            }
        } else if let Some(offset) = secret_part(word, &text[..start])
            .or_else(|| named_part(word))
            .or_else(|| is_named(before, last, &text[ended..start], word).then_some(0))
        {
            found.push(start + offset..start + word.len());
        }
        (before, last, ended) = (last, word.trim_end_matches('='), start + word.len());
    }
}

/// The maximal runs of the characters that keys are made of, with their byte offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let in_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~');
    let bytes = text.as_bytes();
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + bytes[rest..].iter().position(in_key)?;
        let end = bytes[start..].iter().position(|b| !in_key(b)).map_or(bytes.len(), |n| start + n);
        rest = end;
        // Only ASCII is between the two.
        Some((start, &text[start..end]))
    })
}

/// Where in `word` a key of a known shape begins.
fn secret_part(word: &str, before: &str) -> Option<usize> {
    if word.len() < SHORTEST {
        return None;
    }
    if before.strip_suffix(':').is_some_and(|before| is_telegram(before, word)) {
        return Some(0);
    }
    // `key=sk-…`, `path/sk-…` and `name.sk-…` are one word, and so are what an escape leaves: `\nsk-…` and `%3Dsk-…`.
    let escaped = match before.as_bytes().last() {
        Some(b'\\') => Some(1),
        Some(b'%') => Some(2),
        _ => None,
    };
    let inside =
        word.bytes().enumerate().filter(|(_, b)| matches!(b, b'=' | b'/' | b'.' | b'+' | b'~')).map(|(at, _)| at + 1);
    let dashes = word.len() - word.trim_start_matches('-').len();
    let mut starts = [0, dashes].into_iter().chain(escaped).chain(inside);
    starts.find(|start| word.len() - start >= SHORTEST && begins_with_key(&word[*start..]))
}

/// Where the value begins in `name=value`, when the name is a secret's and the value is made like one.
fn named_part(word: &str) -> Option<usize> {
    let (name, value) = word.split_once('=')?;
    (is_opaque(value) && names_secret(name)).then(|| name.len() + 1)
}

/// Whether the words before make `word` a secret: `Bearer WORD`, `Authorization: Basic WORD`, `"api_key": "WORD"`.
fn is_named(before: &str, last: &str, gap: &str, word: &str) -> bool {
    // What was redacted already stays as it is.
    if word == "redacted" {
        return false;
    }
    let coded = || word.len() >= 20 || word.bytes().any(|b| b.is_ascii_digit() || b == b'=');
    if last.eq_ignore_ascii_case("bearer") {
        return coded();
    }
    if last.eq_ignore_ascii_case("basic") && before.eq_ignore_ascii_case("authorization") {
        return coded();
    }
    let assigned =
        || gap.len() <= 8 && gap.bytes().any(|b| matches!(b, b':' | b'=')) && !gap.contains(['\n', '{', '(', ',', ';']);
    is_opaque(word) && assigned() && names_secret(last)
}

/// Whether a value is made as secrets are that have no prefix: long, letters and digits mixed, no path and no expression.
fn is_opaque(value: &str) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.bytes().filter(wanted).count();
    if value.len() < SHORTEST
        || value.contains('.')
        || count(u8::is_ascii_digit) < 2
        || count(u8::is_ascii_alphabetic) < 2
    {
        return false;
    }
    // With a slash it may be a path: base64 is longer, in mixed case, and does not begin with one.
    !value.contains('/')
        || (value.len() >= 32
            && !value.starts_with('/')
            && count(u8::is_ascii_uppercase) > 2
            && count(u8::is_ascii_lowercase) > 2
            && value.split('/').all(|part| !part.contains('-')))
}
