//! One header line, and what a block of them says.

use super::{Fault, MAX_BODY};

const LENGTH: &[u8] = b"content-length";
const TYPE: &[u8] = b"content-type";

/// What the headers read so far say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Headers {
    length: Option<Result<u64, Fault>>,
    foreign: bool,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Blank,
    Header,
    Garbage,
}

impl Headers {
    /// Takes in `line`, which comes without its line feed.
    pub(super) fn read(&mut self, line: &[u8]) -> Line {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Line::Blank;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Line::Garbage };
        let (name, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii_start());
        if name.is_empty() || !name.iter().copied().all(names) {
            return Line::Garbage;
        }
        if name.eq_ignore_ascii_case(LENGTH) {
            let length = number(value).ok_or(Fault::BadLength);
            self.length = Some(match self.length {
                None => length,
                Some(known) if known == length => known,
                Some(Err(fault)) => Err(fault),
                Some(Ok(_)) => Err(Fault::Lengths),
            });
        } else if name.eq_ignore_ascii_case(TYPE) {
            self.foreign |= foreign(value);
        }
        Line::Header
    }

    /// The length of the body.
    pub(super) fn length(&self) -> Result<u64, Fault> {
        self.length.unwrap_or(Err(Fault::NoLength))
    }

    /// Whether the body is in another character set than UTF-8.
    pub(super) fn foreign(&self) -> bool {
        self.foreign
    }
}

/// Whether `byte` may stand in a header name.
fn names(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The whole number in `text`; one too large for its type is as large as it gets.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = text.iter().map(|digit| u64::from(digit - b'0'));
    Some(digits.fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(digit)))
}

/// Whether a content type names a character set that is not UTF-8.
fn foreign(value: &[u8]) -> bool {
    let charset = value.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let name = parameter[..equals].trim_ascii();
        name.eq_ignore_ascii_case(b"charset").then(|| parameter[equals + 1..].trim_ascii())
    });
    let unquoted = |charset: &[u8]| charset.iter().copied().filter(|byte| *byte != b'"').collect::<Vec<_>>();
    // The specification asks for both spellings.
    charset
        .map(unquoted)
        .is_some_and(|charset| !charset.eq_ignore_ascii_case(b"utf-8") && !charset.eq_ignore_ascii_case(b"utf8"))
}

/// Where a `Content-Length` header that takes up the rest of `line` starts, if its value is one we would accept.
pub(super) fn plausible(line: &[u8]) -> Option<usize> {
    let rest = line.trim_ascii_end();
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, digits) = rest.split_at(rest.len() - digits);
    number(digits).filter(|length| *length <= MAX_BODY as u64)?;
    let rest = rest.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let at = rest.len().checked_sub(LENGTH.len())?;
    rest[at..].eq_ignore_ascii_case(LENGTH).then_some(at)
}
