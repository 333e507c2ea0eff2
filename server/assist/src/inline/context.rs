//! What a completion sends: the text round the cursor and pieces of other files, within bounds.
//!
//! It reads snapshots only. Whether a document may leave the machine is asked of [`Allows`], for the document itself and
//! for every piece.

use aside_model::Snippet;
use aside_text::Document;

use crate::egress;

use super::{Ask, Empty, LeftOut, Options, Trigger, trim::Shape};

/// Lines taken before and after a visited place of another document.
const NEIGHBOUR_LINES: usize = 12;
/// The most bytes of one such piece.
const NEIGHBOUR_BYTES: usize = 1024;
/// The most pieces.
const NEIGHBOURS: usize = 3;

/// Says whether a document may be shown to a model.
pub(super) type Allows<'a> = &'a dyn Fn(&Document) -> Result<(), aside_index::LeftOut>;

/// What is sent, and what was left out.
pub(super) struct Context {
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// Each with the URI of the document that it is from.
    pub(super) snippets: Vec<(Snippet, String)>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) single_line: bool,
}

impl Context {
    /// The bounds that a fill has to fit into.
    pub(super) fn shape(&self) -> Shape<'_> {
        Shape { prefix: &self.prefix, suffix: &self.suffix, single_line: self.single_line }
    }
}

/// The reason not to ask any model about this document, if there is one.
pub(super) fn refusal(ask: &Ask, options: &Options, allows: Allows<'_>) -> Option<Empty> {
    // What a person asks for by a key or command comes even where typing is left alone.
    let unasked = ask.trigger == Trigger::Automatic;
    if unasked && !options.enabled {
        return Some(Empty::Disabled);
    }
    let language = ask.document.language();
    if unasked && options.disabled_languages.iter().any(|disabled| disabled == language) {
        return Some(Empty::Language(language.to_owned()));
    }
    let kept = allows(&ask.document).err()?;
    let path = egress::name_of(&ask.document, ask.workspace.as_deref());
    Some(Empty::Withheld { path, rule: kept.rule.to_owned() })
}

/// Gathers what to send. `places` are the latest places of other documents, oldest visit first.
pub(super) fn gather(ask: &Ask, options: &Options, places: &[(String, usize)], allows: Allows<'_>) -> Context {
    let (before, after) = match &ask.selected {
        Some(selected) => (selected.range.start, selected.range.end.max(ask.at)),
        None => (ask.at, ask.at),
    };
    let mut prefix = ask.document.window(before, options.prefix_bytes, 0).prefix;
    if let Some(selected) = &ask.selected {
        prefix.push_str(&selected.text);
    }
    let suffix = ask.document.window(after, 0, options.suffix_bytes).suffix;
    let single_line = is_inside_line(&suffix);
    let (snippets, left_out) = neighbours(ask, places, allows);
    Context { prefix, suffix, snippets, left_out, single_line }
}

/// Whether code follows on the cursor's line; closing brackets, quotes and separators alone do not count.
fn is_inside_line(suffix: &str) -> bool {
    let rest = suffix.split(['\n', '\r']).next().unwrap_or_default();
    rest.chars().any(|c| !c.is_whitespace() && !matches!(c, ')' | ']' | '}' | '>' | '"' | '\'' | '`' | ';' | ',' | ':'))
}

fn neighbours(ask: &Ask, places: &[(String, usize)], allows: Allows<'_>) -> (Vec<(Snippet, String)>, Vec<LeftOut>) {
    let (mut snippets, mut left_out) = (Vec::new(), Vec::new());
    for (uri, at) in places.iter().rev() {
        let Some(document) = ask.open.iter().find(|open| open.uri() == uri && uri != ask.document.uri()) else {
            continue;
        };
        let Some(path) = relative_to(ask, document) else { continue };
        if let Err(kept) = allows(document) {
            left_out.push(LeftOut { path, reason: kept.rule.to_owned() });
        } else if snippets.len() == NEIGHBOURS {
            left_out.push(LeftOut { path, reason: "enough other files".to_owned() });
        } else {
            let text = around(document, *at);
            snippets.push((Snippet { path, text }, uri.clone()));
        }
    }
    // Most relevant last, nearest to the prefix.
    snippets.reverse();
    (snippets, left_out)
}

fn around(document: &Document, at: usize) -> String {
    let line = document.line_of(at);
    let first = document.line_range(line.saturating_sub(NEIGHBOUR_LINES)).map_or(0, |range| range.start);
    let last = document.line_range(line + NEIGHBOUR_LINES).map_or(document.len_bytes(), |range| range.end);
    let window = document.window(at, NEIGHBOUR_BYTES / 2, NEIGHBOUR_BYTES / 2);
    let from = first.max(at.saturating_sub(window.prefix.len()));
    let to = last.min(at.saturating_add(window.suffix.len()));
    document.slice(from..to)
}

/// The path of another open document as the model sees it; `None` when it belongs to another workspace.
fn relative_to(ask: &Ask, document: &Document) -> Option<String> {
    let path = egress::path_of(document)?;
    match &ask.workspace {
        Some(root) => egress::inside(root, &path),
        None => Some(egress::name_of(document, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_behind_the_cursor_asks_for_one_line() {
        for (suffix, single) in [
            ("", false),
            ("\nfn next() {}", false),
            (");\n", false),
            ("\"]})\nx", false),
            (" + 1\n", true),
            ("name)\n", true),
        ] {
            assert_eq!(is_inside_line(suffix), single, "{suffix:?}");
        }
    }
}
