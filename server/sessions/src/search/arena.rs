//! The folded messages of one session, one behind the other. Owns their memory: its growth, its bound and its end.

use std::mem::size_of;

use aside_model::Role;
use zeroize::{Zeroize, Zeroizing};

use super::{
    fold::{fold, folded_len, push},
    query::{Desk, Place, Search},
};

/// Stands behind each message. No text has this byte, so that nothing is found across two messages.
const BETWEEN: u8 = 0xff;

/// How many bytes an arena may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(pub(super) usize);

/// The messages of a session.
#[derive(Debug, Default)]
pub(super) struct Arena {
    /// Wiped when it is dropped, and never grown in place: growing leaves the old bytes behind.
    text: Zeroizing<Vec<u8>>,
    messages: Vec<Entry>,
    /// The first message for which there was no room.
    cut: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    n: u64,
    role: Role,
    /// Where its text ends, without what stands behind it.
    end: usize,
}

/// A message that has every word.
pub(super) struct Found {
    pub(super) n: u64,
    pub(super) role: Role,
    pub(super) place: Place,
}

impl Arena {
    pub(super) fn add(&mut self, n: u64, role: Role, text: &str, room: Room) -> bool {
        if n < self.next() {
            return true;
        }
        // A hole would never be filled: what comes behind it must wait.
        if self.cut.is_some_and(|cut| n > cut) {
            return false;
        }
        if !self.make_room(folded_len(text) + 1, room) {
            self.cut = Some(n);
            return false;
        }
        fold(text, |c, _| push(&mut self.text, c));
        self.messages.push(Entry { n, role, end: self.text.len() });
        self.text.push(BETWEEN);
        self.cut = None;
        true
    }

    pub(super) fn next(&self) -> u64 {
        self.messages.last().map_or(0, |last| last.n.saturating_add(1))
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.messages.capacity() * size_of::<Entry>()
    }

    /// Gives every message that has all words to `take`, oldest first.
    pub(super) fn find(&self, search: &Search<'_>, desk: &mut Desk, mut take: impl FnMut(Found)) {
        let (mut from, mut index) = (0, 0);
        while let Some(found) = search.anchor.find(&self.text[from..]) {
            index += self.messages[index..].partition_point(|message| message.end <= from + found);
            let Entry { n, role, end } = self.messages[index];
            let start = index.checked_sub(1).map_or(0, |before| self.messages[before].end + 1);
            if let Some(place) = search.place(&self.text[start..end], desk) {
                take(Found { n, role, place });
            }
            from = end + 1;
        }
    }

    /// Makes room for `more` bytes and one more message, if there may be that much.
    fn make_room(&mut self, more: usize, Room(room): Room) -> bool {
        let entries = grown(self.messages.len(), 1, self.messages.capacity());
        let text = grown(self.text.len(), more, self.text.capacity());
        let fits = |text: usize, entries: usize| text + entries * size_of::<Entry>() <= room;
        let least = (self.text.capacity().max(self.text.len() + more), self.messages.len() + 1);
        let (text, entries) = if fits(text, entries) { (text, entries) } else { least };
        if !fits(text, entries) {
            return false;
        }
        self.messages.reserve_exact(entries - self.messages.len());
        if text > self.text.capacity() {
            let mut larger = Vec::with_capacity(text);
            larger.extend_from_slice(&self.text);
            self.text.zeroize();
            *self.text = larger;
        }
        true
    }
}

/// The capacity that has room for `more` behind `length`, with some to spare when it must grow.
fn grown(length: usize, more: usize, capacity: usize) -> usize {
    let needed = length + more;
    if needed <= capacity { capacity } else { needed.max(capacity + capacity / 2) }
}
