//! From a place in a text to the text that is shown there.
//!
//! Owns reading the cursor's line, predicting it token by token, and what of the prediction may be shown: nothing that stands
//! right of the cursor or on the next line already. It knows nothing of where the text came from.

use std::ops::Range;

use super::{
    blend::{self, Guess, Sources, Wanted},
    lex,
    sequence::{self, Reader},
    vocabulary::{Token, Vocabulary, ends_line, is_spaced, word_of},
    workspace::Workspace,
};

/// The most tokens predicted for one line.
pub(super) const MAX_TOKENS: usize = 60;

/// A place in a text.
pub(super) struct Place<'a> {
    /// Tokens of the lines before the cursor's.
    pub(super) before: &'a [Token],
    /// Tokens of the lines after the cursor's.
    pub(super) after: &'a [Token],
    /// Depth of the last line before the cursor's with something on it.
    pub(super) columns: usize,
    /// The cursor's line up to the cursor.
    pub(super) left: &'a str,
    /// The text after the cursor, this line's rest first.
    pub(super) suffix: &'a str,
}

/// What is known beside the text itself.
pub(super) struct Known<'a> {
    /// The workspace's model.
    pub(super) workspace: &'a Workspace,
    /// Its places that are older states of open files.
    pub(super) skip: &'a [Range<u32>],
    /// Tokens of the other open files.
    pub(super) open: &'a [&'a [Token]],
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    /// How sure all of it must be together.
    pub(super) threshold: f64,
    /// The most tokens.
    pub(super) tokens: usize,
}

/// What belongs at `place`: a part of one line, or nothing when that is not sure enough.
pub(super) fn complete(place: &Place<'_>, known: &Known<'_>, words: &mut Vocabulary, ask: Ask) -> String {
    let right = first_line(place.suffix);
    if place.left.ends_with(lex::is_word) && right.starts_with(lex::is_word) {
        return String::new(); // inside a word
    }
    let Some(start) = Start::read(place, words) else { return String::new() };
    let sources = Sources { words, workspace: known.workspace, skip: known.skip, after: place.after, open: known.open };
    let (text, met) = predict(&sources, &start, Junction::at(right), ask);
    let text = text.trim_end();
    let crosses = right.contains(lex::is_word) && !met;
    if crosses || repeats(place.left, text, place.suffix) { String::new() } else { text.to_owned() }
}

/// The cursor's line as the model sees it.
struct Start<'a> {
    history: Vec<Token>,
    wanted: Wanted<'a>,
}

impl<'a> Start<'a> {
    fn read(place: &Place<'a>, words: &mut Vocabulary) -> Option<Self> {
        let (indent, columns) = lex::indentation(place.left);
        let content = &place.left[indent..];
        if content.len() > lex::MAX_LINE {
            return None;
        }
        let done = content.trim_end_matches(lex::is_word);
        let typed = &content[done.len()..];
        let blank = &done[done.trim_end().len()..];
        let read = if blank == " " { done.trim_end() } else { done };
        let mut history = place.before.to_vec();
        history.push(Reader::at(place.columns).mark(columns));
        sequence::part(read, words, &mut history);
        let wanted = match (typed, blank) {
            ("", " ") => Wanted::Spaced,
            ("", "") if !done.is_empty() => Wanted::Any,
            ("", _) => Wanted::Unspaced,
            _ => Wanted::Starting(typed),
        };
        Some(Self { history, wanted })
    }
}

/// What the text right of the cursor begins with: there a prediction has filled the gap.
struct Junction<'a> {
    first: Option<&'a str>,
    open: usize,
}

impl<'a> Junction<'a> {
    fn at(right: &'a str) -> Self {
        Self { first: lex::pieces(right.trim()).next().map(|piece| piece.text), open: 0 }
    }

    /// Whether `word` ends the gap: it stands there already (then `Some(true)`), or closes a bracket that only the text there
    /// can close.
    fn meets(&mut self, word: &str) -> Option<bool> {
        let first = self.first?;
        let closes = matches!(word, ")" | "]" | "}");
        if self.open == 0 && (closes || word == first) {
            return Some(word == first);
        }
        match word {
            "(" | "[" | "{" => self.open += 1,
            _ if closes => self.open -= 1,
            _ => {}
        }
        None
    }
}

/// The longest text that is sure enough, and whether it ends where the text right of the cursor begins.
fn predict(sources: &Sources<'_>, start: &Start<'_>, mut junction: Junction<'_>, ask: Ask) -> (String, bool) {
    let mut history = start.history.clone();
    let known = history.len();
    let mut wanted = start.wanted;
    let (mut text, mut sure) = (String::new(), 1.0);
    for _ in 0..ask.tokens.min(MAX_TOKENS) {
        let Some(Guess { token, probability }) = blend::guess(sources, &history, known, wanted) else { break };
        let word = sources.words.word(word_of(token));
        if ends_line(token) || word.is_empty() {
            break;
        }
        if !matches!(wanted, Wanted::Starting(_))
            && let Some(met) = junction.meets(word)
        {
            return (text, met);
        }
        sure *= probability;
        if sure.is_nan() || sure < ask.threshold {
            break;
        }
        match wanted {
            Wanted::Starting(part) => text.push_str(&word[part.len()..]),
            Wanted::Any if is_spaced(token) => text.extend([" ", word]),
            _ => text.push_str(word),
        }
        history.push(token);
        wanted = Wanted::Any;
    }
    (text, false)
}

fn first_line(text: &str) -> &str {
    lex::lines(text).next().map_or("", |(_, line)| line)
}

/// Whether showing `text` after `left` would show what `suffix` begins with, or its next line, once more.
fn repeats(left: &str, text: &str, suffix: &str) -> bool {
    if text.is_empty() {
        return false;
    }
    let right = first_line(suffix).trim();
    if !right.is_empty()
        && (right.starts_with(text.trim()) || text.ends_with(lex::is_word) && right.starts_with(lex::is_word))
    {
        return true;
    }
    let mut next = lex::lines(suffix).skip(1).map(|(_, line)| line.trim_end()).filter(|line| !line.is_empty());
    let Some(next) = next.next() else { return false };
    let rest = next.strip_prefix(left).and_then(|next| next.strip_prefix(text));
    rest.is_some_and(|rest| rest.is_empty() || left.trim().is_empty())
}

#[cfg(test)]
mod tests;
