//! Search over what was said, in memory.
//!
//! Owns the folded text of messages while somebody searches, how a query is read, and which hit comes first. It is plaintext of
//! what lies sealed on disk: bounded, never written anywhere, and wiped when it is dropped. Which messages belong in it is for
//! whoever opens them to say; which part of a message is shown is [`snippet`]'s.

mod arena;
mod fold;
mod query;
mod snippet;

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BinaryHeap},
};

use aside_model::Role;

use crate::SessionId;
use arena::{Arena, Room};
use query::{Closeness, Desk, Query};
pub use snippet::{Snippet, snippet};

/// The longest query, in characters; what is behind that is not looked for.
pub const MAX_QUERY_CHARS: usize = 1000;

/// The usual bound of a corpus, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;

/// A message that has all words of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The session.
    pub session: SessionId,
    /// The message of the session.
    pub n: u64,
    /// Who said it.
    pub role: Role,
    /// Where the words stand closest, in bytes of the folded text: the same place in the message itself as long as what comes
    /// before is ASCII.
    pub start: usize,
}

/// The messages of a workspace, to be searched.
#[derive(Debug)]
pub struct Corpus {
    limit: usize,
    sessions: BTreeMap<SessionId, Arena>,
}

impl Default for Corpus {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}

impl Corpus {
    /// An empty corpus of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, sessions: BTreeMap::new() }
    }

    /// Adds the next message of a session; one that is known is passed over. Tells whether the message can be found now: not
    /// when there is no room for it, nor behind one for which there was none.
    pub fn add(&mut self, session: SessionId, n: u64, role: Role, text: &str) -> bool {
        let others = self.bytes() - self.sessions.get(&session).map_or(0, Arena::bytes);
        let arena = self.sessions.entry(session).or_default();
        arena.add(n, role, text, Room(self.limit.saturating_sub(others)))
    }

    /// Forgets a session and wipes its text.
    pub fn forget(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// The number from which on messages of a session are unknown.
    pub fn known(&self, session: SessionId) -> u64 {
        self.sessions.get(&session).map_or(0, Arena::next)
    }

    /// The memory that is used.
    pub fn bytes(&self) -> usize {
        self.sessions.values().map(Arena::bytes).sum()
    }

    /// Whether there were messages without room, which no search finds.
    pub fn is_partial(&self) -> bool {
        self.sessions.values().any(Arena::is_cut)
    }

    /// Up to `limit` messages that have every word of `query`, and every phrase in double quotes as it is; case does not matter.
    ///
    /// First come those where the words stand as in the query, then those where they stand close together, then the newer ones:
    /// those of younger sessions, and in a session the later ones.
    pub fn find(&self, query: &str, limit: usize) -> Vec<Hit> {
        let query = Query::new(query);
        let Some(search) = query.search().filter(|_| limit > 0) else { return Vec::new() };
        let mut desk = Desk::default();
        let mut best = Best { limit, hits: BinaryHeap::new() };
        for (session, arena) in &self.sessions {
            arena.find(&search, &mut desk, |found| {
                let hit = Hit { session: *session, n: found.n, role: found.role, start: found.place.start };
                best.offer(Ranked { closeness: found.place.closeness, hit });
            });
        }
        best.ranked()
    }
}

/// The best hits so far, the worst of them at hand.
struct Best {
    limit: usize,
    hits: BinaryHeap<Reverse<Ranked>>,
}

/// A hit, greater the earlier it is shown.
#[derive(PartialEq, Eq)]
struct Ranked {
    closeness: Closeness,
    hit: Hit,
}

impl Ranked {
    fn key(&self) -> (Reverse<Closeness>, SessionId, u64) {
        (Reverse(self.closeness), self.hit.session, self.hit.n)
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Best {
    fn offer(&mut self, ranked: Ranked) {
        if self.hits.len() < self.limit {
            self.hits.push(Reverse(ranked));
        } else if let Some(mut worst) = self.hits.peek_mut().filter(|worst| worst.0 < ranked) {
            *worst = Reverse(ranked);
        }
    }

    /// All of them, the best first.
    fn ranked(self) -> Vec<Hit> {
        self.hits.into_sorted_vec().into_iter().map(|Reverse(ranked)| ranked.hit).collect()
    }
}

#[cfg(test)]
mod tests;
