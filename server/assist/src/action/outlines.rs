//! Outlines of open documents, kept between requests: a document that was parsed before is parsed on from there.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aside_text::{Document, Grammar, Outline, Scope, Tree};
use tokio::{task::JoinHandle, time::timeout};

/// How many documents are remembered, the last used ones.
const MOST: usize = 16;
/// How many lines before and behind a place are looked at while the whole document is still being parsed.
const NEAR: usize = 150;
/// A longer document, in bytes, takes longer to parse than a menu may take.
const LARGE: usize = 96 << 10;

/// The outlines of one server. Cheap to clone: clones share them.
#[derive(Clone, Default)]
pub struct Outlines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    // Each is held for a look or a change only.
    known: Mutex<VecDeque<Known>>,
    /// What is being parsed.
    making: Mutex<Vec<Document>>,
}

struct Known {
    document: Document,
    tree: Option<Tree>,
    outline: Outline,
}

impl Outlines {
    /// The outline of `document`, once it is made.
    pub async fn of(&self, document: &Document) -> Outline {
        if let Some(outline) = self.known(document) {
            return outline;
        }
        let (outlines, text) = (self.clone(), document.clone());
        let made = tokio::task::spawn_blocking(move || outlines.make(&text)).await;
        // It panicked: indentation always works.
        made.unwrap_or_else(|_| Outline::of(document, None))
    }

    /// The scopes round `range`, the innermost first, within `patience` or a little more: of the whole document where it is at
    /// hand by then, else of the lines near the place.
    pub async fn around(&self, document: &Document, range: &Range<usize>, patience: Duration) -> Vec<Scope> {
        if let Some(outline) = self.known(document) {
            return outline.around(range.clone());
        }
        let made = self.begin(document).filter(|_| document.len_bytes() <= LARGE);
        if let Some(made) = made
            && let Ok(Ok(outline)) = timeout(patience, made).await
        {
            return outline.around(range.clone());
        }
        near(document, range)
    }

    /// Starts to make an outline, unless somebody does already.
    fn begin(&self, document: &Document) -> Option<JoinHandle<Outline>> {
        let mut making = self.0.making.lock().unwrap_or_else(PoisonError::into_inner);
        if making.iter().any(|other| other.uri() == document.uri()) {
            return None;
        }
        making.push(document.clone());
        let (outlines, text) = (self.clone(), document.clone());
        Some(tokio::task::spawn_blocking(move || {
            let outline = outlines.make(&text);
            let mut making = outlines.0.making.lock().unwrap_or_else(PoisonError::into_inner);
            making.retain(|other| other.uri() != text.uri());
            outline
        }))
    }

    /// Forgets a document that was closed.
    pub fn forget(&self, uri: &str) {
        self.lock().retain(|known| known.document.uri() != uri);
    }

    fn known(&self, document: &Document) -> Option<Outline> {
        let mut all = self.lock();
        let at = all.iter().position(|known| known.document.uri() == document.uri())?;
        if !all[at].document.same_text(document) {
            return None;
        }
        let known = all.remove(at)?;
        let outline = known.outline.clone();
        all.push_front(known);
        Some(outline)
    }

    /// Parses and remembers. Blocks for as long as that takes.
    fn make(&self, document: &Document) -> Outline {
        let before = self
            .lock()
            .iter()
            .find(|known| known.document.uri() == document.uri())
            .map(|known| (known.document.clone(), known.tree.clone()));
        let old = before.as_ref().and_then(|(text, tree)| Some((text, tree.as_ref()?)));
        let grammar = Grammar::of(document.language(), document.uri());
        let tree = grammar.and_then(|grammar| Tree::parse(document, grammar, old, &|| false));
        let outline = Outline::of(document, tree.as_ref());
        let mut all = self.lock();
        all.retain(|known| known.document.uri() != document.uri());
        all.push_front(Known { document: document.clone(), tree, outline: outline.clone() });
        all.truncate(MOST);
        outline
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The scopes round `range` as the lines near it tell, counted in them.
fn near(document: &Document, range: &Range<usize>) -> Vec<Scope> {
    let (first, last) = (document.line_of(range.start), document.line_of(range.end));
    let start = document.line_range(first.saturating_sub(NEAR)).map_or(0, |line| line.start);
    let end = document.line_range(last + NEAR).map_or(document.len_bytes(), |line| line.start);
    let text = document.slice(start..end.max(start));
    let Ok(part) = Document::open(document.uri(), document.language(), document.version(), &text) else {
        return Vec::new();
    };
    let grammar = Grammar::of(document.language(), document.uri());
    let tree = grammar.and_then(|grammar| Tree::parse(&part, grammar, None, &|| false));
    Outline::of(&part, tree.as_ref()).around(range.start - start..range.end.max(range.start) - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: i32, text: &str) -> Document {
        Document::open("file:///w/a.rs", "rust", version, text).expect("a text")
    }

    fn names(outline: &Outline) -> Vec<String> {
        outline.scopes().iter().filter_map(|scope| scope.name.clone()).collect()
    }

    #[tokio::test]
    async fn each_version_has_its_own_outline() {
        let outlines = Outlines::default();
        for (version, name) in [(1, "one"), (2, "two"), (2, "three")] {
            let text = format!("fn {name}() {{\n    1;\n}}\n");
            assert_eq!(names(&outlines.of(&document(version, &text)).await), [name]);
        }
        outlines.forget("file:///w/a.rs");
        assert!(outlines.lock().is_empty());
    }

    #[tokio::test]
    async fn without_patience_the_lines_near_the_place_have_to_do() {
        let body = "fn other() {\n    0;\n}\n".repeat(1000);
        let text = format!("{body}fn one() {{\n    1;\n}}\n{body}");
        let document = document(1, &text);
        let at = text.find("1;").expect("it is there");
        let scopes = Outlines::default().around(&document, &(at..at), Duration::ZERO).await;
        assert_eq!(scopes.first().and_then(|scope| scope.name.as_deref()), Some("one"));
    }
}
