//! The workspace's model: all its tokens, sorted by what stands before them.
//!
//! Owns a suffix array of the reversed text: eight bytes a token (the token, and its place in the order), and nothing per
//! context. All places after one context are neighbours, and those after a longer one are a part of them, so the places after
//! the contexts of every length are found by one narrowing search. It is built once and never changed.

use std::{ops::Range, sync::Arc};

use super::{
    lex,
    sequence::Reader,
    vocabulary::{FILE, Token, Vocabulary, word_of},
};

/// How many tokens of context are told apart.
pub(super) const MAX_ORDER: usize = 20;

/// The most words of one workspace: a place must fit into 32 bits.
const MAX_TOKENS: usize = 1 << 30;

/// A finished model.
#[derive(Default)]
pub(super) struct Workspace {
    /// The words of the workspace.
    pub(super) words: Arc<Vocabulary>,
    tokens: Vec<Token>,
    /// Places in `tokens`, sorted by the word there, then by the word before it, and so on.
    order: Vec<u32>,
    /// Where the places of each word begin in `order`; one more entry than words.
    starts: Vec<u32>,
    files: Vec<File>,
}

struct File {
    relative: Box<str>,
    start: u32,
}

impl Workspace {
    /// Tokens kept.
    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Files kept.
    pub(super) fn files(&self) -> usize {
        self.files.len()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let files = self.files.capacity() * size_of::<File>()
            + self.files.iter().map(|file| file.relative.len()).sum::<usize>();
        self.words.bytes() + 4 * (self.tokens.capacity() + self.order.capacity() + self.starts.capacity()) + files
    }

    /// The tokens of the file `relative`.
    pub(super) fn span(&self, relative: &str) -> Option<Range<u32>> {
        let index = self.files.iter().position(|file| *file.relative == *relative)?;
        let end = self.files.get(index + 1).map_or(self.tokens.len(), |file| file.start as usize);
        Some(self.files[index].start..u32::try_from(end).unwrap_or(u32::MAX))
    }

    /// The words that begin with `part`, and how often each occurs.
    pub(super) fn starting(&self, part: &str) -> impl Iterator<Item = (u32, usize)> {
        self.words.starting(part).map(|word| (word, self.places_of(word).len()))
    }

    fn places_of(&self, word: u32) -> Range<usize> {
        let at = word as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The part of the order that stands after the last token of `history`, after its last two, and so on, as far as there is any.
    pub(super) fn contexts(&self, history: &[Token]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (depth, &token) in history.iter().rev().take(MAX_ORDER).enumerate() {
            let word = word_of(token);
            let range = match found.last() {
                None => self.places_of(word),
                Some(range) => self.narrow(range, depth, word),
            };
            if range.is_empty() {
                break;
            }
            found.push(range);
            if word == FILE {
                break;
            }
        }
        found
    }

    fn narrow(&self, range: &Range<usize>, depth: usize, word: u32) -> Range<usize> {
        let places = &self.order[range.clone()];
        let start = places.partition_point(|&place| before(&self.tokens, place, depth) < word);
        let length = places[start..].partition_point(|&place| before(&self.tokens, place, depth) == word);
        range.start + start..range.start + start + length
    }

    /// The place of an entry of the order, and the token that follows there (the mark of a file at the end).
    pub(super) fn next(&self, entry: usize) -> (u32, Token) {
        let place = self.order[entry];
        (place, self.tokens.get(place as usize + 1).copied().unwrap_or(FILE))
    }
}

/// The word `depth` tokens before `place`; nothing precedes the first token, which is the mark of a file.
fn before(tokens: &[Token], place: u32, depth: usize) -> u32 {
    (place as usize).checked_sub(depth).map_or(FILE, |at| word_of(tokens[at]))
}

/// Reads files into a [`Workspace`].
pub(super) struct Builder {
    words: Vocabulary,
    tokens: Vec<Token>,
    files: Vec<File>,
    most: usize,
}

impl Builder {
    /// A builder that keeps at most `most` tokens.
    pub(super) fn new(most: usize) -> Self {
        Self { words: Vocabulary::default(), tokens: Vec::new(), files: Vec::new(), most: most.min(MAX_TOKENS) }
    }

    /// Reads one file; gives whether there is room for more. What is over the limit is left out, by whole lines.
    pub(super) fn file(&mut self, relative: &str, text: &str) -> bool {
        let Ok(start) = u32::try_from(self.tokens.len()) else { return false };
        if self.tokens.len() >= self.most {
            return false;
        }
        self.files.push(File { relative: relative.into(), start });
        self.tokens.push(FILE);
        let mut reader = Reader::default();
        for (_, line) in lex::lines(text) {
            let full = self.tokens.len();
            reader.line(line, &mut self.words, &mut self.tokens);
            if self.tokens.len() > self.most {
                self.tokens.truncate(full);
                return false;
            }
        }
        true
    }

    /// Sorts what was read.
    pub(super) fn finish(mut self) -> Workspace {
        self.tokens.shrink_to_fit();
        self.files.shrink_to_fit();
        self.words.shrink();
        let (starts, order) = sort(&self.tokens, self.words.end());
        Workspace { words: Arc::new(self.words), tokens: self.tokens, order, starts, files: self.files }
    }
}

/// The places of `tokens` by word, each word's sorted by what stands before; and where each word's begin.
fn sort(tokens: &[Token], words: u32) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; words as usize + 1];
    for &token in tokens {
        starts[word_of(token) as usize + 1] += 1;
    }
    for word in 1..starts.len() {
        starts[word] += starts[word - 1];
    }
    let mut order = vec![0_u32; tokens.len()];
    let mut free = starts.clone();
    for (place, &token) in (0_u32..).zip(tokens) {
        let slot = &mut free[word_of(token) as usize];
        order[*slot as usize] = place;
        *slot += 1;
    }
    drop(free);
    for word in 0..words as usize {
        order[starts[word] as usize..starts[word + 1] as usize].sort_unstable_by(|&a, &b| {
            // Bounded, so that a file of one repeated line is not sorted in quadratic time.
            (1..MAX_ORDER)
                .map(|depth| before(tokens, a, depth).cmp(&before(tokens, b, depth)))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.cmp(&b))
        });
    }
    (starts, order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(files: &[(&str, &str)], most: usize) -> Workspace {
        let mut builder = Builder::new(most);
        for (relative, text) in files {
            if !builder.file(relative, text) {
                break;
            }
        }
        builder.finish()
    }

    fn followers(workspace: &Workspace, context: &[&str]) -> Vec<Vec<String>> {
        let history: Vec<Token> = context.iter().map(|word| workspace.words.get(word).unwrap_or(u32::MAX)).collect();
        let names = |range: Range<usize>| {
            let mut names: Vec<_> =
                range.map(|entry| workspace.words.word(word_of(workspace.next(entry).1)).to_owned()).collect();
            names.sort();
            names
        };
        workspace.contexts(&history).into_iter().map(names).collect()
    }

    #[test]
    fn what_follows_a_context_is_found_for_every_length_of_it() {
        let workspace = workspace(&[("a", "x = f(1)\ny = f(2)"), ("b", "x = f(3)")], 1_000);
        assert_eq!(
            followers(&workspace, &["x", "=", "f", "("]),
            [vec!["1", "2", "3"], vec!["1", "2", "3"], vec!["1", "2", "3"], vec!["1", "3"]]
        );
        assert_eq!(followers(&workspace, &["nothing"]), Vec::<Vec<String>>::new());
    }

    #[test]
    fn every_context_of_every_place_holds_that_place() {
        let text = "a b a b a\n b a a\nb\n".repeat(7);
        let workspace = workspace(&[("one", &text), ("two", &text)], 10_000);
        for place in 0..workspace.tokens.len() {
            let history = &workspace.tokens[..=place];
            for range in workspace.contexts(history) {
                assert!(range.into_iter().any(|entry| workspace.order[entry] as usize == place));
            }
        }
    }

    #[test]
    fn a_workspace_stops_at_its_limit_between_lines() {
        let workspace = workspace(&[("a", "one two\nthree four five"), ("b", "six")], 6);
        assert_eq!((workspace.files(), workspace.tokens()), (1, 4));
        assert_eq!(workspace.span("a"), Some(0..4));
        assert_eq!(workspace.span("b"), None);
    }

    #[test]
    fn a_file_of_one_repeated_line_is_sorted_soon() {
        let workspace = workspace(&[("a", &"0, 0, 0, 0, 0, 0\n".repeat(5_000))], 1_000_000);
        assert_eq!(workspace.contexts(&[workspace.words.get("0").expect("read")]).len(), 1);
    }

    #[test]
    fn nothing_gives_nothing() {
        let workspace = Workspace::default();
        assert_eq!((workspace.tokens(), workspace.contexts(&[SAME]).len()), (0, 0));
    }

    use super::super::vocabulary::SAME;
}
