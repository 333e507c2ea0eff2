//! Where documentation goes and what it looks like, by the language's convention.

use super::{Grammar, Outline, Scope, ScopeKind, grammar::extension};

/// What documentation looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocStyle {
    /// Every line begins with this mark.
    Lines(&'static str),
    /// `/**`, lines that begin with ` *`, and ` */`.
    Block,
    /// A string in three double quotes, the first thing in the body.
    Docstring,
}

/// Where the documentation of a scope goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocPlace {
    /// The byte where it is put in. Where the scope is documented already, its documentation starts on that line.
    pub at: usize,
    /// The white space each of its lines begins with.
    pub indent: String,
    /// What it looks like.
    pub style: DocStyle,
    /// `at` is the start of a line: what is put in are whole lines. Otherwise it needs a line break before and after.
    pub own_lines: bool,
}

impl Outline {
    /// Where the documentation of `scope` (one of this outline) goes; `None` for what is not documented, such as a section.
    pub fn doc_place(&self, scope: &Scope) -> Option<DocPlace> {
        let style = self.doc_style(scope.kind)?;
        let header_line = self.document.line_of(scope.header.start);
        let indent = self.document.indent_of(header_line);
        if style == DocStyle::Docstring {
            return Some(self.docstring_place(scope, &indent));
        }
        let mut line = self.document.line_of(scope.doc.as_ref().map_or(scope.range.start, |doc| doc.start));
        if scope.doc.is_none() {
            while line < header_line && self.is_comment(line) {
                line += 1;
            }
        }
        Some(DocPlace { at: self.document.rope.line_to_byte(line), indent, style, own_lines: true })
    }

    fn docstring_place(&self, scope: &Scope, indent: &str) -> DocPlace {
        let style = DocStyle::Docstring;
        let header_line = self.document.line_of(scope.header.end);
        let first = scope.doc.as_ref().or(scope.body.as_ref()).map_or(scope.header.end, |inside| inside.start);
        let line = self.document.line_of(first);
        if line > header_line {
            let place = |at, indent| DocPlace { at, indent, style, own_lines: true };
            return place(self.document.rope.line_to_byte(line), self.document.indent_of(line));
        }
        let unit = if indent.contains('\t') { "\t" } else { "    " };
        let has_body = scope.body.as_ref().is_some_and(|body| !body.is_empty());
        let next = self.document.rope.line_to_byte(header_line + 1);
        let next_is_line = next > 0 && matches!(self.document.byte_at(next - 1), Some(b'\n' | b'\r'));
        let own_lines = !has_body && next_is_line;
        DocPlace { at: if own_lines { next } else { first }, indent: format!("{indent}{unit}"), style, own_lines }
    }

    fn is_comment(&self, line: usize) -> bool {
        let text = self.document.line(line).unwrap_or_default();
        let start = text.trim_start();
        let marks = ["//", "/*", "*", "--", "#"];
        !start.starts_with("#[") && marks.iter().any(|mark| start.starts_with(mark))
    }

    fn doc_style(&self, kind: ScopeKind) -> Option<DocStyle> {
        let block = kind == ScopeKind::Block;
        Some(match self.grammar {
            _ if kind == ScopeKind::Section => return None,
            Some(Grammar::Markdown) => return None,
            Some(Grammar::Python) if block => DocStyle::Lines("#"),
            Some(Grammar::Python) => DocStyle::Docstring,
            Some(Grammar::Lua) => DocStyle::Lines(if block { "--" } else { "---" }),
            Some(_) if block => DocStyle::Lines("//"),
            Some(Grammar::Rust) => DocStyle::Lines("///"),
            Some(Grammar::Go) => DocStyle::Lines("//"),
            Some(_) => DocStyle::Block,
            None => style_of(self.document.language(), extension(self.document.uri()).unwrap_or_default()),
        })
    }
}

/// The style of a language without a grammar: by the editor's identifier, or else by the extension of the file.
fn style_of(language: &str, extension: &str) -> DocStyle {
    let style = |name: &str| {
        Some(match name {
            "csharp" | "cs" | "fsharp" | "fs" | "swift" | "dart" | "zig" => DocStyle::Lines("///"),
            "kotlin" | "kt" | "kts" | "scala" | "groovy" | "gradle" | "php" | "c" | "cpp" | "java" | "javascript"
            | "js" | "typescript" | "ts" | "css" | "scss" | "less" => DocStyle::Block,
            "python" | "py" => DocStyle::Docstring,
            "rust" | "rs" => DocStyle::Lines("///"),
            "lua" => DocStyle::Lines("---"),
            "sql" | "haskell" | "hs" | "ada" | "elm" | "vhdl" => DocStyle::Lines("--"),
            "clojure" | "clj" | "lisp" | "el" | "scheme" | "scm" | "racket" => DocStyle::Lines(";;"),
            "erlang" | "erl" | "latex" | "tex" | "matlab" | "prolog" => DocStyle::Lines("%"),
            "vim" => DocStyle::Lines("\""),
            "ruby" | "rb" | "shellscript" | "sh" | "bash" | "zsh" | "fish" | "perl" | "pl" | "r" | "yaml" | "yml"
            | "toml" | "makefile" | "mk" | "dockerfile" | "elixir" | "ex" | "exs" | "julia" | "jl" | "nim"
            | "powershell" | "ps1" | "cmake" | "nix" | "graphql" | "coffeescript" | "tcl" | "terraform" | "tf"
            | "ini" | "conf" => DocStyle::Lines("#"),
            _ => return None,
        })
    };
    style(language).or_else(|| style(extension)).unwrap_or(DocStyle::Lines("//"))
}

#[cfg(test)]
mod tests;
