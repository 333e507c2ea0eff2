//! The part of a message that a hit is shown with. Pure: the original text and the query in, one short line out.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{
    fold::{fold, folded_len, push},
    query::{Desk, Query},
};

/// The longest snippet, in characters.
const MAX: usize = 160;
/// The most characters in front of what was found.
const BEFORE: usize = 40;

/// One line of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// At most 160 characters on one line; an ellipsis where something was left out.
    pub text: String,
    /// Bytes of `text` that match words of the query, in order, apart from each other.
    pub highlights: Vec<Range<usize>>,
}

/// The part of `text` where the words of `query` stand closest together; its beginning where they do not all stand.
pub fn snippet(text: &str, query: &str) -> Snippet {
    let found = Matches::new(text, query);
    let start = start(text, found.first);
    let mut line = Line { chars: Vec::with_capacity(MAX + 1) };
    if start > 0 {
        line.chars.push(('…', false));
    }
    for (at, c) in text[start..].char_indices() {
        if line.chars.len() > MAX {
            break;
        }
        line.push(c, found.has(start + at));
    }
    line.finish()
}

/// What of the original text matches.
struct Matches {
    /// In order; they may overlap.
    ranges: Vec<Range<usize>>,
    /// Where the line should be about.
    first: usize,
}

impl Matches {
    fn new(text: &str, query: &str) -> Self {
        let query = Query::new(query);
        let nothing = Self { ranges: Vec::new(), first: 0 };
        let Some(search) = query.search() else { return nothing };
        let mut folded = Zeroizing::new(Vec::with_capacity(folded_len(text)));
        // Where each character of the original begins in the folded text.
        let mut places: Vec<(usize, Range<usize>)> = Vec::new();
        fold(text, |c, original| {
            if places.last().is_none_or(|(_, last)| *last != original) {
                places.push((folded.len(), original));
            }
            push(&mut folded, c);
        });
        let original = |at: usize| places[places.partition_point(|(begin, _)| *begin <= at) - 1].1.clone();
        let ranges = search.matches(&folded);
        let Some(place) = search
            .place(&folded, &mut Desk::default())
            .map(|place| place.start)
            .or(ranges.first().map(|one| one.start))
        else {
            return nothing;
        };
        let first = original(place).start;
        Self {
            ranges: ranges.into_iter().map(|one| original(one.start).start..original(one.end - 1).end).collect(),
            first,
        }
    }

    fn has(&self, at: usize) -> bool {
        self.ranges.iter().any(|range| range.contains(&at))
    }
}

/// Where the line begins: at the beginning, or a few words before `first`.
fn start(text: &str, first: usize) -> usize {
    let Some((earliest, _)) = text[..first].char_indices().rev().nth(BEFORE) else { return 0 };
    // With a whole word, where there is one.
    let before = &text[earliest..first];
    before
        .find(char::is_whitespace)
        .map_or(earliest, |blank| earliest + blank + before[blank..].len() - before[blank..].trim_start().len())
}

/// Characters of the line, and whether each matches.
struct Line {
    chars: Vec<(char, bool)>,
}

impl Line {
    /// Adds a character as it is shown: blanks become one space, and nothing moves a cursor.
    fn push(&mut self, c: char, matches: bool) {
        if !c.is_whitespace() {
            self.chars.push((if c.is_control() { '\u{fffd}' } else { c }, matches));
        } else if let Some(last) = self.chars.last_mut().filter(|last| last.0 == ' ') {
            last.1 |= matches;
        } else if !self.chars.is_empty() {
            self.chars.push((' ', matches));
        }
    }

    fn finish(mut self) -> Snippet {
        let cut = self.chars.len() > MAX;
        self.chars.truncate(if cut { MAX - 1 } else { MAX });
        while self.chars.last().is_some_and(|last| last.0 == ' ') {
            self.chars.pop();
        }
        if cut {
            self.chars.push(('…', false));
        }
        let mut snippet = Snippet::default();
        for (c, matches) in self.chars {
            let at = snippet.text.len();
            snippet.text.push(c);
            match snippet.highlights.last_mut().filter(|last| last.end == at) {
                _ if !matches => {}
                Some(last) => last.end = snippet.text.len(),
                None => snippet.highlights.push(at..snippet.text.len()),
            }
        }
        snippet
    }
}
