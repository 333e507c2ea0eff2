//! From a tree to scopes: one walk, which goes only into what takes more than one line or may hold members.

use std::ops::Range;

use tree_sitter::{Node, TreeCursor};

use super::{
    Grammar, Scope, ScopeKind, Tree,
    indent::{self, Indentation},
    lead::Lead,
    naming::{self, Surroundings},
    rules::{Role, Rules},
};
use crate::Document;

/// How deep the walk goes: code nests less, and what is generated may nest without end.
const MAX_DEPTH: usize = 200;

/// What a walk gathers.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) scopes: Vec<Scope>,
    pub(super) imports: Vec<Range<usize>>,
    /// Fields and variants of types, and constants and aliases of modules.
    pub(super) members: Vec<Range<usize>>,
}

/// What surrounds the node the walk is at.
#[derive(Debug, Clone, Default)]
struct Around {
    /// What wraps the next scope: an export, a decorator, a template.
    wrapper: Option<Wrapper>,
    /// Directly in the body of a type.
    in_class: bool,
    /// Directly in the document or a module.
    top: bool,
    /// In C++, whether members are public from here on.
    access: Option<bool>,
    /// The function (by its node) that has its name from what binds it.
    bound: Option<usize>,
    /// Inside of something that the grammar could not read wholly: where it ends is doubtful, too.
    doubtful: bool,
    /// The kind of the node whose children these are. Asking a node for its parent costs its siblings.
    parent: &'static str,
    of_trait: bool,
    depth: usize,
}

impl Around {
    /// One step further in, where nothing wraps the next scope.
    fn deeper(&self) -> Self {
        Self { wrapper: None, depth: self.depth + 1, ..self.clone() }
    }

    fn holds_members(&self) -> bool {
        self.in_class || self.top
    }
}

fn takes_lines(node: Node<'_>) -> bool {
    node.start_position().row != node.end_position().row
}

#[derive(Debug, Clone)]
struct Wrapper {
    /// Where the signature starts; `None` where the wrapped scope's own start is meant.
    header: Option<usize>,
    range: Range<usize>,
    exported: bool,
    lead: Lead,
}

struct Walk<'a> {
    document: &'a Document,
    grammar: Grammar,
    rules: &'static Rules,
    /// Only read where the text is half-written.
    indentation: Option<Indentation>,
    found: Found,
    /// What the grammar could not read.
    broken: Vec<Range<usize>>,
    /// Scopes that the grammar read without any doubt.
    sound: Vec<Range<usize>>,
    /// Headings of prose: rank, start and text.
    headings: Vec<(usize, usize, Option<String>, Range<usize>)>,
}

/// Everything an outline needs from the tree of a document.
pub(super) fn walk(document: &Document, tree: &Tree, rules: &'static Rules) -> Found {
    let root = tree.root();
    let indentation = root.has_error().then(|| Indentation::of(document));
    let mut walk = Walk {
        document,
        grammar: tree.grammar(),
        rules,
        indentation,
        found: Found::default(),
        broken: Vec::new(),
        sound: Vec::new(),
        headings: Vec::new(),
    };
    if root.is_error() {
        walk.broken.push(0..document.len_bytes());
    }
    walk.children(&mut root.walk(), &Around { top: true, ..Around::default() });
    walk.sections();
    walk.mend();
    walk.found
}

impl Walk<'_> {
    fn children(&mut self, cursor: &mut TreeCursor<'_>, around: &Around) {
        let parent = naming::telling_parent(cursor.node());
        if around.depth > MAX_DEPTH || !cursor.goto_first_child() {
            return;
        }
        let mut around = Around { parent, ..around.clone() };
        let mut lead = Lead::default();
        loop {
            let node = cursor.node();
            if self.grammar == Grammar::Cpp {
                around.access = naming::access(self.document, node).or(around.access);
            }
            match self.rules.role(node.kind_id()) {
                _ if node.is_error() => {
                    self.broken.push(node.byte_range());
                    self.children(cursor, &around.deeper());
                    lead.clear();
                }
                Role::Comment => lead.comment(self.document, self.grammar, node),
                Role::Attribute => lead.attribute(self.document, node),
                role => {
                    let above = lead.before(node);
                    self.node(cursor, role, &mut around, above);
                }
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }

    fn node(&mut self, cursor: &mut TreeCursor<'_>, role: Role, around: &mut Around, lead: Lead) {
        let node = cursor.node();
        match role {
            Role::Import => self.found.imports.push(self.document.whole_lines(node.byte_range())),
            Role::Scope(ScopeKind::Class) if !naming::is_type_declared(node) => self.inside(cursor, around),
            Role::Scope(kind) if kind != ScopeKind::Block || takes_lines(node) => {
                self.scope(cursor, (kind, node), around, lead);
            }
            Role::Callable if takes_lines(node) && around.bound != Some(node.id()) => {
                self.scope(cursor, (ScopeKind::Block, node), around, lead);
            }
            Role::Binding => match naming::callable(node, self.rules) {
                Some(value) => self.scope(cursor, (ScopeKind::Function, value), around, lead),
                None => self.member(cursor, around),
            },
            Role::Declaration if !around.holds_members() && !takes_lines(node) => {}
            Role::Declaration if around.holds_members() && naming::is_prototype(node) => {
                self.scope(cursor, (ScopeKind::Function, node), around, lead);
            }
            Role::Declaration | Role::Wrapper => self.wrapper(cursor, around, lead),
            Role::Field | Role::Item => self.member(cursor, around),
            Role::Heading => self.headings.extend(naming::heading(self.document, node)),
            _ => self.inside(cursor, around),
        }
    }

    fn inside(&mut self, cursor: &mut TreeCursor<'_>, around: &Around) {
        if takes_lines(cursor.node()) || around.in_class {
            self.children(cursor, &around.deeper());
        }
    }

    fn member(&mut self, cursor: &mut TreeCursor<'_>, around: &Around) {
        let node = cursor.node();
        if around.holds_members() {
            let whole = around.wrapper.as_ref().map_or(node.byte_range(), |wrapper| wrapper.range.clone());
            self.found.members.push(whole);
        }
        if takes_lines(node) {
            self.children(cursor, &Around { depth: around.depth + 1, doubtful: around.doubtful, ..Around::default() });
        }
    }

    fn wrapper(&mut self, cursor: &mut TreeCursor<'_>, around: &mut Around, lead: Lead) {
        let node = cursor.node();
        if naming::is_require(self.document, node) {
            self.found.imports.push(self.document.whole_lines(node.byte_range()));
            return;
        }
        let known = (self.found.scopes.len(), self.found.members.len());
        let outer = around.wrapper.take();
        let wrapper = (!naming::is_group(node)).then(|| Wrapper {
            header: outer.as_ref().map_or_else(|| naming::wrapper_header(node), |outer| outer.header),
            range: outer.as_ref().map_or(node.byte_range(), |outer| outer.range.clone()),
            exported: outer.as_ref().is_some_and(|outer| outer.exported) || node.kind() == "export_statement",
            lead: outer.map_or(lead, |outer| outer.lead),
        });
        self.children(cursor, &Around { wrapper, ..around.deeper() });
        let nothing = known == (self.found.scopes.len(), self.found.members.len());
        if nothing && around.holds_members() && node.kind() != "expression_statement" {
            self.found.members.push(node.byte_range());
        }
    }

    /// Takes the node the cursor is at as a scope of some kind; the second of `what` is the node that has the body.
    fn scope(&mut self, cursor: &mut TreeCursor<'_>, what: (ScopeKind, Node<'_>), around: &mut Around, lead: Lead) {
        let node = cursor.node();
        let scope = self.described(node, what, around, lead);
        let kind = scope.kind;
        let doubtful = around.doubtful || node.has_error();
        if !doubtful {
            self.sound.push(scope.range.clone());
        }
        self.found.scopes.push(scope);
        if kind == ScopeKind::Class || takes_lines(node) {
            let inner = Around {
                in_class: kind == ScopeKind::Class,
                top: kind == ScopeKind::Module,
                access: naming::default_access(node).filter(|_| kind == ScopeKind::Class),
                bound: Some(what.1.id()),
                doubtful,
                parent: "",
                of_trait: naming::is_of_trait(node),
                depth: around.depth + 1,
                wrapper: None,
            };
            self.children(cursor, &inner);
        }
    }

    fn described(&self, node: Node<'_>, what: (ScopeKind, Node<'_>), around: &mut Around, lead: Lead) -> Scope {
        let (kind, value) = what;
        let wrapper = around.wrapper.take();
        let surroundings = Surroundings {
            exported: wrapper.as_ref().is_some_and(|wrapper| wrapper.exported),
            access: around.access,
            parent: around.parent,
            of_trait: around.of_trait,
            wrapper: wrapper.as_ref().map(|wrapper| wrapper.range.clone()),
        };
        let (mut start, end, lead) = match wrapper {
            Some(wrapper) => {
                let lead = wrapper.lead.or(lead, wrapper.range.start);
                (wrapper.header.unwrap_or(node.start_byte()), wrapper.range.end, lead)
            }
            None => (node.start_byte(), node.end_byte(), lead),
        };
        if kind == ScopeKind::Block {
            start = self.line_content_start(start);
        }
        let body_node = naming::body(value);
        let header_end = naming::header_end(value, body_node).clamp(start, end.max(start));
        let header = self.header(start..header_end, kind == ScopeKind::Block && body_node.is_none());
        let doubtful = around.doubtful || node.has_error();
        let end = if doubtful { self.end_by_indentation(header.start, end).max(header.end) } else { end };
        let body = body_node.map(|body| naming::inside(self.document, body, value));
        let is_method = kind == ScopeKind::Function && naming::is_method(self.grammar, node);
        let kind = if is_method { ScopeKind::Method } else { kind };
        Scope {
            name: naming::name(self.document, node, kind, &header, &surroundings),
            public: naming::is_public(self.document, self.grammar, kind, node, &surroundings),
            kind,
            range: self.document.whole_lines(lead.start.unwrap_or(start).min(start)..end),
            span: header.start..end,
            body: body.map(|body| body.start.min(end)..body.end.min(end)),
            doc: body_node.and_then(|body| naming::docstring(self.grammar, kind, body)).or(lead.doc),
            header,
            depth: 0,
        }
    }

    /// The first place on the line of `byte` that is no white space.
    fn line_content_start(&self, byte: usize) -> usize {
        let line = self.document.line_of(byte);
        (self.document.rope.line_to_byte(line) + self.document.indent_of(line).len()).min(byte)
    }

    /// A signature without what ends it; only its first line where there is no body to end it.
    fn header(&self, range: Range<usize>, first_line: bool) -> Range<usize> {
        let text = self.document.slice(range.clone());
        let text = if first_line { text.split(['\n', '\r']).next().unwrap_or_default() } else { &text };
        range.start..range.start + text.trim_end_matches([';', ',', '{']).trim_end().len()
    }

    /// Where a scope ends that may have run on because something in it is not closed: no later than its lines are indented.
    fn end_by_indentation(&self, start: usize, end: usize) -> usize {
        let block = self.indentation.as_ref().and_then(|indentation| indentation.at(self.document.line_of(start)));
        block.map_or(end, |block| end.min(self.document.rope.line_to_byte(block.last + 1)))
    }

    /// Headings become sections: each goes on until the next of its rank or higher.
    fn sections(&mut self) {
        let headings = std::mem::take(&mut self.headings);
        for (at, (rank, start, name, header)) in headings.iter().enumerate() {
            let next = headings[at + 1..].iter().find(|(other, ..)| other <= rank);
            let end = next.map_or(self.document.len_bytes(), |(_, start, ..)| *start);
            let range = self.document.whole_lines(*start..end);
            let body_start = self.document.whole_lines(header.clone()).end;
            self.found.scopes.push(Scope {
                kind: ScopeKind::Section,
                name: name.clone(),
                header: header.clone(),
                body: Some(body_start..range.end.max(body_start)),
                doc: None,
                public: true,
                depth: 0,
                span: range.clone(),
                range,
            });
        }
    }

    /// Adds by indentation what the grammar could not read.
    fn mend(&mut self) {
        let Some(indentation) = &self.indentation else { return };
        let broken = merged(self.broken.iter().map(|range| self.document.whole_lines(range.clone())).collect());
        let sound = merged(std::mem::take(&mut self.sound));
        let known: std::collections::HashSet<usize> =
            self.found.scopes.iter().map(|scope| self.document.line_of(scope.header.start)).collect();
        for &block in indentation.blocks() {
            let line = self.document.rope.line_to_byte(block.line);
            if !covered(&broken, line) || covered(&sound, line) || known.contains(&block.line) {
                continue;
            }
            self.found.scopes.push(indent::scope(self.document, block));
        }
    }
}

/// The ranges, sorted, with those that touch as one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Whether one of the merged ranges holds `byte`.
fn covered(ranges: &[Range<usize>], byte: usize) -> bool {
    let before = ranges.partition_point(|range| range.start <= byte);
    before.checked_sub(1).is_some_and(|at| byte < ranges[at].end)
}
