//! Which places of a workspace a question is about.
//!
//! Owns cutting texts into chunks, splitting names into their words, and ranking chunks by how rare and how frequent the
//! question's words are in them (BM25). Nothing is kept between questions: the text is always the present one.

use std::{collections::HashMap, ops::Range};

use super::lex;

/// The most words of a question that are looked for.
const MAX_TERMS: usize = 64;
/// Lines after which a chunk ends at a blank or unindented line, and after which it ends anyway.
const CHUNK: (usize, usize) = (12, 40);
/// The most places in an answer, and of one file.
const MOST: (usize, usize) = (5, 2);
/// Places below this part of the best one's score are left out.
const WEAK: f64 = 0.35;
/// How often a word of the path counts.
const PATH: u16 = 2;

/// Words that say nothing about code.
const COMMON: &[&str] = &[
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "code", "could",
    "do", "does", "explain", "file", "files", "find", "for", "from", "give", "had", "has", "have", "how", "i", "if",
    "in", "into", "is", "it", "its", "just", "like", "me", "my", "not", "of", "on", "or", "our", "out", "please",
    "project", "should", "show", "so", "some", "tell", "than", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why",
    "will", "with", "would", "you", "your",
];

/// A question's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    terms: Vec<String>,
}

impl Terms {
    /// The words of `question` that say something; all of them when none does.
    pub(super) fn of(question: &str) -> Self {
        let telling = words(question).filter(|word| !COMMON.contains(&word.to_lowercase().as_str()));
        let mut terms = Self::unique(telling);
        if terms.is_empty() {
            terms = Self::unique(words(question));
        }
        Self { terms }
    }

    fn unique<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut terms: Vec<String> = Vec::new();
        for word in words {
            each_term(word, &mut |term| {
                if terms.len() < MAX_TERMS && !terms.iter().any(|known| known == term) {
                    terms.push(term.to_owned());
                }
            });
        }
        terms
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    fn index(&self) -> HashMap<&str, usize> {
        self.terms.iter().enumerate().map(|(at, term)| (term.as_str(), at)).collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !lex::is_word(character)).filter(|word| !word.is_empty() && word.len() <= 128)
}

/// Shows the terms of a word: its parts (`parse_httpHeader`: parse, http, header), and the whole when it has several.
fn each_term(word: &str, each: &mut impl FnMut(&str)) {
    let mut parts = 0;
    for part in word.split('_').flat_map(humps) {
        parts += 1;
        each(stem(&part.to_lowercase()));
    }
    if parts > 1 {
        each(&word.to_lowercase());
    }
}

/// The parts of a name in camel case, without the empty ones.
fn humps(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let mut characters = rest.char_indices().peekable();
        let (_, mut before) = characters.next()?;
        let mut end = rest.len();
        while let Some((at, character)) = characters.next() {
            let next_is_small = characters.peek().is_some_and(|(_, next)| next.is_lowercase());
            let begins = character.is_uppercase() && (!before.is_uppercase() || next_is_small);
            if begins || character.is_numeric() != before.is_numeric() {
                end = at;
                break;
            }
            before = character;
        }
        let (part, left) = rest.split_at(end);
        rest = left;
        Some(part)
    })
}

/// A word without the ending of a plural.
fn stem(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(short) if word.len() > 3 && !short.ends_with('s') => short,
        _ => word,
    }
}

/// A place that fits a question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    /// Which file, counted in the order they were added.
    pub(super) file: usize,
    /// Its lines, from zero.
    pub(super) lines: Range<usize>,
    /// The better it fits the higher.
    pub(super) score: f64,
}

struct Chunk {
    file: usize,
    lines: Range<usize>,
    length: u32,
    /// How often each of the question's words stands in it.
    counts: Vec<u16>,
}

/// A search over files that are shown to it one by one.
pub(super) struct Search<'a> {
    terms: HashMap<&'a str, usize>,
    files: usize,
    chunks: usize,
    words: u64,
    matching: Vec<Chunk>,
}

impl<'a> Search<'a> {
    /// A search for `terms` that has seen nothing yet.
    pub(super) fn new(terms: &'a Terms) -> Self {
        Self { terms: terms.index(), files: 0, chunks: 0, words: 0, matching: Vec::new() }
    }

    /// Looks at the next file.
    pub(super) fn file(&mut self, relative: &str, text: &str) {
        let mut path = vec![0; self.terms.len()];
        self.count(relative, &mut path);
        let lines: Vec<&str> = lex::lines(text).map(|(_, line)| line).collect();
        for range in chunks(&lines) {
            let mut counts = vec![0; self.terms.len()];
            let length = lines[range.clone()].iter().map(|line| self.count(line, &mut counts)).sum();
            self.chunks += 1;
            self.words += u64::from(length);
            if counts.iter().any(|&count| count > 0) {
                for (count, &in_path) in counts.iter_mut().zip(&path) {
                    *count = count.saturating_add(in_path.min(1) * PATH);
                }
                self.matching.push(Chunk { file: self.files, lines: range, length, counts });
            }
        }
        self.files += 1;
    }

    /// Adds the terms of `text` to `counts`; gives how many words it has.
    fn count(&self, text: &str, counts: &mut [u16]) -> u32 {
        let mut length = 0;
        if text.len() > lex::MAX_LINE {
            return length;
        }
        for word in words(text) {
            length += 1;
            each_term(word, &mut |term| {
                if let Some(&at) = self.terms.get(term) {
                    counts[at] = counts[at].saturating_add(1);
                }
            });
        }
        length
    }

    /// The best places, best first: few, and not all of one file.
    pub(super) fn best(&self) -> Vec<Hit> {
        let rarity = self.rarity();
        let average = as_f64(self.words) / as_f64(self.chunks.max(1) as u64);
        let mut hits: Vec<Hit> = self.matching.iter().map(|chunk| hit(chunk, &rarity, average.max(1.0))).collect();
        hits.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| (a.file, a.lines.start).cmp(&(b.file, b.lines.start)))
        });
        let floor = hits.first().map_or(0.0, |best| best.score * WEAK);
        let mut of_file: HashMap<usize, usize> = HashMap::new();
        hits.retain(|hit| {
            let seen = of_file.entry(hit.file).or_default();
            *seen += 1;
            hit.score >= floor && *seen <= MOST.1
        });
        hits.truncate(MOST.0);
        hits
    }

    /// How much each term says, by the number of chunks it stands in.
    fn rarity(&self) -> Vec<f64> {
        let mut found = vec![0_u64; self.terms.len()];
        for chunk in &self.matching {
            for (found, &count) in found.iter_mut().zip(&chunk.counts) {
                *found += u64::from(count > 0);
            }
        }
        let all = as_f64(self.chunks as u64);
        found
            .into_iter()
            .map(|found| (1.0 + (all - as_f64(found) + 0.5).max(0.5) / (as_f64(found) + 0.5)).ln())
            .collect()
    }
}

fn hit(chunk: &Chunk, rarity: &[f64], average: f64) -> Hit {
    const SATURATION: f64 = 1.2;
    const LENGTH: f64 = 0.75;
    let norm = SATURATION * (1.0 - LENGTH + LENGTH * f64::from(chunk.length) / average);
    let terms = chunk.counts.iter().zip(rarity).map(|(&count, rarity)| {
        let count = f64::from(count);
        rarity * count * (SATURATION + 1.0) / (count + norm)
    });
    Hit { file: chunk.file, lines: chunk.lines.clone(), score: terms.sum() }
}

#[expect(clippy::cast_precision_loss, reason = "counts of words and chunks are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The lines of a text in pieces that belong together, without blank lines at either end.
fn chunks(lines: &[&str]) -> Vec<Range<usize>> {
    let is_blank = |at: &usize| lines[*at].trim().is_empty();
    let mut found = Vec::new();
    let mut start = 0;
    while start < lines.len() {
        let soft = start + CHUNK.0;
        let hard = (start + CHUNK.1).min(lines.len());
        let border = |at: &usize| {
            is_blank(at) || lines[*at].starts_with(|first: char| first.is_alphanumeric() || "#@/".contains(first))
        };
        let end = (soft..hard).find(border).unwrap_or(hard);
        let first = (start..end).find(|at| !is_blank(at));
        let last = (start..end).rev().find(|at| !is_blank(at));
        if let (Some(first), Some(last)) = (first, last) {
            found.push(first..last + 1);
        }
        start = end;
    }
    found
}

/// The part of a place that is worth quoting: at most `most` lines, where the question's words are densest.
pub(super) fn excerpt(terms: &Terms, lines: &[&str], most: usize) -> Range<usize> {
    let index = terms.index();
    let weight = |line: &&str| {
        let mut found = 0_usize;
        for word in words(line) {
            each_term(word, &mut |term| found += usize::from(index.contains_key(term)));
        }
        found
    };
    let weights: Vec<usize> = lines.iter().map(weight).collect();
    let length = most.min(lines.len());
    let sum = |start: usize| weights[start..start + length].iter().sum::<usize>();
    let start =
        (0..=lines.len() - length).max_by_key(|&start| (sum(start), std::cmp::Reverse(start))).unwrap_or_default();
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(question: &str) -> Vec<String> {
        Terms::of(question).terms
    }

    fn found(question: &str, files: &[(&str, &str)]) -> Vec<(usize, Range<usize>)> {
        let terms = Terms::of(question);
        let mut search = Search::new(&terms);
        for (relative, text) in files {
            search.file(relative, text);
        }
        search.best().into_iter().map(|hit| (hit.file, hit.lines)).collect()
    }

    #[test]
    fn a_name_is_found_by_its_parts_and_as_a_whole() {
        assert_eq!(terms("parse_HTTPHeader2"), ["parse", "http", "header", "2", "parse_httpheader2"]);
        assert_eq!(terms("Größen"), ["größen"]);
        assert_eq!(terms("where are sessions stored?"), ["session", "stored"]);
        assert_eq!(terms("what is this?"), ["what", "is", "thi"]);
        assert_eq!(terms("?!"), [""; 0]);
    }

    #[test]
    fn the_place_with_the_rarer_word_comes_first() {
        let files =
            [("a.rs", "fn open() { read file }"), ("b.rs", "fn checksum() { read }"), ("c.rs", "read read read")];
        assert_eq!(found("read checksum", &files)[0].0, 1);
    }

    #[test]
    fn a_camel_case_question_finds_a_snake_case_name() {
        assert_eq!(found("sessionId", &[("a", "x"), ("b", "let session_id = 1;")]), [(1, 0..1)]);
    }

    #[test]
    fn one_file_does_not_fill_the_answer() {
        let long = "needle = 1\n\n".repeat(100);
        let hits = found("needle", &[("a", &long), ("b", "needle"), ("c", "needle"), ("d", "needle"), ("e", "needle")]);
        assert_eq!(hits.len(), MOST.0);
        assert!(hits.iter().filter(|(file, _)| *file == 0).count() <= MOST.1);
    }

    #[test]
    fn nothing_is_found_where_nothing_fits() {
        assert_eq!(found("absent", &[("a", "present"), ("b", "")]), []);
        assert_eq!(found("", &[("a", "present")]), []);
    }

    #[test]
    fn chunks_cover_every_line_that_is_not_blank() {
        let text = format!("{}\n\n\nfn b() {{\n{}}}\n", "a\n".repeat(90), "    c\n".repeat(60));
        let lines: Vec<&str> = text.lines().collect();
        let chunks = chunks(&lines);
        for (at, line) in lines.iter().enumerate() {
            let times = chunks.iter().filter(|chunk| chunk.contains(&at)).count();
            assert!(times == 1 || times == 0 && line.is_empty(), "line {at} {times} times");
        }
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK.1));
    }

    #[test]
    fn an_excerpt_is_taken_where_the_words_are() {
        let mut lines = vec!["nothing"; 30];
        lines[20] = "the needle";
        let range = excerpt(&Terms::of("needle"), &lines, 8);
        assert!(range.len() == 8 && range.contains(&20));
        assert_eq!(excerpt(&Terms::of("needle"), &lines[..3], 8), 0..3);
    }
}
