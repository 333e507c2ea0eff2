//! Telling a model's words from code, where no fence does.

use super::{Refusal, refusal::shown};

/// How a model begins when it does not want to, or cannot.
const DECLINES: [&str; 20] = [
    "i cannot",
    "i can't",
    "i can’t",
    "i can not",
    "i'm sorry",
    "i’m sorry",
    "i am sorry",
    "sorry",
    "i am unable",
    "i'm unable",
    "i’m unable",
    "i won't",
    "i won’t",
    "i will not",
    "as an ai",
    "i'm not able",
    "i’m not able",
    "i am not able",
    "unfortunately, i",
    "i apologize",
];

/// How a model begins when it talks about what it gives.
const CHATTER: [&str; 16] = [
    "here is",
    "here's",
    "here’s",
    "here are",
    "sure",
    "certainly",
    "of course",
    "okay",
    "ok,",
    "i've",
    "i’ve",
    "i have",
    "the updated",
    "this change",
    "let me",
    "below is",
];

/// Ends of lines that prose does not have.
const CODE_ENDS: [char; 12] = [';', '{', '}', '(', '[', ']', '=', '\\', '|', '&', '>', '<'];

/// Why an answer that is no code is not taken.
pub(super) fn refusal(lines: &[&str]) -> Refusal {
    let Some(first) = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()) else { return Refusal::Empty };
    let said = shown(first);
    if begins(first, &DECLINES) { Refusal::Declined { said } } else { Refusal::Prose { said } }
}

/// Whether a line is how a model declines.
pub(super) fn declines(line: &str) -> bool {
    begins(line, &DECLINES)
}

/// Whether a line is how a model introduces what it gives.
pub(super) fn is_chatter(line: &str) -> bool {
    begins(line, &CHATTER) && is_sentence(line)
}

fn begins(line: &str, with: &[&str]) -> bool {
    let start: String = line.trim_start().chars().take(20).collect::<String>().to_lowercase();
    with.iter().any(|words| {
        start.strip_prefix(words).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// Whether a line is words rather than code. A short or doubtful one is not.
pub(super) fn is_sentence(line: &str) -> bool {
    let text = line.trim_end();
    let Some(first) = text.chars().next() else { return false };
    if !first.is_alphabetic()
        || text.ends_with(CODE_ENDS)
        || ["::", "->", "=>", " = ", "()", "):"].iter().any(|mark| text.contains(mark))
    {
        return false;
    }
    if !first.is_ascii() {
        return text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count() * 2 > text.chars().count();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = words.iter().filter(|word| is_word(word)).count();
    let rest = &text[first.len_utf8()..];
    let is_capital =
        first.is_uppercase() && rest.starts_with(|c: char| c.is_lowercase() || c == ' ' || c == '\'' || c == '’');
    is_capital
        && words.len() >= 3
        && plain * 5 >= words.len() * 4
        && (words.len() >= 5 || text.ends_with(['.', ':', '!', '?']))
}

fn is_word(word: &str) -> bool {
    let word = word.trim_matches(['.', ',', ':', '!', '?', '"', '\'', '(', ')', '*', '`', '’', '“', '”']);
    !word.is_empty()
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '`' | '_' | '.' | '/'))
}

/// Lines of code with lines of prose before and after; `None` when there is no code, or prose in its middle.
pub(super) struct Bare<'l, 'a> {
    pub(super) before: &'l [&'a str],
    pub(super) code: &'l [&'a str],
    pub(super) after: &'l [&'a str],
}

/// Finds the code in a text without fences.
pub(super) fn bare<'l, 'a>(lines: &'l [&'a str]) -> Option<Bare<'l, 'a>> {
    let talks = |line: &&str| line.trim().is_empty() || is_sentence(line) || is_chatter(line);
    let start = lines.iter().position(|line| !talks(line))?;
    let end = lines.iter().rposition(|line| !talks(line))? + 1;
    let code = &lines[start..end];
    let written = code.iter().filter(|line| !line.trim().is_empty());
    let (mut said, mut all) = (0, 0);
    for line in written {
        all += 1;
        said += usize::from(is_sentence(line));
    }
    let is_code = code.iter().any(|line| has_signs(line));
    (is_code && said * 4 <= all).then_some(Bare { before: &lines[..start], code, after: &lines[end..] })
}

/// Whether a line has something that prose hardly has.
fn has_signs(line: &str) -> bool {
    let text = line.trim();
    text.ends_with([';', '{', '}', ')', '(', '[', ']', ',', '='])
        || ["::", "->", "=>", " = ", "()", "):", "+=", "==", "//", "/*", "</", ": "]
            .iter()
            .any(|mark| text.contains(mark))
        || text.starts_with(['#', '@', '<', '}', ')'])
        || KEYWORDS
            .iter()
            .any(|word| text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])))
}

const KEYWORDS: [&str; 30] = [
    "return", "import", "from", "def", "class", "fn", "func", "function", "let", "const", "var", "use", "mod", "pub",
    "if", "else", "for", "while", "end", "local", "package", "public", "private", "static", "struct", "enum", "type",
    "async", "export", "pass",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_from_code() {
        for line in [
            "Here is the updated function:",
            "This adds a check for negative numbers.",
            "Note that `parse` now returns an error.",
            "The function now handles empty input",
            "以下是更新后的代码：",
        ] {
            assert!(is_sentence(line), "{line}");
        }
        for line in [
            "fn main() {",
            "    return x",
            "for item in items:",
            "if x is None:",
            "SELECT name FROM users WHERE id",
            "let x = 1;",
            "# This is a comment in Python.",
            "// This is a comment in Rust.",
            "Foo",
            "Some(x) => x,",
            "",
        ] {
            assert!(!is_sentence(line), "{line}");
        }
    }

    #[test]
    fn code_without_fences_is_found_between_words() {
        let lines = ["Here is the code:", "", "fn a() {", "    b();", "}", "", "This calls b for you now."];
        let found = bare(&lines).expect("there is code");
        assert_eq!(found.code, ["fn a() {", "    b();", "}"]);
        assert!(bare(&["I think that this is right as it stands.", "Nothing needs to change."]).is_none());
        assert!(bare(&["", " "]).is_none());
    }

    #[test]
    fn declining_is_told_from_explaining() {
        assert_eq!(refusal(&["I cannot help with that."]).code(), "answer-declined");
        assert_eq!(refusal(&["", "Sorry, but no."]).code(), "answer-declined");
        assert_eq!(refusal(&["It is fine as it is."]).code(), "answer-no-code");
        assert_eq!(refusal(&[]).code(), "answer-empty");
    }
}
