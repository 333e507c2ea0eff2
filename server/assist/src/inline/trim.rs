//! What of a model's fill is shown: one line or a block, without what already follows the cursor.
//!
//! Pure text in, text out. Language-agnostic: it looks at lines, indentation and brackets only.

/// The hole that a fill has to fit into.
pub(super) struct Shape<'a> {
    /// Text before the cursor.
    pub(super) prefix: &'a str,
    /// Text after the cursor.
    pub(super) suffix: &'a str,
    /// Whether only the rest of the line is wanted.
    pub(super) single_line: bool,
}

/// Shortest repeated line that counts as a repetition; shorter ones (`}`, `);`) occur everywhere.
const SHORTEST_REPEAT: usize = 4;

/// The part of `raw` that is shown, or `None` when nothing of it is new.
pub(super) fn trim(raw: &str, shape: &Shape<'_>) -> Option<String> {
    let text = &raw[..wanted(raw, shape).unwrap_or(raw.len())];
    let text = &text[..repeated(text, shape.suffix)];
    let text = text.trim_end();
    let text = &text[..text.len() - overlap(text, shape.suffix)];
    // Spaces that stand before the rest of the line are part of the suggestion only when something follows them there.
    let text = if rest_of_line(shape.suffix).trim().is_empty() { text.trim_end() } else { text };
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// Whether more text could not change what [`trim`] gives.
pub(super) fn is_enough(text: &str, shape: &Shape<'_>) -> bool {
    wanted(text, shape).is_some()
}

/// Where the wanted line or block ends in `text`; `None` when it has not ended yet.
fn wanted(text: &str, shape: &Shape<'_>) -> Option<usize> {
    let first = text.find('\n');
    if shape.single_line {
        // A model that starts with a line end has nothing to say about this line.
        return first;
    }
    let cursor_line = shape.prefix.rsplit('\n').next().unwrap_or_default();
    let starts_blank = cursor_line.trim().is_empty();
    let first = first?;
    let opened = |line: &str| line.trim_end().ends_with(['{', '(', '[', ':', ',', '=', '>', '\\', '|']);
    let begins = text.trim_start_matches([' ', '\t', '\r']);
    if !starts_blank && !begins.starts_with('\n') && !opened(&text[..first]) {
        return Some(first);
    }
    block_end(text, first, indent(cursor_line), starts_blank)
}

/// Follows whole lines from `from` (a line end) while they belong to the block that starts at the cursor.
fn block_end(text: &str, from: usize, base: usize, starts_blank: bool) -> Option<usize> {
    let mut end = from;
    let mut any = !text[..from].trim().is_empty();
    // The last piece has no line end yet: more of it may come.
    while let Some(length) = text[end + 1..].find('\n') {
        let line = &text[end + 1..end + 1 + length];
        let next = end + 1 + length;
        if line.trim().is_empty() {
            if any && starts_blank {
                return Some(end);
            }
        } else if indent(line) < base {
            return Some(end);
        } else if indent(line) == base && !starts_blank {
            // Back at the level of the cursor's line: a closing bracket still belongs to the block, a statement does not.
            return Some(if line.trim_start().starts_with(['}', ')', ']']) { next } else { end });
        } else {
            any = true;
        }
        end = next;
    }
    None
}

/// Columns of white space at the start of `line`, a tab counting as four.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

fn rest_of_line(suffix: &str) -> &str {
    suffix.split(['\n', '\r']).next().unwrap_or_default()
}

/// The length of `text` before the line that repeats what follows the cursor's line.
fn repeated(text: &str, suffix: &str) -> usize {
    let below = suffix.split_once('\n').map_or("", |(_, below)| below);
    let Some(next) = below.lines().find(|line| !line.trim().is_empty()) else { return text.len() };
    let long = next.trim().len() >= SHORTEST_REPEAT;
    let mut start = text.find('\n').map_or(text.len(), |end| end + 1);
    while start < text.len() {
        let line = text[start..].split('\n').next().unwrap_or_default();
        let same = if long { line.trim() == next.trim() } else { line.trim_end() == next.trim_end() };
        if same && !line.trim().is_empty() {
            return start.saturating_sub(1);
        }
        start += line.len() + 1;
    }
    text.len()
}

/// How many bytes at the end of `text` are already there, at the start of the rest of the cursor's line.
fn overlap(text: &str, suffix: &str) -> usize {
    let rest = rest_of_line(suffix).trim_end();
    let longest = (1..=rest.len().min(text.len()))
        .rev()
        .filter(|&length| rest.is_char_boundary(length))
        .find(|&length| text.ends_with(&rest[..length]))
        .unwrap_or(0);
    let shared = &text[text.len() - longest..];
    if shared.chars().all(is_closer) {
        closers(text, shared)
    } else if is_worth_cutting(shared, rest) {
        longest
    } else {
        0
    }
}

/// A few equal letters are chance; a whole rest of the line or a longer piece is not.
fn is_worth_cutting(shared: &str, rest: &str) -> bool {
    shared.len() == rest.len() || shared.trim().len() >= SHORTEST_REPEAT
}

fn is_closer(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | ';' | ',' | '"' | '\'' | '`' | '>') || c.is_whitespace()
}

/// How much of the closing characters at the end of `text` closes something that `text` itself did not open.
fn closers(text: &str, shared: &str) -> usize {
    let mut cut = 0;
    for (offset, _) in shared.char_indices() {
        let length = shared.len() - offset;
        let without = &text[..text.len() - length];
        let piece = &shared[offset..];
        // Cut the most that leaves the suggestion no less balanced than before.
        if excess(text) >= piece.chars().filter(|c| matches!(c, ')' | ']' | '}')).count() as i64
            && quotes_fit(without, piece)
        {
            cut = length;
            break;
        }
    }
    cut
}

/// Closing brackets in `text` beyond those that it opened.
fn excess(text: &str) -> i64 {
    let (mut open, mut excess) = (0i64, 0i64);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' if open > 0 => open -= 1,
            ')' | ']' | '}' => excess += 1,
            _ => {}
        }
    }
    excess
}

/// Cutting a quote is right when it leaves the text before it with pairs of that quote only.
fn quotes_fit(without: &str, piece: &str) -> bool {
    ['"', '\'', '`'].iter().all(|quote| !piece.contains(*quote) || without.matches(*quote).count().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Fills `raw` at `|` and gives what is shown.
    fn shown(hole: &str, raw: &str) -> Option<String> {
        let (prefix, suffix) = hole.split_once('|').expect("a cursor");
        let single_line = rest_of_line(suffix).chars().any(char::is_alphanumeric);
        trim(raw, &Shape { prefix, suffix, single_line })
    }

    #[test]
    fn a_statement_ends_with_its_line() {
        assert_eq!(shown("let x = |\n", "1 + 2;\nlet y = 3;\n").as_deref(), Some("1 + 2;"));
        assert_eq!(shown("let x = |\n", "1 + 2;").as_deref(), Some("1 + 2;"));
    }

    #[test]
    fn a_block_ends_with_its_closing_line() {
        assert_eq!(
            shown("fn a() |\n", "{\n    b();\n    c();\n}\n\nfn d() {}\n").as_deref(),
            Some("{\n    b();\n    c();\n}")
        );
        assert_eq!(shown("def a():|\n", "\n    return 1\n\ndef b():\n    pass\n").as_deref(), Some("\n    return 1"));
    }

    #[test]
    fn statements_of_an_empty_line_end_at_a_blank_line_or_a_smaller_indent() {
        assert_eq!(shown("f:\n    |\n", "a = 1\n    b = 2\n\n    c = 3\n").as_deref(), Some("a = 1\n    b = 2"));
        assert_eq!(shown("f:\n    |\n", "a = 1\nother\n").as_deref(), Some("a = 1"));
    }

    #[test]
    fn inside_a_line_only_the_line_is_filled() {
        assert_eq!(shown("a = | + rest\n", "one\ntwo").as_deref(), Some("one"));
    }

    #[test]
    fn what_already_follows_is_not_suggested_again() {
        assert_eq!(shown("foo(|)\n", "a, b)").as_deref(), Some("a, b"));
        assert_eq!(shown("foo(|);\n", "a, b);").as_deref(), Some("a, b"));
        assert_eq!(shown("foo(|)\n", "bar(1)").as_deref(), Some("bar(1)"));
        assert_eq!(shown("x = [\"|\"]\n", "key\"]").as_deref(), Some("key"));
        assert_eq!(shown("let |value = 1;\n", "mut value = 1;").as_deref(), Some("mut "));
        assert_eq!(shown("a|\nreturn total\n", " {\n    b\nreturn total\n").as_deref(), Some(" {\n    b"));
    }

    #[test]
    fn a_fill_that_says_nothing_new_is_none() {
        assert_eq!(shown("foo(|)\n", ")"), None);
        assert_eq!(shown("x|\n", "  \n \n"), None);
        assert_eq!(shown("x |value\n", "value"), None);
    }

    #[test]
    fn reading_stops_as_soon_as_the_wanted_text_is_there() {
        let shape = Shape { prefix: "let x = ", suffix: "\n", single_line: false };
        assert!(!is_enough("1 + 2;", &shape));
        assert!(is_enough("1 + 2;\n", &shape));
        assert!(!is_enough("{\n  a\n", &shape));
        assert!(is_enough("{\n  a\n}\n", &shape));
    }

    proptest! {
        #[test]
        fn any_text_is_trimmed_to_a_prefix_of_itself(raw in "[ -~\\n\\tü日🦀]{0,60}", before in "[ -~\\n]{0,20}", after in "[ -~\\nü🦀]{0,30}", single_line: bool) {
            let shape = Shape { prefix: &before, suffix: &after, single_line };
            if let Some(text) = trim(&raw, &shape) {
                prop_assert!(raw.starts_with(&text));
                prop_assert!(!text.trim().is_empty());
            }
        }
    }
}
