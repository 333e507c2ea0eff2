//! What an outline is made of.

use std::ops::Range;

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// A function that belongs to no type; also a prototype without a body.
    Function,
    /// A function of a type.
    Method,
    /// A type: class, struct, enum, interface, trait, and what is implemented for one.
    Class,
    /// A module or namespace.
    Module,
    /// Statements that belong together: a branch, a loop, a closure, a block of code in prose. Always several lines.
    Block,
    /// A part of a prose text, from its heading to the next of its rank.
    Section,
}

/// A part of a document that has a beginning, an end, and mostly a name. All places are byte offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Its name; of a block what its first line says, shortened. `None` where it has none.
    pub name: Option<String>,
    /// The whole lines it takes, with the doc comment, attributes and decorators that belong to it. It ends at the start
    /// of a line or at the end of the text.
    pub range: Range<usize>,
    /// What stands before its body: the signature, without what surrounds it.
    pub header: Range<usize>,
    /// What stands between its braces, or the lines indented under it. `None` when it has no body.
    pub body: Option<Range<usize>>,
    /// The doc comment or docstring it has, from its first to its last character.
    pub doc: Option<Range<usize>>,
    /// Whether code elsewhere can use it, by what its own words say.
    pub public: bool,
    /// How many scopes enclose it.
    pub depth: usize,
    /// The bytes it takes, from its signature to its end.
    pub(super) span: Range<usize>,
}

impl Scope {
    /// Whether `range` lies inside its lines. A cursor (an empty range) at the start of the line behind it does not.
    pub(super) fn holds(&self, range: &Range<usize>, last_line: usize) -> bool {
        let Range { start, end } = self.range;
        if range.is_empty() {
            // Behind the last character of a text that does not end with a line end is still its last line.
            start <= range.start && (range.start < end || (range.start == end && last_line < end))
        } else {
            start <= range.start && range.end <= end
        }
    }
}

/// `inner` lies within `outer`.
pub(super) fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
