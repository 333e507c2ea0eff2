//! How keys are written down where they are kept, in the keyring, the vault and the key file alike: a line for each, the newest last.
//! Owns reading and writing that text; where it lies is not its business. No error tells what a line holds.
//!
//! ```text
//! aside-conversations-1 <64 hexadecimal digits> <8 hexadecimal digits>
//! ```
//!
//! The last eight are the first four bytes of the SHA-256 of everything before the space in front of them, so that a damaged key is
//! told from another one.

use aside_secret::{Secret, SecretBuffer, SecretKey};
use aside_sessions::{DataKey, MOST_KEYS};
use aside_storage::sealed::digest;

/// What a line begins with; the number is the version of the format.
const HEAD: &[u8] = b"aside-conversations-1 ";
const KEY_DIGITS: usize = SecretKey::LENGTH * 2;
const SUM_DIGITS: usize = 8;
/// A line without its end.
const LINE: usize = HEAD.len() + KEY_DIGITS + 1 + SUM_DIGITS;

/// The most bytes that keys take, with an end behind the last line.
pub(super) const LONGEST: usize = MOST_KEYS * (LINE + 1);

/// Text that is not keys: the end of a sentence that begins with where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotKeys {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// The last line was cut.
    #[error("ends in the middle of a line")]
    Cut,
    /// More lines than keys are kept.
    #[error("has more than {MOST_KEYS} lines")]
    TooMany,
    /// A line of another shape.
    #[error("has something else than a key in line {0}")]
    Line(usize),
    /// A line of a later version.
    #[error("has a key of a later version of Aside in line {0}")]
    Newer(usize),
    /// A line whose last digits do not fit.
    #[error("has a damaged key in line {0}")]
    Sum(usize),
    /// The same key once more.
    #[error("has the same key again in line {0}")]
    Twice(usize),
}

/// Whether a line end stands behind the last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As in a file.
    Line,
    /// As in a keyring, whose own tools show one line.
    None,
}

/// The text of these keys.
pub(super) fn text(keys: &[DataKey], end: End) -> Secret {
    let mut text = SecretBuffer::with_capacity(LONGEST.max(keys.len() * (LINE + 1)));
    let mut put = |bytes: &[u8]| text.extend(bytes).expect("there is room for all of them");
    for (number, key) in keys.iter().enumerate() {
        if number > 0 {
            put(b"\n");
        }
        let mut line = SecretBuffer::with_capacity(LINE);
        let mut write = |bytes: &[u8]| line.extend(bytes).expect("a line has room for itself");
        write(HEAD);
        key.key().expose().iter().for_each(|byte| write(&digits(*byte)));
        let line = line.finish();
        let line = line.expose();
        put(line);
        put(b" ");
        put(&sum(line));
    }
    if end == End::Line {
        put(b"\n");
    }
    text.finish()
}

/// The keys in a text; never empty.
pub(super) fn parse(text: &Secret, end: End) -> Result<Vec<DataKey>, NotKeys> {
    let text = text.expose();
    if text.is_empty() {
        return Err(NotKeys::Empty);
    }
    let lines = match end {
        End::Line => text.strip_suffix(b"\n").ok_or(NotKeys::Cut)?,
        End::None => text,
    };
    let mut keys: Vec<DataKey> = Vec::with_capacity(MOST_KEYS);
    for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        if number > MOST_KEYS {
            return Err(NotKeys::TooMany);
        }
        let key = key(number, line)?;
        if keys.iter().any(|other| other.id() == key.id()) {
            return Err(NotKeys::Twice(number));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn key(number: usize, line: &[u8]) -> Result<DataKey, NotKeys> {
    let Some(rest) = line.strip_prefix(HEAD).filter(|_| line.len() == LINE) else {
        return Err(if is_newer(line) { NotKeys::Newer(number) } else { NotKeys::Line(number) });
    };
    let (body, found) = line.split_at(HEAD.len() + KEY_DIGITS);
    if found != [b" ", &sum(body)[..]].concat() {
        return Err(NotKeys::Sum(number));
    }
    let read = SecretKey::try_fill(|bytes| {
        for (byte, pair) in bytes.iter_mut().zip(rest[..KEY_DIGITS].chunks_exact(2)) {
            *byte = digit(pair[0]).ok_or(())? * 16 + digit(pair[1]).ok_or(())?;
        }
        Ok::<_, ()>(())
    });
    read.map(DataKey::of).map_err(|()| NotKeys::Line(number))
}

/// Whether a line begins as ours do, with another number.
fn is_newer(line: &[u8]) -> bool {
    let name = HEAD.strip_suffix(b"1 ").unwrap_or(HEAD);
    line.strip_prefix(name).is_some_and(|rest| {
        let number = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        number > 0 && rest.get(number) == Some(&b' ') && &rest[..number] != b"1"
    })
}

fn sum(line: &[u8]) -> [u8; SUM_DIGITS] {
    let mut out = [0; SUM_DIGITS];
    for (pair, byte) in out.chunks_exact_mut(2).zip(digest(line)) {
        pair.copy_from_slice(&digits(byte));
    }
    out
}

/// Two lower-case hexadecimal digits.
fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
