//! Unified diffs: placing hunks by what they say stands there. Numbers of lines only decide between equal places.

mod parse;

use super::{
    Refusal,
    answer::{Answer, Fence, Part},
    desk::{Desk, LastEnd, Put},
};
use parse::{Hunk, Patch, Sign};

/// Whether a line is the head of a hunk with its numbers.
pub(super) fn is_numbered(line: &str) -> bool {
    parse::numbers(line).is_some()
}

/// Whether a fence holds a diff.
pub(super) fn is_fence(fence: &Fence<'_>) -> bool {
    if matches!(fence.language().as_str(), "diff" | "patch" | "udiff") {
        return true;
    }
    let first = fence.lines.iter().find(|line| !line.trim().is_empty()).copied().unwrap_or_default();
    let begins = ["--- ", "diff --git ", "@@ "].iter().any(|head| first.starts_with(head));
    begins && has_heads(&fence.lines)
}

/// Whether an answer has a diff, in a fence or without one.
pub(super) fn is_in(answer: &Answer<'_>) -> bool {
    let parts = answer.parts();
    let fenced = parts.iter().any(|part| matches!(part, Part::Fence(fence) if is_fence(fence)));
    let prose: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Prose(line) => Some(*line),
            Part::Fence(_) => None,
        })
        .collect();
    fenced || has_heads(&prose)
}

/// Whether lines have the head of a hunk or of a file.
pub(super) fn has_heads(lines: &[&str]) -> bool {
    let is_pair = |pair: &[&str]| pair[0].starts_with("--- ") && pair[1].starts_with("+++ ");
    lines.iter().any(|line| is_numbered(line)) || lines.windows(2).any(is_pair)
}

/// Puts all hunks into their files; gives the prose around them.
pub(super) fn apply<'a>(answer: &Answer<'a>, desk: &mut Desk<'_>) -> Result<Vec<&'a str>, Refusal> {
    let patch = parse::parse(answer);
    if let Some(problem) = patch.problem {
        return Err(problem);
    }
    put(&patch, patch.hunks.len(), desk)?;
    if patch.hunks.is_empty() {
        return Err(Refusal::Malformed { line: 1, problem: "the diff has no hunks" });
    }
    Ok(patch.remarks)
}

/// Puts those hunks into their files that are whole, until one does not fit.
pub(super) fn preview(answer: &Answer<'_>, desk: &mut Desk<'_>) {
    let patch = parse::parse(answer);
    let whole = patch.hunks.iter().take_while(|hunk| hunk.is_closed).count();
    let _ = put(&patch, whole, desk);
}

fn put(patch: &Patch<'_>, count: usize, desk: &mut Desk<'_>) -> Result<(), Refusal> {
    for hunk in &patch.hunks[..count] {
        let at = desk.open(hunk.path)?;
        let file = desk.file(at);
        if hunk.makes_file && !file.is_empty() {
            return Err(Refusal::Exists { path: file.path.clone() });
        }
        let old: Vec<&str> = hunk.side(Sign::Removed);
        if old.is_empty() {
            if !file.is_empty() {
                return Err(Refusal::Malformed {
                    line: hunk.line,
                    problem: "a hunk has no lines that say where it belongs",
                });
            }
            file.replace(0, 0, lines(hunk), last(hunk));
            continue;
        }
        if file.is_new() && file.is_empty() {
            return Err(Refusal::NoFile { path: file.path.clone() });
        }
        // Numbers count in the old text. Hunks that go back leave unclear by how much earlier ones moved their place.
        let hint = hunk.old_start.and_then(|start| start.checked_sub(1)?.checked_add_signed(file.moved_by));
        let hint = hint.filter(|hint| *hint >= file.placed_to);
        let found = file.find(&old, false, hint)?;
        let lines = lines(hunk);
        file.placed_to = found.at + lines.len();
        file.moved_by += lines.len().cast_signed() - old.len().cast_signed();
        file.replace(found.at, old.len(), lines, last(hunk));
    }
    Ok(())
}

fn lines(hunk: &Hunk<'_>) -> Vec<Put> {
    let mut put = Vec::new();
    let mut number = 0;
    for (sign, line) in &hunk.lines {
        match sign {
            Sign::Context => put.push(Put::Keep(number)),
            Sign::Added => put.push(Put::New((*line).to_owned())),
            Sign::Removed => {}
        }
        number += usize::from(*sign != Sign::Added);
    }
    put
}

fn last(hunk: &Hunk<'_>) -> LastEnd {
    match (hunk.new_has_no_end, hunk.old_has_no_end) {
        (true, _) => LastEnd::Without,
        (false, true) => LastEnd::With,
        (false, false) => LastEnd::Same,
    }
}
