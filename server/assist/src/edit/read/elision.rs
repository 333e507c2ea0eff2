//! Lines by which a model leaves out what it should have written: `// ... existing code ...`.
//!
//! Looks at comments, and at lines that are nothing but dots. Dots that mean something to a language (Python's `...`, spread,
//! ranges, variadic parameters) are none.

use super::language;

/// The longest line that is looked at: who leaves something out says so briefly.
const LONGEST: usize = 400;

/// What begins a comment that fills its line.
const OPENERS: [&str; 16] =
    ["<!--", "{{!--", "{/*", "/**", "/*", "///", "//!", "//", "(*", "{-", "--[[", "--", "#", ";", "%", "*"];
/// What ends one.
const CLOSERS: [&str; 7] = ["-->", "--}}", "*/}", "*/", "*)", "-}", "]]"];

/// What may be left out, named. Without dots beside it, it has to be the whole comment, or nearly so.
const PARTS: [&str; 29] = [
    "existing code",
    "existing implementation",
    "existing methods",
    "existing functions",
    "existing logic",
    "existing imports",
    "rest of the code",
    "rest of the file",
    "rest of the function",
    "rest of the class",
    "rest of the method",
    "rest of the implementation",
    "rest of your",
    "rest of code",
    "rest of file",
    "rest of function",
    "rest of class",
    "remaining code",
    "remaining methods",
    "remaining functions",
    "previous code",
    "original code",
    "unchanged code",
    "other methods",
    "bestehender code",
    "code existant",
    "código existente",
    "resto del código",
    "остальной код",
];
/// What may follow there.
const FATES: [&str; 13] = [
    "unchanged",
    "remain",
    "stay",
    "is unchanged",
    "is the same",
    "here",
    "goes",
    "as ",
    "omitted",
    "is omitted",
    "the same",
    "follows",
    "not shown",
];
/// Words that say it by themselves wherever they stand in a short comment.
const PHRASES: [&str; 16] = [
    "rest unchanged",
    "rest remains",
    "rest stays",
    "remains unchanged",
    "remain unchanged",
    "stays unchanged",
    "remains the same",
    "remain the same",
    "stays the same",
    "same as before",
    "same as above",
    "same as original",
    "code omitted",
    "omitted for brevity",
    "bleibt unverändert",
    "reste inchangé",
];
/// The same in languages that are written without spaces.
const SIGNS: [&str; 9] =
    ["其余代码", "现有代码", "其他代码", "保持不变", "代码省略", "既存のコード", "以下省略", "変更なし", "기존 코드"];
/// Words that say it beside dots.
const BESIDE_DOTS: [&str; 25] = [
    "rest",
    "remaining",
    "existing",
    "unchanged",
    "same",
    "other",
    "previous",
    "omitted",
    "code",
    "here",
    "more",
    "etc",
    "as before",
    "imports",
    "methods",
    "functions",
    "implementation",
    "fields",
    "tests",
    "snip",
    "wie bisher",
    "unverändert",
    "inchangé",
    "省略",
    "unchanged)",
];
/// The most words of such a comment.
const WORDS: usize = 9;

/// Whether a new line of the file at `path` says that something is left out. `before` is the line above it.
pub(super) fn is_elision(line: &str, before: &str, path: &str) -> bool {
    let text = line.trim();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    if is_dots(text) {
        // The last parameter of a list that goes on from the line above may be dots.
        let is_listed = before.trim_end().ends_with([',', '(']);
        return language::has_no_dots(path) && !is_listed || text.contains('…') && !language::is_prose(path);
    }
    if let Some(said) = comment(text) {
        // Documentation shows code, which may have lines left out for its readers.
        let is_documentation = ["///", "//!"].iter().any(|opener| text.starts_with(opener));
        if is_documentation && without_dots(said).0.is_empty() {
            return false;
        }
        return says_so(said, is_markdown(path) && text.starts_with(['#', '*', '-']));
    }
    inside(text).is_some_and(|said| says_so(said, false)) || trails(text) || is_bracketed(text)
}

/// Headings and lists of Markdown look like comments.
fn is_markdown(path: &str) -> bool {
    language::is_prose(path)
}

fn is_dots(text: &str) -> bool {
    text == "..." || text == "…" || text == "...." || text == "[...]" && text.len() == 5
}

/// What the comment says that fills a line.
fn comment(text: &str) -> Option<&str> {
    let opener = OPENERS.iter().find(|opener| text.starts_with(**opener))?;
    // `*args`, `--flag`, `#include`: only what stands apart from the rest is a comment.
    let said = &text[opener.len()..];
    let stands_apart =
        said.starts_with([' ', '\t', '.', '…', '(', '[']) || said.is_empty() || opener.len() > 1 && *opener != "--";
    if !stands_apart {
        return None;
    }
    let closer = CLOSERS.iter().find(|closer| said.trim_end().ends_with(**closer));
    let said = closer.map_or(said, |closer| &said.trim_end()[..said.trim_end().len() - closer.len()]);
    Some(said.trim_start_matches(['/', '#', '*', ';', '%', '-', '!']).trim())
}

/// What a comment says that stands inside a line: `fn f() { /* ... */ }`.
fn inside(text: &str) -> Option<&str> {
    let start = text.find("/*")? + 2;
    let end = text[start..].find("*/")? + start;
    Some(text[start..end].trim())
}

/// Whether a comment at the end of a line of code is dots: `fn f() { // ...`.
fn trails(text: &str) -> bool {
    let starts = [" // ", "\t// ", "{// ", " # ", " -- "];
    let said = starts.iter().filter_map(|start| text.rfind(start).map(|at| text[at + start.len()..].trim())).next();
    said.is_some_and(|said| {
        said.starts_with("...") && says_so(said, false) || said.starts_with('…') && says_so(said, false)
    })
}

/// `[... the rest ...]`, `(rest of the code)`, `... existing code ...` without a comment's marks.
fn is_bracketed(text: &str) -> bool {
    let bare = text.trim_matches(['[', ']', '(', ')', '<', '>', '{', '}']).trim();
    let (said, dots) = without_dots(bare);
    let apart = bare.starts_with("... ") || bare.starts_with('…') || bare.ends_with(" ...") || bare.ends_with('…');
    dots && apart && is_brief(said) && (says_by_itself(said) || names_parts(said))
}

/// Whether a comment's words say that something is left out. A heading needs more than a word beside dots.
fn says_so(said: &str, is_heading: bool) -> bool {
    let (words, dots) = without_dots(said);
    if words.is_empty() {
        return dots && !is_heading;
    }
    if !is_brief(words) {
        return false;
    }
    let starts = said.starts_with("...") || said.starts_with('…') || said.starts_with("(...");
    says_by_itself(words) || dots && names_parts(words) || dots && starts && !is_heading && has_word(words)
}

fn says_by_itself(words: &str) -> bool {
    let lower = words.to_lowercase();
    let lower = lower.trim_matches(['(', ')', '[', ']', '.', ' ', ':']);
    let bare = ["keep ", "the ", "all "].iter().fold(lower, |text, word| text.strip_prefix(word).unwrap_or(text));
    let is_part = |part: &str| {
        let rest = bare.strip_prefix(part).map(|rest| rest.trim_start_matches([' ', ',', ':', '(', '-']));
        rest.is_some_and(|rest| rest.is_empty() || FATES.iter().any(|fate| rest.starts_with(fate)))
    };
    lower == "unchanged"
        || PHRASES.iter().chain(&SIGNS).any(|phrase| lower.contains(phrase))
        || PARTS.iter().any(|part| is_part(part))
}

/// Whether words name what may be left out; dots beside them say that it is.
fn names_parts(words: &str) -> bool {
    let lower = words.to_lowercase();
    PARTS.iter().any(|part| lower.contains(part))
}

fn has_word(words: &str) -> bool {
    let lower = words.to_lowercase();
    let has = |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|one| one == word);
    BESIDE_DOTS.iter().any(|word| if word.contains(' ') || !word.is_ascii() { lower.contains(word) } else { has(word) })
}

fn is_brief(words: &str) -> bool {
    words.split_whitespace().count() <= WORDS
}

/// A text without the dots at its ends, and whether there were any.
fn without_dots(text: &str) -> (&str, bool) {
    let start = text.trim_start_matches(['(', '[', ' ']);
    let starts = start.starts_with("...") || start.starts_with('…');
    let end = text.trim_end_matches([')', ']', ' ']);
    let ends = end.ends_with("...") || end.ends_with('…');
    let words = text.trim_matches(|c: char| c == '.' || c == '…' || c.is_whitespace() || "()[]".contains(c));
    (words, starts || ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_leave_something_out_are_seen() {
        for (line, path) in [
            ("    // ... existing code ...", "a.rs"),
            ("// ...", "a.js"),
            ("//...", "a.js"),
            ("# ... rest unchanged", "a.py"),
            ("# ...", "a.py"),
            ("/* … */", "a.css"),
            ("/* ... */", "a.c"),
            ("<!-- ... -->", "a.html"),
            ("<!-- rest of the file -->", "a.md"),
            ("{/* ... existing code ... */}", "a.tsx"),
            ("// (same as before)", "a.ts"),
            ("// rest of the function remains unchanged", "a.rs"),
            ("-- ... rest of the code", "a.lua"),
            ("-- ...", "a.sql"),
            ("; ... existing code", "a.lisp"),
            ("% ... rest of the file", "a.m"),
            ("(* ... *)", "a.ml"),
            ("{- ... -}", "a.hs"),
            ("…", "a.rs"),
            ("...", "a.rs"),
            ("... existing code ...", "a.py"),
            ("[... rest of the code ...]", "a.py"),
            ("fn f() { /* ... */ }", "a.rs"),
            ("function f() { // ...", "a.js"),
            ("# ... (other methods)", "a.py"),
            ("// unchanged", "a.rs"),
            ("// …", "a.go"),
            ("// 其余代码保持不变", "a.go"),
            ("// ... остальной код ...", "a.go"),
            ("# ... bestehender Code ...", "a.py"),
            ("// ... more fields", "a.go"),
            (" * ...", "a.java"),
        ] {
            assert!(is_elision(line, "", path), "{line} in {path}");
        }
    }

    #[test]
    fn dots_that_mean_something_are_none() {
        for (before, line, path) in [
            ("", "    ...", "a.py"),
            ("", "def f(self) -> int: ...", "a.pyi"),
            ("", "    ...rest", "a.js"),
            ("", "...existing,", "a.ts"),
            ("", "  ...props.code,", "a.tsx"),
            ("", "for i in 0..n {", "a.rs"),
            ("", "    ..Default::default()", "a.rs"),
            ("", "    ..", "a.rs"),
            ("", "func f(xs ...int) {", "a.go"),
            ("int printf(const char *format,", "    ...", "a.h"),
            ("", "bazel test //...", "a.sh"),
            ("", "go build ./...", "Makefile"),
            ("", "# Loading...", "a.py"),
            ("", "// Still has to handle other cases...", "a.rs"),
            ("", "// The rest is up to the caller, who has to close what is left open and in a good state.", "a.rs"),
            ("", "print(\"Loading ...\")", "a.py"),
            ("", "let url = \"http://...\";", "a.rs"),
            ("", "...", "a.yaml"),
            ("", "...", "a.md"),
            ("", "# ...", "a.md"),
            ("", "/// ...", "a.rs"),
            ("", "* ... and the same to you", "a.md"),
            ("", "#include <stdio.h>", "a.c"),
            ("", "x = [1, ..., 2]", "a.py"),
            ("", "// waits until the same number comes again", "a.rs"),
            ("", "--flag ... more", "a.txt"),
            ("", "// The rest of the file is read by the caller.", "a.rs"),
            ("", "// skip the rest of the file", "a.rs"),
            ("", "", "a.rs"),
        ] {
            assert!(!is_elision(line, before, path), "{line} in {path}");
        }
    }
}
