//! What a node says about a scope: its name, its body, who may use it. Everything that differs from grammar to grammar and
//! is more than a table.

use std::ops::Range;

use tree_sitter::Node;

use super::{
    Grammar, ScopeKind,
    indent::shortened,
    rules::{Role, Rules},
};
use crate::Document;

/// Longer texts are not looked at for a name, in bytes.
const LONGEST_NAME: usize = 200;

/// What is known about a node from what surrounds it.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub(super) exported: bool,
    /// In C++, whether members are public here.
    pub(super) access: Option<bool>,
    /// The bytes of what wraps the node.
    pub(super) wrapper: Option<Range<usize>>,
    /// The kind of the node that the node stands in.
    pub(super) parent: &'static str,
    /// In Rust, inside of a trait or of what is implemented for one.
    pub(super) of_trait: bool,
}

fn text(document: &Document, node: Node<'_>) -> String {
    document.slice(node.start_byte()..node.end_byte().min(node.start_byte() + LONGEST_NAME))
}

fn children<'tree>(node: Node<'tree>) -> impl Iterator<Item = Node<'tree>> {
    let mut cursor = node.walk();
    let mut more = cursor.goto_first_child();
    std::iter::from_fn(move || {
        let child = more.then(|| cursor.node());
        more = more && cursor.goto_next_sibling();
        child
    })
}

/// The name of a scope whose node is `node`.
pub(super) fn name(
    document: &Document,
    node: Node<'_>,
    kind: ScopeKind,
    header: &Range<usize>,
    surroundings: &Surroundings,
) -> Option<String> {
    if kind == ScopeKind::Block {
        let info = children(node).find(|child| child.kind() == "info_string");
        let words = info.map_or_else(|| document.slice(header.clone()), |info| text(document, info));
        return shortened(words.trim_start_matches(['}', ')', ']', ' ', ',']));
    }
    if node.kind() == "impl_item" {
        let part = |field| node.child_by_field_name(field).map(|part| text(document, part));
        let of = part("type")?;
        return shortened(&part("trait").map_or(of.clone(), |of_trait| format!("{of_trait} for {of}")));
    }
    let named = ["name", "property", "left", "key"].iter().find_map(|field| node.child_by_field_name(field));
    let named =
        named.or_else(|| declared(node)).or_else(|| children(node).find(|child| child.kind() == "variable_list"));
    match named {
        Some(named) => shortened(text(document, named).trim_matches(['"', '\''])),
        None if matches!(node.kind(), "linkage_specification" | "foreign_mod_item") => {
            shortened(&document.slice(header.clone()))
        }
        None => named_by_wrapper(document, node, surroundings),
    }
}

/// `typedef struct { … } name;`
fn named_by_wrapper(document: &Document, node: Node<'_>, surroundings: &Surroundings) -> Option<String> {
    let wrapper = surroundings.wrapper.clone().filter(|_| node.kind().ends_with("_specifier"))?;
    let behind = document.slice(node.end_byte()..wrapper.end.min(node.end_byte() + LONGEST_NAME));
    behind
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .find(|word| !word.is_empty())
        .map(str::to_owned)
}

/// The innermost of C's declarators: the name that is declared.
fn declared(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node.child_by_field_name("declarator")?;
    for _ in 0..32 {
        let next = at.child_by_field_name("declarator").or_else(|| {
            let nested = at.kind().ends_with("_declarator");
            nested.then(|| children(at).filter(Node::is_named).last()).flatten()
        });
        match next {
            Some(next) if next.kind() != "parameter_list" => at = next,
            _ => break,
        }
    }
    Some(at)
}

/// Whether a C declaration declares a function (and not a pointer to one).
pub(super) fn is_prototype(node: Node<'_>) -> bool {
    let mut at = node;
    for _ in 0..32 {
        let next = at.child_by_field_name("declarator").or_else(|| {
            let nested = at.kind() == "reference_declarator";
            nested.then(|| children(at).filter(Node::is_named).last()).flatten()
        });
        match next {
            Some(next) if next.kind() == "function_declarator" => {
                let inner = next.child_by_field_name("declarator");
                return inner.is_some_and(|inner| inner.kind() != "parenthesized_declarator");
            }
            Some(next) if next.kind() != "init_declarator" => at = next,
            _ => return false,
        }
    }
    false
}

/// Whether a type is declared here, and not only mentioned as C does (`struct a *x`).
pub(super) fn is_type_declared(node: Node<'_>) -> bool {
    !node.kind().ends_with("_specifier") || node.child_by_field_name("body").is_some()
}

/// The function that a binding gives a name to.
pub(super) fn callable<'tree>(node: Node<'tree>, rules: &Rules) -> Option<Node<'tree>> {
    let value = node.child_by_field_name("value").or_else(|| node.child_by_field_name("right")).or_else(|| {
        let list = children(node).find(|child| child.kind() == "expression_list")?;
        list.named_child(0)
    })?;
    (rules.role(value.kind_id()) == Role::Callable).then_some(value)
}

/// Whether a function's own words make it a method.
pub(super) fn is_method(grammar: Grammar, node: Node<'_>) -> bool {
    match grammar {
        Grammar::Cpp => declared(node).is_some_and(|name| name.kind() == "qualified_identifier"),
        Grammar::Lua => node.child_by_field_name("name").is_some_and(|name| name.kind() == "method_index_expression"),
        _ => false,
    }
}

/// Whether a declaration groups several in parentheses, as Go does.
pub(super) fn is_group(node: Node<'_>) -> bool {
    node.child(1).is_some_and(|child| child.kind() == "(")
}

/// `const a = require("a")` and the like, on one line.
pub(super) fn is_require(document: &Document, node: Node<'_>) -> bool {
    let may = matches!(node.kind(), "variable_declaration" | "lexical_declaration" | "assignment_statement");
    may && node.start_position().row == node.end_position().row && {
        let text = text(document, node);
        ["= require(", "= require \"", "= require '"].iter().any(|mark| text.contains(mark))
    }
}

/// Where the signature of what is wrapped starts; `None` where it is the wrapped thing's own start.
pub(super) fn wrapper_header(node: Node<'_>) -> Option<usize> {
    if node.kind() == "decorated_definition" {
        return None;
    }
    children(node).find(|child| !matches!(child.kind(), "decorator" | "comment")).map(|child| child.start_byte())
}

/// What holds the statements or members of a scope.
pub(super) fn body(node: Node<'_>) -> Option<Node<'_>> {
    let named = ["body", "consequence"].iter().find_map(|field| node.child_by_field_name(field));
    named.or_else(|| match node.kind() {
        "type_spec" => match node.child_by_field_name("type")? {
            of if of.kind() == "struct_type" => of.named_child(0),
            of if of.kind() == "interface_type" => Some(of),
            _ => None,
        },
        "type_alias_declaration" => node.child_by_field_name("value").filter(|value| value.kind() == "object_type"),
        "match_arm" => node.child_by_field_name("value").filter(|value| value.kind() == "block"),
        "static_initializer" | "unsafe_block" | "async_block" | "finally_clause" | "fenced_code_block" => {
            children(node).find(|child| matches!(child.kind(), "block" | "code_fence_content"))
        }
        _ => None,
    })
}

/// The bytes of a body without its braces. `of` is what has the body.
pub(super) fn inside(document: &Document, body: Node<'_>, of: Node<'_>) -> Range<usize> {
    let open = children(body).find(|child| child.kind() == "{");
    let close = body.child(body.child_count().saturating_sub(1));
    match (open, close) {
        (Some(open), Some(close)) if close.kind() == "}" => open.end_byte()..close.start_byte().max(open.end_byte()),
        (Some(open), _) => open.end_byte()..body.end_byte().max(open.end_byte()),
        // By indentation: with comments that stand before the first statement.
        (None, _) if body.kind() == "block" => {
            let end = header_end(of, Some(body));
            let behind = document.slice(end..body.start_byte());
            let comments = behind.len() - behind.trim_start().len();
            (end + comments).min(body.start_byte())..body.end_byte()
        }
        _ => body.byte_range(),
    }
}

/// Where a signature ends: before the body and the comments that stand before it.
pub(super) fn header_end(node: Node<'_>, body: Option<Node<'_>>) -> usize {
    let Some(body) = body else { return end_without_body(node) };
    let mut end = node.start_byte();
    let part = |child: &Node<'_>| child.end_byte() <= body.start_byte() && !child.kind().ends_with("comment");
    for child in children(node).filter(part) {
        end = end.max(child.end_byte());
    }
    // `type A struct {`: the body is deeper inside, or starts with words of the signature.
    if body.kind() == "interface_type" || children(node).all(|child| child.id() != body.id()) {
        let brace =
            children(body).find(|child| child.kind() == "{").map_or(body.start_byte(), |brace| brace.start_byte());
        return brace.max(end);
    }
    end
}

fn end_without_body(node: Node<'_>) -> usize {
    let block =
        children(node).find(|child| matches!(child.kind(), "switch_body" | "match_block" | "expression_case" | "end"));
    block.map_or(node.end_byte(), |block| block.start_byte())
}

/// The docstring of a Python function or class.
pub(super) fn docstring(grammar: Grammar, kind: ScopeKind, body: Node<'_>) -> Option<Range<usize>> {
    if grammar != Grammar::Python || kind == ScopeKind::Block {
        return None;
    }
    let first = children(body).find(|child| child.is_named() && child.kind() != "comment")?;
    let only = if first.kind() == "expression_statement" { first.named_child(0)? } else { first };
    (only.kind() == "string").then(|| only.byte_range())
}

/// What an access specifier of C++ makes of the members behind it.
pub(super) fn access(document: &Document, node: Node<'_>) -> Option<bool> {
    (node.kind() == "access_specifier").then(|| text(document, node).starts_with("public"))
}

/// Whether members of a C++ type are public before any access specifier.
pub(super) fn default_access(node: Node<'_>) -> Option<bool> {
    match node.kind() {
        "class_specifier" => Some(false),
        "struct_specifier" | "union_specifier" => Some(true),
        _ => None,
    }
}

/// Whether code elsewhere can use a scope, by what its own words and those round it say.
pub(super) fn is_public(
    document: &Document,
    grammar: Grammar,
    kind: ScopeKind,
    node: Node<'_>,
    surroundings: &Surroundings,
) -> bool {
    if kind == ScopeKind::Block {
        return false;
    }
    let says = |kind: &str, word: &str| {
        children(node)
            .any(|child| child.kind() == kind && text(document, child).split_whitespace().any(|said| said == word))
    };
    let name = || node.child_by_field_name("name").map(|name| text(document, name)).unwrap_or_default();
    match grammar {
        Grammar::Rust => children(node).any(|child| child.kind() == "visibility_modifier") || surroundings.of_trait,
        Grammar::Go => name().starts_with(char::is_uppercase),
        Grammar::Java => says("modifiers", "public") || surroundings.parent == "interface_body",
        Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx => {
            let hidden = says("accessibility_modifier", "private") || says("accessibility_modifier", "protected");
            let member = surroundings.parent == "class_body" || surroundings.parent == "interface_body";
            let private =
                node.child_by_field_name("property").is_some_and(|name| name.kind() == "private_property_identifier");
            let assigned = node.child_by_field_name("left").map(|left| text(document, left)).unwrap_or_default();
            let exported =
                surroundings.exported || assigned.starts_with("module.exports") || assigned.starts_with("exports.");
            exported || (member && !hidden && !private && !name().starts_with('#'))
        }
        Grammar::Python => !name().starts_with('_') || (name().starts_with("__") && name().ends_with("__")),
        Grammar::C | Grammar::Cpp => {
            let header = surroundings.wrapper.as_ref().map(|wrapper| document.slice(wrapper.start..wrapper.start + 16));
            let is_static =
                says("storage_class_specifier", "static") || header.is_some_and(|header| header.starts_with("static "));
            surroundings.access.unwrap_or(!is_static)
        }
        Grammar::Lua => !text(document, node).starts_with("local ") && surroundings.parent != "variable_declaration",
        Grammar::Markdown => true,
    }
}

/// The kind of a node, where it tells who may use what stands directly in it.
pub(super) fn telling_parent(node: Node<'_>) -> &'static str {
    let telling = ["class_body", "interface_body", "variable_declaration"];
    telling.into_iter().find(|kind| *kind == node.kind()).unwrap_or_default()
}

/// In Rust, whether what stands in `node` is as public as a trait.
pub(super) fn is_of_trait(node: Node<'_>) -> bool {
    node.kind() == "trait_item" || (node.kind() == "impl_item" && node.child_by_field_name("trait").is_some())
}

/// A heading of Markdown: its rank, where it starts, what it says, and its bytes.
pub(super) fn heading(document: &Document, node: Node<'_>) -> Option<(usize, usize, Option<String>, Range<usize>)> {
    let marker =
        children(node).find(|child| child.kind().starts_with("atx_h") || child.kind().starts_with("setext_h"))?;
    let rank = marker.kind().chars().find_map(|character| character.to_digit(10))?;
    let words = node.child_by_field_name("heading_content").map(|content| text(document, content));
    let start = node.start_byte();
    let said = document.slice(node.byte_range());
    Some((rank as usize, start, words.and_then(|words| shortened(&words)), start..start + said.trim_end().len()))
}
