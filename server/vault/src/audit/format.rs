//! The wire twin of records and of the head: one JSON object a line, and one line of fixed length.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    chain::{Code, GENESIS, Keys, code, hex},
    record::{By, Stamped},
};
use crate::Slot;

/// Longer than any record. A line that is longer is none of ours.
pub(super) const LONGEST: usize = 1024;

/// What stands between a record's body and its code, and behind the code.
const BEFORE_CODE: &[u8] = b",\"mac\":\"";
const BEHIND_CODE: &[u8] = b"\"}";

/// One record as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    /// The version of this format.
    v: u8,
    /// Its number; the first is 1.
    pub(super) n: u64,
    /// RFC 3339, UTC, with milliseconds.
    #[serde(borrow)]
    pub(super) at: Cow<'a, str>,
    pub(super) pid: u32,
    #[serde(borrow)]
    pub(super) by: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) what: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) outcome: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Cow<'a, str>>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) count: u64,
    /// The code of the record before.
    #[serde(borrow)]
    prev: Cow<'a, str>,
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_one(count: &u64) -> bool {
    *count == 1
}

/// Where a chain stands: the number and the code of its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) n: u64,
    pub(super) code: Code,
}

impl Link {
    /// Before the first record.
    pub(super) const START: Self = Self { n: 0, code: GENESIS };
}

/// Writes `stamped` as the record that follows `link`; moves `link` on.
pub(super) fn write(lines: &mut Vec<u8>, keys: &Keys, link: &mut Link, by: By, stamped: &Stamped) {
    let record = &stamped.record;
    let key = record.key.as_ref().map(|name| keys.name(name, record.slot));
    let line = Line {
        v: 1,
        n: link.n + 1,
        at: format!("{:.3}", stamped.at).into(),
        pid: std::process::id(),
        by: by.as_str().into(),
        what: record.what.as_str().into(),
        key: key.map(Cow::Owned),
        outcome: record.outcome.as_str().into(),
        why: record.why.map(|why| if is_code(why) { why } else { "other" }.into()),
        count: record.count,
        prev: hex(&link.code).into(),
    };
    let body = serde_json::to_vec(&line).expect("numbers and texts are JSON");
    let open = &body[..body.len() - 1];
    let own = keys.record(&link.code, &[open, b"}"]);
    lines.extend_from_slice(open);
    lines.extend_from_slice(BEFORE_CODE);
    lines.extend_from_slice(hex(&own).as_bytes());
    lines.extend_from_slice(BEHIND_CODE);
    lines.push(b'\n');
    *link = Link { n: line.n, code: own };
}

fn is_code(why: &str) -> bool {
    (1..=40).contains(&why.len()) && why.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// A line that has the shape of a record.
pub(super) struct Parsed<'a> {
    pub(super) line: Line<'a>,
    /// The code of the record before, as it says.
    pub(super) previous: Code,
    /// Its own code, as it says.
    pub(super) own: Code,
    open: &'a [u8],
}

impl<'a> Parsed<'a> {
    /// Reads a line without its line end; `None` when it is no record.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_suffix(BEHIND_CODE).filter(|_| bytes.len() <= LONGEST)?;
        let (rest, own) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
        let open = rest.strip_suffix(BEFORE_CODE)?;
        let line: Line<'a> = serde_json::from_slice(bytes).ok()?;
        Some(Self { previous: code(line.prev.as_bytes())?, own: code(own)?, line, open })
    }

    /// Whether its code is the one that these keys give it.
    pub(super) fn is_ours(&self, keys: &Keys) -> bool {
        keys.record(&self.previous, &[self.open, b"}"]) == self.own
    }

    /// Where a chain stands behind it.
    pub(super) fn link(&self) -> Link {
        Link { n: self.line.n, code: self.own }
    }
}

/// How far the log goes, and where it begins since files were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the oldest record that must be there.
    pub(super) first: u64,
    /// The last record.
    pub(super) last: Link,
}

const HEAD: &str = "aside-audit-head 1";

/// The length of a written head in bytes.
pub(super) const HEAD_LENGTH: usize = HEAD.len() + 2 * 21 + 2 * 65 + 1;

impl Head {
    /// Of a log without records.
    pub(super) const START: Self = Self { first: 1, last: Link::START };

    pub(super) fn write(&self, keys: &Keys) -> Vec<u8> {
        let body = format!("{HEAD} {:020} {:020} {}", self.first, self.last.n, hex(&self.last.code));
        format!("{body} {}\n", hex(&keys.head(body.as_bytes()))).into_bytes()
    }

    /// `None` when it is damaged, or made with other keys.
    pub(super) fn read(bytes: &[u8], keys: &Keys) -> Option<Self> {
        let (body, own) = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
        let mut words = body.strip_prefix(HEAD)?.strip_prefix(' ')?.split(' ');
        let (first, n) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let head = Self { first, last: Link { n, code: code(words.next()?.as_bytes())? } };
        (words.next().is_none() && code(own.as_bytes())? == keys.head(body.as_bytes())).then_some(head)
    }
}

/// The names that a known key may have in the log.
pub(super) const SLOTS: [Slot; 2] = [Slot::Current, Slot::Previous];
