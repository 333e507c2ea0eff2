//! What stands directly above a declaration and belongs to it: comments, attributes, decorators.

use std::ops::Range;

use tree_sitter::Node;

use super::Grammar;
use crate::Document;

/// Comments and attributes so far, none of which is followed by an empty line.
#[derive(Debug, Clone, Default)]
pub(super) struct Lead {
    /// Where they start.
    pub(super) start: Option<usize>,
    /// The doc comment among them.
    pub(super) doc: Option<Range<usize>>,
    last_row: usize,
}

impl Lead {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// One more comment. One that follows code on its line belongs to that code.
    pub(super) fn comment(&mut self, document: &Document, grammar: Grammar, node: Node<'_>) {
        let line_start = document.rope.line_to_byte(document.line_of(node.start_byte()));
        let text = document.slice(node.byte_range());
        if !document.slice(line_start..node.start_byte()).trim().is_empty() || is_inner(grammar, &text) {
            return self.clear();
        }
        self.push(node);
        let doc_before = self.doc.take();
        let is_doc = is_doc(grammar, &text) || (grammar == Grammar::Lua && doc_before.is_some());
        self.doc = match doc_before {
            Some(doc) if is_doc => Some(doc.start..node.start_byte() + text.trim_end().len()),
            None if is_doc => Some(node.start_byte()..node.start_byte() + text.trim_end().len()),
            doc => doc,
        };
    }

    pub(super) fn attribute(&mut self, document: &Document, node: Node<'_>) {
        let line_start = document.rope.line_to_byte(document.line_of(node.start_byte()));
        if document.slice(line_start..node.start_byte()).trim().is_empty() || self.start.is_some() {
            self.push(node);
        }
    }

    fn push(&mut self, node: Node<'_>) {
        if self.start.is_some() && node.start_position().row > self.last_row + 1 {
            self.clear();
        }
        self.start = self.start.or(Some(node.start_byte()));
        let end = node.end_position();
        // A comment may have its line end in it.
        self.last_row = if end.column == 0 && end.row > node.start_position().row { end.row - 1 } else { end.row };
    }

    /// What belongs to `node`, the next thing behind; nothing when an empty line is between. Starts anew.
    pub(super) fn before(&mut self, node: Node<'_>) -> Self {
        let lead = std::mem::take(self);
        if lead.start.is_some() && node.start_position().row <= lead.last_row + 1 { lead } else { Self::default() }
    }

    /// This, which stands above what starts at `start`; and what stands inside of that.
    pub(super) fn or(self, inside: Self, start: usize) -> Self {
        Self { start: Some(self.start.unwrap_or(start)), doc: self.doc.or(inside.doc), last_row: 0 }
    }
}

/// A comment about what it stands in, not about what follows.
fn is_inner(grammar: Grammar, comment: &str) -> bool {
    grammar == Grammar::Rust && (comment.starts_with("//!") || comment.starts_with("/*!"))
}

fn is_doc(grammar: Grammar, comment: &str) -> bool {
    match grammar {
        Grammar::Rust => {
            let line = comment.starts_with("///") && !comment.starts_with("////");
            line || (comment.starts_with("/**") && !comment.starts_with("/***") && comment != "/**/")
        }
        Grammar::Go => !comment.starts_with("//go:"),
        Grammar::C | Grammar::Cpp => true,
        Grammar::Lua => comment.starts_with("---"),
        Grammar::Java | Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx => {
            comment.starts_with("/**") && comment != "/**/"
        }
        Grammar::Python | Grammar::Markdown => false,
    }
}
