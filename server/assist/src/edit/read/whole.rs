//! Answers that are the new text of the target's range: which part of the answer it is, and how it takes the range's place.

mod place;

use std::collections::HashSet;

use super::{
    FileText, Refusal, Shape, Target,
    answer::{Answer, Fence, Part, opens},
    language, path, prose,
    refusal::shown,
};

/// A fence beside the new text has at most this many lines.
const TINY: usize = 3;
/// A model's words around the text of a document have at most this many lines.
const MOST_WORDS: usize = 4;

/// What was read.
pub(super) struct Read<'a> {
    pub(super) file: FileText,
    pub(super) remarks: Vec<&'a str>,
}

/// The lines that are the new text, and the others.
struct Choice<'a> {
    lines: Vec<&'a str>,
    remarks: Vec<&'a str>,
}

/// Reads an answer that is new text. `asked` is the shape that was asked for.
pub(super) fn read<'a>(answer: &Answer<'a>, asked: Shape, target: &Target) -> Result<Read<'a>, Refusal> {
    let parts = answer.parts();
    if parts.iter().any(|part| matches!(part, Part::Fence(fence) if !fence.closed)) {
        return Err(Refusal::Cut { missing: "the end of its fence" });
    }
    let choice = choose(answer, parts, target)?;
    if choice.lines.iter().all(|line| line.trim().is_empty()) {
        return Err(Refusal::Empty);
    }
    if asked != Shape::Whole && !place::is_same_part(&choice.lines, target) {
        return Err(Refusal::WrongShape { asked });
    }
    let new = place::put(&choice.lines, target);
    let file = FileText { path: target.path.clone(), old: Some(target.text.clone()), new };
    Ok(Read { file, remarks: choice.remarks })
}

/// The new text as far as it has come, when it is sure that it is one.
pub(super) fn preview(answer: &Answer<'_>, asked: Shape, target: &Target) -> Option<FileText> {
    if asked != Shape::Whole {
        return None;
    }
    let parts = answer.parts();
    let is_whole = parts.iter().any(|part| matches!(part, Part::Fence(fence) if fence.closed));
    let choice = choose(answer, parts, target).ok()?;
    let new = if is_whole { place::put(&choice.lines, target) } else { place::put_beginning(&choice.lines, target)? };
    (new != *target.text).then(|| FileText { path: target.path.clone(), old: Some(target.text.clone()), new })
}

fn choose<'a>(answer: &Answer<'a>, parts: Vec<Part<'a>>, target: &Target) -> Result<Choice<'a>, Refusal> {
    let mut remarks = Vec::new();
    let mut fences = Vec::new();
    for part in parts {
        match part {
            Part::Prose(line) => remarks.push(line),
            Part::Fence(fence) => fences.push(*fence),
        }
    }
    if fences.is_empty() {
        return bare(answer, target);
    }
    let said = fences.iter().all(|fence| fence.lines.iter().all(|line| line.trim().is_empty()));
    if let Some(first) = remarks.iter().find(|line| prose::declines(line)).filter(|_| said) {
        return Err(prose::refusal(&[first]));
    }
    let chosen = chosen(&fences, target)?;
    if language::is_prose(&target.path) && fences[chosen].info.is_empty() && is_document(&remarks, target) {
        return Err(Refusal::Several { count: fences.len() });
    }
    let chosen = fences.remove(chosen);
    for other in fences {
        remarks.extend(other.lines);
    }
    Ok(Choice { lines: without_wrapping(chosen.lines, target), remarks })
}

/// The lines without a second fence around them, and without a comment in front that names their file: both are form.
fn without_wrapping<'a>(mut lines: Vec<&'a str>, target: &Target) -> Vec<&'a str> {
    if language::is_prose(&target.path) {
        return lines;
    }
    let first = lines.iter().position(|line| !line.trim().is_empty());
    let last = lines.iter().rposition(|line| !line.trim().is_empty());
    if let (Some(first), Some(last)) = (first, last)
        && first < last
        && opens(lines[first]).is_some_and(|info| !info.is_empty())
        && opens(lines[last]) == Some("")
    {
        lines = lines[first + 1..last].to_vec();
    }
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with('#');
    if let Some(first) = lines.first().copied().filter(|line| is_comment(line))
        && path::named_by(first).is_some_and(|path| names(path, target))
        && !own_lines(target).contains(first.trim())
    {
        lines.remove(0);
    }
    lines
}

/// Whether what stands around a fence is a document itself, of which the fence is a part.
fn is_document(around: &[&str], target: &Target) -> bool {
    let known = own_lines(target);
    let mut written = around.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let is_part = |line: &str| line.starts_with(['#', '-', '*', '|', '>', '=']) || known.contains(line);
    written.clone().count() > MOST_WORDS || written.any(is_part)
}

/// The target's lines, trimmed.
fn own_lines(target: &Target) -> HashSet<&str> {
    target.text.lines().map(str::trim).collect()
}

/// The number of the fence that can be the new text, when only one can.
fn chosen(fences: &[Fence<'_>], target: &Target) -> Result<usize, Refusal> {
    let is_other =
        |fence: &Fence<'_>| fence.path().is_some_and(|path| is_telling(path, target) && !names(path, target));
    let fits = |fence: &Fence<'_>| !is_other(fence) && !language::differs(&fence.language(), &target.path);
    let mut fitting: Vec<usize> = (0..fences.len()).filter(|at| fits(&fences[*at])).collect();
    // The longest comes last.
    fitting.sort_by_key(|at| fences[*at].lines.len());
    let Some((last, others)) = fitting.split_last() else {
        let path = target.path.clone();
        let named = fences[0].path().filter(|_| is_other(&fences[0])).map(shown);
        return Err(match named {
            Some(found) => Refusal::WrongFile { found, path },
            None => Refusal::WrongLanguage { found: shown(&fences[0].language()), path },
        });
    };
    let rest: usize = others.iter().map(|at| fences[*at].lines.len()).sum();
    // A fence without a language beside another is often the tail of a text that has fences of its own.
    let is_torn = !others.is_empty() && fitting.iter().any(|at| fences[*at].info.is_empty());
    if is_torn || rest > TINY || rest * 3 > fences[*last].lines.len() {
        return Err(Refusal::Several { count: fences.len() });
    }
    Ok(*last)
}

/// Whether a word can only be a file's name: `node.js` may be a language.
fn is_telling(path: &str, target: &Target) -> bool {
    path.contains(['/', '\\']) || language::ending(path) == language::ending(&target.path)
}

/// Whether a path is the target's, or the end of it.
fn names(path: &str, target: &Target) -> bool {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let (longer, shorter) = if path.len() > target.path.len() { (path, &*target.path) } else { (&*target.path, path) };
    longer.strip_suffix(shorter).is_some_and(|folders| folders.is_empty() || folders.ends_with('/'))
}

/// The new text in an answer without a fence.
fn bare<'a>(answer: &Answer<'a>, target: &Target) -> Result<Choice<'a>, Refusal> {
    let lines = &answer.lines;
    let known = own_lines(target);
    let written = || lines.iter().find(|line| !line.trim().is_empty());
    let only = written().filter(|line| lines.iter().all(|other| other.trim().is_empty() || other == *line));
    if only.is_some_and(|line| ["```", "~~~", "<think>"].iter().any(|head| head.starts_with(line.trim()))) {
        return Err(Refusal::Cut { missing: "the text" });
    }
    if written().is_some_and(|line| prose::declines(line) && !known.contains(line.trim())) {
        return Err(answer.without_code());
    }
    if language::is_prose(&target.path) && written().is_some_and(|line| !prose::is_chatter(line)) {
        return Ok(Choice { lines: lines.clone(), remarks: Vec::new() });
    }
    let Some(bare) = prose::bare(lines) else {
        // A file of words or names looks like prose, but most of its new lines are its old ones.
        let (mut old, mut all) = (0, 0);
        for line in lines.iter().filter(|line| !line.trim().is_empty()) {
            old += usize::from(known.contains(line.trim()));
            all += 1;
        }
        let is_same = all > 0 && old * 2 >= all;
        return is_same
            .then(|| Choice { lines: lines.clone(), remarks: Vec::new() })
            .ok_or_else(|| answer.without_code());
    };
    let remarks = bare.before.iter().chain(bare.after).copied().collect();
    Ok(Choice { lines: bare.code.to_vec(), remarks })
}
