//! What a key may look like. Owns the check that every key passes before anyone gets it.

use aside_secret::Secret;
use zeroize::Zeroizing;

use crate::KeyName;

/// Longer than any issuer's key, short enough for a header.
const LONGEST: usize = 8 * 1024;

/// Why a value cannot be a key. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// Nothing, or only line ends.
    #[error("is empty")]
    Empty,
    /// More than a header takes.
    #[error("is longer than {LONGEST} bytes")]
    TooLong,
    /// A line end inside: two values, or a whole file.
    #[error("has more than one line")]
    Lines,
    /// A character that is not visible ASCII, at this byte.
    #[error("has a space or another character that a key cannot have, at byte {0}")]
    Character(usize),
}

/// Whether `bytes` can be sent as a key: 1 to 8,192 visible ASCII characters. Line ends behind them do not matter.
pub fn check_value(bytes: &[u8]) -> Result<(), BadValue> {
    let value = trimmed(bytes);
    if value.is_empty() {
        return Err(BadValue::Empty);
    }
    if value.len() > LONGEST {
        return Err(BadValue::TooLong);
    }
    match value.iter().position(|byte| !byte.is_ascii_graphic()) {
        None => Ok(()),
        Some(at) if matches!(value[at], b'\n' | b'\r') => Err(BadValue::Lines),
        Some(at) => Err(BadValue::Character(at)),
    }
}

/// The checked value that is stored under `name`. What is sent has to fit into a header; what never is may have several lines.
/// A refused value is wiped.
pub(crate) fn stored(name: &KeyName, bytes: Vec<u8>) -> Result<Secret, BadValue> {
    if name.is_of_a_provider() {
        return into_secret(bytes);
    }
    let mut bytes = Zeroizing::new(bytes);
    check_lines(&bytes)?;
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

/// Whether `bytes` can be stored under `name`: see [`stored`].
pub(crate) fn check_stored(name: &KeyName, bytes: &[u8]) -> Result<(), BadValue> {
    if name.is_of_a_provider() { check_value(bytes) } else { check_lines(bytes) }
}

/// Whether `bytes` are lines of visible ASCII characters and spaces.
fn check_lines(bytes: &[u8]) -> Result<(), BadValue> {
    if bytes.is_empty() {
        return Err(BadValue::Empty);
    }
    if bytes.len() > LONGEST {
        return Err(BadValue::TooLong);
    }
    let strange = bytes.iter().position(|byte| !byte.is_ascii_graphic() && !matches!(byte, b' ' | b'\n'));
    strange.map_or(Ok(()), |at| Err(BadValue::Character(at)))
}

/// The checked key, without the line end that came with it. A refused value is wiped.
pub(crate) fn into_secret(bytes: Vec<u8>) -> Result<Secret, BadValue> {
    let mut bytes = Zeroizing::new(bytes);
    check_value(&bytes)?;
    let length = trimmed(&bytes).len();
    bytes.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

/// `value` without the line ends behind it.
pub fn trimmed_value(value: &Secret) -> Secret {
    Secret::new(trimmed(value.expose()).to_vec())
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_can_carry_is_a_key() {
        for (bytes, expected) in [
            (b"sk-0123".as_slice(), Ok(())),
            (b"sk-0123\n", Ok(())),
            (b"sk-0123\r\n", Ok(())),
            (b"", Err(BadValue::Empty)),
            (b"\n", Err(BadValue::Empty)),
            (b"sk-1\nsk-2", Err(BadValue::Lines)),
            (b"sk-1\r\nHost: evil", Err(BadValue::Lines)),
            (b" sk-1", Err(BadValue::Character(0))),
            (b"sk-1 ", Err(BadValue::Character(4))),
            (b"sk-\x00", Err(BadValue::Character(3))),
            ("sk-é".as_bytes(), Err(BadValue::Character(3))),
            (&[b'a'; LONGEST], Ok(())),
            (&[b'a'; LONGEST + 1], Err(BadValue::TooLong)),
        ] {
            assert_eq!(check_value(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_never_sent_may_have_lines_and_spaces_and_is_kept_as_it_is() {
        let name = KeyName::conversations();
        for (bytes, expected) in [
            (b"one 1\ntwo 2".as_slice(), Ok(())),
            (b"one\n", Ok(())),
            (b"", Err(BadValue::Empty)),
            (b"\x00", Err(BadValue::Character(0))),
            (b"one\r\n", Err(BadValue::Character(3))),
            (&[b'a'; LONGEST + 1], Err(BadValue::TooLong)),
        ] {
            assert_eq!(check_stored(&name, bytes), expected, "{bytes:?}");
            let read = stored(&name, bytes.to_vec()).map(|value| value.expose() == bytes);
            assert_eq!(read, expected.map(|()| true), "{bytes:?}");
        }
    }

    #[test]
    fn the_line_end_that_a_pipe_left_is_not_part_of_the_key() {
        assert_eq!(into_secret(b"sk-1\r\n".to_vec()).expect("a key").expose(), b"sk-1");
    }
}
