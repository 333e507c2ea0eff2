//! Text as pieces, in any language: words, single marks and odd whitespace, line by line.
//!
//! Owns where a line and a piece begin and end. No state crosses a line, so an edit touches only the lines it changes, and
//! joining a line's indentation and pieces gives the line back exactly (but for blanks at its end). It knows no token ids.

/// The most bytes of one word; a longer run of letters is several words (data, not names).
const MAX_WORD: usize = 64;

/// The most bytes of a line that is worth reading; longer ones are data or generated.
pub(super) const MAX_LINE: usize = 2_000;

/// One piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Its text: a word, one mark, or whitespace that is not one plain space.
    pub(super) text: &'a str,
    /// Whether one plain space stands before it.
    pub(super) spaced: bool,
}

/// Whether `character` can stand in a word.
pub(super) fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// The lines of `text`, each with its byte offset and without its end (`\n`, `\r\n` or `\r`).
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &text[start..];
        let length = rest.bytes().position(|byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
        let end = &rest[length..];
        let skip = if end.starts_with("\r\n") { 2 } else { usize::from(!end.is_empty()) };
        next = (skip > 0).then_some(start + length + skip);
        Some((start, &rest[..length]))
    })
}

/// The bytes and the columns (a tab reaches the next multiple of eight) of the whitespace that `line` begins with.
pub(super) fn indentation(line: &str) -> (usize, usize) {
    let mut columns = 0;
    for (at, character) in line.char_indices() {
        match character {
            '\t' => columns += 8 - columns % 8,
            blank if blank.is_whitespace() => columns += 1,
            _ => return (at, columns),
        }
    }
    (line.len(), columns)
}

/// The pieces of a line or a part of one. Whitespace at its end is a piece of its own unless it is one space.
pub(super) fn pieces(line: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &line[at..];
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 && (&rest[..blank] != " " || blank == rest.len()) {
            at += blank;
            return Some(Piece { text: &rest[..blank], spaced: false });
        }
        let rest = &rest[blank..];
        let length = first(rest)?;
        at += blank + length;
        Some(Piece { text: &rest[..length], spaced: blank == 1 })
    })
}

/// The length of the word or mark at the start of `rest`, which begins with neither a blank nor nothing.
fn first(rest: &str) -> Option<usize> {
    let character = rest.chars().next()?;
    if !is_word(character) {
        return Some(character.len_utf8());
    }
    let end = rest.char_indices().find(|&(at, character)| !is_word(character) || at + character.len_utf8() > MAX_WORD);
    Some(end.map_or(rest.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        pieces(line).map(|piece| format!("{}{}", if piece.spaced { "·" } else { "" }, piece.text)).collect()
    }

    #[test]
    fn a_line_is_words_marks_and_odd_blanks() {
        assert_eq!(texts("let x2 = f(\"a b\");"), ["let", "·x2", "·=", "·f", "(", "\"", "a", "·b", "\"", ")", ";"]);
        assert_eq!(texts("a  b\tc "), ["a", "  ", "b", "\t", "c", " "]);
        assert_eq!(texts("größe→名前"), ["größe", "→", "名前"]);
        assert_eq!(texts(""), [""; 0]);
    }

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        let found: Vec<_> = lines("a\r\nb\rc\n\nd").collect();
        assert_eq!(found, [(0, "a"), (3, "b"), (5, "c"), (7, ""), (8, "d")]);
        assert_eq!(lines("").collect::<Vec<_>>(), [(0, "")]);
        assert_eq!(lines("a\n").collect::<Vec<_>>(), [(0, "a"), (2, "")]);
    }

    #[test]
    fn a_long_word_is_cut_between_characters() {
        let line = "ä".repeat(100);
        assert!(pieces(&line).all(|piece| piece.text.len() <= MAX_WORD));
        assert_eq!(pieces(&line).map(|piece| piece.text).collect::<String>(), line);
    }

    proptest! {
        #[test]
        fn pieces_joined_are_the_line(line in "[^\r\n]*") {
            let joined: String = pieces(&line).map(|piece| format!("{}{}", if piece.spaced { " " } else { "" }, piece.text)).collect();
            prop_assert_eq!(joined, line);
        }
    }
}
