//! What of a request fits into its budget: which parts go along, and how much of each.

use super::{Failed, Problem, Request, TooMuchCode};
use crate::fence::{cut, one_line};

/// The most bytes of one diagnostic, and of the text of a place that it names.
const PROBLEM_BYTES: usize = 4096;
const RELATED_BYTES: usize = 1024;
/// Less of a part than this is not worth its place, in bytes.
const WORTH: usize = 80;

/// The parts besides what always goes along whole; empty where there was no room.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) problems: Vec<String>,
    pub(super) failed: Option<Failed>,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) tests: String,
    pub(super) enclosing: String,
    pub(super) imports: String,
    pub(super) signatures: String,
}

impl Parts {
    /// What fits into `budget` bytes, the most important first: what is wrong, the last attempt, tests that are to be gone by, the
    /// lines nearest to the code, what encloses it, imports, other headers.
    ///
    /// # Errors
    /// What must go along whole does not fit.
    pub(super) fn within(request: &Request, budget: usize) -> Result<Self, TooMuchCode> {
        let needed = request.code.len() + request.subject.len();
        let mut room = Room(budget.checked_sub(needed).ok_or(TooMuchCode { bytes: needed, limit: budget })?);
        let problems = problems(&request.problems, &mut room);
        let failed = request.failed.as_ref().map(|failed| room.failed(failed));
        let tests = request.tests.as_ref().map_or("", |tests| &tests.existing);
        let tests = room.take(tests, room.0 / 2, cut);
        let near = room.0 / 3;
        let before = room.take(&request.before, near, last_lines);
        let after = room.take(&request.after, near, first_lines);
        let enclosing = room.take(&request.enclosing, room.0, first_lines);
        let imports = room.take(&request.imports, room.0, first_lines);
        let signatures = room.take(&request.signatures.join("\n"), room.0, first_lines);
        Ok(Self { problems, failed, before, after, tests, enclosing, imports, signatures })
    }
}

/// The bytes that are left.
struct Room(usize);

impl Room {
    /// As much of `text` as fits, at most `most` bytes; cut by `shorten` where that is worth it.
    fn take(&mut self, text: &str, most: usize, shorten: impl Fn(&str, usize) -> String) -> String {
        let most = most.min(self.0);
        let kept = match text.len() {
            length if length <= most => text.to_owned(),
            _ if most < WORTH => String::new(),
            _ => shorten(text, most),
        };
        self.0 -= kept.len();
        kept
    }

    /// Why it failed goes along in any case; of the answer what fits into half of the room.
    fn failed(&mut self, failed: &Failed) -> Failed {
        let why = cut(&failed.why, PROBLEM_BYTES);
        self.0 = self.0.saturating_sub(why.len());
        let answer = self.take(&failed.answer, self.0 / 2, cut);
        // An empty message is refused by some servers.
        let answer = if answer.trim().is_empty() { "(the answer is left out)".to_owned() } else { answer };
        Failed { answer, why }
    }
}

/// The problems that fit, each in full or not at all; the first one shortened rather than left out.
fn problems(problems: &[Problem], room: &mut Room) -> Vec<String> {
    let mut told = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let text = cut(&worded(problem), PROBLEM_BYTES);
        if text.len() > room.0 {
            if index == 0 {
                let shortened = cut(&text, room.0);
                room.0 -= shortened.len();
                told.push(shortened);
            }
            told.push(format!("{} more are left out", problems.len() - told.len()));
            break;
        }
        room.0 -= text.len();
        told.push(text);
    }
    told.retain(|text| !text.is_empty() && text != "0 more are left out");
    told
}

fn worded(problem: &Problem) -> String {
    let diagnostic = &problem.diagnostic;
    let mut text = format!("{}: {}", diagnostic.heading(), diagnostic.message.trim());
    for related in &problem.related {
        let place = format!("{}:{}", one_line(&related.path, 200), related.line);
        text.push_str(&format!("\n  see {place}: {}", one_line(&related.message, 500)));
        for line in cut(related.text.trim_end(), RELATED_BYTES).lines() {
            text.push_str(&format!("\n    | {line}"));
        }
    }
    text
}

/// The last whole lines of `text` in at most `most` bytes; the end of a single long line.
fn last_lines(text: &str, most: usize) -> String {
    let from = text.ceil_char_boundary(text.len().saturating_sub(most));
    let tail = &text[from..];
    let whole = tail.find('\n').map(|newline| &tail[newline + 1..]).filter(|whole| !whole.trim().is_empty());
    whole.unwrap_or(tail).to_owned()
}

/// The first whole lines of `text` in at most `most` bytes; the beginning of a single long line.
fn first_lines(text: &str, most: usize) -> String {
    let head = &text[..text.floor_char_boundary(most)];
    let whole = head.rfind('\n').map(|newline| &head[..=newline]).filter(|whole| !whole.trim().is_empty());
    whole.unwrap_or(head).to_owned()
}
