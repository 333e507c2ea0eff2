//! Where something is asked for, as plain values: the file, what is selected, what encloses it, what is wrong there.

pub use aside_text::ScopeKind;

use crate::fence::one_line;

/// The most characters of a name in a title.
const NAME_CHARS: usize = 60;

/// A place in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The editor's identifier of the language (`rust`, `typescriptreact`).
    pub language: String,
    /// What the file is called for people: its path inside the workspace, else its name.
    pub path: String,
    /// The line of the cursor, or of the selection's beginning; from 1.
    pub line: u32,
    /// The lines of the selection; `None` at a bare cursor.
    pub selection: Option<Lines>,
    /// What encloses the place, innermost first.
    pub scopes: Vec<ScopeName>,
    /// What tools say is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether these are all diagnostics of the file, rather than those that touch the place.
    pub whole_file: bool,
    /// Whether the cursor stands on a blank line or at the end of the code, so that there is something to continue.
    pub blank: bool,
    /// What a comment at the place asks for (see [`instruction_comment`](super::instruction_comment)).
    pub instruction: Option<String>,
}

/// Whole lines, from 1, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// The word for people: `function`.
fn word(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Function => "function",
        ScopeKind::Method => "method",
        ScopeKind::Class => "class",
        ScopeKind::Module => "module",
        ScopeKind::Block => "block",
        ScopeKind::Section => "section",
    }
}

/// A function, whether or not it belongs to a type.
pub(super) fn is_function(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Function | ScopeKind::Method)
}

/// What encloses a place, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeName {
    /// What it is.
    pub kind: ScopeKind,
    /// Its name, where it has one.
    pub name: Option<String>,
}

/// How bad something is, as editors rank it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Severity {
    /// It is wrong.
    #[default]
    Error,
    /// It may be wrong.
    Warning,
    /// Worth knowing.
    Information,
    /// Could be better.
    Hint,
}

impl Severity {
    /// The word: `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
            Self::Hint => "hint",
        }
    }
}

/// What a tool says is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it says; may have several lines.
    pub message: String,
    /// The tool, where it says so.
    pub source: Option<String>,
    /// Its code, where there is one.
    pub code: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The line it begins in, from 1.
    pub line: u32,
}

impl Diagnostic {
    /// The first line of the message, fit for a title of at most `most` characters.
    pub(super) fn headline(&self, most: usize) -> String {
        let first = self.message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        one_line(first, most)
    }

    /// `error in line 3 (rustc E0425)`.
    pub(super) fn heading(&self) -> String {
        let parts = [self.source.as_deref(), self.code.as_deref()];
        let from = parts.into_iter().flatten().map(|part| one_line(part, NAME_CHARS)).collect::<Vec<_>>().join(" ");
        let from = if from.is_empty() { from } else { format!(" ({from})") };
        format!("{} in line {}{from}", self.severity.as_str(), self.line)
    }
}

impl Lines {
    /// `line 3` or `lines 3–9`.
    pub(super) fn words(self) -> String {
        if self.last <= self.first {
            format!("line {}", self.first)
        } else {
            format!("lines {}–{}", self.first, self.last)
        }
    }
}

impl ScopeName {
    /// A scope of this kind and name.
    pub fn new(kind: ScopeKind, name: &str) -> Self {
        Self { kind, name: Some(name.to_owned()) }
    }

    /// The name between back quotes, which cannot end them; `None` where there is none.
    pub(super) fn quoted(&self) -> Option<String> {
        let name = one_line(self.name.as_deref()?, NAME_CHARS).replace('`', "'");
        (!name.is_empty()).then(|| format!("`{name}`"))
    }

    /// `` function `parse` ``, or `this function`.
    pub(super) fn words(&self) -> String {
        let kind = word(self.kind);
        self.quoted().map_or_else(|| format!("this {kind}"), |name| format!("{kind} {name}"))
    }
}

impl Place {
    /// The innermost scope that `is_wanted`.
    pub(super) fn scope(&self, is_wanted: impl Fn(ScopeKind) -> bool) -> Option<&ScopeName> {
        self.scopes.iter().find(|scope| is_wanted(scope.kind))
    }

    /// The innermost function, else the innermost class.
    pub(super) fn subject(&self) -> Option<&ScopeName> {
        self.scope(is_function).or_else(|| self.scope(|kind| kind == ScopeKind::Class))
    }
}
