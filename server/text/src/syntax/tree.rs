//! A document as its grammar reads it: parsed whole, or again where it changed.
//!
//! Parsing is bounded: it is given up when the caller says so, when the text is too long, or when it takes many more steps
//! than texts of its length take. Whoever gets no tree works by indentation.

use std::ops::ControlFlow;

use tree_sitter::{InputEdit, ParseOptions, ParseState, Parser, Point};

use super::Grammar;
use crate::Document;

/// The longest text that is parsed, in bytes: 4 MiB. Longer ones are data more often than code.
const MAX_PARSED_BYTES: usize = 4 << 20;

/// How often the parser may ask whether to go on (about every hundred steps): this often for any text, …
const FREE_ASKS: usize = 10_000;

/// … and once more for each so many bytes. Ordinary code takes about one ask for eighty bytes.
const BYTES_PER_ASK: usize = 16;

/// How deep the indentation of a Python text may nest. Its grammar keeps the widths in a buffer of fixed size.
const MAX_PYTHON_NESTING: usize = 200;

/// One version of a document, parsed. A clone costs a reference count.
#[derive(Clone)]
pub struct Tree {
    inner: tree_sitter::Tree,
    grammar: Grammar,
    bytes: usize,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("grammar", &self.grammar).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Tree {
    /// Parses `document` with `grammar`.
    ///
    /// `old` is an older version with its tree: then only what changed in between is parsed. `stop` is asked about every
    /// hundred bytes; when it says `true`, parsing is given up. `None` also when the text is longer than 4 MiB, takes too
    /// many steps, or the grammar is not built in. Half-written code gives a tree; what is wrong is marked in it.
    pub fn parse(
        document: &Document,
        grammar: Grammar,
        old: Option<(&Document, &Self)>,
        stop: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let bytes = document.len_bytes();
        if bytes > MAX_PARSED_BYTES || (grammar == Grammar::Python && nesting(document) > MAX_PYTHON_NESTING) {
            return None;
        }
        let old = old.filter(|(text, tree)| tree.grammar == grammar && tree.bytes == text.len_bytes());
        if let Some((text, tree)) = old
            && text.same_text(document)
        {
            return Some(tree.clone());
        }
        let edited = old.map(|(text, tree)| tree.edited(text, document));
        let mut parser = Parser::new();
        parser.set_language(&grammar.language()?).ok()?;
        let mut asks = FREE_ASKS + bytes / BYTES_PER_ASK;
        let mut progress = |_: &ParseState| {
            asks = asks.saturating_sub(1);
            if asks == 0 || stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let inner =
            parser.parse_with_options(&mut |byte, _| rest_of_chunk(document, byte), edited.as_ref(), Some(options));
        Some(Self { inner: inner?, grammar, bytes })
    }

    /// The grammar it was parsed with.
    pub fn grammar(&self) -> Grammar {
        self.grammar
    }

    /// Whether it can be a tree of `document`.
    pub(super) fn fits(&self, document: &Document) -> bool {
        self.bytes == document.len_bytes()
    }

    pub(super) fn root(&self) -> tree_sitter::Node<'_> {
        self.inner.root_node()
    }

    /// The old tree with its places moved to where they are in the new text.
    fn edited(&self, old: &Document, new: &Document) -> tree_sitter::Tree {
        let mut tree = self.inner.clone();
        let start = new.floor(old.floor(common_prefix(old, new)));
        let longest = old.len_bytes().min(new.len_bytes()) - start;
        let suffix = common_suffix(old, new).min(longest);
        let (old_end, new_end) = (old.len_bytes() - suffix, new.len_bytes() - suffix);
        tree.edit(&InputEdit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: new_end,
            start_position: point(new, start),
            old_end_position: point(old, old_end),
            new_end_position: point(new, new_end),
        });
        tree
    }
}

/// The text from `byte` to the end of the piece that the rope keeps it in; empty at the end.
fn rest_of_chunk(document: &Document, byte: usize) -> &[u8] {
    if byte >= document.len_bytes() {
        return &[];
    }
    let (chunk, start, ..) = document.rope.chunk_at_byte(byte);
    &chunk.as_bytes()[byte - start..]
}

/// How many bytes both texts begin with.
fn common_prefix(a: &Document, b: &Document) -> usize {
    let (mut left, mut right): (&[u8], &[u8]) = (&[], &[]);
    let (mut lefts, mut rights) = (a.rope.chunks(), b.rope.chunks());
    let mut same = 0;
    loop {
        left = if left.is_empty() { lefts.next().unwrap_or_default().as_bytes() } else { left };
        right = if right.is_empty() { rights.next().unwrap_or_default().as_bytes() } else { right };
        let length = left.len().min(right.len());
        if length == 0 {
            return same;
        }
        if left[..length] != right[..length] {
            return same + left.iter().zip(right).take_while(|(a, b)| a == b).count();
        }
        same += length;
        (left, right) = (&left[length..], &right[length..]);
    }
}

/// How many bytes both texts end with.
fn common_suffix(a: &Document, b: &Document) -> usize {
    let (mut left, mut right): (&[u8], &[u8]) = (&[], &[]);
    let mut lefts = a.rope.chunks_at_byte(a.len_bytes()).0;
    let mut rights = b.rope.chunks_at_byte(b.len_bytes()).0;
    let mut same = 0;
    loop {
        left = if left.is_empty() { lefts.prev().unwrap_or_default().as_bytes() } else { left };
        right = if right.is_empty() { rights.prev().unwrap_or_default().as_bytes() } else { right };
        let length = left.len().min(right.len());
        if length == 0 {
            return same;
        }
        let (left_end, right_end) = (&left[left.len() - length..], &right[right.len() - length..]);
        if left_end != right_end {
            return same + left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
        }
        same += length;
        (left, right) = (&left[..left.len() - length], &right[..right.len() - length]);
    }
}

/// A place as the parser counts: rows end with `\n` and nothing else, columns are bytes.
fn point(document: &Document, byte: usize) -> Point {
    let (mut row, mut row_start, mut at) = (0, 0, 0);
    for chunk in document.rope.chunks() {
        let bytes = &chunk.as_bytes()[..chunk.len().min(byte - at)];
        row += bytes.iter().filter(|&&byte| byte == b'\n').count();
        if let Some(last) = bytes.iter().rposition(|&byte| byte == b'\n') {
            row_start = at + last + 1;
        }
        at += bytes.len();
        if at == byte {
            break;
        }
    }
    Point { row, column: byte - row_start }
}

/// How deep indentation nests at most, give or take what stands in strings and brackets.
fn nesting(document: &Document) -> usize {
    let mut open: Vec<usize> = Vec::new();
    let (mut deepest, mut width, mut leading) = (0, 0, true);
    for byte in document.rope.chunks().flat_map(str::bytes) {
        match byte {
            b'\n' | b'\r' => (width, leading) = (0, true),
            _ if !leading => {}
            b' ' => width += 1,
            b'\t' => width += 8,
            _ => {
                leading = false;
                while open.last().is_some_and(|&outer| outer >= width) {
                    open.pop();
                }
                open.push(width);
                deepest = deepest.max(open.len());
            }
        }
    }
    deepest
}

#[cfg(test)]
mod tests;
