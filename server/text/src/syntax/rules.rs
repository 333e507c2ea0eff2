//! What the nodes of each grammar are to an outline: data, one table a grammar.

use std::sync::LazyLock;

use super::{Grammar, ScopeKind, rules_tables::*};

/// What a node is to an outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing by itself; what is in it may be something.
    Plain,
    /// A scope of its own.
    Scope(ScopeKind),
    /// A function without a name: a block, unless a [`Role::Binding`] names it.
    Callable,
    /// Something that gives a value a name.
    Binding,
    /// A declaration of C: of a function, a type, or something else.
    Declaration,
    /// What stands round a scope and belongs to it.
    Wrapper,
    /// A comment.
    Comment,
    /// An attribute or decorator that stands before what it belongs to.
    Attribute,
    /// An import.
    Import,
    /// A field, variant or constant of a type.
    Field,
    /// A constant or alias of a module.
    Item,
    /// A heading in prose.
    Heading,
}

/// A grammar's nodes as an outline sees them.
pub(super) struct Rules {
    roles: Vec<Role>,
    containers: Vec<bool>,
}

/// One grammar's table: the roles of its nodes, and those whose children are statements.
pub(super) struct Table {
    pub(super) roles: &'static [(&'static str, Role)],
    pub(super) containers: &'static [&'static str],
}

impl Rules {
    /// The rules of a grammar; `None` when it is not built in.
    pub(super) fn of(grammar: Grammar) -> Option<&'static Self> {
        static RULES: LazyLock<[Option<Rules>; 11]> = LazyLock::new(|| Grammar::ALL.map(Rules::build));
        RULES[grammar as usize].as_ref()
    }

    fn build(grammar: Grammar) -> Option<Self> {
        let language = grammar.language()?;
        let table = Table::of(grammar);
        let mut rules = Self {
            roles: vec![Role::Plain; language.node_kind_count()],
            containers: vec![false; language.node_kind_count()],
        };
        // Several numbers may have one name, so each number is asked for its name.
        for id in 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX) {
            if !language.node_kind_is_named(id) {
                continue;
            }
            let Some(kind) = language.node_kind_for_id(id) else { continue };
            if let Some(&(_, role)) = table.roles.iter().find(|(name, _)| *name == kind) {
                rules.roles[usize::from(id)] = role;
            }
            rules.containers[usize::from(id)] = table.containers.contains(&kind);
        }
        Some(rules)
    }

    pub(super) fn role(&self, kind: u16) -> Role {
        self.roles.get(usize::from(kind)).copied().unwrap_or(Role::Plain)
    }

    /// Whether the children of such a node are statements, members or items, one or more to a line.
    pub(super) fn is_container(&self, kind: u16) -> bool {
        self.containers.get(usize::from(kind)).copied().unwrap_or(false)
    }
}

impl Table {
    pub(super) fn of(grammar: Grammar) -> &'static Self {
        match grammar {
            Grammar::C => &C,
            Grammar::Cpp => &CPP,
            Grammar::Go => &GO,
            Grammar::Java => &JAVA,
            Grammar::JavaScript => &JAVASCRIPT,
            Grammar::Lua => &LUA,
            Grammar::Markdown => &MARKDOWN,
            Grammar::Python => &PYTHON,
            Grammar::Rust => &RUST,
            Grammar::Tsx | Grammar::TypeScript => &TYPESCRIPT,
        }
    }
}

#[cfg(test)]
mod tests;
