//! The rows of a session: how one is added, and what holds for those that are read. Owns the chain from each row to the next
//! and the finding of damage; what rows mean is `transcript`'s.

use aside_secret::Secret;
use jiff::Timestamp;
use rusqlite::params;

use super::{
    book::{Book, fixed, integer, sorted},
    head::{Head, time},
};
use crate::{
    Damage, SessionError, TurnId,
    format::{Kind, Record},
    seal::{Link, RowPlace, SessionKey},
    transcript::Row,
};

/// Rows in order, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) damage: Vec<Damage>,
}

impl Book<'_> {
    /// Adds a row under the session's next number, which it gives. The head is to be saved afterwards.
    pub(super) fn add(
        &self,
        head: &mut Head,
        key: &SessionKey,
        turn: Option<TurnId>,
        record: &Record,
    ) -> Result<u64, SessionError> {
        self.add_at(head, key, (turn, self.at), record)
    }

    /// The same for a row of a turn that came into being at another time.
    pub(super) fn add_at(
        &self,
        head: &mut Head,
        key: &SessionKey,
        (turn, at): (Option<TurnId>, Timestamp),
        record: &Record,
    ) -> Result<u64, SessionError> {
        let place = RowPlace {
            workspace: head.workspace,
            session: head.id,
            n: head.next,
            kind: record.kind().code(),
            turn,
            at: at.as_microsecond(),
            previous: head.last,
        };
        self.put(head, key, place, &record.encode())?;
        Ok(place.n)
    }

    /// Adds the next row with this content as it is.
    pub(super) fn put(
        &self,
        head: &mut Head,
        key: &SessionKey,
        place: RowPlace,
        plain: &[u8],
    ) -> Result<(), SessionError> {
        let sealed = key.seal(&place, plain)?;
        let insert = "INSERT INTO events (session, n, kind, turn, at, previous, sealed) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let turn = place.turn.as_ref().map(TurnId::bytes);
        let n = i64::try_from(place.n).unwrap_or(i64::MAX);
        let values = params![place.session.bytes(), n, place.kind, turn, place.at, place.previous, sealed];
        self.tx.prepare_cached(insert)?.execute(values)?;
        head.next = place.n + 1;
        head.last = place.link(&sealed);
        head.bytes += sealed.len() as u64;
        // A clock that was set back must not move a session back in the list.
        head.updated = head.updated.max(time(place.at));
        Ok(())
    }

    /// The visible rows from number `first` on and before `end`, in order and verified.
    pub(super) fn rows(&self, head: &Head, first: u64, end: u64) -> Result<Rows, SessionError> {
        let mut rows = Vec::new();
        let damage = self.each_row(head, first, end, |row, _| {
            if !head.hides(row.n) {
                rows.push(row);
            }
            Ok(())
        })?;
        Ok(Rows { rows, damage })
    }

    /// Hands each row from number `first` on and before `end` to `take`, in order, with where it stands. Gives what is wrong.
    pub(super) fn each_row(
        &self,
        head: &Head,
        first: u64,
        end: u64,
        mut take: impl FnMut(Row, &RowPlace) -> Result<(), SessionError>,
    ) -> Result<Vec<Damage>, SessionError> {
        self.walk(head, first, end, |place, plain| {
            // A kind of a later version says nothing that this one could show.
            let kind = match (Kind::from_code(place.kind), plain) {
                (Some(kind), _) => kind,
                (None, Some(_)) => return Ok(true),
                (None, None) => Kind::Part,
            };
            let record = plain.and_then(|plain| Record::decode(kind, plain));
            let readable = record.is_some();
            take(Row { n: place.n, turn: place.turn, at: time(place.at), kind, record }, place)?;
            Ok(readable)
        })
    }

    /// Hands the content of each row of a session to `take`, as it was sealed. Gives whether something is wrong.
    pub(super) fn each_sealed(
        &self,
        head: &Head,
        mut take: impl FnMut(&RowPlace, &[u8]) -> Result<(), SessionError>,
    ) -> Result<bool, SessionError> {
        let damage = self.walk(head, 0, u64::MAX, |place, plain| {
            plain.map_or(Ok(()), |plain| take(place, plain))?;
            Ok(plain.is_some())
        })?;
        Ok(!damage.is_empty())
    }

    /// Follows the chain of a session's rows. `take` gets each row, opened if it opens, and says whether it can be read.
    fn walk(
        &self,
        head: &Head,
        first: u64,
        end: u64,
        mut take: impl FnMut(&RowPlace, Option<&[u8]>) -> Result<bool, SessionError>,
    ) -> Result<Vec<Damage>, SessionError> {
        let key = self.key(head)?;
        let mut chain = Chain::from(first);
        let select = "SELECT n, kind, turn, at, previous, sealed FROM events \
                      WHERE session = ?1 AND n >= ?2 ORDER BY n";
        let mut statement = self.tx.prepare_cached(select)?;
        let mut found = statement.query(params![head.id.bytes(), number(first)])?;
        while let Some(row) = found.next()? {
            let place = RowPlace {
                workspace: head.workspace,
                session: head.id,
                n: integer(row.get_ref(0)?).map_or(u64::MAX, i64::unsigned_abs),
                kind: integer(row.get_ref(1)?).and_then(|kind| kind.try_into().ok()).unwrap_or(u8::MAX),
                turn: fixed(row.get_ref(2)?).map(TurnId::stored),
                at: integer(row.get_ref(3)?).unwrap_or_default(),
                previous: fixed(row.get_ref(4)?).unwrap_or_default(),
            };
            if place.n >= head.next {
                chain.damage.push(Damage::Surplus { n: place.n });
                break;
            }
            chain.meets(&place);
            if place.n >= end {
                break;
            }
            let sealed = row.get_ref(5)?.as_blob().unwrap_or_default();
            let plain = key.open(&place, sealed).ok();
            chain.goes_on(&place, plain.is_some(), sealed);
            if !take(&place, plain.as_ref().map(Secret::expose))? {
                chain.damage.push(Damage::Altered { n: place.n });
            }
        }
        Ok(chain.ends(head, end.min(head.next)))
    }
}

/// Follows the links from one row to the next.
struct Chain {
    /// The number that comes next.
    next: u64,
    /// What the next row has to be linked to; `None` when the row before is not known.
    link: Option<Link>,
    damage: Vec<Damage>,
}

impl Chain {
    fn from(first: u64) -> Self {
        let link = (first == 0).then_some(crate::seal::START);
        Self { next: first, link, damage: Vec::new() }
    }

    /// A row comes. One whose link does not fit says that the row before is not the one it was.
    fn meets(&mut self, place: &RowPlace) {
        if place.n > self.next {
            self.damage.push(Damage::Missing { from: self.next, to: place.n });
        } else if self.link.is_some_and(|link| link != place.previous) {
            self.damage.push(Damage::Altered { n: place.n.saturating_sub(1) });
        }
        self.next = place.n;
    }

    fn goes_on(&mut self, place: &RowPlace, opened: bool, sealed: &[u8]) {
        self.next = place.n + 1;
        // What follows a row that does not open is not measured by it.
        self.link = opened.then(|| place.link(sealed));
    }

    fn ends(mut self, head: &Head, end: u64) -> Vec<Damage> {
        if self.next < end {
            self.damage.push(Damage::Missing { from: self.next, to: end });
        } else if head.whole && self.next == head.next && self.link.is_some_and(|link| link != head.last) {
            self.damage.push(Damage::Altered { n: self.next.saturating_sub(1) });
        }
        sorted(self.damage)
    }
}

/// A row's number as the database has it.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
