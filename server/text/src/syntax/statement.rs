//! From a selection to the smallest whole lines that make sense to replace.

use std::ops::Range;

use tree_sitter::Node;

use super::{
    Outline,
    indent::{self, Indentation},
    rules::{Role, Rules},
};

/// How often a range is grown before it is taken as it is: lines may hold the end of one statement and the start of the
/// next again and again.
const ROUNDS: usize = 16;

/// How deep the tree is followed.
const MAX_DEPTH: usize = 2_000;

impl Outline {
    /// The smallest range of whole lines that holds `range` and cuts no statement, member or item apart.
    ///
    /// A cursor on the first line of an `if` gives the whole `if`; a cursor on a blank line that line. Where the text is
    /// half-written, or there is no grammar, blocks by indentation are kept whole instead.
    pub fn statement(&self, range: Range<usize>) -> Range<usize> {
        let range = self.document.floor(range.start)..self.document.floor(range.end.max(range.start));
        let mut lines = self.document.whole_lines(range);
        for _ in 0..ROUNDS {
            let content = self.content(&lines);
            if content.is_empty() {
                break;
            }
            let grown = self.by_tree(&content).unwrap_or_else(|| self.by_lines(&lines));
            let grown = self.document.whole_lines(grown.start.min(lines.start)..grown.end.max(lines.end));
            if grown == lines {
                break;
            }
            lines = grown;
        }
        lines
    }

    /// `lines` without the white space round them.
    fn content(&self, lines: &Range<usize>) -> Range<usize> {
        let text = self.document.slice(lines.clone());
        let end = lines.start + text.trim_end().len();
        let start = lines.start + text.len() - text.trim_start().len();
        start.min(end)..end
    }

    /// The statements that `content` touches; `None` when the grammar could not read them.
    fn by_tree(&self, content: &Range<usize>) -> Option<Range<usize>> {
        let tree = self.tree.as_ref()?;
        let rules = Rules::of(tree.grammar())?;
        for container in containers(tree.root(), rules, content).into_iter().rev() {
            match touched(container, rules, content) {
                Touched::Members { range, broken } => return (!broken).then_some(range),
                Touched::Edge => {}
            }
        }
        None
    }

    /// `lines` with every block by indentation whole whose first or last line is among them.
    fn by_lines(&self, lines: &Range<usize>) -> Range<usize> {
        let indentation = self.indentation.get_or_init(|| Indentation::of(&self.document));
        let (mut first, mut last) = (self.document.line_of(lines.start), self.document.line_of(lines.end.max(1) - 1));
        for block in indentation.blocks() {
            if (first..=last).contains(&block.line) || (first..=last).contains(&block.last) {
                let closer = self.document.line(block.last).unwrap_or_default();
                if block.line >= first || indent::closes(closer.trim_start()) {
                    (first, last) = (first.min(block.line), last.max(block.last));
                }
            }
        }
        self.document.rope.line_to_byte(first)..self.document.rope.line_to_byte(last + 1)
    }
}

/// The nodes round `content` whose children are statements, the outermost first.
fn containers<'tree>(root: Node<'tree>, rules: &Rules, content: &Range<usize>) -> Vec<Node<'tree>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    for _ in 0..MAX_DEPTH {
        let node = cursor.node();
        if node.start_byte() > content.start || node.end_byte() < content.end {
            break;
        }
        if rules.is_container(node.kind_id()) {
            found.push(node);
        }
        if cursor.goto_first_child_for_byte(content.start).is_none() {
            break;
        }
    }
    // The root starts at the first thing in the text: what stands before is its own.
    if found.is_empty() && rules.is_container(root.kind_id()) {
        found.push(root);
    }
    found
}

enum Touched {
    /// Whole children of the container.
    Members { range: Range<usize>, broken: bool },
    /// A brace or keyword of the container itself.
    Edge,
}

fn touched(container: Node<'_>, rules: &Rules, content: &Range<usize>) -> Touched {
    let mut cursor = container.walk();
    if cursor.goto_first_child_for_byte(content.start).is_none() {
        return Touched::Edge;
    }
    let mut range: Option<Range<usize>> = None;
    let mut broken = false;
    loop {
        let child = cursor.node();
        let after = child.start_byte() >= content.end;
        // An attribute belongs to what follows it.
        if after && (range.is_none() || !follows_attribute(&child, rules)) {
            break;
        }
        let edge = !child.is_named() && !matches!(child.kind(), "," | ";" | ":" | "\n");
        if edge && !after {
            return Touched::Edge;
        }
        broken = broken || child.has_error();
        let so_far = range.take().unwrap_or(child.byte_range());
        range = Some(so_far.start.min(child.start_byte())..so_far.end.max(child.end_byte()));
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    match range {
        Some(range) => Touched::Members { range: attributes_before(container, rules, range), broken },
        None => Touched::Edge,
    }
}

fn follows_attribute(node: &Node<'_>, rules: &Rules) -> bool {
    node.prev_sibling().is_some_and(|before| rules.role(before.kind_id()) == Role::Attribute)
}

/// The range with the attributes that stand before it.
fn attributes_before(container: Node<'_>, rules: &Rules, range: Range<usize>) -> Range<usize> {
    let mut cursor = container.walk();
    let mut start = range.start;
    if cursor.goto_first_child_for_byte(range.start).is_some() {
        let mut before = cursor.node().prev_sibling();
        while let Some(node) = before.filter(|node| rules.role(node.kind_id()) == Role::Attribute) {
            start = node.start_byte();
            before = node.prev_sibling();
        }
    }
    start..range.end
}

#[cfg(test)]
mod tests;
