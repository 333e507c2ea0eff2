//! What was suggested before: answers without asking when a person types through a suggestion or comes back to it.
//!
//! Pure: it compares texts round a place and keeps a bounded list. Nothing here expires by time; a suggestion is right as
//! long as the text round it is the one it was made for.

use std::collections::VecDeque;

use aside_text::Document;

/// Suggestions kept, over all documents.
const KEPT: usize = 64;
/// Bytes before the place that have to be the same for a suggestion to fit again.
const BEFORE: usize = 512;
/// Bytes after the cursor that have to be the same.
const AFTER: usize = 128;
/// Documents whose latest place is kept.
const PLACES: usize = 8;

/// A suggestion and the text round the place that it was made for.
pub(super) struct Remembered {
    uri: String,
    model: String,
    at: usize,
    before: String,
    after: String,
    text: String,
}

impl Remembered {
    /// Remembers that `model` suggested `text` at `at`.
    pub(super) fn new(document: &Document, at: usize, model: &str, text: &str) -> Self {
        Self {
            uri: document.uri().to_owned(),
            model: model.to_owned(),
            at,
            before: before(document, at),
            after: after(document, at),
            text: text.to_owned(),
        }
    }

    /// What is left of the suggestion at `at`, when everything typed since agrees with it.
    fn rest(&self, document: &Document, at: usize) -> Option<&str> {
        let typed = at.checked_sub(self.at)?;
        let rest = self.text.get(typed..).filter(|rest| !rest.trim().is_empty())?;
        let agrees = document.slice(self.at..at) == self.text[..typed]
            && before(document, self.at) == self.before
            && after(document, at) == self.after;
        agrees.then_some(rest)
    }
}

fn before(document: &Document, at: usize) -> String {
    document.slice(at.saturating_sub(BEFORE)..at)
}

fn after(document: &Document, at: usize) -> String {
    document.slice(at..at.saturating_add(AFTER).min(document.len_bytes()))
}

/// The suggestions made lately, and where in each document a completion was asked for last.
#[derive(Default)]
pub(super) struct Memory {
    suggestions: VecDeque<Remembered>,
    places: VecDeque<(String, usize)>,
}

impl Memory {
    /// The newest remembered suggestion of `model` that still fits at `at`, less what was typed of it.
    pub(super) fn recall(&self, document: &Document, at: usize, model: &str) -> Option<String> {
        let fits = |one: &&Remembered| one.uri == document.uri() && one.model == model;
        self.suggestions.iter().rev().filter(fits).find_map(|one| one.rest(document, at)).map(str::to_owned)
    }

    /// Keeps a suggestion; the oldest goes when there are too many.
    pub(super) fn remember(&mut self, one: Remembered) {
        if self.suggestions.len() == KEPT {
            self.suggestions.pop_front();
        }
        self.suggestions.push_back(one);
    }

    /// Notes that a completion was asked for at `at` of `uri`.
    pub(super) fn visit(&mut self, uri: &str, at: usize) {
        self.places.retain(|(known, _)| known != uri);
        if self.places.len() == PLACES {
            self.places.pop_front();
        }
        self.places.push_back((uri.to_owned(), at));
    }

    /// The latest place of each document, oldest visit first.
    pub(super) fn places(&self) -> Vec<(String, usize)> {
        self.places.iter().cloned().collect()
    }

    /// Drops what belongs to a closed document.
    pub(super) fn forget(&mut self, uri: &str) {
        self.suggestions.retain(|one| one.uri != uri);
        self.places.retain(|(known, _)| known != uri);
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.suggestions.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::open("file:///w/a.py", "python", 1, text).expect("small text")
    }

    /// Suggests `text` at `|` of the first document, then looks at `|` of the second.
    fn recall(first: &str, text: &str, second: &str) -> Option<String> {
        let place = |marked: &str| (marked.find('|').expect("a cursor"), document(&marked.replace('|', "")));
        let ((at, made_for), (now_at, now)) = (place(first), place(second));
        let mut memory = Memory::default();
        memory.remember(Remembered::new(&made_for, at, "m", text));
        memory.recall(&now, now_at, "m")
    }

    #[test]
    fn typing_through_a_suggestion_leaves_its_rest() {
        assert_eq!(recall("x = |\n", "foo(1)", "x = fo|\n").as_deref(), Some("o(1)"));
        assert_eq!(recall("x = |\n", "größe + 1", "x = grö|\n").as_deref(), Some("ße + 1"));
    }

    #[test]
    fn the_same_place_gets_the_same_suggestion_again() {
        assert_eq!(recall("x = |\n", "foo(1)", "x = |\n").as_deref(), Some("foo(1)"));
    }

    #[test]
    fn anything_that_differs_from_the_suggestion_forgets_it() {
        for now in ["x = fa|\n", "y = fo|\n", "x = fo|)\n", "x = foo(1)|\n", "x =|\n"] {
            assert_eq!(recall("x = |\n", "foo(1)", now), None, "{now}");
        }
    }

    #[test]
    fn another_model_does_not_inherit_suggestions() {
        let (mut memory, here) = (Memory::default(), document("x"));
        memory.remember(Remembered::new(&here, 1, "m", " = 1"));
        assert_eq!(memory.recall(&here, 1, "other"), None);
    }

    #[test]
    fn memory_is_bounded_and_a_closed_document_leaves_nothing() {
        let (mut memory, here) = (Memory::default(), document("x"));
        for _ in 0..KEPT * 2 {
            memory.remember(Remembered::new(&here, 1, "m", " = 1"));
        }
        assert_eq!(memory.suggestions.len(), KEPT);
        memory.visit(here.uri(), 1);
        memory.forget(here.uri());
        assert!(memory.suggestions.is_empty() && memory.places().is_empty());
    }
}
