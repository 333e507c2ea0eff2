//! What is looked for: words and phrases. Owns how a query is read, and how close together its words stand in a text.

use std::ops::Range;

use memchr::memmem::Finder;

use super::{MAX_QUERY_CHARS, fold::folded};

/// The most places of one word that are weighed in one text.
const MAX_PLACES: usize = 8;

/// A query, folded.
#[derive(Debug)]
pub(super) struct Query {
    /// Each once, in the order of the query.
    terms: Vec<Vec<u8>>,
    /// All of them as one text.
    whole: Vec<u8>,
}

/// How close together the words of a query stand; less is closer. 0: as in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Closeness(u32);

/// Where in a text the words stand closest together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) closeness: Closeness,
    pub(super) start: usize,
}

impl Query {
    /// Reads a query: words, and phrases in double quotes. A quote that is not closed reaches to the end.
    pub(super) fn new(query: &str) -> Self {
        let end = query.char_indices().nth(MAX_QUERY_CHARS).map_or(query.len(), |(at, _)| at);
        let mut parts: Vec<&str> = Vec::new();
        for (index, part) in query[..end].split('"').enumerate() {
            if index % 2 == 0 {
                parts.extend(part.split_whitespace());
            } else {
                parts.push(part.trim());
            }
        }
        parts.retain(|part| !part.is_empty());
        let mut terms: Vec<Vec<u8>> = Vec::new();
        for part in &parts {
            let term = folded(part);
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        Self { terms, whole: folded(&parts.join(" ")) }
    }

    /// The query made ready to look with; `None` when it asks for nothing.
    pub(super) fn search(&self) -> Option<Search<'_>> {
        let longest = self.terms.iter().max_by_key(|term| term.len())?;
        Some(Search {
            anchor: Finder::new(longest),
            terms: self.terms.iter().map(Finder::new).collect(),
            words: self.terms.iter().map(Vec::len).sum(),
            whole: Finder::new(&self.whole),
        })
    }
}

/// A query that looks through texts.
pub(super) struct Search<'a> {
    /// The longest term, which is likely the rarest.
    pub(super) anchor: Finder<'a>,
    terms: Vec<Finder<'a>>,
    /// Bytes of all terms.
    words: usize,
    whole: Finder<'a>,
}

impl Search<'_> {
    /// Where the words stand closest together in `text`, if it has all of them.
    pub(super) fn place(&self, text: &[u8], desk: &mut Desk) -> Option<Place> {
        if let Some(start) = self.whole.find(text) {
            return Some(Place { closeness: Closeness(0), start });
        }
        self.look(text, desk).then(|| self.closest(desk))
    }

    /// The bytes of terms in `text`, in order; each term's first ones.
    pub(super) fn matches(&self, text: &[u8]) -> Vec<Range<usize>> {
        let of = |term: usize| self.places(term, text).map(move |at| at..at + self.length(term));
        let mut matches: Vec<_> = (0..self.terms.len()).flat_map(of).collect();
        matches.sort_unstable_by_key(|range| (range.start, range.end));
        matches
    }

    /// Puts on the desk where terms stand, in order, and which; false as soon as one stands nowhere.
    fn look(&self, text: &[u8], desk: &mut Desk) -> bool {
        desk.places.clear();
        for term in 0..self.terms.len() {
            let before = desk.places.len();
            desk.places.extend(self.places(term, text).map(|at| (at, term)));
            if desk.places.len() == before {
                return false;
            }
        }
        desk.places.sort_unstable();
        true
    }

    fn places(&self, term: usize, text: &[u8]) -> impl Iterator<Item = usize> {
        self.terms[term].find_iter(text).take(MAX_PLACES)
    }

    /// The shortest stretch that has every term at least once, the first of those; the desk has every term.
    fn closest(&self, Desk { places, inside }: &mut Desk) -> Place {
        inside.clear();
        inside.resize(self.terms.len(), 0);
        let (mut missing, mut first) = (self.terms.len(), 0);
        let mut best = (usize::MAX, 0);
        for &(at, term) in &*places {
            missing -= usize::from(inside[term] == 0);
            inside[term] += 1;
            while missing == 0 {
                let (start, dropped) = places[first];
                best = best.min(((at + self.length(term)).saturating_sub(start), start));
                inside[dropped] -= 1;
                missing += usize::from(inside[dropped] == 0);
                first += 1;
            }
        }
        let (stretch, start) = best;
        // In powers of two: a word more or less between two of them says nothing.
        let between = stretch.saturating_sub(self.words);
        Place { closeness: Closeness(2 + between.checked_ilog2().unwrap_or(0)), start }
    }

    fn length(&self, term: usize) -> usize {
        self.terms[term].needle().len()
    }
}

/// What is noted while one text is weighed, kept from text to text so that nothing is allocated for each.
#[derive(Debug, Default)]
pub(super) struct Desk {
    places: Vec<(usize, usize)>,
    inside: Vec<u32>,
}
