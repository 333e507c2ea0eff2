//! Blocks by indentation: what is left when there is no grammar, or the text is half-written.
//!
//! A line that deeper lines follow is a block; lines at its own depth that close it (`}`, `end`, `else`, …) belong to it.
//! Comments neither open nor close anything. A block is named from its line.

use std::{borrow::Cow, ops::Range};

use super::{Scope, ScopeKind};
use crate::Document;

/// The widest name a block gets from its line, in bytes.
const NAME_BYTES: usize = 60;

/// How much of a line is looked at, in bytes.
const LINE_BYTES: usize = 400;

/// Blocks nested deeper than this are not told apart.
const MAX_DEPTH: usize = 200;

/// A tab is as wide as this many spaces.
const TAB: usize = 4;

/// A line that opens a block, and the last line of that block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indented {
    /// The line that the block is named from.
    pub(super) line: usize,
    /// Its last line, with what closes it.
    pub(super) last: usize,
}

/// The blocks of a document by indentation, in the order of their first lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Indentation {
    blocks: Vec<Indented>,
}

enum Look {
    Blank,
    Comment,
    Code { width: usize, closes: bool, opens_brace: bool, ends_statement: bool },
}

struct Open {
    line: usize,
    width: usize,
    deeper: bool,
    ends_statement: bool,
}

impl Indentation {
    /// Reads the indentation of every line once.
    pub(super) fn of(document: &Document) -> Self {
        let mut blocks = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        let mut previous = 0;
        for (line, text) in document.rope.lines().enumerate() {
            let Look::Code { width, closes, opens_brace, ends_statement } = look(text) else { continue };
            while open.last().is_some_and(|top| top.width > width) {
                close(&mut open, previous, &mut blocks);
            }
            let goes_on = open.last().is_some_and(|top| {
                top.width == width && (closes || (opens_brace && (top.deeper || !top.ends_statement)))
            });
            if !goes_on {
                if open.last().is_some_and(|top| top.width == width) {
                    close(&mut open, previous, &mut blocks);
                }
                if let Some(top) = open.last_mut() {
                    top.deeper = true;
                }
                if open.len() < MAX_DEPTH {
                    open.push(Open { line, width, deeper: false, ends_statement });
                }
            }
            previous = line;
        }
        while !open.is_empty() {
            close(&mut open, previous, &mut blocks);
        }
        blocks.sort_unstable_by_key(|block| block.line);
        Self { blocks }
    }

    /// All of them, by their first lines.
    pub(super) fn blocks(&self) -> &[Indented] {
        &self.blocks
    }

    /// The block that begins at `line`.
    pub(super) fn at(&self, line: usize) -> Option<Indented> {
        let found = self.blocks.binary_search_by_key(&line, |block| block.line).ok()?;
        Some(self.blocks[found])
    }
}

fn close(open: &mut Vec<Open>, last: usize, blocks: &mut Vec<Indented>) {
    if let Some(top) = open.pop()
        && top.deeper
    {
        blocks.push(Indented { line: top.line, last });
    }
}

/// What a line looks like from its start and its end.
fn look(line: ropey::RopeSlice<'_>) -> Look {
    let text: Cow<'_, str> = line.into();
    let start = text.trim_start();
    if start.is_empty() {
        return Look::Blank;
    }
    if is_comment(start) {
        return Look::Comment;
    }
    let indent = &text[..text.len() - start.len()];
    let width = indent.bytes().fold(0, |width, byte| match byte {
        b'\t' => width + TAB - width % TAB,
        b' ' => width + 1,
        _ => width,
    });
    let ends_statement = start.trim_end().ends_with([';', '}', '{', ',', ':']);
    Look::Code { width, closes: closes(start), opens_brace: start.starts_with('{'), ends_statement }
}

/// Comments, attributes and directives of common languages: lines whose indentation says nothing.
fn is_comment(start: &str) -> bool {
    ["//", "/*", "* ", "*/", "#", "--", "<!--", ";;"].iter().any(|mark| start.starts_with(mark))
        || start.trim_end() == "*"
}

/// Whether a line that starts so goes on with what the line before it at its depth began.
pub(super) fn closes(start: &str) -> bool {
    const WORDS: [&str; 12] =
        ["end", "else", "elif", "elsif", "elseif", "except", "finally", "catch", "rescue", "ensure", "until", "where"];
    let word = start.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    start.starts_with(['}', ')', ']']) || WORDS.contains(&word)
}

/// The block as a scope, with the comments and attributes that stand directly above it.
pub(super) fn scope(document: &Document, block: Indented) -> Scope {
    let line = document.line_range(block.line).unwrap_or_default();
    let text = head(document, block.line);
    let indent = text.len() - text.trim_start().len();
    let trimmed = text.trim().trim_end_matches(['{', ':']).trim_end();
    let header = line.start + indent..line.start + indent + trimmed.len();
    let (kind, name) = named(trimmed, text.trim_end().ends_with('{'));
    let (first, doc) = lead(document, block.line);
    let end = document.rope.line_to_byte(block.last + 1);
    let last = head(document, block.last);
    let closed = block.last > block.line && closes(last.trim_start());
    let body_start = document.rope.line_to_byte(block.line + 1);
    let body_end = if closed { document.rope.line_to_byte(block.last) } else { end };
    Scope {
        kind,
        name,
        range: document.rope.line_to_byte(first)..end,
        body: Some(body_start..body_end.max(body_start)),
        doc,
        public: is_public(trimmed),
        depth: 0,
        span: header.start..end,
        header,
    }
}

/// The start of a line, at most so long as is worth looking at.
fn head(document: &Document, line: usize) -> String {
    let range = document.line_range(line).unwrap_or_default();
    document.slice(range.start..range.end.min(range.start + LINE_BYTES))
}

/// The first line of what stands directly above `line` and belongs to it, and the comment in it.
fn lead(document: &Document, line: usize) -> (usize, Option<Range<usize>>) {
    let mut first = line;
    let mut doc: Option<Range<usize>> = None;
    while first > 0 {
        let text = head(document, first - 1);
        let start = text.trim_start();
        let directive =
            ["#!", "#if", "#el", "#en", "#in", "#de", "#un", "#pr"].iter().any(|mark| start.starts_with(mark));
        let attribute = start.starts_with('@') || start.starts_with("#[");
        if directive || !(attribute || is_comment(start)) {
            break;
        }
        first -= 1;
        if !attribute {
            let at = document.line_range(first).unwrap_or_default();
            let begin = at.start + text.len() - start.len();
            doc = Some(begin..doc.map_or(at.end, |doc| doc.end));
        }
    }
    (first, doc)
}

/// What a line that opens a block declares, and its name.
fn named(header: &str, brace: bool) -> (ScopeKind, Option<String>) {
    let mut words =
        header.split(|character: char| !(character.is_alphanumeric() || character == '_' || character == '$'));
    let mut first = None;
    while let Some(word) = words.next() {
        first = first.or(Some(word).filter(|word| !word.is_empty()));
        let kind = match word {
            "fn" | "func" | "def" | "function" | "fun" | "sub" | "proc" | "procedure" | "defun" => ScopeKind::Function,
            "class" | "struct" | "interface" | "trait" | "enum" | "union" | "impl" | "record" | "protocol"
            | "object" => ScopeKind::Class,
            "module" | "namespace" | "mod" => ScopeKind::Module,
            _ => continue,
        };
        let name = words.find(|word| !word.is_empty());
        return (kind, name.map(str::to_owned).or_else(|| shortened(header)));
    }
    match called(header).filter(|_| brace) {
        Some(name) if !is_control(first.unwrap_or_default()) => (ScopeKind::Function, Some(name.to_owned())),
        _ => (ScopeKind::Block, shortened(header)),
    }
}

/// The word before the first parenthesis, in a line that ends with one or with what a signature may end with.
fn called(header: &str) -> Option<&str> {
    let (before, after) = header.split_once('(')?;
    let name = before
        .rsplit(|character: char| !(character.is_alphanumeric() || character == '_' || character == '$'))
        .next()?;
    let is_call = before.contains(['=', '.', '"', '\'']) || after.contains("=>");
    Some(name).filter(|name| !name.is_empty() && !is_call && !is_control(name))
}

fn is_control(word: &str) -> bool {
    [
        "if",
        "for",
        "while",
        "switch",
        "match",
        "else",
        "do",
        "try",
        "catch",
        "with",
        "return",
        "elif",
        "elsif",
        "unless",
        "until",
        "case",
        "when",
        "loop",
        "foreach",
        "using",
        "select",
        "synchronized",
        "new",
        "throw",
    ]
    .contains(&word)
}

fn is_public(header: &str) -> bool {
    let before = header.split('(').next().unwrap_or_default();
    before.split(|character: char| !character.is_alphanumeric()).any(|word| matches!(word, "pub" | "public" | "export"))
}

/// A line as a name: in one piece, not longer than is readable; `None` when it says nothing.
pub(super) fn shortened(text: &str) -> Option<String> {
    let mut name = String::new();
    for word in text.split_whitespace() {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
        if name.len() > NAME_BYTES {
            name.truncate(name.floor_char_boundary(NAME_BYTES));
            name.push('…');
            break;
        }
    }
    Some(name).filter(|name| !name.is_empty())
}
