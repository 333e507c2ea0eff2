//! Cuts a raw answer at stops and special tokens, also where they come in pieces.

use aside_model::EndReason;

use crate::{families::Family, fill::Shape};

/// The filter of one answer.
pub(crate) struct Filter {
    /// What ends the answer; a leading special token that is no stop is dropped instead.
    ends: Vec<(&'static str, Leading)>,
    /// Text that may be the beginning of one of `ends`.
    held: String,
    /// Something other than blank space was given.
    begun: bool,
}

/// What one of the texts means before the answer has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leading {
    Dropped,
    Ends,
}

impl Filter {
    /// The filter for a model of `family`, or one that knows no special tokens.
    pub(crate) fn new(family: Option<&'static Family>, single_line: bool) -> Self {
        let mut ends = Vec::new();
        if let Some(family) = family {
            // Some models repeat the last marker of the prompt before they answer.
            let marker = |token: &&'static str| !family.stops.iter().any(|stop| stop == token);
            ends.extend(
                family
                    .tokens
                    .iter()
                    .map(String::as_str)
                    .map(|token| (token, if marker(&token) { Leading::Dropped } else { Leading::Ends })),
            );
        }
        if single_line {
            ends.extend([("\n", Leading::Ends), ("\r", Leading::Ends)]);
        }
        Self { ends, held: String::new(), begun: false }
    }

    /// The first of the texts in `held`: where it begins, its length, and what it means. Of two at one place the shorter
    /// counts, because it is the one that is known first.
    fn first(&self) -> Option<(usize, usize, Leading)> {
        self.ends
            .iter()
            .filter_map(|(text, leading)| self.held.find(text).map(|at| (at, text.len(), *leading)))
            .min_by_key(|(at, length, _)| (*at, *length))
    }

    /// Where the earliest unfinished text begins.
    fn unfinished(&self) -> usize {
        let longest = self.ends.iter().map(|(text, _)| text.len() - 1).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        (from..self.held.len())
            .filter(|at| self.held.is_char_boundary(*at))
            .find(|at| self.ends.iter().any(|(text, _)| text.starts_with(&self.held[*at..])))
            .unwrap_or(self.held.len())
    }

    fn give(&mut self, end: usize, out: &mut String) {
        let given = &self.held[..end];
        self.begun |= !given.trim().is_empty();
        out.push_str(given);
        self.held.drain(..end);
    }
}

impl Shape for Filter {
    fn push(&mut self, piece: &str, out: &mut String) -> bool {
        self.held.push_str(piece);
        loop {
            let open = self.unfinished();
            match self.first() {
                Some((at, length, leading)) if at <= open => {
                    self.give(at, out);
                    if leading == Leading::Ends || self.begun {
                        self.held.clear();
                        return true;
                    }
                    self.held.drain(..length);
                }
                _ => {
                    self.give(open, out);
                    return false;
                }
            }
        }
    }

    fn finish(&mut self, _reason: EndReason, out: &mut String) {
        // Another text may stand complete behind the unfinished beginning that was waited for.
        let end = self.first().map_or(self.held.len(), |(at, ..)| at);
        self.give(end, out);
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::families;

    fn filtered<'a>(family: &str, single_line: bool, pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut filter = Filter::new(families::by_name(family), single_line);
        let mut out = String::new();
        if !pieces.into_iter().any(|piece| filter.push(piece, &mut out)) {
            filter.finish(EndReason::Complete, &mut out);
        }
        out
    }

    #[test]
    fn a_special_token_ends_the_answer_wherever_it_comes() {
        for (family, raw, expected) in [
            ("qwen-coder", "a + b<|endoftext|>rest", "a + b"),
            ("qwen-coder", "<|fim_middle|>a<|fim_pad|>b", "a"),
            ("qwen-coder", "  <|fim_middle|>a", "  a"),
            ("qwen-coder", "<|endoftext|>a", ""),
            ("qwen-coder", "a <| b <|fim_| c", "a <| b <|fim_| c"),
            ("deepseek-coder", "é<｜fim▁", "é<｜fim▁"),
            ("deepseek-coder", "é<｜end▁of▁sentence｜>x", "é"),
            ("codellama", " x <EOT>", " x "),
            ("codestral", "a\n+++++ b.py\nc", "a"),
            ("none", "a<|endoftext|>", "a<|endoftext|>"),
        ] {
            assert_eq!(filtered(family, false, [raw]), expected, "{family}: {raw}");
        }
    }

    #[test]
    fn one_line_ends_before_any_line_end() {
        assert_eq!(filtered("qwen-coder", true, ["a;\r\nb"]), "a;");
        assert_eq!(filtered("none", true, ["a\nb"]), "a");
        assert_eq!(filtered("none", true, ["\nb"]), "");
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_text(
            raw in r"(<\|fim_(middle|pad|suffix)\|>|<\|endof|text\|>|<\||[a<|>日 \n]){0,12}",
            size in 1usize..6,
            single_line in any::<bool>(),
        ) {
            let whole = filtered("qwen-coder", single_line, [raw.as_str()]);
            let chars: Vec<char> = raw.chars().collect();
            let pieces: Vec<String> = chars.chunks(size).map(|chunk| chunk.iter().collect()).collect();
            prop_assert_eq!(&filtered("qwen-coder", single_line, pieces.iter().map(String::as_str)), &whole);
            prop_assert!(!whole.contains("<|fim_middle|>") && !whole.contains("<|endoftext|>"));
        }
    }
}
