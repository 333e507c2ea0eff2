//! Text as it is compared: lower case, and composed alike however it was typed. Accents stay: `résumé` is not `resume`.

use std::{iter::Peekable, ops::Range, str::CharIndices};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds `text` character by character: gives each with the bytes of `text` that it stands for.
///
/// What belongs together, a letter and the marks on it, is folded on its own, so that every part of a text folds as it does in
/// the whole.
pub(super) fn fold(text: &str, mut take: impl FnMut(char, Range<usize>)) {
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let end = cluster_end(&mut chars, start + first.len_utf8());
        if end - start == 1 {
            take(first.to_ascii_lowercase(), start..end);
            continue;
        }
        // Taken apart first: a letter and its mark have the lower case that the two in one have.
        let folded = text[start..end].nfd().flat_map(char::to_lowercase).map(plain_sigma).nfc();
        folded.for_each(|c| take(c, start..end));
    }
}

/// The text folded.
pub(super) fn folded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(folded_len(text));
    fold(text, |c, _| push(&mut bytes, c));
    bytes
}

/// How many bytes the folded text has.
pub(super) fn folded_len(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut length = 0;
    fold(text, |c, _| length += c.len_utf8());
    length
}

/// Appends a character; there is room for it.
pub(super) fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Takes the marks that follow a letter, and gives where they end.
fn cluster_end(chars: &mut Peekable<CharIndices<'_>>, mut end: usize) -> usize {
    while let Some((_, mark)) = chars.next_if(|(_, c)| joins(*c)) {
        end += mark.len_utf8();
    }
    end
}

/// Whether a character may become one with what stands before it: a mark, or the later parts of a Korean syllable.
fn joins(c: char) -> bool {
    c >= '\u{300}' && (is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11ff}'))
}

/// The sigma at the end of a word is a sigma; what has no other case cannot tell the two apart.
fn plain_sigma(c: char) -> char {
    if c == 'ς' { 'σ' } else { c }
}
