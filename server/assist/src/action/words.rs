//! What is said in a conversation when something is asked for by an action, instead of by typing. The code goes along as an
//! attachment.

use super::{
    findings,
    place::{Lines, Place},
};
use crate::fence::one_line;

/// The most characters of a path in a sentence.
const PATH_CHARS: usize = 200;

/// What changes a review is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Changes {
    /// What is staged.
    Staged,
    /// Everything that is not committed.
    All,
}

/// Asks for an explanation of `place`: of its selection, else of its innermost function or scope, else of its file.
pub fn explain(place: &Place) -> String {
    let what = match (place.selection, place.subject().or(place.scopes.first())) {
        (Some(lines), _) => format!("{} of {}", lines.words(), quoted(&place.path)),
        (None, Some(scope)) => format!("{} in {}", scope.words(), quoted(&place.path)),
        (None, None) => quoted(&place.path),
    };
    let problems = match place.diagnostics.len() {
        0 => "",
        1 => " Explain also what the attached problem means.",
        _ => " Explain also what the attached problems mean.",
    };
    format!(
        "Explain {what}: what it is for, how it works, and what is easily overlooked. Begin with one sentence that says it all.{problems}"
    )
}

/// Asks for a review of `lines` of the file at `path`, or of all of it.
pub fn review(path: &str, lines: Option<Lines>) -> String {
    let what = lines.map_or_else(|| quoted(path), |lines| format!("{} of {}", lines.words(), quoted(path)));
    let beyond = if lines.is_some() { " The rest of the file is context: report nothing about it." } else { "" };
    format!("Review {what}.{beyond}\n\n{}", findings::INSTRUCTIONS)
}

/// Asks for a review of changes, which go along as a diff.
pub fn review_changes(changes: Changes) -> String {
    let what = match changes {
        Changes::Staged => "the staged changes",
        Changes::All => "the changes since the last commit",
    };
    format!(
        "Review {what}: the attached diff. Report only what the changes bring in or break; count lines in the new version of each \
         file.\n\n{}",
        findings::INSTRUCTIONS
    )
}

/// A path between back quotes, which cannot end them.
fn quoted(path: &str) -> String {
    format!("`{}`", one_line(path, PATH_CHARS).replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Diagnostic, ScopeKind, ScopeName};

    #[test]
    fn what_is_asked_names_what_it_is_about() {
        let file = Place { path: "src/a.rs".to_owned(), ..Place::default() };
        let scopes = vec![ScopeName { kind: ScopeKind::Block, name: None }, ScopeName::new(ScopeKind::Method, "parse")];
        let method = Place { scopes, ..file.clone() };
        let lines = Place { selection: Some(Lines { first: 3, last: 9 }), ..method.clone() };
        for (place, begin) in [
            (&file, "Explain `src/a.rs`: "),
            (&method, "Explain method `parse` in `src/a.rs`: "),
            (&lines, "Explain lines 3–9 of `src/a.rs`: "),
        ] {
            assert!(explain(place).starts_with(begin), "{}", explain(place));
        }
        let wrong = Place { diagnostics: vec![Diagnostic::default()], ..file };
        assert!(explain(&wrong).ends_with("what the attached problem means."));
    }

    #[test]
    fn a_review_says_how_findings_are_written() {
        let lines = Some(Lines { first: 3, last: 3 });
        for (text, begin) in [
            (review("a`\n.rs", None), "Review `a' .rs`.\n"),
            (review("a.rs", lines), "Review line 3 of `a.rs`. The rest"),
            (review_changes(Changes::Staged), "Review the staged changes: "),
            (review_changes(Changes::All), "Review the changes since"),
        ] {
            assert!(text.starts_with(begin) && text.ends_with(findings::INSTRUCTIONS), "{text}");
        }
    }
}
