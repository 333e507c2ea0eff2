//! One text as tokens, kept up to date as it is edited.
//!
//! Owns reading lines into tokens (each line that is not blank begins with a mark that says how its depth compares with the
//! line before), and reading again only what an edit changed. It knows nothing of other files.

use super::{
    lex,
    vocabulary::{DATA, DEEPER, FILE, SAME, SHALLOWER, SPACED, Token, Vocabulary},
};

/// Reads the lines of one text, one after the other.
#[derive(Default)]
pub(super) struct Reader {
    /// How deep the last line with something on it was.
    columns: usize,
}

impl Reader {
    /// A reader after a line that begins at `columns`.
    pub(super) fn at(columns: usize) -> Self {
        Self { columns }
    }

    /// Appends the tokens of `line` to `tokens`; nothing for a blank one. Gives its depth in columns, if it has something on it.
    pub(super) fn line(&mut self, line: &str, words: &mut Vocabulary, tokens: &mut Vec<Token>) -> Option<usize> {
        let (indent, columns) = lex::indentation(line);
        let content = line[indent..].trim_end();
        if content.is_empty() {
            return None;
        }
        tokens.push(self.mark(columns));
        self.columns = columns;
        if line.len() > lex::MAX_LINE {
            tokens.push(DATA);
        } else {
            part(content, words, tokens);
        }
        Some(columns)
    }

    /// The mark of a line that begins at `columns`.
    pub(super) fn mark(&self, columns: usize) -> Token {
        match columns.cmp(&self.columns) {
            std::cmp::Ordering::Equal => SAME,
            std::cmp::Ordering::Greater => DEEPER,
            std::cmp::Ordering::Less => SHALLOWER,
        }
    }
}

/// Appends the tokens of a part of a line to `tokens`.
pub(super) fn part(text: &str, words: &mut Vocabulary, tokens: &mut Vec<Token>) {
    tokens.extend(lex::pieces(text).map(|piece| words.intern(piece.text) | if piece.spaced { SPACED } else { 0 }));
}

/// Where a line of a [`Sequence`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    byte: usize,
    token: usize,
    /// Its depth; `None` for a blank line.
    columns: Option<usize>,
}

/// A text and its tokens.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    text: String,
    lines: Vec<Line>,
    tokens: Vec<Token>,
}

impl Sequence {
    /// Reads `text`.
    pub(super) fn read(text: String, words: &mut Vocabulary) -> Self {
        let mut sequence = Self { text: String::new(), lines: Vec::new(), tokens: vec![FILE] };
        sequence.update(text, words);
        sequence
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// All tokens, beginning with the mark of a file.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The tokens before the line that holds byte `at`, that line's offset, and the tokens of the lines after it.
    pub(super) fn around(&self, at: usize) -> (&[Token], usize, &[Token]) {
        let Some(index) = self.lines.partition_point(|line| line.byte <= at).checked_sub(1) else {
            return (&self.tokens, 0, &[]);
        };
        let after = self.lines.get(index + 1).map_or(self.tokens.len(), |line| line.token);
        (&self.tokens[..self.lines[index].token], self.lines[index].byte, &self.tokens[after..])
    }

    /// The depth of the last line with something on it before the line that holds byte `at`.
    pub(super) fn columns_before(&self, at: usize) -> usize {
        let end = self.lines.partition_point(|line| line.byte <= at).saturating_sub(1);
        self.depth_before(end)
    }

    fn depth_before(&self, line: usize) -> usize {
        self.lines[..line].iter().rev().find_map(|line| line.columns).unwrap_or_default()
    }

    /// Takes `text` in the place of the present one, and reads the lines that differ.
    pub(super) fn update(&mut self, text: String, words: &mut Vocabulary) {
        let (first, tail) = self.unchanged(&text);
        let start = self.lines.get(first).map_or(0, |line| line.byte);
        let from = self.lines.get(first).map_or(1, |line| line.token);
        let tail_byte = self.lines.get(tail).map_or(self.text.len(), |line| line.byte);
        let tail_token = self.lines.get(tail).map_or(self.tokens.len(), |line| line.token);
        let region = &text[start..text.len() - (self.text.len() - tail_byte)];

        let mut reader = Reader::at(self.depth_before(first));
        let (mut lines, mut tokens) = (Vec::new(), Vec::new());
        for (at, line) in lex::lines(region) {
            let token = from + tokens.len();
            let columns = reader.line(line, words, &mut tokens);
            lines.push(Line { byte: start + at, token, columns });
        }
        if tail < self.lines.len() {
            lines.pop(); // what follows the region's last line end is the first line of the tail
        }
        let (tail_now, token_now) = (start + region.len(), from + tokens.len());
        for line in &mut self.lines[tail..] {
            line.byte = line.byte - tail_byte + tail_now;
            line.token = line.token - tail_token + token_now;
        }
        self.lines.splice(first..tail, lines);
        self.tokens.splice(from..tail_token, tokens);
        self.text = text;
    }

    /// The lines to read again when the text becomes `text`: the first, and one more than the last.
    fn unchanged(&self, text: &str) -> (usize, usize) {
        let (old, new) = (self.text.as_bytes(), text.as_bytes());
        let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let most = old.len().min(new.len()) - before;
        let after = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        // One line earlier than the first difference: a line end may have changed from `\r` to `\r\n`.
        let first = self.lines.partition_point(|line| line.byte <= before).saturating_sub(2);
        let same = self.lines.partition_point(|line| line.byte < old.len() - after + 1).max(first);
        // The first line with something on it is read again: its mark depends on what stands before.
        let full = self.lines[same..].iter().position(|line| line.columns.is_some());
        (first, full.map_or(self.lines.len(), |at| same + at + 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(before: &str, after: &str) {
        let mut words = Vocabulary::default();
        let mut edited = Sequence::read(before.to_owned(), &mut words);
        edited.update(after.to_owned(), &mut words);
        assert_eq!(edited, Sequence::read(after.to_owned(), &mut words), "{before:?} -> {after:?}");
    }

    #[test]
    fn an_edited_text_is_read_like_a_new_one() {
        for (before, after) in [
            ("", "a"),
            ("a", ""),
            ("a\nb\nc\n", "a\nx\nc\n"),
            ("a\rb", "a\r\nb"),
            ("a\r\nb", "a\nb"),
            ("a\n  b\n  c\n", "a\n  c\n"),
            ("a\n\n\nb", "  a\n\n\nb"),
            ("if x:\n    y\n", "if x:\n    y\n    z"),
        ] {
            check(before, after);
        }
    }

    #[test]
    fn a_line_is_marked_by_its_depth() {
        let mut words = Vocabulary::default();
        let read = Sequence::read("a\n\n  b\n\tc\nd".to_owned(), &mut words);
        let marks: Vec<_> = read.tokens().iter().filter(|&&token| token <= SHALLOWER).copied().collect();
        assert_eq!(marks, [FILE, SAME, DEEPER, DEEPER, SHALLOWER]);
    }

    #[test]
    fn the_line_of_a_place_stands_between_what_is_before_and_after() {
        let mut words = Vocabulary::default();
        let read = Sequence::read("a\nb c\nd".to_owned(), &mut words);
        for at in 2..=5 {
            let (before, start, after) = read.around(at);
            assert_eq!((before.len(), start, after.len()), (3, 2, 2));
        }
    }

    proptest! {
        #[test]
        fn any_edit_is_read_like_a_new_text(before in "([ab{] ?|\n|\r|  |ä){0,30}", from in 0usize..30, to in 0usize..30, put in "([ac] ?|\n|\r| |名){0,6}") {
            let cuts: Vec<usize> = before.char_indices().map(|(at, _)| at).chain([before.len()]).collect();
            let (from, to) = (cuts[from.min(to).min(cuts.len() - 1)], cuts[from.max(to).min(cuts.len() - 1)]);
            check(&before, &format!("{}{put}{}", &before[..from], &before[to..]));
        }
    }
}
