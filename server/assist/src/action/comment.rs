//! A person's words in a comment: `// aside: make this async`. For editors that cannot ask for words.

use std::ops::Range;

/// What such a comment begins with.
const MARK: &str = "aside:";
/// Longer words are no instruction but a text that was selected by mistake.
const MOST_CHARS: usize = 2000;

/// Beginnings of comments to the end of the line; longer ones first.
const LINE: [&str; 13] = ["///", "//!", "//", "##", "#", "--", ";;;", ";;", ";", "%%", "%", "..", "dnl"];
/// The same, where nothing else stands before them on the line and a blank behind: elsewhere they mean something else.
const LINE_ALONE: [&str; 4] = ["\"", "'", "!", "rem"];
/// Beginnings and ends of comments that end before the line does or go on behind it; longer beginnings first.
const BLOCK: [(&str, &str); 12] = [
    ("<!--", "-->"),
    ("<%--", "--%>"),
    ("--[[", "]]"),
    ("/**", "*/"),
    ("/*!", "*/"),
    ("/*", "*/"),
    ("{{!", "}}"),
    ("{#", "#}"),
    ("{-", "-}"),
    ("(*", "*)"),
    ("#|", "|#"),
    ("@*", "*@"),
];

/// What a comment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The person's words, on one line.
    pub words: String,
    /// The bytes that go with the comment: whole lines where it stands alone on them, else from the blanks before it.
    pub range: Range<usize>,
}

impl Instruction {
    /// `text` without the comment.
    pub fn removed_from(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.range.start), text.get(self.range.end..));
        format!("{}{}", before.unwrap_or(text), after.unwrap_or_default())
    }
}

/// The first comment in `text` that begins with `aside:`, in the comment syntax of any language; `text` is the selection, or the
/// cursor's whole lines.
///
/// A comment to the end of the line is one line; one with an end of its own may have several. What looks like a comment inside a
/// string is not told from one, except where a quote or anything else stands directly before it.
pub fn instruction_comment(text: &str) -> Option<Instruction> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(found) = in_line(text, start, line) {
            return Some(found);
        }
        start += line.len();
    }
    None
}

/// The comment that begins in `line`, which stands at `start` of `text`.
fn in_line(text: &str, start: usize, line: &str) -> Option<Instruction> {
    for (mark, _) in line.char_indices() {
        let is_mark = line.get(mark..mark + MARK.len()).is_some_and(|found| found.eq_ignore_ascii_case(MARK));
        if !is_mark {
            continue;
        }
        let Some((opener, end)) = opener(&line[..mark]) else { continue };
        let words = start + mark + MARK.len();
        let from = start + opener;
        let until = match end {
            None => start + line.trim_end_matches(['\r', '\n']).len(),
            Some(end) => text[words..].find(end).map(|at| words + at + end.len())?,
        };
        let inside = &text[words..until - end.map_or(0, str::len)];
        return instruction(text, inside, from..until);
    }
    None
}

/// Where the comment begins whose beginning ends `before`, and how it ends.
fn opener(before: &str) -> Option<(usize, Option<&'static str>)> {
    let (before, is_spaced) = (before.trim_end_matches([' ', '\t']), before.ends_with([' ', '\t']));
    let at = |opener: &str| {
        let at = before.len().checked_sub(opener.len())?;
        let found = before.get(at..)?.eq_ignore_ascii_case(opener);
        (found && before[..at].chars().next_back().is_none_or(char::is_whitespace)).then_some(at)
    };
    let block = BLOCK.iter().find_map(|(opener, end)| Some((at(opener)?, Some(*end))));
    let line = || LINE.iter().find_map(|opener| Some((at(opener)?, None)));
    let alone = || {
        let found = LINE_ALONE.iter().find_map(|opener| at(opener))?;
        (is_spaced && before[..found].trim().is_empty()).then_some((found, None))
    };
    block.or_else(line).or_else(alone)
}

fn instruction(text: &str, inside: &str, comment: Range<usize>) -> Option<Instruction> {
    let lines = inside.lines().map(|line| line.trim().trim_start_matches("* ").trim());
    let words = lines.filter(|line| !line.is_empty() && *line != "*").collect::<Vec<_>>().join(" ");
    let is_short = words.chars().nth(MOST_CHARS).is_none();
    (!words.is_empty() && is_short).then(|| Instruction { words, range: removable(text, comment) })
}

/// The comment with what would be left of its lines without it.
fn removable(text: &str, comment: Range<usize>) -> Range<usize> {
    let line_start = text[..comment.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[comment.end..].find('\n').map_or(text.len(), |newline| comment.end + newline + 1);
    let (before, after) = (&text[line_start..comment.start], &text[comment.end..line_end]);
    if before.trim().is_empty() && after.trim().is_empty() {
        return line_start..line_end;
    }
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    // With code behind it, the blanks before it keep the code where it was.
    if after.trim().is_empty() { comment.start - blanks..comment.end } else { comment }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_comment_of_any_language_is_an_instruction() {
        for (text, words, left) in [
            ("// aside: make this async\nfn f() {}\n", "make this async", "fn f() {}\n"),
            ("    # Aside:   use a set  \r\n    x = []\r\n", "use a set", "    x = []\r\n"),
            ("a(); // aside: log it\nb();", "log it", "a();\nb();"),
            ("<!-- aside: a table -->\n<p>", "a table", "<p>"),
            ("/* aside: split\n * in two\n */\nint x;", "split in two", "int x;"),
            ("f(/* aside: name it */ 3)", "", "f(/* aside: name it */ 3)"),
            ("f( /* aside: name it */ 3)", "name it", "f(  3)"),
            ("-- aside: index it", "index it", ""),
            ("--[[ aside: shorter ]]\nx = 1", "shorter", "x = 1"),
            (";; aside: tail call\n(f)", "tail call", "(f)"),
            ("(* aside: total *)\nlet f = 1", "total", "let f = 1"),
            ("\" aside: a mapping\nset nu", "a mapping", "set nu"),
            ("REM aside: loop\r\ncls", "loop", "cls"),
            ("% aside: shorter\nx", "shorter", "x"),
            ("{# aside: a macro #}x", "a macro", "x"),
        ] {
            let found = instruction_comment(text);
            assert_eq!(found.as_ref().map_or("", |found| found.words.as_str()), words, "{text:?}");
            if let Some(found) = found {
                assert_eq!(found.removed_from(text), left, "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_comment_for_us_asks_for_nothing() {
        for text in [
            "",
            "aside: not in a comment",
            "// aside:\nfn f() {}",
            "// aside:   \t",
            "let s = \"// aside: x\";",
            "http://aside: x",
            "// an aside: this is one",
            "/* aside: never closed\nfn f() {}",
            "x ! aside: y",
            "// besides: no",
            "\"aside: a text of YAML\"",
        ] {
            assert_eq!(instruction_comment(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_first_of_several_counts_and_none_is_too_long() {
        let text = "x\n# aside: one\n# aside: two\n";
        assert_eq!(instruction_comment(text).expect("an instruction").words, "one");
        assert_eq!(instruction_comment(&format!("# aside: {}", "x".repeat(MOST_CHARS + 1))), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_the_range_is_of_it(text in "(// aside: |/\\*|\\*/|aside:|#|ü|🎬| |\r?\n|x){0,30}") {
            if let Some(found) = instruction_comment(&text) {
                prop_assert!(text.get(found.range.clone()).is_some());
                prop_assert!(found.removed_from(&text).len() < text.len());
            }
        }
    }
}
