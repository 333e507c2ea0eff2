//! Words and their numbers.
//!
//! Owns the mapping between a piece of text and a small number, compactly: one string for all texts, one table of numbers.
//! A vocabulary can stand on another one that no longer changes (the workspace's), so that open files need no copy of it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// A token of a text: a word's number, and the highest bit set when one plain space stands before it.
pub(super) type Token = u32;

/// Set in a token with one plain space before it.
pub(super) const SPACED: Token = 1 << 31;
/// The start of a file.
pub(super) const FILE: Token = 0;
/// The start of a line as deep as the one before.
pub(super) const SAME: Token = 1;
/// The start of a line deeper than the one before.
pub(super) const DEEPER: Token = 2;
/// The start of a line less deep than the one before.
pub(super) const SHALLOWER: Token = 3;
/// Text that is not worth reading.
pub(super) const DATA: Token = 4;
/// The first number of a word.
const FIRST: u32 = 5;

/// A token without its space.
pub(super) fn word_of(token: Token) -> Token {
    token & !SPACED
}

/// Whether one plain space stands before a token.
pub(super) fn is_spaced(token: Token) -> bool {
    token & SPACED != 0
}

/// Whether what stands before a token ends a line there: the next line begins, or the next file.
pub(super) fn ends_line(token: Token) -> bool {
    token <= SHALLOWER
}

/// Words in the order they were first seen.
#[derive(Default)]
pub(super) struct Vocabulary {
    below: Option<Arc<Vocabulary>>,
    text: String,
    ends: Vec<u32>,
    /// Open addressing: a word's index plus one, zero for a free place. Its length is a power of two or zero.
    table: Vec<u32>,
}

impl Vocabulary {
    /// An empty vocabulary on top of `below`.
    pub(super) fn over(below: Arc<Vocabulary>) -> Self {
        Self { below: Some(below), ..Self::default() }
    }

    fn first(&self) -> u32 {
        self.below.as_ref().map_or(FIRST, |below| below.end())
    }

    /// One more than the highest number.
    pub(super) fn end(&self) -> u32 {
        self.first() + u32::try_from(self.ends.len()).expect("`intern` stops below")
    }

    /// Words that are not in the vocabulary below.
    pub(super) fn own(&self) -> usize {
        self.ends.len()
    }

    /// Bytes held on the heap, without the vocabulary below.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + 4 * (self.ends.capacity() + self.table.capacity())
    }

    /// Gives back what growing left over.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The text of a word's number; empty for marks of files and lines.
    pub(super) fn word(&self, word: u32) -> &str {
        let first = self.first();
        if word < first {
            return self.below.as_ref().map_or("", |below| below.word(word));
        }
        self.own_word((word - first) as usize)
    }

    fn own_word(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..end as usize]
    }

    /// The numbers of all words that begin with `part`, without those of the vocabulary below.
    pub(super) fn starting(&self, part: &str) -> impl Iterator<Item = u32> {
        let begins = move |&word: &u32| self.word(word).starts_with(part);
        (self.first()..self.end()).filter(begins)
    }

    /// The number of `word`, if it was seen.
    #[cfg(test)]
    pub(super) fn get(&self, word: &str) -> Option<u32> {
        self.find(word, hash(word))
    }

    fn find(&self, word: &str, hash: u64) -> Option<u32> {
        if let Some(found) = self.below.as_ref().and_then(|below| below.find(word, hash)) {
            return Some(found);
        }
        let index = self.slot(word, hash).ok()?;
        Some(self.first() + index)
    }

    /// The index of `word` in this table, or the free place where it belongs (`None` without a table).
    fn slot(&self, word: &str, hash: u64) -> Result<u32, Option<usize>> {
        if self.table.is_empty() {
            return Err(None);
        }
        let mask = self.table.len() - 1;
        let mut at = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default() & mask;
        loop {
            match self.table[at] {
                0 => return Err(Some(at)),
                entry if self.own_word(entry as usize - 1) == word => return Ok(entry - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The number of `word`, given now if it has none.
    pub(super) fn intern(&mut self, word: &str) -> u32 {
        let hash = hash(word);
        if let Some(found) = self.find(word, hash) {
            return found;
        }
        let Ok(end) = u32::try_from(self.text.len() + word.len()) else { return DATA };
        if self.ends.len() * 4 >= self.table.len() * 3 {
            self.grow();
        }
        let Err(Some(free)) = self.slot(word, hash) else { return DATA };
        self.text.push_str(word);
        self.ends.push(end);
        self.table[free] = u32::try_from(self.ends.len()).expect("texts are not empty, so there are fewer than bytes");
        self.end() - 1
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(64)];
        for index in 0..self.ends.len() {
            let word = self.own_word(index);
            if let Err(Some(free)) = self.slot(word, hash(word)) {
                self.table[free] = u32::try_from(index + 1).expect("as in `intern`");
            }
        }
    }
}

/// The standard library's keyed hash with its fixed key: the same on every run, and not easily steered by a hostile file.
fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_its_number_and_its_text() {
        let mut words = Vocabulary::default();
        let numbers: Vec<_> = (0..1_000).map(|n| words.intern(&format!("word{n}"))).collect();
        for (n, &number) in numbers.iter().enumerate() {
            let text = format!("word{n}");
            assert_eq!((words.get(&text), words.word(number)), (Some(number), text.as_str()));
        }
        assert_eq!((words.get("other"), words.word(FILE), words.word(u32::MAX)), (None, "", ""));
    }

    #[test]
    fn a_vocabulary_on_another_repeats_none_of_its_words() {
        let mut below = Vocabulary::default();
        let known = below.intern("known");
        let mut above = Vocabulary::over(Arc::new(below));
        assert_eq!(above.intern("known"), known);
        let new = above.intern("new");
        assert_eq!((above.own(), above.word(known), above.word(new)), (1, "known", "new"));
        assert!(new > known);
    }
}
