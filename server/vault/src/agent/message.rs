//! The messages and how they look on the wire.
//!
//! A frame is its length (4 bytes, little endian) and so many bytes: version, kind, fields. Numbers are little endian, a text
//! or a value is its length (4 bytes) and its bytes. Values go from buffer to [`Secret`] without a stop; buffers are wiped.
//! Reading is total: what is no message is an error, never a panic.

use std::time::Duration;

use aside_secret::Secret;
use zeroize::Zeroizing;

use crate::{By, KeyInfo, KeyName, LockReason, NewKey, Origin, Slot};

/// Changes when a message changes; both sides must be of the same version.
pub(super) const VERSION: u8 = 1;

/// The most bytes of a frame: 100,000 keys with long names, or a passphrase of a MiB, fit.
pub(super) const MOST: usize = 32 * 1024 * 1024;

/// What is asked of a process.
#[derive(Debug)]
pub(crate) enum Request {
    /// How the process stands.
    Status,
    /// Wipe every key now.
    Lock,
    /// Open the vault with this passphrase. The agent only.
    Unlock(Secret),
    /// A person unlocked the keys: try again what was refused. Not for the agent.
    Wake,
    /// A key changed where it is kept: read it anew. Not for the agent.
    Forget,
    /// The value of a key. The agent only, like those that follow.
    Get { name: KeyName, slot: Slot, by: By },
    /// Store keys, all or none.
    Set(Vec<NewKey>),
    /// Store a key where there is none.
    Add(NewKey),
    /// Remove a key.
    Delete { name: KeyName, slot: Slot },
    /// What is stored.
    List,
    /// A person used a key that the asking process had kept.
    Touch,
    /// Stay connected: the agent tells this process of every lock. When the last editor among those leaves, it locks.
    Attach { label: String, editor: bool },
}

/// What a process answers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It is done.
    Done,
    /// The value.
    Value(Secret),
    /// What is stored.
    Keys(Vec<KeyInfo>),
    /// How the process stands.
    Status(ProcessStatus),
    /// It is not done.
    Refused(Refusal),
    /// To an attached process: it is locked now, or open.
    Changed(Option<LockReason>),
}

/// How a process that holds keys stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Its number.
    pub pid: u32,
    /// What it is: `agent`, or the name of the editor or command it serves.
    pub label: String,
    /// The version of its program.
    pub version: String,
    /// Why it is locked; `None` while it is open.
    pub locked: Option<LockReason>,
    /// How long until it locks by itself.
    pub left: Option<Duration>,
    /// How many processes are attached to it.
    pub clients: u32,
    /// What a person should know about the vault that it holds, one sentence each.
    pub notes: Vec<String>,
}

/// Why it is not done, by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is no such key.
    Missing,
    /// There is one already, and it stays.
    Occupied,
    /// The vault is locked.
    Locked,
    /// The passphrase is not the one.
    WrongPassphrase,
    /// Anything else; the words say what.
    Failed,
}

/// A refusal, told to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the caller can do.
    pub kind: RefusalKind,
    /// A stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The next step.
    pub hint: String,
}

/// Bytes that are no message of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadMessage {
    /// Another version of the program speaks.
    #[error("it speaks version {0} of the protocol, and this program version {VERSION}")]
    Version(u8),
    /// Anything else.
    #[error("it says something that is no message")]
    Nonsense,
}

type Read<T> = Result<T, BadMessage>;

impl Request {
    /// The frame without its length.
    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new();
        match self {
            Self::Status => out.byte(1),
            Self::Lock => out.byte(2),
            Self::Unlock(passphrase) => {
                out.byte(3);
                out.sized(passphrase.expose());
            }
            Self::Wake => out.byte(4),
            Self::Forget => out.byte(11),
            Self::Get { name, slot, by } => {
                out.byte(5);
                out.name(name, *slot);
                out.byte(u8::from(*by == By::Person));
            }
            Self::Set(keys) => {
                out.byte(6);
                out.count(keys.len());
                keys.iter().for_each(|key| out.key(key));
            }
            Self::Add(key) => {
                out.byte(12);
                out.key(key);
            }
            Self::Delete { name, slot } => {
                out.byte(7);
                out.name(name, *slot);
            }
            Self::List => out.byte(8),
            Self::Touch => out.byte(9),
            Self::Attach { label, editor } => {
                out.byte(10);
                out.sized(label.as_bytes());
                out.byte(u8::from(*editor));
            }
        }
        out.0
    }

    /// The request in a frame without its length.
    pub(crate) fn read(bytes: &[u8]) -> Read<Self> {
        let mut from = Reader::of(bytes)?;
        let request = match from.byte()? {
            1 => Self::Status,
            2 => Self::Lock,
            3 => Self::Unlock(from.secret()?),
            4 => Self::Wake,
            5 => {
                let (name, slot) = from.name()?;
                let by = if from.byte()? == 1 { By::Person } else { By::Background };
                Self::Get { name, slot, by }
            }
            6 => {
                let count = from.count(19)?;
                let mut keys = Vec::with_capacity(count);
                for _ in 0..count {
                    keys.push(from.key()?);
                }
                Self::Set(keys)
            }
            12 => Self::Add(from.key()?),
            7 => {
                let (name, slot) = from.name()?;
                Self::Delete { name, slot }
            }
            8 => Self::List,
            9 => Self::Touch,
            10 => Self::Attach { label: from.text()?, editor: from.byte()? == 1 },
            11 => Self::Forget,
            _ => return Err(BadMessage::Nonsense),
        };
        from.end(request)
    }
}

impl Reply {
    /// The frame without its length.
    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new();
        match self {
            Self::Done => out.byte(1),
            Self::Value(value) => {
                out.byte(2);
                out.sized(value.expose());
            }
            Self::Keys(keys) => {
                out.byte(3);
                out.count(keys.len());
                for key in keys {
                    out.name(&key.name, key.slot);
                    out.byte(u8::from(key.stored_at.is_some()));
                    out.bytes(&key.stored_at.unwrap_or(0).to_le_bytes());
                }
            }
            Self::Status(status) => {
                out.byte(4);
                out.status(status);
            }
            Self::Refused(refusal) => {
                out.byte(5);
                out.byte(match refusal.kind {
                    RefusalKind::Missing => 1,
                    RefusalKind::Locked => 2,
                    RefusalKind::WrongPassphrase => 3,
                    RefusalKind::Failed => 4,
                    RefusalKind::Occupied => 5,
                });
                for text in [&refusal.code, &refusal.message, &refusal.hint] {
                    out.sized(text.as_bytes());
                }
            }
            Self::Changed(reason) => {
                out.byte(6);
                out.sized(reason.map_or("", LockReason::code).as_bytes());
            }
        }
        out.0
    }

    /// The reply in a frame without its length.
    pub(crate) fn read(bytes: &[u8]) -> Read<Self> {
        let mut from = Reader::of(bytes)?;
        let reply = match from.byte()? {
            1 => Self::Done,
            2 => Self::Value(from.secret()?),
            3 => {
                let count = from.count(24)?;
                let mut keys = Vec::with_capacity(count);
                for _ in 0..count {
                    let (name, slot) = from.name()?;
                    let known = from.byte()? == 1;
                    let at = i64::from_le_bytes(from.array()?);
                    keys.push(KeyInfo { name, slot, stored_at: known.then_some(at) });
                }
                Self::Keys(keys)
            }
            4 => Self::Status(from.status()?),
            5 => {
                let kind = match from.byte()? {
                    1 => RefusalKind::Missing,
                    2 => RefusalKind::Locked,
                    3 => RefusalKind::WrongPassphrase,
                    5 => RefusalKind::Occupied,
                    _ => RefusalKind::Failed,
                };
                Self::Refused(Refusal { kind, code: from.text()?, message: from.text()?, hint: from.text()? })
            }
            6 => Self::Changed(from.reason()?),
            _ => return Err(BadMessage::Nonsense),
        };
        from.end(reply)
    }
}

struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn new() -> Self {
        let mut out = Self(Zeroizing::new(Vec::with_capacity(256)));
        out.byte(VERSION);
        out
    }

    /// Grows by hand: what a vector leaves behind when it grows is not wiped.
    fn bytes(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    fn count(&mut self, count: usize) {
        // Longer is refused when it is sent: see `MOST`.
        self.bytes(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes(bytes);
    }

    fn name(&mut self, name: &KeyName, slot: Slot) {
        self.sized(name.provider.as_bytes());
        self.sized(name.origin.to_string().as_bytes());
        self.byte(u8::from(slot == Slot::Previous));
    }

    fn key(&mut self, key: &NewKey) {
        self.name(&key.name, key.slot);
        self.sized(key.value.expose());
    }

    fn status(&mut self, status: &ProcessStatus) {
        self.bytes(&status.pid.to_le_bytes());
        for text in [&status.label, &status.version] {
            self.sized(text.as_bytes());
        }
        self.sized(status.locked.map_or("", LockReason::code).as_bytes());
        let left = status.left.map_or(u64::MAX, |left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        self.bytes(&left.to_le_bytes());
        self.bytes(&status.clients.to_le_bytes());
        self.count(status.notes.len());
        for note in &status.notes {
            self.sized(note.as_bytes());
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn of(bytes: &'a [u8]) -> Read<Self> {
        let mut reader = Self(bytes);
        match reader.byte()? {
            VERSION => Ok(reader),
            other => Err(BadMessage::Version(other)),
        }
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadMessage::Nonsense)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| BadMessage::Nonsense)
    }

    fn byte(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Read<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| BadMessage::Nonsense)
    }

    /// A count of things of at least so many bytes each: no more than can follow, so that a claim allocates nothing.
    fn count(&mut self, least: usize) -> Read<usize> {
        let count = self.number()?;
        if count.saturating_mul(least) > self.0.len() { Err(BadMessage::Nonsense) } else { Ok(count) }
    }

    fn sized(&mut self) -> Read<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn secret(&mut self) -> Read<Secret> {
        Ok(Secret::new(self.sized()?.to_vec()))
    }

    fn text(&mut self) -> Read<String> {
        String::from_utf8(self.sized()?.to_vec()).map_err(|_| BadMessage::Nonsense)
    }

    fn name(&mut self) -> Read<(KeyName, Slot)> {
        let provider = self.text()?;
        let origin = Origin::shown_as(&self.text()?).ok_or(BadMessage::Nonsense)?;
        let slot = if self.byte()? == 1 { Slot::Previous } else { Slot::Current };
        Ok((KeyName { provider, origin }, slot))
    }

    fn key(&mut self) -> Read<NewKey> {
        let (name, slot) = self.name()?;
        Ok(NewKey { name, slot, value: self.secret()? })
    }

    fn reason(&mut self) -> Read<Option<LockReason>> {
        let code = self.text()?;
        if code.is_empty() { Ok(None) } else { LockReason::of_code(&code).map(Some).ok_or(BadMessage::Nonsense) }
    }

    fn status(&mut self) -> Read<ProcessStatus> {
        let pid = u32::from_le_bytes(self.array()?);
        let (label, version, locked) = (self.text()?, self.text()?, self.reason()?);
        let left = u64::from_le_bytes(self.array()?);
        let clients = u32::from_le_bytes(self.array()?);
        let notes = (0..self.count(4)?).map(|_| self.text()).collect::<Read<Vec<_>>>()?;
        let left = (left != u64::MAX).then(|| Duration::from_millis(left));
        Ok(ProcessStatus { pid, label, version, locked, left, clients, notes })
    }

    /// The message, if nothing stands behind it.
    fn end<T>(self, message: T) -> Read<T> {
        if self.0.is_empty() { Ok(message) } else { Err(BadMessage::Nonsense) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name() -> KeyName {
        KeyName::new("work", Origin::of("https://api.example.com").expect("an address"))
    }

    fn requests() -> Vec<Request> {
        let value = || Secret::new(b"test-key-1".to_vec());
        vec![
            Request::Status,
            Request::Lock,
            Request::Unlock(Secret::new("pässwort".into())),
            Request::Wake,
            Request::Forget,
            Request::Get { name: name(), slot: Slot::Current, by: By::Person },
            Request::Get { name: name(), slot: Slot::Previous, by: By::Background },
            Request::Get { name: KeyName::conversations(), slot: Slot::Current, by: By::Person },
            Request::Set(Vec::new()),
            Request::Set(vec![
                NewKey { name: name(), slot: Slot::Current, value: value() },
                NewKey { name: name(), slot: Slot::Previous, value: Secret::new(vec![b'x'; 9000]) },
            ]),
            Request::Add(NewKey { name: KeyName::conversations(), slot: Slot::Current, value: value() }),
            Request::Delete { name: name(), slot: Slot::Current },
            Request::List,
            Request::Touch,
            Request::Attach { label: "Neovim".to_owned(), editor: true },
            Request::Attach { label: "aside".to_owned(), editor: false },
        ]
    }

    fn replies() -> Vec<Reply> {
        let info = |slot, stored_at| KeyInfo { name: name(), slot, stored_at };
        let status = ProcessStatus {
            pid: 7,
            label: "agent".to_owned(),
            version: "0.1.0".to_owned(),
            locked: Some(LockReason::Idle),
            left: None,
            clients: 2,
            notes: vec!["one".to_owned(), "two".to_owned()],
        };
        let open = ProcessStatus { locked: None, left: Some(Duration::from_millis(1500)), ..status.clone() };
        let text = |text: &str| text.to_owned();
        vec![
            Reply::Done,
            Reply::Value(Secret::new(b"test-key-1".to_vec())),
            Reply::Keys(vec![info(Slot::Current, Some(1_700_000_000)), info(Slot::Previous, None)]),
            Reply::Status(status),
            Reply::Status(open),
            Reply::Refused(Refusal {
                kind: RefusalKind::WrongPassphrase,
                code: text("wrong-passphrase"),
                message: text("it is not the one"),
                hint: text("try again"),
            }),
            Reply::Refused(Refusal {
                kind: RefusalKind::Occupied,
                code: text("vault-key-already-there"),
                message: text("it is there"),
                hint: text("use it"),
            }),
            Reply::Changed(None),
            Reply::Changed(Some(LockReason::Asked)),
        ]
    }

    #[test]
    fn every_message_reads_back_as_itself() {
        for request in requests() {
            let bytes = request.bytes();
            let again = Request::read(&bytes).expect("a request");
            assert_eq!(again.bytes(), bytes, "{request:?}");
            assert_eq!(format!("{again:?}"), format!("{request:?}"));
        }
        for reply in replies() {
            let bytes = reply.bytes();
            assert_eq!(Reply::read(&bytes).expect("a reply").bytes(), bytes, "{reply:?}");
        }
    }

    #[test]
    fn a_part_of_a_message_and_more_than_one_are_none() {
        for bytes in requests().iter().map(Request::bytes) {
            for end in 0..bytes.len() {
                assert!(Request::read(&bytes[..end]).is_err(), "{end} of {bytes:?}");
            }
            assert_eq!(Request::read(&[&bytes[..], &[0]].concat()).err(), Some(BadMessage::Nonsense));
        }
        for bytes in replies().iter().map(Reply::bytes) {
            for end in 0..bytes.len() {
                assert!(Reply::read(&bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn another_version_is_told_as_such() {
        assert_eq!(Request::read(&[2, 1]).err(), Some(BadMessage::Version(2)));
    }

    #[test]
    fn a_claim_of_many_keys_allocates_nothing() {
        assert_eq!(Request::read(&[VERSION, 6, 255, 255, 255, 255]).err(), Some(BadMessage::Nonsense));
        assert_eq!(Reply::read(&[VERSION, 3, 255, 255, 255, 255]).err(), Some(BadMessage::Nonsense));
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0u8..13) {
            for bytes in [bytes.clone(), [&[VERSION, kind], &bytes[..]].concat()] {
                let _ = Request::read(&bytes);
                let _ = Reply::read(&bytes);
            }
        }
    }
}
