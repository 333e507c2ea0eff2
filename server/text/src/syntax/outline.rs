//! An outline and what it is asked: what encloses a place, what a document imports.
//!
//! Made once for a version of a document, in one walk; asked as often as one likes.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{
    Grammar, Scope, ScopeKind, Tree,
    indent::{self, Indentation},
    rules::Rules,
    scope::within,
    walk::{self, Found},
};
use crate::Document;

/// How many blank lines a cursor may be behind the line it goes on from.
const BLANK_LINES: usize = 32;

/// What one version of a document is made of. A clone costs a few reference counts.
#[derive(Clone)]
pub struct Outline {
    pub(super) document: Document,
    pub(super) tree: Option<Tree>,
    pub(super) grammar: Option<Grammar>,
    pub(super) found: Arc<Found>,
    /// Read when it is first needed.
    pub(super) indentation: Arc<OnceLock<Indentation>>,
}

impl std::fmt::Debug for Outline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outline")
            .field("grammar", &self.grammar)
            .field("scopes", &self.found.scopes.len())
            .finish_non_exhaustive()
    }
}

impl Outline {
    /// Outlines a document: by its tree, or by indentation where there is none.
    ///
    /// A tree of another version of the document is as good as none, unless both have the same length: give the tree that
    /// was parsed from `document`.
    pub fn of(document: &Document, tree: Option<&Tree>) -> Self {
        let tree = tree.filter(|tree| tree.fits(document));
        let rules = tree.and_then(|tree| Rules::of(tree.grammar()));
        let mut found = match (tree, rules) {
            (Some(tree), Some(rules)) => walk::walk(document, tree, rules),
            _ => by_indentation(document),
        };
        nest(&mut found.scopes);
        found.imports.sort_unstable_by_key(|range| range.start);
        found.members.sort_unstable_by_key(|range| range.start);
        let grammar = tree.map(Tree::grammar).or_else(|| Grammar::of(document.language(), document.uri()));
        Self {
            document: document.clone(),
            tree: tree.cloned(),
            grammar,
            found: Arc::new(found),
            indentation: Arc::default(),
        }
    }

    /// All scopes, top to bottom; each is followed by those in it ([`Scope::depth`] tells how deep).
    pub fn scopes(&self) -> &[Scope] {
        &self.found.scopes
    }

    /// The whole lines of each import, top to bottom.
    pub fn imports(&self) -> &[Range<usize>] {
        &self.found.imports
    }

    /// The grammar of the document, whether or not it could be parsed.
    pub fn grammar(&self) -> Option<Grammar> {
        self.grammar
    }

    /// The scopes that hold a byte range, the innermost first. An empty range is a cursor.
    ///
    /// A scope holds everything on its lines, its signature and doc comment included. Where two stand on the same lines,
    /// the one under the range counts.
    pub fn around(&self, range: Range<usize>) -> Vec<Scope> {
        let range = self.document.floor(range.start)..self.document.floor(range.end.max(range.start));
        match self.continued(&range) {
            Some((line_end, width)) => {
                let mut found = self.holding(&(line_end..line_end));
                found.retain(|scope| self.document.indent_of(self.document.line_of(scope.header.start)).len() < width);
                found
            }
            None => self.holding(&range),
        }
    }

    /// Where only indentation tells what a line belongs to, a cursor on a blank line stands in what the last line before it
    /// stands in, as far as that is less indented than the cursor: the end of that line, and the cursor's indentation.
    fn continued(&self, range: &Range<usize>) -> Option<(usize, usize)> {
        let by_indentation = self.tree.is_none() || self.grammar == Some(Grammar::Python);
        let line = self.document.line_of(range.start);
        let blank = |line: usize| self.document.line(line).is_none_or(|text| text.trim().is_empty());
        if !range.is_empty() || !by_indentation || !blank(line) {
            return None;
        }
        let width = range.start - self.document.rope.line_to_byte(line);
        let before = (line.saturating_sub(BLANK_LINES)..line).rev().find(|&line| !blank(line)).filter(|_| width > 0)?;
        Some((self.document.line_range(before)?.end, width))
    }

    fn holding(&self, range: &Range<usize>) -> Vec<Scope> {
        let last_line = self.document.rope.line_to_byte(self.document.len_lines() - 1);
        let before = self.found.scopes.partition_point(|scope| scope.range.start <= range.start);
        let candidates: Vec<&Scope> =
            self.found.scopes[..before].iter().filter(|scope| scope.holds(range, last_line)).collect();
        let under = |scope: &Scope| within(range, &scope.span);
        let apart = |a: &Scope, b: &Scope| !within(&a.span, &b.span) && !within(&b.span, &a.span);
        let mut chosen: Vec<Scope> = Vec::new();
        for scope in &candidates {
            let beaten = !under(scope) && candidates.iter().any(|other| under(other) && apart(scope, other));
            let taken = !under(scope) && chosen.last().is_some_and(|last| apart(scope, last));
            if !beaten && !taken {
                chosen.push((*scope).clone());
            }
        }
        chosen.reverse();
        chosen
    }

    /// The innermost function or method that holds a byte range.
    pub fn function_around(&self, range: Range<usize>) -> Option<Scope> {
        self.around(range).into_iter().find(|scope| matches!(scope.kind, ScopeKind::Function | ScopeKind::Method))
    }
}

fn by_indentation(document: &Document) -> Found {
    let indentation = Indentation::of(document);
    let scopes = indentation.blocks().iter().map(|&block| indent::scope(document, block)).collect();
    Found { scopes, ..Found::default() }
}

/// Sorts the scopes, drops blocks that say nothing new, counts depths, and makes methods of functions directly in a type.
fn nest(scopes: &mut Vec<Scope>) {
    scopes.sort_by(|a, b| {
        let by_range = a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end));
        by_range.then(a.span.start.cmp(&b.span.start)).then(b.span.end.cmp(&a.span.end))
    });
    let mut nested: Vec<Scope> = Vec::with_capacity(scopes.len());
    let mut open: Vec<usize> = Vec::new();
    for mut scope in scopes.drain(..) {
        while open.last().is_some_and(|&top| !encloses(&nested[top], &scope)) {
            open.pop();
        }
        let outer = open.last().map(|&top| &nested[top]);
        if scope.kind == ScopeKind::Block && outer.is_some_and(|outer| outer.range == scope.range) {
            continue;
        }
        if scope.kind == ScopeKind::Function && outer.is_some_and(|outer| outer.kind == ScopeKind::Class) {
            scope.kind = ScopeKind::Method;
        }
        scope.depth = open.len();
        open.push(nested.len());
        nested.push(scope);
    }
    *scopes = nested;
}

fn encloses(outer: &Scope, inner: &Scope) -> bool {
    let same_lines = outer.range == inner.range;
    within(&inner.range, &outer.range) && (!same_lines || within(&inner.span, &outer.span))
}

#[cfg(test)]
mod tests;
