//! The marks of a page: which headings the server wrote, and where the person's own text begins.
//!
//! A mark is an HTML comment with a random word that is made anew for each page. No model is told it, and wherever a message should
//! hold it nevertheless it is cut out, so that no answer can write a question in the person's name.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
    ops::Range,
};

/// The marks of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    word: String,
}

impl Mark {
    /// Marks that nobody can guess. `what` is anything that differs from page to page.
    pub(super) fn fresh(what: &str) -> Self {
        // Its keys come from the system's randomness.
        Self { word: format!("{:016x}", RandomState::new().hash_one(what)) }
    }

    /// Marks with a word of the test's choice.
    #[cfg(test)]
    pub(super) fn of(word: &str) -> Self {
        Self { word: word.to_owned() }
    }

    /// Stands behind each heading.
    pub(super) fn heading(&self) -> String {
        format!("<!-- aside {} -->", self.word)
    }

    /// Stands at the end of the last line that the server wrote: what is below belongs to the person.
    pub(super) fn below(&self) -> String {
        format!("<!-- aside {}: write below -->", self.word)
    }

    /// `text` without the word.
    pub(super) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        // What stands round the word may make another one when it is cut out.
        while clean.contains(&self.word) {
            clean = Cow::Owned(clean.replace(&self.word, "\u{2026}"));
        }
        clean
    }

    /// Where the person's text begins in a page; `None` when the last mark is gone.
    pub(super) fn end(&self, page: &str) -> Option<usize> {
        let below = self.below();
        let end = page.find(&below)? + below.len();
        let rest = &page[end..];
        let line_end = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        Some(end + line_end)
    }

    /// The line with the last mark, in bytes, without its end.
    pub(super) fn line(&self, page: &str) -> Option<Range<usize>> {
        let at = page.find(&self.below())?;
        let start = page[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let end = page[at..].find(['\n', '\r']).map_or(page.len(), |end| at + end);
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_last_mark_is_the_persons() {
        let mark = Mark::of("w");
        let below = mark.below();
        for (page, rest) in [
            (format!("## You {below}\nhello\n"), Some("hello\n")),
            (format!("## You {below}\r\nhello"), Some("hello")),
            (format!("## You {below}"), Some("")),
            (format!("## You {below} at once"), Some(" at once")),
            (format!("## You {below}\na {below}\nb"), Some(&*format!("a {below}\nb"))),
            ("## You <!-- aside x: write below -->\nhello".to_owned(), None),
        ] {
            assert_eq!(mark.end(&page).map(|at| &page[at..]), rest, "{page}");
        }
    }

    #[test]
    fn the_word_is_cut_out_of_messages() {
        let mark = Mark::of("abc");
        assert_eq!(mark.clean("plain"), "plain");
        assert!(!mark.clean(&mark.below()).contains("abc"));
        assert!(!mark.clean("ababcc").contains("abc"));
    }

    #[test]
    fn every_page_has_another_word() {
        assert_ne!(Mark::fresh("a"), Mark::fresh("a"));
    }

    #[test]
    fn the_line_of_the_last_mark_is_found() {
        let mark = Mark::of("w");
        let page = format!("a\n## You {}\nb\n", mark.below());
        let line = mark.line(&page).expect("it is there");
        assert_eq!(&page[line], format!("## You {}", mark.below()));
    }
}
