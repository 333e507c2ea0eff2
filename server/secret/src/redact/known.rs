//! The keys in use, known without keeping them: what is kept of each is a fingerprint that finds it in a text.
//!
//! A fingerprint is a length, 32 bits that depend on the last eight bytes (the quick look at every place of a text), and
//! 128 bits of a keyed hash of the whole (the certain one). The key of the hash is random in each process. So it survives
//! a lock: nothing here brings a key back, and a key that was in use once is still kept out of every text.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::{PoisonError, RwLock},
};

use sha2::{Digest as _, Sha256};

use super::encodings;
use crate::{Secret, key::randomize};

/// The shortest value that is known; shorter ones would hide ordinary text.
const SHORTEST: usize = 8;
/// Bytes at the end of a value that the quick look sees. Not at the beginning: there, keys of one issuer are the same.
const TAIL: usize = SHORTEST;
/// How many values are known; then the one that was used longest ago is forgotten.
const MOST: usize = 1024;

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

/// Keeps `secret` out of every text that is redacted from now on, as it is, in base64, percent-encoded and in JSON. Keeps
/// no byte of it. Values under 8 bytes are ignored. Quick for what is known already: call it at each use.
pub fn know(secret: &Secret) {
    let value = secret.expose();
    if value.len() < SHORTEST {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_with(Known::new).add(value);
}

/// The places of known values in `text`, on the boundaries of characters.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = &*known {
        known.find(text, found);
    }
}

/// What is kept of one form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print {
    length: usize,
    tail: u32,
    hash: [u8; 16],
}

struct Known {
    /// Of the hash.
    key: [u8; 32],
    /// Odd, for the quick look.
    factor: u64,
    /// The fingerprints of each value's forms, its own first; the value used last is at the back.
    values: VecDeque<Vec<Print>>,
    /// All fingerprints by their tail.
    by_tail: HashMap<u32, Vec<Print>>,
    /// One bit for the upper half of each tail that there is.
    tails: Box<[u64; 1024]>,
}

impl Known {
    fn new() -> Self {
        let (mut key, mut factor) = ([0; 32], [0; 8]);
        // Without randomness the hash is no longer keyed; it is still a hash.
        let _best_effort = randomize(&mut key).and_then(|()| randomize(&mut factor));
        Self {
            key,
            factor: u64::from_le_bytes(factor) | 1,
            values: VecDeque::new(),
            by_tail: HashMap::new(),
            tails: Box::new([0; 1024]),
        }
    }

    fn add(&mut self, value: &[u8]) {
        let print = self.print(value);
        if let Some(at) = self.values.iter().rposition(|prints| prints[0] == print) {
            let prints = self.values.remove(at).expect("it was found there");
            self.values.push_back(prints);
            return;
        }
        let prints =
            encodings::forms(value).into_iter().filter(|form| form.len() >= TAIL).map(|form| self.print(&form));
        let prints: Vec<_> = prints.collect();
        for print in &prints {
            self.list(*print);
        }
        self.values.push_back(prints);
        if self.values.len() > MOST {
            self.values.pop_front();
            self.list_anew();
        }
    }

    fn list(&mut self, print: Print) {
        let bit = print.tail >> 16;
        self.tails[bit as usize / 64] |= 1 << (bit % 64);
        self.by_tail.entry(print.tail).or_default().push(print);
    }

    fn list_anew(&mut self) {
        self.by_tail.clear();
        self.tails.fill(0);
        let all: Vec<_> = self.values.iter().flatten().copied().collect();
        for print in all {
            self.list(print);
        }
    }

    /// `value` has at least [`TAIL`] bytes.
    fn print(&self, value: &[u8]) -> Print {
        let tail = value.last_chunk().map_or(0, |tail| self.tail(*tail));
        Print { length: value.len(), tail, hash: self.hash(value) }
    }

    fn tail(&self, bytes: [u8; TAIL]) -> u32 {
        let mixed = u64::from_le_bytes(bytes).wrapping_mul(self.factor);
        u32::try_from(mixed >> 32).expect("the upper half of 64 bits has 32")
    }

    fn hash(&self, value: &[u8]) -> [u8; 16] {
        let hash = Sha256::new().chain_update(self.key).chain_update(value).finalize();
        *hash.first_chunk().expect("SHA-256 has 32 bytes")
    }

    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let bytes = text.as_bytes();
        for (start, window) in bytes.windows(TAIL).enumerate() {
            let tail = self.tail(window.try_into().expect("windows are of this size"));
            let bit = tail >> 16;
            if self.tails[bit as usize / 64] & (1 << (bit % 64)) == 0 {
                continue;
            }
            let end = start + TAIL;
            for print in self.by_tail.get(&tail).into_iter().flatten() {
                let Some(start) = end.checked_sub(print.length) else { continue };
                if self.hash(&bytes[start..end]) == print.hash {
                    found.push(text.floor_char_boundary(start)..text.ceil_char_boundary(end));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(known: &Known, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        known.find(text, &mut found);
        found.into_iter().map(|span| text[span].to_owned()).collect()
    }

    #[test]
    fn the_value_used_longest_ago_is_forgotten_first() {
        let mut known = Known::new();
        let value = |n: usize| format!("value number {n:06}");
        for n in 0..MOST {
            known.add(value(n).as_bytes());
        }
        known.add(value(0).as_bytes());
        known.add(b"one more value");
        assert_eq!(known.values.len(), MOST);
        assert_eq!(
            found(&known, &format!("{} {} one more value", value(0), value(1))),
            [value(0), "one more value".into()]
        );
    }

    #[test]
    fn nothing_of_a_value_is_kept() {
        let mut known = Known::new();
        known.add(b"Zq81vX0pLm3-Zq81vX0pLm3");
        let kept = format!("{:?} {:?}", known.values, known.by_tail);
        assert!(!kept.contains("Zq81") && known.values[0].len() == 4, "{kept}");
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_at_whole_characters() {
        let mut known = Known::new();
        known.add(&[0x82, 0xac, b'1', b'2', b'3', b'4', b'5', 0xe2]);
        // The euro sign is e2 82 ac: the value begins and ends inside one.
        assert_eq!(found(&known, "a€12345€b"), ["€12345€"]);
    }
}
