//! What a model should know of the rest of a file: the headers of its functions and types, without their bodies.

use std::ops::Range;

use super::{Outline, Scope, ScopeKind};

/// The longest one signature may be, in bytes; longer ones are cut.
const SIGNATURE_BYTES: usize = 400;

/// A constant is cut sooner: its value may be a table.
const MEMBER_BYTES: usize = 160;

/// After so many signatures in a row that no longer fit, no more are tried.
const MISSES: usize = 8;

enum What<'a> {
    Scope(&'a Scope, Option<&'a Scope>),
    Member(&'a Range<usize>),
}

impl Outline {
    /// The headers of functions, types with their fields, and constants, nearest to `except` first, each on one line, at
    /// most `budget` bytes together. What stands in `except` (what is sent anyway) is left out, and so is what is inside of
    /// functions. A method comes with the header of its type.
    pub fn signatures(&self, except: Range<usize>, budget: usize) -> Vec<String> {
        let mut candidates = self.candidates(&except);
        candidates.sort_by_key(|(distance, _)| *distance);
        let (mut left, mut misses) = (budget, 0);
        let mut signatures = Vec::new();
        for (_, what) in candidates {
            let signature = match what {
                What::Scope(scope, outer) => self.signature(scope, outer),
                What::Member(range) => self.on_one_line(range, MEMBER_BYTES),
            };
            if signature.len() <= left && !signature.is_empty() {
                left -= signature.len();
                misses = 0;
                signatures.push(signature);
            } else {
                misses += 1;
            }
            if misses == MISSES {
                break;
            }
        }
        signatures
    }

    fn candidates(&self, except: &Range<usize>) -> Vec<(usize, What<'_>)> {
        let mut candidates = Vec::new();
        let mut open: Vec<&Scope> = Vec::new();
        let distance = |range: &Range<usize>| {
            if range.end <= except.start { except.start - range.end } else { range.start.saturating_sub(except.end) }
        };
        let inside = |range: &Range<usize>| except.start <= range.start && range.end <= except.end;
        let mut types: Vec<Range<usize>> = Vec::new();
        for scope in self.scopes() {
            open.truncate(scope.depth);
            let hidden = open.iter().any(|outer| !matches!(outer.kind, ScopeKind::Class | ScopeKind::Module));
            if !hidden && !matches!(scope.kind, ScopeKind::Block | ScopeKind::Section) {
                if !inside(&scope.header) {
                    let outer = open.last().filter(|outer| outer.kind == ScopeKind::Class).copied();
                    candidates.push((distance(&scope.header), What::Scope(scope, outer)));
                }
                if scope.kind == ScopeKind::Class && types.last().is_none_or(|last| last.end <= scope.span.start) {
                    types.push(scope.span.clone());
                }
            }
            open.push(scope);
        }
        for member in &self.found.members {
            let before = types.partition_point(|range| range.start <= member.start);
            let of_type = before.checked_sub(1).is_some_and(|at| member.start < types[at].end);
            if !of_type && !inside(member) {
                candidates.push((distance(member), What::Member(member)));
            }
        }
        candidates
    }

    fn signature(&self, scope: &Scope, outer: Option<&Scope>) -> String {
        let header = self.on_one_line(&scope.header, SIGNATURE_BYTES);
        let within = match outer {
            Some(outer) => self.on_one_line(&outer.header, SIGNATURE_BYTES / 2),
            None => String::new(),
        };
        let fields = if scope.kind == ScopeKind::Class { self.fields(scope) } else { String::new() };
        let whole = match (within.is_empty(), fields.is_empty()) {
            (true, true) => header,
            (true, false) if header.ends_with(':') => format!("{header} {fields}"),
            (true, false) => format!("{header} {{ {fields} }}"),
            (false, _) if within.ends_with(':') => format!("{within} {header}"),
            (false, _) => format!("{within} {{ {header} }}"),
        };
        cut(whole, SIGNATURE_BYTES)
    }

    /// The fields that stand directly in a type, as far as there is room.
    fn fields(&self, scope: &Scope) -> String {
        let body = scope.body.clone().unwrap_or(scope.span.clone());
        let members = &self.found.members;
        let first = members.partition_point(|member| member.start < body.start);
        let mut fields = String::new();
        for member in members[first..].iter().take_while(|member| member.start < body.end) {
            if fields.len() > SIGNATURE_BYTES / 2 {
                fields.push_str("; …");
                break;
            }
            if !fields.is_empty() {
                fields.push_str("; ");
            }
            fields.push_str(&self.on_one_line(member, MEMBER_BYTES));
        }
        fields
    }

    fn on_one_line(&self, range: &Range<usize>, limit: usize) -> String {
        let text = self.document.slice(range.start..range.end.min(range.start + 2 * limit));
        let words: Vec<&str> = text.split_whitespace().collect();
        cut(words.join(" ").trim_end_matches([';', ',']).to_owned(), limit)
    }
}

fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
